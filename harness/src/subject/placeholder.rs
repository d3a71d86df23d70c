//! The words in braces that stand for what is known only when a process is started.

use std::collections::BTreeMap;

use thiserror::Error;

use super::similar_name::did_you_mean;

/// Every placeholder, and what it stands for.
pub(super) const PLACEHOLDERS: &[(&str, &str)] = &[
    ("port", "the port of the control connection"),
    ("host", "the address that it shall listen on, or connect to"),
    ("root", "the folder that it shall serve"),
    ("config", "the folder of the files written for it"),
    ("user", "the user that the scenarios log in as"),
    ("password", "the password of that user"),
    ("self", "this program"),
    ("strangers", "the folder that scripts/strangers fills"),
    ("clients", "the folder that scripts/clients fills"),
    ("home", "for a client with tasks: an empty home of its own"),
    ("task", "the words of the task, or of the tasks one after the other"),
    ("mode", "the words for passive or active"),
    ("tls", "the words for TLS"),
    ("remote", "the name on the server"),
    ("remote-url", "the same, as it stands in a URL"),
    ("local", "the name in the client's directory"),
    ("directory", "a directory of the server"),
    ("directory-url", "the same, as it stands in a URL"),
    ("listed-url", "the same with a slash at its end"),
    ("to", "the new name"),
    ("line", "a command line"),
];

/// A text with placeholders, which are all known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(&'static str),
}

/// A placeholder that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{{{name}}}` is no placeholder.{} Known are {}; a brace itself is written `{{{{`.",
    did_you_mean(name, names()),
    shown_names()
)]
pub(super) struct UnknownPlaceholder {
    name: String,
}

/// What each placeholder stands for, in one start.
#[derive(Debug, Default, Clone)]
pub(super) struct Values(BTreeMap<&'static str, String>);

impl Template {
    /// Reads `{name}` in a text. A brace before anything but a word in small letters is a brace.
    ///
    /// # Errors
    /// A name is unknown.
    pub(super) fn parse(text: &str) -> Result<Self, UnknownPlaceholder> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            plain.push_str(before);
            if let Some(doubled) = behind.strip_prefix('{') {
                plain.push('{');
                rest = doubled;
            } else if let Some((name, left)) = word(behind) {
                let known = names().find(|known| *known == name);
                let known = known.ok_or_else(|| UnknownPlaceholder { name: name.to_owned() })?;
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Placeholder(known));
                rest = left;
            } else {
                plain.push('{');
                rest = behind;
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    /// Whether this placeholder stands in it.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Placeholder(placed) if *placed == name))
    }

    /// Whether it is nothing but this placeholder.
    pub(super) fn is(&self, name: &str) -> bool {
        let empty = |part: &Part| matches!(part, Part::Text(text) if text.is_empty());
        let mut parts = self.0.iter().filter(|part| !empty(part));
        matches!((parts.next(), parts.next()), (Some(Part::Placeholder(placed)), None) if *placed == name)
    }

    /// The text, with every placeholder filled in.
    pub(super) fn filled(&self, values: &Values) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Placeholder(name) => values.0.get(name).map(String::as_str).unwrap_or_default(),
            })
            .collect()
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => formatter.write_str(text),
            Part::Placeholder(name) => write!(formatter, "{{{name}}}"),
        })
    }
}

impl Values {
    /// Says what a placeholder stands for.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        debug_assert!(names().any(|known| known == name), "{name} is in the table");
        self.0.insert(name, value.into());
    }

    /// What a placeholder stands for.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('}')?;
    let small = |character: char| character.is_ascii_lowercase() || character == '-';
    (!name.is_empty() && name.chars().all(small)).then_some((name, rest))
}

fn names() -> impl Iterator<Item = &'static str> {
    PLACEHOLDERS.iter().map(|(name, _)| *name)
}

fn shown_names() -> String {
    names().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Template, Values};

    #[rstest]
    #[case("-p {port} -r {root}/x", "-p 2121 -r /srv/x")]
    #[case("{{port} {{", "{port} {")]
    #[case("${HOME} { \"a\": {port} }", "${HOME} { \"a\": 2121 }")]
    #[case("{", "{")]
    #[case("{port", "{port")]
    #[case("{}", "{}")]
    fn fills_in(#[case] text: &str, #[case] filled: &str) {
        let mut values = Values::default();
        values.set("port", "2121");
        values.set("root", "/srv");
        assert_eq!(Template::parse(text).unwrap().filled(&values), filled);
    }

    #[test]
    fn a_value_is_not_read_again() {
        let mut values = Values::default();
        values.set("password", "{port}");
        values.set("port", "2121");
        assert_eq!(Template::parse("{password}").unwrap().filled(&values), "{port}");
    }

    #[test]
    fn an_unknown_one_is_an_error_that_knows_better() {
        let message = Template::parse("-p {prot}").unwrap_err().to_string();
        assert!(message.starts_with("`{prot}` is no placeholder. Did you mean `port`?"), "{message}");
    }
}
