//! What a student reads: the points, and for each lost point what was asked, what the specification says, and what came.
//!
//! Markdown. Whatever a submission said or printed stands in indented blocks, which nothing in them can end.

mod case;

use std::fmt::Write as _;

use reports::model::Report;
use reports::{Symbols, visible};

use self::case::Told;
use super::audience::Audience;
use super::record::{Built, Record, Status};
use super::score::{CaseScore, GroupScore, Outcome, Score};
use crate::scenario::rubric::{Points, Rubric};

/// What was found out about a submission.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The rubric.
    pub rubric: &'a Rubric,
    /// The result.
    pub record: &'a Record,
    /// The score and the report it comes from, if it came so far.
    pub judged: Option<(&'a Score, &'a Report)>,
}

/// The text on a submission.
pub fn explain(found: &Found<'_>, audience: Audience) -> String {
    let Found { rubric, record, judged } = found;
    let mut text = heading(rubric, record);
    if let Some(built) = record.build.as_ref().filter(|built| !built.well) {
        not_built(&mut text, built);
    }
    for (number, attempt) in (1..).zip(&record.attempts) {
        _ = writeln!(text, "Try {number}:\n\n{}", indented(attempt));
    }
    if let Some(launch) = &record.launch {
        _ = writeln!(text, "Started as:\n\n{}", indented(launch));
    }
    if let Some((score, report)) = judged {
        points(&mut text, score, audience);
        lost(&mut text, score, report, audience);
    }
    _ = writeln!(
        text,
        "---\n\nTo try a check at home: `ftpspec grade --one . --rubric {} --only ID`, where ID is the name of the check.",
        rubric.name
    );
    text
}

fn heading(rubric: &Rubric, record: &Record) -> String {
    let mut text = match record.status {
        Status::Ungraded | Status::Waiting => format!("# {}: not graded\n\n", inline(&record.submission)),
        Status::Graded | Status::PartlyGraded | Status::NotBuilt | Status::NotStarted => {
            format!("# {}: {} of {} points\n\n", inline(&record.submission), record.points, record.of)
        }
    };
    _ = writeln!(text, "{}\n", inline(&rubric.title));
    let said = match record.status {
        Status::Graded | Status::NotBuilt => None,
        Status::PartlyGraded => {
            Some("Some checks could not be judged. That is not your fault, and no points are lost by it.")
        }
        Status::NotStarted => {
            Some("The program was built, and could not be reached: it never listened on the port that it was given.")
        }
        Status::Waiting | Status::Ungraded => {
            Some("It could not be graded. That is not your fault; it will be graded again.")
        }
    };
    if let Some(said) = said {
        _ = writeln!(text, "{said}\n");
    }
    if let Some(reason) = &record.reason {
        _ = writeln!(text, "{}", indented(reason));
    }
    text
}

fn not_built(text: &mut String, built: &Built) {
    _ = writeln!(
        text,
        "## It does not build\n\n{}. So nothing could be asked of it. What the build printed last:\n",
        built.ended
    );
    _ = writeln!(text, "{}", indented(&built.printed.join("\n")));
}

fn points(text: &mut String, score: &Score, audience: Audience) {
    text.push_str("| | points | of |\n|---|---:|---:|\n");
    for group in &score.groups {
        let extra = if group.extra { " (extra)" } else { "" };
        _ = writeln!(text, "| {}{extra} | {} | {} |", cell(&group.name), group.points, group.of);
    }
    for check in &score.checks {
        let of = if check.deducts { Points::ZERO } else { check.of };
        _ = writeln!(text, "| {} | {} | {of} |", cell(&check.name), check.points);
    }
    for deduction in &score.deductions {
        let cause = if hidden(score, &deduction.shown_in, audience) {
            format!("a {}", deduction.cause.kind.word())
        } else {
            deduction.cause.words()
        };
        _ = writeln!(text, "| {} | -{} | |", cell(&cause), deduction.points);
    }
    _ = writeln!(text, "| **all** | **{}** | **{}** |\n", score.points, score.of);
}

/// Whether the case may not be seen in any group.
fn hidden(score: &Score, id: &str, audience: Audience) -> bool {
    let mut cases = score.groups.iter().flat_map(|group| &group.cases).filter(|case| case.id == id);
    !cases.any(|case| audience.sees(case.visibility))
}

fn lost(text: &mut String, score: &Score, report: &Report, audience: Audience) {
    let bare = Report { cases: Vec::new(), ..report.clone() };
    for group in &score.groups {
        let short: Vec<&CaseScore> = audience.seen(&group.cases).filter(|case| falls_short(case)).collect();
        let unseen = group.cases.iter().filter(|case| !audience.sees(case.visibility)).count();
        if short.is_empty() && group.stopped.is_none() && unseen == 0 {
            continue;
        }
        _ = writeln!(text, "## {}: {} of {}\n", inline(&group.name), group.points, group.of);
        stopped(text, group, score, audience);
        if unseen > 0 {
            _ = writeln!(text, "{unseen} of the checks here are not shown.\n");
        }
        case::all(text, &short, &Told { score, report, bare: &bare, audience });
    }
    for check in score.checks.iter().filter(|check| check.outcome.holds != Some(true)) {
        let what = if check.outcome.holds.is_none() { "could not be tried" } else { "does not hold" };
        _ = writeln!(text, "## {}: {what}\n", inline(&check.name));
        if let Some(hint) = &check.hint {
            _ = writeln!(text, "Hint: {}\n", inline(hint));
        }
        _ = writeln!(text, "{}", indented(&check.outcome.printed.join("\n")));
    }
}

fn falls_short(case: &CaseScore) -> bool {
    case.points < case.of || matches!(case.outcome, Outcome::SameCause { .. } | Outcome::LeftOut { .. })
}

fn stopped(text: &mut String, group: &GroupScore, score: &Score, audience: Audience) {
    let Some(why) = &group.stopped else { return };
    let ids = group.cases.iter().filter(|case| why.contains(&case.id));
    let secret = ids.into_iter().any(|case| hidden(score, &case.id, audience));
    let why = if secret { "a check that must pass did not" } else { why };
    _ = writeln!(text, "No points here: {}.\n", inline(why));
}

/// A text within a line: nothing in it is markup.
fn inline(text: &str) -> String {
    let mut shown = String::new();
    for character in visible(text, Symbols::Unicode).chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&') {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

fn cell(text: &str) -> String {
    inline(text)
}

/// A text between backticks.
fn code(text: &str) -> String {
    visible(text, Symbols::Unicode).replace('`', "'")
}

/// A block that nothing in it can end.
fn indented(text: &str) -> String {
    let mut block = String::new();
    for line in text.lines() {
        _ = writeln!(block, "    {}", visible(line, Symbols::Unicode));
    }
    block
}
