//! The small written forms: durations, sizes, hexadecimal, codes, names, pathnames, texts with gaps.

use std::time::Duration;

use super::reader::Wrong;
use crate::scenario::tree::{CodePattern, Piece, Template};

/// The longest time that a scenario may ask for.
const LONGEST: Duration = Duration::from_hours(1);
/// The largest body.
const LARGEST: u64 = 16 << 30;

/// `500ms`, `5s`, `2min`.
pub(crate) fn duration(text: &str) -> Result<Duration, Wrong> {
    let wrong =
        || Wrong::new(format!("\"{text}\" is not a time"), "a time is a number and ms, s or min: 500ms, 5s, 2min");
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "min" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err(wrong()),
    };
    if time.is_zero() || time > LONGEST {
        return Err(Wrong::new(format!("{text} is not a time to wait"), "from 1ms to 60min"));
    }
    Ok(time)
}

/// `1048576`, `64 KiB`, `1 MiB`.
pub(crate) fn size(text: &str) -> Result<u64, Wrong> {
    let wrong = || {
        Wrong::new(format!("\"{text}\" is not a size"), "a size is a number of octets, or a number and KiB, MiB or GiB")
    };
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let shift = match unit {
        "" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(1 << shift)
        .filter(|octets| *octets <= LARGEST)
        .ok_or_else(|| Wrong::new(format!("{text} is too much"), "at most 16 GiB"))
}

/// `19990929043300`, in UTC, as seconds since 1970.
pub(crate) fn moment(text: &str) -> Result<i64, Wrong> {
    let wrong =
        || Wrong::new(format!("\"{text}\" is not a time of day"), "write YYYYMMDDHHMMSS in UTC: 19990929043300");
    if text.len() != 14 {
        return Err(wrong());
    }
    let moment = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text).ok();
    let moment = moment.and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC).ok());
    moment.map(|moment| moment.timestamp().as_second()).ok_or_else(wrong)
}

/// A number of at most 19 digits.
pub(crate) fn number(text: &str) -> Result<u64, Wrong> {
    let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let parsed = if digits { text.parse().ok() } else { None };
    parsed.ok_or_else(|| Wrong::new(format!("\"{text}\" is not a number"), "write decimal digits"))
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let split = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(split)?;
    Some((digits.parse().ok()?, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// `00 ff 1A`, with or without spaces.
pub(crate) fn hexadecimal(text: &str) -> Result<Vec<u8>, Wrong> {
    let help = "octets are pairs of hexadecimal digits: \"00 ff 1a\"";
    let mut octets = Vec::new();
    for word in text.split_whitespace() {
        for pair in word.as_bytes().chunks(2) {
            let octet = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok());
            octets.push(octet.ok_or_else(|| Wrong::new(format!("\"{word}\" is not hexadecimal"), help))?);
        }
    }
    if octets.is_empty() { Err(Wrong::new("no octets", help)) } else { Ok(octets) }
}

/// `226`, `2yz`, `53z`.
pub(crate) fn code(text: &str) -> Result<CodePattern, Wrong> {
    // RFC 959 §4.2: the first digit is 1 to 5, the second 0 to 5. RFC 2228 §5 adds 6yz.
    let wrong = || Wrong::new(format!("\"{text}\" is not a reply code"), code_help(text));
    let &[first, second, third] = text.as_bytes() else { return Err(wrong()) };
    let first_digit = digit(first, 6).filter(|digit| *digit > 0).ok_or_else(wrong)?;
    if (second, third) == (b'y', b'z') {
        return Ok(CodePattern::Class(first_digit));
    }
    let second_digit = digit(second, 5).ok_or_else(wrong)?;
    if third == b'z' {
        return Ok(CodePattern::Group(first_digit, second_digit));
    }
    let third_digit = digit(third, 9).ok_or_else(wrong)?;
    Ok(CodePattern::Code(u16::from(first_digit) * 100 + u16::from(second_digit) * 10 + u16::from(third_digit)))
}

fn code_help(text: &str) -> String {
    match text.as_bytes() {
        [first @ b'1'..=b'6', b'x' | b'X' | b'y', b'x' | b'X' | b'y'] => {
            format!("a class is written {}yz", char::from(*first))
        }
        _ => "a code is three digits, the first 1 to 6, the second 0 to 5: 226; a class is 2yz, a group 53z".to_owned(),
    }
}

fn digit(octet: u8, most: u8) -> Option<u8> {
    octet.checked_sub(b'0').filter(|digit| *digit <= most)
}

/// `226 | 250`, each with `?` behind it or not.
pub(crate) fn codes(text: &str) -> Result<(Vec<CodePattern>, Optional), Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::new("no code", "write one, or several with | between them: 226 | 250"));
    }
    let words: Vec<_> = text.split('|').map(str::trim).collect();
    let optional = words.iter().filter(|word| word.ends_with('?')).count();
    let found = words.iter().map(|word| code(word.strip_suffix('?').unwrap_or(word))).collect::<Result<Vec<_>, _>>()?;
    match optional {
        0 => Ok((found, Optional::Required)),
        marked if marked == words.len() => Ok((found, Optional::MayBeLeftOut)),
        _ => Err(Wrong::new("some of these codes have a ? and some have none", "mark all of one reply: 125? | 150?")),
    }
}

/// Whether a reply must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Optional {
    /// It must.
    Required,
    /// It may be left out.
    MayBeLeftOut,
}

/// A name: of a capture, a connection, a timer, a column.
pub(crate) fn name(text: &str) -> Result<String, Wrong> {
    let mut letters = text.bytes();
    let first = letters.next().is_some_and(|octet| octet.is_ascii_lowercase());
    let rest =
        letters.all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-' || octet == b'_');
    if first && rest && text.len() <= 40 {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("\"{text}\" is not a name"),
        "a name is a small letter, and behind it small letters, digits and hyphens",
    ))
}

