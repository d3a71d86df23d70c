//! The transfer parameters: TYPE, STRU and MODE (RFC 959 §3, §4.1.2).
//!
//! Parsing takes all that the RFC defines; what of it is implemented is for each reference to say (504).

use std::fmt;

use thiserror::Error;

/// How text of TYPE A and E is to be printed (RFC 959 §3.1.1.5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// N: not for printing. The default.
    #[default]
    NonPrint,
    /// T: Telnet format effectors.
    Telnet,
    /// C: carriage control (ASA).
    CarriageControl,
}

/// The representation type (RFC 959 §3.1.1).
///
/// ```
/// use protocol::parameters::{Form, ParameterError, Type};
///
/// assert_eq!(Type::parse(b"a n"), Ok(Type::Ascii(Form::NonPrint)));
/// assert_eq!(Type::parse(b"L 8"), Ok(Type::Local(8)));
/// assert_eq!(Type::parse(b"L"), Err(ParameterError::Syntax));
/// assert_eq!(Type::parse(b"X"), Err(ParameterError::Unknown));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A: text, as NVT-ASCII with CR LF.
    Ascii(Form),
    /// E: text, in EBCDIC.
    Ebcdic(Form),
    /// I: contiguous bits.
    Image,
    /// L: logical bytes of this many bits.
    Local(u8),
}

impl Default for Type {
    /// RFC 959 §5.1: the default is TYPE A N.
    fn default() -> Self {
        Self::Ascii(Form::NonPrint)
    }
}

impl Type {
    /// Parses the argument of TYPE.
    ///
    /// # Errors
    /// When the argument has the wrong form (the reply is 501), or names a type or form that no RFC defines (504).
    pub fn parse(argument: &[u8]) -> Result<Self, ParameterError> {
        match slices(&upper_case(argument)).as_slice() {
            [b"A"] => Ok(Self::Ascii(Form::default())),
            [b"E"] => Ok(Self::Ebcdic(Form::default())),
            [b"A", form] => Ok(Self::Ascii(Form::parse(form)?)),
            [b"E", form] => Ok(Self::Ebcdic(Form::parse(form)?)),
            [b"I"] => Ok(Self::Image),
            [b"L", size] => byte_size(size).map(Self::Local),
            // L without a byte size is incomplete, not unknown.
            [other] if *other != b"L" => Err(unknown_letter(other)),
            _ => Err(ParameterError::Syntax),
        }
    }
}

impl Type {
    /// Whether it is text: TYPE A and E.
    pub fn is_text(self) -> bool {
        match self {
            Self::Ascii(_) | Self::Ebcdic(_) => true,
            Self::Image | Self::Local(_) => false,
        }
    }

    /// The size of a logical byte, in bits (RFC 959 §3.1.1).
    pub fn byte_size(self) -> u8 {
        match self {
            Self::Ascii(_) | Self::Ebcdic(_) | Self::Image => 8,
            Self::Local(bits) => bits,
        }
    }

    /// The filler of MODE C (RFC 959 §3.4.3): a space in the type's code, or zero.
    pub fn filler(self) -> u8 {
        match self {
            Self::Ascii(_) => b' ',
            Self::Ebcdic(_) => crate::transfer::ebcdic::SPACE,
            Self::Image | Self::Local(_) => 0,
        }
    }
}

/// As an argument of TYPE, with the form of text said always.
impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ascii(form) => write!(formatter, "A {form}"),
            Self::Ebcdic(form) => write!(formatter, "E {form}"),
            Self::Image => formatter.write_str("I"),
            Self::Local(bits) => write!(formatter, "L {bits}"),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NonPrint => "N",
            Self::Telnet => "T",
            Self::CarriageControl => "C",
        })
    }
}

impl fmt::Display for Structure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File => "F",
            Self::Record => "R",
            Self::Page => "P",
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Stream => "S",
            Self::Block => "B",
            Self::Compressed => "C",
            Self::Deflate(_) => "Z",
        })
    }
}

impl Form {
    fn parse(letter: &[u8]) -> Result<Self, ParameterError> {
        match letter {
            b"N" => Ok(Self::NonPrint),
            b"T" => Ok(Self::Telnet),
            b"C" => Ok(Self::CarriageControl),
            other => Err(unknown_letter(other)),
        }
    }
}

/// The file structure (RFC 959 §3.1.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Structure {
    /// F: a sequence of octets. The default.
    #[default]
    File,
    /// R: a sequence of records.
    Record,
    /// P: indexed pages.
    Page,
}

impl Structure {
    /// Parses the argument of STRU.
    ///
    /// # Errors
    /// When the argument is no single letter (501), or a letter that no RFC defines (504).
    pub fn parse(argument: &[u8]) -> Result<Self, ParameterError> {
        match slices(&upper_case(argument)).as_slice() {
            [b"F"] => Ok(Self::File),
            [b"R"] => Ok(Self::Record),
            [b"P"] => Ok(Self::Page),
            [other] => Err(unknown_letter(other)),
            _ => Err(ParameterError::Syntax),
        }
    }
}

/// The transfer mode (RFC 959 §3.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// S: a stream, ended by closing. The default.
    #[default]
    Stream,
    /// B: blocks with headers.
    Block,
    /// C: compressed.
    Compressed,
    /// Z: deflated (draft-preston-ftpext-deflate), and how hard the sender tries.
    Deflate(Level),
}

/// How hard a sender in MODE Z tries to make the data small: from 0, not at all, to 9 (draft-preston-ftpext-deflate §3.6.1.3).
///
/// ```
/// use protocol::parameters::Level;
///
/// assert_eq!(Level::new(9).map(Level::number), Some(9));
/// assert_eq!(Level::new(10), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Level(u32);

