//! MODE B: blocks with a header (RFC 959 §3.4.2).

use super::framing::{Flaw, Marked, Piece, Records, Seen};

/// Descriptor: the end of a record.
pub const END_OF_RECORD: u8 = 128;
/// Descriptor: the end of the file.
pub const END_OF_FILE: u8 = 64;
/// Descriptor: a restart marker.
pub const MARKER: u8 = 16;
/// Bits of a descriptor that RFC 959 gives no meaning.
pub const MEANINGLESS: u8 = 0x0f;
/// So much data a block has that the harness writes.
const WRITTEN: usize = 4096;

/// Reads what came.
#[derive(Debug, Clone)]
pub struct Reader {
    /// What came.
    pub seen: Seen,
    records: Records,
    header: Vec<u8>,
    /// How many octets of the block are still to come.
    left: usize,
    /// The text of a marker, as far as it came: at most a block.
    marker: Vec<u8>,
    at: u64,
}

impl Reader {
    /// A reader of a file with records or without.
    pub fn new(records: Records) -> Self {
        Self { seen: Seen::default(), records, header: Vec::new(), left: 0, marker: Vec::new(), at: 0 }
    }

    /// More came.
    pub fn feed(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while let Some((&first, behind)) = rest.split_first() {
            if self.seen.end_of_file {
                return self.seen.behind_the_end(self.at);
            }
            if self.header.len() < 3 {
                self.header.push(first);
                self.at += 1;
                rest = behind;
                if let &[descriptor, high, low] = self.header.as_slice() {
                    self.left = usize::from(u16::from_be_bytes([high, low]));
                    self.begin(descriptor);
                }
            } else {
                let (data, behind) = rest.split_at(self.left.min(rest.len()));
                self.data(data);
                rest = behind;
            }
            if self.header.len() == 3 && self.left == 0 {
                self.end();
            }
        }
    }

    fn descriptor(&self) -> u8 {
        self.header.first().copied().unwrap_or_default()
    }

    fn begin(&mut self, descriptor: u8) {
        self.seen.units += 1;
        if descriptor & MEANINGLESS != 0 {
            self.seen.flaw(Flaw::UnknownDescriptor, self.at - 3);
        }
        if descriptor == 0 && self.left == 0 {
            self.seen.flaw(Flaw::EmptyBlock, self.at - 3);
        }
    }

    fn data(&mut self, data: &[u8]) {
        if self.descriptor() & MARKER == 0 {
            self.seen.data(data, self.records);
        } else {
            self.marker.extend_from_slice(data);
        }
        self.left -= data.len();
        self.at += data.len() as u64;
    }

    fn end(&mut self) {
        let descriptor = self.descriptor();
        self.header.clear();
        self.seen.end_of_unit(descriptor, &mut self.marker, self.at, self.records);
    }

    /// The connection ended.
    pub fn finish(&mut self) {
        if !self.header.is_empty() {
            self.seen.flaw(Flaw::CutShort, self.at);
        } else if !self.seen.end_of_file {
            self.seen.flaw(Flaw::NoEndOfFile, self.at);
        }
    }
}

/// Writes blocks. The last one is held back, for only the end shows its descriptor.
#[derive(Debug, Clone)]
pub struct Writer {
    records: Option<Marked>,
    held: Option<(u8, Vec<u8>)>,
}

impl Writer {
    /// A writer of data in which the ends of records are marked, or of plain data.
    pub fn new(records: Records) -> Self {
        Self { records: (records == Records::Marked).then(Marked::default), held: None }
    }

    /// Writes data.
    pub fn write(&mut self, octets: &[u8], wire: &mut Vec<u8>) {
        for &octet in octets {
            let piece = match &mut self.records {
                None => Some(Piece::Octet(octet)),
                Some(marked) => marked.feed(octet),
            };
            match piece {
                Some(Piece::Octet(octet)) => self.open(wire).push(octet),
                Some(Piece::RecordEnd) => {
                    self.open_any(wire);
                    if let Some((descriptor, _)) = &mut self.held {
                        *descriptor |= END_OF_RECORD;
                    }
                }
                None => {}
            }
        }
    }

    /// The block that more octets go into.
    fn open(&mut self, wire: &mut Vec<u8>) -> &mut Vec<u8> {
        if self.held.as_ref().is_some_and(|(descriptor, data)| *descriptor != 0 || data.len() == WRITTEN) {
            self.flush(wire);
        }
        &mut self.held.get_or_insert_default().1
    }

    /// A block of the record that is being written, if none is there an empty one.
    fn open_any(&mut self, wire: &mut Vec<u8>) {
        if self.held.as_ref().is_some_and(|(descriptor, _)| *descriptor != 0) {
            self.flush(wire);
        }
        self.held.get_or_insert_default();
    }

    fn flush(&mut self, wire: &mut Vec<u8>) {
        if let Some((descriptor, data)) = self.held.take() {
            let count = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
            wire.push(descriptor);
            wire.extend(count);
            wire.extend(data);
        }
    }

