//! Addresses of data connections in replies, as they came.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::str::FromStr;

/// The first six numbers, parted by commas, in the text of a 227 reply.
///
/// RFC 1123 §4.1.2.6: the text around them is not standardised, so they are looked for. `None` where there are no six
/// numbers of 0 to 255 in a row.
pub fn host_port(text: &[u8]) -> Option<SocketAddr> {
    six_numbers(text).map(|(address, _)| address)
}

/// The same, and where the numbers stand.
pub fn six_numbers(text: &[u8]) -> Option<(SocketAddr, Range<usize>)> {
    let mut numbers: Vec<u8> = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while at < text.len() {
        let (number, digits) = number(text.get(at..).unwrap_or_default());
        match number {
            Some(number) => {
                begin = if numbers.is_empty() { at } else { begin };
                numbers.push(number);
            }
            None => numbers.clear(),
        }
        at += digits;
        if let [a, b, c, d, high, low] = numbers[..] {
            return Some(((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])).into(), begin..at));
        }
        if digits == 0 || text.get(at) != Some(&b',') {
            numbers.clear();
        }
        at += 1;
    }
    None
}

/// The port of a 229 reply (RFC 2428 §3): `(<d><d><d><port><d>)`, any delimiter of 33 to 126.
pub fn extended_port(text: &[u8]) -> Option<u16> {
    port_of_229(text).map(|(port, _)| port)
}

/// The same, and where its digits stand.
pub fn port_of_229(text: &[u8]) -> Option<(u16, Range<usize>)> {
    text.iter().enumerate().filter(|(_, octet)| **octet == b'(').find_map(|(at, _)| {
        let inside = text.get(at + 1..)?;
        let delimiter = *inside.first().filter(|octet| (33..=126).contains(*octet) && !octet.is_ascii_digit())?;
        let tail = inside.strip_prefix(&[delimiter; 3])?;
        let (port, digits) = number(tail);
        let begin = at + 4;
        (tail.get(digits..digits + 2)? == [delimiter, b')']).then_some((port?, begin..begin + digits))
    })
}

/// The number that the text begins with, if it fits, and how many digits stand there.
fn number<T: FromStr>(text: &[u8]) -> (Option<T>, usize) {
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let read = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    (text.get(..digits).and_then(read), digits)
}

/// The address in the argument of EPRT: `|1|127.0.0.1|51201|`, with any delimiter (RFC 2428 §2).
pub fn extended_address(argument: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(argument).ok()?;
    let delimiter = text.chars().next()?;
    let parts: Vec<_> = text.split(delimiter).collect();
    let ["", family @ ("1" | "2"), host, port, ""] = parts[..] else { return None };
    let address = SocketAddr::new(host.parse().ok()?, port.parse().ok()?);
    (address.is_ipv4() == (family == "1")).then_some(address)
}

/// The argument of PORT for an address (RFC 959 §5.3.2); the octets of an IPv6 address have no such form.
pub fn port_argument(address: SocketAddr) -> Option<String> {
    let IpAddr::V4(host) = address.ip() else { return None };
    let [a, b, c, d] = host.octets();
    let [high, low] = address.port().to_be_bytes();
    Some(format!("{a},{b},{c},{d},{high},{low}"))
}

/// The argument of EPRT for an address (RFC 2428 §2).
pub fn extended_argument(address: SocketAddr) -> String {
    let family = if address.is_ipv4() { 1 } else { 2 };
    format!("|{family}|{}|{}|", address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Entering Passive Mode (166,111,80,233,102,109)", Some("166.111.80.233:26221"))]
    #[case("Entering Passive Mode. 127,0,0,1,4,1", Some("127.0.0.1:1025"))]
    #[case("=127,0,0,1,4,1", Some("127.0.0.1:1025"))]
    #[case("mode 7 (127,0,0,1,4,1)", Some("127.0.0.1:1025"))]
    #[case("127,0,0,1,4", None)]
    #[case("127,0,0,1,256,1", None)]
    #[case("127, 0,0,1,2,1", None)]
    #[case("", None)]
    fn numbers_of_227(#[case] text: &str, #[case] address: Option<&str>) {
        assert_eq!(host_port(text.as_bytes()), address.map(|address| address.parse().unwrap()));
    }

    #[rstest]
    #[case("Entering Extended Passive Mode (|||6446|)", Some(6446))]
    #[case("(a) (|||21|)", Some(21))]
    #[case("(!!!21!)", Some(21))]
    #[case("(|||21)", None)]
    #[case("(|||65536|)", None)]
    #[case("(||1|21|)", None)]
    #[case("|||21|", None)]
    fn port_between_delimiters(#[case] text: &str, #[case] port: Option<u16>) {
        assert_eq!(extended_port(text.as_bytes()), port);
    }

    #[rstest]
    #[case("227 Entering (127,0,0,1,4,1).", Some(("127.0.0.1:1025", 14..27)))]
    #[case("227 =1,2,3,4,5,6", Some(("1.2.3.4:1286", 5..16)))]
    #[case("PORT 127,0,0,256,4,1", None)]
    #[case("PORT 1,2,3", None)]
    #[case("227 7,127,0,0,1,4,1", Some(("7.127.0.0:260", 4..17)))]
    fn where_six_numbers_stand(#[case] line: &str, #[case] found: Option<(&str, Range<usize>)>) {
        let found = found.map(|(address, place)| (address.parse().unwrap(), place));
        assert_eq!(six_numbers(line.as_bytes()), found);
    }

    #[test]
    fn where_the_port_of_229_stands() {
        assert_eq!(port_of_229(b"229 Ok (|||6446|)"), Some((6446, 11..15)));
        assert_eq!(port_of_229(b"229 Ok (|||99999|)"), None);
    }

    #[rstest]
    #[case("|1|127.0.0.1|1025|", Some("127.0.0.1:1025"))]
    #[case("|2|::1|1025|", Some("[::1]:1025"))]
    #[case("|2|127.0.0.1|1025|", None)]
    #[case("|1|127.0.0.1|65536|", None)]
    #[case("|1|127.0.0.1|1025", None)]
    #[case("", None)]
    fn address_of_eprt(#[case] argument: &str, #[case] address: Option<&str>) {
        assert_eq!(extended_address(argument.as_bytes()), address.map(|address| address.parse().unwrap()));
    }

    #[test]
    fn arguments() {
        assert_eq!(port_argument("127.0.0.1:1025".parse().unwrap()).as_deref(), Some("127,0,0,1,4,1"));
        assert_eq!(extended_argument("127.0.0.1:1025".parse().unwrap()), "|1|127.0.0.1|1025|");
        assert_eq!(extended_argument("[::1]:1025".parse().unwrap()), "|2|::1|1025|");
    }
}