/// A text with `{name}` for what was captured; `{{` is a brace.
pub(crate) fn template(text: &str) -> Result<Template, Wrong> {
    let mut pieces = Vec::new();
    let mut octets = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        octets.push_str(before);
        if let Some(behind) = behind.strip_prefix('{') {
            octets.push('{');
            rest = behind;
            continue;
        }
        let (inside, behind) = behind.split_once('}').ok_or_else(|| {
            Wrong::new("a brace that is not closed", "a name stands in braces: {there}; a brace itself is {{")
        })?;
        let inside =
            name(inside).map_err(|wrong| Wrong { help: Some("a brace itself is written {{".to_owned()), ..wrong })?;
        if !octets.is_empty() {
            pieces.push(Piece::Octets(std::mem::take(&mut octets).into_bytes()));
        }
        pieces.push(Piece::Capture(inside));
        rest = behind;
    }
    octets.push_str(rest);
    if !octets.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Octets(octets.into_bytes()));
    }
    Ok(Template(pieces))
}

/// A pathname below the root. A `/` at its end is left out of what comes back.
pub(crate) fn path(text: &str) -> Result<String, Wrong> {
    let bare = text.strip_suffix('/').unwrap_or(text);
    let help = "a path is relative, with / between its names, and stays below the server's root";
    if bare.is_empty() || bare.len() > 1024 || bare.contains('\0') {
        return Err(Wrong::new(format!("\"{text}\" is not a path"), help));
    }
    if bare.starts_with('/') || bare.split('/').any(|part| part == "..") {
        return Err(Wrong::new(format!("the path \"{text}\" leaves the root"), help));
    }
    if bare.split('/').any(|part| part.is_empty() || part == "." || part.len() > 255) {
        return Err(Wrong::new(format!("\"{text}\" is not a path"), help));
    }
    Ok(bare.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("500ms", Some(500))]
    #[case("5s", Some(5000))]
    #[case("5 s", Some(5000))]
    #[case("2min", Some(120_000))]
    #[case("60min", Some(3_600_000))]
    #[case("61min", None)]
    #[case("0s", None)]
    #[case("5", None)]
    #[case("5sec", None)]
    #[case("-5s", None)]
    #[case("5  s", None)]
    #[case("", None)]
    #[case("99999999999999999999s", None)]
    #[case("18446744073709551615min", None)]
    fn times(#[case] text: &str, #[case] milliseconds: Option<u64>) {
        assert_eq!(duration(text).ok(), milliseconds.map(Duration::from_millis));
    }

    #[rstest]
    #[case("0", Some(0))]
    #[case("17", Some(17))]
    #[case("64 KiB", Some(65536))]
    #[case("64KiB", Some(65536))]
    #[case("1 MiB", Some(1 << 20))]
    #[case("1 GiB", Some(1 << 30))]
    #[case("17 GiB", None)]
    #[case("18446744073709551615 GiB", None)]
    #[case("1 MB", None)]
    #[case("one", None)]
    fn sizes(#[case] text: &str, #[case] octets: Option<u64>) {
        assert_eq!(size(text).ok(), octets);
    }

    #[rstest]
    #[case("ff f4", Some(vec![255, 244]))]
    #[case("FFf4", Some(vec![255, 244]))]
    #[case("f", None)]
    #[case("fg", None)]
    #[case("é", None)]
    #[case("+f", None)]
    #[case("", None)]
    fn octets(#[case] text: &str, #[case] expected: Option<Vec<u8>>) {
        assert_eq!(hexadecimal(text).ok(), expected);
    }

    #[rstest]
    #[case("226", Some(CodePattern::Code(226)))]
    #[case("631", Some(CodePattern::Code(631)))]
    #[case("2yz", Some(CodePattern::Class(2)))]
    #[case("53z", Some(CodePattern::Group(5, 3)))]
    #[case("9999", None)]
    #[case("099", None)]
    #[case("700", None)]
    #[case("260", None)]
    #[case("2xx", None)]
    #[case("yyz", None)]
    #[case("", None)]
    fn reply_codes(#[case] text: &str, #[case] expected: Option<CodePattern>) {
        assert_eq!(code(text).ok(), expected);
    }

    #[rstest]
    #[case("PORT {there}", vec![Piece::Octets(b"PORT ".to_vec()), Piece::Capture("there".to_owned())])]
    #[case("{a}{b}", vec![Piece::Capture("a".to_owned()), Piece::Capture("b".to_owned())])]
    #[case("a {{b} c", vec![Piece::Octets(b"a {b} c".to_vec())])]
    #[case("", vec![Piece::Octets(Vec::new())])]
    fn gaps(#[case] text: &str, #[case] expected: Vec<Piece>) {
        assert_eq!(template(text).unwrap(), Template(expected));
    }

    #[rstest]
    #[case("a {b")]
    #[case("a {} b")]
    #[case("a {B} b")]
    #[case("a {b c}")]
    fn wrong_gaps(#[case] text: &str) {
        assert!(template(text).is_err());
    }

    #[rstest]
    #[case("a", Some("a"))]
    #[case("a/b.txt", Some("a/b.txt"))]
    #[case("a/", Some("a"))]
    #[case("..a", Some("..a"))]
    #[case("/etc/passwd", None)]
    #[case("../a", None)]
    #[case("a/../../b", None)]
    #[case("a//b", None)]
    #[case("./a", None)]
    #[case("", None)]
    #[case("/", None)]
    fn paths(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(path(text).ok().as_deref(), expected);
    }
}
