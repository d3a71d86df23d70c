//! A submission item by item, in the words of its student: what every platform shows in its own form.

mod whole;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::assignment::Assignment;
use super::bounded::line;
use super::feedback::Feedback;
use super::{Submission, bounded};
use crate::grade::record::{CaseRecord, GroupRecord, Record};
use crate::scenario::rubric::{Points, Visibility};

/// How long a name may be, in octets.
const NAME: usize = 300;
/// How long the text on an item may be.
const TEXT: usize = 16 * 1024;

/// A submission item by item.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) record: &'a Record,
    pub(super) groups: Vec<Part>,
    /// What stands beside the groups: checks, and what crashes cost.
    pub(super) others: Vec<Item>,
    /// On the submission as a whole.
    pub(super) whole: String,
}

/// A group and its items.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) points: Points,
    pub(super) of: Points,
    pub(super) items: Vec<Item>,
}

/// One line of a sheet.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The case, where it is one.
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) points: Points,
    pub(super) of: Points,
    pub(super) standing: Standing,
    pub(super) visibility: Visibility,
    pub(super) text: String,
}

/// How an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It gives all that it is worth.
    Passed,
    /// It gives less.
    Short,
    /// It counts for nothing.
    NotCounted,
    /// It could not be judged, by no fault of the student.
    NotJudged,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(submission: &Submission<'a>, assignment: &Assignment<'_>) -> Self {
        let record = submission.record;
        let teller = Teller {
            assignment,
            feedback: submission.feedback.map(Feedback::read).unwrap_or_default(),
            unseen: unseen(record),
        };
        let known = if record.groups.is_empty() { &assignment.outline().groups } else { &record.groups };
        let groups = known.iter().enumerate().map(|(at, group)| teller.part(record, at, group)).collect();
        Self { record, groups, others: whole::others(record, !teller.unseen.is_empty()), whole: whole::text(record) }
    }

    /// For a platform that shows everything to everybody: what students may not see stands together, without names.
    pub(super) fn redacted(mut self) -> Self {
        for part in &mut self.groups {
            let (seen, unseen): (Vec<Item>, Vec<Item>) =
                std::mem::take(&mut part.items).into_iter().partition(|item| item.visibility == Visibility::Visible);
            part.items = seen;
            part.items.extend(together(&unseen));
        }
        self.others.retain(|item| item.visibility == Visibility::Visible);
        self
    }
}

/// The cases that students may not see.
fn unseen(record: &Record) -> BTreeSet<&str> {
    let cases = record.cases.iter().filter(|case| visibility(&case.visibility) != Visibility::Visible);
    cases.map(|case| case.id.as_str()).collect()
}

/// A word that is not known hides.
pub(super) fn visibility(word: &str) -> Visibility {
    match word {
        "visible" => Visibility::Visible,
        "after-due-date" => Visibility::AfterDueDate,
        _ => Visibility::Hidden,
    }
}

fn together(unseen: &[Item]) -> Option<Item> {
    let judged = unseen.iter().filter(|item| item.standing != Standing::NotCounted);
    let standing = match judged.map(|item| item.standing).collect::<Vec<_>>().as_slice() {
        [] => Standing::NotCounted,
        all if all.contains(&Standing::Short) => Standing::Short,
        all if all.contains(&Standing::NotJudged) => Standing::NotJudged,
        _ => Standing::Passed,
    };
    let count = unseen.len();
    (count > 0).then(|| Item {
        id: None,
        name: format!("{count} {} not shown", if count == 1 { "check that is" } else { "checks that are" }),
        points: unseen.iter().map(|item| item.points).sum(),
        of: unseen.iter().map(|item| item.of).sum(),
        standing,
        visibility: Visibility::Visible,
        text: "What is asked here is not shown.\n".to_owned(),
    })
}

/// What there is to tell of a case.
struct Teller<'a> {
    assignment: &'a Assignment<'a>,
    feedback: Feedback,
    unseen: BTreeSet<&'a str>,
}

impl Teller<'_> {
    fn part(&self, record: &Record, at: usize, group: &GroupRecord) -> Part {
        let cases: Vec<&CaseRecord> = record.cases.iter().filter(|case| case.group == at).collect();
        let earned: Points = cases.iter().map(|case| case.points).sum();
        // A group that gives less than its cases was stopped, by a gate or by `all`.
        let is_stopped = group.points == Points::ZERO && earned != Points::ZERO;
        Part {
            name: line(&group.name, NAME),
            points: group.points,
            of: group.of,
            items: cases.into_iter().map(|case| self.item(case, is_stopped)).collect(),
        }
    }

    fn item(&self, case: &CaseRecord, is_stopped: bool) -> Item {
        let is_without = is_stopped && case.points != Points::ZERO;
        let standing = match case.outcome.as_str() {
            "same-cause" | "left-out" => Standing::NotCounted,
            "ungraded" => Standing::NotJudged,
            _ if case.points == case.of && !is_without => Standing::Passed,
            _ => Standing::Short,
        };
        Item {
            id: Some(line(&case.id, NAME)),
            name: line(&self.assignment.purpose(&case.id).unwrap_or_else(|| case.id.clone()), NAME),
            points: if is_stopped { Points::ZERO } else { case.points },
            of: case.of,
            standing,
            visibility: visibility(&case.visibility),
            text: bounded::block(&self.text(case, is_without), TEXT),
        }
    }

    fn text(&self, case: &CaseRecord, is_without: bool) -> String {
        if let Some(told) = self.feedback.of(&case.id) {
            return told.to_owned();
        }
        let mut text = String::new();
        if is_without {
            text.push_str("Nothing in this group counts, since a check that it depends on did not pass.\n");
        }
        text.push_str(&self.outcome(case));
        text.push('\n');
        if let Some(requirement) = self.assignment.requirement(&case.id) {
            let (specification, section) = (&requirement.specification, &requirement.section);
            let told = requirement.text.trim_end();
            _ = writeln!(text, "\n{specification} §{section} ({}): {told}", requirement.level);
        }
        text + "\nCheck: " + &case.id + "\n"
    }

    /// What became of it, in a sentence.
    fn outcome(&self, case: &CaseRecord) -> String {
        let reason = case.reason.as_deref().map(|reason| self.seen(reason)).unwrap_or_default();
        let reason = reason.trim_end_matches('.');
        match case.outcome.as_str() {
            "earned" => "It passed.".to_owned(),
            "deviates" => "It differs from the text in a way that is tolerated.".to_owned(),
            "lost" => "It failed.".to_owned(),
            "sometimes" => format!("It does not always pass: {reason}."),
            "unreached" => format!("It could not be asked: {reason}."),
            "missing" => format!("It could not be asked: {reason}. The assignment wants it."),
            "same-cause" => format!("It is not counted: {reason}."),
            "left-out" => format!("It was not asked: {reason}."),
            "ungraded" => format!("It could not be judged, by no fault of yours: {reason}."),
            other => format!("{other}: {reason}"),
        }
    }

    /// A reason, as long as it names no case that students may not see.
    fn seen<'r>(&self, reason: &'r str) -> &'r str {
        if self.unseen.iter().any(|id| reason.contains(id)) { "another check failed before" } else { reason }
    }
}
