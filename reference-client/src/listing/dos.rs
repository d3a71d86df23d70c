//! A line of LIST as servers on Windows print it: date, time, size or `<DIR>`, name.

use super::{Entry, Kind, Modified, Precision, moment, number, word};

pub(super) fn read(line: &[u8]) -> Option<Entry> {
    let mut rest = line;
    let (year, month, day) = date(word(&mut rest)?)?;
    let (hour, minute) = time(word(&mut rest)?)?;
    let what = word(&mut rest)?;
    let (kind, size) = match what.to_ascii_uppercase().as_slice() {
        b"<DIR>" => (Kind::Directory, None),
        b"<JUNCTION>" | b"<SYMLINK>" | b"<SYMLINKD>" => (Kind::Link { target: None }, None),
        _ => {
            let digits: Vec<u8> = what.iter().copied().filter(|octet| !matches!(octet, b',' | b'.')).collect();
            (Kind::File, Some(number(&digits)?))
        }
    };
    // Behind <DIR> the columns are filled up with spaces; no name begins with one there.
    let name = rest.trim_ascii_start();
    let seconds = moment(year, month, day, hour, minute)?;
    let modified = Some(Modified { seconds, precision: Precision::Minute });
    (!name.is_empty()).then(|| Entry { name: name.to_vec(), kind, size, modified })
}

/// `MM-DD-YY`, `MM-DD-YYYY`, `YYYY-MM-DD`, with `-` or `/`.
fn date(text: &[u8]) -> Option<(u16, u8, u8)> {
    let mut parts = text.split(|octet| matches!(octet, b'-' | b'/'));
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if first.len() == 4 {
        return Some((number(first)?, number(second)?, number(third)?));
    }
    let year: u16 = number(third)?;
    let year = match (third.len(), year) {
        (4, year) => year,
        (2, 70..) => 1900 + year,
        (2, year) => 2000 + year,
        _ => return None,
    };
    Some((year, number(first)?, number(second)?))
}

/// `HH:MM`, with AM or PM or in 24 hours.
fn time(text: &[u8]) -> Option<(u8, u8)> {
    let upper = text.to_ascii_uppercase();
    let (digits, half) = match upper.as_slice() {
        [digits @ .., b'A', b'M'] => (digits, Some(0)),
        [digits @ .., b'P', b'M'] => (digits, Some(12)),
        digits => (digits, None),
    };
    let colon = digits.iter().position(|&octet| octet == b':')?;
    let hour: u8 = number(digits.get(..colon)?)?;
    let minute = number(digits.get(colon + 1..)?)?;
    let hour = match half {
        None => hour,
        Some(half) if hour <= 12 => hour % 12 + half,
        Some(_) => return None,
    };
    Some((hour, minute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("01-16-02  11:14AM       <DIR>          a b", "a b", Kind::Directory, None, "20020116111400")]
    #[case("06-05-03  03:19PM                 1973 readme.txt", "readme.txt", Kind::File, Some(1973), "20030605151900")]
    #[case("02-03-2024  12:05AM   1,234 x", "x", Kind::File, Some(1234), "20240203000500")]
    #[case("12-31-99  12:05PM   1 x", "x", Kind::File, Some(1), "19991231120500")]
    #[case("2024-02-03  15:05   <JUNCTION> j", "j", Kind::Link { target: None }, None, "20240203150500")]
    fn lines(
        #[case] line: &str,
        #[case] name: &str,
        #[case] kind: Kind,
        #[case] size: Option<u64>,
        #[case] time: &str,
    ) {
        let entry = read(line.as_bytes()).unwrap();
        assert_eq!((entry.name.as_slice(), entry.kind, entry.size), (name.as_bytes(), kind, size));
        let expected = protocol::Timestamp::parse(time.as_bytes()).unwrap().to_unix();
        assert_eq!(entry.modified.unwrap().seconds, expected);
    }

    #[rstest]
    #[case("13-16-02  11:14AM  <DIR> a")]
    #[case("01-16-02  13:14PM  <DIR> a")]
    #[case("01-16-02  11:14AM  <DIR>")]
    #[case("01-16-02  11:14AM  many a")]
    #[case("220 files")]
    fn no_lines(#[case] line: &str) {
        assert_eq!(read(line.as_bytes()), None);
    }
}
