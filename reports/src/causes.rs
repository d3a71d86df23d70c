//! What several cases have in common, so that a summary says it once.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Axis, Case, FailKind, Finding, Report, Verdict};

/// One cause that several cases met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause<'r> {
    /// `framing`, or the kind of failure.
    pub(crate) word: &'static str,
    pub(crate) message: &'r str,
    /// The case that shows it.
    pub(crate) shown_in: &'r str,
    pub(crate) cases: BTreeSet<&'r str>,
}

/// The causes that more than one case met, the widest first.
///
/// Findings are one cause where the judge says so (`also`), and crashes, hangs and failed starts where their words are
/// the same.
pub(crate) fn causes(report: &Report) -> Vec<Cause<'_>> {
    let mut causes: BTreeMap<Key<'_>, Cause<'_>> = BTreeMap::new();
    for (case, finding) in report.cases.iter().flat_map(|case| case.findings.iter().map(move |finding| (case, finding)))
    {
        if finding.also.is_empty() && case.kind.is_none() {
            continue;
        }
        let cause = causes.entry(key(case, finding)).or_insert_with(|| Cause {
            word: word(case, finding),
            message: &finding.message,
            shown_in: &case.id,
            cases: BTreeSet::new(),
        });
        cause.cases.insert(&case.id);
        cause.cases.extend(finding.also.iter().map(String::as_str));
    }
    let mut causes: Vec<_> = causes.into_values().filter(|cause| cause.cases.len() > 1).collect();
    causes.sort_by(|a, b| b.cases.len().cmp(&a.cases.len()).then_with(|| a.shown_in.cmp(b.shown_in)));
    causes
}

type Key<'r> = (Axis, Option<FailKind>, Option<&'r str>, &'r str);

/// What makes two findings one cause. A process that dies, or never listens, does so whatever was asked of it; one that
/// hangs may have two reasons for two commands.
fn key<'r>(case: &Case, finding: &'r Finding) -> Key<'r> {
    let requirement = match case.kind {
        Some(FailKind::Crash | FailKind::NoStart) => None,
        Some(FailKind::Hang) | None => finding.requirement.as_deref(),
    };
    (finding.axis, case.kind, requirement, &finding.message)
}

/// The earlier case that shows everything that was found in this one, if there is one: a crash that forty cases met is
/// told once.
pub(crate) fn told_in<'r>(report: &'r Report, case: &Case) -> Option<&'r str> {
    case.kind?;
    let keys =
        |case: &'r Case| -> BTreeSet<Key<'r>> { case.findings.iter().map(|finding| key(case, finding)).collect() };
    let mine: BTreeSet<Key<'_>> = case.findings.iter().map(|finding| key(case, finding)).collect();
    let mut before = report.cases.iter().take_while(|earlier| earlier.id != case.id);
    before.find(|earlier| !mine.is_empty() && keys(earlier) == mine).map(|earlier| earlier.id.as_str())
}

/// `crash`, where the case is one, else the axis.
pub(crate) fn word(case: &Case, finding: &Finding) -> &'static str {
    match case.kind {
        Some(kind) if finding.axis == Axis::Lifecycle => kind.word(),
        Some(_) | None => finding.axis.word(),
    }
}

/// Why cases have a verdict that comes with a reason, and how many for each reason, the most frequent first.
///
/// Where the reason of a blocked case begins with the id of its cause, that alone groups them.
pub(crate) fn reasons(report: &Report, verdict: Verdict) -> Vec<(&str, usize)> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in report.cases.iter().filter(|case| case.verdict == verdict) {
        let whole = case.reason.as_deref().unwrap_or("no reason given");
        let reason = if verdict == Verdict::Blocked { cause_of(whole) } else { whole };
        *reasons.entry(reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    reasons
}

/// The id that a reason begins with, or all of it.
fn cause_of(reason: &str) -> &str {
    let id = reason.split([':', ',', ';', ' ']).next().unwrap_or(reason);
    if id.contains('/') { id } else { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty() -> Report {
        crate::read(include_bytes!("../gallery/faulty.json")).unwrap()
    }

    fn case<'r>(report: &'r Report, id: &str) -> &'r Case {
        report.cases.iter().find(|case| case.id == id).unwrap()
    }

    #[test]
    fn the_widest_cause_comes_first() {
        let report = faulty();
        let counted: Vec<_> =
            causes(&report).iter().map(|cause| (cause.word, cause.cases.len(), cause.shown_in)).collect();
        assert_eq!(counted, [("framing", 4, "rfc959/login/greeting"), ("crash", 2, "rfc959/abort/abor")]);
    }

    #[test]
    fn a_crash_is_told_once_and_a_hang_for_each_requirement() {
        let mut report = faulty();
        for case in &mut report.cases {
            for (number, finding) in case.findings.iter_mut().enumerate() {
                finding.requirement = Some(format!("{}-{number}", case.id));
            }
        }
        let mut hang = case(&report, "rfc959/misc/stat").clone();
        "rfc959/misc/help".clone_into(&mut hang.id);
        report.cases.push(hang.clone());
        assert_eq!(told_in(&report, case(&report, "rfc959/abort/abor")), None);
        assert_eq!(told_in(&report, case(&report, "rfc959/abort/abor-idle")), Some("rfc959/abort/abor"));
        assert_eq!(told_in(&report, &hang), Some("rfc959/misc/stat"));
        hang.findings[0].requirement = Some("another".to_owned());
        assert_eq!(told_in(&report, &hang), None);
    }

    #[test]
    fn reasons_are_counted() {
        let report = faulty();
        let skipped = [("not claimed: TLS", 2), ("not applicable: PASV is answered with 502", 1)];
        assert_eq!(reasons(&report, Verdict::Skipped), skipped);
        assert_eq!(reasons(&report, Verdict::Blocked), [("rfc959/login/greeting", 2)]);
    }
}
