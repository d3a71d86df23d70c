//! MODE Z: what MODE S sends as one zlib stream (draft-preston-ftpext-deflate §3, RFC 1950).
//!
//! The library inflates the blocks of RFC 1951 alone. The header and the checksum round them are read and made here, so that
//! what is wrong with them can be told apart, and so that the two codecs do not share their reading of RFC 1950.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::framing::{Flaw, Records, Seen};
use super::record;

/// How much is made at a time.
const PIECE: usize = 32 * 1024;
/// Method 8 with a window of 32 KiB, the fastest level, no dictionary: RFC 1950 §2.2.
const HEADER: [u8; 2] = [0x78, 0x01];
const METHOD: u8 = 8;
/// A window of more than 32 KiB is not allowed.
const LARGEST_WINDOW: u8 = 7;
const DICTIONARY: u8 = 0x20;

/// Reads what came.
#[derive(Debug)]
pub struct Reader {
    inside: Inside,
    inflate: Decompress,
    checksum: Adler,
    state: State,
    at: u64,
    room: Vec<u8>,
}

/// What MODE S would have sent.
#[derive(Debug)]
enum Inside {
    File(Seen),
    Records(record::Reader),
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The header begins.
    Begin,
    /// The first octet of the header came.
    Header(u8),
    Blocks,
    /// So many octets of the checksum came, and they are these.
    Checksum(u8, u32),
    Ended,
    /// Nothing more can be made of what comes.
    Broken,
}

impl Reader {
    /// A reader of a file with records or without.
    pub fn new(records: Records) -> Self {
        let inside = match records {
            Records::None => Inside::File(Seen::default()),
            Records::Marked => Inside::Records(record::Reader::default()),
        };
        let (inflate, checksum) = (Decompress::new(false), Adler::default());
        Self { inside, inflate, checksum, state: State::Begin, at: 0, room: vec![0; PIECE] }
    }

    /// What came.
    pub fn seen(&mut self) -> &mut Seen {
        match &mut self.inside {
            Inside::File(seen) => seen,
            Inside::Records(reader) => &mut reader.seen,
        }
    }

    /// More came. One octet of it can become a thousand: who feeds little at a time keeps little.
    pub fn feed(&mut self, mut octets: &[u8]) {
        while let Some((&octet, behind)) = octets.split_first() {
            if let State::Blocks = self.state {
                octets = self.blocks(octets);
                continue;
            }
            self.octet(octet);
            self.at += 1;
            octets = behind;
        }
    }

    /// Takes an octet of the header or the checksum, or one that is of nothing.
    fn octet(&mut self, octet: u8) {
        self.state = match self.state {
            State::Begin => State::Header(octet),
            State::Header(first) if is_header(first, octet) => State::Blocks,
            State::Header(_) => self.broken(Flaw::NotZlib),
            State::Checksum(3, said) => {
                if said << 8 | u32::from(octet) != self.checksum.value() {
                    self.flaw(Flaw::WrongChecksum);
                }
                if let Inside::File(seen) = &mut self.inside {
                    seen.end_of_file(self.at, Records::None);
                }
                self.seen().units += 1;
                State::Ended
            }
            State::Checksum(came, said) => State::Checksum(came + 1, said << 8 | u32::from(octet)),
            State::Ended => {
                let at = self.at;
                self.seen().behind_the_end(at);
                State::Ended
            }
            State::Blocks | State::Broken => self.state,
        };
    }

    /// Inflates what is there, and gives what stands behind the last block.
    fn blocks<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let mut rest = octets;
        loop {
            let (taken, made) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(rest, &mut self.room, FlushDecompress::None);
            let taken = usize::try_from(self.inflate.total_in() - taken).unwrap_or(rest.len());
            let made = usize::try_from(self.inflate.total_out() - made).unwrap_or_default();
            self.at += taken as u64;
            rest = rest.get(taken..).unwrap_or_default();
            let made = self.room.get(..made).unwrap_or_default();
            self.checksum.update(made);
            match &mut self.inside {
                Inside::File(seen) => seen.data(made, Records::None),
                Inside::Records(reader) => reader.feed(made),
            }
            let is_stuck = taken == 0 && made.is_empty();
            match status {
                Ok(Status::StreamEnd) => self.state = State::Checksum(0, 0),
                Ok(Status::Ok | Status::BufError) if !is_stuck => continue,
                Ok(Status::Ok | Status::BufError) => return &[],
                Err(_) => self.state = self.broken(Flaw::NotDeflated),
            }
            return rest;
        }
    }

    fn broken(&mut self, flaw: Flaw) -> State {
        self.flaw(flaw);
        State::Broken
    }

    fn flaw(&mut self, flaw: Flaw) {
        let at = self.at;
        self.seen().flaw(flaw, at);
    }

    /// The connection ended.
    pub fn finish(&mut self) {
        match self.state {
            State::Ended => {
                if let Inside::Records(reader) = &mut self.inside {
                    reader.finish();
                }
                return;
            }
            State::Broken => {}
            State::Begin | State::Blocks => self.flaw(Flaw::NoEndOfFile),
            State::Header(_) | State::Checksum(..) => self.flaw(Flaw::CutShort),
        }
        // The end of the records inside is none.
        self.seen().end_of_file = false;
    }
}

