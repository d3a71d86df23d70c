//! One case and what was found in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Axis, Event, FailKind, Grade, Verdict};

/// One row of a scenario, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The scenario's path without its ending, and the row in brackets: `rfc959/transfer/retrieve[open=PASV]`.
    pub id: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What kind of failure, where it is more than a wrong answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FailKind>,
    /// Why it is skipped, blocked (the id of the cause comes first) or known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the scenario is for, in a sentence.
    pub purpose: String,
    /// The requirements it covers, the principal one first.
    pub covers: Vec<String>,
    /// Where the scenario begins.
    pub place: Place,
    /// The row of the scenario's table, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub row: Row,
    /// Milliseconds from start to verdict.
    pub duration: u64,
    /// What was found, in the order of the steps.
    pub findings: Vec<Finding>,
    /// What was said. Empty where nothing ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Whether repetitions of this case in one run gave different verdicts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flaky: bool,
    /// How many repetitions gave which verdict, where they differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rounds: BTreeMap<Verdict, usize>,
}

impl Case {
    /// The verdicts of the repetitions in words, `fail in 2 of 5 runs, pass in 3`, where they differ.
    pub fn repeated(&self) -> Option<String> {
        let all: usize = self.rounds.values().sum();
        let worst = Verdict::WORST_FIRST.into_iter().find(|verdict| self.rounds.contains_key(verdict))?;
        let said = |verdict: Verdict| {
            let of = if verdict == worst { format!(" of {all} runs") } else { String::new() };
            Some(format!("{} in {}{of}", verdict.word(), self.rounds.get(&verdict)?))
        };
        Some(Verdict::WORST_FIRST.into_iter().filter_map(said).collect::<Vec<_>>().join(", "))
    }
}

/// A row of a scenario's table: column to value.
pub type Row = BTreeMap<String, String>;

/// One statement about the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What it is about.
    pub axis: Axis,
    /// How much it weighs.
    pub grade: Grade,
    /// The requirement it is measured by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The step of the scenario.
    pub place: Place,
    /// The statement, in a sentence.
    pub message: String,
    /// What the text asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// Why the scenario grades it so, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The event, counted from 0, that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<usize>,
    /// The other cases that met the same cause, which is reported only here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// A place in a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The file, below the scenarios' folder: `rfc959/login/user-pass.yaml`.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// How many characters a caret line marks; at least 1.
    pub width: usize,
    /// The text of that line.
    pub text: String,
}
