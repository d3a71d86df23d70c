//! What is wrong in a file, and where: shown the way that compilers do.

use std::fmt;

use super::tree::Span;

/// Something wrong in a scenario, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where it is.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What stands under the carets. May be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The line of the file.
    pub line: String,
}

/// Everything that is wrong in a suite. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Rendered(.0))]
pub struct Diagnostics(pub Vec<Diagnostic>);

/// Whether the words get colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    Plain,
    /// With escape sequences.
    Coloured,
}

/// Longer lines of a file are shown in part.
const SHOWN: usize = 160;

impl Diagnostic {
    /// Something wrong at `span` of the file with the text `source`.
    pub fn new(span: Span, source: &str, message: impl Into<String>) -> Self {
        let line = source.lines().nth(span.line.saturating_sub(1)).unwrap_or_default().to_owned();
        Self { span, message: message.into(), label: String::new(), help: None, line }
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With words under the carets.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The report: message, place, line, carets, help.
    pub fn render(&self, paint: Paint) -> String {
        let mut out = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut out, paint);
        out
    }

    fn write(&self, out: &mut dyn fmt::Write, paint: Paint) -> fmt::Result {
        let error = anstyle::AnsiColor::Red.on_default().bold();
        let gutter = anstyle::AnsiColor::Blue.on_default().bold();
        let bold = anstyle::Style::new().bold();
        let painted = |style: anstyle::Style, text: &str| match paint {
            Paint::Plain => text.to_owned(),
            Paint::Coloured => format!("{style}{text}{style:#}"),
        };
        let number = self.span.line.to_string();
        let room = " ".repeat(number.len());
        let Excerpt { text, before, width } = self.excerpt();
        writeln!(out, "{}{}", painted(error, "error"), painted(bold, &format!(": {}", escape(&self.message))))?;
        let place = format!("{}:{}:{}", escape(&self.span.file), self.span.line, self.span.column);
        writeln!(out, "{room}{} {place}", painted(gutter, "-->"))?;
        let bar = painted(gutter, "|");
        writeln!(out, "{room} {bar}")?;
        writeln!(out, "{} {bar} {text}", painted(gutter, &number))?;
        let carets = painted(error, format!("{} {}", "^".repeat(width), escape(&self.label)).trim_end());
        writeln!(out, "{room} {bar} {}{carets}", " ".repeat(before))?;
        if let Some(help) = &self.help {
            writeln!(out, "{room} {} {}", painted(gutter, "="), painted(bold, "help:").clone() + " " + &escape(help))?;
        }
        Ok(())
    }

    /// The line with its control characters escaped and cut to what a terminal shows, and where the carets go.
    fn excerpt(&self) -> Excerpt {
        let start = self.span.column.saturating_sub(1);
        let end = start.saturating_add(self.span.width.max(1));
        let skipped = if start > SHOWN / 2 { start - SHOWN / 4 } else { 0 };
        let lead = if skipped > 0 { "…" } else { "" };
        let mut excerpt = Excerpt { text: lead.to_owned(), before: lead.chars().count(), width: 0 };
        for (index, character) in self.line.chars().enumerate().skip(skipped).take(SHOWN) {
            let shown = escape_character(character);
            if index < start {
                excerpt.before += shown.chars().count();
            } else if index < end {
                excerpt.width += shown.chars().count();
            }
            excerpt.text.push_str(&shown);
        }
        if self.line.chars().count() > skipped + SHOWN {
            excerpt.text.push('…');
        }
        excerpt.width = excerpt.width.max(1);
        excerpt
    }
}

struct Excerpt {
    text: String,
    before: usize,
    width: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, Paint::Plain)
    }
}

struct Rendered<'a>(&'a [Diagnostic]);

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            diagnostic.fmt(formatter)?;
        }
        Ok(())
    }
}

/// `text` with every control character, and every character that turns the direction of writing, made visible.
pub fn escape(text: &str) -> String {
    text.chars().map(escape_character).collect()
}

fn escape_character(character: char) -> String {
    match character {
        '\t' => " ".to_owned(),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => {
            character.escape_unicode().to_string()
        }
        other if other.is_control() => other.escape_default().to_string(),
        other => other.to_string(),
    }
}

/// The known word that `word` may have been meant to be: nearly the same letters, or one of its parts.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let other = candidate.to_lowercase();
        let most = ((other.len().min(lower.len()) + 1) / 3).min(6);
        // The distance is costly, and at least the difference of the lengths.
        let distance = if other.len().abs_diff(lower.len()) > most {
            usize::MAX
        } else {
            strsim::damerau_levenshtein(&lower, &other)
        };
        let (short, long) = if other.len() < lower.len() { (&other, &lower) } else { (&lower, &other) };
        let part = short.len() >= 3 && long.strip_prefix(short.as_str()).is_some_and(|rest| rest.starts_with('-'));
        let rank = if distance <= most { distance } else { most + 1 };
        if (distance <= most || part) && best.is_none_or(|(found, _)| rank < found) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn wrong(line: &str, column: usize, width: usize) -> Diagnostic {
        let span = Span { file: "a.yaml".into(), line: 1, column, width };
        Diagnostic::new(span, line, "unknown key \"pas\"")
    }

    #[test]
    fn it_looks_like_a_compiler_s() {
        let shown = wrong("  - S: { pas: 230 }", 10, 3).help("did you mean \"pass\"?").to_string();
        let expected = "error: unknown key \"pas\"\n --> a.yaml:1:10\n  |\n1 |   - S: { pas: 230 }\n  |          ^^^\n  = help: did you mean \"pass\"?\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn control_characters_are_shown_and_the_carets_stay_below() {
        let shown = wrong("a\u{1b}[2J pas", 7, 3).to_string();
        assert!(shown.contains("1 | a\\u{1b}[2J pas\n  |            ^^^\n"), "{shown}");
    }

    #[test]
    fn a_long_line_is_cut_round_the_place() {
        let line = format!("{}pas{}", "x".repeat(1000), "y".repeat(1000));
        let shown = wrong(&line, 1001, 3).to_string();
        assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
        assert!(shown.contains("xpasy"), "{shown}");
    }

    #[test]
    fn colour_is_an_option() {
        assert!(wrong("pas", 1, 3).render(Paint::Coloured).contains("\u{1b}["));
        assert!(!wrong("pas", 1, 3).render(Paint::Plain).contains('\u{1b}'));
    }

    #[rstest]
    #[case("pas", Some("pass"))]
    #[case("PASS", Some("pass"))]
    #[case("pass-code", Some("pass"))]
    #[case("passive", None)]
    #[case("becuase", Some("because"))]
    #[case("zzz", None)]
    #[case("", None)]
    #[case("x", None)]
    fn the_nearest_word(#[case] word: &str, #[case] expected: Option<&str>) {
        assert_eq!(nearest(word, ["pass", "because", "deviation"]), expected);
    }
}
