//! Markdown: the counts, and what was not as required. It fits into a step summary of GitHub Actions, which may have 1 MiB.

use std::fmt::Write as _;

use super::{meaning, span, wording, worst};
use crate::markdown::{heads, safe, table};
use crate::model::{Case, Report, Verdict};

/// The most octets of all cases.
const MOST: usize = 900_000;
/// The most characters of one text.
const CHARACTERS: usize = 500;

pub(super) fn render(report: &Report) -> String {
    let summary = report.summary();
    let mut text = format!("# {}\n\n", safe(&report.subject.name));
    _ = writeln!(
        text,
        "{} cases in {}, profile {}, suite {}: {}.",
        summary.total(),
        span(report.duration),
        safe(&report.profile),
        safe(&report.suite.version),
        meaning(report)
    );
    let counted = Verdict::WORST_FIRST.into_iter().filter(|verdict| summary.of(*verdict) > 0);
    let counts = counted.map(|verdict| vec![verdict.word().to_owned(), summary.of(verdict).to_string()]);
    table(&mut text, &heads(&["verdict", "cases"]), counts, safe);
    for remark in report.remarks.iter().chain(&report.stale) {
        _ = writeln!(text, "\nNote: {}", shortened(remark));
    }
    let mut left_out = 0;
    for verdict in [Verdict::Fail, Verdict::Inconclusive, Verdict::Blocked, Verdict::Deviation, Verdict::Known] {
        let cases: Vec<&Case> = report.cases.iter().filter(|case| case.verdict == verdict).collect();
        if cases.is_empty() {
            continue;
        }
        _ = write!(text, "\n## {}: {}\n\n", verdict.word(), cases.len());
        for case in cases {
            if text.len() > MOST {
                left_out += 1;
            } else {
                told(&mut text, report, case);
            }
        }
    }
    if left_out > 0 {
        _ = writeln!(text, "\n{left_out} more cases are not shown here.");
    }
    text
}

fn told(text: &mut String, report: &Report, case: &Case) {
    _ = write!(text, "- **{}**: {}", shortened(&case.id), shortened(case.purpose.trim_end_matches('.')));
    if let Some(requirement) = case.covers.first().and_then(|id| wording(report, id)) {
        _ = write!(text, " ({}, {})", shortened(&requirement.clause()), shortened(&requirement.level));
    }
    text.push('\n');
    let worst = worst(case);
    if let Some(message) = worst.map(|finding| &finding.message).or(case.reason.as_ref()) {
        _ = writeln!(text, "  - {}", shortened(message));
    }
    let Some(finding) = worst else { return };
    for (name, said) in [("expected", &finding.expected), ("received", &finding.received)] {
        if let Some(said) = said {
            _ = writeln!(text, "  - {name}: {}", shortened(said));
        }
    }
}

/// Text of others, and not too much of it.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => safe(text.get(..end).unwrap_or_default()) + "…",
        None => safe(text),
    }
}
