//! MODE Z: the stream of MODE S as one zlib stream (draft-preston-ftpext-deflate §3, RFC 1950).
//!
//! "There is no restriction on the representation type used; record structures are allowed" (§3.2): what is compressed is what
//! MODE S would send, so a file with records has its escapes inside. The end of the zlib stream, with its checksum, is the end
//! of the file; closing the connection is none. There can be no restart markers (§3.7).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{DecodeError, Fault, Part, stream};
use crate::parameters::{Level, Structure};

/// How much is made at a time, both ways. One octet of the wire can become a thousand here.
const PIECE: usize = 16 * 1024;

/// Compresses parts.
///
/// ```
/// use protocol::parameters::{Level, Structure};
/// use protocol::transfer::{Part, deflate::Encoder};
///
/// let (mut encoder, mut wire) = (Encoder::new(Structure::File, Level::default()), Vec::new());
/// encoder.encode(Part::EndOfFile, &mut wire);
/// assert_eq!(wire, b"\x78\x9C\x03\x00\x00\x00\x00\x01");
/// ```
#[derive(Debug)]
pub struct Encoder {
    compress: Compress,
    records: Option<stream::Encoder>,
    /// So many octets of the stream are still to be left out.
    skip: u64,
    scratch: Vec<u8>,
}

impl Encoder {
    /// An encoder of nothing yet.
    pub fn new(structure: Structure, level: Level) -> Self {
        Self {
            compress: Compress::new(Compression::new(level.number()), true),
            records: (structure == Structure::Record).then_some(stream::Encoder),
            skip: 0,
            scratch: Vec::new(),
        }
    }

    /// Leaves out the first octets of what is to be compressed: REST counts those (§3.7).
    pub fn skip(&mut self, octets: u64) {
        self.skip = octets;
    }

    /// Appends a part, or holds back a bounded piece of it until more comes. Restart markers are left out.
    pub fn encode(&mut self, part: Part<'_>, wire: &mut Vec<u8>) {
        if let Some(encoder) = &mut self.records {
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.clear();
            encoder.encode(part, &mut scratch);
            self.compress(&scratch, wire);
            self.scratch = scratch;
        } else if let Part::Data(octets) | Part::Suspect(octets) = part {
            self.compress(octets, wire);
        }
        if part == Part::EndOfFile {
            self.finish(wire);
        }
    }

    fn compress(&mut self, octets: &[u8], wire: &mut Vec<u8>) {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(octets.len());
        self.skip -= skipped as u64;
        let mut rest = octets.get(skipped..).unwrap_or_default();
        while !rest.is_empty() {
            let taken = self.step(rest, FlushCompress::None, wire);
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    fn finish(&mut self, wire: &mut Vec<u8>) {
        let mut before = usize::MAX;
        while wire.len() != before {
            before = wire.len();
            self.step(&[], FlushCompress::Finish, wire);
        }
    }

    /// Gives how many octets were taken: some, or all that there are.
    fn step(&mut self, octets: &[u8], flush: FlushCompress, wire: &mut Vec<u8>) -> usize {
        wire.reserve(PIECE);
        let before = self.compress.total_in();
        match self.compress.compress_vec(octets, wire, flush) {
            Ok(_) => usize::try_from(self.compress.total_in() - before).unwrap_or(octets.len()),
            // The only error is to go on behind the end. Nothing more is sent then, as with every mode.
            Err(_) => octets.len(),
        }
    }
}

/// Reads parts of what was compressed.
///
/// ```
/// use protocol::parameters::Structure;
/// use protocol::transfer::{Part, deflate::Decoder};
///
/// let wire = b"\x78\x9C\x4B\x4C\x02\x00\x01\x26\x00\xC4next";
/// let (mut decoder, mut wire) = (Decoder::new(Structure::File), wire.as_slice());
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::Data(b"ab"))));
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::EndOfFile)));
/// assert_eq!(wire, b"next");
/// ```
#[derive(Debug)]
pub struct Decoder {
    decompress: Decompress,
    records: Option<stream::Decoder>,
    state: State,
    /// What was made of the wire; what is between the two places is not told yet.
    made: Vec<u8>,
    from: usize,
    to: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The zlib stream has ended, and what was made of it is not told yet.
    Inflated,
    Ended,
}

