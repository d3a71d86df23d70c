//! The class at a glance: a table for the terminal, and one for a spreadsheet.

use std::fmt::Write as _;

use reports::{Symbols, csv_field, csv_line, visible};

use super::outline::Outline;
use super::record::{Record, Status};
use crate::scenario::rubric::{Points, Rubric};

/// The class as a table of text, the best first.
pub fn human(rubric: &Rubric, records: &[Record], symbols: Symbols) -> String {
    let mut order: Vec<&Record> = records.iter().collect();
    order.sort_by(|one, other| other.points.cmp(&one.points).then_with(|| one.submission.cmp(&other.submission)));
    let name = |record: &Record| shortened(&visible(&record.submission, symbols));
    let width = order.iter().map(|record| name(record).chars().count()).max().unwrap_or(0).max("submission".len());
    let has_robustness = records.iter().any(|record| part(record, "robustness").is_some());
    let mut text = String::new();
    let mut head = format!("{:width$}  {:>8}  {:>13}", "submission", "points", "functionality");
    if has_robustness {
        head.push_str("  robustness");
    }
    _ = writeln!(text, "{head}  crashes  status");
    for record in &order {
        let points = if record.status == Status::Ungraded { "-".to_owned() } else { record.points.to_string() };
        let shown = |part: Option<(Points, Points)>| {
            part.map_or_else(|| "-".to_owned(), |(points, of)| format!("{points}/{of}"))
        };
        _ = write!(text, "{:width$}  {points:>8}  {:>13}", name(record), shown(part(record, "functionality")));
        if has_robustness {
            _ = write!(text, "  {:>10}", shown(part(record, "robustness")));
        }
        let reason = record.reason.as_deref().map(|reason| format!(": {}", shortened(&visible(reason, symbols))));
        _ = writeln!(text, "  {:>7}  {}{}", crashes(record), record.status.word(), reason.unwrap_or_default());
    }
    text.push('\n');
    text.push_str(&summary(rubric, records));
    text
}

/// How many there are, and what they have in the middle.
fn summary(rubric: &Rubric, records: &[Record]) -> String {
    let judged = |record: &&Record| !matches!(record.status, Status::Ungraded | Status::Waiting);
    let mut points: Vec<Points> = records.iter().filter(judged).map(|record| record.points).collect();
    points.sort_unstable();
    let count = |status: Status| records.iter().filter(|record| record.status == status).count();
    let mut text = format!("{} of {} submissions graded by {}", points.len(), records.len(), rubric.name);
    let others = [Status::NotBuilt, Status::NotStarted, Status::PartlyGraded, Status::Ungraded];
    for status in others.into_iter().filter(|status| count(*status) > 0) {
        _ = write!(text, ", {} {}", count(status), status.word());
    }
    if let (Some(median), Some(best)) = (points.get(points.len() / 2), points.last()) {
        _ = write!(text, "; median {median}, best {best} of {}", rubric.points());
    }
    text.push('\n');
    text
}

/// The class for a spreadsheet, in the order of the submissions.
pub fn csv(outline: &Outline, records: &[&Record]) -> String {
    let fixed = ["submission", "status", "points", "of", "ungraded", "crashes"];
    let groups = outline.groups.iter().map(|group| group.name.as_str());
    let checks = outline.checks.iter().map(|check| check.name.as_str());
    let head: Vec<&str> = fixed.into_iter().chain(groups).chain(checks).chain(["deductions", "reason"]).collect();
    let mut text = csv_line(&head.iter().map(|name| csv_field(name)).collect::<Vec<_>>());
    for record in records {
        let taken: Points = record.deductions.iter().map(|deduction| deduction.points).sum();
        let mut fields = vec![
            csv_field(&record.submission),
            csv_field(record.status.word()),
            record.points.to_string(),
            record.of.to_string(),
            record.ungraded.to_string(),
            crashes(record).to_string(),
        ];
        for group in &outline.groups {
            let found = record.groups.iter().find(|found| found.name == group.name);
            fields.push(found.map(|group| group.points.to_string()).unwrap_or_default());
        }
        for check in &outline.checks {
            let found = record.checks.iter().find(|found| found.name == check.name);
            fields.push(found.map(|check| check.points.to_string()).unwrap_or_default());
        }
        fields.push(taken.to_string());
        fields.push(csv_field(record.reason.as_deref().unwrap_or_default()));
        text.push_str(&csv_line(&fields));
    }
    text
}

/// The points of a part of the grade, and what it is worth, without what comes on top.
fn part(record: &Record, part: &str) -> Option<(Points, Points)> {
    let groups: Vec<_> = record.groups.iter().filter(|group| group.part == part).collect();
    let worth = groups.iter().filter(|group| !group.extra).map(|group| group.of).sum();
    (!groups.is_empty()).then(|| (groups.iter().map(|group| group.points).sum(), worth))
}

fn crashes(record: &Record) -> usize {
    record.deductions.iter().filter(|deduction| deduction.kind == "crash").count()
}

fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
