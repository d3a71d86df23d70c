//! What a person reads in a terminal: the counts, and the requirements in which implementations differ.

use std::fmt::Write as _;

use super::markdown::by_level;
use super::{Matrix, Row, Standing};
use crate::render::human::ink::{Ink, Tone};
use crate::render::{Style, Verbosity, symbol};

/// How many rows and lines are shown unless all are.
const ENTRIES: usize = 30;

pub(super) fn render(matrix: &Matrix, style: &Style) -> String {
    let ink = Ink::new(*style);
    let mut text = String::new();
    let is_told = |row: &&Row| if matrix.columns.len() > 1 { row.differs() } else { is_wrong(row) };
    let rows: Vec<&Row> = matrix.rows.iter().filter(is_told).collect();
    text.push_str(&ink.paint(Tone::Strong, &title(matrix, rows.len())));
    text.push('\n');
    let all = style.verbosity == Verbosity::Verbose;
    let most = if all { usize::MAX } else { ENTRIES };
    rows.iter().take(most).for_each(|row| text.push_str(&entry(row, matrix, ink)));
    more(rows.len(), most, &mut text);
    if matrix.columns.len() > 1 {
        text.push_str(&ink.paint(Tone::Strong, "Lines that are first answered differently"));
        text.push('\n');
        matrix.divergences.iter().take(most).for_each(|found| {
            text.push_str(&ink.wrapped("  ", "      ", &format!("{} ({} cases)", found.line, found.cases.len())));
            for (column, answer) in matrix.columns.iter().zip(&found.answers) {
                let Some(answer) = answer else { continue };
                let said = format!("{}: {} {}", column.subject, answer.codes, answer.text);
                text.push_str(&ink.wrapped("      ", "        ", &said));
            }
        });
        more(matrix.divergences.len(), most, &mut text);
    }
    for remark in &matrix.remarks {
        text.push_str(&ink.wrapped("Note      ", "          ", remark));
    }
    for (at, column) in matrix.columns.iter().enumerate() {
        let kept: Vec<String> = by_level(matrix)
            .iter()
            .filter_map(|(level, counts)| counts.get(at).map(|(kept, judged)| (level, kept, judged)))
            .filter(|(_, _, judged)| **judged > 0)
            .map(|(level, kept, judged)| format!("{kept} of {judged} {level}"))
            .collect();
        text.push_str(&ink.wrapped(
            "Kept      ",
            "          ",
            &format!("{}: {} requirements", column.subject, kept.join(", ")),
        ));
    }
    text
}

fn is_wrong(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.standing < Standing::Pass)
}

fn title(matrix: &Matrix, rows: usize) -> String {
    if matrix.columns.len() > 1 {
        format!("{rows} of {} requirements in which they differ", matrix.rows.len())
    } else {
        format!("{rows} of {} requirements that were not wholly kept", matrix.rows.len())
    }
}

fn entry(row: &Row, matrix: &Matrix, ink: Ink) -> String {
    let level = row.text.as_ref().map_or("", |text| &text.level);
    let mut text = ink.wrapped("  ", "      ", &format!("{}, {level}: {}", row.clause(), row.id));
    for (column, cell) in matrix.columns.iter().zip(&row.cells) {
        let sign = symbol(cell.standing.verdict(), ink.style.symbols);
        let why = cell.cases.first().and_then(|told| told.why.as_deref()).unwrap_or_default();
        let why = if cell.standing < Standing::Pass { format!(": {why}") } else { String::new() };
        let said = format!("{sign} {} {}{why}", column.subject, cell.standing.word());
        text.push_str(&ink.wrapped("      ", "          ", &said));
    }
    text
}

fn more(all: usize, most: usize, text: &mut String) {
    if all > most {
        _ = writeln!(text, "  and {} more; --verbose shows them", all - most);
    }
    text.push('\n');
}
