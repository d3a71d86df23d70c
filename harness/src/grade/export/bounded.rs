//! Text that others had a word in, made fit for a file: nothing in it hides or acts, and there is an end to it.

use reports::{Symbols, visible};

/// What stands where text was left out.
const MORE: &str = "(the rest is not shown)";

/// A text on one line, of about so many octets at most.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut shown = visible(head(text, most), Symbols::Unicode);
    if text.len() > most {
        shown.push(' ');
        shown.push_str(MORE);
    }
    shown
}

/// A text of several lines, of about so many octets at most. Line ends are `\n`.
pub(super) fn block(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for line in text.lines() {
        let line = visible(line, Symbols::Unicode);
        let left = most.saturating_sub(shown.len());
        if line.len() >= left {
            shown.push_str(head(&line, left));
            shown.push('\n');
            shown.push_str(MORE);
            shown.push('\n');
            return shown;
        }
        shown.push_str(&line);
        shown.push('\n');
    }
    shown
}

/// Each line of a text behind a sign, so that none begins as it wants.
pub(super) fn behind(sign: &str, text: &str) -> String {
    let mut behind = String::new();
    for line in text.lines() {
        behind.push_str(sign);
        behind.push_str(line);
        behind.push('\n');
    }
    behind
}

/// The first octets of a text, and no character in pieces.
fn head(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{block, line};

    #[test]
    fn nothing_hides_or_acts() {
        assert_eq!(line("a\x1b[2J\r\n\u{202e}b", 100), r"a\x1b[2J\r\n\u{202e}b");
        assert_eq!(block("a\x1b[2J\n\u{202e}b\rc", 100), "a\\x1b[2J\n\\u{202e}b\\rc\n");
    }

    #[test]
    fn there_is_an_end() {
        assert_eq!(line("ééé", 3), "é (the rest is not shown)");
        assert_eq!(block("one\ntwo\nthree", 9), "one\ntwo\nt\n(the rest is not shown)\n");
    }

    proptest! {
        #[test]
        fn no_text_is_too_long(text: String, most in 0..200_usize) {
            prop_assert!(block(&text, most).len() <= most + 30);
            // One character may become ten.
            prop_assert!(line(&text, most).len() <= most * 10 + 30);
        }
    }
}
