//! When cases are not tried any more, since all of them would meet the same silence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use reports::model::FailKind;

use super::case::{Ran, Short};
use crate::scenario::tree::Scenario;

/// So many cases in a row that come no further than a state which none reached: the next would not either.
const ENOUGH: usize = 3;

/// Why cases are not tried any more.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    /// What a blocked case says.
    pub(super) reason: String,
    /// The scenario that tests what is wrong. It is tried all the same.
    pub(super) by: Option<String>,
    /// What kind of failure.
    pub(super) kind: Option<FailKind>,
}

/// What the cases so far say on those to come. A state is given by its name; the greeting is none.
#[derive(Debug, Default)]
pub(super) struct Stops(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    causes: BTreeMap<Option<String>, Cause>,
    short: BTreeMap<Option<String>, usize>,
    reached: BTreeSet<Option<String>>,
}

impl Stops {
    /// Nothing more is tried. Gives the cause that came first.
    pub(super) fn everything(&self, cause: Cause) -> Cause {
        self.seen().causes.entry(None).or_insert(cause).clone()
    }

    /// Whether the subject served a case already.
    pub(super) fn has_served(&self) -> bool {
        !self.seen().reached.is_empty()
    }

    /// Why this scenario is not tried, if it is not.
    pub(super) fn of(&self, scenario: &Scenario) -> Option<Cause> {
        let seen = self.seen();
        let cause = states(scenario).into_iter().find_map(|state| seen.causes.get(&state).cloned())?;
        let tests_it = cause.by.as_ref().is_some_and(|by| scenario.id == *by);
        (!tests_it).then_some(cause)
    }

    /// Learns from a case. Where the subject hangs, one is enough: each costs a whole deadline. But what one case came
    /// through, the next may: then its silence is its own.
    pub(super) fn heed(&self, scenario: &Scenario, ran: &Ran) {
        let mut seen = self.seen();
        let Some(short) = &ran.short else {
            seen.reached.extend(states(scenario));
            return;
        };
        let (state, by) = match short {
            Short::OfTheGreeting => (None, None),
            Short::Of { state, by } => (Some(state.clone()), Some(by.clone())),
        };
        let count = seen.short.entry(state.clone()).or_default();
        *count += 1;
        let is_enough = *count >= ENOUGH || ran.case.kind == Some(FailKind::Hang);
        if is_enough && !seen.reached.contains(&state) {
            let (by, reason) = match (by, &ran.case.reason) {
                (Some(by), Some(reason)) => (by, reason.clone()),
                (_, _) => (GREETING.to_owned(), format!("{GREETING}: the subject gives no greeting")),
            };
            seen.causes.entry(state).or_insert(Cause { reason, by: Some(by), kind: ran.case.kind });
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The scenario that tests the greeting.
pub(super) const GREETING: &str = "rfc959/control/greeting";

fn states(scenario: &Scenario) -> Vec<Option<String>> {
    let given = scenario.given.iter().map(|state| Some(state.value.clone()));
    [None].into_iter().chain(given).collect()
}
