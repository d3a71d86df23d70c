//! What differs between two texts, line by line and within the line.

use similar::{ChangeTag, InlineChangeMode, InlineChangeOptions, TextDiff};

use crate::visible::{Symbols, visible};

/// How many lines of a text are compared.
const LINES: usize = 100;
/// How many characters of a line are compared.
const CHARACTERS: usize = 1_000;

/// One line of two texts laid over each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) side: Side,
    pub(crate) segments: Vec<Segment>,
}

/// Which of the texts a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Both,
    Expected,
    Received,
}

/// A part of a line, already made visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) text: String,
    pub(crate) differs: bool,
}

/// The lines of both texts, with what differs marked where the lines are alike enough for that to help.
pub(crate) fn difference(expected: &str, received: &str) -> Vec<Line> {
    let ends = LineEnds::of(expected, received);
    let (expected, received) = (prepared(expected, ends), prepared(received, ends));
    let mut options = InlineChangeOptions::new();
    options.mode(InlineChangeMode::Chars).min_ratio(0.5).semantic_cleanup(true);
    TextDiff::from_lines(&expected, &received)
        .iter_all_inline_changes_with_options(options)
        .map(|change| Line {
            side: match change.tag() {
                ChangeTag::Equal => Side::Both,
                ChangeTag::Delete => Side::Expected,
                ChangeTag::Insert => Side::Received,
            },
            segments: change
                .values()
                .iter()
                .map(|(differs, text)| Segment { text: shown(text.trim_end_matches('\n')), differs: *differs })
                .filter(|segment| !segment.text.is_empty())
                .collect(),
        })
        .collect()
}

/// Stands for CR while texts are compared, so that the escape it is shown as is marked whole; a bare one would divide
/// lines.
const CARRIAGE_RETURN: char = '\u{e00d}';
/// Stands for a LF that is compared, beside the one that divides lines.
const LINE_FEED: char = '\u{e00a}';

fn shown(segment: &str) -> String {
    let text: String = segment
        .chars()
        .map(|character| match character {
            CARRIAGE_RETURN => '\r',
            LINE_FEED => '\n',
            _ => character,
        })
        .collect();
    visible(&text, Symbols::Unicode)
}

/// Whether the line ends are part of what is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    Hidden,
    Shown,
}

impl LineEnds {
    fn of(expected: &str, received: &str) -> Self {
        let carriage = expected.contains('\r') || received.contains('\r');
        if carriage || expected.ends_with('\n') != received.ends_with('\n') { Self::Shown } else { Self::Hidden }
    }
}

fn prepared(text: &str, ends: LineEnds) -> String {
    let mut lines = String::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number == LINES {
            lines.push_str("(more lines are not shown)\n");
            break;
        }
        let body = line.strip_suffix('\n').unwrap_or(line);
        let kept: String = body.chars().take(CHARACTERS).collect();
        for character in kept.chars() {
            match character {
                '\r' => lines.push(CARRIAGE_RETURN),
                CARRIAGE_RETURN | LINE_FEED => lines.extend(character.escape_unicode()),
                _ => lines.push(character),
            }
        }
        if kept.len() < body.len() {
            lines.push_str(" (the rest of the line is not shown)");
        }
        if ends == LineEnds::Shown && body.len() < line.len() {
            lines.push(LINE_FEED);
        }
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Brackets round what differs, `-` and `+` before lines of one side.
    fn written(expected: &str, received: &str) -> String {
        let mut text = String::new();
        for line in difference(expected, received) {
            text.push(match line.side {
                Side::Both => ' ',
                Side::Expected => '-',
                Side::Received => '+',
            });
            for segment in line.segments {
                let (open, close) = if segment.differs { ("[", "]") } else { ("", "") };
                text.extend([open, &segment.text, close]);
            }
            text.push('|');
        }
        text
    }

    #[rstest]
    #[case::same("503", "503", " 503|")]
    #[case::letter("230 Guest login ok", "230 Guest login OK", "-230 Guest login [ok]|+230 Guest login [OK]|")]
    #[case::unlike("503", "250 File renamed.", "-503|+250 File renamed.|")]
    #[case::lines("a\nb\nc", "a\nc", " a|-b| c|")]
    #[case::bare_line_feed("220 ready\r\n", "220 ready\n", r"-220 ready[\r]\n|+220 ready\n|")]
    #[case::no_line_end("220 ready\n", "220 ready", r"-220 ready[\n]|+220 ready|")]
    #[case::hostile("ready", "ready\x1b", r"-ready|+ready[\x1b]|")]
    #[case::stand_in("a\u{e00d}", "a\r", r"-a\u{e00d}|+a\r|")]
    #[case::bare_carriage_return("a\rb", "a\rc", r"-a\r[b]|+a\r[c]|")]
    #[case::empty("", "x", "+x|")]
    fn marked(#[case] expected: &str, #[case] received: &str, #[case] lines: &str) {
        assert_eq!(written(expected, received), lines);
    }

    #[test]
    fn long_texts_are_cut() {
        let lines = difference("", &"x".repeat(5_000));
        let text: String = lines[0].segments.iter().map(|segment| segment.text.as_str()).collect();
        assert_eq!(text, format!("{} (the rest of the line is not shown)", "x".repeat(CHARACTERS)));
        assert_eq!(difference("", &"x\n".repeat(5_000)).len(), LINES + 1);
    }
}
