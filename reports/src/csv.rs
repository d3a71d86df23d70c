//! Fields of tables for spreadsheets.

use crate::visible::{Symbols, visible};

/// A text as a field of a table: in quotes, on one line, and nothing that a spreadsheet takes for a formula.
///
/// Spreadsheets compute what begins with `=`, `+`, `-` or `@`, in full width too (OWASP, "CSV Injection"). A quote before it
/// makes it a text.
///
/// ```
/// assert_eq!(reports::csv_field("=cmd()"), "\"'=cmd()\"");
/// assert_eq!(reports::csv_field("a \"b\",\r\nc"), r#""a ""b"",\r\nc""#);
/// ```
pub fn csv_field(text: &str) -> String {
    let shown = visible(text, Symbols::Unicode);
    let is_formula = |character: char| {
        matches!(character, '=' | '+' | '-' | '@' | '\\' | '|' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
    };
    // Some programs look behind white space.
    let guard = if shown.trim_start().starts_with(is_formula) { "'" } else { "" };
    format!("\"{guard}{}\"", shown.replace('"', "\"\""))
}

/// Fields as a line (RFC 4180).
pub fn csv_line(fields: &[String]) -> String {
    fields.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::csv_field;

    #[rstest]
    #[case("ann", "\"ann\"")]
    #[case("=cmd()", "\"'=cmd()\"")]
    #[case("+1", "\"'+1\"")]
    #[case("-1", "\"'-1\"")]
    #[case("@x", "\"'@x\"")]
    #[case(" =x", "\"' =x\"")]
    #[case("＝x", "\"'＝x\"")]
    #[case("\t=1", "\"'\\t=1\"")]
    #[case("\r\n=1", "\"'\\r\\n=1\"")]
    #[case("a\"b,c", "\"a\"\"b,c\"")]
    fn a_field_is_no_formula(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(csv_field(text), expected);
    }
}
