//! What servers list: MLSD (RFC 3659 §7), and the forms of LIST, which no RFC describes. Tolerant by design: a line that says
//! nothing is left out and counted.

mod dos;
mod eplf;
mod facts;
mod unix;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// One name of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Modified>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    Link {
        target: Option<Vec<u8>>,
    },
    /// Something else, or nobody says what.
    Other,
}

/// When something was modified, as exactly as the listing says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modified {
    /// After 1970-01-01 00:00:00. UTC only where it is exact: LIST tells the time of the server's own zone.
    pub(crate) seconds: i64,
    pub(crate) precision: Precision,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// A second, in UTC.
    Second,
    /// A minute, in an unknown zone.
    Minute,
    /// A day.
    Day,
}

impl Modified {
    /// Whether a file of that time can be the same.
    pub(crate) fn fits(self, seconds: i64) -> bool {
        const DAY: u64 = 86_400;
        let tolerance = match self.precision {
            // There are file systems that count in steps of two seconds.
            Precision::Second => 2,
            Precision::Minute => DAY,
            Precision::Day => 2 * DAY,
        };
        self.seconds.abs_diff(seconds) <= tolerance
    }
}

/// Which command made the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// MLSD.
    Machine,
    /// LIST.
    People,
}

/// A listing that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    /// Lines that say nothing.
    pub(crate) unreadable: usize,
}

impl Listing {
    /// Reads the lines of a listing; `now`, in seconds after 1970, tells the year where a line has none.
    pub(crate) fn read(text: &[u8], form: Form, now: i64) -> Self {
        let mut listing = Self::default();
        for line in text.split(|&octet| octet == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || (form == Form::People && is_total(line)) {
                continue;
            }
            let entry = match (form, line.first()) {
                (Form::Machine, _) => facts::read(line),
                (Form::People, Some(b'+')) => eplf::read(line),
                (Form::People, Some(b'0'..=b'9')) => dos::read(line),
                (Form::People, _) => unix::read(line, now),
            };
            match entry {
                Some(entry) if matches!(entry.name.as_slice(), b"." | b"..") => {}
                Some(entry) => listing.entries.push(entry),
                None if form == Form::Machine && facts::is_of_directory(line) => {}
                None => listing.unreadable += 1,
            }
        }
        listing
    }
}

/// The first line that `ls -l` prints.
fn is_total(line: &[u8]) -> bool {
    line.strip_prefix(b"total ").is_some_and(|rest| rest.trim_ascii().iter().all(u8::is_ascii_digit))
}

/// The name as one of a file in a directory here; `None` for one that would lead elsewhere, or that no command could say.
pub(crate) fn local_name(name: &[u8]) -> Option<&OsStr> {
    let is_name =
        !matches!(name, b"" | b"." | b"..") && !name.iter().any(|octet| matches!(octet, b'/' | 0 | b'\r' | b'\n'));
    is_name.then(|| OsStr::from_bytes(name))
}

/// Splits a word off the front; what is left begins behind it.
fn word<'l>(line: &mut &'l [u8]) -> Option<&'l [u8]> {
    let text = line.trim_ascii_start();
    let end = text.iter().position(|&octet| octet == b' ' || octet == b'\t').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    *line = rest;
    (!word.is_empty()).then_some(word)
}

fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A moment of the calendar, if there is such a one.
fn moment(year: u16, month: u8, day: u8, hour: u8, minute: u8) -> Option<i64> {
    let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}00");
    Some(protocol::Timestamp::parse(text.as_bytes()).ok()?.to_unix())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"a b", true)]
    #[case(b"...", true)]
    #[case(b"a\\b", true)]
    #[case(b"", false)]
    #[case(b".", false)]
    #[case(b"..", false)]
    #[case(b"../a", false)]
    #[case(b"/etc/passwd", false)]
    #[case(b"a/b", false)]
    #[case(b"a\0", false)]
    #[case(b"a\rDELE b", false)]
    fn names_stay_in_their_directory(#[case] name: &[u8], #[case] stays: bool) {
        assert_eq!(local_name(name).is_some(), stays);
    }

    #[test]
    fn what_says_nothing_is_counted() {
        let text =
            b"total 8\r\n-rw-r--r-- 1 u g 1 Jan  1 2020 a\r\ngibberish\r\n\r\ndrwxr-xr-x 1 u g 1 Jan  1 2020 ..\n";
        let listing = Listing::read(text, Form::People, 0);
        assert_eq!((listing.entries.len(), listing.unreadable), (1, 1));
        let listing = Listing::read(b"type=cdir; .\r\ntype=file; a\r\nnonsense\r\n", Form::Machine, 0);
        assert_eq!((listing.entries.len(), listing.unreadable), (1, 1));
    }

    #[rstest]
    #[case(Precision::Second, 2, true)]
    #[case(Precision::Second, 3, false)]
    #[case(Precision::Minute, 14 * 3600, true)]
    #[case(Precision::Minute, 100_000, false)]
    #[case(Precision::Day, 100_000, true)]
    fn times_that_fit(#[case] precision: Precision, #[case] apart: i64, #[case] fits: bool) {
        let modified = Modified { seconds: 1_000_000, precision };
        assert_eq!((modified.fits(1_000_000 + apart), modified.fits(1_000_000 - apart)), (fits, fits));
    }
}
