//! What a person reads in a terminal: the counts, and what is neither covered nor filed.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::Coverage;
use super::count::{by_role_and_level, by_specification, cells, head, kinds};
use crate::render::{Colour, Style};
use crate::visible::visible;

pub(super) fn render(coverage: &Coverage, style: &Style) -> String {
    let kinds = kinds(coverage);
    let mut text = String::new();
    let rows = by_role_and_level(coverage);
    table(&mut text, &head(&["Binds", "Level"], &kinds), rows.iter().map(|row| cells(row, &kinds)).collect(), 2, style);
    text += "\n";
    let rows = by_specification(coverage);
    table(&mut text, &head(&["Specification"], &kinds), rows.iter().map(|row| cells(row, &kinds)).collect(), 1, style);
    let neither = coverage.neither().map(|requirement| {
        vec![requirement.id.clone(), requirement.level.clone(), requirement.role.clone(), requirement.area.clone()]
    });
    list(&mut text, "Neither covered nor filed", neither.collect(), style);
    let silent = coverage.commands.iter().filter(|command| command.scenarios.is_empty() && command.filed.is_none());
    let silent = silent.map(|command| vec![command.verb.clone(), command.specification.clone()]);
    list(&mut text, "Commands that no scenario says", silent.collect(), style);
    let unnamed = coverage.replies.iter().filter(|reply| reply.required.is_empty() && reply.filed.is_none());
    let unnamed = unnamed.map(|reply| vec![reply.code.to_string(), reply.specification.clone(), reply.meaning.clone()]);
    list(&mut text, "Reply codes that no scenario asks for", unnamed.collect(), style);
    text
}

fn list(text: &mut String, title: &str, rows: Vec<Vec<String>>, style: &Style) {
    if rows.is_empty() {
        return;
    }
    _ = writeln!(text, "\n{} ({})", bold(title, style), rows.len());
    let labels = rows.first().map_or(0, Vec::len);
    table(text, &[], rows, labels, style);
}

/// Columns side by side; those behind the labels are numbers.
fn table(text: &mut String, head: &[String], rows: Vec<Vec<String>>, labels: usize, style: &Style) {
    let rows = [head.to_vec()].into_iter().filter(|head| !head.is_empty()).chain(rows);
    let rows: Vec<Vec<String>> =
        rows.map(|row| row.iter().map(|cell| visible(cell, style.symbols)).collect()).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let wide = |column: usize| {
        rows.iter().filter_map(|row: &Vec<String>| row.get(column)).map(|cell: &String| cell.width()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| wide(column).unwrap_or(0)).collect();
    for (number, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let room = " ".repeat(width.saturating_sub(cell.width()));
            let parts = if column < labels { [cell, &room, "  "] } else { [&room, cell, "  "] };
            line.extend(parts);
        }
        let line = line.trim_end();
        let line = if number == 0 && !head.is_empty() { bold(line, style) } else { line.to_owned() };
        _ = writeln!(text, "{line}");
    }
}

fn bold(words: &str, style: &Style) -> String {
    match style.colour {
        Colour::Plain => words.to_owned(),
        Colour::Ansi => {
            let bold = anstyle::Style::new().bold();
            format!("{bold}{words}{bold:#}")
        }
    }
}
