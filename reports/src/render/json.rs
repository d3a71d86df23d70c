//! The model as one JSON document.

use std::fmt::Write as _;

use super::RenderError;
use crate::model::Report;
use crate::visible::is_hidden;

pub(super) fn render(report: &Report) -> Result<Vec<u8>, RenderError> {
    let mut text = escaped(&serde_json::to_string_pretty(report)?);
    text.push('\n');
    Ok(text.into_bytes())
}

/// The same JSON, with what cannot be seen written as `\uNNNN`.
///
/// JSON lets such characters stand in strings as they are (RFC 8259 §7), but a report is also read in terminals. Outside
/// strings JSON has none, so they can be replaced wherever they stand; the control characters below 32 are left, for in
/// strings they are escaped already and outside they are line ends.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\x7f' || !character.is_ascii() && is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                _ = write!(text, r"\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_come_back() {
        let hostile = "\x1b[2J\x7f\u{9b}\u{202e}\u{e0041}é";
        let written = escaped(&serde_json::to_string(hostile).unwrap());
        assert_eq!(written, r#""\u001b[2J\u007f\u009b\u202e\udb40\udc41é""#);
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), hostile);
    }
}
