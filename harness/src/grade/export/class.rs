//! The class as one HTML file, for staff: points, their distribution, and how each scenario went.

use std::collections::BTreeMap;

use reports::RenderError;
use reports::class::{Class, ScenarioRate, Submission};

use super::assignment::Assignment;
use crate::grade::record::{CaseRecord, Record};
use crate::scenario::rubric::plain;

pub(super) fn render(records: &[&Record], assignment: &Assignment<'_>) -> Result<String, RenderError> {
    let outline = assignment.outline();
    let groups = outline.groups.iter().map(|group| (group.name.clone(), group.of.number()));
    let checks = outline.checks.iter().map(|check| (check.name.clone(), check.of.number()));
    let mut rubrics: Vec<&str> = records.iter().map(|record| record.rubric.as_str()).collect();
    rubrics.dedup();
    let class = Class {
        title: format!("Class: {}", rubrics.join(", ")),
        of: records.iter().map(|record| record.of.number()).fold(0.0, f64::max),
        columns: groups.chain(checks).collect(),
        submissions: records.iter().map(|record| submission(record, assignment)).collect(),
        scenarios: rates(records, assignment),
        remarks: remarks(records),
    };
    reports::render_class(&class)
}

fn remarks(records: &[&Record]) -> Vec<String> {
    let mut graders: Vec<&str> = records.iter().map(|record| record.graded_by.as_str()).collect();
    graders.sort_unstable();
    graders.dedup();
    let several = "these submissions were not all graded by the same rubric and suite";
    (graders.len() > 1).then(|| several.to_owned()).into_iter().collect()
}

fn submission(record: &Record, assignment: &Assignment<'_>) -> Submission {
    let groups = assignment.outline().groups.iter().map(|group| {
        let found = record.groups.iter().find(|found| found.name == group.name);
        found.map(|found| found.points.number())
    });
    let checks = assignment.outline().checks.iter().map(|check| {
        let found = record.checks.iter().find(|found| found.name == check.name);
        found.map(|found| found.points.number())
    });
    Submission {
        name: record.submission.clone(),
        status: record.status.word().to_owned(),
        reason: record.reason.clone(),
        points: record.status.is_judged().then(|| record.points.number()),
        columns: groups.chain(checks).collect(),
        crashes: record.deductions.iter().filter(|deduction| deduction.kind == "crash").count(),
    }
}

/// What became of a scenario in one submission, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Went {
    Unknown,
    Passed,
    Failed,
}

fn went(case: &CaseRecord) -> Went {
    match case.outcome.as_str() {
        "earned" | "deviates" => Went::Passed,
        // One cause is counted once in points; the scenario was failed all the same.
        "lost" | "sometimes" | "missing" | "same-cause" => Went::Failed,
        _ => Went::Unknown,
    }
}

fn rates(records: &[&Record], assignment: &Assignment<'_>) -> Vec<ScenarioRate> {
    let mut rates: BTreeMap<&str, ScenarioRate> = BTreeMap::new();
    for record in records {
        // A scenario may have rows, and stand in several groups: all of them must pass.
        let mut worst: BTreeMap<&str, (Went, &str)> = BTreeMap::new();
        for case in &record.cases {
            let entry = worst.entry(plain(&case.id)).or_insert((Went::Unknown, &case.id));
            *entry = (entry.0.max(went(case)), entry.1);
        }
        for (id, (went, row)) in worst {
            let rate = rates.entry(id).or_insert_with(|| beginning(id, row, assignment));
            match went {
                Went::Passed => rate.passed += 1,
                Went::Failed => rate.failed += 1,
                Went::Unknown => rate.unknown += 1,
            }
        }
    }
    rates.into_values().collect()
}

fn beginning(id: &str, row: &str, assignment: &Assignment<'_>) -> ScenarioRate {
    let purpose = assignment.purpose(row).unwrap_or_default();
    let requirement = assignment.requirement(row);
    ScenarioRate {
        id: id.to_owned(),
        purpose: purpose.split(" [").next().unwrap_or_default().to_owned(),
        clause: requirement.map(|requirement| {
            let cited = format!("{} §{}", requirement.specification, requirement.section);
            (cited, requirement.level.to_string(), requirement.text.clone())
        }),
        ..ScenarioRate::default()
    }
}
