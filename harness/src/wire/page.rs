//! STRU P: pages with a header, where logical bytes are octets (RFC 959 §3.1.2.3).

use super::framing::{Flaw, Seen};

/// Header length, page index, data length, page type.
const FIELDS: usize = 4;
const LAST: u8 = 0;
const SIMPLE: u8 = 1;
const ACCESS_CONTROLLED: u8 = 3;
/// So much data a page has that the harness writes: the most that an octet can count.
const WRITTEN: usize = 255;

/// Reads pages among the octets that a mode carried, and judges nothing but them.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    header: Vec<u8>,
    /// How many octets of data are still to come.
    left: usize,
    last_page: bool,
    pages: u64,
    at: u64,
}

impl Reader {
    /// More came. What is wrong goes to `seen`.
    pub fn feed(&mut self, octets: &[u8], seen: &mut Seen) {
        let mut rest = octets;
        while let Some((&first, behind)) = rest.split_first() {
            if self.last_page {
                return seen.behind_the_end(self.at);
            }
            if self.left > 0 {
                let (data, behind) = rest.split_at(self.left.min(rest.len()));
                self.left -= data.len();
                self.at += data.len() as u64;
                rest = behind;
                continue;
            }
            self.header.push(first);
            self.at += 1;
            rest = behind;
            let length = self.header.first().copied().map(usize::from).unwrap_or_default();
            if self.header.len() >= length.max(FIELDS) {
                self.page(seen);
            }
        }
    }

    fn page(&mut self, seen: &mut Seen) {
        let header = std::mem::take(&mut self.header);
        let &[length, _, data, kind, ..] = header.as_slice() else { return };
        let at = self.at - header.len() as u64;
        self.pages += 1;
        self.left = usize::from(data);
        if usize::from(length) < FIELDS {
            seen.flaw(Flaw::PageHeaderTooShort, at);
        }
        let due = match kind {
            LAST | SIMPLE => Some(4),
            ACCESS_CONTROLLED => Some(5),
            _ => None,
        };
        if due.is_some_and(|due| due != length) && usize::from(length) >= FIELDS {
            seen.flaw(Flaw::PageHeaderLength, at);
        }
        if kind > ACCESS_CONTROLLED {
            seen.flaw(Flaw::UnknownPageType, at);
        }
        if kind == LAST {
            if data > 0 {
                seen.flaw(Flaw::LastPageWithData, at);
                self.left = 0;
            }
            self.last_page = true;
        }
    }

    /// The file ended.
    pub fn finish(&mut self, seen: &mut Seen) {
        seen.units = self.pages;
        if !self.header.is_empty() || self.left > 0 {
            seen.flaw(Flaw::CutShort, self.at);
        } else if !self.last_page {
            seen.flaw(Flaw::NoLastPage, self.at);
        }
    }
}

/// Writes data as simple pages with rising indexes, and a last page.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    held: Vec<u8>,
    index: u8,
}

impl Writer {
    /// Writes data.
    pub fn write(&mut self, octets: &[u8], into: &mut Vec<u8>) {
        for &octet in octets {
            self.held.push(octet);
            if self.held.len() == WRITTEN {
                self.page(into);
            }
        }
    }

    fn page(&mut self, into: &mut Vec<u8>) {
        let length = u8::try_from(self.held.len()).unwrap_or(u8::MAX);
        into.extend([4, self.index, length, SIMPLE]);
        into.append(&mut self.held);
        // An index of one octet counts so far; a scenario has no longer body.
        self.index = self.index.wrapping_add(1);
    }

    /// Ends the file.
    pub fn finish(&mut self, into: &mut Vec<u8>) {
        if !self.held.is_empty() {
            self.page(into);
        }
        into.extend([4, self.index, 0, LAST]);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // RFC 959 §3.1.2.3: header length, page index, data length, page type; then the data.
    #[rstest]
    #[case::two(b"\x04\x00\x02\x01ab\x04\x01\x00\x00", &[])]
    #[case::controlled(b"\x05\x00\x02\x03\x07ab\x04\x01\x00\x00", &[])]
    #[case::descriptor(b"\x05\x00\x01\x02\x07a\x04\x01\x00\x00", &[])]
    #[case::empty(b"\x04\x00\x00\x00", &[])]
    #[case::no_last(b"\x04\x00\x02\x01ab", &[(Flaw::NoLastPage, 6)])]
    #[case::cut(b"\x04\x00\x03\x01ab", &[(Flaw::CutShort, 6)])]
    #[case::cut_header(b"\x04\x00", &[(Flaw::CutShort, 2)])]
    #[case::kind(b"\x04\x00\x00\x09\x04\x01\x00\x00", &[(Flaw::UnknownPageType, 0)])]
    #[case::short(b"\x03\x00\x00\x01\x04\x01\x00\x00", &[(Flaw::PageHeaderTooShort, 0)])]
    #[case::length(b"\x05\x00\x00\x01\x00\x04\x01\x00\x00", &[(Flaw::PageHeaderLength, 0)])]
    #[case::last_with_data(b"\x04\x01\x01\x00", &[(Flaw::LastPageWithData, 0)])]
    #[case::behind(b"\x04\x00\x00\x00a", &[(Flaw::BehindTheEnd, 4)])]
    #[case::plain(b"abcdefgh", &[(Flaw::CutShort, 8)])]
    fn pages(#[case] wire: &[u8], #[case] flaws: &[(Flaw, u64)]) {
        for cut in 0..=wire.len() {
            let (mut reader, mut seen) = (Reader::default(), Seen::default());
            reader.feed(&wire[..cut], &mut seen);
            reader.feed(&wire[cut..], &mut seen);
            reader.finish(&mut seen);
            let found: Vec<_> = seen.flaws.iter().map(|seen| (seen.flaw, seen.at)).collect();
            assert_eq!(found, flaws, "cut at {cut}");
        }
    }

    #[test]
    fn written() {
        let (mut writer, mut wire) = (Writer::default(), Vec::new());
        writer.write(b"abc", &mut wire);
        writer.finish(&mut wire);
        assert_eq!(wire, b"\x04\x00\x03\x01abc\x04\x01\x00\x00");
    }
}