impl Default for Level {
    /// That of zlib.
    fn default() -> Self {
        Self(6)
    }
}

impl Level {
    /// A level; `None` for a number that is none.
    pub const fn new(number: u32) -> Option<Self> {
        if number <= 9 { Some(Self(number)) } else { None }
    }

    /// Its number.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Mode {
    /// Whether restart markers can stand between the data (RFC 959 §3.5). MODE Z can hold none (draft-preston-ftpext-deflate
    /// §3.7).
    pub fn has_markers(self) -> bool {
        match self {
            Self::Block | Self::Compressed => true,
            Self::Stream | Self::Deflate(_) => false,
        }
    }

    /// Parses the argument of MODE.
    ///
    /// # Errors
    /// When the argument is no single letter (501), or a letter that no RFC defines (504).
    pub fn parse(argument: &[u8]) -> Result<Self, ParameterError> {
        match slices(&upper_case(argument)).as_slice() {
            [b"S"] => Ok(Self::Stream),
            [b"B"] => Ok(Self::Block),
            [b"C"] => Ok(Self::Compressed),
            [b"Z"] => Ok(Self::Deflate(Level::default())),
            [other] => Err(unknown_letter(other)),
            _ => Err(ParameterError::Syntax),
        }
    }
}

/// What is wrong with the argument of TYPE, STRU or MODE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParameterError {
    /// Not the form RFC 959 §5.3.2 gives it.
    #[error("the parameter is one letter, and for TYPE a form or a byte size behind it")]
    Syntax,
    /// A letter that is not defined.
    #[error("no such parameter is defined")]
    Unknown,
}

/// A letter nobody defined is a parameter that is not implemented (504); anything else is a wrong form (501).
fn unknown_letter(word: &[u8]) -> ParameterError {
    match word {
        [letter] if letter.is_ascii_alphabetic() => ParameterError::Unknown,
        _ => ParameterError::Syntax,
    }
}

/// RFC 959 §5.3.2: a byte size is a decimal number from 1 to 255.
fn byte_size(digits: &[u8]) -> Result<u8, ParameterError> {
    let digits = std::str::from_utf8(digits).map_err(|_| ParameterError::Syntax)?;
    match digits.parse() {
        Ok(size) if size > 0 && !digits.starts_with('+') => Ok(size),
        Ok(_) | Err(_) => Err(ParameterError::Syntax),
    }
}

/// The words of an argument in upper case. RFC 959 §5.3: their case does not matter, nor does the number of spaces.
fn upper_case(argument: &[u8]) -> Vec<Vec<u8>> {
    let words = argument.split(|&octet| octet == b' ').filter(|word| !word.is_empty());
    words.map(<[u8]>::to_ascii_uppercase).collect()
}

fn slices(words: &[Vec<u8>]) -> Vec<&[u8]> {
    words.iter().map(Vec::as_slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("A", Ok(Type::Ascii(Form::NonPrint)))]
    #[case("a", Ok(Type::Ascii(Form::NonPrint)))]
    #[case(" A  n ", Ok(Type::Ascii(Form::NonPrint)))]
    #[case("A T", Ok(Type::Ascii(Form::Telnet)))]
    #[case("A C", Ok(Type::Ascii(Form::CarriageControl)))]
    #[case("E", Ok(Type::Ebcdic(Form::NonPrint)))]
    #[case("i", Ok(Type::Image))]
    #[case("L 8", Ok(Type::Local(8)))]
    #[case("l 36", Ok(Type::Local(36)))]
    #[case("X", Err(ParameterError::Unknown))]
    #[case("A X", Err(ParameterError::Unknown))]
    #[case("A N N", Err(ParameterError::Syntax))]
    #[case("I N", Err(ParameterError::Syntax))]
    #[case("L", Err(ParameterError::Syntax))]
    #[case("L 0", Err(ParameterError::Syntax))]
    #[case("L +8", Err(ParameterError::Syntax))]
    #[case("L 256", Err(ParameterError::Syntax))]
    #[case("L8", Err(ParameterError::Syntax))]
    #[case("ASCII", Err(ParameterError::Syntax))]
    #[case("?", Err(ParameterError::Syntax))]
    #[case("", Err(ParameterError::Syntax))]
    fn types(#[case] argument: &str, #[case] expected: Result<Type, ParameterError>) {
        assert_eq!(Type::parse(argument.as_bytes()), expected);
    }

    #[rstest]
    #[case("f", Ok(Structure::File))]
    #[case("R", Ok(Structure::Record))]
    #[case("P", Ok(Structure::Page))]
    #[case("X", Err(ParameterError::Unknown))]
    #[case("FF", Err(ParameterError::Syntax))]
    #[case("F R", Err(ParameterError::Syntax))]
    fn structures(#[case] argument: &str, #[case] expected: Result<Structure, ParameterError>) {
        assert_eq!(Structure::parse(argument.as_bytes()), expected);
    }

    #[rstest]
    #[case("s", Ok(Mode::Stream))]
    #[case("B", Ok(Mode::Block))]
    #[case("C", Ok(Mode::Compressed))]
    #[case("z", Ok(Mode::Deflate(Level::default())))]
    #[case("X", Err(ParameterError::Unknown))]
    #[case("1", Err(ParameterError::Syntax))]
    fn modes(#[case] argument: &str, #[case] expected: Result<Mode, ParameterError>) {
        assert_eq!(Mode::parse(argument.as_bytes()), expected);
    }
}
