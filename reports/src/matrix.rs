//! Several implementations beside each other: what each makes of every requirement, and where they first answer differently.
//!
//! [`Matrix`] is the one model; [`render_matrix`] writes it in a [`MatrixFormat`]. With one report it is that report by requirement:
//! each clause, whether it was kept, and the cases that tell.

mod divergence;
mod html;
mod human;
mod markdown;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

pub use divergence::{Answer, Divergence};
pub use standing::Standing;

use crate::model::{Report, RequirementText, Verdict};
use crate::render::json::escaped;
use crate::render::{RenderError, Style};

/// Several reports, by requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The program that made the first report.
    pub generator: String,
    /// What was judged, a column each, in the order given.
    pub columns: Vec<Column>,
    /// The requirements that some report speaks of, by specification and section.
    pub rows: Vec<Row>,
    /// Where implementations first answer the same line differently, the most frequent first.
    pub divergences: Vec<Divergence>,
    /// Where the reports were not measured alike, so that a difference need not be an implementation's.
    pub remarks: Vec<String>,
}

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// What was judged.
    pub subject: String,
    /// What it says of itself.
    pub identity: Vec<String>,
    /// The profile that decided.
    pub profile: String,
    /// When the run began.
    pub started: String,
    /// How many cases had which verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// How it is quoted; none where no report has its wording.
    pub text: Option<RequirementText>,
    /// What each column makes of it.
    pub cells: Vec<Cell>,
}

/// What one implementation makes of one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// All in all.
    pub standing: Standing,
    /// The cases that speak of it, the worst first.
    pub cases: Vec<Told>,
}

/// What one case tells of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The case.
    pub id: String,
    /// What it tells.
    pub standing: Standing,
    /// What was found, or why it tells nothing.
    pub why: Option<String>,
}

impl Row {
    /// Whether implementations that were judged differ in it.
    pub fn differs(&self) -> bool {
        let judged: BTreeSet<_> =
            self.cells.iter().map(|cell| cell.standing).filter(|standing| standing.is_judged()).collect();
        judged.len() > 1
    }

    /// The specification and section, as people cite them; the id where no report has the wording.
    pub fn clause(&self) -> String {
        self.text.as_ref().map_or_else(|| self.id.clone(), RequirementText::clause)
    }
}

/// A form of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatrixFormat {
    /// Text for a terminal: where they differ, and the counts.
    Human,
    /// Tables for a repository.
    Markdown,
    /// One HTML file, with the transcripts of what was not as required.
    Html,
    /// The model as one JSON document.
    Json,
}

impl MatrixFormat {
    /// Every format, in the order in which help shows them.
    pub const ALL: [Self; 4] = [Self::Human, Self::Markdown, Self::Html, Self::Json];

    /// The word that names it on a command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for MatrixFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no form of a matrix.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no format {0:?} of a matrix; the formats are human, markdown, html, json")]
pub struct UnknownMatrixFormat(pub String);

impl FromStr for MatrixFormat {
    type Err = UnknownMatrixFormat;

