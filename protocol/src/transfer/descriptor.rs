//! The descriptor of MODE B and MODE C (RFC 959 §3.4.2), and what the two encoders have in common: data waits until it is
//! known what its last string is described by.

use super::{DecodeError, Fault, Part};

/// The longest restart marker: one string of MODE C (RFC 959 §3.4.3). It must also come back in the argument of REST.
pub const MARKER_LIMIT: usize = 127;

/// What is said about a block, or a string of the compressed mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Descriptor(u8);

impl Descriptor {
    /// Nothing is said.
    pub const PLAIN: Self = Self(0);
    /// 128: a record ends behind the block.
    pub const END_OF_RECORD: Self = Self(128);
    /// 64: the file ends behind the block.
    pub const END_OF_FILE: Self = Self(64);
    /// 32: the sender suspects errors in the block.
    pub const SUSPECT: Self = Self(32);
    /// 16: the block is a restart marker.
    pub const MARKER: Self = Self(16);

    /// Reads the octet of the wire.
    ///
    /// # Errors
    /// When a bit is set that is not defined.
    pub fn parse(octet: u8) -> Result<Self, Fault> {
        const DEFINED: u8 = 0xF0;
        if octet & !DEFINED == 0 { Ok(Self(octet)) } else { Err(Fault::UnknownDescriptor(octet)) }
    }

    /// The octet of the wire.
    pub fn octet(self) -> u8 {
        self.0
    }

    /// Whether all that `other` says is said here too.
    pub fn says(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// This, and `other` too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This without what `other` says.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// How a mode writes described strings.
pub(super) trait Framing {
    /// Writes what need not wait; returns how many octets of the front of `held` that was.
    fn write_ahead(held: &[u8], wire: &mut Vec<u8>) -> usize;
    /// Writes all of `held`, with its descriptor where the mode wants it.
    fn write_described(descriptor: Descriptor, held: &[u8], wire: &mut Vec<u8>);
}

/// What is not written yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    octets: Vec<u8>,
    descriptor: Descriptor,
}

impl Held {
    pub(super) fn encode<F: Framing>(&mut self, part: Part<'_>, wire: &mut Vec<u8>) {
        match part {
            Part::Data(octets) => self.data::<F>(octets, Descriptor::PLAIN, wire),
            Part::Suspect(octets) => self.data::<F>(octets, Descriptor::SUSPECT, wire),
            Part::Marker(marker) => {
                self.flush::<F>(wire);
                F::write_described(Descriptor::MARKER, marker, wire);
            }
            Part::EndOfRecord => {
                if self.descriptor.says(Descriptor::END_OF_RECORD) {
                    self.flush::<F>(wire);
                }
                self.descriptor = self.descriptor.and(Descriptor::END_OF_RECORD);
            }
            Part::EndOfFile => {
                self.descriptor = self.descriptor.and(Descriptor::END_OF_FILE);
                self.flush::<F>(wire);
            }
        }
    }

    fn data<F: Framing>(&mut self, octets: &[u8], descriptor: Descriptor, wire: &mut Vec<u8>) {
        if octets.is_empty() {
            return;
        }
        if self.descriptor != descriptor {
            self.flush::<F>(wire);
        }
        self.octets.extend_from_slice(octets);
        self.descriptor = descriptor;
        if descriptor == Descriptor::PLAIN {
            let written = F::write_ahead(&self.octets, wire);
            self.octets.drain(..written);
        } else {
            // Each string of suspected data says so itself.
            self.flush::<F>(wire);
        }
    }

    fn flush<F: Framing>(&mut self, wire: &mut Vec<u8>) {
        let descriptor = std::mem::take(&mut self.descriptor);
        if !self.octets.is_empty() || descriptor != Descriptor::PLAIN {
            F::write_described(descriptor, &self.octets, wire);
            self.octets.clear();
        }
    }
}

/// A restart marker that comes in.
#[derive(Debug, Clone, Default)]
pub(super) struct Marker {
    text: Vec<u8>,
}

impl Marker {
    /// Takes octets of the marker, of which the first is the one at `offset`.
    pub(super) fn extend(&mut self, octets: &[u8], offset: u64) -> Result<(), DecodeError> {
        let room = MARKER_LIMIT - self.text.len();
        // What is wrong first, and no further: in which pieces the octets come must make no difference.
        let looked_at = octets.get(..=room).unwrap_or(octets);
        if let Some(place) = looked_at.iter().position(|octet| !octet.is_ascii_graphic()) {
            let octet = octets.get(place).copied().unwrap_or_default();
            return Err(DecodeError { offset: offset + place as u64, fault: Fault::MarkerOctet(octet) });
        }
        if octets.len() > room {
            return Err(DecodeError { offset: offset + room as u64, fault: Fault::MarkerTooLong(MARKER_LIMIT) });
        }
        self.text.extend_from_slice(octets);
        Ok(())
    }

    /// Begins a new one.
    pub(super) fn clear(&mut self) {
        self.text.clear();
    }

    /// The whole marker.
    pub(super) fn text(&self) -> Result<&[u8], Fault> {
        if self.text.is_empty() { Err(Fault::MarkerEmpty) } else { Ok(&self.text) }
    }
}
