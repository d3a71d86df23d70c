//! Known deviations: what they excuse, and which of them hold no more.

use jiff::Zoned;
use jiff::civil::Date;
use reports::model::{Case, Finding, Grade, Verdict};

use crate::scenario::Suite;
use crate::subject::{Known, Subject};

/// What there is to say of known deviations after a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Excused {
    /// On those of the subject's file.
    pub(super) remarks: Vec<String>,
    /// The entries of the baseline that hold no more.
    pub(super) stale: Vec<String>,
}

/// Known deviations become `known`, by the subject's file and by the baseline.
pub(super) fn excuse(suite: &Suite, subject: &Subject, baseline: &[Known], cases: &mut [Case]) -> Excused {
    let today = Zoned::now().date();
    let entries: Vec<_> = subject.known.iter().chain(baseline).collect();
    let mut seen = vec![false; entries.len()];
    for case in cases.iter_mut().filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Inconclusive)) {
        let explaining = explaining(&entries, case, today);
        for (seen, explains) in seen.iter_mut().zip(&explaining.each) {
            *seen |= explains;
        }
        if explaining.all {
            let reasons = entries.iter().zip(&explaining.each).filter(|(_, explains)| **explains);
            let reasons: Vec<_> = reasons.map(|(known, _)| known.reason.as_str()).collect();
            case.verdict = Verdict::Known;
            case.reason = Some(reasons.join("; "));
        }
    }
    for case in cases.iter_mut().filter(|case| case.verdict == Verdict::Blocked) {
        let at = known_cause(&entries, case, today);
        if let Some((known, seen)) = at.and_then(|at| Some((entries.get(at)?, seen.get_mut(at)?))) {
            *seen = true;
            case.verdict = Verdict::Known;
            case.reason = Some(known.reason.clone());
        }
    }
    let mut excused = Excused::default();
    for (at, (known, _)) in entries.into_iter().zip(seen).enumerate().filter(|(_, (_, seen))| !seen) {
        if at < subject.known.len() {
            let judged = || cases.iter().any(|case| known.covers(&case.id, today) && is_judged(case));
            if !known.may_vary && judged() {
                excused.remarks.push(format!("known and no longer seen: {} ({})", known.pattern, known.reason));
            }
        } else if let Some(why) = why_stale(suite, known, cases, today) {
            let of = [std::slice::from_ref(&known.pattern), &known.requirements].concat().join(", ");
            excused.stale.push(format!("{of} ({}): {why}", known.reason));
        }
    }
    excused
}

/// Whether a finding of this case is against something that no entry speaks of.
pub(super) fn is_unexcused(subject: &Subject, baseline: &[Known], case: &Case) -> bool {
    let entries: Vec<_> = subject.known.iter().chain(baseline).collect();
    case.verdict == Verdict::Fail && !explaining(&entries, case, Zoned::now().date()).all
}

/// The entry that knows what a case is blocked by, where that is told as a finding of another case: `requirement: what it is`.
fn known_cause(entries: &[&Known], case: &Case, today: Date) -> Option<usize> {
    let (requirement, _) = case.reason.as_deref()?.split_once(": ")?;
    let names = |known: &&Known| known.requirements.iter().any(|id| id == requirement);
    entries.iter().position(|known| names(known) && known.covers(&case.id, today))
}

/// Which entries explain something in a case.
struct Explaining {
    each: Vec<bool>,
    /// Whether together they explain all of it.
    all: bool,
}

fn explaining(entries: &[&Known], case: &Case, today: Date) -> Explaining {
    let grave: Vec<_> = case.findings.iter().filter(|finding| finding.grade >= Grade::Inconclusive).collect();
    let explains = |known: &Known, finding: &Finding| {
        known.covers(&case.id, today) && known.speaks_of(finding.requirement.as_deref())
    };
    // What is inconclusive without a finding is explained by whatever speaks of the case.
    let some = |known: &&Known| {
        grave.iter().any(|finding| explains(known, finding)) || grave.is_empty() && known.covers(&case.id, today)
    };
    let each: Vec<_> = entries.iter().map(some).collect();
    let every = grave.iter().all(|finding| entries.iter().any(|known| explains(known, finding)));
    let all = every && each.contains(&true);
    Explaining { each, all }
}

fn is_judged(case: &Case) -> bool {
    !matches!(case.verdict, Verdict::Skipped | Verdict::Blocked)
}

