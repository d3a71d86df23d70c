//! From a report and a rubric to points.
//!
//! Each group shares its points out over its cases by weight. A case gives its worth, or a part of it. A crash or a silence
//! that several cases met takes the worth of the first of them; the others are not counted, as if they had not been
//! asked, for they could show nothing. A group in which nothing is left that could show something gives nothing.

use std::collections::BTreeSet;

use reports::model::{Case, Report, Verdict};

use super::cause::{Cause, causes};
use crate::scenario::rubric::{Deduction, Group, Missing, PartOfGrade, Points, Rubric, StaticCheck, Visibility, plain};

/// What a submission has earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// The sum, never less than nothing.
    pub points: Points,
    /// What could be had, without what comes on top.
    pub of: Points,
    /// What could not be judged, for a reason that is not the student's.
    pub ungraded: Points,
    /// The groups, in the order of the rubric.
    pub groups: Vec<GroupScore>,
    /// What crashes and silences cost.
    pub deductions: Vec<DeductionScore>,
    /// The checks, in the order of the rubric.
    pub checks: Vec<CheckScore>,
}

/// A group's points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupScore {
    /// Its name.
    pub name: String,
    /// Functionality or robustness.
    pub part: PartOfGrade,
    /// Whether its points come on top.
    pub extra: bool,
    /// What it gave.
    pub points: Points,
    /// What it is worth.
    pub of: Points,
    /// What of it could not be judged.
    pub ungraded: Points,
    /// Why it gave nothing at all, if one thing decided that.
    pub stopped: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// What a student may try.
    pub hint: Option<String>,
    /// Its cases, in the order of the report.
    pub cases: Vec<CaseScore>,
}

/// A case's points in its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseScore {
    /// Its id.
    pub id: String,
    /// What it gave.
    pub points: Points,
    /// What it is worth.
    pub of: Points,
    /// Why.
    pub outcome: Outcome,
    /// Who may see it.
    pub visibility: Visibility,
    /// What a student may try.
    pub hint: Option<String>,
}

/// Why a case gave what it gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Earned,
    /// It deviates in a tolerated way.
    Deviates,
    /// It passed in so many runs of so many.
    Sometimes {
        /// In how many it passed.
        passed: usize,
        /// How many there were.
        runs: usize,
    },
    /// It failed.
    Lost,
    /// It could not be asked, by a fault of the submission.
    Unreached {
        /// Which.
        reason: String,
    },
    /// The submission does not have what it needs.
    Missing {
        /// What.
        reason: String,
    },
    /// It met what an earlier case met already, and is not counted.
    SameCause {
        /// The case that the points were taken for.
        told_in: String,
    },
    /// It is not counted.
    LeftOut {
        /// Why.
        reason: String,
    },
    /// It could not be judged, for a reason that is not the student's.
    Ungraded {
        /// Which.
        reason: String,
    },
}

impl Outcome {
    /// Its word in the results.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Earned => "earned",
            Self::Deviates => "deviates",
            Self::Sometimes { .. } => "sometimes",
            Self::Lost => "lost",
            Self::Unreached { .. } => "unreached",
            Self::Missing { .. } => "missing",
            Self::SameCause { .. } => "same-cause",
            Self::LeftOut { .. } => "left-out",
            Self::Ungraded { .. } => "ungraded",
        }
    }

    /// Its reason, if it has one of its own.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Earned | Self::Deviates | Self::Lost => None,
            Self::Sometimes { passed, runs } => Some(format!("it passed in {passed} of {runs} runs")),
            Self::SameCause { told_in } => Some(format!("the same as in {told_in}, and counted there")),
            Self::Unreached { reason }
            | Self::Missing { reason }
            | Self::LeftOut { reason }
            | Self::Ungraded { reason } => Some(reason.clone()),
        }
    }
}

/// What the causes of one kind cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeductionScore {
    /// The cause.
    pub cause: Cause,
    /// What it costs.
    pub points: Points,
    /// The case that shows it.
    pub shown_in: String,
    /// How many cases met it.
    pub cases: usize,
}

/// What a static check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOutcome {
    /// Whether it holds; nothing, where it could not be tried.
    pub holds: Option<bool>,
    /// What its command printed.
    pub printed: Vec<String>,
}

/// A check's points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckScore {
    /// Its name.
    pub name: String,
    /// What it gave, or took.
    pub points: Points,
    /// What it is worth.
    pub of: Points,
    /// Whether it takes points instead of giving them.
    pub deducts: bool,
    /// What was found.
    pub outcome: CheckOutcome,
    /// What a student may try.
    pub hint: Option<String>,
}

