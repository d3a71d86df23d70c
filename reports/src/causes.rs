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
    type Key<'r> = (Axis, Option<FailKind>, Option<&'r str>, &'r str);
    let mut causes: BTreeMap<Key<'_>, Cause<'_>> = BTreeMap::new();
    for (case, finding) in report.cases.iter().flat_map(|case| case.findings.iter().map(move |finding| (case, finding)))
    {
        if finding.also.is_empty() && case.kind.is_none() {
            continue;
        }
        let key = (finding.axis, case.kind, finding.requirement.as_deref(), finding.message.as_str());
        let cause = causes.entry(key).or_insert_with(|| Cause {
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

/// `crash`, where the case is one, else the axis.
pub(crate) fn word(case: &Case, finding: &Finding) -> &'static str {
    match case.kind {
        Some(kind) if finding.axis == Axis::Lifecycle => kind.word(),
        Some(_) | None => finding.axis.word(),
    }
}

/// Why cases have a verdict that comes with a reason, and how many for each reason, the most frequent first.
///
/// The reason of a blocked case begins with the id of its cause, and that alone groups them.
pub(crate) fn reasons(report: &Report, verdict: Verdict) -> Vec<(&str, usize)> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in report.cases.iter().filter(|case| case.verdict == verdict) {
        let whole = case.reason.as_deref().unwrap_or("no reason given");
        let reason = if verdict == Verdict::Blocked { first_word(whole) } else { whole };
        *reasons.entry(reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    reasons
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().map_or(text, |word| word.trim_end_matches([':', ',', ';']))
}
