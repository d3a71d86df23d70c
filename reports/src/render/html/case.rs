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
pub(crate) fn safe(text: &str) -> String {
    let kept: String = text.chars().take(CHARACTERS).collect();
    let more = if kept.len() < text.len() { " (the rest is not shown)" } else { "" };
    visible(&kept, Symbols::Unicode) + more
}

pub(crate) struct CaseView {
    pub(crate) number: usize,
    pub(crate) id: String,
    pub(crate) word: &'static str,
    pub(crate) symbol: char,
    pub(crate) kind: Option<&'static str>,
    pub(crate) flaky: bool,
    pub(crate) repeated: Option<String>,
    pub(crate) purpose: String,
    pub(crate) reason: Option<String>,
    pub(crate) place: String,
    pub(crate) row: Vec<(String, String)>,
    pub(crate) duration: u64,
    pub(crate) requirements: Vec<RequirementView>,
    pub(crate) findings: Vec<FindingView>,
    pub(crate) events: Vec<EventView>,
    pub(crate) events_left_out: usize,
}

pub(crate) struct RequirementView {
    pub(crate) id: String,
    pub(crate) clause: String,
    pub(crate) level: String,
    pub(crate) text: String,
}

pub(crate) struct FindingView {
    pub(crate) grade: &'static str,
    pub(crate) word: &'static str,
    pub(crate) message: String,
    pub(crate) place: String,
    pub(crate) source: Option<SourceView>,
    pub(crate) lines: Vec<LineView>,
    pub(crate) requirement: Option<RequirementView>,
    pub(crate) because: Option<String>,
    pub(crate) also: Vec<String>,
    pub(crate) event: Option<usize>,
}

/// A line of a scenario, with what is meant in it, and the caret line below.
pub(crate) struct SourceView {
    pub(crate) number: usize,
    pub(crate) before: String,
    pub(crate) meant: String,
    pub(crate) after: String,
    pub(crate) margin: String,
    pub(crate) carets: String,
}

/// A line of what was expected, or came, or both.
pub(crate) struct LineView {
    pub(crate) label: &'static str,
    pub(crate) class: &'static str,
    pub(crate) segments: Vec<Segment>,
}

impl CaseView {
    pub(crate) fn of(report: &Report, number: usize, case: &Case) -> Self {
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
    pub(crate) fn principal(&self) -> Option<&RequirementView> {
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
