//! Every table in Markdown, for a repository: one line a requirement, so that a difference is easy to read.

use std::fmt::Write as _;

use super::count::{by_role_and_level, by_specification, cells, head, kinds, specifications};
use super::{Coverage, Filed};
use crate::markdown::{self, heads};
use crate::visible::{Symbols, visible};

pub(super) fn render(coverage: &Coverage) -> String {
    let mut text =
        "# Coverage\n\nWhat the suite tests, and what it does not, with the reason. This file is generated.\n"
            .to_owned();
    let kinds = kinds(coverage);
    text += "\n## Counts\n";
    table(
        &mut text,
        &head(&["Binds", "Level"], &kinds),
        by_role_and_level(coverage).iter().map(|row| cells(row, &kinds)),
    );
    table(
        &mut text,
        &head(&["Specification"], &kinds),
        by_specification(coverage).iter().map(|row| cells(row, &kinds)),
    );
    for (specification, requirements) in specifications(coverage) {
        _ = write!(text, "\n## {}\n", cell(specification));
        let rows = requirements.iter().map(|requirement| {
            let tested = tested(&requirement.scenarios, requirement.filed.as_ref());
            let words = [&requirement.section, &requirement.id, &requirement.level, &requirement.role];
            words.into_iter().cloned().chain([tested]).collect()
        });
        table(&mut text, &heads(&["§", "Requirement", "Level", "Binds", "Covered by, or filed"]), rows);
    }
    text += "\n## Commands\n";
    let rows = coverage.commands.iter().map(|command| {
        vec![command.verb.clone(), command.specification.clone(), tested(&command.scenarios, command.filed.as_ref())]
    });
    table(&mut text, &heads(&["Command", "Specification", "Said in, or filed"]), rows);
    text += "\n## Reply codes\n\nA scenario in brackets tolerates the code, or takes it as a sign that a feature is absent.\n";
    let rows = coverage.replies.iter().map(|reply| {
        let tolerated = reply.tolerated.iter().map(|id| format!("({id})"));
        let scenarios: Vec<_> = reply.required.iter().cloned().chain(tolerated).collect();
        let filed = reply.filed.as_ref().map(|filed| format!("{}: {}", filed.kind, filed.because));
        let said = match (filed, scenarios.is_empty()) {
            (Some(filed), true) => filed,
            (Some(filed), false) => format!("{filed}; named in {}", scenarios.join(", ")),
            (None, _) => tested(&scenarios, None),
        };
        vec![reply.code.to_string(), reply.specification.clone(), reply.meaning.clone(), said]
    });
    table(&mut text, &heads(&["Code", "Specification", "Meaning", "Named in, or filed"]), rows);
    text += "\n## Scenarios\n";
    let rows = coverage
        .scenarios
        .iter()
        .map(|scenario| vec![scenario.id.clone(), scenario.cases.to_string(), scenario.requirements.join(", ")]);
    table(&mut text, &heads(&["Scenario", "Cases", "Requirements"]), rows);
    text
}

fn tested(scenarios: &[String], filed: Option<&Filed>) -> String {
    match filed {
        _ if !scenarios.is_empty() => scenarios.join(", "),
        Some(filed) => format!("{}: {}", filed.kind, filed.because),
        None => "**neither**".to_owned(),
    }
}

fn table(text: &mut String, head: &[String], rows: impl Iterator<Item = Vec<String>>) {
    markdown::table(text, head, rows, cell);
}

/// A text that stays in its cell.
fn cell(text: &str) -> String {
    visible(text, Symbols::Unicode).replace('|', "\\|").replace('<', "&lt;")
}
