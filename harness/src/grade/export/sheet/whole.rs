//! What there is to say of a submission as a whole.

use std::fmt::Write as _;

use super::super::bounded::{behind, block, line};
use super::{Item, NAME, Standing, TEXT};
use crate::grade::record::{CheckRecord, DeductionRecord, Record, Status};
use crate::scenario::rubric::{Points, Visibility};

/// How long the output of a build may be.
const OUTPUT: usize = 32 * 1024;
/// What stands before a line that is somebody else's.
const QUOTED: &str = "    ";

/// The checks, and what crashes and silences cost.
pub(super) fn others(record: &Record, has_unseen: bool) -> Vec<Item> {
    let mut others: Vec<Item> = record.checks.iter().map(check).collect();
    let counted = |at: usize| if at == 0 { String::new() } else { format!(" ({})", at + 1) };
    for (at, deduction) in record.deductions.iter().enumerate() {
        let told = Item {
            id: None,
            name: format!("Cost of a {}{}", line(&deduction.kind, NAME), counted(at)),
            points: Points::ZERO - deduction.points,
            of: Points::ZERO,
            standing: Standing::Short,
            visibility: Visibility::Visible,
            text: block(&cause(deduction), TEXT),
        };
        // Where it happened could name what students may not see.
        if has_unseen {
            let (points, visibility) = (Points::ZERO, Visibility::Hidden);
            let name = format!("For staff: the cause of a {}{}", line(&deduction.kind, NAME), counted(at));
            others.push(Item { name, points, visibility, ..told.clone() });
            others.push(Item { text: format!("Your program met a {}.\n", line(&deduction.kind, NAME)), ..told });
        } else {
            others.push(told);
        }
    }
    others
}

fn cause(deduction: &DeductionRecord) -> String {
    let (count, cause) = (deduction.cases, deduction.cause.trim_end_matches('.'));
    format!("{cause}. Met in {count} {}.\n", if count == 1 { "check" } else { "checks" })
}

fn check(check: &CheckRecord) -> Item {
    let (standing, text) = match check.holds {
        Some(true) => (Standing::Passed, "It holds.\n"),
        Some(false) => (Standing::Short, "It does not hold.\n"),
        None => (Standing::NotJudged, "It could not be tried.\n"),
    };
    Item {
        id: None,
        name: line(&check.name, NAME),
        points: check.points,
        of: check.of,
        standing,
        visibility: Visibility::Visible,
        text: text.to_owned(),
    }
}

/// The points, how far it came, and what kept it from coming further.
pub(super) fn text(record: &Record) -> String {
    let mut text = String::new();
    match record.status {
        Status::Ungraded | Status::Waiting => text.push_str("Not graded.\n"),
        Status::Graded | Status::PartlyGraded | Status::NotBuilt | Status::NotStarted => {
            _ = writeln!(text, "{} of {} points.", record.points, record.of);
        }
    }
    let said = match record.status {
        Status::Graded => None,
        Status::NotBuilt => Some("It does not build, so nothing could be asked of it."),
        Status::NotStarted => {
            Some("It was built, and could not be reached: it never listened on the port that it was given.")
        }
        Status::PartlyGraded => {
            Some("Some checks could not be judged. That is not your fault, and no points are lost by it.")
        }
        Status::Waiting | Status::Ungraded => {
            Some("It could not be graded. That is not your fault; it will be graded again.")
        }
    };
    for said in said.into_iter().chain(record.reason.as_deref()) {
        _ = writeln!(text, "{}", line(said, NAME));
    }
    if let Some(built) = record.build.as_ref().filter(|built| !built.well) {
        _ = writeln!(text, "\n{}. What the build printed last:\n", line(&built.ended, NAME));
        text.push_str(&behind(QUOTED, &block(&built.printed.join("\n"), OUTPUT)));
    }
    for (number, attempt) in (1..).zip(&record.attempts) {
        _ = writeln!(text, "\nTry {number}:\n\n{}", behind(QUOTED, &block(attempt, TEXT)));
    }
    if let Some(launch) = &record.launch {
        _ = writeln!(text, "\nStarted as: {}", line(launch, NAME));
    }
    text
}
