//! What one case tells of a requirement.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Told;
use crate::model::{Case, Finding, Grade, Report, Verdict};
use crate::render::symbol;
use crate::visible::Symbols;

/// How an implementation stands to a requirement, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Something was against it.
    Fail,
    /// Something was against it, and its subject's file says so with the reason.
    Known,
    /// Something differed from it in a way that is tolerated.
    Deviation,
    /// It was tried, and could not be told.
    Inconclusive,
    /// It was tried and kept.
    Pass,
    /// The cases that would tell did not come so far.
    NotReached,
    /// The cases that would tell were skipped.
    Skipped,
    /// No case speaks of it.
    NotTried,
}

impl Standing {
    /// All of them, the worst first.
    pub const ALL: [Self; 8] = [
        Self::Fail,
        Self::Known,
        Self::Deviation,
        Self::Inconclusive,
        Self::Pass,
        Self::NotReached,
        Self::Skipped,
        Self::NotTried,
    ];

    /// The word as it is written in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Known => "known",
            Self::Deviation => "deviation",
            Self::Inconclusive => "inconclusive",
            Self::Pass => "pass",
            Self::NotReached => "not reached",
            Self::Skipped => "skipped",
            Self::NotTried => "not tried",
        }
    }

    /// The verdict that looks alike.
    pub(super) const fn verdict(self) -> Verdict {
        match self {
            Self::Fail => Verdict::Fail,
            Self::Known => Verdict::Known,
            Self::Deviation => Verdict::Deviation,
            Self::Inconclusive => Verdict::Inconclusive,
            Self::Pass => Verdict::Pass,
            Self::NotReached => Verdict::Blocked,
            Self::Skipped | Self::NotTried => Verdict::Skipped,
        }
    }

    /// The sign that stands for it; none where nothing was tried.
    pub(super) fn sign(self) -> Option<char> {
        (self != Self::NotTried).then(|| symbol(self.verdict(), Symbols::Unicode))
    }

    /// Whether anything was told.
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Fail | Self::Known | Self::Deviation | Self::Pass)
    }

    /// What several cases tell together: the worst of those that tell something.
    pub(super) fn of_all(all: impl Iterator<Item = Self>) -> Self {
        all.min().unwrap_or(Self::NotTried)
    }
}

/// What the cases of a report tell, by requirement.
pub(super) fn told(report: &Report) -> BTreeMap<&str, Vec<Told>> {
    let mut told: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
    for case in &report.cases {
        let named = case.findings.iter().filter_map(|finding| finding.requirement.as_deref());
        let mut ids: Vec<&str> = case.covers.iter().map(String::as_str).chain(named).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let (standing, why) = of_case(case, id);
            told.entry(id).or_default().push(Told { id: case.id.clone(), standing, why });
        }
    }
    told
}

fn of_case(case: &Case, id: &str) -> (Standing, Option<String>) {
    let named = case.findings.iter().filter(|finding| finding.requirement.as_deref() == Some(id));
    let Some(worst) = named.max_by_key(|finding| finding.grade) else { return without_finding(case) };
    let standing = match (worst.grade, case.verdict) {
        (Grade::Fail | Grade::Deviation, Verdict::Known) => Standing::Known,
        (Grade::Fail, _) => Standing::Fail,
        (Grade::Deviation, _) => Standing::Deviation,
        (Grade::Inconclusive, _) => Standing::Inconclusive,
        // A note is no reason for anything: the case tells.
        (Grade::Note, _) => return without_finding(case),
    };
    (standing, Some(worst.message.clone()))
}

/// What a case tells of a requirement that none of its findings is about.
fn without_finding(case: &Case) -> (Standing, Option<String>) {
    let other = || case.findings.iter().max_by_key(|finding| finding.grade).map(other_than);
    match case.verdict {
        // A deviation stops nothing, so all the other steps were taken and were right.
        Verdict::Pass | Verdict::Deviation => (Standing::Pass, None),
        Verdict::Inconclusive => (Standing::Inconclusive, other()),
        Verdict::Fail | Verdict::Known => (Standing::NotReached, other()),
        Verdict::Blocked => (Standing::NotReached, case.reason.clone()),
        Verdict::Skipped => (Standing::Skipped, case.reason.clone()),
    }
}