/// RFC 1950 §2.2: the method and the window, then flags that make both, as a number, a multiple of 31. A dictionary is one
/// that both sides would have to know, and nothing of FTP tells one.
fn is_header(first: u8, second: u8) -> bool {
    let sum = u16::from_be_bytes([first, second]);
    first & 0x0f == METHOD && first >> 4 <= LARGEST_WINDOW && sum.is_multiple_of(31) && second & DICTIONARY == 0
}

/// What a piece of a stream in MODE Z inflates to, as far as it can be, and no more than `limit`.
pub fn inflated(wire: &[u8], limit: usize) -> Vec<u8> {
    const STEP: usize = 512;
    let (mut reader, mut octets) = (Reader::new(Records::None), Vec::new());
    for piece in wire.chunks(STEP) {
        reader.feed(piece);
        octets.extend(reader.seen().take_octets());
        if octets.len() >= limit {
            octets.truncate(limit);
            break;
        }
    }
    octets
}

/// Writes one zlib stream.
#[derive(Debug)]
pub struct Writer {
    deflate: Compress,
    checksum: Adler,
    has_begun: bool,
}

impl Default for Writer {
    fn default() -> Self {
        let deflate = Compress::new(Compression::fast(), false);
        Self { deflate, checksum: Adler::default(), has_begun: false }
    }
}

impl Writer {
    /// Writes data.
    pub fn write(&mut self, octets: &[u8], wire: &mut Vec<u8>) {
        self.begin(wire);
        self.checksum.update(octets);
        let mut rest = octets;
        while !rest.is_empty() {
            let taken = self.step(rest, FlushCompress::None, wire);
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    fn begin(&mut self, wire: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            wire.extend(HEADER);
        }
    }

    /// Gives how many octets were taken.
    fn step(&mut self, octets: &[u8], flush: FlushCompress, wire: &mut Vec<u8>) -> usize {
        wire.reserve(PIECE);
        let before = self.deflate.total_in();
        match self.deflate.compress_vec(octets, wire, flush) {
            Ok(_) => usize::try_from(self.deflate.total_in() - before).unwrap_or(octets.len()),
            // Only behind the end, where nothing is written any more.
            Err(_) => octets.len(),
        }
    }

    /// Ends the file.
    pub fn finish(&mut self, wire: &mut Vec<u8>) {
        self.begin(wire);
        let mut before = usize::MAX;
        while wire.len() != before {
            before = wire.len();
            self.step(&[], FlushCompress::Finish, wire);
        }
        wire.extend(self.checksum.value().to_be_bytes());
    }
}

/// The checksum of RFC 1950 §8.2: two sums of 16 bits.
#[derive(Debug, Clone, Copy)]
struct Adler {
    low: u32,
    high: u32,
}

impl Default for Adler {
    fn default() -> Self {
        Self { low: 1, high: 0 }
    }
}

impl Adler {
    fn update(&mut self, octets: &[u8]) {
        /// The largest prime below 65536.
        const MODULUS: u32 = 65_521;
        /// So many octets can be added before the sums are more than 32 bits.
        const UNREDUCED: usize = 5552;
        for piece in octets.chunks(UNREDUCED) {
            for &octet in piece {
                self.low += u32::from(octet);
                self.high += self.low;
            }
            self.low %= MODULUS;
            self.high %= MODULUS;
        }
    }

