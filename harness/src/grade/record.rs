//! The result of one submission, as it is kept: one line of `results.jsonl`.

mod read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::score::Score;
use crate::scenario::rubric::{PartOfGrade, Points, Rubric, Visibility};

pub use self::read::{ReadError, read};

/// The version of this form, written into every line. It changes when a reader of the last one would misread.
pub const SCHEMA: &str = "ftpspec/grade/1";

/// The result of one submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// The name of its folder. What is no text in it is escaped.
    pub submission: String,
    /// How far it came.
    pub status: Status,
    /// Why it is not graded, or only in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its points.
    pub points: Points,
    /// What could be had, without what comes on top.
    pub of: Points,
    /// What could not be judged, for a reason that is not the student's. These points are neither earned nor lost.
    pub ungraded: Points,
    /// The rubric's name.
    pub rubric: String,
    /// SHA-256 of the rubric and the suite that graded.
    pub graded_by: String,
    /// The groups, in the order of the rubric.
    pub groups: Vec<GroupRecord>,
    /// What each cause of a crash or a silence cost.
    pub deductions: Vec<DeductionRecord>,
    /// The static checks.
    pub checks: Vec<CheckRecord>,
    /// The cases, group by group, in the order of the report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseRecord>,
    /// How it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Built>,
    /// What became of each way to start it, where it listened in none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<String>,
    /// The way in which it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<String>,
    /// What kept it from doing harm.
    pub sandbox: String,
    /// The folder with its report, below the folder of the results.
    pub folder: String,
    /// How long it took, in milliseconds.
    pub duration: u64,
}

/// How far a submission came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It has not begun.
    Waiting,
    /// It is whole.
    Graded,
    /// Some points could not be judged, for a reason that is not the student's.
    PartlyGraded,
    /// It does not build.
    NotBuilt,
    /// It never listened.
    NotStarted,
    /// It could not be graded, for a reason that is not the student's.
    Ungraded,
}

impl Status {
    /// The word, as people read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Graded => "graded",
            Self::PartlyGraded => "partly graded",
            Self::NotBuilt => "not built",
            Self::NotStarted => "not started",
            Self::Ungraded => "ungraded",
        }
    }

    /// Whether its points are the student's: the machine did its part.
    pub const fn is_judged(self) -> bool {
        !matches!(self, Self::Waiting | Self::Ungraded)
    }

    /// Whether nothing more will come.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Waiting)
    }
}

/// A group's points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupRecord {
    /// Its name.
    pub name: String,
    /// `functionality` or `robustness`.
    pub part: String,
    /// `visible`, `after-due-date` or `hidden`.
    pub visibility: String,
    /// Whether its points come on top.
    pub extra: bool,
    /// What it gave.
    pub points: Points,
    /// What it is worth.
    pub of: Points,
    /// What of it could not be judged.
    pub ungraded: Points,
}

/// What a cause cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeductionRecord {
    /// `crash` or `hang`.
    pub kind: String,
    /// The cause, in words.
    pub cause: String,
    /// What it cost.
    pub points: Points,
    /// How many cases met it.
    pub cases: usize,
}

/// A static check's points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRecord {
    /// Its name.
    pub name: String,
    /// What it gave, or took.
    pub points: Points,
    /// What it can give: nothing, where it only takes.
    #[serde(default)]
    pub of: Points,
    /// Whether it holds; nothing, where it could not be tried.
    pub holds: Option<bool>,
}

/// A case's points in its group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRecord {
    /// Its id.
    pub id: String,
    /// The group's place in the list of groups, from 0.
    pub group: usize,
    /// `visible`, `after-due-date` or `hidden`.
    pub visibility: String,
    /// `earned`, `deviates`, `sometimes`, `lost`, `unreached`, `missing`, `same-cause`, `left-out` or `ungraded`.
    pub outcome: String,
    /// Why, for the outcomes that have a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it gave.
    pub points: Points,
    /// What it is worth.
    pub of: Points,
}