    fn from_str(word: &str) -> Result<Self, UnknownMatrixFormat> {
        let known = Self::ALL.into_iter().find(|format| format.word() == word);
        known.ok_or_else(|| UnknownMatrixFormat(word.to_owned()))
    }
}

/// The matrix of these reports.
pub fn matrix(reports: &[Report]) -> Matrix {
    let told: Vec<_> = reports.iter().map(standing::told).collect();
    let ids: BTreeSet<&str> = told.iter().flat_map(|told| told.keys().copied()).collect();
    let mut rows: Vec<Row> = ids.into_iter().map(|id| row(id, reports, &told)).collect();
    rows.sort_by_cached_key(place);
    Matrix {
        generator: reports.first().map(|report| report.generator.clone()).unwrap_or_default(),
        columns: reports.iter().map(column).collect(),
        rows,
        divergences: divergence::divergences(reports),
        remarks: remarks(reports),
    }
}

fn row(id: &str, reports: &[Report], told: &[BTreeMap<&str, Vec<Told>>]) -> Row {
    let cell = |told: &BTreeMap<&str, Vec<Told>>| {
        let mut cases = told.get(id).cloned().unwrap_or_default();
        cases.sort_by(|a, b| a.standing.cmp(&b.standing).then_with(|| a.id.cmp(&b.id)));
        Cell { standing: Standing::of_all(cases.iter().map(|told| told.standing)), cases }
    };
    let text = reports.iter().find_map(|report| report.requirements.get(id)).cloned();
    Row { id: id.to_owned(), text, cells: told.iter().map(cell).collect() }
}

/// Where a row stands: by the name of the specification, with numbers as numbers, and so by its section.
fn place(row: &Row) -> (Vec<Part>, Vec<Part>, String) {
    let (specification, section) =
        row.text.as_ref().map_or(("", ""), |text| (text.specification.as_str(), text.section.as_str()));
    (parts(specification), parts(section), row.id.clone())
}

/// A part of a name: numbers come before words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

fn parts(name: &str) -> Vec<Part> {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_or_else(|_| Part::Word(word.to_owned()), Part::Number)).collect()
}

fn column(report: &Report) -> Column {
    let summary = report.summary();
    Column {
        subject: report.subject.name.clone(),
        identity: report.subject.identity.clone(),
        profile: report.profile.clone(),
        started: report.started.clone(),
        verdicts: Verdict::WORST_FIRST.into_iter().map(|verdict| (verdict, summary.of(verdict))).collect(),
    }
}

fn remarks(reports: &[Report]) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut same = |what: &str, of: fn(&Report) -> String| {
        let all: BTreeSet<String> = reports.iter().map(of).collect();
        if all.len() > 1 {
            let all: Vec<_> = all.into_iter().collect();
            remarks.push(format!("not the same {what}: {}", all.join(", ")));
        }
    };
    same("suite", |report| report.suite.hash.chars().take(12).collect());
    same("profile", |report| report.profile.clone());
    same("role", |report| report.subject.role.clone());
    same("deadline in milliseconds", |report| report.deadline.to_string());
    remarks
}

/// Writes a matrix in a format. The reports are those that it was made of: HTML shows their transcripts.
///
/// # Errors
///
/// [`RenderError`] where the writer of the format fails.
pub fn render_matrix(
    matrix: &Matrix,
    reports: &[Report],
    format: MatrixFormat,
    style: &Style,
) -> Result<Vec<u8>, RenderError> {
    match format {
        MatrixFormat::Human => Ok(human::render(matrix, style).into_bytes()),
        MatrixFormat::Markdown => Ok(markdown::render(matrix).into_bytes()),
        MatrixFormat::Html => html::render(matrix, reports),
        MatrixFormat::Json => {
            let mut text = escaped(&serde_json::to_string_pretty(matrix)?);
            text.push('\n');
            Ok(text.into_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn words_name_formats() {
        for format in MatrixFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("pdf".parse::<MatrixFormat>().is_err());
    }

    #[rstest]
    #[case("RFC 959", "RFC 1123")]
    #[case("4.1.2", "4.1.10")]
    #[case("5.4", "A2")]
    #[case("4", "4.1")]
    fn names_stand_in_order(#[case] first: &str, #[case] second: &str) {
        assert!(parts(first) < parts(second));
    }

    #[test]
    fn what_was_not_measured_alike_is_said() {
        let one = crate::read(include_bytes!("../gallery/clean.json")).unwrap();
        let mut other = one.clone();
        other.profile = "strict".to_owned();
        other.deadline = 7;
        let made = matrix(&[one.clone(), other]);
        assert_eq!(
            made.remarks,
            ["not the same profile: rfc1123, strict", "not the same deadline in milliseconds: 10000, 7"]
        );
        assert!(matrix(&[one.clone(), one]).remarks.is_empty());
    }
}