    fn value(self) -> u32 {
        self.high << 16 | self.low
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn read(wire: &[u8], cut: usize, records: Records) -> Seen {
        let mut reader = Reader::new(records);
        reader.feed(&wire[..cut]);
        reader.feed(&wire[cut..]);
        reader.finish();
        std::mem::take(reader.seen())
    }

    // A stored block shows its data: header, last block, length and its complement, data, checksum.
    #[rstest]
    #[case::stored(b"\x78\x01\x01\x02\x00\xfd\xffab\x01\x26\x00\xc4", b"ab", &[])]
    #[case::fixed(b"\x78\x9c\x4b\x4c\x02\x00\x01\x26\x00\xc4", b"ab", &[])]
    #[case::small_window(b"\x18\x95\x4b\x4c\x02\x00\x01\x26\x00\xc4", b"ab", &[])]
    #[case::empty(b"\x78\x9c\x03\x00\x00\x00\x00\x01", b"", &[])]
    #[case::nothing(b"", b"", &[(Flaw::NoEndOfFile, 0)])]
    #[case::half_a_header(b"\x78", b"", &[(Flaw::CutShort, 1)])]
    #[case::no_block(b"\x78\x9c", b"", &[(Flaw::NoEndOfFile, 2)])]
    #[case::cut_block(b"\x78\x01\x01\x02\x00\xfd\xffa", b"a", &[(Flaw::NoEndOfFile, 8)])]
    #[case::no_checksum(b"\x78\x9c\x4b\x4c\x02\x00", b"ab", &[(Flaw::CutShort, 6)])]
    #[case::half_a_checksum(b"\x78\x9c\x4b\x4c\x02\x00\x01\x26", b"ab", &[(Flaw::CutShort, 8)])]
    #[case::wrong_checksum(b"\x78\x9c\x4b\x4c\x02\x00\x01\x26\x00\xc5", b"ab", &[(Flaw::WrongChecksum, 9)])]
    #[case::raw(b"\x4b\x4c\x02\x00", b"", &[(Flaw::NotZlib, 1)])]
    #[case::gzip(b"\x1f\x8b\x08\x00", b"", &[(Flaw::NotZlib, 1)])]
    #[case::plain(b"one\r\n", b"", &[(Flaw::NotZlib, 1)])]
    #[case::method(b"\x79\x99\x03\x00\x00\x00\x00\x01", b"", &[(Flaw::NotZlib, 1)])]
    #[case::large_window(b"\x88\x1c\x03\x00\x00\x00\x00\x01", b"", &[(Flaw::NotZlib, 1)])]
    #[case::dictionary(b"\x78\xbb\x16\xc0\x04\x37", b"", &[(Flaw::NotZlib, 1)])]
    #[case::behind(b"\x78\x9c\x03\x00\x00\x00\x00\x01x", b"", &[(Flaw::BehindTheEnd, 8)])]
    fn files(#[case] wire: &[u8], #[case] carried: &[u8], #[case] flaws: &[(Flaw, u64)]) {
        for cut in 0..=wire.len() {
            let seen = read(wire, cut, Records::None);
            let found: Vec<_> = seen.flaws.iter().map(|seen| (seen.flaw, seen.at)).collect();
            assert_eq!((seen.octets.as_slice(), found.as_slice()), (carried, flaws), "cut at {cut}");
            let is_whole = seen.flaws.iter().all(|seen| matches!(seen.flaw, Flaw::BehindTheEnd | Flaw::WrongChecksum));
            assert_eq!(seen.end_of_file, is_whole);
        }
    }

    #[test]
    fn a_block_that_is_none() {
        let seen = read(b"\x78\x9c\x07more", 3, Records::None);
        assert_eq!(seen.flaws.iter().map(|seen| seen.flaw).collect::<Vec<_>>(), [Flaw::NotDeflated]);
    }

    #[rstest]
    #[case::whole(b"\x78\x01\x01\x05\x00\xfa\xffa\xff\x01\xff\x02\x07\xe9\x02\x63", &[], true)]
    #[case::no_end_inside(b"\x78\x9c\x4b\xfc\xcf\x08\x00\x03\x25\x01\x62", &[Flaw::NoEndOfFile], false)]
    #[case::no_end_outside(b"\x78\x01\x01\x05\x00\xfa\xffa\xff\x01\xff\x02\x07\xe9", &[Flaw::CutShort], false)]
    fn records(#[case] wire: &[u8], #[case] flaws: &[Flaw], #[case] is_whole: bool) {
        let seen = read(wire, 4, Records::Marked);
        let found: Vec<_> = seen.flaws.iter().map(|seen| seen.flaw).collect();
        assert_eq!((seen.octets.as_slice(), found.as_slice()), (&b"a\xff\x01"[..], flaws));
        assert_eq!(seen.end_of_file, is_whole);
    }

    #[test]
    fn what_is_inflated_for_a_look_is_bounded() {
        let (mut writer, mut wire) = (Writer::default(), Vec::new());
        writer.write(&vec![b'x'; 1 << 20], &mut wire);
        writer.finish(&mut wire);
        assert!(wire.len() < 10_000);
        assert!(inflated(&wire, 1000) == [b'x'; 1000]);
        assert!(inflated(&wire, 2 << 20) == vec![b'x'; 1 << 20]);
        assert_eq!(inflated(b"no zlib", 1000), b"");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(data in proptest::collection::vec(any::<u8>(), 0..40_000), cut in 0..40_000_usize) {
            let (mut writer, mut wire) = (Writer::default(), Vec::new());
            let cut = cut.min(data.len());
            writer.write(&data[..cut], &mut wire);
            writer.write(&data[cut..], &mut wire);
            writer.finish(&mut wire);
            let seen = read(&wire, wire.len() / 2, Records::None);
            prop_assert_eq!(seen.octets, data);
            prop_assert_eq!(seen.flaws, Vec::new());
            prop_assert!(seen.end_of_file);
        }
    }
}