/// What was found in the octets made.
enum Found {
    /// So many octets, up to the place that has been come to.
    Data(usize),
    Part(Part<'static>),
    Nothing,
}

impl Decoder {
    /// A decoder of nothing yet.
    pub fn new(structure: Structure) -> Self {
        Self {
            decompress: Decompress::new(true),
            records: (structure == Structure::Record).then(stream::Decoder::default),
            state: State::Open,
            made: vec![0; PIECE],
            from: 0,
            to: 0,
        }
    }

    /// Takes octets off the front of `wire` until a part is complete. `None`: it needs more, or the file has ended.
    ///
    /// # Errors
    /// When the octets are no zlib stream, or its checksum is wrong, or what it holds is wrong.
    pub fn decode<'a>(&'a mut self, wire: &mut &[u8]) -> Result<Option<Part<'a>>, DecodeError> {
        loop {
            match self.find()? {
                Found::Part(part) => return Ok(Some(part)),
                Found::Data(length) => {
                    return Ok(self.made.get(self.from - length..self.from).map(Part::Data));
                }
                Found::Nothing => {}
            }
            match self.state {
                State::Ended => return Ok(None),
                State::Inflated => return self.end().map(Some),
                State::Open => {
                    if !self.inflate(wire)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// The connection was closed.
    ///
    /// # Errors
    /// When the end of the zlib stream has not come: "closing the data connection is not a sufficient method to end
    /// transfers" (§3.2).
    pub fn close(&self) -> Result<(), DecodeError> {
        if self.state == State::Ended { Ok(()) } else { Err(self.error(Fault::Incomplete)) }
    }

    /// Looks at what was made. Data is the end of what is taken of it.
    fn find(&mut self) -> Result<Found, DecodeError> {
        let made = self.made.get(self.from..self.to).unwrap_or_default();
        let Some(decoder) = &mut self.records else {
            self.from = self.to;
            return Ok(if made.is_empty() { Found::Nothing } else { Found::Data(made.len()) });
        };
        let mut rest = made;
        let part = decoder.decode(&mut rest)?;
        let taken = made.len() - rest.len();
        let found = match part {
            // The end of the file is told when the zlib stream has ended too, so that its checksum is right.
            Some(Part::EndOfFile | Part::Marker(_)) | None => Found::Nothing,
            Some(Part::Data(octets) | Part::Suspect(octets)) => Found::Data(octets.len()),
            Some(Part::EndOfRecord) => Found::Part(Part::EndOfRecord),
        };
        // What stands behind the end of the file belongs to nothing.
        self.from = if matches!(found, Found::Nothing) { self.to } else { self.from + taken };
        Ok(found)
    }

    /// Makes more. Gives whether there was anything to make it of.
    fn inflate(&mut self, wire: &mut &[u8]) -> Result<bool, DecodeError> {
        let (taken, made) = (self.decompress.total_in(), self.decompress.total_out());
        let status = self.decompress.decompress(wire, &mut self.made, FlushDecompress::None);
        let status = status.map_err(|_| self.error(Fault::NotDeflated))?;
        let taken = usize::try_from(self.decompress.total_in() - taken).unwrap_or(wire.len());
        *wire = wire.get(taken..).unwrap_or_default();
        self.from = 0;
        self.to = usize::try_from(self.decompress.total_out() - made).unwrap_or_default();
        if status == Status::StreamEnd {
            self.state = State::Inflated;
        }
        Ok(taken > 0 || self.to > 0 || status == Status::StreamEnd)
    }

    /// The zlib stream has ended: so has the file, if what it holds has.
    fn end(&mut self) -> Result<Part<'static>, DecodeError> {
        if let Some(decoder) = &self.records {
            decoder.close()?;
        }
        self.state = State::Ended;
        Ok(Part::EndOfFile)
    }

    fn error(&self, fault: Fault) -> DecodeError {
        DecodeError { offset: self.decompress.total_in(), fault }
    }
}
