//! What a framing of the data connection shows, and what may be wrong with it (RFC 959 §3.1.2, §3.4).
//!
//! Every reader of a framing fills a [`Seen`]. Its octets are what the framing carries: the data of the file, and, where the
//! file has records, `FF 01` behind each record and `FF FF` for an octet of ones, as RFC 959 §3.4.1 writes them. So two
//! bodies have the same records exactly if these octets are the same, whatever mode they travelled in.

use super::block::{END_OF_FILE, END_OF_RECORD, MARKER};

/// So many markers and flaws are kept. The others say no more.
const KEPT: usize = 32;
/// So many octets of a marker are kept.
const MARKER_KEPT: usize = 256;
/// The escape of a file with records: an octet of ones (RFC 959 §3.4.1).
pub const ESCAPE: u8 = 0xff;
/// What stands behind the escape at the end of a record.
pub const RECORD_END: u8 = 1;

/// What a reader saw so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What the framing carried since somebody took it away.
    pub octets: Vec<u8>,
    /// The first restart markers.
    pub markers: Vec<SeenMarker>,
    /// The first flaws.
    pub flaws: Vec<SeenFlaw>,
    /// How many blocks, strings or pages came.
    pub units: u64,
    /// Whether the framing said that the file ends.
    pub end_of_file: bool,
    /// How many octets were carried before those of `octets`.
    taken: u64,
    /// Whether data came since the last end of a record.
    open_record: bool,
}

/// A restart marker (RFC 959 §3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenMarker {
    /// What it says: its first 256 octets.
    pub text: Vec<u8>,
    /// How many octets the framing carried before it.
    pub at: u64,
}

/// A flaw, and at which octet of what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenFlaw {
    /// Which.
    pub flaw: Flaw,
    /// Where: counted from 0.
    pub at: u64,
}

/// What can be wrong with a framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// The connection ended, and the framing had not said that the file ends.
    NoEndOfFile,
    /// The connection ended within a header, a block or a string.
    CutShort,
    /// Octets came behind the end of the file.
    BehindTheEnd,
    /// No header of a zlib stream, or one of another method.
    NotZlib,
    /// A block of a zlib stream that is none.
    NotDeflated,
    /// The checksum of a zlib stream is that of other octets.
    WrongChecksum,
    /// The last record has no end of its own.
    RecordNotEnded,
    /// The end of a record in a file without records.
    RecordEndInFile,
    /// An escape with something behind it that is no code.
    UnknownEscape,
    /// Bits of a descriptor that mean nothing.
    UnknownDescriptor,
    /// A block without octets and without a meaning.
    EmptyBlock,
    /// A run of no octets.
    EmptyRun,
    /// A marker of other octets than printable ones, or of none.
    MarkerNotPrintable,
    /// A page header shorter than its four fields.
    PageHeaderTooShort,
    /// A page header of another length than that of its type.
    PageHeaderLength,
    /// A last page that holds data.
    LastPageWithData,
    /// A page of another type than the four.
    UnknownPageType,
    /// The file ends without a last page.
    NoLastPage,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::NoEndOfFile,
        Self::CutShort,
        Self::BehindTheEnd,
        Self::NotZlib,
        Self::NotDeflated,
        Self::WrongChecksum,
        Self::RecordNotEnded,
        Self::RecordEndInFile,
        Self::UnknownEscape,
        Self::UnknownDescriptor,
        Self::EmptyBlock,
        Self::EmptyRun,
        Self::MarkerNotPrintable,
        Self::PageHeaderTooShort,
        Self::PageHeaderLength,
        Self::LastPageWithData,
        Self::UnknownPageType,
        Self::NoLastPage,
    ];

    /// The word by which it is written down.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoEndOfFile => "no-end-of-file",
            Self::CutShort => "cut-short",
            Self::BehindTheEnd => "behind-the-end",
            Self::NotZlib => "not-zlib",
            Self::NotDeflated => "not-deflated",
            Self::WrongChecksum => "wrong-checksum",
            Self::RecordNotEnded => "record-not-ended",
            Self::RecordEndInFile => "record-end-in-file",
            Self::UnknownEscape => "unknown-escape",
            Self::UnknownDescriptor => "unknown-descriptor",
            Self::EmptyBlock => "empty-block",
            Self::EmptyRun => "empty-run",
            Self::MarkerNotPrintable => "marker-not-printable",
            Self::PageHeaderTooShort => "page-header-too-short",
            Self::PageHeaderLength => "page-header-length",
            Self::LastPageWithData => "last-page-with-data",
            Self::UnknownPageType => "unknown-page-type",
            Self::NoLastPage => "no-last-page",
        }
    }

    /// The flaw that was written down by this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flaw| flaw.word() == word)
    }
}

