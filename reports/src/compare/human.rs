//! What a person reads in a terminal: what regressed, and what else changed.

use std::fmt::Write as _;

use super::{Change, ChangeKind, Comparison, Side};
use crate::model::Verdict;
use crate::render::human::ink::{Ink, Tone};
use crate::render::{Style, Verbosity};

/// How many changes of a kind are shown unless all are. What regressed is always shown.
const ENTRIES: usize = 20;

pub(super) fn render(comparison: &Comparison, style: &Style) -> String {
    let ink = Ink::new(*style);
    let mut text = String::new();
    for kind in ChangeKind::ALL {
        text.push_str(&list(comparison, kind, ink));
    }
    for remark in &comparison.remarks {
        text.push_str(&ink.wrapped("Note      ", "          ", remark));
    }
    text.push_str(&side("Before", &comparison.before, ink));
    text.push_str(&side("After", &comparison.after, ink));
    let counts = ChangeKind::ALL.map(|kind| format!("{} {}", comparison.of(kind).count(), kind.word()));
    text.push_str(&ink.wrapped(
        "Cases     ",
        "          ",
        &format!("{}, {} same", counts.join(", "), comparison.same),
    ));
    let code = comparison.exit_code();
    let (tone, meaning) =
        if code == 0 { (Tone::Good, "nothing regressed") } else { (Tone::Bad, "at least one case regressed") };
    text.push_str(&ink.labelled("", tone, &format!("Exit {code}"), meaning));
    text
}

fn list(comparison: &Comparison, kind: ChangeKind, ink: Ink) -> String {
    let changes: Vec<_> = comparison.of(kind).collect();
    if changes.is_empty() {
        return String::new();
    }
    let all = kind == ChangeKind::Regressed || ink.style.verbosity == Verbosity::Verbose;
    let shown = if all { changes.len() } else { ENTRIES };
    let tone = match kind {
        ChangeKind::Regressed => Tone::Bad,
        ChangeKind::Fixed => Tone::Good,
        ChangeKind::New | ChangeKind::Gone | ChangeKind::Changed => Tone::Strong,
    };
    let mut text = ink.paint(tone, &format!("{} ({})", kind.word(), changes.len())) + "\n";
    for change in changes.iter().take(shown) {
        text.push_str(&entry(change, ink));
    }
    if changes.len() > shown {
        _ = writeln!(text, "  and {} more; --verbose shows them", changes.len() - shown);
    }
    text.push('\n');
    text
}

fn entry(change: &Change, ink: Ink) -> String {
    let word = |verdict: Option<Verdict>| verdict.map_or("not there", Verdict::word);
    let verdicts = if change.before == change.after {
        word(change.after).to_owned()
    } else {
        format!("{} -> {}", word(change.before), word(change.after))
    };
    let mut text = ink.wrapped(&format!("  {verdicts}  "), "      ", &change.id);
    if let Some(why) = &change.why {
        text.push_str(&ink.wrapped("      ", "      ", why));
    }
    text
}

fn side(label: &str, side: &Side, ink: Ink) -> String {
    let said = format!("{}, {} cases, from {}", side.subject, side.cases, side.started);
    ink.wrapped(&format!("{label:<9} "), "          ", &said)
}
