//! MODE S with STRU R: ends of records and of the file as codes in the stream (RFC 959 §3.4.1).

use super::framing::{ESCAPE, Flaw, RECORD_END, Records, Seen};

/// What stands behind the escape at the end of the file; 3 is both ends.
const FILE_END: u8 = 2;
const BOTH_ENDS: u8 = 3;

/// Reads what came.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// What came.
    pub seen: Seen,
    escape: bool,
    at: u64,
}

impl Reader {
    /// More came.
    pub fn feed(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.octet(octet);
            self.at += 1;
        }
    }

    fn octet(&mut self, octet: u8) {
        if self.seen.end_of_file {
            return self.seen.behind_the_end(self.at);
        }
        if !std::mem::take(&mut self.escape) {
            if octet == ESCAPE {
                self.escape = true;
            } else {
                self.seen.data(&[octet], Records::Marked);
            }
            return;
        }
        match octet {
            ESCAPE => self.seen.data(&[ESCAPE], Records::Marked),
            RECORD_END => self.seen.end_of_record(self.at, Records::Marked),
            FILE_END => self.seen.end_of_file(self.at, Records::Marked),
            BOTH_ENDS => {
                self.seen.end_of_record(self.at, Records::Marked);
                self.seen.end_of_file(self.at, Records::Marked);
            }
            other => {
                // A server that does not say an octet of ones twice sends such a thing.
                self.seen.flaw(Flaw::UnknownEscape, self.at);
                self.seen.data(&[ESCAPE, other], Records::Marked);
            }
        }
    }

    /// The connection ended.
    pub fn finish(&mut self) {
        if self.escape {
            self.seen.flaw(Flaw::CutShort, self.at);
        } else if !self.seen.end_of_file {
            self.seen.flaw(Flaw::NoEndOfFile, self.at);
        }
    }
}

/// What ends a file whose records are marked.
pub fn end() -> [u8; 2] {
    [ESCAPE, FILE_END]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // RFC 959 §3.4.1: "An EOR is 1, an EOF 2 … both 3 … a byte of all ones is sent twice".
    #[rstest]
    #[case::one_record(b"ab\xff\x01\xff\x02", b"ab\xff\x01", &[])]
    #[case::both_ends(b"ab\xff\x03", b"ab\xff\x01", &[])]
    #[case::no_record(b"\xff\x02", b"", &[])]
    #[case::empty_record(b"\xff\x01\xff\x02", b"\xff\x01", &[])]
    #[case::ones(b"\xff\xff\xff\x03", b"\xff\xff\xff\x01", &[])]
    #[case::not_ended(b"ab\xff\x02", b"ab", &[(Flaw::RecordNotEnded, 3)])]
    #[case::no_end(b"ab\xff\x01", b"ab\xff\x01", &[(Flaw::NoEndOfFile, 4)])]
    #[case::plain(b"ab", b"ab", &[(Flaw::NoEndOfFile, 2)])]
    #[case::cut(b"ab\xff", b"ab", &[(Flaw::CutShort, 3)])]
    #[case::code(b"\xff\x07\xff\x03", b"\xff\xff\x07\xff\x01", &[(Flaw::UnknownEscape, 1)])]
    #[case::behind(b"\xff\x02ab", b"", &[(Flaw::BehindTheEnd, 2)])]
    fn streams(#[case] wire: &[u8], #[case] carried: &[u8], #[case] flaws: &[(Flaw, u64)]) {
        for cut in 0..=wire.len() {
            let mut reader = Reader::default();
            reader.feed(&wire[..cut]);
            reader.feed(&wire[cut..]);
            reader.finish();
            let found: Vec<_> = reader.seen.flaws.iter().map(|seen| (seen.flaw, seen.at)).collect();
            assert_eq!((reader.seen.octets.as_slice(), found.as_slice()), (carried, flaws), "cut at {cut}");
        }
    }
}
