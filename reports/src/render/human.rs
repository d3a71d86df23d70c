//! What a person reads in a terminal: each finding with its place and its transcript, and one screen that sums up.

pub(crate) mod ink;
mod snippet;
mod summary;
mod transcript;

use std::fmt::Write as _;

pub use summary::summary;

use super::{Style, Verbosity, symbol, wording};
use crate::causes::{told_in, word};
use crate::model::{Case, Finding, Grade, Report, RequirementText, Verdict};
use crate::visible::Symbols;
use ink::{Ink, Tone};

pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut text = String::new();
    for case in &report.cases {
        if let Some(block) = block(report, case, style) {
            text.push_str(&block);
            text.push('\n');
        }
    }
    text.push_str(&summary(report, style));
    text
}

/// What a person reads about one case, or nothing where there is nothing to say about it in this verbosity.
///
/// It ends with a line end, and holds no octet of a peer that could act on a terminal.
pub fn block(report: &Report, case: &Case, style: &Style) -> Option<String> {
    let shown = match case.verdict {
        // That a verdict changes is said even where the worst of them is good.
        _ if case.flaky => true,
        Verdict::Fail | Verdict::Inconclusive => true,
        Verdict::Deviation | Verdict::Known => style.verbosity >= Verbosity::Normal,
        Verdict::Pass => style.verbosity == Verbosity::Verbose && !case.findings.is_empty(),
        // The summary groups them by reason.
        Verdict::Skipped | Verdict::Blocked => false,
    };
    shown.then(|| {
        let ink = Ink::new(*style);
        let mut text = heading(report, case, ink);
        if let Some(earlier) = told_in(report, case).filter(|_| style.verbosity < Verbosity::Verbose) {
            text.push_str(&ink.labelled("  ", Tone::Faint, "same cause as", earlier));
            return text;
        }
        for (number, finding) in case.findings.iter().enumerate() {
            text.push('\n');
            text.push_str(&self::finding(report, case, number, finding, ink));
        }
        let transcript = transcript::render(report, case, ink);
        if !transcript.is_empty() {
            text.push('\n');
            text.push_str(&transcript);
        }
        text
    })
}

/// A clause as people cite it, with its level: `RFC 959 §4.1.3, must`.
fn clause(requirement: &RequirementText, ink: Ink) -> String {
    let clause = match ink.style.symbols {
        Symbols::Unicode => requirement.clause(),
        Symbols::Ascii => format!("{} {}", requirement.specification, requirement.section),
    };
    ink.safe(&format!("{clause}, {}", requirement.level))
}

fn heading(report: &Report, case: &Case, ink: Ink) -> String {
    let kind = case.kind.map_or_else(String::new, |kind| format!(" ({})", kind.word()));
    let flaky = if case.flaky { ", flaky" } else { "" };
    let verdict = format!("{} {}{kind}{flaky}", symbol(case.verdict, ink.style.symbols), case.verdict.word());
    let mut line = format!("{}  {}", ink.paint(Tone::of(case.verdict), &verdict), ink.strong(&case.id));
    let principal = case.covers.first();
    if let Some(requirement) = principal.and_then(|id| wording(report, id)) {
        _ = write!(line, "  {}", ink.paint(Tone::Faint, &clause(requirement, ink)));
    }
    let mut text = format!("{line}\n");
    text.push_str(&ink.wrapped("  ", "  ", &case.purpose));
    if let Some(repeated) = case.repeated() {
        text.push_str(&ink.wrapped("  ", "    ", &repeated));
    }
    if let Some(reason) = &case.reason {
        text.push_str(&ink.wrapped(&format!("  {}: ", case.verdict.word()), "    ", reason));
    }
    text
}

fn finding(report: &Report, case: &Case, number: usize, finding: &Finding, ink: Ink) -> String {
    let label = format!("{}[{}]", finding.grade.word(), word(case, finding));
    let tone = match finding.grade {
        Grade::Note => Tone::Faint,
        Grade::Deviation => Tone::of(Verdict::Deviation),
        Grade::Inconclusive => Tone::of(Verdict::Inconclusive),
        Grade::Fail => Tone::of(Verdict::Fail),
    };
    let mut text = ink.labelled("  ", tone, &label, &finding.message);
    text.push_str(&snippet::source(&finding.place, ink));
    let margin = snippet::margin(&finding.place);
    text.push_str(&snippet::compared(finding, &margin, ink));
    if let Some(because) = &finding.because {
        text.push_str(&ink.labelled(&margin, Tone::Strong, "= because", because));
    }
    let told = |id: &str| case.findings.iter().take(number).any(|earlier| earlier.requirement.as_deref() == Some(id));
    if let Some(id) = finding.requirement.as_deref().filter(|id| !told(id)) {
        text.push_str(&match wording(report, id) {
            Some(requirement) => {
                let label = format!("= {}", clause(requirement, ink));
                ink.labelled(&margin, Tone::Strong, &label, &requirement.text)
            }
            None => ink.labelled(&margin, Tone::Strong, "= requirement", id),
        });
    }
    if !finding.also.is_empty() {
        let also = format!("{} cases affected, shown only here", finding.also.len() + 1);
        text.push_str(&ink.labelled(&margin, Tone::Strong, "= same cause", &also));
    }
    text
}
