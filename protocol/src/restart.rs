//! Restart markers and the reply that tells of them (RFC 959 §3.5, RFC 1123 §4.1.3.4).
//!
//! A marker means something to the one alone that made it. Ours are a [`Position`].

use std::fmt;

use thiserror::Error;

use crate::reply::{Code, Reply};
use crate::transfer::Fault;
use crate::transfer::descriptor::MARKER_LIMIT;

/// A restart marker: printable ASCII without spaces (RFC 959 §3.4.2).
///
/// ```
/// use protocol::restart::Marker;
///
/// assert_eq!(Marker::new(b"4096").unwrap().to_string(), "4096");
/// assert!(Marker::new(b"4 096").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker(String);

impl Marker {
    /// Takes the octets of a marker.
    ///
    /// # Errors
    /// When they are none, or too many, or not all printable.
    pub fn new(octets: &[u8]) -> Result<Self, Fault> {
        if octets.is_empty() {
            return Err(Fault::MarkerEmpty);
        }
        if octets.len() > MARKER_LIMIT {
            return Err(Fault::MarkerTooLong(MARKER_LIMIT));
        }
        match octets.iter().find(|octet| !octet.is_ascii_graphic()) {
            Some(&octet) => Err(Fault::MarkerOctet(octet)),
            None => Ok(Self(octets.iter().copied().map(char::from).collect())),
        }
    }

    /// Its octets.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A place in the local form of a file, and what the coders must know to go on there.
///
/// As a marker it is a number of octets; behind a dot the number of records that have ended, where it is not 0; and `c` when
/// a CR came before it. RFC 1123 §4.1.3.4: a marker can fall between CR and LF, and then "the receiver must encode in rrrr
/// that the transfer must be restarted in a 'CR has been seen and discarded' state".
///
/// ```
/// use protocol::restart::Position;
///
/// let position = Position { octets: 4096, records: 3, is_behind_cr: false };
/// assert_eq!(position.to_string(), "4096.3");
/// assert_eq!(Position::parse(b"4096.3"), Ok(position));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Octets of the local form before it.
    pub octets: u64,
    /// Records that ended before it, where a list of their lengths is kept beside the octets.
    pub records: u64,
    /// Whether a CR came last whose meaning depends on what follows.
    pub is_behind_cr: bool,
}

/// The argument of REST is no position of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("REST takes a number of octets, or a marker that this server has given")]
pub struct PositionError;

impl Position {
    /// Reads a position.
    ///
    /// # Errors
    /// When it has another form, or a number is too large.
    pub fn parse(marker: &[u8]) -> Result<Self, PositionError> {
        let (numbers, is_behind_cr) = match marker.strip_suffix(b"c") {
            Some(numbers) => (numbers, true),
            None => (marker, false),
        };
        let mut parts = numbers.splitn(2, |&octet| octet == b'.');
        let octets = parts.next().and_then(number).ok_or(PositionError)?;
        let records = parts.next().map_or(Ok(0), |records| number(records).ok_or(PositionError))?;
        Ok(Self { octets, records, is_behind_cr })
    }

    /// The position as a marker.
    pub fn marker(&self) -> Marker {
        Marker(self.to_string())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.octets)?;
        if self.records > 0 {
            write!(formatter, ".{}", self.records)?;
        }
        formatter.write_str(if self.is_behind_cr { "c" } else { "" })
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok()?;
    if digits.bytes().all(|octet| octet.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The 110 reply: `MARK ssss = rrrr`, where ssss is the marker that came and rrrr the place of the receiver (RFC 1123
/// §4.1.3.4).
///
/// ```
/// use protocol::restart::{Mark, Marker};
///
/// let mark = Mark { sender: Marker::new(b"abc123").unwrap(), receiver: Marker::new(b"512").unwrap() };
/// assert_eq!(mark.reply().to_bytes(), b"110 MARK abc123 = 512\r\n");
/// assert_eq!(Mark::parse(b"MARK abc123 = 512"), Ok(mark));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// ssss: the marker of the sender.
    pub sender: Marker,
    /// rrrr: the marker of the receiver, for REST.
    pub receiver: Marker,
}

/// The text of a 110 reply has another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text of a 110 reply must read \"MARK ssss = rrrr\"")]
pub struct MarkError;

impl Mark {
    /// The code.
    pub const CODE: Code = match Code::new(110) {
        Ok(code) => code,
        Err(_) => unreachable!(),
    };

    /// Reads the text of a 110 reply.
    ///
    /// # Errors
    /// When it is not exactly of the form: "the text is exact" (RFC 959 §4.2).
    pub fn parse(text: &[u8]) -> Result<Self, MarkError> {
        let words: Vec<&[u8]> = text.split(|&octet| octet == b' ').collect();
        let [b"MARK", sender, b"=", receiver] = *words.as_slice() else { return Err(MarkError) };
        let marker = |octets| Marker::new(octets).map_err(|_| MarkError);
        Ok(Self { sender: marker(sender)?, receiver: marker(receiver)? })
    }

    /// The reply.
    pub fn reply(&self) -> Reply {
        Reply::new(Self::CODE, format!("MARK {} = {}", self.sender, self.receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("0", 0, 0, false)]
    #[case("12.7", 12, 7, false)]
    #[case("12c", 12, 0, true)]
    #[case("12.7c", 12, 7, true)]
    #[case("18446744073709551615", u64::MAX, 0, false)]
    fn positions(#[case] text: &str, #[case] octets: u64, #[case] records: u64, #[case] is_behind_cr: bool) {
        let position = Position { octets, records, is_behind_cr };
        assert_eq!(Position::parse(text.as_bytes()), Ok(position));
        assert_eq!(position.marker().as_bytes(), text.as_bytes());
    }

    #[rstest]
    #[case("")]
    #[case("c")]
    #[case(".")]
    #[case("1.")]
    #[case("+1")]
    #[case("1.2.3")]
    #[case("18446744073709551616")]
    fn no_positions(#[case] text: &str) {
        assert_eq!(Position::parse(text.as_bytes()), Err(PositionError));
    }

    #[rstest]
    #[case("MARK a =b")]
    #[case("MARK a = b c")]
    #[case("mark a = b")]
    #[case("MARK  = b")]
    #[case("MARK a\x07 = b")]
    fn no_marks(#[case] text: &str) {
        assert_eq!(Mark::parse(text.as_bytes()), Err(MarkError));
    }
}
