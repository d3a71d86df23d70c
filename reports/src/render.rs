//! Every form a report is shown in, one file a form.

mod badge;
mod csv;
mod ctrf;
mod event;
mod github;
pub(crate) mod html;
pub(crate) mod human;
pub(crate) mod json;
mod jsonl;
mod junit;
mod markdown;
mod tap;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::model::{Case, Finding, Grade, Report, RequirementText, Verdict};
use crate::visible::Symbols;
pub use human::{block, summary};
pub(crate) use jsonl::{End, Line};

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The model as one JSON document; [`read`](crate::read()) takes it back.
    Json,
    /// The model as JSON lines, a case a line, with a last line that tells whether it is whole;
    /// [`read`](crate::read()) takes it back.
    Jsonl,
    /// `JUnit` XML as Jenkins, `GitLab` and most other continuous integration reads it.
    Junit,
    /// One HTML file that needs nothing else.
    Html,
    /// What a person reads in a terminal.
    Human,
    /// Markdown: the counts, and what was not as required. It fits into a step summary of GitHub Actions.
    Markdown,
    /// TAP 14, the Test Anything Protocol.
    Tap,
    /// CTRF, the Common Test Report Format.
    Ctrf,
    /// What GitHub Actions shows: annotations, and the report in the log.
    Github,
    /// A badge as shields.io reads it.
    Badge,
    /// A table for a spreadsheet.
    Csv,
}

impl Format {
    /// Every format, in the order in which help shows them.
    pub const ALL: [Self; 11] = [
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Junit,
        Self::Html,
        Self::Markdown,
        Self::Tap,
        Self::Ctrf,
        Self::Github,
        Self::Badge,
        Self::Csv,
    ];

    /// The word that names it on a command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Junit => "junit",
            Self::Html => "html",
            Self::Human => "human",
            Self::Markdown => "markdown",
            Self::Tap => "tap",
            Self::Ctrf => "ctrf",
            Self::Github => "github",
            Self::Badge => "badge",
            Self::Csv => "csv",
        }
    }

    /// What it is, in a line of help.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Json => "everything, as one JSON document",
            Self::Jsonl => "everything, as JSON lines: the run, each case, the end",
            Self::Junit => "JUnit XML, for continuous integration",
            Self::Html => "one HTML file with the transcripts",
            Self::Human => "text for a terminal",
            Self::Markdown => "Markdown, for a step summary",
            Self::Tap => "TAP 14, for programs that read it",
            Self::Ctrf => "CTRF, a JSON document for tools that show tests",
            Self::Github => "annotations for GitHub Actions, and the text of the log",
            Self::Badge => "a badge for shields.io",
            Self::Csv => "a table for a spreadsheet",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no report format {0:?}; the formats are {list}", list = words())]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.word() == word).ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}

fn words() -> String {
    Format::ALL.map(Format::word).join(", ")
}

/// How the form for people looks. The other forms do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colour is written.
    pub colour: Colour,
    /// Which characters may appear.
    pub symbols: Symbols,
    /// How many columns there are; less than 40 is taken as 40.
    pub width: usize,
    /// How much is said.
    pub verbosity: Verbosity,
}

impl Default for Style {
    /// No colour, Unicode, 100 columns, the ordinary amount.
    fn default() -> Self {
        Self { colour: Colour::default(), symbols: Symbols::default(), width: 100, verbosity: Verbosity::default() }
    }
}

/// Whether colour is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Plain text; what colour would mark has a marker line.
    #[default]
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

/// How much the form for people says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// Deviations and known failures are only counted.
    Quiet,
    /// Everything that was not as required, with the end of its transcript.
    #[default]
    Normal,
    /// Also the notes on cases that passed, with whole transcripts.
    Verbose,
}

