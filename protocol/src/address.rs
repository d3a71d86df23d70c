//! Addresses of data connections: the six numbers of PORT and 227, the forms of RFC 2428, and those of RFC 1639.

mod long;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};

use thiserror::Error;

pub use long::LongAddress;

/// The host-port of PORT and 227: `h1,h2,h3,h4,p1,p2` (RFC 959 §4.1.2).
///
/// ```
/// use protocol::HostPort;
///
/// let there = HostPort::parse(b"132,235,1,2,24,131").unwrap();
/// assert_eq!((there.host.to_string().as_str(), there.port), ("132.235.1.2", 6275));
/// assert_eq!(there.to_string(), "132,235,1,2,24,131");
/// assert_eq!(HostPort::find(b"Entering Passive Mode (132,235,1,2,24,131).").unwrap(), there);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The host, IPv4 only: the form has room for four octets.
    pub host: Ipv4Addr,
    /// The port, p1 × 256 + p2.
    pub port: u16,
}

impl HostPort {
    /// Parses the argument of PORT, strictly: six decimal numbers, 0 to 255 each, and nothing else.
    ///
    /// # Errors
    /// When there are not exactly six numbers, or one is none or is over 255.
    pub fn parse(argument: &[u8]) -> Result<Self, AddressError> {
        let mut parts = argument.split(|&octet| octet == b',');
        let mut numbers = [0_u8; 6];
        for number in &mut numbers {
            let digits = parts.next().ok_or(AddressError::SixNumbers)?;
            *number = octet(digits)?;
        }
        if parts.next().is_some() {
            return Err(AddressError::SixNumbers);
        }
        Ok(Self::from_numbers(numbers))
    }

    /// Finds the six numbers in the text of a 227, with or without parentheses round them: the
    /// text is scanned for the first digit that begins them (RFC 1123 §4.1.2.6).
    ///
    /// # Errors
    /// When six numbers with commas between them stand nowhere in the text.
    pub fn find(text: &[u8]) -> Result<Self, AddressError> {
        let mut runs = text.split(|octet| !octet.is_ascii_digit() && *octet != b',');
        runs.find_map(|run| Self::parse(without_outer_commas(run)).ok()).ok_or(AddressError::NotFound)
    }

    fn from_numbers([h1, h2, h3, h4, p1, p2]: [u8; 6]) -> Self {
        Self { host: Ipv4Addr::new(h1, h2, h3, h4), port: u16::from_be_bytes([p1, p2]) }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [h1, h2, h3, h4] = self.host.octets();
        let [p1, p2] = self.port.to_be_bytes();
        write!(formatter, "{h1},{h2},{h3},{h4},{p1},{p2}")
    }
}

impl From<SocketAddrV4> for HostPort {
    fn from(address: SocketAddrV4) -> Self {
        Self { host: *address.ip(), port: address.port() }
    }
}

impl From<HostPort> for SocketAddr {
    fn from(address: HostPort) -> Self {
        Self::from((address.host, address.port))
    }
}

/// The address of EPRT: `|1|132.235.1.2|6275|` (RFC 2428 §2).
///
/// ```
/// use protocol::ExtendedAddress;
///
/// let there = ExtendedAddress::parse(b"|2|1080::8:800:200C:417A|5282|").unwrap();
/// assert_eq!(there.port, 5282);
/// assert_eq!(there.to_string(), "|2|1080::8:800:200c:417a|5282|");
/// assert_eq!(ExtendedAddress::parse(b"|1|132.235.1.2|6275|").unwrap().host.to_string(), "132.235.1.2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtendedAddress {
    /// The host. Its family is the network protocol: 1 is IPv4, 2 is IPv6.
    pub host: IpAddr,
    /// The TCP port.
    pub port: u16,
}

impl ExtendedAddress {
    /// Parses the argument of EPRT. Any delimiter from `!` to `~` is taken.
    ///
    /// # Errors
    /// [`AddressError::UnknownProtocol`] for a protocol other than 1 and 2 (the reply is 522), others for a wrong form (501).
    pub fn parse(argument: &[u8]) -> Result<Self, AddressError> {
        let [protocol, host, port] = delimited(argument)?;
        // The protocol is looked at first: RFC 2428 §2 wants 522 for one we do not know, whatever its addresses look like.
        let host = match decimal(protocol)? {
            1 => IpAddr::V4(text(host)?.parse::<Ipv4Addr>().map_err(|_| AddressError::Host)?),
            2 => IpAddr::V6(text(host)?.parse::<Ipv6Addr>().map_err(|_| AddressError::Host)?),
            unknown => return Err(AddressError::UnknownProtocol(unknown)),
        };
        Ok(Self { host, port: port_number(port)? })
    }
}

