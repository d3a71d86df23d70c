//! Addresses of data connections, found in a line and put into it.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;

/// The first six numbers of 0 to 255 with commas between them, and where they stand.
pub(super) fn six_numbers(line: &[u8]) -> Option<(SocketAddr, Range<usize>)> {
    let digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
    let begins = (0..line.len()).filter(|&at| digit(at) && !at.checked_sub(1).is_some_and(digit));
    begins.into_iter().find_map(|begin| {
        let mut at = begin;
        let mut numbers = [0; 6];
        for (index, number) in numbers.iter_mut().enumerate() {
            if index > 0 {
                at += usize::from(line.get(at) == Some(&b','));
            }
            let digits = line.get(at..)?.iter().take_while(|octet| octet.is_ascii_digit()).count();
            *number = std::str::from_utf8(line.get(at..at + digits)?).ok()?.parse::<u8>().ok()?;
            at += digits;
        }
        let [a, b, c, d, high, low] = numbers;
        Some(((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])).into(), begin..at))
    })
}

/// The port of a 229 reply, and where it stands: three delimiters, digits, a delimiter (RFC 2428 §3).
pub(super) fn extended_port(line: &[u8]) -> Option<(u16, Range<usize>)> {
    let begin = line.windows(3).position(|three| three == b"|||")? + 3;
    let digits = line.get(begin..)?.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let port = std::str::from_utf8(line.get(begin..begin + digits)?).ok()?.parse().ok()?;
    Some((port, begin..begin + digits))
}

/// The address in the argument of EPRT: `|1|127.0.0.1|51201|` (RFC 2428 §2).
pub(super) fn extended_address(argument: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(argument).ok()?;
    let delimiter = text.chars().next()?;
    let parts: Vec<_> = text.split(delimiter).collect();
    let [_, family @ ("1" | "2"), host, port, ""] = parts[..] else { return None };
    let address = SocketAddr::new(host.parse().ok()?, port.parse().ok()?);
    (address.is_ipv4() == (family == "1")).then_some(address)
}

/// The line with other octets in that place.
pub(super) fn with(line: &[u8], place: Range<usize>, octets: &str) -> Vec<u8> {
    let before = line.get(..place.start).unwrap_or_default();
    let behind = line.get(place.end..).unwrap_or_default();
    [before, octets.as_bytes(), behind].concat()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("227 Entering (127,0,0,1,4,1).", Some("127.0.0.1:1025"), "227 Entering (X).")]
    #[case("227 =1,2,3,4,5,6", Some("1.2.3.4:1286"), "227 =X")]
    #[case("PORT 127,0,0,256,4,1", None, "")]
    #[case("PORT 1,2,3", None, "")]
    #[case("227 7,127,0,0,1,4,1", Some("7.127.0.0:260"), "227 X,1")]
    fn numbers(#[case] line: &str, #[case] address: Option<&str>, #[case] other: &str) {
        let found = six_numbers(line.as_bytes());
        assert_eq!(found.as_ref().map(|(address, _)| address.to_string()).as_deref(), address);
        if let Some((_, place)) = found {
            assert_eq!(with(line.as_bytes(), place, "X"), other.as_bytes());
        }
    }

    #[rstest]
    #[case("|1|127.0.0.1|1025|", Some("127.0.0.1:1025"))]
    #[case("|2|::1|1025|", Some("[::1]:1025"))]
    #[case("|2|127.0.0.1|1025|", None)]
    #[case("|1|127.0.0.1|65536|", None)]
    #[case("|1|127.0.0.1|1025", None)]
    #[case("", None)]
    fn extended(#[case] argument: &str, #[case] address: Option<&str>) {
        assert_eq!(extended_address(argument.as_bytes()), address.map(|address| address.parse().unwrap()));
    }

    #[test]
    fn the_port_of_229() {
        assert_eq!(extended_port(b"229 Ok (|||6446|)"), Some((6446, 11..15)));
        assert_eq!(extended_port(b"229 Ok (|||99999|)"), None);
    }
}
