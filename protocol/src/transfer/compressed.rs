//! MODE C: strings of octets, replications and filler (RFC 959 §3.4.3).
//!
//! A descriptor "applies to the succeeding string of bytes", so it stands *before* the string that ends a record or the
//! file, other than in MODE B. Where there is no octet left for that string — an empty file, an empty record — the encoder
//! sends a filler string of length zero: the count of a byte string must be positive, but nothing says so of a filler.
//! The decoder also takes a descriptor that is followed by another one, or by the close of the connection, for
//! one that describes an empty string.

use super::descriptor::{Descriptor, Framing, Held, Marker};
use super::{DecodeError, Fault, Part};

/// The longest byte string.
const STRING_LIMIT: usize = 127;
/// The longest replication, and the longest filler.
const RUN_LIMIT: usize = 63;
const ESCAPE: u8 = 0;
const REPLICATED: u8 = 0b1000_0000;
const FILLER: u8 = 0b1100_0000;
/// A run this long is shorter as a replication than within a byte string, also when it cuts the string in two.
const WORTHWHILE: usize = 4;

/// Compresses parts. `FILL` is the filler: a space in the type's code for text, else zero.
///
/// ```
/// use protocol::transfer::{Part, compressed::Encoder};
///
/// let (mut encoder, mut wire) = (Encoder::<0>::default(), Vec::new());
/// encoder.encode(Part::Data(b"abAAAAA\0\0\0"), &mut wire);
/// encoder.encode(Part::EndOfFile, &mut wire);
/// assert_eq!(wire, b"\x02ab\x85A\x00\x40\xC3");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Encoder<const FILL: u8> {
    held: Held,
}

impl<const FILL: u8> Encoder<FILL> {
    /// Appends a part, or holds it back: a descriptor stands before the string it describes, so that the last string waits
    /// for the next part. At most one string is held back.
    pub fn encode(&mut self, part: Part<'_>, wire: &mut Vec<u8>) {
        self.held.encode::<Self>(part, wire);
    }
}

impl<const FILL: u8> Framing for Encoder<FILL> {
    fn write_ahead(held: &[u8], wire: &mut Vec<u8>) -> usize {
        let mut rest = held;
        // A string may go that cannot become longer by what is still to come.
        while rest.len() > STRING_LIMIT {
            let token = Token::first(rest, FILL);
            token.write(wire);
            rest = rest.get(token.length()..).unwrap_or_default();
        }
        held.len() - rest.len()
    }

    fn write_described(descriptor: Descriptor, held: &[u8], wire: &mut Vec<u8>) {
        let ends = Descriptor::END_OF_RECORD.and(Descriptor::END_OF_FILE);
        let mut rest = held;
        loop {
            // A marker is one string: an escape describes one, and no more.
            let token = if descriptor.says(Descriptor::MARKER) {
                Token::Plain(rest.get(..STRING_LIMIT).unwrap_or(rest))
            } else {
                Token::first(rest, FILL)
            };
            rest = rest.get(token.length()..).unwrap_or_default();
            let said = if rest.is_empty() { descriptor } else { descriptor.without(ends) };
            if said != Descriptor::PLAIN {
                wire.extend_from_slice(&[ESCAPE, said.octet()]);
            }
            token.write(wire);
            if rest.is_empty() || descriptor.says(Descriptor::MARKER) {
                break;
            }
        }
    }
}

/// A string of the wire.
enum Token<'a> {
    Plain(&'a [u8]),
    Run { octet: u8, length: u8 },
    Filler { length: u8 },
}

impl<'a> Token<'a> {
    /// What the front of `octets` is best sent as.
    fn first(octets: &'a [u8], fill: u8) -> Self {
        let Some(&octet) = octets.first() else { return Self::Filler { length: 0 } };
        let run = run_length(octets, octet);
        let length = u8::try_from(run).unwrap_or(FILLER);
        if octet == fill && run > 1 {
            return Self::Filler { length };
        }
        if run >= WORTHWHILE {
            return Self::Run { octet, length };
        }
        let limit = octets.len().min(STRING_LIMIT);
        let windows = octets.windows(WORTHWHILE).take(limit);
        let is_run = |window: &[u8]| window.iter().all(|octet| window.first() == Some(octet));
        let end = windows.into_iter().position(is_run).unwrap_or(limit).max(1);
        Self::Plain(octets.get(..end).unwrap_or(octets))
    }

