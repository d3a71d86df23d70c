//! What is known of an assignment besides its results: they hold names and ids alone.

use std::collections::BTreeMap;

use super::super::outline::Outline;
use crate::scenario::Suite;
use crate::scenario::catalogue::Requirement;
use crate::scenario::tree::Scenario;

/// What is known of an assignment besides its results.
#[derive(Debug)]
pub struct Assignment<'s> {
    suite: &'s Suite,
    outline: Outline,
    scenarios: BTreeMap<&'s str, &'s Scenario>,
}

impl<'s> Assignment<'s> {
    /// An assignment with these groups. The suite has the words for its cases; of a case that it does not have, the id
    /// is all there is.
    pub fn of(suite: &'s Suite, outline: Outline) -> Self {
        let scenarios = suite.scenarios().iter().map(|scenario| (scenario.id.as_str(), scenario));
        Self { suite, outline, scenarios: scenarios.collect() }
    }

    /// Its groups and checks.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// What a case is for, in a sentence without its end, and its row.
    pub(super) fn purpose(&self, id: &str) -> Option<String> {
        let purpose = self.scenarios.get(id)?.purpose.value.trim_end_matches('.');
        Some(match id.find('[').and_then(|at| id.get(at..)) {
            Some(row) => format!("{purpose} {row}"),
            None => purpose.to_owned(),
        })
    }

    /// The requirement that a case is about.
    pub(super) fn requirement(&self, id: &str) -> Option<&'s Requirement> {
        self.suite.requirement(&self.scenarios.get(id)?.covers.first()?.value)
    }
}