/// Why an entry that explained nothing is stale. It is not where a case that it speaks of was not run, or not judged.
fn why_stale(suite: &Suite, known: &Known, cases: &[Case], today: Date) -> Option<String> {
    if let Some(last) = known.expires.filter(|_| known.has_expired(today)) {
        return Some(format!("it expired on {last}; look again, then give it another day or take it away"));
    }
    let mut named = suite.scenarios().iter().filter(|scenario| known.names(&scenario.id)).peekable();
    if named.peek().is_none() {
        return Some("no case of the suite has such an id; mend the pattern or take the entry away".to_owned());
    }
    if known.may_vary {
        return None;
    }
    let mut judged = 0_usize;
    for scenario in named {
        let case = cases.iter().find(|case| case.id == scenario.id)?;
        match case.verdict {
            Verdict::Blocked => return None,
            Verdict::Skipped => {}
            Verdict::Pass | Verdict::Deviation | Verdict::Inconclusive | Verdict::Fail | Verdict::Known => judged += 1,
        }
    }
    let what = match known.requirements.as_slice() {
        [] => "shows it",
        [_] => "is against the requirement",
        _ => "is against one of the requirements",
    };
    (judged > 0).then(|| match judged {
        1 => format!("its case was judged, and no longer {what}; take the entry away"),
        several => format!("its {several} cases were judged, and none {what} any more; take the entry away"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use reports::model::{Axis, Place};
    use rstest::rstest;

    use super::*;

    fn case(requirements: &[&str]) -> Case {
        let place = Place { file: "a.yaml".to_owned(), line: 1, column: 1, width: 1, text: String::new() };
        let finding = |requirement: &&str| Finding {
            axis: Axis::Reply,
            grade: Grade::Fail,
            requirement: Some((*requirement).to_owned()),
            place: place.clone(),
            message: "no".to_owned(),
            expected: None,
            received: None,
            because: None,
            event: None,
            also: Vec::new(),
        };
        Case {
            id: "a/b".to_owned(),
            verdict: Verdict::Fail,
            kind: None,
            reason: None,
            purpose: "A.".to_owned(),
            covers: Vec::new(),
            place: place.clone(),
            row: BTreeMap::new(),
            duration: 0,
            findings: requirements.iter().map(finding).collect(),
            events: Vec::new(),
            flaky: false,
            rounds: BTreeMap::new(),
        }
    }

    fn known(pattern: &str, requirement: Option<&str>) -> Known {
        Known {
            pattern: pattern.to_owned(),
            requirements: requirement.map(str::to_owned).into_iter().collect(),
            reason: "old".to_owned(),
            link: None,
            expires: Some(date(2030, 1, 31)),
            may_vary: false,
        }
    }

    fn either(pattern: &str, one: &str, other: &str) -> Known {
        Known { requirements: vec![one.to_owned(), other.to_owned()], ..known(pattern, None) }
    }

    #[rstest]
    #[case::whatever_it_is(&[known("a/*", None)], &["r-1", "r-2"], &[true], true)]
    #[case::one_of_two(&[known("a/*", Some("r-1"))], &["r-1", "r-2"], &[true], false)]
    #[case::together(&[known("a/*", Some("r-1")), known("a/b", Some("r-2"))], &["r-1", "r-2"], &[true, true], true)]
    #[case::another_requirement(&[known("a/*", Some("r-3"))], &["r-1"], &[false], false)]
    #[case::any_of_its_own(&[either("a/*", "r-1", "r-2")], &["r-2"], &[true], true)]
    #[case::all_of_its_own(&[either("a/*", "r-1", "r-2")], &["r-1", "r-2"], &[true], true)]
    #[case::none_of_its_own(&[either("a/*", "r-1", "r-2")], &["r-1", "r-3"], &[true], false)]
    #[case::another_case(&[known("b/*", None)], &["r-1"], &[false], false)]
    #[case::without_finding(&[known("a/*", Some("r-1"))], &[], &[true], true)]
    #[case::nothing_is_known(&[], &["r-1"], &[], false)]
    #[case::nothing_is_known_of_nothing(&[], &[], &[], false)]
    fn entries_explain(#[case] entries: &[Known], #[case] found: &[&str], #[case] each: &[bool], #[case] all: bool) {
        let entries: Vec<_> = entries.iter().collect();
        let explaining = explaining(&entries, &case(found), date(2030, 1, 31));
        assert_eq!((explaining.each.as_slice(), explaining.all), (each, all));
        assert!(!super::explaining(&entries, &case(found), date(2030, 2, 1)).all, "the last day is over");
    }

    #[rstest]
    #[case::the_same(Some("r-1"), Some("r-1: it lacks it"), Some(0))]
    #[case::another(Some("r-2"), Some("r-1: it lacks it"), None)]
    #[case::whatever_it_is(None, Some("r-1: it lacks it"), None)]
    #[case::no_requirement(Some("r-1"), Some("it never started"), None)]
    #[case::no_reason(Some("r-1"), None, None)]
    fn what_blocks_can_be_known(
        #[case] requirement: Option<&str>,
        #[case] reason: Option<&str>,
        #[case] expected: Option<usize>,
    ) {
        let entry = known("a/*", requirement);
        let blocked = Case { verdict: Verdict::Blocked, reason: reason.map(str::to_owned), ..case(&[]) };
        assert_eq!(known_cause(&[&entry], &blocked, date(2030, 1, 31)), expected);
        assert_eq!(known_cause(&[&entry], &blocked, date(2030, 2, 1)), None, "the last day is over");
    }

    #[rstest]
    #[case::always(false, &["known and no longer seen: a/* (old)"])]
    #[case::in_some_runs(true, &[])]
    fn what_is_no_longer_seen_is_said(#[case] may_vary: bool, #[case] said: &[&str]) {
        let mut subject = Subject::at("ftp://localhost/", None, None).unwrap();
        subject.known = vec![Known { may_vary, expires: None, ..known("a/*", Some("r-1")) }];
        let mut cases = [Case { verdict: Verdict::Pass, ..case(&[]) }];
        let suite = Suite::from_sources(BTreeMap::new()).unwrap();
        assert_eq!(excuse(&suite, &subject, &[], &mut cases).remarks, said);
    }
}