/// A report could not be written in a format.
#[derive(Debug, Error)]
pub enum RenderError {
    /// JSON could not be written.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// `JUnit` XML could not be written.
    #[error("the report cannot be written as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// HTML could not be written.
    #[error("the report cannot be written as HTML: {0}")]
    Html(#[from] askama::Error),
}

/// Writes a report in a format.
///
/// # Errors
///
/// [`RenderError`] where the writer of the format fails. No report that the model can hold is known to make it fail.
pub fn render(report: &Report, format: Format, style: &Style) -> Result<Vec<u8>, RenderError> {
    match format {
        Format::Json => json::render(report),
        Format::Jsonl => jsonl::render(report),
        Format::Junit => junit::render(report),
        Format::Html => html::render(report),
        Format::Human => Ok(human::render(report, style).into_bytes()),
        Format::Markdown => Ok(markdown::render(report).into_bytes()),
        Format::Tap => Ok(tap::render(report)?.into_bytes()),
        Format::Ctrf => Ok(ctrf::render(report)?.into_bytes()),
        Format::Github => Ok(github::render(report).into_bytes()),
        Format::Badge => Ok(badge::render(report)?.into_bytes()),
        Format::Csv => Ok(csv::render(report).into_bytes()),
    }
}

/// The sign beside the word of a verdict.
pub(crate) const fn symbol(verdict: Verdict, symbols: Symbols) -> char {
    match (verdict, symbols) {
        (Verdict::Pass, Symbols::Unicode) => '✓',
        (Verdict::Pass, Symbols::Ascii) => '+',
        (Verdict::Fail, Symbols::Unicode) => '✗',
        (Verdict::Fail, Symbols::Ascii) => 'x',
        (Verdict::Inconclusive, _) => '?',
        (Verdict::Blocked, Symbols::Unicode) => '⊘',
        (Verdict::Blocked, Symbols::Ascii) => '!',
        (Verdict::Known, Symbols::Unicode) => '≈',
        (Verdict::Known, Symbols::Ascii) => '=',
        (Verdict::Deviation, _) => '~',
        (Verdict::Skipped, Symbols::Unicode) => '–',
        (Verdict::Skipped, Symbols::Ascii) => '-',
    }
}

/// Milliseconds as people say them: `873 ms`, `12.3 s`, `4 min 10 s`.
pub(crate) fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..=119 => format!("{seconds}.{} s", milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// What the exit code of the run says.
pub(crate) fn meaning(report: &Report) -> &'static str {
    match report.exit_code() {
        0 => "everything that was judged conforms",
        1 if report.summary().of(Verdict::Fail) == 0 => "no case failed, but the baseline has entries that are stale",
        1 => "at least one case failed",
        3 => "no case failed, but some could not be judged",
        _ => "nothing was judged",
    }
}

/// How long the run waited, where it is not what runs do.
pub(crate) fn patience(report: &Report) -> Option<String> {
    let usual = report.deadline == 10_000 && report.timeout_scale.total_cmp(&1.0).is_eq();
    (!usual).then(|| format!("{} for a reply, timeout scale {}", span(report.deadline), report.timeout_scale))
}

/// The first of the findings that weigh most.
pub(crate) fn worst(case: &Case) -> Option<&Finding> {
    let grade: Grade = case.findings.iter().map(|finding| finding.grade).max()?;
    case.findings.iter().find(|finding| finding.grade == grade)
}

/// The wording of a requirement, if the report holds it.
pub(crate) fn wording<'r>(report: &'r Report, id: &str) -> Option<&'r RequirementText> {
    report.requirements.get(id)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn words_name_formats() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
    }

    #[test]
    fn an_unknown_word_lists_the_formats() {
        let error = "pdf".parse::<Format>().unwrap_err();
        let message = r#"there is no report format "pdf"; the formats are human, json, jsonl, junit, html, markdown, tap, ctrf, github, badge, csv"#;
        assert_eq!(error.to_string(), message);
    }

    #[rstest]
    #[case(0, "0 ms")]
    #[case(999, "999 ms")]
    #[case(12_345, "12.3 s")]
    #[case(250_000, "4 min 10 s")]
    fn spans(#[case] milliseconds: u64, #[case] text: &str) {
        assert_eq!(span(milliseconds), text);
    }
}
