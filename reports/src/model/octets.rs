//! Bytes that a peer sent, in a form that can be read, kept and shown safely.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Octets of a connection.
///
/// Written as text: printable ASCII stands for itself, a backslash is `\\`, CR is `\r`, LF is `\n`, TAB is `\t`, and
/// every other octet is `\xNN`. Nothing is lost, and nothing in it can move a cursor, end a tag or forge a log line.
///
/// ```
/// use reports::model::Octets;
///
/// let octets = Octets::from(b"220 ready\r\n\xff\xf4".as_slice());
/// assert_eq!(octets.to_string(), r"220 ready\r\n\xff\xf4");
/// assert_eq!(octets.to_string().parse::<Octets>()?, octets);
/// # Ok::<(), reports::model::OctetsError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Octets(Vec<u8>);

/// A text that is not the written form of octets.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OctetsError {
    /// A backslash that no known escape follows.
    #[error("character {0}: a backslash is followed by \\, r, n, t or x and two hexadecimal digits")]
    Escape(usize),
    /// A character that is written as an escape.
    #[error("character {0}: {1:?} is written as an escape")]
    Character(usize, char),
}

impl Octets {
    /// The octets themselves.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Octets {
    fn from(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &octet in &self.0 {
            match octet {
                b'\\' => f.write_str(r"\\")?,
                b'\r' => f.write_str(r"\r")?,
                b'\n' => f.write_str(r"\n")?,
                b'\t' => f.write_str(r"\t")?,
                b' '..=b'~' => write!(f, "{}", char::from(octet))?,
                _ => write!(f, r"\x{octet:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl std::str::FromStr for Octets {
    type Err = OctetsError;

    fn from_str(text: &str) -> Result<Self, OctetsError> {
        let mut octets = Vec::with_capacity(text.len());
        let mut characters = text.chars().enumerate();
        while let Some((at, character)) = characters.next() {
            if character != '\\' {
                if !matches!(character, ' '..='~') {
                    return Err(OctetsError::Character(at, character));
                }
                octets.push(character as u8);
                continue;
            }
            let octet = match characters.next().map(|(_, c)| c) {
                Some('\\') => b'\\',
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('t') => b'\t',
                Some('x') => {
                    let mut digit = || characters.next().and_then(|(_, c)| c.to_digit(16));
                    match (digit(), digit()) {
                        (Some(high), Some(low)) => {
                            u8::try_from(high * 16 + low).map_err(|_| OctetsError::Escape(at))?
                        }
                        _ => return Err(OctetsError::Escape(at)),
                    }
                }
                _ => return Err(OctetsError::Escape(at)),
            };
            octets.push(octet);
        }
        Ok(Self(octets))
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Octets {
    fn schema_name() -> Cow<'static, str> {
        "Octets".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Octets as text: printable ASCII as itself, \\\\ \\r \\n \\t, every other octet as \\xNN.",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"", "")]
    #[case(b"a\\b", r"a\\b")]
    #[case(b"\r\n\t\0\x1b\x7f\xff", r"\r\n\t\x00\x1b\x7f\xff")]
    fn written(#[case] octets: &[u8], #[case] text: &str) {
        assert_eq!(Octets::from(octets).to_string(), text);
    }

    #[rstest]
    #[case("\\", OctetsError::Escape(0))]
    #[case(r"ab\q", OctetsError::Escape(2))]
    #[case(r"\x4", OctetsError::Escape(0))]
    #[case("\n", OctetsError::Character(0, '\n'))]
    #[case("é", OctetsError::Character(0, 'é'))]
    fn refused(#[case] text: &str, #[case] error: OctetsError) {
        assert_eq!(text.parse::<Octets>(), Err(error));
    }

    proptest! {
        #[test]
        fn nothing_is_lost(octets: Vec<u8>) {
            let octets = Octets::from(octets);
            prop_assert_eq!(octets.to_string().parse::<Octets>().unwrap(), octets);
        }
    }
}
