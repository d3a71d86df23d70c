//! From the local form of a file to the wire.

use std::num::NonZeroU64;

use super::record::Lines;
use super::{LocalFault, Parameters, Part, ascii, mode, page, representation};
use crate::parameters::Structure;
use crate::restart::Position;

/// Makes the wire form of a file, piece by piece.
///
/// ```
/// use protocol::restart::Position;
/// use protocol::transfer::{Parameters, Sender};
/// use protocol::{Mode, Structure};
///
/// let records = Parameters { structure: Structure::Record, mode: Mode::Block, ..Parameters::default() };
/// let (mut sender, mut wire) = (Sender::new(records, Position::default()).unwrap(), Vec::new());
/// sender.send(b"one\ntwo\n", &mut wire).unwrap();
/// sender.finish(&mut wire).unwrap();
/// assert_eq!(wire, b"\x80\x00\x03one\xC0\x00\x03two");
/// ```
#[derive(Debug)]
pub struct Sender {
    source: Source,
    representation: representation::Encoder,
    mode: mode::Encoder,
    position: Position,
    markers: Option<Markers>,
    scratch: Vec<u8>,
}

/// How the local form shows its structure.
#[derive(Debug, Clone)]
enum Source {
    /// It has none.
    File,
    /// Lines are records.
    Lines(Lines),
    /// The caller has a list of the records, and tells where they end.
    Octets,
    Pages(page::Encoder),
}

#[derive(Debug, Clone, Copy)]
struct Markers {
    interval: u64,
    /// Octets of the local form until the next one.
    left: u64,
}

impl Sender {
    /// A sender of a file, from `position` on.
    ///
    /// # Errors
    /// When pages are to be made of bytes that cannot hold their header.
    pub fn new(parameters: Parameters, position: Position) -> Result<Self, LocalFault> {
        let mut representation = representation::Encoder::new(parameters.representation);
        let source = match (parameters.structure, parameters.representation.is_text()) {
            (Structure::File, _) => Source::File,
            (Structure::Record, true) => Source::Lines(Lines::default()),
            (Structure::Record, false) => Source::Octets,
            (Structure::Page, _) => {
                representation = representation::Encoder::Octets;
                Source::Pages(page::Encoder::new(parameters.representation.byte_size())?)
            }
        };
        if let (representation::Encoder::Ascii(encoder), true) = (&mut representation, position.is_behind_cr) {
            *encoder = ascii::Encoder::behind_cr();
        }
        let mode = mode::Encoder::new(parameters);
        Ok(Self { source, representation, mode, position, markers: None, scratch: Vec::new() })
    }

    /// Inserts a restart marker behind each `interval` octets of the local form (RFC 959 §3.5). MODE S and Z have no markers, and the
    /// place between two pages is none that can be come back to: there this changes nothing.
    #[must_use]
    pub fn with_markers(mut self, parameters: Parameters, interval: NonZeroU64) -> Self {
        let has_markers = parameters.mode.has_markers() && parameters.structure != Structure::Page;
        self.markers = has_markers.then_some(Markers { interval: interval.get(), left: interval.get() });
        self
    }

    /// Leaves out the first octets of what MODE Z compresses (draft-preston-ftpext-deflate §3.7). In the other modes this changes
    /// nothing.
    #[must_use]
    pub fn skipping(mut self, octets: u64) -> Self {
        self.mode.skip(octets);
        self
    }

    /// Appends the wire form of the next octets of the file; what belongs to it and waits for more comes later.
    ///
    /// # Errors
    /// When the local form is damaged.
    pub fn send(&mut self, local: &[u8], wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        let mut rest = local;
        while !rest.is_empty() {
            let left = self.markers.map_or(u64::MAX, |markers| markers.left);
            let (piece, behind) = rest.split_at(usize::try_from(left).unwrap_or(usize::MAX).min(rest.len()));
            rest = behind;
            self.send_piece(piece, wire)?;
            self.position.octets += piece.len() as u64;
            self.mark(piece.len() as u64, wire);
        }
        Ok(())
    }

    /// A record ends here. Only for records of octets; those of text and the pages find their ends themselves.
    pub fn end_of_record(&mut self, wire: &mut Vec<u8>) {
        if let Source::Octets = self.source {
            self.position.records += 1;
            self.mode.encode(Part::EndOfRecord, wire);
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the local form is not complete.
    pub fn finish(&mut self, wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        let mode = &mut self.mode;
        match &mut self.source {
            Source::File | Source::Octets => {}
            Source::Lines(lines) => lines.finish(|part| mode.encode(part, wire)),
            Source::Pages(pages) => {
                self.scratch.clear();
                pages.finish(&mut self.scratch)?;
                mode.encode(Part::Data(&self.scratch), wire);
            }
        }
        mode.encode(Part::EndOfFile, wire);
        Ok(())
    }

    fn send_piece(&mut self, piece: &[u8], wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        let Self { source, representation, mode, scratch, .. } = self;
        match source {
            Source::File | Source::Octets => mode.encode(Part::Data(representation.encode(piece, scratch)), wire),
            Source::Lines(lines) => lines.split(piece, |part| match part {
                Part::Data(text) => mode.encode(Part::Data(representation.encode(text, scratch)), wire),
                other @ (Part::Suspect(_) | Part::Marker(_) | Part::EndOfRecord | Part::EndOfFile) => {
                    mode.encode(other, wire);
                }
            }),
            Source::Pages(pages) => {
                scratch.clear();
                pages.encode(piece, scratch)?;
                mode.encode(Part::Data(scratch), wire);
            }
        }
        Ok(())
    }

    fn mark(&mut self, sent: u64, wire: &mut Vec<u8>) {
        let Some(markers) = &mut self.markers else { return };
        markers.left = markers.left.saturating_sub(sent);
        if markers.left > 0 {
            return;
        }
        markers.left = markers.interval;
        if let (representation::Encoder::Ascii(encoder), Source::File) = (&self.representation, &self.source) {
            self.position.is_behind_cr = encoder.is_behind_cr();
        }
        self.mode.encode(Part::Marker(self.position.marker().as_bytes()), wire);
    }
}
