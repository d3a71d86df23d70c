//! One HTML file: the matrix, the lines on which implementations part, and the transcripts of what was not as required.

use std::collections::BTreeMap;

use askama::Template;

use super::markdown::{by_level, specification};
use super::{Cell, Matrix, Row, Standing};
use crate::model::{Report, Verdict};
use crate::render::RenderError;
use crate::render::html::{CaseView, Piece, safe};

/// How many cases of a cell are named. Some requirements are covered by hundreds.
const CASES: usize = 12;

pub(super) fn render(matrix: &Matrix, reports: &[Report]) -> Result<Vec<u8>, RenderError> {
    Ok(Page::of(matrix, reports).render()?.into_bytes())
}

/// Everything that the template shows. Every text in it has been made visible; the template escapes it for HTML.
#[derive(Template)]
#[template(path = "matrix.html")]
struct Page {
    title: String,
    generator: String,
    is_one: bool,
    remarks: Vec<String>,
    names: Vec<String>,
    columns: Vec<ColumnView>,
    words: Vec<&'static str>,
    levels: Vec<(String, Vec<(usize, usize)>)>,
    signs: Vec<(char, &'static str, &'static str)>,
    specifications: Vec<SpecificationView>,
    divergences: Vec<DivergenceView>,
    subjects: Vec<SubjectView>,
}

struct ColumnView {
    name: String,
    identity: String,
    profile: String,
    started: String,
    counts: Vec<usize>,
}

struct SpecificationView {
    name: String,
    rows: Vec<RowView>,
}

struct RowView {
    id: String,
    section: String,
    level: String,
    text: String,
    differs: bool,
    /// Whether any implementation did not keep it.
    is_wrong: bool,
    cells: Vec<CellView>,
}

struct CellView {
    word: &'static str,
    class: &'static str,
    symbol: char,
    /// The cases that did not pass.
    told: Vec<ToldView>,
    /// How many more there are.
    more: usize,
    /// How many passed.
    passed: usize,
}

struct ToldView {
    id: String,
    word: &'static str,
    why: String,
    /// The number of the case, where its transcript is shown.
    anchor: Option<usize>,
}

struct DivergenceView {
    line: String,
    answers: Vec<Option<(String, String)>>,
    cases: usize,
    first: String,
}

/// The cases of one implementation that were not as required.
struct SubjectView {
    name: String,
    cases: Vec<CaseView>,
}

impl Page {
    fn of(matrix: &Matrix, reports: &[Report]) -> Self {
        let shown = Shown::of(reports);
        let specifications = matrix.rows.chunk_by(|a, b| specification(a) == specification(b));
        let specifications = specifications.map(|rows| SpecificationView {
            name: rows.first().map(|row| safe(specification(row))).unwrap_or_default(),
            rows: rows.iter().map(|row| RowView::of(row, &shown)).collect(),
        });
        let names: Vec<String> = matrix.columns.iter().map(|column| safe(&column.subject)).collect();
        Self {
            title: names.join(", "),
            generator: safe(&matrix.generator),
            is_one: matrix.columns.len() == 1,
            remarks: matrix.remarks.iter().map(|remark| safe(remark)).collect(),
            columns: matrix.columns.iter().map(ColumnView::of).collect(),
            words: Verdict::WORST_FIRST.map(Verdict::word).into(),
            levels: by_level(matrix),
            signs: Standing::ALL
                .into_iter()
                .filter_map(|standing| Some((standing.sign()?, standing.word(), standing.verdict().word())))
                .collect(),
            specifications: specifications.collect(),
            divergences: matrix.divergences.iter().map(DivergenceView::of).collect(),
            subjects: shown.subjects(reports),
            names,
        }
    }
}

/// The cases with transcripts: their numbers count through all implementations, so that each has one place on the page.
struct Shown<'r>(BTreeMap<(usize, &'r str), usize>);

impl<'r> Shown<'r> {
    fn of(reports: &'r [Report]) -> Self {
        let wrong = reports.iter().enumerate().flat_map(|(column, report)| {
            let told = |verdict| {
                matches!(verdict, Verdict::Fail | Verdict::Known | Verdict::Deviation | Verdict::Inconclusive)
            };
            report.cases.iter().filter(move |case| told(case.verdict)).map(move |case| (column, case.id.as_str()))
        });
        Self(wrong.zip(1..).collect())
    }

    fn number(&self, column: usize, case: &str) -> Option<usize> {
        self.0.get(&(column, case)).copied()
    }

    fn subjects(&self, reports: &[Report]) -> Vec<SubjectView> {
        let of = |(column, report): (usize, &Report)| {
            let cases = report
                .cases
                .iter()
                .filter_map(|case| self.number(column, &case.id).map(|number| CaseView::of(report, number, case)));
            SubjectView { name: safe(&report.subject.name), cases: cases.collect() }
        };
        reports.iter().enumerate().map(of).filter(|subject| !subject.cases.is_empty()).collect()
    }
}

impl ColumnView {
    fn of(column: &super::Column) -> Self {
        let count = |verdict| column.verdicts.get(&verdict).copied().unwrap_or_default();
        Self {
            name: safe(&column.subject),
            identity: safe(&column.identity.join(" / ")),
            profile: safe(&column.profile),
            started: safe(column.started.split('.').next().unwrap_or_default()),
            counts: Verdict::WORST_FIRST.into_iter().map(count).collect(),
        }
    }
}

impl RowView {
    fn of(row: &Row, shown: &Shown<'_>) -> Self {
        let of_text = |part: fn(&crate::model::RequirementText) -> &str| row.text.as_ref().map_or("", part);
        let cells = row.cells.iter().enumerate();
        Self {
            id: safe(&row.id),
            section: safe(of_text(|text| &text.section)),
            level: safe(of_text(|text| &text.level)),
            text: safe(of_text(|text| &text.text)),
            differs: row.differs(),
            is_wrong: row.cells.iter().any(|cell| cell.standing < Standing::Pass),
            cells: cells.map(|(column, cell)| CellView::of(column, cell, shown)).collect(),
        }
    }
}

impl CellView {
    fn of(column: usize, cell: &Cell, shown: &Shown<'_>) -> Self {
        let wrong: Vec<_> = cell.cases.iter().filter(|told| told.standing != Standing::Pass).collect();
        let told = wrong.iter().take(CASES).map(|told| ToldView {
            id: safe(&told.id),
            word: told.standing.word(),
            why: told.why.as_deref().map(safe).unwrap_or_default(),
            anchor: shown.number(column, &told.id),
        });
        Self {
            word: cell.standing.word(),
            class: cell.standing.verdict().word(),
            symbol: cell.standing.sign().unwrap_or(' '),
            told: told.collect(),
            more: wrong.len().saturating_sub(CASES),
            passed: cell.cases.len() - wrong.len(),
        }
    }
}

impl DivergenceView {
    fn of(divergence: &super::Divergence) -> Self {
        let answers = divergence.answers.iter();
        Self {
            line: safe(&divergence.line),
            answers: answers
                .map(|answer| answer.as_ref().map(|answer| (safe(&answer.codes), safe(&answer.text))))
                .collect(),
            cases: divergence.cases.len(),
            first: divergence.cases.first().map(|id| safe(id)).unwrap_or_default(),
        }
    }
}
