//! Addresses of data connections in replies, as they came.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The first six numbers, parted by commas, in the text of a 227 reply.
///
/// RFC 1123 §4.1.2.6: the text around them is not standardised, so they are looked for. `None` where there are no six
/// numbers of 0 to 255 in a row.
pub fn host_port(text: &[u8]) -> Option<SocketAddr> {
    let mut numbers: Vec<u8> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
        let (head, tail) = rest.split_at(digits);
        match std::str::from_utf8(head).ok().and_then(|number| number.parse().ok()) {
            Some(number) => numbers.push(number),
            None => numbers.clear(),
        }
        if let [a, b, c, d, high, low] = numbers[..] {
            return Some((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])).into());
        }
        rest = match tail.split_first() {
            Some((b',', after)) if digits > 0 => after,
            Some((_, after)) => {
                numbers.clear();
                after
            }
            None => tail,
        };
    }
    None
}

/// The port of a 229 reply (RFC 2428 §3): `(<d><d><d><port><d>)`, any delimiter of 33 to 126.
pub fn extended_port(text: &[u8]) -> Option<u16> {
    text.iter().enumerate().filter(|(_, octet)| **octet == b'(').find_map(|(at, _)| {
        let inside = text.get(at + 1..)?;
        let delimiter = *inside.first().filter(|octet| (33..=126).contains(*octet) && !octet.is_ascii_digit())?;
        let tail = inside.strip_prefix(&[delimiter; 3])?;
        let digits = tail.iter().take_while(|octet| octet.is_ascii_digit()).count();
        let port = std::str::from_utf8(tail.get(..digits)?).ok()?.parse().ok()?;
        (tail.get(digits..digits + 2)? == [delimiter, b')']).then_some(port)
    })
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
    fn six_numbers(#[case] text: &str, #[case] address: Option<&str>) {
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

    #[test]
    fn arguments() {
        assert_eq!(port_argument("127.0.0.1:1025".parse().unwrap()).as_deref(), Some("127,0,0,1,4,1"));
        assert_eq!(extended_argument("127.0.0.1:1025".parse().unwrap()), "|1|127.0.0.1|1025|");
        assert_eq!(extended_argument("[::1]:1025".parse().unwrap()), "|2|::1|1025|");
    }
}
