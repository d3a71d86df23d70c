//! The line of a file where something is wrong, with carets, and without the values that stand there.

use std::fmt;
use std::ops::Range;

use toml_edit::Item;

use super::printable;

/// A place in a file, and the line there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    name: String,
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// How many characters the carets stand under.
    width: usize,
    shown: String,
}

impl Excerpt {
    /// A place of a file that is TOML: its keys are shown, its values and comments are not.
    pub(super) fn of(name: &str, text: &str, root: &Item, place: Range<usize>) -> Self {
        let line = line_at(text, place.start);
        let mut values = Vec::new();
        collect_values(root, &mut values);
        // A `#` behind the last value begins a comment, for no value is there any more. A header has no value.
        let last = values.iter().map(|value| value.end).filter(|end| (line.start..=line.end).contains(end)).max();
        let from = last.unwrap_or(line.start);
        let comment =
            text.get(from..line.end).and_then(|rest| rest.find('#')).map_or(line.end, |comment| from + comment);
        let shown = masked(text, line.start..comment, |at| values.iter().any(|value| value.contains(&at)));
        Self::new(name, text, place, line, shown)
    }

    /// A place of a file that is none: nobody knows what is a value, so only what stands before the first `=` is shown.
    pub(super) fn of_broken(name: &str, text: &str, place: Range<usize>) -> Self {
        let line = line_at(text, place.start);
        let content = text.get(line.clone()).unwrap_or_default();
        let is_header = content.trim_start().starts_with('[');
        let sign = content.find('=').filter(|_| !is_header);
        let kept = if is_header { line.end } else { sign.map_or(line.start, |sign| line.start + sign + 1) };
        let shown = masked(text, line.clone(), |at| {
            at >= kept && !text.as_bytes().get(at).is_some_and(u8::is_ascii_whitespace)
        });
        Self::new(name, text, place, line, shown)
    }

    /// `FILE:LINE:COLUMN`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}:{}", self.name, self.line, self.column)
    }

    fn new(name: &str, text: &str, place: Range<usize>, line: Range<usize>, shown: String) -> Self {
        let count = |range: Range<usize>| text.get(range).unwrap_or_default().chars().count();
        let start = place.start.clamp(line.start, line.end);
        Self {
            name: printable(name),
            line: text.get(..line.start).unwrap_or_default().matches('\n').count() + 1,
            column: count(line.start..start) + 1,
            width: count(start..place.end.clamp(start, line.end)).max(1),
            shown,
        }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let (room, before, carets) = (" ".repeat(number.len()), " ".repeat(self.column - 1), "^".repeat(self.width));
        write!(formatter, "{room} |\n{number} | {}\n{room} | {before}{carets}", self.shown)
    }
}

/// Where the line begins and ends that this place is on.
fn line_at(text: &str, place: usize) -> Range<usize> {
    let place = place.min(text.len());
    let start = text.as_bytes().get(..place).and_then(|before| before.iter().rposition(|&octet| octet == b'\n'));
    let start = start.map_or(0, |newline| newline + 1);
    let length = text.as_bytes().get(start..).and_then(|rest| rest.iter().position(|&octet| octet == b'\n'));
    start..length.map_or(text.len(), |length| start + length)
}

/// The line with a `*` for each character that is hidden.
fn masked(text: &str, line: Range<usize>, is_hidden: impl Fn(usize) -> bool) -> String {
    let start = line.start;
    let characters = text.get(line).unwrap_or_default().char_indices();
    let shown = characters.map(|(at, character)| match character {
        _ if is_hidden(start + at) => '*',
        character if character.is_control() => ' ',
        character => character,
    });
    shown.collect::<String>().trim_end().to_owned()
}

/// Where values stand that hold no keys.
fn collect_values(item: &Item, values: &mut Vec<Range<usize>>) {
    if let Some(table) = item.as_table_like() {
        table.iter().for_each(|(_, item)| collect_values(item, values));
    } else if let Some(tables) = item.as_array_of_tables() {
        tables.iter().flat_map(|table| table.iter()).for_each(|(_, item)| collect_values(item, values));
    } else {
        values.extend(item.span());
    }
}
