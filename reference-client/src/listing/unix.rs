//! A line of LIST as `ls -l` prints it. What stands between the permissions and the date varies: a number of links or none, a group
//! or none, owners with spaces. So the date is looked for, and the size stands before it.

use protocol::Timestamp;

use super::{Entry, Kind, Modified, Precision, moment, number, word};

pub(super) fn read(line: &[u8], now: i64) -> Option<Entry> {
    let mut rest = line;
    let permissions = word(&mut rest)?;
    let kind = kind(permissions)?;
    let mut before = word(&mut rest)?;
    // Names may hold dates too; the first one is that of the file.
    loop {
        let mut behind = rest;
        if let Some(modified) = date(&mut behind, now) {
            // One space ends the date, and the name may begin with another.
            let name = behind.strip_prefix(b" ")?;
            return entry(name, kind, number(before), modified);
        }
        before = word(&mut rest)?;
    }
}

fn entry(name: &[u8], kind: Kind, size: Option<u64>, modified: Modified) -> Option<Entry> {
    const ARROW: &[u8] = b" -> ";
    let (name, kind) = match kind {
        Kind::Link { .. } => match name.windows(ARROW.len()).position(|window| window == ARROW) {
            None => (name, kind),
            Some(at) => (name.get(..at)?, Kind::Link { target: name.get(at + ARROW.len()..).map(<[u8]>::to_vec) }),
        },
        Kind::File | Kind::Directory | Kind::Other => (name, kind),
    };
    let size = if kind == Kind::File { size } else { None };
    (!name.is_empty()).then(|| Entry { name: name.to_vec(), kind, size, modified: Some(modified) })
}

fn kind(permissions: &[u8]) -> Option<Kind> {
    let (first, bits) = permissions.split_first()?;
    let is_bits = bits.len() >= 9 && bits.iter().take(9).all(|bit| b"-rwxsStTlLAaBbCcDd".contains(bit));
    if !is_bits {
        return None;
    }
    match first {
        b'-' => Some(Kind::File),
        b'd' => Some(Kind::Directory),
        b'l' => Some(Kind::Link { target: None }),
        b'b' | b'c' | b'p' | b's' | b'D' => Some(Kind::Other),
        _ => None,
    }
}

/// `Jan  2 15:04`, `Jan  2 2006`, `2 Jan 15:04`, `2006-01-02 15:04`; without a year the last day of that name until tomorrow.
fn date(rest: &mut &[u8], now: i64) -> Option<Modified> {
    let first = word(rest)?;
    if let [year @ .., b'-', m1, m2, b'-', d1, d2] = first {
        let (hour, minute) = time(word(rest)?)?;
        let seconds = moment(number(year)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?, hour, minute)?;
        return Some(Modified { seconds, precision: Precision::Minute });
    }
    let second = word(rest)?;
    let (month, day) = match (month(first), month(second)) {
        (Some(month), _) => (month, number::<u8>(second)?),
        (None, Some(month)) => (month, number::<u8>(first)?),
        (None, None) => return None,
    };
    let third = word(rest)?;
    if let Some((hour, minute)) = time(third) {
        let seconds = last(month, day, hour, minute, now)?;
        return Some(Modified { seconds, precision: Precision::Minute });
    }
    let year: u16 = if third.len() == 4 { number(third)? } else { return None };
    Some(Modified { seconds: moment(year, month, day, 0, 0)?, precision: Precision::Day })
}

/// A server's clock and zone may be ahead by a day.
fn last(month: u8, day: u8, hour: u8, minute: u8, now: i64) -> Option<i64> {
    const DAY: i64 = 86_400;
    let year = Timestamp::from_unix(now + DAY).year;
    // 29 February is not in every year.
    (0..8)
        .filter_map(|back| moment(year.checked_sub(back)?, month, day, hour, minute))
        .find(|&seconds| seconds <= now + DAY)
}

fn month(text: &[u8]) -> Option<u8> {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let lower = text.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == lower.as_slice())?;
    u8::try_from(at + 1).ok()
}