/// How a submission was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Built {
    /// Whether it was.
    pub well: bool,
    /// How the last command ended, in words.
    pub ended: String,
    /// The last lines that the commands printed.
    pub printed: Vec<String>,
}

impl Record {
    /// Of a submission that has not begun.
    pub fn waiting(submission: &str, folder: &str, rubric: &Rubric, graded_by: &str, sandbox: &str) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            submission: submission.to_owned(),
            status: Status::Waiting,
            reason: None,
            points: Points::ZERO,
            of: rubric.points(),
            ungraded: rubric.points(),
            rubric: rubric.name.clone(),
            graded_by: graded_by.to_owned(),
            groups: Vec::new(),
            deductions: Vec::new(),
            checks: Vec::new(),
            cases: Vec::new(),
            build: None,
            attempts: Vec::new(),
            launch: None,
            sandbox: sandbox.to_owned(),
            folder: folder.to_owned(),
            duration: 0,
        }
    }

    /// With a status that is the student's, and no points.
    #[must_use]
    pub fn without_points(self, status: Status, reason: impl Into<String>) -> Self {
        let ungraded = if status == Status::Ungraded { self.of } else { Points::ZERO };
        Self { status, reason: Some(reason.into()), points: Points::ZERO, ungraded, ..self }
    }

    /// With its score.
    #[must_use]
    pub fn scored(self, score: &Score) -> Self {
        let groups = score.groups.iter().map(|group| GroupRecord {
            name: group.name.clone(),
            part: part_word(group.part).to_owned(),
            visibility: visibility_word(group.visibility).to_owned(),
            extra: group.extra,
            points: group.points,
            of: group.of,
            ungraded: group.ungraded,
        });
        let deductions = score.deductions.iter().map(|deduction| DeductionRecord {
            kind: deduction.cause.kind.word().to_owned(),
            cause: deduction.cause.words(),
            points: deduction.points,
            cases: deduction.cases,
        });
        let checks = score.checks.iter().map(|check| CheckRecord {
            name: check.name.clone(),
            points: check.points,
            of: if check.deducts { Points::ZERO } else { check.of },
            holds: check.outcome.holds,
        });
        let cases = score.groups.iter().enumerate().flat_map(|(group, of)| {
            of.cases.iter().map(move |case| CaseRecord {
                id: case.id.clone(),
                group,
                visibility: visibility_word(case.visibility).to_owned(),
                outcome: case.outcome.word().to_owned(),
                reason: case.outcome.reason(),
                points: case.points,
                of: case.of,
            })
        });
        let whole = score.ungraded == Points::ZERO;
        Self {
            status: if whole { Status::Graded } else { Status::PartlyGraded },
            reason: (!whole).then(|| format!("{} points could not be judged; grade it again", score.ungraded)),
            points: score.points,
            ungraded: score.ungraded,
            groups: groups.collect(),
            deductions: deductions.collect(),
            checks: checks.collect(),
            cases: cases.collect(),
            ..self
        }
    }
}

/// The word of a part.
pub fn part_word(part: PartOfGrade) -> &'static str {
    match part {
        PartOfGrade::Functionality => "functionality",
        PartOfGrade::Robustness => "robustness",
    }
}

/// The word of a visibility.
pub fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Visible => "visible",
        Visibility::AfterDueDate => "after-due-date",
        Visibility::Hidden => "hidden",
    }
}

/// The lines of `results.jsonl`: each character that a terminal would obey is escaped, as JSON may.
///
/// # Errors
/// A record cannot be written as JSON.
pub fn lines(records: &[Record]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for record in records {
        for character in serde_json::to_string(record)?.chars() {
            if character.is_ascii() && character != '\u{7f}' {
                text.push(character);
            } else {
                let mut units = [0; 2];
                text.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
        text.push('\n');
    }
    Ok(text)
}
