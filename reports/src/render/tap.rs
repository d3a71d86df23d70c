//! TAP 14, the Test Anything Protocol.
//!
//! A case is a line, and what was found stands below it as YAML. In a description `#` begins a directive and `\` an escape;
//! both are escaped. The strings in the YAML are JSON's, which YAML takes as they are.

use std::fmt::Write as _;

use super::RenderError;
use crate::model::{Case, Finding, Report, Verdict};
use crate::visible::{Symbols, visible};

pub(super) fn render(report: &Report) -> Result<String, RenderError> {
    let mut text = format!("TAP version 14\n1..{}\n", report.cases.len() + report.stale.len());
    for (number, case) in (1..).zip(&report.cases) {
        let (ok, directive) = standing(case);
        let name = words(&format!("{}: {}", case.id, case.purpose));
        _ = writeln!(text, "{ok} {number} - {name}{directive}");
        block(&mut text, case)?;
    }
    for (number, entry) in (report.cases.len() + 1..).zip(&report.stale) {
        _ = writeln!(text, "not ok {number} - {}", words(&format!("baseline: {entry}")));
    }
    Ok(text)
}

/// The beginning of the line, and its end.
fn standing(case: &Case) -> (&'static str, String) {
    let because = || {
        let reason = case.reason.as_deref().unwrap_or("no reason given");
        words(&format!("{}: {reason}", case.verdict.word()))
    };
    match case.verdict {
        Verdict::Pass | Verdict::Deviation => ("ok", String::new()),
        Verdict::Fail | Verdict::Inconclusive => ("not ok", String::new()),
        Verdict::Skipped | Verdict::Blocked => ("ok", format!(" # SKIP {}", because())),
        // A failure that is known beforehand, with its reason, is what TAP calls a thing to do.
        Verdict::Known => ("not ok", format!(" # TODO {}", because())),
    }
}

fn words(text: &str) -> String {
    visible(text, Symbols::Unicode).replace('\\', "\\\\").replace('#', "\\#")
}

fn block(text: &mut String, case: &Case) -> Result<(), RenderError> {
    let is_plain = case.verdict == Verdict::Pass && case.findings.is_empty();
    if is_plain || matches!(case.verdict, Verdict::Skipped | Verdict::Blocked) {
        return Ok(());
    }
    let severity = match case.verdict {
        Verdict::Inconclusive => "error",
        Verdict::Fail => "fail",
        Verdict::Deviation | Verdict::Known => "todo",
        Verdict::Pass | Verdict::Skipped | Verdict::Blocked => "comment",
    };
    _ = writeln!(text, "  ---\n  severity: {severity}\n  verdict: {}", case.verdict.word());
    if let Some(kind) = case.kind {
        _ = writeln!(text, "  kind: {}", kind.word());
    }
    _ = writeln!(text, "  duration_ms: {}", case.duration);
    _ = writeln!(text, "  at:\n    file: {}\n    line: {}", string(&case.place.file)?, case.place.line);
    if !case.findings.is_empty() {
        text.push_str("  findings:\n");
    }
    for finding in &case.findings {
        found(text, finding)?;
    }
    text.push_str("  ...\n");
    Ok(())
}

fn found(text: &mut String, finding: &Finding) -> Result<(), RenderError> {
    _ = writeln!(text, "    - message: {}\n      grade: {}", string(&finding.message)?, finding.grade.word());
    let more = [("requirement", &finding.requirement), ("wanted", &finding.expected), ("found", &finding.received)];
    for (name, value) in more {
        if let Some(value) = value {
            _ = writeln!(text, "      {name}: {}", string(value)?);
        }
    }
    Ok(())
}

/// A string on one line.
fn string(text: &str) -> Result<String, RenderError> {
    Ok(serde_json::to_string(&visible(text, Symbols::Unicode))?)
}
