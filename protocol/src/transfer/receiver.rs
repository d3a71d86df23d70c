//! From the wire to the local form of a file.

use super::record::append_length;
use super::{DecodeError, Fault, LocalFault, Parameters, Part, ascii, mode, page, representation};
use crate::parameters::{Mode, Structure};
use crate::restart::{Marker, Position};

/// How much is decoded at a time. The headers of pages can take much more room here than on the wire.
const PIECE: usize = 16 * 1024;
/// How much of the local form is made before it must be taken away. A piece of MODE C can be 63 times as long here as it was
/// on the wire.
const FULL: usize = 256 * 1024;

/// What is to be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Octets of the file.
    pub octets: Vec<u8>,
    /// Octets of its list of records ([`super::record`]); only for records of octets.
    pub record_lengths: Vec<u8>,
}

impl Stored {
    /// Forgets what has been stored.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.record_lengths.clear();
    }
}

/// How far a receiver has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It has taken everything, and needs more.
    NeedsMore,
    /// It wants its [`Stored`] to be stored and cleared, and then to be asked again.
    Full,
    /// A restart marker came. All before it is stored when [`Stored`] is: then a 110 reply can be sent.
    Marker {
        /// The sender's.
        sender: Marker,
        /// Where we are.
        position: Position,
    },
    /// The file has ended. What is left of the wire is not part of it.
    Ended,
}

/// Makes the local form of a file that comes, piece by piece.
///
/// ```
/// use protocol::restart::Position;
/// use protocol::transfer::{Parameters, Progress, Receiver, Stored};
/// use protocol::{Mode, Type};
///
/// let blocks = Parameters { mode: Mode::Block, ..Parameters::default() };
/// let (mut receiver, mut stored) = (Receiver::new(blocks, Position::default()).unwrap(), Stored::default());
/// let mut wire = b"\x40\x00\x05one\r\nnext".as_slice();
/// assert_eq!(receiver.receive(&mut wire, &mut stored), Ok(Progress::Ended));
/// assert_eq!(stored.octets, b"one\n");
/// assert_eq!(wire, b"next");
/// ```
#[derive(Debug)]
pub struct Receiver {
    mode: mode::Decoder,
    representation: representation::Decoder,
    target: Target,
    position: Position,
    is_ended: bool,
    is_stream: bool,
}

/// How the local form shows the structure.
#[derive(Debug, Clone)]
enum Target {
    /// It does not. An end of record says nothing there, and is not kept (RFC 959 §3.1.2.1).
    File,
    /// Records become lines; whether one is open.
    Lines {
        is_open: bool,
    },
    /// Records are told by a list of their lengths; the length of the one that is open.
    Octets {
        open: u64,
    },
    Pages(page::Decoder),
}

impl Receiver {
    /// A receiver of a file, from `position` on.
    ///
    /// # Errors
    /// When pages are to be made of bytes that cannot hold their header.
    pub fn new(parameters: Parameters, position: Position) -> Result<Self, LocalFault> {
        let mut representation = representation::Decoder::new(parameters.representation);
        let target = match (parameters.structure, parameters.representation.is_text()) {
            (Structure::File, _) => Target::File,
            (Structure::Record, true) => Target::Lines { is_open: false },
            (Structure::Record, false) => Target::Octets { open: 0 },
            (Structure::Page, _) => {
                representation = representation::Decoder::Octets;
                Target::Pages(page::Decoder::new(parameters.representation.byte_size())?)
            }
        };
        if let (representation::Decoder::Ascii(decoder), true) = (&mut representation, position.is_behind_cr) {
            *decoder = ascii::Decoder::behind_cr();
        }
        let is_stream = parameters.mode == Mode::Stream;
        Ok(Self { mode: mode::Decoder::new(parameters), representation, target, position, is_ended: false, is_stream })
    }

