//! Shows octets of a peer without obeying them.

use std::fmt::Write as _;
use std::path::Path;

/// The octets as text on one line. Printable text in UTF-8 stays as it is; a backslash is doubled; every other
/// octet (controls, and what is not UTF-8) is written `\xNN`. The octets can be had back from it.
pub(crate) fn escaped(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            push(character, &mut text);
        }
        push_hexadecimal(chunk.invalid(), &mut text);
    }
    text
}

/// A local path, escaped: its last part may be a name the server gave.
pub(crate) fn escaped_path(path: &Path) -> String {
    escaped(path.as_os_str().as_encoded_bytes())
}

fn push(character: char, text: &mut String) {
    match character {
        '\\' => text.push_str(r"\\"),
        character if is_command_to_a_terminal(character) => {
            push_hexadecimal(character.encode_utf8(&mut [0; 4]).as_bytes(), text);
        }
        character => text.push(character),
    }
}

/// Controls, and the characters that turn the direction of a line or hide in it.
fn is_command_to_a_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn push_hexadecimal(octets: &[u8], text: &mut String) {
    for octet in octets {
        // Writing to a String does not fail.
        let _written = write!(text, "\\x{octet:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain(b"220 ready", "220 ready")]
    #[case::utf_8("naïve ☺".as_bytes(), "naïve ☺")]
    #[case::terminal_command(b"\x1b[2Jx", r"\x1b[2Jx")]
    #[case::ends_of_line(b"a\r\nb\0\t", r"a\x0d\x0ab\x00\x09")]
    #[case::not_utf_8(b"\xff\xfea", r"\xff\xfea")]
    #[case::c1_control("\u{9b}".as_bytes(), r"\xc2\x9b")]
    #[case::right_to_left_override("a\u{202e}b".as_bytes(), r"a\xe2\x80\xaeb")]
    #[case::backslash(br"a\x0a", r"a\\x0a")]
    fn shown(#[case] octets: &[u8], #[case] text: &str) {
        assert_eq!(escaped(octets), text);
    }
}