impl fmt::Display for ExtendedAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.host.is_ipv4() { 1 } else { 2 };
        write!(formatter, "|{protocol}|{}|{}|", self.host, self.port)
    }
}

impl From<SocketAddr> for ExtendedAddress {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip(), port: address.port() }
    }
}

impl From<ExtendedAddress> for SocketAddr {
    fn from(address: ExtendedAddress) -> Self {
        Self::from((address.host, address.port))
    }
}

/// The port in a 229 reply: `(|||6446|)` (RFC 2428 §3).
///
/// ```
/// use protocol::ExtendedPort;
///
/// let port = ExtendedPort::find(b"Entering Extended Passive Mode (|||6446|)").unwrap();
/// assert_eq!(port, ExtendedPort(6446));
/// assert_eq!(port.to_string(), "(|||6446|)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtendedPort(pub u16);

impl ExtendedPort {
    /// Finds the port in the text of a 229, between its last parentheses. What stands in the first
    /// two fields is ignored: the data connection goes to the host of the control connection.
    ///
    /// # Errors
    /// When the text has no `(<d><d><d><tcp-port><d>)`, or the port is none.
    pub fn find(text: &[u8]) -> Result<Self, AddressError> {
        let close = text.iter().rposition(|&octet| octet == b')').ok_or(AddressError::NotFound)?;
        let (before, _) = text.split_at(close);
        // From the last `(`: the text before it must not hold one (RFC 2428 §3), but some do.
        let inside = before.rsplit(|&octet| octet == b'(').next().filter(|inside| inside.len() < before.len());
        let [_, _, port] = delimited(inside.ok_or(AddressError::NotFound)?)?;
        Ok(Self(port_number(port)?))
    }
}

impl fmt::Display for ExtendedPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "(|||{}|)", self.0)
    }
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not six numbers.
    #[error("an address is six numbers with commas between them: h1,h2,h3,h4,p1,p2")]
    SixNumbers,
    /// One of the six is no number from 0 to 255.
    #[error("each of the six numbers of an address is decimal, from 0 to 255")]
    Octet,
    /// No address in the text of a reply.
    #[error("the reply holds no address")]
    NotFound,
    /// The form of RFC 1639 is not kept.
    #[error("a long address is af,hal,h1,...,pal,p1,p2: a family, and two counted lists of octets")]
    Long,
    /// The form of RFC 2428 is not kept.
    #[error("an extended address is |protocol|host|port|, with the same delimiter four times")]
    Delimiters,
    /// The field of the protocol or port is no number.
    #[error("the protocol and the port of an extended address are decimal numbers, the port from 1 to 65535")]
    Number,
    /// The host does not fit its protocol.
    #[error("the host of an extended address does not fit its protocol (1 is IPv4, 2 is IPv6)")]
    Host,
    /// A network protocol other than 1 and 2.
    #[error("network protocol {0} is not known; 1 is IPv4, 2 is IPv6")]
    UnknownProtocol(u32),
    /// An address family other than 4 and 6.
    #[error("address family {0} is not known; 4 is IPv4, 6 is IPv6")]
    UnknownFamily(u8),
}

/// Commas at the ends of a run belong to the sentence round the numbers.
fn without_outer_commas(mut run: &[u8]) -> &[u8] {
    while let [b',', rest @ ..] | [rest @ .., b','] = run {
        run = rest;
    }
    run
}

fn octet(digits: &[u8]) -> Result<u8, AddressError> {
    if digits.len() > 3 {
        return Err(AddressError::Octet);
    }
    decimal(digits).ok().and_then(|number| u8::try_from(number).ok()).ok_or(AddressError::Octet)
}

fn port_number(digits: &[u8]) -> Result<u16, AddressError> {
    let port = u16::try_from(decimal(digits)?).map_err(|_| AddressError::Number)?;
    if port == 0 { Err(AddressError::Number) } else { Ok(port) }
}

/// A decimal number; no sign, no space.
fn decimal(digits: &[u8]) -> Result<u32, AddressError> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(AddressError::Number);
    }
    text(digits)?.parse().map_err(|_| AddressError::Number)
}

fn text(octets: &[u8]) -> Result<&str, AddressError> {
    std::str::from_utf8(octets).map_err(|_| AddressError::Host)
}