fn other_than(finding: &Finding) -> String {
    match &finding.requirement {
        Some(requirement) => format!("failed by another requirement, {requirement}: {}", finding.message),
        None => finding.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Axis, Place};

    fn case(verdict: Verdict, findings: &[(Grade, Option<&str>)]) -> Case {
        let place = Place { file: "a.yaml".to_owned(), line: 1, column: 1, width: 1, text: String::new() };
        let findings = findings.iter().map(|(grade, requirement)| Finding {
            axis: Axis::Reply,
            grade: *grade,
            requirement: requirement.map(str::to_owned),
            place: place.clone(),
            message: "it was so".to_owned(),
            expected: None,
            received: None,
            because: None,
            event: None,
            also: Vec::new(),
        });
        Case {
            id: "a".to_owned(),
            verdict,
            kind: None,
            reason: Some("for a reason".to_owned()),
            purpose: String::new(),
            covers: vec!["r".to_owned(), "s".to_owned()],
            findings: findings.collect(),
            place: place.clone(),
            row: BTreeMap::new(),
            duration: 1,
            events: Vec::new(),
            flaky: false,
            rounds: BTreeMap::new(),
        }
    }

    #[rstest]
    #[case::passed(Verdict::Pass, &[], Standing::Pass)]
    #[case::noted(Verdict::Pass, &[(Grade::Note, Some("r"))], Standing::Pass)]
    #[case::failed_by_it(Verdict::Fail, &[(Grade::Deviation, Some("s")), (Grade::Fail, Some("r"))], Standing::Fail)]
    #[case::failed_by_another(Verdict::Fail, &[(Grade::Fail, Some("s"))], Standing::NotReached)]
    #[case::deviates_by_it(Verdict::Deviation, &[(Grade::Deviation, Some("r"))], Standing::Deviation)]
    #[case::deviates_by_another(Verdict::Deviation, &[(Grade::Deviation, Some("s"))], Standing::Pass)]
    #[case::deviates_and_fails(Verdict::Fail, &[(Grade::Deviation, Some("r")), (Grade::Fail, Some("s"))], Standing::Deviation)]
    #[case::known(Verdict::Known, &[(Grade::Fail, Some("r"))], Standing::Known)]
    #[case::known_deviation(Verdict::Known, &[(Grade::Deviation, Some("r"))], Standing::Known)]
    #[case::crashed(Verdict::Fail, &[(Grade::Fail, None)], Standing::NotReached)]
    #[case::unclear(Verdict::Inconclusive, &[(Grade::Inconclusive, None)], Standing::Inconclusive)]
    #[case::blocked(Verdict::Blocked, &[], Standing::NotReached)]
    #[case::skipped(Verdict::Skipped, &[], Standing::Skipped)]
    fn what_a_case_tells(#[case] verdict: Verdict, #[case] findings: &[(Grade, Option<&str>)], #[case] told: Standing) {
        assert_eq!(of_case(&case(verdict, findings), "r").0, told);
    }

    #[rstest]
    #[case(&[Standing::Pass, Standing::Deviation], Standing::Deviation)]
    #[case(&[Standing::Skipped, Standing::Pass, Standing::NotReached], Standing::Pass)]
    #[case(&[Standing::Known, Standing::Inconclusive], Standing::Known)]
    #[case(&[], Standing::NotTried)]
    fn several_cases(#[case] all: &[Standing], #[case] expected: Standing) {
        assert_eq!(Standing::of_all(all.iter().copied()), expected);
    }

    #[test]
    fn the_order_is_that_of_the_list() {
        assert!(Standing::ALL.is_sorted());
    }
}
