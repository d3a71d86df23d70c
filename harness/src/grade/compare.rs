//! What a regrade changed: who, from what to what, and which cases.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use reports::{Symbols, visible};

use super::audience::Audience;
use super::record::{CaseRecord, Record, Status};
use crate::scenario::rubric::Points;

/// What is different between two results of one class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The submissions that changed, in order of name.
    pub changes: Vec<Change>,
    /// How many are as they were.
    pub same: usize,
    /// The rubrics and suites that graded, where they are not the same: before, and now.
    pub graded_by: Option<(String, String)>,
}

/// A submission that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub submission: String,
    /// What it came to before; nothing, if it was not there.
    pub was: Option<Standing>,
    /// What it comes to now; nothing, if it is not there any more.
    pub is: Option<Standing>,
    /// What changed of it.
    pub parts: Vec<PartChange>,
}

/// What a submission comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How far it came.
    pub status: Status,
    /// Its points.
    pub points: Points,
    /// What could be had.
    pub of: Points,
}

/// A case, a check or a deduction that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartChange {
    /// The id of the case, the name of the check, the cause of the deduction.
    pub name: String,
    /// Whether students may see it.
    pub open: bool,
    /// What it came to before; nothing, if it was not there.
    pub was: Option<String>,
    /// What it comes to now; nothing, if it is not there any more.
    pub is: Option<String>,
}

impl Standing {
    fn of(record: &Record) -> Self {
        Self { status: record.status, points: record.points, of: record.of }
    }

    fn words(&self) -> String {
        match self.status {
            Status::Graded => format!("{} of {}", self.points, self.of),
            Status::PartlyGraded => format!("{} of {}, partly graded", self.points, self.of),
            status @ (Status::Waiting | Status::NotBuilt | Status::NotStarted | Status::Ungraded) => {
                status.word().to_owned()
            }
        }
    }
}

/// Compares two results of a class. A submission is known by the folder of its results.
pub fn compare(old: &[Record], new: &[Record]) -> Comparison {
    let by_folder = |records: &[Record]| -> BTreeMap<String, Record> {
        records.iter().map(|record| (record.folder.clone(), record.clone())).collect()
    };
    let (before, now) = (by_folder(old), by_folder(new));
    let folders: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let mut comparison = Comparison::default();
    for folder in folders {
        let (was, is) = (before.get(folder), now.get(folder));
        match change(was, is) {
            Some(change) => comparison.changes.push(change),
            None => comparison.same += 1,
        }
        if let (Some(was), Some(is)) = (was, is)
            && was.graded_by != is.graded_by
        {
            comparison.graded_by = Some((was.graded_by.clone(), is.graded_by.clone()));
        }
    }
    comparison
}

fn change(was: Option<&Record>, is: Option<&Record>) -> Option<Change> {
    let has_parts = |record: &&Record| matches!(record.status, Status::Graded | Status::PartlyGraded);
    // Where nothing was judged there is nothing to compare with.
    let parts = match (was.filter(has_parts), is.filter(has_parts)) {
        (Some(was), Some(is)) => changed_parts(was, is),
        (_, _) => Vec::new(),
    };
    let standings = (was.map(Standing::of), is.map(Standing::of));
    let submission = is.or(was)?.submission.clone();
    let (was, is) = standings;
    (was != is || !parts.is_empty()).then_some(Change { submission, was, is, parts })
}

/// What can change of a submission, in words, by what it is.
type Parts = BTreeMap<(u8, String, String), (bool, String)>;

fn changed_parts(was: &Record, is: &Record) -> Vec<PartChange> {
    let (before, now) = (parts(was), parts(is));
    let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let differs = keys.into_iter().filter(|key| before.get(*key) != now.get(*key));
    let part = |key: &(u8, String, String)| {
        let (was, is) = (before.get(key), now.get(key));
        let open = [was, is].into_iter().flatten().all(|(open, _)| *open);
        let words = |part: Option<&(bool, String)>| part.map(|(_, words)| words.clone());
        PartChange { name: key.1.clone(), open, was: words(was), is: words(is) }
    };
    differs.map(part).collect()
}

fn parts(record: &Record) -> Parts {
    let group = |case: &CaseRecord| record.groups.get(case.group).map(|group| group.name.clone()).unwrap_or_default();
    let cases = record.cases.iter().map(|case| {
        let words = format!("{} of {} ({})", case.points, case.of, case.outcome);
        ((0, case.id.clone(), group(case)), (case.visibility == "visible", words))
    });
    let checks = record.checks.iter().map(|check| {
        let words = match check.holds {
            Some(true) => format!("{} (it holds)", check.points),
            Some(false) => format!("{} (it does not hold)", check.points),
            None => format!("{} (it could not be tried)", check.points),
        };
        ((1, check.name.clone(), String::new()), (true, words))
    });
    // A cause names the command at which a hidden case met it.
    let deductions = record.deductions.iter().map(|deduction| {
        let words = format!("-{}", deduction.points);
        ((2, deduction.cause.clone(), deduction.kind.clone()), (false, words))
    });
    cases.chain(checks).chain(deductions).collect()
}

/// How many parts of a submission are named one by one.
const NAMED: usize = 20;

/// The comparison for people.
pub fn human(comparison: &Comparison, with: &str, audience: Audience, symbols: Symbols) -> String {
    let shown = |text: &str| visible(text, symbols);
    let Comparison { changes, same, graded_by } = comparison;
    let mut text = format!("compared with {}: {} changed, {same} as before\n", shown(with), changes.len());
    if let Some((was, is)) = graded_by {
        _ = writeln!(text, "  graded by another rubric or suite: {} before, {} now", shown(was), shown(is));
    }
    for change in changes {
        let words = match (&change.was, &change.is) {
            (Some(was), Some(is)) => format!("{} before, {} now", was.words(), is.words()),
            (None, Some(is)) => format!("not there before, {} now", is.words()),
            (Some(was), None) => format!("{} before, not there now", was.words()),
            (None, None) => continue,
        };
        _ = writeln!(text, "{}: {words}", shown(&change.submission));
        let (open, secret): (Vec<_>, Vec<_>) =
            change.parts.iter().partition(|part| part.open || audience == Audience::Staff);
        for part in open.iter().take(NAMED) {
            let (was, is) = (part.was.as_deref().unwrap_or("none"), part.is.as_deref().unwrap_or("none"));
            _ = writeln!(text, "  {}: {} before, {} now", shown(&part.name), shown(was), shown(is));
        }
        if open.len() > NAMED {
            _ = writeln!(text, "  and {} more", open.len() - NAMED);
        }
        if !secret.is_empty() {
            _ = writeln!(text, "  and {} that are not shown", secret.len());
        }
    }
    text
}

#[cfg(test)]
mod tests;