/// The three fields of `<d>a<d>b<d>c<d>`.
fn delimited(octets: &[u8]) -> Result<[&[u8]; 3], AddressError> {
    let (&delimiter, _) = octets.split_first().ok_or(AddressError::Delimiters)?;
    let mut fields = octets.split(|&octet| octet == delimiter);
    let all = [(); 5].map(|()| fields.next());
    match (delimiter, all, fields.next()) {
        (33..=126, [Some([]), Some(protocol), Some(host), Some(port), Some([])], None) => Ok([protocol, host, port]),
        _ => Err(AddressError::Delimiters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::loopback("127,0,0,1,4,1", Ok("127.0.0.1:1025"))]
    #[case::zeros("0,0,0,0,0,0", Ok("0.0.0.0:0"))]
    #[case::top("255,255,255,255,255,255", Ok("255.255.255.255:65535"))]
    #[case::leading_zeros("127,000,000,001,004,001", Ok("127.0.0.1:1025"))]
    #[case::five("127,0,0,1,4", Err(AddressError::SixNumbers))]
    #[case::seven("127,0,0,1,4,1,1", Err(AddressError::SixNumbers))]
    #[case::too_big("256,0,0,1,4,1", Err(AddressError::Octet))]
    #[case::overflows("4294967297,0,0,1,4,1", Err(AddressError::Octet))]
    #[case::negative("127,0,0,1,4,-1", Err(AddressError::Octet))]
    #[case::signed("127,0,0,1,4,+1", Err(AddressError::Octet))]
    #[case::space("127,0,0,1,4, 1", Err(AddressError::Octet))]
    #[case::trailing_space("127,0,0,1,4,1 ", Err(AddressError::Octet))]
    #[case::hole("127,0,,1,4,1", Err(AddressError::Octet))]
    #[case::empty("", Err(AddressError::Octet))]
    fn argument_of_port(#[case] argument: &str, #[case] expected: Result<&str, AddressError>) {
        let parsed = HostPort::parse(argument.as_bytes()).map(|address| SocketAddr::from(address).to_string());
        assert_eq!(parsed.as_deref(), expected.as_deref());
    }

    #[rstest]
    #[case::parentheses("Entering Passive Mode (127,0,0,1,4,1).", Some("127,0,0,1,4,1"))]
    #[case::figure_3_has_none("Entering Passive Mode. 127,0,0,1,4,1", Some("127,0,0,1,4,1"))]
    #[case::equals_sign("Entering Passive Mode =127,0,0,1,4,1", Some("127,0,0,1,4,1"))]
    #[case::numbers_before("227 of 3, go: 127,0,0,1,4,1, please", Some("127,0,0,1,4,1"))]
    #[case::five("Entering Passive Mode (127,0,0,1,4)", None)]
    #[case::too_big("Entering Passive Mode (127,0,0,1,4,256)", None)]
    #[case::nothing("Entering Passive Mode", None)]
    fn text_of_227(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(HostPort::find(text.as_bytes()).ok().map(|address| address.to_string()).as_deref(), expected);
    }

    #[rstest]
    #[case::v4("|1|132.235.1.2|6275|", Ok("132.235.1.2:6275"))]
    #[case::other_delimiter("!2!::1!21!", Ok("[::1]:21"))]
    #[case::unknown_protocol("|3|what ever|1|", Err(AddressError::UnknownProtocol(3)))]
    #[case::family_mismatch("|1|::1|21|", Err(AddressError::Host))]
    #[case::port_0("|1|127.0.0.1|0|", Err(AddressError::Number))]
    #[case::port_too_big("|1|127.0.0.1|65536|", Err(AddressError::Number))]
    #[case::no_end("|1|127.0.0.1|21", Err(AddressError::Delimiters))]
    #[case::too_much("|1|127.0.0.1|21||", Err(AddressError::Delimiters))]
    #[case::blank_delimiter(" 1 127.0.0.1 21 ", Err(AddressError::Delimiters))]
    #[case::empty("", Err(AddressError::Delimiters))]
    fn argument_of_eprt(#[case] argument: &str, #[case] expected: Result<&str, AddressError>) {
        let parsed = ExtendedAddress::parse(argument.as_bytes()).map(|address| SocketAddr::from(address).to_string());
        assert_eq!(parsed.as_deref(), expected.as_deref());
    }

    #[rstest]
    #[case::as_in_the_rfc("Entering Extended Passive Mode (|||6446|)", Ok(6446))]
    #[case::other_delimiter("ok (!!!6446!)", Ok(6446))]
    #[case::parentheses_before("Mode (extended) (|||6446|).", Ok(6446))]
    #[case::a_host_is_ignored("ok (|1|10.0.0.1|6446|)", Ok(6446))]
    #[case::no_parentheses("ok |||6446|", Err(AddressError::NotFound))]
    #[case::no_open("ok |||6446|)", Err(AddressError::NotFound))]
    #[case::port_0("ok (|||0|)", Err(AddressError::Number))]
    #[case::port_too_big("ok (|||70000|)", Err(AddressError::Number))]
    fn text_of_229(#[case] text: &str, #[case] expected: Result<u16, AddressError>) {
        assert_eq!(ExtendedPort::find(text.as_bytes()).map(|port| port.0), expected);
    }
}
