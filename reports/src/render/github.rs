//! What GitHub Actions shows: annotations, and the report in the log.
//!
//! A line of a log that begins with `::` is a command. So the report stands between `::stop-commands::` and a word that does
//! not occur in it, and what stands in an annotation is escaped as commands want it: `%`, CR and LF everywhere, `:` and `,`
//! in a property.

use std::fmt::Write as _;

use super::{Style, human, worst};
use crate::model::{Case, Report, Verdict};
use crate::visible::{Symbols, visible};

/// GitHub shows ten annotations of each kind a step.
const MOST: usize = 10;

pub(super) fn render(report: &Report) -> String {
    let log = human::render(report, &Style::default());
    let word = free(&log);
    let mut text = String::new();
    for (command, verdicts) in [
        ("error", &[Verdict::Fail][..]),
        ("warning", &[Verdict::Inconclusive, Verdict::Blocked]),
        ("notice", &[Verdict::Deviation]),
    ] {
        annotate(&mut text, command, report, verdicts);
    }
    _ = write!(text, "::stop-commands::{word}\n{log}\n::{word}::\n");
    text
}

/// A word that does not occur in a text. Of so many words that differ, a text of that many octets cannot hold all.
fn free(text: &str) -> String {
    let mut words = (0..=text.len()).map(|number| format!("ftpspec-{number}"));
    words.find(|word| !text.contains(word.as_str())).unwrap_or_default()
}

fn annotate(text: &mut String, command: &str, report: &Report, verdicts: &[Verdict]) {
    let cases: Vec<&Case> = report.cases.iter().filter(|case| verdicts.contains(&case.verdict)).collect();
    let shown = if cases.len() > MOST { MOST - 1 } else { cases.len() };
    for case in cases.iter().take(shown) {
        let message = worst(case).map(|finding| finding.message.as_str()).or(case.reason.as_deref());
        let mut message = message.unwrap_or("no finding says why").to_owned();
        for (name, said) in worst(case)
            .into_iter()
            .flat_map(|finding| [("expected", &finding.expected), ("received", &finding.received)])
        {
            if let Some(said) = said {
                // Our own line end, behind what is escaped.
                _ = write!(message, "\n{name}: {}", visible(said, Symbols::Unicode));
            }
        }
        let file = property(&case.place.file);
        let title = property(&format!("{}: {}", case.verdict.word(), case.id));
        let lines: Vec<_> = message.split('\n').map(data).collect();
        _ = writeln!(text, "::{command} file={file},line={},title={title}::{}", case.place.line, lines.join("%0A"));
    }
    if shown < cases.len() {
        let more = cases.len() - shown;
        _ = writeln!(text, "::{command} title=ftpspec::{more} more of this kind: see the report");
    }
    if command == "error" {
        for entry in &report.stale {
            _ = writeln!(text, "::error title=stale baseline::{}", data(entry));
        }
    }
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    visible(text, Symbols::Unicode).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