    fn length(&self) -> usize {
        match self {
            Self::Plain(octets) => octets.len(),
            Self::Run { length, .. } | Self::Filler { length } => usize::from(*length),
        }
    }

    fn write(&self, wire: &mut Vec<u8>) {
        match *self {
            Self::Plain(octets) => {
                wire.push(u8::try_from(octets.len()).unwrap_or_default());
                wire.extend_from_slice(octets);
            }
            Self::Run { octet, length } => wire.extend_from_slice(&[REPLICATED | length, octet]),
            Self::Filler { length } => wire.push(FILLER | length),
        }
    }
}

fn run_length(octets: &[u8], octet: u8) -> usize {
    octets.iter().take(RUN_LIMIT).take_while(|&&other| other == octet).count()
}

/// Reads parts of what was compressed.
///
/// ```
/// use protocol::transfer::{Part, compressed::Decoder};
///
/// let (mut decoder, mut wire) = (Decoder::new(b' '), b"\x02ab\x83A\x00\x40\xC2".as_slice());
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::Data(b"ab"))));
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::Data(b"AAA"))));
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::Data(b"  "))));
/// assert_eq!(decoder.decode(&mut wire), Ok(Some(Part::EndOfFile)));
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    filler: u8,
    offset: u64,
    state: State,
    descriptor: Descriptor,
    marker: Marker,
    run: [u8; RUN_LIMIT],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A string or an escape begins.
    Between,
    /// The escape came: the next octet is the descriptor.
    Escaped,
    /// A descriptor came, and the string it describes has not.
    Described,
    /// So many octets of a byte string are still to come.
    Plain(u8),
    /// The octet to be replicated comes.
    Replicated(u8),
    /// The string is read; what its descriptor says of its end is to be told.
    Behind,
    Ended,
}

impl Decoder {
    /// `filler` is the filler octet of the type.
    pub fn new(filler: u8) -> Self {
        Self {
            filler,
            offset: 0,
            state: State::Between,
            descriptor: Descriptor::PLAIN,
            marker: Marker::default(),
            run: [0; RUN_LIMIT],
        }
    }

    /// Takes octets off the front of `wire` until a part is complete. `None`: it needs more, or the file has ended.
    ///
    /// # Errors
    /// When a descriptor or a marker is wrong.
    pub fn decode<'a, 'w: 'a>(&'a mut self, wire: &mut &'w [u8]) -> Result<Option<Part<'a>>, DecodeError> {
        loop {
            match self.state {
                State::Ended => return Ok(None),
                State::Behind => match self.behind() {
                    Told::Marker => return Ok(Some(Part::Marker(self.marker_text()?))),
                    Told::Part(part) => return Ok(Some(part)),
                    Told::Nothing => {}
                },
                State::Plain(left) => {
                    let length = wire.len().min(usize::from(left));
                    let (octets, rest) = wire.split_at(length);
                    if length == 0 {
                        return Ok(None);
                    }
                    *wire = rest;
                    let left = left - u8::try_from(length).unwrap_or(left);
                    self.state = if left == 0 { State::Behind } else { State::Plain(left) };
                    if !self.is_of_marker(octets)? {
                        return Ok(Some(self.data(octets)));
                    }
                }
                State::Between | State::Escaped | State::Described | State::Replicated(_) => {
                    let Some((&octet, rest)) = wire.split_first() else { return Ok(None) };
                    let run = self.control(octet)?;
                    // An escape behind a descriptor is read again when the empty string between them is told.
                    if self.state == State::Behind && run.is_none() {
                        continue;
                    }
                    *wire = rest;
                    self.offset += 1;
                    if let Some(length) = run
                        && self.is_run_of_data(length)?
                    {
                        return Ok(Some(self.data(self.run.get(..length).unwrap_or_default())));
                    }
                }
            }
        }
    }

