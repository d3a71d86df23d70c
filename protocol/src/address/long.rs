//! The long addresses of LPRT and 228 (RFC 1639): `af,hal,h1,h2,...,pal,p1,p2,...`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{AddressError, octet, without_outer_commas};

/// A long address of IP: family 4 is IPv4, 6 is what RFC 1639 §2 called SIP, and is IPv6 today.
///
/// ```
/// use protocol::LongAddress;
///
/// let there = LongAddress::parse(b"4,4,132,235,1,2,2,24,131").unwrap();
/// assert_eq!((there.host.to_string().as_str(), there.port), ("132.235.1.2", 6275));
/// assert_eq!(there.to_string(), "4,4,132,235,1,2,2,24,131");
/// assert_eq!(LongAddress::find(b"Entering Long Passive Mode (4,4,132,235,1,2,2,24,131)").unwrap(), there);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LongAddress {
    /// The host.
    pub host: IpAddr,
    /// The port.
    pub port: u16,
}

impl LongAddress {
    /// Parses the argument of LPRT, strictly: each length is followed by so many octets, and nothing comes behind.
    ///
    /// # Errors
    /// [`AddressError::UnknownFamily`] for a family other than 4 and 6 (the reply is 521), [`AddressError::Long`] for a wrong form,
    /// [`AddressError::Octet`] for what is no octet (501).
    pub fn parse(argument: &[u8]) -> Result<Self, AddressError> {
        let octets = argument.split(|&octet| octet == b',').map(octet).collect::<Result<Vec<u8>, AddressError>>()?;
        let (&family, rest) = octets.split_first().ok_or(AddressError::Long)?;
        let (host, rest) = counted(rest)?;
        let (port, rest) = counted(rest)?;
        // The form is the same for all families, so that a wrong form is told from one that is not known.
        if !rest.is_empty() {
            return Err(AddressError::Long);
        }
        let host = match family {
            4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(host).map_err(|_| AddressError::Long)?)),
            6 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(host).map_err(|_| AddressError::Long)?)),
            unknown => return Err(AddressError::UnknownFamily(unknown)),
        };
        let port = u16::from_be_bytes(<[u8; 2]>::try_from(port).map_err(|_| AddressError::Long)?);
        Ok(Self { host, port })
    }

    /// Finds the address in the text of a 228: the text is scanned for the numbers, as that of a 227.
    ///
    /// # Errors
    /// When no such address stands in the text.
    pub fn find(text: &[u8]) -> Result<Self, AddressError> {
        let mut runs = text.split(|octet| !octet.is_ascii_digit() && *octet != b',');
        runs.find_map(|run| Self::parse(without_outer_commas(run)).ok()).ok_or(AddressError::NotFound)
    }
}

/// A length, and so many octets; and what is behind them.
fn counted(octets: &[u8]) -> Result<(&[u8], &[u8]), AddressError> {
    let (&length, rest) = octets.split_first().ok_or(AddressError::Long)?;
    rest.split_at_checked(usize::from(length)).ok_or(AddressError::Long)
}

impl fmt::Display for LongAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, host) = match self.host {
            IpAddr::V4(host) => (4, host.octets().to_vec()),
            IpAddr::V6(host) => (6, host.octets().to_vec()),
        };
        write!(formatter, "{family},{}", host.len())?;
        host.iter().try_for_each(|octet| write!(formatter, ",{octet}"))?;
        let [p1, p2] = self.port.to_be_bytes();
        write!(formatter, ",2,{p1},{p2}")
    }
}

impl From<SocketAddr> for LongAddress {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip(), port: address.port() }
    }
}

impl From<LongAddress> for SocketAddr {
    fn from(address: LongAddress) -> Self {
        Self::from((address.host, address.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::v4("4,4,127,0,0,1,2,4,1", Ok("127.0.0.1:1025"))]
    #[case::v6("6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,255,255", Ok("[::1]:65535"))]
    #[case::ipx("16,10,1,2,3,4,5,6,7,8,9,10,2,10,10", Err(AddressError::UnknownFamily(16)))]
    #[case::ipx_of_a_wrong_form("16,4,1,2,3,4,2,10", Err(AddressError::Long))]
    #[case::too_few("4,4,127,0,0,2,4,1", Err(AddressError::Long))]
    #[case::too_many("4,4,127,0,0,1,2,4,1,1", Err(AddressError::Long))]
    #[case::host_of_16_in_family_4("4,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,4,1", Err(AddressError::Long))]
    #[case::port_of_4("4,4,127,0,0,1,4,0,0,4,1", Err(AddressError::Long))]
    #[case::over_an_octet("4,4,256,0,0,1,2,4,1", Err(AddressError::Octet))]
    #[case::negative("4,4,127,0,0,-1,2,4,1", Err(AddressError::Octet))]
    #[case::space("4,4,127,0,0,1,2, 4,1", Err(AddressError::Octet))]
    #[case::empty("", Err(AddressError::Octet))]
    #[case::family_alone("4", Err(AddressError::Long))]
    fn argument_of_lprt(#[case] argument: &str, #[case] expected: Result<&str, AddressError>) {
        let parsed = LongAddress::parse(argument.as_bytes());
        assert_eq!(parsed.map(|address| SocketAddr::from(address).to_string()).as_deref(), expected.as_deref());
        if let Ok(address) = parsed {
            assert_eq!(address.to_string(), argument);
        }
    }
}
