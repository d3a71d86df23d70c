//! One screen that sums a run up.

use std::fmt::Write as _;

use super::ink::{Ink, Tone};
use crate::causes::{causes, reasons};
use crate::model::{Report, Verdict};
use crate::render::{Style, Verbosity, meaning, patience, span, symbol};

/// How many entries of a list are shown unless all are.
const ENTRIES: usize = 6;

/// One screen that sums a run up: causes that several cases met, what was not run and why, what failed, what was judged,
/// verdicts counted, and what the exit code says.
///
/// It ends with a line end, and holds no octet of a peer that could act on a terminal.
pub fn summary(report: &Report, style: &Style) -> String {
    let ink = Ink::new(*style);
    let mut text = String::new();
    let shared = causes(report)
        .iter()
        .map(|cause| {
            let said = format!("[{}] {} ({})", cause.word, cause.message, cause.shown_in);
            (format!("{} cases affected", cause.cases.len()), said)
        })
        .collect();
    text.push_str(&list("Causes that met several cases", shared, ink));
    let blocked = reasons(report, Verdict::Blocked);
    text.push_str(&list("Blocked by", blocked.into_iter().map(counted).collect(), ink));
    let skipped = reasons(report, Verdict::Skipped);
    text.push_str(&list("Skipped", skipped.into_iter().map(counted).collect(), ink));
    let remarks = report.remarks.iter().map(|remark| ("-".to_owned(), remark.clone())).collect();
    text.push_str(&list("Remarks", remarks, ink));
    let outdated = report.stale.iter().map(|entry| ("-".to_owned(), entry.clone())).collect();
    text.push_str(&list("Stale in the baseline", outdated, ink));
    text.push_str(&list("Failed and inconclusive", grave(report), ink));
    text.push_str(&judged(report, ink));
    text.push_str(&verdicts(report, ink));
    let code = report.exit_code();
    let tone = if code == 0 { Tone::Good } else { Tone::Bad };
    text.push_str(&ink.labelled("", tone, &format!("Exit {code}"), meaning(report)));
    text
}

/// The cases that failed or are inconclusive: whoever sees only the end of a long run, as in a CI's log, sees which.
fn grave(report: &Report) -> Vec<(String, String)> {
    let of = |verdict| report.cases.iter().filter(move |case| case.verdict == verdict);
    of(Verdict::Fail)
        .chain(of(Verdict::Inconclusive))
        .map(|case| {
            let found =
                case.findings.iter().max_by_key(|finding| finding.grade).map(|finding| finding.message.as_str());
            let said = found.or(case.reason.as_deref()).unwrap_or_default();
            (case.verdict.word().to_owned(), format!("{}: {said}", case.id))
        })
        .collect()
}

fn counted((reason, count): (&str, usize)) -> (String, String) {
    (format!("{count:>4}"), reason.to_owned())
}

fn list(title: &str, entries: Vec<(String, String)>, ink: Ink) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let shown = if ink.style.verbosity == Verbosity::Verbose { entries.len() } else { ENTRIES };
    let rest = entries.len().saturating_sub(shown);
    let mut text = format!("{}\n", ink.strong(title));
    for (label, said) in entries.into_iter().take(shown) {
        text.push_str(&ink.wrapped(&format!("  {label}  "), "        ", &said));
    }
    if rest > 0 {
        _ = writeln!(text, "        and {rest} more");
    }
    text.push('\n');
    text
}

fn judged(report: &Report, ink: Ink) -> String {
    let subject = &report.subject;
    let mut text = String::new();
    let mut row = |label: &str, said: &str| {
        text.push_str(&ink.wrapped(&format!("{label:<9} "), "          ", said));
    };
    row("Judged", &format!("{} ({}), {}", subject.name, subject.role, subject.reached));
    for line in subject.identity.iter().take(3) {
        row("", line);
    }
    let hash: String = report.suite.hash.chars().take(12).collect();
    let exact = if report.exact_text { ", exact texts" } else { "" };
    let suite = format!("{} ({hash}), profile {}{exact}, seed {}", report.suite.version, report.profile, report.seed);
    row("Suite", &suite);
    if let Some(patience) = patience(report) {
        row("Patience", &patience);
    }
    row("Took", &format!("{}, from {}", span(report.duration), report.started));
    text
}

fn verdicts(report: &Report, ink: Ink) -> String {
    let counts = report.summary();
    let mut text = String::new();
    let mut row = format!("{:<9} ", "Verdicts");
    let mut column = row.len();
    for verdict in Verdict::WORST_FIRST.into_iter().filter(|verdict| counts.of(*verdict) > 0) {
        let said = format!("{} {} {}", symbol(verdict, ink.style.symbols), counts.of(verdict), verdict.word());
        if column + said.chars().count() > ink.width {
            text.push_str(row.trim_end());
            text.push('\n');
            row = " ".repeat(10);
            column = row.len();
        }
        row.push_str(&ink.paint(Tone::of(verdict), &said));
        row.push_str("   ");
        column += said.chars().count() + 3;
    }
    if counts.total() == 0 {
        row.push_str("no case was selected");
    }
    text.push_str(row.trim_end());
    _ = write!(text, "\n{:<10}{} cases, {} judged\n", "", counts.total(), counts.judged());
    text
}
