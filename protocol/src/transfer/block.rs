//! MODE B: blocks, each behind a header of three octets (RFC 959 §3.4.2).

use super::descriptor::{Descriptor, Framing, Held, Marker};
use super::{DecodeError, Fault, Part};

/// The largest count of a header.
const LIMIT: usize = 0xFFFF;

/// Frames parts as blocks.
///
/// ```
/// use protocol::transfer::{Part, block::Encoder};
///
/// let (mut encoder, mut wire) = (Encoder::default(), Vec::new());
/// for part in [Part::Marker(b"abcdef"), Part::Data(b"AB"), Part::EndOfRecord, Part::EndOfFile] {
///     encoder.encode(part, &mut wire);
/// }
/// assert_eq!(wire, b"\x10\x00\x06abcdef\xC0\x00\x02AB");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Encoder {
    held: Held,
}

impl Encoder {
    /// Appends a part, or holds it back: the last block of a record and of the file says so, and which one is the last, the
    /// next part tells. At most one block is held back.
    pub fn encode(&mut self, part: Part<'_>, wire: &mut Vec<u8>) {
        self.held.encode::<Self>(part, wire);
    }
}

impl Framing for Encoder {
    fn write_ahead(held: &[u8], wire: &mut Vec<u8>) -> usize {
        let full = held.len().saturating_sub(1) / LIMIT * LIMIT;
        for block in held.get(..full).unwrap_or_default().chunks(LIMIT) {
            write_block(Descriptor::PLAIN, block, wire);
        }
        full
    }

    fn write_described(descriptor: Descriptor, held: &[u8], wire: &mut Vec<u8>) {
        let ends = Descriptor::END_OF_RECORD.and(Descriptor::END_OF_FILE);
        let mut rest = held;
        while rest.len() > LIMIT {
            let (block, behind) = rest.split_at(LIMIT);
            write_block(descriptor.without(ends), block, wire);
            rest = behind;
        }
        write_block(descriptor, rest, wire);
    }
}

/// Appends a block of at most 65,535 octets.
pub fn write_block(descriptor: Descriptor, block: &[u8], wire: &mut Vec<u8>) {
    let [.., high, low] = block.len().to_be_bytes();
    wire.extend_from_slice(&[descriptor.octet(), high, low]);
    wire.extend_from_slice(block);
}

/// Reads parts from blocks.
///
/// ```
/// use protocol::transfer::{Part, block::Decoder};
///
/// let (mut decoder, mut wire) = (Decoder::default(), b"\x40\x00\x02AB\x00\x00".as_slice());
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::Data(b"AB"))));
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::EndOfFile)));
/// assert_eq!(wire, b"\x00\x00", "the next file on the connection");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    offset: u64,
    state: State,
    descriptor: Descriptor,
    marker: Marker,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Descriptor,
    CountHigh,
    CountLow(u8),
    /// So many octets of the block are still to come.
    Body(u16),
    /// The block is read; what its descriptor says of its end is to be told.
    Behind,
    Ended,
}

impl Decoder {
    /// Takes octets off the front of `wire` until a part is complete. `None`: it needs more, or the file has ended.
    ///
    /// # Errors
    /// When a descriptor or a marker is wrong.
    pub fn decode<'a, 'w: 'a>(&'a mut self, wire: &mut &'w [u8]) -> Result<Option<Part<'a>>, DecodeError> {
        loop {
            match self.state {
                State::Ended => return Ok(None),
                State::Body(0) if self.descriptor.says(Descriptor::MARKER) => {
                    self.state = State::Behind;
                    let offset = self.offset;
                    let text = self.marker.text().map_err(|fault| DecodeError { offset, fault })?;
                    return Ok(Some(Part::Marker(text)));
                }
                State::Body(0) => self.state = State::Behind,
                State::Behind => {
                    if let Some(part) = self.end_of_block() {
                        return Ok(Some(part));
                    }
                }
                State::Body(left) => {
                    let length = wire.len().min(usize::from(left));
                    if length == 0 {
                        return Ok(None);
                    }
                    let (octets, rest) = wire.split_at(length);
                    if let Some(part) = self.body(octets, left)? {
                        *wire = rest;
                        return Ok(Some(part));
                    }
                    *wire = rest;
                }
                State::Descriptor | State::CountHigh | State::CountLow(_) => {
                    let Some((&octet, rest)) = wire.split_first() else { return Ok(None) };
                    self.header(octet)?;
                    *wire = rest;
                    self.offset += 1;
                }
            }
        }
    }

    /// The connection was closed.
    ///
    /// # Errors
    /// When no block was the last one: the file is incomplete.
    pub fn close(&self) -> Result<(), DecodeError> {
        if self.state == State::Ended { Ok(()) } else { Err(self.error(Fault::Incomplete)) }
    }

    fn header(&mut self, octet: u8) -> Result<(), DecodeError> {
        self.state = match self.state {
            State::CountHigh => State::CountLow(octet),
            State::CountLow(high) => State::Body(u16::from_be_bytes([high, octet])),
            State::Descriptor | State::Body(_) | State::Behind | State::Ended => {
                self.descriptor = Descriptor::parse(octet).map_err(|fault| self.error(fault))?;
                self.marker.clear();
                State::CountHigh
            }
        };
        Ok(())
    }

    fn body<'w>(&mut self, octets: &'w [u8], left: u16) -> Result<Option<Part<'w>>, DecodeError> {
        let taken = u16::try_from(octets.len()).unwrap_or(left);
        self.state = State::Body(left - taken);
        if self.descriptor.says(Descriptor::MARKER) {
            self.marker.extend(octets, self.offset)?;
        }
        self.offset += u64::from(taken);
        Ok(match self.descriptor {
            marker if marker.says(Descriptor::MARKER) => None,
            suspect if suspect.says(Descriptor::SUSPECT) => Some(Part::Suspect(octets)),
            _ => Some(Part::Data(octets)),
        })
    }

    fn end_of_block(&mut self) -> Option<Part<'static>> {
        if self.descriptor.says(Descriptor::END_OF_RECORD) {
            self.descriptor = self.descriptor.without(Descriptor::END_OF_RECORD);
            return Some(Part::EndOfRecord);
        }
        let is_last = self.descriptor.says(Descriptor::END_OF_FILE);
        self.state = if is_last { State::Ended } else { State::Descriptor };
        is_last.then_some(Part::EndOfFile)
    }

    fn error(&self, fault: Fault) -> DecodeError {
        DecodeError { offset: self.offset, fault }
    }
}