/// The score of a report by a rubric. The outcomes of the checks stand in the order of the rubric's.
pub fn score(report: &Report, rubric: &Rubric, outcomes: &[CheckOutcome]) -> Score {
    let mut charged = Charged::default();
    let groups: Vec<_> = rubric.groups.iter().map(|group| of_group(report, rubric, group, &mut charged)).collect();
    let deductions = deductions(report, rubric);
    let checks: Vec<_> = rubric.checks.iter().zip(outcomes).map(|(check, outcome)| of_check(check, outcome)).collect();
    let given = groups.iter().map(|group| group.points).chain(checks.iter().map(|check| check.points)).sum::<Points>();
    let taken: Points = deductions.iter().map(|deduction| deduction.points).sum();
    let untried: Points = checks.iter().filter(|check| check.outcome.holds.is_none()).map(|check| check.of).sum();
    Score {
        points: (given - taken).max(Points::ZERO),
        of: rubric.points(),
        ungraded: groups.iter().filter(|group| !group.extra).map(|group| group.ungraded).sum::<Points>() + untried,
        groups,
        deductions,
        checks,
    }
}

/// The causes that have taken points already, with the case that they took them for.
#[derive(Debug, Default)]
struct Charged(Vec<(Cause, String)>);

impl Charged {
    /// The other case that this cause has taken points for, if there is one; else it takes them for this case.
    fn charge(&mut self, cause: Cause, id: &str) -> Option<String> {
        if let Some((_, told_in)) = self.0.iter().find(|(earlier, _)| *earlier == cause) {
            return (told_in != id).then(|| told_in.clone());
        }
        self.0.push((cause, id.to_owned()));
        None
    }
}

fn of_group(report: &Report, rubric: &Rubric, group: &Group, charged: &mut Charged) -> GroupScore {
    let members: Vec<_> = report.cases.iter().filter_map(|case| Some((case, group.part_of(&case.id)?))).collect();
    let judged: Vec<_> =
        members.into_iter().map(|(case, part)| (case, part, of_case(case, rubric, group, charged))).collect();
    let counted: Vec<_> = judged
        .iter()
        .filter(|(.., (_, outcome))| is_counted(outcome))
        .map(|(case, part, _)| (case.id.as_str(), part.weight))
        .collect();
    let mut worths = worths(group, &counted).into_iter();
    let mut cases = Vec::with_capacity(judged.len());
    for (case, part, (share, outcome)) in judged {
        let of = if is_counted(&outcome) { worths.next().unwrap_or_default() } else { Points::ZERO };
        cases.push(CaseScore {
            id: case.id.clone(),
            points: of.share(share.part, share.whole),
            of,
            outcome,
            visibility: part.visibility.unwrap_or_default().max(group.visibility),
            hint: part.hint.clone().or_else(|| group.hint.clone()),
        });
    }
    let stopped = stopped(group, &cases);
    let earned: Points = cases.iter().map(|case| case.points).sum();
    let unjudged = cases.iter().filter(|case| matches!(case.outcome, Outcome::Ungraded { .. }));
    GroupScore {
        name: group.name.value.clone(),
        part: group.part,
        extra: group.extra,
        points: if stopped.is_some() { Points::ZERO } else { earned },
        of: group.points,
        ungraded: unjudged.map(|case| case.of).sum(),
        stopped,
        visibility: group.visibility,
        hint: group.hint.clone(),
        cases,
    }
}

fn is_counted(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::SameCause { .. } | Outcome::LeftOut { .. })
}

/// Why the group gives nothing, where one of its cases decides that.
fn stopped(group: &Group, cases: &[CaseScore]) -> Option<String> {
    // A verdict that could not be had decides nothing.
    let fell_short = |case: &&CaseScore| {
        let short = case.points < case.of && case.outcome != Outcome::Deviates;
        short && !matches!(case.outcome, Outcome::Ungraded { .. } | Outcome::LeftOut { .. })
    };
    let mut short = cases.iter().filter(fell_short);
    if group.all {
        return short.next().map(|case| format!("all of its cases must pass, and {} did not", case.id));
    }
    let gate = short.find(|case| group.is_gate(&case.id));
    gate.map(|case| format!("nothing here counts without {}, which did not pass", case.id))
}

/// The points of the group for each case: by weight for each scenario, and evenly over its rows.
fn worths(group: &Group, cases: &[(&str, u32)]) -> Vec<Points> {
    let mut scenarios: Vec<(&str, u32, usize)> = Vec::new();
    for (id, weight) in cases {
        match scenarios.iter_mut().find(|(known, ..)| *known == plain(id)) {
            Some((.., rows)) => *rows += 1,
            None => scenarios.push((plain(id), *weight, 1)),
        }
    }
    let weights: Vec<u64> = scenarios.iter().map(|(_, weight, _)| u64::from(*weight)).collect();
    let of_scenarios = group.points.shared_out(&weights);
    let mut rows: Vec<(&str, std::vec::IntoIter<Points>)> = scenarios
        .iter()
        .zip(of_scenarios)
        .map(|((id, _, rows), points)| (*id, points.shared_out(&vec![1; *rows]).into_iter()))
        .collect();
    let mut next = |id: &str| {
        let of_rows = rows.iter_mut().find(|(known, _)| *known == plain(id));
        of_rows.and_then(|(_, points)| points.next()).unwrap_or_default()
    };
    cases.iter().map(|(id, _)| next(id)).collect()
}

