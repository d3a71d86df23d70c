//! MODE C: strings, runs, fillers and escapes (RFC 959 §3.4.3).

use super::block::{END_OF_FILE, END_OF_RECORD, MARKER, MEANINGLESS};
use super::framing::{Flaw, Marked, Piece, Records, Seen};

/// The longest string of different octets.
const LONGEST_STRING: usize = 127;
/// The longest run.
const LONGEST_RUN: u8 = 63;
const RUN: u8 = 0x80;
const FILLER: u8 = 0xc0;

/// Reads what came.
#[derive(Debug, Clone)]
pub struct Reader {
    /// What came.
    pub seen: Seen,
    records: Records,
    filler: u8,
    state: State,
    /// The descriptors of the escapes before a string.
    descriptor: u8,
    marker: Vec<u8>,
    at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between strings.
    Between,
    /// Behind an escape.
    Escape,
    /// So many octets of a string are to come.
    String(u8),
    /// The octet of a run of this length is to come.
    Run(u8),
}

impl Reader {
    /// A reader of a file with records or without, whose filler is this octet.
    pub fn new(records: Records, filler: u8) -> Self {
        let (seen, marker) = (Seen::default(), Vec::new());
        Self { seen, records, filler, state: State::Between, descriptor: 0, marker, at: 0 }
    }

    /// More came.
    pub fn feed(&mut self, mut octets: &[u8]) {
        while let Some((&octet, behind)) = octets.split_first() {
            if self.seen.end_of_file {
                return self.seen.behind_the_end(self.at);
            }
            if let State::String(left) = self.state {
                octets = self.string(octets, left);
            } else {
                self.at += 1;
                self.octet(octet);
                octets = behind;
            }
        }
    }

    /// Takes of a string what is there, and gives what stands behind it.
    fn string<'a>(&mut self, octets: &'a [u8], left: u8) -> &'a [u8] {
        let length = octets.len().min(usize::from(left));
        let (string, behind) = octets.split_at(length);
        self.carry(string);
        self.at += length as u64;
        // No more than `left`, which is an octet.
        let left = left.saturating_sub(u8::try_from(length).unwrap_or(left));
        self.state = State::String(left);
        if left == 0 {
            self.end();
        }
        behind
    }

    fn octet(&mut self, octet: u8) {
        match self.state {
            State::Between => self.begin(octet),
            State::Escape => {
                if octet & MEANINGLESS != 0 {
                    self.seen.flaw(Flaw::UnknownDescriptor, self.at - 1);
                }
                self.descriptor |= octet;
                self.state = State::Between;
            }
            // Its octets are taken together.
            State::String(_) => {}
            State::Run(length) => {
                self.run(octet, length);
                self.end();
            }
        }
    }

    fn begin(&mut self, octet: u8) {
        let length = octet & LONGEST_RUN;
        match octet {
            0 => self.state = State::Escape,
            1..=0x7f => self.state = State::String(octet),
            RUN..=0xbf => {
                if length == 0 {
                    self.seen.flaw(Flaw::EmptyRun, self.at - 1);
                }
                self.state = State::Run(length);
            }
            // A filler of no octets is all that an empty record can be.
            FILLER..=0xff => {
                self.run(self.filler, length);
                self.end();
            }
        }
    }

    fn run(&mut self, octet: u8, length: u8) {
        let run = [octet; LONGEST_RUN as usize];
        self.carry(run.get(..usize::from(length)).unwrap_or(&run));
    }

    fn carry(&mut self, octets: &[u8]) {
        if self.descriptor & MARKER == 0 {
            self.seen.data(octets, self.records);
        } else {
            self.marker.extend_from_slice(octets);
        }
    }

    /// A string came to its end: what the escapes before it said holds now.
    fn end(&mut self) {
        self.state = State::Between;
        self.seen.units += 1;
        let descriptor = std::mem::take(&mut self.descriptor);
        self.seen.end_of_unit(descriptor, &mut self.marker, self.at, self.records);
    }

    /// The connection ended.
    pub fn finish(&mut self) {
        match self.state {
            // Whether a string must follow the last escape, the RFC does not say.
            State::Between if self.descriptor & END_OF_FILE != 0 => self.end(),
            State::Between if self.seen.end_of_file => {}
            State::Between => self.seen.flaw(Flaw::NoEndOfFile, self.at),
            State::Escape | State::String(_) | State::Run(_) => self.seen.flaw(Flaw::CutShort, self.at),
        }
    }
}

/// Writes strings. The last one is held back, for the escape stands before it.
#[derive(Debug, Clone)]
pub struct Writer {
    records: Option<Marked>,
    filler: u8,
    descriptor: u8,
    held: Option<Held>,
}

#[derive(Debug, Clone)]
enum Held {
    String(Vec<u8>),
    Run(u8, u8),
}

impl Writer {
    /// A writer of data in which the ends of records are marked, or of plain data, with this filler.
    pub fn new(records: Records, filler: u8) -> Self {
        let records = (records == Records::Marked).then(Marked::default);
        Self { records, filler, descriptor: 0, held: None }
    }

    /// Writes data.
    pub fn write(&mut self, octets: &[u8], wire: &mut Vec<u8>) {
        for &octet in octets {
            let piece = match &mut self.records {
                None => Some(Piece::Octet(octet)),
                Some(marked) => marked.feed(octet),
            };
            match piece {
                Some(Piece::Octet(octet)) => self.octet(octet, wire),
                Some(Piece::RecordEnd) => {
                    if self.descriptor != 0 {
                        self.flush(wire);
                    }
                    self.descriptor = END_OF_RECORD;
                    self.held.get_or_insert(Held::Run(self.filler, 0));
                }
                None => {}
            }
        }
    }

