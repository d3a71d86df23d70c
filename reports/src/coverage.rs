//! How far the suite reaches: for every requirement, command and reply code the scenarios that test it, or why none does.
//!
//! [`Coverage`] is the one model; [`render_coverage`] writes it in a [`CoverageFormat`].

mod count;
mod html;
mod human;
mod markdown;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

use crate::render::{RenderError, Style};
pub use count::{Count, State};

/// What the suite tests, and what it does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The program and its version.
    pub generator: String,
    /// Every requirement, in the order in which it is shown.
    pub requirements: Vec<RequirementCoverage>,
    /// Every command that a specification defines.
    pub commands: Vec<CommandCoverage>,
    /// Every reply code that a specification defines.
    pub replies: Vec<ReplyCoverage>,
    /// Every scenario.
    pub scenarios: Vec<ScenarioCoverage>,
}

/// A requirement and the scenarios that test it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequirementCoverage {
    /// Its id.
    pub id: String,
    /// The specification: `RFC 959`.
    pub specification: String,
    /// The section: `4.1.3`.
    pub section: String,
    /// `must`, `should`, `may` or `draft`.
    pub level: String,
    /// `server`, `client` or `both`.
    pub role: String,
    /// What it is about, in a word.
    pub area: String,
    /// What it requires.
    pub text: String,
    /// The scenarios that cover it or measure a step by it, without rows.
    pub scenarios: Vec<String>,
    /// Why none does.
    pub filed: Option<Filed>,
}

/// A command and the scenarios in which it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandCoverage {
    /// The verb, in capitals.
    pub verb: String,
    /// The specification that defines it.
    pub specification: String,
    /// The scenarios, without rows.
    pub scenarios: Vec<String>,
    /// Why there is none.
    pub filed: Option<Filed>,
}

/// A reply code and the scenarios that name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplyCoverage {
    /// The code.
    pub code: u16,
    /// The specification that defines it.
    pub specification: String,
    /// What it means.
    pub meaning: String,
    /// The scenarios that accept it as required.
    pub required: Vec<String>,
    /// The scenarios that only tolerate it, or take it as a sign that a feature is absent.
    pub tolerated: Vec<String>,
    /// Why no scenario makes a server send it.
    pub filed: Option<Filed>,
}

/// A scenario and what it tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScenarioCoverage {
    /// Its id without a row.
    pub id: String,
    /// How many cases it makes.
    pub cases: usize,
    /// What it is for.
    pub purpose: String,
    /// The requirements it covers, the principal one first.
    pub requirements: Vec<String>,
    /// The commands that are said in it.
    pub commands: Vec<String>,
    /// The reply codes that it accepts as required.
    pub replies: Vec<u16>,
}

/// Why no scenario tests something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filed {
    /// The kind of reason: `planned`.
    #[serde(rename = "as")]
    pub kind: String,
    /// The reason.
    pub because: String,
}

impl Coverage {
    /// The requirements that no scenario covers and that are not filed.
    pub fn neither(&self) -> impl Iterator<Item = &RequirementCoverage> {
        self.requirements.iter().filter(|requirement| requirement.state() == State::Neither)
    }
}

/// A form of coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CoverageFormat {
    /// Counts, and what is neither covered nor filed.
    Human,
    /// Every table, for a repository.
    Markdown,
    /// The model as one JSON document.
    Json,
    /// Every table in one HTML file that needs nothing else.
    Html,
}

impl CoverageFormat {
    /// Every format, in the order in which help shows them.
    pub const ALL: [Self; 4] = [Self::Human, Self::Markdown, Self::Json, Self::Html];

    /// The word that names it on a command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Markdown => "markdown",
            Self::Json => "json",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for CoverageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no form of coverage.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no coverage format {0:?}; the formats are human, markdown, json, html")]
pub struct UnknownCoverageFormat(pub String);

impl FromStr for CoverageFormat {
    type Err = UnknownCoverageFormat;

    fn from_str(word: &str) -> Result<Self, UnknownCoverageFormat> {
        let known = Self::ALL.into_iter().find(|format| format.word() == word);
        known.ok_or_else(|| UnknownCoverageFormat(word.to_owned()))
    }
}

/// Writes coverage in a format.
///
/// # Errors
///
/// [`RenderError`] where the writer of the format fails.
pub fn render_coverage(coverage: &Coverage, format: CoverageFormat, style: &Style) -> Result<Vec<u8>, RenderError> {
    match format {
        CoverageFormat::Human => Ok(human::render(coverage, style).into_bytes()),
        CoverageFormat::Markdown => Ok(markdown::render(coverage).into_bytes()),
        CoverageFormat::Json => {
            let mut octets = serde_json::to_vec_pretty(coverage)?;
            octets.push(b'\n');
            Ok(octets)
        }
        CoverageFormat::Html => html::render(coverage),
    }
}
