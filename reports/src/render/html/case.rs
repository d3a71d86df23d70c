//! One case: its requirements, its findings, its transcript.

use unicode_width::UnicodeWidthStr;

use super::transcript::{EVENTS, EventView, events};
use crate::causes::word;
use crate::difference::{Segment, Side, difference};
use crate::model::{Case, FailKind, Finding, Place, Report};
use crate::render::{symbol, wording};
use crate::visible::{Symbols, visible};

/// How many characters of one text are shown. Sentences quote peers, and a peer can say much.
const CHARACTERS: usize = 4_000;

/// Text with nothing hidden in it. What HTML gives a meaning to is escaped by the template.
pub(super) fn safe(text: &str) -> String {
    let kept: String = text.chars().take(CHARACTERS).collect();
    let more = if kept.len() < text.len() { " (the rest is not shown)" } else { "" };
    visible(&kept, Symbols::Unicode) + more
}

pub(super) struct CaseView {
    pub(super) number: usize,
    pub(super) id: String,
    pub(super) word: &'static str,
    pub(super) symbol: char,
    pub(super) kind: Option<&'static str>,
    pub(super) flaky: bool,
    pub(super) repeated: Option<String>,
    pub(super) purpose: String,
    pub(super) reason: Option<String>,
    pub(super) place: String,
    pub(super) row: Vec<(String, String)>,
    pub(super) duration: u64,
    pub(super) requirements: Vec<RequirementView>,
    pub(super) findings: Vec<FindingView>,
    pub(super) events: Vec<EventView>,
    pub(super) events_left_out: usize,
}

pub(super) struct RequirementView {
    pub(super) id: String,
    pub(super) clause: String,
    pub(super) level: String,
    pub(super) text: String,
}

pub(super) struct FindingView {
    pub(super) grade: &'static str,
    pub(super) word: &'static str,
    pub(super) message: String,
    pub(super) place: String,
    pub(super) source: Option<SourceView>,
    pub(super) lines: Vec<LineView>,
    pub(super) requirement: Option<RequirementView>,
    pub(super) because: Option<String>,
    pub(super) also: Vec<String>,
    pub(super) event: Option<usize>,
}

/// A line of a scenario, with what is meant in it, and the caret line below.
pub(super) struct SourceView {
    pub(super) number: usize,
    pub(super) before: String,
    pub(super) meant: String,
    pub(super) after: String,
    pub(super) margin: String,
    pub(super) carets: String,
}

/// A line of what was expected, or came, or both.
pub(super) struct LineView {
    pub(super) label: &'static str,
    pub(super) class: &'static str,
    pub(super) segments: Vec<Segment>,
}

impl CaseView {
    pub(super) fn of(report: &Report, number: usize, case: &Case) -> Self {
        let (events, events_left_out) = events(report, case);
        Self {
            number,
            id: safe(&case.id),
            word: case.verdict.word(),
            symbol: symbol(case.verdict, Symbols::Unicode),
            kind: case.kind.map(FailKind::word),
            flaky: case.flaky,
            repeated: case.repeated(),
            purpose: safe(&case.purpose),
            reason: case.reason.as_deref().map(safe),
            place: safe(&format!("{}:{}", case.place.file, case.place.line)),
            row: case.row.iter().map(|(column, value)| (safe(column), safe(value))).collect(),
            duration: case.duration,
            requirements: case.covers.iter().map(|id| requirement(report, id)).collect(),
            findings: case.findings.iter().map(|finding| FindingView::of(report, case, finding)).collect(),
            events,
            events_left_out,
        }
    }

    /// The principal requirement, which the table of cases shows.
    pub(super) fn principal(&self) -> Option<&RequirementView> {
        self.requirements.first()
    }
}

fn requirement(report: &Report, id: &str) -> RequirementView {
    match wording(report, id) {
        Some(text) => RequirementView {
            id: safe(id),
            clause: safe(&text.clause()),
            level: safe(&text.level),
            text: safe(&text.text),
        },
        None => RequirementView { id: safe(id), clause: safe(id), level: String::new(), text: String::new() },
    }
}

impl FindingView {
    fn of(report: &Report, case: &Case, finding: &Finding) -> Self {
        let place = &finding.place;
        Self {
            grade: finding.grade.word(),
            word: word(case, finding),
            message: safe(&finding.message),
            place: safe(&format!("{}:{}:{}", place.file, place.line, place.column)),
            source: (!place.text.is_empty()).then(|| SourceView::of(place)),
            lines: compared(finding),
            requirement: finding.requirement.as_deref().map(|id| requirement(report, id)),
            because: finding.because.as_deref().map(safe),
            also: finding.also.iter().map(|id| safe(id)).collect(),
            // A link needs something to lead to.
            event: finding.event.filter(|event| *event < case.events.len().min(EVENTS)),
        }
    }
}

impl SourceView {
    fn of(place: &Place) -> Self {
        let characters = || place.text.chars();
        let column = place.column.saturating_sub(1);
        let before: String = characters().take(column).collect();
        let meant: String = characters().skip(column).take(place.width.max(1)).collect();
        let after: String = characters().skip(column).skip(place.width.max(1)).collect();
        let (before, meant) = (safe(&before), safe(&meant));
        Self {
            number: place.line,
            margin: " ".repeat(place.line.to_string().len()),
            carets: format!("{}{}", " ".repeat(before.width()), "^".repeat(meant.width().max(1))),
            before,
            meant,
            after: safe(&after),
        }
    }
}

fn compared(finding: &Finding) -> Vec<LineView> {
    let lines = match (&finding.expected, &finding.received) {
        (None, None) => return Vec::new(),
        (expected, received) => {
            difference(expected.as_deref().unwrap_or_default(), received.as_deref().unwrap_or_default())
        }
    };
    lines
        .into_iter()
        .map(|line| {
            let (label, class) = match line.side {
                Side::Both => ("both", "both"),
                Side::Expected => ("expected", "expected"),
                Side::Received => ("received", "received"),
            };
            LineView { label, class, segments: line.segments }
        })
        .collect()
}