/// Which part of its worth a case gives.
#[derive(Debug, Clone, Copy)]
struct Share {
    part: i64,
    whole: i64,
}

impl Share {
    const NOTHING: Self = Self { part: 0, whole: 1 };
    const ALL: Self = Self { part: 1, whole: 1 };
}

fn of_case(case: &Case, rubric: &Rubric, group: &Group, charged: &mut Charged) -> (Share, Outcome) {
    let reason = || case.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
    if case.flaky {
        return sometimes(case, group);
    }
    let outcome = match case.verdict {
        Verdict::Pass => return (Share::ALL, Outcome::Earned),
        Verdict::Deviation => return (Share { part: group.deviation.into(), whole: 100 }, Outcome::Deviates),
        Verdict::Fail | Verdict::Known => {
            let told_in = Cause::of(case).and_then(|cause| charged.charge(cause, &case.id));
            told_in.map_or(Outcome::Lost, |told_in| Outcome::SameCause { told_in })
        }
        Verdict::Blocked => Outcome::Unreached { reason: reason() },
        Verdict::Skipped if is_cut_off(case) => Outcome::Unreached { reason: reason() },
        Verdict::Skipped => match rubric.missing {
            Missing::Lost => Outcome::Missing { reason: reason() },
            Missing::LeftOut => Outcome::LeftOut { reason: reason() },
        },
        // A server that says "service not available" to its only client, again and again, has had its chances.
        Verdict::Inconclusive if case.reason.as_deref().is_some_and(|reason| reason.contains("421")) => Outcome::Lost,
        Verdict::Inconclusive => Outcome::Ungraded { reason: inconclusive(case) },
    };
    (Share::NOTHING, outcome)
}

/// A verdict that changes gives its share: passes count whole, tolerated deviations as the group says.
fn sometimes(case: &Case, group: &Group) -> (Share, Outcome) {
    let count = |verdict: Verdict| case.rounds.get(&verdict).copied().unwrap_or_default();
    let runs = case.rounds.values().sum::<usize>() - count(Verdict::Inconclusive) - count(Verdict::Blocked);
    let (passed, deviated) = (count(Verdict::Pass), count(Verdict::Deviation));
    if runs == 0 {
        return (Share::NOTHING, Outcome::Ungraded { reason: inconclusive(case) });
    }
    let percent = |count: usize, each: u8| i64::try_from(count).unwrap_or_default() * i64::from(each);
    let part = percent(passed, 100) + percent(deviated, group.deviation);
    let outcome = match (passed + deviated == runs, deviated) {
        (true, 0) => Outcome::Earned,
        (true, _) => Outcome::Deviates,
        (false, _) => Outcome::Sometimes { passed: passed + deviated, runs },
    };
    (Share { part, whole: percent(runs, 100) }, outcome)
}

fn inconclusive(case: &Case) -> String {
    let finding = case.findings.iter().find_map(|finding| finding.because.clone());
    case.reason.clone().or(finding).unwrap_or_else(|| "it could not be told".to_owned())
}

/// Whether it was not run since the submission had used up its time.
fn is_cut_off(case: &Case) -> bool {
    case.reason.as_deref().is_some_and(|reason| reason.starts_with("not run:"))
}

fn deductions(report: &Report, rubric: &Rubric) -> Vec<DeductionScore> {
    use reports::model::FailKind;
    let graded: BTreeSet<&str> = report
        .cases
        .iter()
        .filter(|case| rubric.groups.iter().any(|group| group.part_of(&case.id).is_some()))
        .map(|case| case.id.as_str())
        .collect();
    let of_kind = |kind: FailKind, deduction: Option<Deduction>| {
        let Some(deduction) = deduction else { return Vec::new() };
        let mut left = deduction.most;
        let causes = causes(report).into_iter().filter(|(cause, _)| cause.kind == kind);
        let scored = causes.filter_map(|(cause, cases)| {
            let met: Vec<_> = cases.into_iter().filter(|case| graded.contains(case.id.as_str())).collect();
            let shown_in = met.first()?.id.clone();
            let points = left.map_or(deduction.each, |left| deduction.each.at_most(left));
            left = left.map(|left| left - points);
            Some(DeductionScore { cause, points, shown_in, cases: met.len() })
        });
        scored.collect()
    };
    let mut all = of_kind(FailKind::Crash, rubric.crash);
    all.extend(of_kind(FailKind::Hang, rubric.hang));
    all
}

fn of_check(check: &StaticCheck, outcome: &CheckOutcome) -> CheckScore {
    let points = match (outcome.holds, check.deducts) {
        (Some(true), false) => check.points,
        (Some(false), true) => Points::ZERO - check.points,
        (Some(true), true) | (Some(false), false) | (None, _) => Points::ZERO,
    };
    CheckScore {
        name: check.name.clone(),
        points,
        of: check.points,
        deducts: check.deducts,
        outcome: outcome.clone(),
        hint: check.hint.clone(),
    }
}

#[cfg(test)]
mod tests;
