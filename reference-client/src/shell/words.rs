//! Splits a line of the shell into words.

use thiserror::Error;

/// Words are separated by blanks. Inside `"…"` a blank is a character; behind a backslash any octet is itself.
/// Octets, not text: names on a server need not be UTF-8.
pub(super) fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, WordError> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut place = Place::Plain;
    let mut octets = line.iter().copied();
    while let Some(octet) = octets.next() {
        match (octet, place) {
            (b'\\', _) => word.get_or_insert_default().push(octets.next().ok_or(WordError::Backslash)?),
            (b'"', Place::Plain) => {
                place = Place::Quoted;
                word.get_or_insert_default();
            }
            (b'"', Place::Quoted) => place = Place::Plain,
            (b' ' | b'\t', Place::Plain) => words.extend(word.take()),
            (octet, _) => word.get_or_insert_default().push(octet),
        }
    }
    if place == Place::Quoted {
        return Err(WordError::Quote);
    }
    words.extend(word);
    Ok(words)
}

/// What stands behind the first word, as it was typed.
pub(super) fn after_first_word(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    let end = line.iter().position(|octet| matches!(octet, b' ' | b'\t')).unwrap_or(line.len());
    line.get(end..).unwrap_or_default().trim_ascii_start()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    Quoted,
}

/// Why a line has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum WordError {
    #[error("a \" is not closed; for the character itself write \\\"")]
    Quote,
    #[error("nothing stands behind the last backslash; for the character itself write \\\\")]
    Backslash,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"get a b", Ok("get|a|b"))]
    #[case(b"  get\ta  ", Ok("get|a"))]
    #[case(b"get \"a b\" c\\ d", Ok("get|a b|c d"))]
    #[case(b"get \"a\\\"b\" \"\"", Ok(r#"get|a\"b|"#))]
    #[case(b"get a\" \"b", Ok("get|a b"))]
    #[case(b"get a\rb \xff", Ok(r"get|a\rb|\xff"))]
    #[case(b"", Ok(""))]
    #[case(b"get \"a", Err(WordError::Quote))]
    #[case(b"get a\\", Err(WordError::Backslash))]
    fn lines(#[case] line: &[u8], #[case] expected: Result<&str, WordError>) {
        let shown = words(line)
            .map(|words| words.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>().join("|"));
        assert_eq!(shown.as_deref(), expected.as_deref());
    }

    #[rstest]
    #[case(b"quote SITE  a \\b", b"SITE  a \\b")]
    #[case(b" quote", b"")]
    fn rest_of_line(#[case] line: &[u8], #[case] rest: &[u8]) {
        assert_eq!(after_first_word(line), rest);
    }
}
