//! Text that others wrote, made safe to show.
//!
//! What a peer says, what its process prints, how its files are called: all of it may hold control bytes that move a
//! cursor, hide a word or turn a line round. Every renderer passes every text through here before it shows it.

use std::fmt::Write as _;

/// Which characters a form may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symbols {
    /// ASCII alone, for terminals and logs whose encoding is not known.
    Ascii,
    /// Any character that can be seen.
    #[default]
    Unicode,
}

/// The text with everything that cannot be seen, or that acts on a terminal, written as an escape.
///
/// CR, LF and TAB become `\r`, `\n` and `\t`, other ASCII control characters `\xNN`, and every other character that is
/// not allowed `\u{…}`. A backslash stays one backslash, so what is visible already does not change again.
///
/// ```
/// use reports::{Symbols, visible};
///
/// assert_eq!(visible("220 \x1b[2Jré\u{202e}\r\n", Symbols::Unicode), r"220 \x1b[2Jré\u{202e}\r\n");
/// assert_eq!(visible("ré", Symbols::Ascii), r"r\u{e9}");
/// ```
pub fn visible(text: &str, symbols: Symbols) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' '..='~' => shown.push(character),
            '\r' => shown.push_str(r"\r"),
            '\n' => shown.push_str(r"\n"),
            '\t' => shown.push_str(r"\t"),
            '\0'..='\x7f' => _ = write!(shown, r"\x{:02x}", u32::from(character)),
            _ if symbols == Symbols::Unicode && !is_hidden(character) => shown.push(character),
            _ => _ = write!(shown, "{}", character.escape_unicode()),
        }
    }
    shown
}

/// Whether a character beyond ASCII has no shape of its own, or changes how its neighbours are shown.
pub(crate) fn is_hidden(character: char) -> bool {
    let number = u32::from(character);
    character.is_control()
        // No character at all; XML 1.0 §2.2 refuses them.
        || number & 0xfffe == 0xfffe
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}'
                | '\u{180b}'..='\u{180f}'
                // Zero width, and the marks that turn the direction of a line.
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{fffb}'
                // Tags, variation selectors and private use.
                | '\u{e000}'..='\u{f8ff}'
                | '\u{e0000}'..='\u{10ffff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a\\b", r"a\b")]
    #[case("\0\x07\x7f", r"\x00\x07\x7f")]
    #[case("\u{9b}2J", r"\u{9b}2J")]
    #[case("a\u{200b}b\u{2066}c\u{2029}\u{feff}", r"a\u{200b}b\u{2066}c\u{2029}\u{feff}")]
    #[case("\u{ffff}\u{e0041}", r"\u{ffff}\u{e0041}")]
    #[case("中文 é", "中文 é")]
    fn shown(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(visible(text, Symbols::Unicode), expected);
    }

    proptest! {
        #[test]
        fn only_ascii_is_left(text: String) {
            let shown = visible(&text, Symbols::Ascii);
            prop_assert!(shown.chars().all(|c| matches!(c, ' '..='~')), "{shown:?}");
        }

        #[test]
        fn what_is_visible_stays(text: String) {
            let once = visible(&text, Symbols::Unicode);
            prop_assert!(!once.chars().any(char::is_control));
            prop_assert_eq!(visible(&once, Symbols::Unicode), once);
        }
    }
}
