//! How words reach a terminal: visible, coloured where that is wanted, and within the width.

use anstyle::{AnsiColor, Effects};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::Verdict;
use crate::render::{Colour, Style, Verbosity};
use crate::visible::visible;

/// How many characters of a sentence are shown. Sentences quote peers, and a peer can say much.
const SENTENCE: usize = 2_000;

/// What a word is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Doubtful,
    Tolerated,
    Faint,
    Strong,
    Place,
    /// What differs from what was expected.
    Missing,
    Surplus,
}

impl Tone {
    pub(crate) const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Good,
            Verdict::Fail => Self::Bad,
            Verdict::Inconclusive | Verdict::Blocked => Self::Doubtful,
            Verdict::Deviation | Verdict::Known => Self::Tolerated,
            Verdict::Skipped => Self::Faint,
        }
    }

    const fn style(self) -> anstyle::Style {
        let bold = anstyle::Style::new().bold();
        match self {
            Self::Good => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Bad => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
            Self::Doubtful => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Magenta))),
            Self::Tolerated => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
            Self::Faint => anstyle::Style::new().dimmed(),
            Self::Strong => bold,
            Self::Place => bold.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
            // Underlined too, so that nobody has to tell red from green.
            Self::Missing => bold
                .effects(Effects::BOLD.insert(Effects::UNDERLINE))
                .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Surplus => bold
                .effects(Effects::BOLD.insert(Effects::UNDERLINE))
                .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
        }
    }
}

/// The style of one rendering, and what follows from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ink {
    pub(crate) style: Style,
    pub(crate) width: usize,
}

impl Ink {
    pub(crate) fn new(style: Style) -> Self {
        Self { style, width: style.width.max(40) }
    }

    /// The text with nothing in it that acts on a terminal, or on the log of a build service.
    ///
    /// `##[` begins a command of GitHub Actions anywhere in a line; `::` does at the start of one, and no line starts
    /// with what others wrote.
    pub(crate) fn safe(self, text: &str) -> String {
        visible(text, self.style.symbols).replace("##[", r"#\x23[")
    }

    /// Paints what is safe already.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        match self.style.colour {
            Colour::Plain => text.to_owned(),
            Colour::Ansi if text.is_empty() => String::new(),
            Colour::Ansi => {
                let style = tone.style();
                format!("{style}{text}{style:#}")
            }
        }
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.paint(Tone::Strong, &self.safe(text))
    }

    /// A label, a colon and a sentence that is broken at the width.
    pub(crate) fn labelled(self, margin: &str, tone: Tone, label: &str, sentence: &str) -> String {
        let first = format!("{margin}{label}: ");
        let wrapped = self.wrapped(&first, &" ".repeat(margin.width() + 4), sentence);
        match wrapped.strip_prefix(first.as_str()) {
            Some(rest) => format!("{margin}{}: {rest}", self.paint(tone, label)),
            None => wrapped,
        }
    }

    /// A sentence broken at the width, the first line behind `first` and the others behind `next`.
    pub(crate) fn wrapped(self, first: &str, next: &str, sentence: &str) -> String {
        let kept: String = sentence.chars().take(SENTENCE).collect();
        let more = if kept.len() < sentence.len() { " (the rest is not shown)" } else { "" };
        let sentence = self.safe(&kept) + more;
        let mut text = first.to_owned();
        let mut column = first.width();
        let mut at_start = true;
        for word in sentence.split(' ').flat_map(|word| pieces(word, self.width - next.width().min(20))) {
            if !at_start && column + 1 + word.width() > self.width {
                text.push('\n');
                text.push_str(next);
                column = next.width();
                at_start = true;
            }
            if !at_start {
                text.push(' ');
                column += 1;
            }
            // A line that starts with `::` is a command to GitHub Actions, whatever stands before it as space.
            match word.strip_prefix("::").filter(|_| at_start) {
                Some(rest) => {
                    text.push_str(r"\x3a:");
                    text.push_str(rest);
                }
                None => text.push_str(word),
            }
            column += word.width();
            at_start = false;
        }
        text.push('\n');
        text
    }

    /// The longest beginning that fits, with a remark on how much is left out. Where all is to be said, much fits.
    pub(crate) fn cut(self, text: &str, columns: usize) -> String {
        let columns = if self.style.verbosity == Verbosity::Verbose { columns.max(SENTENCE) } else { columns };
        if text.width() <= columns {
            return text.to_owned();
        }
        let room = columns.saturating_sub(24);
        let kept = text.get(..fitting(text, room)).unwrap_or_default();
        format!("{kept} ({} more characters)", text.chars().count() - kept.chars().count())
    }
}

/// A word in pieces that fit.
fn pieces(mut word: &str, columns: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while word.width() > columns {
        let Some((piece, rest)) = word.split_at_checked(fitting(word, columns).max(1)) else { break };
        pieces.push(piece);
        word = rest;
    }
    pieces.push(word);
    pieces
}

/// How many octets of the text fit into so many columns.
fn fitting(text: &str, columns: usize) -> usize {
    let mut column = 0;
    for (at, character) in text.char_indices() {
        column += character.width().unwrap_or(0);
        if column > columns {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn ink(verbosity: Verbosity) -> Ink {
        Ink::new(Style { width: 40, verbosity, ..Style::default() })
    }

    #[rstest]
    #[case::short("a b", "> a b\n")]
    #[case::broken(
        "The reply is not of the class that the text asks for.",
        "> The reply is not of the class that the\n  text asks for.\n"
    )]
    #[case::long_word(&"x".repeat(50), &format!("> \n  {}\n  {}\n", "x".repeat(38), "x".repeat(12)))]
    #[case::command_of_a_build_service("::error::x", "> \\x3a:error::x\n")]
    #[case::older_command("##[error]x", "> #\\x23[error]x\n")]
    fn wrapped(#[case] sentence: &str, #[case] expected: &str) {
        let text = ink(Verbosity::Normal).wrapped("> ", "  ", sentence);
        assert_eq!(text, expected.replace("> \n  ", "> "));
    }

    #[test]
    fn cut_at_the_width_unless_all_is_said() {
        let text = "x".repeat(100);
        assert_eq!(ink(Verbosity::Normal).cut(&text, 40), format!("{} (84 more characters)", "x".repeat(16)));
        assert_eq!(ink(Verbosity::Verbose).cut(&text, 40), text);
    }
}
