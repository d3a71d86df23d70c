//! How what a client says is written into a log.

use std::fmt::Write;

/// Octets as one word, from which they can be had back: printable ASCII but `%` stays, and letters and digits of any script in
/// UTF-8. Every other octet is `%` and two hexadecimal digits. So there are no blanks, no ends of lines, no escape sequences, and
/// nothing that turns the direction of writing.
pub(super) fn word(octets: &[u8]) -> String {
    let mut word = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_plain(character) {
                word.push(character);
            } else {
                escape(character.encode_utf8(&mut [0; 4]).as_bytes(), &mut word);
            }
        }
        escape(chunk.invalid(), &mut word);
    }
    word
}

fn is_plain(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_graphic() && character != '%' } else { character.is_alphanumeric() }
}

fn escape(octets: &[u8], word: &mut String) {
    for octet in octets {
        // A String takes everything.
        let _ = write!(word, "%{octet:02X}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::word;

    #[rstest]
    #[case::plain(b"/a/b.txt", "/a/b.txt")]
    #[case::blank(b"/a b", "/a%20b")]
    #[case::percent(b"/100%", "/100%25")]
    #[case::lines(b"/a\r\nb", "/a%0D%0Ab")]
    #[case::terminal(b"/\x1b[2J\x07\x7f", "/%1B[2J%07%7F")]
    #[case::letters("/größe/日本".as_bytes(), "/größe/日本")]
    #[case::controls_of_unicode("/\u{85}\u{9b}\u{202e}\u{2028}\u{a0}".as_bytes(), "/%C2%85%C2%9B%E2%80%AE%E2%80%A8%C2%A0")]
    #[case::no_utf8(b"/\xffa\xc3", "/%FFa%C3")]
    fn words(#[case] octets: &[u8], #[case] expected: &str) {
        assert_eq!(word(octets), expected);
    }

    fn octets_of(word: &str) -> Vec<u8> {
        let mut parts = word.split('%');
        let mut octets = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            octets.push(u8::from_str_radix(&part[..2], 16).unwrap());
            octets.extend_from_slice(&part.as_bytes()[2..]);
        }
        octets
    }

    proptest! {
        #[test]
        fn a_word_is_one_and_has_all(octets: Vec<u8>) {
            let word = word(&octets);
            prop_assert!(!word.contains(|character: char| character.is_whitespace() || character.is_control()));
            prop_assert_eq!(octets_of(&word), octets);
        }
    }
}
