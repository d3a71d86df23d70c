//! Results as grading platforms want them: one file a platform, from the results alone.
//!
//! A platform believes what its file says, and students choose much of what stands in it: names, replies, what a build
//! prints. So each module escapes for its own platform, and says what that platform would take for its own.

mod assignment;
mod autolab;
mod bounded;
mod class;
mod classroom50;
mod feedback;
mod gradescope;
mod junit;
mod prairielearn;
mod sheet;
mod submitty;
mod vpl;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use self::assignment::Assignment;
pub use self::classroom50::{Classroom, MissingVariable};
use self::sheet::Sheet;
use super::record::Record;
use super::table;

/// A form of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Gradescope's `results.json`.
    Gradescope,
    /// Classroom 50's `result.json`.
    Classroom50,
    /// A table for a spreadsheet.
    Csv,
    /// `JUnit` XML, as `CodeGrade` reads it.
    Junit,
    /// What an Autolab grader prints.
    Autolab,
    /// `PrairieLearn`'s `results.json`.
    Prairielearn,
    /// What `vpl_evaluate.sh` of Moodle's VPL prints.
    Vpl,
    /// Submitty's `validation_results.json`.
    Submitty,
    /// The class as one HTML file.
    Class,
}

/// A submission, and what its student reads.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The result.
    pub record: &'a Record,
    /// The text of its `feedback.md`, where there is one.
    pub feedback: Option<&'a str>,
}

/// Results could not be written in a form.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The form has room for one submission.
    #[error("{platform} takes one submission, and here are {count}")]
    NotOne {
        /// The form.
        platform: Platform,
        /// How many there are.
        count: usize,
    },
    /// The environment does not say whose submission it is.
    #[error(transparent)]
    Classroom(#[from] MissingVariable),
    /// JSON could not be written.
    #[error("the results cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// `JUnit` XML could not be written.
    #[error("the results cannot be written as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// HTML could not be written.
    #[error(transparent)]
    Html(#[from] reports::RenderError),
}

impl Platform {
    /// Every form, in the order in which help shows them.
    pub const ALL: [Self; 9] = [
        Self::Gradescope,
        Self::Classroom50,
        Self::Csv,
        Self::Junit,
        Self::Autolab,
        Self::Prairielearn,
        Self::Vpl,
        Self::Submitty,
        Self::Class,
    ];

    /// The word that names it on a command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gradescope => "gradescope",
            Self::Classroom50 => "classroom50",
            Self::Csv => "csv",
            Self::Junit => "junit",
            Self::Autolab => "autolab",
            Self::Prairielearn => "prairielearn",
            Self::Vpl => "vpl",
            Self::Submitty => "submitty",
            Self::Class => "class",
        }
    }

    /// How a file of this form ends, in a folder with one for each submission.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Gradescope | Self::Classroom50 | Self::Prairielearn | Self::Submitty => "json",
            Self::Csv => "csv",
            Self::Junit => "xml",
            Self::Autolab | Self::Vpl => "txt",
            Self::Class => "html",
        }
    }

    /// Whether one file holds the whole class.
    pub const fn holds_a_class(self) -> bool {
        matches!(self, Self::Csv | Self::Class)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no form of results.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no format {0:?}; the formats are {list}", list = words())]
pub struct UnknownPlatform(pub String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(word: &str) -> Result<Self, UnknownPlatform> {
        Self::ALL.into_iter().find(|platform| platform.word() == word).ok_or_else(|| UnknownPlatform(word.to_owned()))
    }
}

fn words() -> String {
    Platform::ALL.map(Platform::word).join(", ")
}

/// Writes results in a form. `classroom` is asked for by Classroom 50 alone.
///
/// # Errors
/// The form takes one submission and there are others, or nothing says whose it is.
pub fn export(
    platform: Platform,
    submissions: &[Submission<'_>],
    assignment: &Assignment<'_>,
    classroom: &dyn Fn() -> Result<Classroom, MissingVariable>,
) -> Result<String, ExportError> {
    let records: Vec<&Record> = submissions.iter().map(|submission| submission.record).collect();
    let sheet = || match submissions {
        [submission] => Ok(Sheet::of(submission, assignment)),
        _ => Err(ExportError::NotOne { platform, count: submissions.len() }),
    };
    // Gradescope alone hides what students may not see by itself.
    let redacted = || sheet().map(Sheet::redacted);
    Ok(match platform {
        Platform::Gradescope => gradescope::render(&sheet()?)?,
        Platform::Classroom50 => classroom50::render(&redacted()?, &classroom()?)?,
        Platform::Csv => table::csv(assignment.outline(), &records),
        Platform::Junit => junit::render(&redacted()?)?,
        Platform::Autolab => autolab::render(&redacted()?)?,
        Platform::Prairielearn => prairielearn::render(&redacted()?)?,
        Platform::Vpl => vpl::render(&redacted()?),
        Platform::Submitty => submitty::render(&redacted()?)?,
        Platform::Class => class::render(&records, assignment)?,
    })
}