    fn octet(&mut self, octet: u8, wire: &mut Vec<u8>) {
        if self.descriptor != 0 {
            self.flush(wire);
        }
        match &mut self.held {
            Some(Held::Run(run, length)) if *run == octet && *length < LONGEST_RUN => *length += 1,
            // Three of the same are worth a run.
            Some(Held::String(string)) if string.ends_with(&[octet, octet]) && string.len() < LONGEST_STRING => {
                string.truncate(string.len() - 2);
                if !string.is_empty() {
                    self.flush(wire);
                }
                self.held = Some(Held::Run(octet, 3));
            }
            Some(Held::String(string)) if string.len() < LONGEST_STRING => string.push(octet),
            _ => {
                self.flush(wire);
                let mut string = Vec::with_capacity(LONGEST_STRING);
                string.push(octet);
                self.held = Some(Held::String(string));
            }
        }
    }

    fn flush(&mut self, wire: &mut Vec<u8>) {
        let Some(held) = self.held.take() else { return };
        let descriptor = std::mem::take(&mut self.descriptor);
        if descriptor != 0 {
            wire.extend([0, descriptor]);
        }
        match held {
            Held::String(string) => {
                wire.push(u8::try_from(string.len()).unwrap_or(0x7f));
                wire.extend(string);
            }
            Held::Run(octet, length) if octet == self.filler => wire.push(FILLER | length),
            Held::Run(octet, length) => wire.extend([RUN | length, octet]),
        }
    }

    /// Ends the file.
    pub fn finish(&mut self, wire: &mut Vec<u8>) {
        self.descriptor |= END_OF_FILE;
        self.held.get_or_insert(Held::Run(self.filler, 0));
        self.flush(wire);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn read(wire: &[u8], cut: usize, records: Records, filler: u8) -> Seen {
        let mut reader = Reader::new(records, filler);
        reader.feed(&wire[..cut]);
        reader.feed(&wire[cut..]);
        reader.finish();
        reader.seen
    }

    // RFC 959 §3.4.3: 0nnnnnnn and n octets; 10nnnnnn and an octet; 11nnnnnn; 00000000 and a descriptor.
    #[rstest]
    #[case::string(b"\x02ab\x00\x40\x01c", b"abc", &[])]
    #[case::run(b"\x00\x40\x83x", b"xxx", &[])]
    #[case::filler(b"\x00\x40\xc5", b"     ", &[])]
    #[case::no_string_behind(b"\x01a\x00\x40", b"a", &[])]
    #[case::empty(b"\x00\x40\xc0", b"", &[])]
    #[case::no_end(b"\x01a", b"a", &[(Flaw::NoEndOfFile, 2)])]
    #[case::cut_string(b"\x00\x40\x03ab", b"ab", &[(Flaw::CutShort, 5)])]
    #[case::cut_run(b"\x83", b"", &[(Flaw::CutShort, 1)])]
    #[case::empty_run(b"\x80x\x00\x40\x01a", b"a", &[(Flaw::EmptyRun, 0)])]
    #[case::bits(b"\x00\x41\x01a", b"a", &[(Flaw::UnknownDescriptor, 1)])]
    #[case::behind(b"\x00\x40\x01ab", b"a", &[(Flaw::BehindTheEnd, 4)])]
    fn files(#[case] wire: &[u8], #[case] carried: &[u8], #[case] flaws: &[(Flaw, u64)]) {
        for cut in 0..=wire.len() {
            let seen = read(wire, cut, Records::None, b' ');
            let found: Vec<_> = seen.flaws.iter().map(|seen| (seen.flaw, seen.at)).collect();
            assert_eq!((seen.octets.as_slice(), found.as_slice()), (carried, flaws), "cut at {cut}");
        }
    }

    #[test]
    fn records_and_markers() {
        let seen = read(b"\x00\x80\x01a\x00\x10\x02m1\x00\xc0\x82b", 3, Records::Marked, 0);
        assert_eq!((seen.octets.as_slice(), seen.flaws.len()), (&b"a\xff\x01bb\xff\x01"[..], 0));
        assert_eq!((seen.markers[0].text.as_slice(), seen.markers[0].at), (&b"m1"[..], 3));
    }

    #[rstest]
    #[case::empty(b"", b"\x00\x40\xc0")]
    #[case::string(b"ab", b"\x00\x40\x02ab")]
    #[case::run(b"abbbb", b"\x01a\x00\x40\x84b")]
    #[case::filler(b"    a", b"\xc4\x00\x40\x01a")]
    fn written(#[case] data: &[u8], #[case] expected: &[u8]) {
        let mut writer = Writer::new(Records::None, b' ');
        let mut wire = Vec::new();
        writer.write(data, &mut wire);
        writer.finish(&mut wire);
        assert_eq!(wire, expected);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(data in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(b' ')], 0..400), filler: u8) {
            let mut writer = Writer::new(Records::None, filler);
            let mut wire = Vec::new();
            writer.write(&data, &mut wire);
            writer.finish(&mut wire);
            let seen = read(&wire, wire.len() / 2, Records::None, filler);
            prop_assert_eq!(seen.octets, data);
            prop_assert_eq!(seen.flaws, Vec::new());
            prop_assert!(seen.end_of_file);
        }
    }
}