impl Seen {
    /// What was carried since the last time.
    pub fn take_octets(&mut self) -> Vec<u8> {
        self.taken += self.octets.len() as u64;
        std::mem::take(&mut self.octets)
    }

    pub(super) fn data(&mut self, octets: &[u8], records: Records) {
        match records {
            Records::None => self.octets.extend_from_slice(octets),
            Records::Marked => escaped(octets, &mut self.octets),
        }
        self.open_record |= !octets.is_empty();
    }

    /// A block or a string ends here: its descriptor says what else does. `marker` is what it carried, if it is a marker.
    pub(super) fn end_of_unit(&mut self, descriptor: u8, marker: &mut Vec<u8>, at: u64, records: Records) {
        if descriptor & MARKER != 0 {
            self.marker(&std::mem::take(marker), at);
        }
        if descriptor & END_OF_RECORD != 0 {
            self.end_of_record(at, records);
        }
        if descriptor & END_OF_FILE != 0 {
            self.end_of_file(at, records);
        }
    }

    pub(super) fn end_of_record(&mut self, at: u64, records: Records) {
        match records {
            Records::None => self.flaw(Flaw::RecordEndInFile, at),
            Records::Marked => self.octets.extend([ESCAPE, RECORD_END]),
        }
        self.open_record = false;
    }

    pub(super) fn end_of_file(&mut self, at: u64, records: Records) {
        if records == Records::Marked && self.open_record {
            self.flaw(Flaw::RecordNotEnded, at);
        }
        self.end_of_file = true;
    }

    pub(super) fn marker(&mut self, text: &[u8], at: u64) {
        if text.is_empty() || !text.iter().all(u8::is_ascii_graphic) {
            self.flaw(Flaw::MarkerNotPrintable, at);
        }
        if self.markers.len() < KEPT {
            let carried = self.taken + self.octets.len() as u64;
            let text = text.get(..MARKER_KEPT).unwrap_or(text).to_vec();
            self.markers.push(SeenMarker { text, at: carried });
        }
    }

    pub(super) fn flaw(&mut self, flaw: Flaw, at: u64) {
        if self.flaws.len() < KEPT {
            self.flaws.push(SeenFlaw { flaw, at });
        }
    }

    /// Octets behind the end of the file: said once.
    pub(super) fn behind_the_end(&mut self, at: u64) {
        if !self.flaws.iter().any(|seen| seen.flaw == Flaw::BehindTheEnd) {
            self.flaw(Flaw::BehindTheEnd, at);
        }
    }
}

/// Whether a file has records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// It has none.
    None,
    /// It has, and their ends are marked.
    Marked,
}

/// Appends data in which an octet of ones is said twice.
pub fn escaped(octets: &[u8], into: &mut Vec<u8>) {
    for &octet in octets {
        if octet == ESCAPE {
            into.push(ESCAPE);
        }
        into.push(octet);
    }
}

/// What data with marked records holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// An octet of a record.
    Octet(u8),
    /// The end of a record.
    RecordEnd,
}

/// Reads data with marked records, however it is cut.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marked {
    escape: bool,
}

impl Marked {
    /// What the octet brings. An escape brings nothing by itself.
    pub(super) fn feed(&mut self, octet: u8) -> Option<Piece> {
        if std::mem::take(&mut self.escape) {
            return Some(if octet == RECORD_END { Piece::RecordEnd } else { Piece::Octet(octet) });
        }
        if octet == ESCAPE {
            self.escape = true;
            return None;
        }
        Some(Piece::Octet(octet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_is_found_by_its_word() {
        for flaw in Flaw::ALL {
            assert_eq!(Flaw::from_word(flaw.word()), Some(flaw));
        }
        assert_eq!(Flaw::from_word("nonsense"), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut seen = Seen::default();
        for at in 0..1000 {
            seen.marker(&[b'a'; 1000], at);
            seen.flaw(Flaw::EmptyBlock, at);
        }
        assert_eq!((seen.markers.len(), seen.flaws.len()), (KEPT, KEPT));
        assert_eq!(seen.markers[0].text.len(), MARKER_KEPT);
    }
}
