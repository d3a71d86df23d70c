//! The line of the scenario with a caret line, and what was expected beside what came.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::ink::{Ink, Tone};
use crate::difference::{Segment, Side, difference};
use crate::model::{Finding, Place};
use crate::render::{Colour, Verbosity};

/// The space before the notes of a finding, so that they stand under the bar of its snippet.
pub(super) fn margin(place: &Place) -> String {
    " ".repeat(place.line.to_string().len() + 3)
}

/// The place, its line, and a caret line under what is meant.
pub(super) fn source(place: &Place, ink: Ink) -> String {
    let margin = margin(place);
    let arrow = ink.paint(Tone::Place, "-->");
    let mut text = format!(
        "{}{arrow} {}:{}:{}\n",
        margin.get(1..).unwrap_or_default(),
        ink.safe(&place.file),
        place.line,
        place.column
    );
    if place.text.is_empty() {
        return text;
    }
    let before: String = place.text.chars().take(place.column.saturating_sub(1)).collect();
    let meant: String = place.text.chars().skip(before.chars().count()).take(place.width.max(1)).collect();
    let (before, meant) = (ink.safe(&before), ink.safe(&meant));
    let whole = ink.safe(&place.text);
    let room = ink.width.saturating_sub(margin.width() + 2);
    // The caret has to be seen, so a long line is shown from where it begins.
    let (shown, before) = if before.width() + meant.width().max(1) > room {
        (whole.get(before.len()..).unwrap_or_default().to_owned(), String::new())
    } else {
        (whole, before)
    };
    let carets = "^".repeat(meant.width().clamp(1, room.max(1)));
    let bar = ink.paint(Tone::Place, "|");
    let number = ink.paint(Tone::Place, &format!("  {} |", place.line));
    let carets = ink.paint(Tone::Bad, &carets);
    _ = writeln!(text, "{margin}{bar}\n{number} {}", ink.cut(&shown, room));
    _ = writeln!(text, "{margin}{bar} {}{carets}", " ".repeat(before.width()));
    text
}

/// What was expected and what came, with the difference marked.
pub(super) fn compared(finding: &Finding, margin: &str, ink: Ink) -> String {
    let (expected, received) = (finding.expected.as_deref(), finding.received.as_deref());
    let one_line = |text: Option<&str>| text.is_none_or(|text| !text.trim_end_matches('\n').contains('\n'));
    match (expected, received) {
        (Some(expected), Some(received)) if !one_line(Some(expected)) || !one_line(Some(received)) => {
            let mut text = format!("{margin}{}\n", ink.paint(Tone::Strong, "= expected (-) and received (+):"));
            for line in difference(expected, received) {
                let (sign, tone) = match line.side {
                    // Not a space: a line that begins with what a peer said could be a command to a build service.
                    Side::Both => ("|", Tone::Faint),
                    Side::Expected => ("-", Tone::Missing),
                    Side::Received => ("+", Tone::Surplus),
                };
                text.push_str(&marked(&format!("{margin}  {sign} "), None, &line.segments, tone, ink));
            }
            text
        }
        _ => {
            let lines = difference(expected.unwrap_or_default(), received.unwrap_or_default());
            let side = |wanted: Side| {
                let line = lines.iter().find(|line| line.side == wanted || line.side == Side::Both);
                line.map_or([].as_slice(), |line| line.segments.as_slice())
            };
            let mut text = String::new();
            if expected.is_some() {
                text.push_str(&marked(margin, Some("= expected"), side(Side::Expected), Tone::Missing, ink));
            }
            if received.is_some() {
                text.push_str(&marked(margin, Some("= received"), side(Side::Received), Tone::Surplus, ink));
            }
            text
        }
    }
}

/// A line with what differs in it coloured, or marked on the next line where there is no colour.
fn marked(margin: &str, label: Option<&str>, segments: &[Segment], tone: Tone, ink: Ink) -> String {
    let head = label.map_or_else(String::new, |label| format!("{label}: "));
    let indent = margin.width() + head.width();
    let painted_head = label.map_or_else(String::new, |label| format!("{}: ", ink.paint(Tone::Strong, label)));
    let safe: Vec<(String, bool)> = segments.iter().map(|segment| (ink.safe(&segment.text), segment.differs)).collect();
    let safe = clipped(&safe, ink.width.saturating_sub(indent), ink);
    let mut line = format!("{margin}{painted_head}");
    let mut markers = String::new();
    for (text, differs) in &safe {
        let width = text.width();
        if *differs {
            line.push_str(&ink.paint(tone, text));
            markers.push_str(&"^".repeat(width));
        } else {
            line.push_str(text);
            markers.push_str(&" ".repeat(width));
        }
    }
    let markers = markers.trim_end();
    if ink.style.colour == Colour::Plain && !markers.is_empty() {
        return format!("{line}\n{}{markers}\n", " ".repeat(indent));
    }
    format!("{line}\n")
}