    /// Takes octets off the front of `wire`, and appends their local form to `stored`.
    ///
    /// # Errors
    /// When the octets are wrong. What came before them has been stored.
    pub fn receive(&mut self, wire: &mut &[u8], stored: &mut Stored) -> Result<Progress, DecodeError> {
        while !self.is_ended {
            if stored.octets.len() >= FULL || stored.record_lengths.len() >= FULL {
                return Ok(Progress::Full);
            }
            let all = *wire;
            let offered = wire.get(..PIECE).unwrap_or(wire);
            let mut piece = offered;
            let Self { mode, representation, target, position, .. } = self;
            let next = mode.decode(&mut piece)?;
            let taken = offered.len() - piece.len();
            *wire = wire.get(taken..).unwrap_or_default();
            let Some(part) = next else {
                if taken > 0 && !wire.is_empty() {
                    continue;
                }
                return Ok(Progress::NeedsMore);
            };
            let before = stored.octets.len();
            match part {
                Part::Data(octets) | Part::Suspect(octets) => {
                    let behind = target.data(octets, representation, stored)?;
                    // MODE S knows no end of the file. The last page is one: what is behind it belongs to the next file.
                    if behind > 0 && !self.is_stream {
                        return Err(target.behind_last_page());
                    }
                    if self.is_stream && target.has_last_page() {
                        self.is_ended = true;
                        *wire = all.get(taken - behind..).unwrap_or_default();
                    }
                }
                Part::EndOfRecord => {
                    target.end_of_record(representation, stored);
                    position.records += u64::from(matches!(target, Target::Octets { .. }));
                }
                Part::Marker(text) => {
                    position.is_behind_cr =
                        matches!(representation, representation::Decoder::Ascii(decoder) if decoder.is_behind_cr());
                    // The decoder of the mode has checked it.
                    if let Ok(sender) = Marker::new(text) {
                        return Ok(Progress::Marker { sender, position: *position });
                    }
                }
                Part::EndOfFile => {
                    self.is_ended = true;
                    target.end_of_file(representation, stored)?;
                }
            }
            self.position.octets += (stored.octets.len() - before) as u64;
        }
        Ok(Progress::Ended)
    }

    /// The connection was closed: ends the file, if that is its end.
    ///
    /// # Errors
    /// When it is not: the file is incomplete.
    pub fn close(&mut self, stored: &mut Stored) -> Result<(), DecodeError> {
        if self.is_ended {
            return Ok(());
        }
        while let Some(part) = self.mode.close()? {
            if part == Part::EndOfRecord {
                self.target.end_of_record(&mut self.representation, stored);
            }
        }
        self.is_ended = true;
        self.target.end_of_file(&mut self.representation, stored)
    }
}

impl Target {
    /// Keeps octets; returns how many at their end do not belong to the file any more.
    fn data(
        &mut self,
        octets: &[u8],
        representation: &mut representation::Decoder,
        stored: &mut Stored,
    ) -> Result<usize, DecodeError> {
        match self {
            Self::File => representation.decode(octets, &mut stored.octets),
            Self::Lines { is_open } => {
                *is_open = true;
                representation.decode(octets, &mut stored.octets);
            }
            Self::Octets { open } => {
                *open += octets.len() as u64;
                representation.decode(octets, &mut stored.octets);
            }
            Self::Pages(decoder) => {
                let mut rest = octets;
                decoder.decode(&mut rest, &mut stored.octets)?;
                return Ok(rest.len());
            }
        }
        Ok(0)
    }

    fn end_of_record(&mut self, representation: &mut representation::Decoder, stored: &mut Stored) {
        match self {
            Self::File | Self::Pages(_) => {}
            Self::Lines { is_open } => {
                *is_open = false;
                representation.flush(&mut stored.octets);
                stored.octets.push(b'\n');
            }
            Self::Octets { open } => append_length(std::mem::take(open), &mut stored.record_lengths),
        }
    }

    /// A sender that does not end its last record ends it with the file.
    fn end_of_file(
        &mut self,
        representation: &mut representation::Decoder,
        stored: &mut Stored,
    ) -> Result<(), DecodeError> {
        match self {
            Self::Lines { is_open: true } | Self::Octets { open: 1.. } => self.end_of_record(representation, stored),
            Self::File => representation.flush(&mut stored.octets),
            Self::Lines { is_open: false } | Self::Octets { open: 0 } => {}
            Self::Pages(decoder) => decoder.close()?,
        }
        Ok(())
    }

    fn behind_last_page(&self) -> DecodeError {
        let offset = if let Self::Pages(decoder) = self { decoder.offset() } else { 0 };
        DecodeError { offset, fault: Fault::BehindLastPage }
    }

    fn has_last_page(&self) -> bool {
        matches!(self, Self::Pages(decoder) if decoder.is_ended())
    }
}
