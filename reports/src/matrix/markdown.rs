//! Tables for a repository.

use std::fmt::Write as _;

use super::{Matrix, Row, Standing};
use crate::markdown::{self, heads, safe as cell};

/// How many of the lines on which implementations part are shown.
const DIVERGENCES: usize = 60;

pub(super) fn render(matrix: &Matrix) -> String {
    let mut text = "# Requirements and implementations\n\nThis file is generated.\n".to_owned();
    let signs: Vec<String> = Standing::ALL
        .into_iter()
        .filter_map(|standing| standing.sign().map(|sign| format!("{sign} {}", standing.word())))
        .collect();
    _ = write!(text, "\n{}; an empty cell was not tried.\n", signs.join(", "));
    for remark in &matrix.remarks {
        _ = write!(text, "\n{}\n", cell(remark));
    }
    text += "\n## Implementations\n";
    let columns = matrix.columns.iter().map(|column| {
        let verdicts = column.verdicts.iter().filter(|(_, count)| **count > 0);
        let verdicts: Vec<_> = verdicts.map(|(verdict, count)| format!("{count} {}", verdict.word())).collect();
        vec![column.subject.clone(), column.identity.join(" / "), column.profile.clone(), verdicts.join(", ")]
    });
    table(&mut text, &heads(&["Implementation", "It says", "Profile", "Cases"]), columns);
    text += "\n## Requirements by level\n\nKept, of those that were judged.\n";
    let names: Vec<String> = matrix.columns.iter().map(|column| column.subject.clone()).collect();
    let levels = by_level(matrix).into_iter().map(|(level, counts)| {
        let counts = counts.into_iter().map(|(kept, judged)| format!("{kept} of {judged}"));
        [level].into_iter().chain(counts).collect()
    });
    table(&mut text, &with(&["Level"], &names), levels);
    for rows in matrix.rows.chunk_by(|a, b| specification(a) == specification(b)) {
        let Some(first) = rows.first() else { continue };
        _ = write!(text, "\n## {}\n", cell(specification(first)));
        let rows = rows.iter().map(|row| {
            let (section, level) = row.text.as_ref().map_or(("", ""), |text| (&text.section, &text.level));
            let cells = row.cells.iter().map(|cell| cell.standing.sign().map(String::from).unwrap_or_default());
            [section.to_owned(), row.id.clone(), level.to_owned()].into_iter().chain(cells).collect()
        });
        table(&mut text, &with(&["§", "Requirement", "Level"], &names), rows);
    }
    if matrix.columns.len() > 1 {
        text += "\n## Where they first answer differently\n\nThe same line of the same scenario; what is behind it is not compared.\n";
        let rows = matrix.divergences.iter().take(DIVERGENCES).map(|divergence| {
            let answers =
                divergence.answers.iter().map(|answer| answer.as_ref().map_or("", |answer| &answer.codes).to_owned());
            let first = divergence.cases.first().cloned().unwrap_or_default();
            let count = divergence.cases.len().to_string();
            [divergence.line.clone()].into_iter().chain(answers).chain([count, first]).collect()
        });
        let heads: Vec<String> = with(&["Line"], &names).into_iter().chain(heads(&["Cases", "The first"])).collect();
        table(&mut text, &heads, rows);
    }
    text
}

/// The specification that a row is of.
pub(super) fn specification(row: &Row) -> &str {
    row.text.as_ref().map_or("", |text| text.specification.as_str())
}

/// How many requirements of each level each column keeps, of how many that were judged.
pub(super) fn by_level(matrix: &Matrix) -> Vec<(String, Vec<(usize, usize)>)> {
    let levels = ["must", "should", "may", "draft"];
    let count = |level: &str| {
        let of_level = |row: &&Row| row.text.as_ref().is_some_and(|text| text.level == level);
        let rows: Vec<&Row> = matrix.rows.iter().filter(of_level).collect();
        let column = |at: usize| {
            let standings = rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| cell.standing);
            let judged: Vec<Standing> = standings.filter(|standing| standing.is_judged()).collect();
            (judged.iter().filter(|standing| **standing == Standing::Pass).count(), judged.len())
        };
        (level.to_owned(), (0..matrix.columns.len()).map(column).collect())
    };
    levels.into_iter().map(count).collect()
}

fn with(words: &[&str], names: &[String]) -> Vec<String> {
    heads(words).into_iter().chain(names.iter().cloned()).collect()
}

fn table(text: &mut String, head: &[String], rows: impl Iterator<Item = Vec<String>>) {
    markdown::table(text, head, rows, cell);
}
