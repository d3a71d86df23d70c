//! A whole run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Case, Verdict};

/// The version of this model, written into every report. It changes when a reader of the last one would misread.
pub const SCHEMA: &str = "ftpspec/report/1";

/// Everything that one run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that made it: `ftpspec 0.1.0`.
    pub generator: String,
    /// The suite it ran.
    pub suite: Suite,
    /// What was judged.
    pub subject: Subject,
    /// The profile whose selection and readings decided.
    pub profile: String,
    /// Whether texts of replies decided too.
    #[serde(default)]
    pub exact_text: bool,
    /// The seed of the order; 0 where the order is not random.
    pub seed: u64,
    /// How long a reply might take, in milliseconds.
    #[serde(default = "usual_deadline")]
    pub deadline: u64,
    /// By how much the deadlines that scenarios say were stretched. `deadline` is stretched already.
    #[serde(default = "usual_stretch", skip_serializing_if = "is_usual_stretch")]
    pub timeout_scale: f64,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// Milliseconds from start to end.
    pub duration: u64,
    /// The cases, in the order of the plan.
    pub cases: Vec<Case>,
    /// The wording of every requirement that a case names, by id.
    pub requirements: BTreeMap<String, RequirementText>,
    /// The source of every scenario and given state that a case needs, by file: enough to judge again.
    pub sources: BTreeMap<String, String>,
    /// Remarks on the run as a whole: what was not reachable, what was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Entries of the baseline that hold no more, with the reason. Each fails the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
}

/// What a report means that does not say its deadline.
const fn usual_deadline() -> u64 {
    10_000
}

const fn usual_stretch() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_usual_stretch(stretch: &f64) -> bool {
    stretch.total_cmp(&usual_stretch()).is_eq()
}

/// Which suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Its version.
    pub version: String,
    /// SHA-256 over all its files, in lower-case hexadecimal.
    pub hash: String,
}

/// What was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its name: `vsftpd`, or the address or command given.
    pub name: String,
    /// `server` or `client`.
    pub role: String,
    /// What it says of itself: the first greeting and the reply to SYST, as far as they were seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<String>,
    /// How it was started or reached, without passwords.
    pub reached: String,
    /// What it claims, by its file and by the probe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// The timers that it owns, by name, in milliseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timers: BTreeMap<String, u64>,
    /// The user that the scenarios log in as. Passwords are not kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
}

/// A requirement as a report quotes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementText {
    /// The specification: `RFC 959`.
    pub specification: String,
    /// The section: `4.1.3`.
    pub section: String,
    /// `must`, `should`, `may` or `draft`.
    pub level: String,
    /// The requirement in our own words.
    pub text: String,
}

impl RequirementText {
    /// The clause as people cite it: `RFC 959 §4.1.3`.
    pub fn clause(&self) -> String {
        format!("{} §{}", self.specification, self.section)
    }
}

/// How many cases had which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    counts: [usize; 7],
}

impl Summary {
    /// How many cases had this verdict.
    pub fn of(&self, verdict: Verdict) -> usize {
        self.counts.get(verdict as usize).copied().unwrap_or_default()
    }

    /// How many cases there were.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// How many cases ran and were judged.
    pub fn judged(&self) -> usize {
        self.total() - self.of(Verdict::Skipped) - self.of(Verdict::Blocked)
    }
}

impl Report {
    /// The cases counted by verdict.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for case in &self.cases {
            if let Some(count) = summary.counts.get_mut(case.verdict as usize) {
                *count += 1;
            }
        }
        summary
    }

    /// The exit code of a run: 0 conforms, 1 a fail or a stale entry of the baseline, 3 something inconclusive or
    /// blocked, 4 nothing ran.
    ///
    /// A fail outranks the rest. Code 2 belongs to usage and scenario errors, which never become a report.
    pub fn exit_code(&self) -> u8 {
        let summary = self.summary();
        if summary.of(Verdict::Fail) > 0 || !self.stale.is_empty() {
            1
        } else if summary.of(Verdict::Inconclusive) + summary.of(Verdict::Blocked) > 0 {
            3
        } else if summary.judged() == 0 {
            4
        } else {
            0
        }
    }
}
