//! In which order the cases are begun.

use std::cmp::Reverse;
use std::time::Duration;

use super::stop::GREETING;
use crate::judge::play::Facts;
use crate::plan::Planned;
use crate::scenario::content::number;
use crate::scenario::tree::{Action, Data, Scenario, Step, Within};

/// In which order the cases are begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As the suite has them.
    Plan,
    /// Any order; the same for the same seed and the same cases.
    Random(u64),
    /// The ones that must wait longest first.
    #[default]
    Longest,
}

impl Order {
    /// What a report calls the seed: 0 where there is none.
    pub(super) const fn seed(self) -> u64 {
        match self {
            Self::Random(seed) => seed,
            Self::Plan | Self::Longest => 0,
        }
    }

    /// The places of the planned cases in this order. Every round has its own random order.
    pub(super) fn of(self, planned: &[Planned<'_>], facts: &Facts, round: usize) -> Vec<usize> {
        match self {
            Self::Plan => (0..planned.len()).collect(),
            Self::Random(seed) => shuffled(planned.len(), seed, round),
            Self::Longest => longest_first(planned, facts),
        }
    }
}

/// Fisher and Yates, with the numbers of splitmix64.
fn shuffled(length: usize, seed: u64, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    let skipped = u64::try_from(round * length).unwrap_or(u64::MAX);
    for (drawn, last) in (1..length).rev().enumerate() {
        let among = u64::try_from(last + 1).unwrap_or(u64::MAX);
        let place = number(seed, skipped.wrapping_add(u64::try_from(drawn).unwrap_or(u64::MAX))) % among;
        order.swap(last, usize::try_from(place).unwrap_or_default());
    }
    order
}

/// The greeting is seen to first. Then the cases that must wait longest begin, so that nobody waits for them at the end.
fn longest_first(planned: &[Planned<'_>], facts: &Facts) -> Vec<usize> {
    let waits: Vec<Duration> = planned.iter().map(|planned| wait(planned.scenario, facts)).collect();
    let mut order: Vec<usize> = (0..planned.len()).collect();
    let greets = |at: usize| planned.get(at).is_some_and(|planned| planned.scenario.id == GREETING);
    order.sort_by_key(|&at| (!greets(at), Reverse(waits.get(at).copied())));
    order
}

/// How long a scenario waits where nothing happens.
pub(super) fn wait(scenario: &Scenario, facts: &Facts) -> Duration {
    let step = |step: &Step| match &step.action {
        Action::Silence { during, .. } | Action::Data(Data::ExpectNoConnection(during)) => *during,
        Action::Expect(expect) => match &expect.within {
            Within::Timer(name) => facts.timers.get(name).copied().unwrap_or(facts.reply),
            Within::Default | Within::Time(_) => Duration::ZERO,
        },
        Action::Say(_)
        | Action::Login
        | Action::Data(_)
        | Action::Tls(_)
        | Action::Closed(_)
        | Action::MayClose
        | Action::HangUp(_)
        | Action::Switch(_)
        | Action::Unpredictable(_) => Duration::ZERO,
    };
    scenario.steps.iter().map(step).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_seed_is_an_order() {
        assert_eq!(shuffled(20, 7, 0), shuffled(20, 7, 0));
        assert_ne!(shuffled(20, 7, 0), shuffled(20, 8, 0), "another seed, another order");
        assert_ne!(shuffled(20, 7, 0), shuffled(20, 7, 1), "another round, another order");
        assert_ne!(shuffled(20, 7, 0), (0..20).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn every_case_is_begun_once(length in 0..200_usize, seed: u64, round in 0..5_usize) {
            let mut order = shuffled(length, seed, round);
            order.sort_unstable();
            prop_assert_eq!(order, (0..length).collect::<Vec<_>>());
        }
    }
}