/// The part of a line that fits, beginning shortly before what differs first.
fn clipped(segments: &[(String, bool)], room: usize, ink: Ink) -> Vec<(String, bool)> {
    let whole: usize = segments.iter().map(|(text, _)| text.width()).sum();
    if ink.style.verbosity == Verbosity::Verbose || whole <= room {
        return segments.to_vec();
    }
    let before: usize = segments.iter().take_while(|(_, differs)| !differs).map(|(text, _)| text.chars().count()).sum();
    let characters = segments.iter().flat_map(|(text, differs)| text.chars().map(move |c| (c, *differs)));
    let none_differs = !segments.iter().any(|(_, differs)| *differs);
    let room = room.saturating_sub(8).max(8);
    let from = if none_differs || before < room / 2 { 0 } else { before - room / 4 };
    let mut kept: Vec<(String, bool)> = Vec::new();
    if from > 0 {
        kept.push(("... ".to_owned(), false));
    }
    let mut column = 0;
    for (character, differs) in characters.skip(from) {
        column += character.to_string().width();
        if column > room {
            kept.push((" ...".to_owned(), false));
            break;
        }
        match kept.last_mut().filter(|(_, last)| *last == differs) {
            Some((text, _)) => text.push(character),
            None => kept.push((character.to_string(), differs)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Axis, Grade};
    use crate::render::Style;

    fn place(text: &str, column: usize, width: usize) -> Place {
        Place { file: "a.yaml".to_owned(), line: 7, column, width, text: text.to_owned() }
    }

    #[rstest]
    #[case::ascii("  - S: 503", 5, 1, "  7 |   - S: 503\n    |     ^\n")]
    #[case::wide("  - C: RNTO 中文 x", 16, 1, "  7 |   - C: RNTO 中文 x\n    |                  ^\n")]
    #[case::tab("\t- S: 503", 4, 2, "  7 | \\t- S: 503\n    |     ^^\n")]
    #[case::beyond_the_end("ab", 9, 1, "  7 | ab\n    |   ^\n")]
    fn carets(#[case] text: &str, #[case] column: usize, #[case] width: usize, #[case] expected: &str) {
        let shown = source(&place(text, column, width), Ink::new(Style::default()));
        assert_eq!(shown, format!("   --> a.yaml:7:{column}\n    |\n{expected}"));
    }

    #[test]
    fn a_far_caret_is_seen() {
        let text = format!("{}here", "x".repeat(200));
        let shown = source(&place(&text, 201, 4), Ink::new(Style { width: 60, ..Style::default() }));
        assert!(shown.ends_with("  7 | here\n    | ^^^^\n"), "{shown}");
    }

    fn finding(expected: &str, received: &str) -> Finding {
        Finding {
            axis: Axis::Text,
            grade: Grade::Fail,
            requirement: None,
            place: place("", 1, 1),
            message: String::new(),
            expected: Some(expected.to_owned()),
            received: Some(received.to_owned()),
            because: None,
            event: None,
            also: Vec::new(),
        }
    }

    #[rstest]
    #[case::unlike("503", "250 Renamed.", " = expected: 503\n = received: 250 Renamed.\n")]
    #[case::alike(
        "230 ok then",
        "230 OK then",
        " = expected: 230 ok then\n                 ^^\n = received: 230 OK then\n                 ^^\n"
    )]
    #[case::lines(
        "230-a\n230 b",
        "230-a\n230 c",
        " = expected (-) and received (+):\n   | 230-a\n   - 230 b\n         ^\n   + 230 c\n         ^\n"
    )]
    #[case::far(
        &format!("{}a{}", "x".repeat(300), "y".repeat(300)),
        &format!("{}b{}", "x".repeat(300), "y".repeat(300)),
        &format!(
            " = expected: ... {0}a{1} ...\n{2}^\n = received: ... {0}b{1} ...\n{2}^\n",
            "x".repeat(9), "y".repeat(29), " ".repeat(26)
        )
    )]
    fn differences(#[case] expected: &str, #[case] received: &str, #[case] shown: &str) {
        let ink = Ink::new(Style { width: 60, ..Style::default() });
        assert_eq!(compared(&finding(expected, received), " ", ink), shown);
    }
}