    /// Ends the file.
    pub fn finish(&mut self, wire: &mut Vec<u8>) {
        self.held.get_or_insert_default().0 |= END_OF_FILE;
        self.flush(wire);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(wire: &[u8], cut: usize, records: Records) -> Seen {
        let mut reader = Reader::new(records);
        reader.feed(&wire[..cut]);
        reader.feed(&wire[cut..]);
        reader.finish();
        reader.seen
    }

    // RFC 959 §3.4.2: a descriptor, a count of 16 bits, and so many octets.
    #[rstest]
    #[case::two_blocks(b"\x00\x00\x02ab\x40\x00\x01c", b"abc", &[])]
    #[case::end_alone(b"\x00\x00\x02ab\x40\x00\x00", b"ab", &[])]
    #[case::suspect(b"\x20\x00\x01a\x40\x00\x01b", b"ab", &[])]
    #[case::empty(b"\x00\x00\x00\x40\x00\x01a", b"a", &[(Flaw::EmptyBlock, 0)])]
    #[case::bits(b"\x41\x00\x01a", b"a", &[(Flaw::UnknownDescriptor, 0)])]
    #[case::no_end(b"\x00\x00\x01a", b"a", &[(Flaw::NoEndOfFile, 4)])]
    #[case::cut_header(b"\x00\x00", b"", &[(Flaw::CutShort, 2)])]
    #[case::cut_data(b"\x40\x00\x05ab", b"ab", &[(Flaw::CutShort, 5)])]
    #[case::behind(b"\x40\x00\x01ab", b"a", &[(Flaw::BehindTheEnd, 4)])]
    #[case::record(b"\xc0\x00\x01a", b"a", &[(Flaw::RecordEndInFile, 4)])]
    #[case::nothing(b"", b"", &[(Flaw::NoEndOfFile, 0)])]
    fn files(#[case] wire: &[u8], #[case] carried: &[u8], #[case] flaws: &[(Flaw, u64)]) {
        for cut in 0..=wire.len() {
            let seen = read(wire, cut, Records::None);
            let found: Vec<_> = seen.flaws.iter().map(|seen| (seen.flaw, seen.at)).collect();
            assert_eq!((seen.octets.as_slice(), found.as_slice()), (carried, flaws), "cut at {cut}");
        }
    }

    #[rstest]
    #[case::two(b"\x80\x00\x01a\xc0\x00\x01b", b"a\xff\x01b\xff\x01", &[])]
    #[case::empty(b"\x80\x00\x00\xc0\x00\x00", b"\xff\x01\xff\x01", &[])]
    #[case::end_alone(b"\x80\x00\x01\xff\x40\x00\x00", b"\xff\xff\xff\x01", &[])]
    #[case::not_ended(b"\x40\x00\x01a", b"a", &[Flaw::RecordNotEnded])]
    fn records(#[case] wire: &[u8], #[case] carried: &[u8], #[case] flaws: &[Flaw]) {
        let seen = read(wire, 0, Records::Marked);
        let found: Vec<_> = seen.flaws.iter().map(|seen| seen.flaw).collect();
        assert_eq!((seen.octets.as_slice(), found.as_slice()), (carried, flaws));
    }

    #[rstest]
    #[case(b"\x00\x00\x01a\x10\x00\x04512x\x40\x00\x00", b"512x", &[])]
    #[case(b"\x00\x00\x01a\x10\x00\x035 2\x40\x00\x00", b"5 2", &[Flaw::MarkerNotPrintable])]
    #[case(b"\x00\x00\x01a\x10\x00\x00\x40\x00\x00", b"", &[Flaw::MarkerNotPrintable])]
    fn markers(#[case] wire: &[u8], #[case] text: &[u8], #[case] flaws: &[Flaw]) {
        for cut in 0..=wire.len() {
            let seen = read(wire, cut, Records::None);
            let found: Vec<_> = seen.flaws.iter().map(|seen| seen.flaw).collect();
            assert_eq!((seen.octets.as_slice(), found.as_slice()), (&b"a"[..], flaws));
            assert_eq!((seen.markers[0].text.as_slice(), seen.markers[0].at), (text, 1));
        }
    }

    #[rstest]
    #[case::empty(b"", Records::None, b"\x40\x00\x00")]
    #[case::data(b"ab", Records::None, b"\x40\x00\x02ab")]
    #[case::records(
        b"a\xff\x01\xff\x01\xff\xff\xff\x01",
        Records::Marked,
        b"\x80\x00\x01a\x80\x00\x00\xc0\x00\x01\xff"
    )]
    fn written(#[case] data: &[u8], #[case] records: Records, #[case] expected: &[u8]) {
        let mut writer = Writer::new(records);
        let mut wire = Vec::new();
        for octet in data {
            writer.write(&[*octet], &mut wire);
        }
        writer.finish(&mut wire);
        assert_eq!(wire, expected);
    }

    #[test]
    fn a_long_file_is_several_blocks() {
        let mut writer = Writer::new(Records::None);
        let mut wire = Vec::new();
        writer.write(&[7; WRITTEN + 1], &mut wire);
        writer.finish(&mut wire);
        assert_eq!((&wire[..3], &wire[3 + WRITTEN..]), (&b"\x00\x10\x00"[..], &b"\x40\x00\x01\x07"[..]));
    }
}