    /// The connection was closed. What a descriptor said last of a string that never came is still to be told: ask
    /// until `None`.
    ///
    /// # Errors
    /// When the end of the file has not come: the file is incomplete.
    pub fn close(&mut self) -> Result<Option<Part<'static>>, DecodeError> {
        if self.state == State::Described {
            self.state = State::Behind;
        }
        match self.state {
            State::Ended => Ok(None),
            State::Behind if self.descriptor.says(Descriptor::END_OF_FILE) => match self.behind() {
                Told::Part(part) => Ok(Some(part)),
                Told::Marker => Err(self.error(Fault::MarkerEmpty)),
                Told::Nothing => Ok(None),
            },
            State::Behind
            | State::Between
            | State::Escaped
            | State::Described
            | State::Plain(_)
            | State::Replicated(_) => Err(self.error(Fault::Incomplete)),
        }
    }

    /// Takes an octet that is no data. Returns the length of a run when one is complete, with its octets in `self.run`.
    fn control(&mut self, octet: u8) -> Result<Option<usize>, DecodeError> {
        const COUNT: u8 = 0b0011_1111;
        match self.state {
            State::Escaped => {
                self.descriptor = Descriptor::parse(octet).map_err(|fault| self.error(fault))?;
                self.marker.clear();
                self.state = State::Described;
                Ok(None)
            }
            State::Replicated(length) => Ok(Some(self.begin_run(octet, length))),
            State::Described if octet == ESCAPE => {
                self.state = State::Behind;
                Ok(None)
            }
            State::Between | State::Described | State::Plain(_) | State::Behind | State::Ended => {
                let count = octet & COUNT;
                if octet == ESCAPE {
                    self.state = State::Escaped;
                } else if octet & FILLER == FILLER {
                    return Ok(Some(self.begin_run(self.filler, count)));
                } else if octet & REPLICATED != 0 {
                    self.state = State::Replicated(count);
                } else {
                    self.state = State::Plain(octet);
                }
                Ok(None)
            }
        }
    }

    fn begin_run(&mut self, octet: u8, length: u8) -> usize {
        self.run = [octet; RUN_LIMIT];
        self.state = State::Behind;
        usize::from(length)
    }

    /// Whether a run is data, and some. One of a marker is kept.
    fn is_run_of_data(&mut self, length: usize) -> Result<bool, DecodeError> {
        if self.descriptor.says(Descriptor::MARKER) {
            let run = self.run.get(..length).unwrap_or_default();
            self.marker.extend(run, self.offset)?;
            return Ok(false);
        }
        Ok(length > 0)
    }

    fn data<'w>(&self, octets: &'w [u8]) -> Part<'w> {
        if self.descriptor.says(Descriptor::SUSPECT) { Part::Suspect(octets) } else { Part::Data(octets) }
    }

    /// Whether octets are those of a marker; then they are kept.
    fn is_of_marker(&mut self, octets: &[u8]) -> Result<bool, DecodeError> {
        let is_marker = self.descriptor.says(Descriptor::MARKER);
        if is_marker {
            self.marker.extend(octets, self.offset)?;
        }
        self.offset += octets.len() as u64;
        Ok(is_marker)
    }

    fn marker_text(&self) -> Result<&[u8], DecodeError> {
        self.marker.text().map_err(|fault| self.error(fault))
    }

    /// What is told behind a string, one thing at a time.
    fn behind(&mut self) -> Told {
        let said = self.descriptor;
        for (what, told) in [
            (Descriptor::MARKER, Told::Marker),
            (Descriptor::END_OF_RECORD, Told::Part(Part::EndOfRecord)),
            (Descriptor::END_OF_FILE, Told::Part(Part::EndOfFile)),
        ] {
            if said.says(what) {
                self.descriptor = said.without(what);
                if what == Descriptor::END_OF_FILE {
                    self.state = State::Ended;
                }
                return told;
            }
        }
        self.descriptor = Descriptor::PLAIN;
        self.state = State::Between;
        Told::Nothing
    }

    fn error(&self, fault: Fault) -> DecodeError {
        DecodeError { offset: self.offset, fault }
    }
}

enum Told {
    Marker,
    Part(Part<'static>),
    Nothing,
}
