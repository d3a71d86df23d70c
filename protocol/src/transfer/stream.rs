//! MODE S with record structure: end of record and end of file are codes of two octets (RFC 959 §3.4.1).
//!
//! Without records MODE S adds nothing, and there is nothing here for it.

use super::{DecodeError, Fault, Part};

/// The first octet of a control code.
const ESCAPE: u8 = 0xFF;
const END_OF_RECORD: u8 = 1;
const END_OF_FILE: u8 = 2;
const END_OF_BOTH: u8 = 3;

/// Frames parts as a stream with control codes.
///
/// ```
/// use protocol::transfer::{Part, stream::Encoder};
///
/// let mut wire = Vec::new();
/// for part in [Part::Data(b"A\xff"), Part::EndOfRecord, Part::EndOfFile] {
///     Encoder.encode(part, &mut wire);
/// }
/// assert_eq!(wire, b"A\xff\xff\xff\x01\xff\x02");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Encoder;

impl Encoder {
    /// Appends a part. A stream has no restart markers (RFC 959 §3.5): they are left out.
    pub fn encode(&mut self, part: Part<'_>, wire: &mut Vec<u8>) {
        match part {
            Part::Data(octets) | Part::Suspect(octets) => {
                for run in octets.split_inclusive(|&octet| octet == ESCAPE) {
                    wire.extend_from_slice(run);
                    if run.ends_with(&[ESCAPE]) {
                        wire.push(ESCAPE);
                    }
                }
            }
            Part::EndOfRecord => wire.extend_from_slice(&[ESCAPE, END_OF_RECORD]),
            Part::EndOfFile => wire.extend_from_slice(&[ESCAPE, END_OF_FILE]),
            Part::Marker(_) => {}
        }
    }
}

/// Reads parts from a stream with control codes.
///
/// ```
/// use protocol::transfer::{Part, stream::Decoder};
///
/// let (mut decoder, mut wire) = (Decoder::default(), b"A\xff\x03next".as_slice());
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::Data(b"A"))));
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::EndOfRecord)));
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::EndOfFile)));
/// assert_eq!(decoder.decode(&mut wire), Ok(None));
/// assert_eq!(wire, b"next");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    offset: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Data,
    /// The escape came.
    Escaped,
    /// Both ends came in one code, and the end of the record is told.
    OwesEnd,
    Ended,
}

impl Decoder {
    /// Takes octets off the front of `wire` until a part is complete. `None`: it needs more, or the file has ended.
    ///
    /// # Errors
    /// When a control code is none.
    pub fn decode<'a, 'w: 'a>(&'a mut self, wire: &mut &'w [u8]) -> Result<Option<Part<'a>>, DecodeError> {
        loop {
            match self.state {
                State::Ended => return Ok(None),
                State::OwesEnd => {
                    self.state = State::Ended;
                    return Ok(Some(Part::EndOfFile));
                }
                State::Data | State::Escaped => {}
            }
            let Some((&first, rest)) = wire.split_first() else { return Ok(None) };
            if self.state == State::Escaped {
                let part = self.control(first)?;
                *wire = rest;
                self.offset += 1;
                return Ok(Some(part));
            }
            if first == ESCAPE {
                *wire = rest;
                self.offset += 1;
                self.state = State::Escaped;
                continue;
            }
            let length = wire.iter().position(|&octet| octet == ESCAPE).unwrap_or(wire.len());
            let (data, rest) = wire.split_at(length);
            *wire = rest;
            self.offset += length as u64;
            return Ok(Some(Part::Data(data)));
        }
    }

    /// The connection was closed.
    ///
    /// # Errors
    /// When the end of the file has not come: it must be said, and closing is none (RFC 959 §3.4).
    pub fn close(&self) -> Result<(), DecodeError> {
        if self.state == State::Ended { Ok(()) } else { Err(self.error(Fault::Incomplete)) }
    }

    fn control(&mut self, code: u8) -> Result<Part<'static>, DecodeError> {
        let (part, state) = match code {
            END_OF_RECORD => (Part::EndOfRecord, State::Data),
            END_OF_FILE => (Part::EndOfFile, State::Ended),
            END_OF_BOTH => (Part::EndOfRecord, State::OwesEnd),
            ESCAPE => (Part::Data(&[ESCAPE]), State::Data),
            other => return Err(self.error(Fault::UnknownEscape(other))),
        };
        self.state = state;
        Ok(part)
    }

    fn error(&self, fault: Fault) -> DecodeError {
        DecodeError { offset: self.offset, fault }
    }
}
