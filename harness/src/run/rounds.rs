//! What the rounds of a run come to: of each case the worst that was seen, and how often it was otherwise.

use std::collections::BTreeMap;

use reports::model::{Case, Verdict};

use super::case::{Ran, unseen};
use super::gather::one_cause_one_finding;
use crate::plan::Planned;

/// The cases of the rounds so far, by their place in the plan.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// What the subject says of itself.
    pub(super) identity: Vec<String>,
    cases: BTreeMap<usize, Repeated>,
}

#[derive(Debug)]
struct Repeated {
    worst: Case,
    verdicts: BTreeMap<Verdict, usize>,
}

impl Rounds {
    /// A round was run.
    pub(super) fn add(&mut self, mut round: Vec<(usize, Ran)>) {
        round.sort_by_key(|(at, _)| *at);
        let (places, ran): (Vec<usize>, Vec<Ran>) = round.into_iter().unzip();
        for ran in &ran {
            if ran.identity.len() > self.identity.len() {
                self.identity.clone_from(&ran.identity);
            }
        }
        for (at, case) in places.into_iter().zip(one_cause_one_finding(ran)) {
            match self.cases.get_mut(&at) {
                Some(repeated) => repeated.add(case),
                None => drop(self.cases.insert(at, Repeated::of(case))),
            }
        }
    }

    /// The cases that never ran are skipped for this reason, or for their own.
    pub(super) fn fill(&mut self, planned: &[Planned<'_>], reason: &str) {
        for (at, planned) in planned.iter().enumerate() {
            let reason = planned.skip.as_deref().unwrap_or(reason);
            let skipped = || Repeated::of(unseen(planned.scenario, Verdict::Skipped, reason.to_owned()));
            self.cases.entry(at).or_insert_with(skipped);
        }
    }

    /// The cases, in the order of the plan.
    pub(super) fn into_cases(self) -> Vec<Case> {
        self.cases.into_values().map(Repeated::into_case).collect()
    }
}

impl Repeated {
    fn of(worst: Case) -> Self {
        Self { verdicts: BTreeMap::from([(worst.verdict, 1)]), worst }
    }

    fn add(&mut self, case: Case) {
        *self.verdicts.entry(case.verdict).or_default() += 1;
        if weight(case.verdict) > weight(self.worst.verdict) {
            self.worst = case;
        }
    }

    fn into_case(self) -> Case {
        let Self { mut worst, verdicts } = self;
        // A case that is blocked was not judged; what blocked it is said where that was judged.
        worst.flaky = verdicts.keys().filter(|verdict| **verdict != Verdict::Blocked).count() > 1;
        if verdicts.len() > 1 {
            worst.rounds = verdicts;
        }
        worst
    }
}

/// What was judged outranks what was not.
const fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Blocked => 0,
        Verdict::Skipped => 1,
        Verdict::Pass => 2,
        Verdict::Known => 3,
        Verdict::Deviation => 4,
        Verdict::Inconclusive => 5,
        Verdict::Fail => 6,
    }
}

#[cfg(test)]
mod tests {
    use reports::model::Place;
    use rstest::rstest;

    use super::*;

    fn case(verdict: Verdict) -> Case {
        let place = Place { file: "a.yaml".to_owned(), line: 1, column: 1, width: 1, text: String::new() };
        Case {
            id: "a".to_owned(),
            verdict,
            kind: None,
            reason: None,
            purpose: "A.".to_owned(),
            covers: Vec::new(),
            place,
            row: BTreeMap::new(),
            duration: 0,
            findings: Vec::new(),
            events: Vec::new(),
            flaky: false,
            rounds: BTreeMap::new(),
        }
    }

    #[rstest]
    #[case(&[Verdict::Pass], Verdict::Pass, false, None)]
    #[case(&[Verdict::Pass, Verdict::Pass], Verdict::Pass, false, None)]
    #[case(&[Verdict::Pass, Verdict::Fail, Verdict::Pass], Verdict::Fail, true, Some("fail in 1 of 3 runs, pass in 2"))]
    #[case(&[Verdict::Deviation, Verdict::Pass], Verdict::Deviation, true, Some("deviation in 1 of 2 runs, pass in 1"))]
    #[case(&[Verdict::Skipped, Verdict::Pass], Verdict::Pass, true, Some("skipped in 1 of 2 runs, pass in 1"))]
    #[case::blocked_is_not_judged(&[Verdict::Pass, Verdict::Blocked], Verdict::Pass, false, Some("blocked in 1 of 2 runs, pass in 1"))]
    #[case::never_judged(&[Verdict::Blocked, Verdict::Blocked], Verdict::Blocked, false, None)]
    fn the_worst_is_shown(
        #[case] seen: &[Verdict],
        #[case] shown: Verdict,
        #[case] flaky: bool,
        #[case] repeated: Option<&str>,
    ) {
        let ran = |verdict| Ran { case: case(verdict), framing: Vec::new(), identity: Vec::new(), short: None };
        let mut rounds = Rounds::default();
        for verdict in seen {
            rounds.add(vec![(0, ran(*verdict))]);
        }
        let cases = rounds.into_cases();
        let [case] = cases.as_slice() else { panic!("one case: {cases:?}") };
        assert_eq!((case.verdict, case.flaky, case.repeated().as_deref()), (shown, flaky, repeated));
    }
}
