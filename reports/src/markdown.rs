//! Tables in Markdown.

use std::fmt::Write as _;

use crate::visible::{Symbols, visible};

pub(crate) fn heads(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Adds a table. `cell` makes a text stay in its cell.
pub(crate) fn table(
    text: &mut String,
    head: &[String],
    rows: impl Iterator<Item = Vec<String>>,
    cell: fn(&str) -> String,
) {
    let line = |cells: &[String]| {
        let cells: Vec<_> = cells.iter().map(|words| cell(words)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    _ = write!(text, "\n{}|{}\n", line(head), "---|".repeat(head.len()));
    for row in rows {
        *text += &line(&row);
    }
}

/// Text of others: nothing in it ends a cell or a line, or is taken for Markdown or HTML.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::new();
    for character in visible(text, Symbols::Unicode).chars() {
        if matches!(character, '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '~' | '!' | '&' | '@' | ':')
        {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_ends_it() {
        assert_eq!(safe("a|b\n<img src=x> [x](y) `z`"), r"a\|b\\n\<img src=x\> \[x\](y) \`z\`");
    }

    /// Names of people, and addresses, are linked by sites that show Markdown.
    #[test]
    fn nothing_is_made_a_link() {
        assert_eq!(safe("@all http://x"), r"\@all http\://x");
    }
}