fn time(text: &[u8]) -> Option<(u8, u8)> {
    let colon = text.iter().position(|&octet| octet == b':')?;
    let minute = text.get(colon + 1..)?;
    let minute = minute.split(|&octet| octet == b':').next()?;
    Some((number(text.get(..colon)?)?, number(minute)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// 2026-03-01 12:00:00.
    const NOW: i64 = 1_772_366_400;

    fn link(target: Option<&str>) -> Kind {
        Kind::Link { target: target.map(|target| target.as_bytes().to_vec()) }
    }

    #[rstest]
    #[case::usual("-rw-r--r--   1 ftp  ftp   1234 Feb  3 10:05 a", "a", Kind::File, Some(1234), "20260203100500")]
    #[case::with_a_year("drwxr-xr-x   2 0 0 4096 Nov 12  2019 d", "d", Kind::Directory, None, "20191112000000")]
    #[case::last_year("-rw-r--r-- 1 u g 1 Mar  3 10:05 a", "a", Kind::File, Some(1), "20250303100500")]
    #[case::ahead_of_us("-rw-r--r-- 1 u g 1 Mar  2 10:05 a", "a", Kind::File, Some(1), "20260302100500")]
    #[case::leap_day("-rw-r--r-- 1 u g 1 Feb 29 10:05 a", "a", Kind::File, Some(1), "20240229100500")]
    #[case::spaces("-rw-r--r-- 1 u g 1 Jan  1  2020  a  b ", " a  b ", Kind::File, Some(1), "20200101000000")]
    #[case::no_group("-rw-r--r--   1 owner   17 Jan  1 2020 a", "a", Kind::File, Some(17), "20200101000000")]
    #[case::no_links("-rw-r--r-- owner group 17 Jan  1 2020 a", "a", Kind::File, Some(17), "20200101000000")]
    #[case::spaces_in_the_owner(
        "-rw-r--r-- 1 Domain Users group 17 Jan  1 2020 a",
        "a",
        Kind::File,
        Some(17),
        "20200101000000"
    )]
    #[case::access_list("-rw-r--r--+ 1 u g 17 Jan  1 2020 a", "a", Kind::File, Some(17), "20200101000000")]
    #[case::day_first("-rw-r--r-- 1 u g 17 1 jan 2020 a", "a", Kind::File, Some(17), "20200101000000")]
    #[case::iso("-rw-r--r-- 1 u g 17 2020-01-02 03:04 a", "a", Kind::File, Some(17), "20200102030400")]
    #[case::link("lrwxrwxrwx 1 u g 4 Jan  1 2020 l -> ../x", "l", link(Some("../x")), None, "20200101000000")]
    #[case::link_to_nowhere("lrwxrwxrwx 1 u g 4 Jan  1 2020 l", "l", link(None), None, "20200101000000")]
    #[case::arrow_in_a_file("-rw-r--r-- 1 u g 4 Jan  1 2020 a -> b", "a -> b", Kind::File, Some(4), "20200101000000")]
    #[case::date_in_a_name(
        "-rw-r--r-- 1 u g 4 Jan  1 2020 Feb  2 2021 x",
        "Feb  2 2021 x",
        Kind::File,
        Some(4),
        "20200101000000"
    )]
    #[case::device("brw-rw---- 1 root disk 8, 0 Jan  1 2020 sda", "sda", Kind::Other, None, "20200101000000")]
    fn lines(
        #[case] line: &str,
        #[case] name: &str,
        #[case] kind: Kind,
        #[case] size: Option<u64>,
        #[case] time: &str,
    ) {
        let entry = read(line.as_bytes(), NOW).unwrap();
        assert_eq!((entry.name.escape_ascii().to_string(), entry.kind, entry.size), (name.to_owned(), kind, size));
        assert_eq!(Timestamp::from_unix(entry.modified.unwrap().seconds).to_string(), time);
    }

    #[rstest]
    #[case("-rw-r--r-- 1 u g 17 Jan 32 2020 a")]
    #[case("-rw-r--r-- 1 u g 17 Jan 1 2020")]
    #[case("-rw-r--r-- 1 u g 17 Jan 1 2020 ")]
    #[case("-rw 1 u g 17 Jan 1 2020 a")]
    #[case("ls: cannot open directory")]
    fn no_lines(#[case] line: &str) {
        assert_eq!(read(line.as_bytes(), NOW), None);
    }
}
