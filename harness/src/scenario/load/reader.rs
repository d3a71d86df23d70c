//! Reads the parts of one file and keeps everything that is wrong in it, so that an author sees all of it at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::scenario::diagnostic::{Diagnostic, nearest};
use crate::scenario::tree::{Entry, Located, Span};
use crate::scenario::yaml::{self, Node, Value};

/// One file on its way to be a scenario.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    source: &'a str,
    /// What is wrong so far.
    pub(crate) faults: Vec<Diagnostic>,
    /// The files that stand on the server, by name: a text in `server-sends` may be one of them.
    pub(crate) fixtures: BTreeMap<String, Entry>,
    /// Whether there may be more of them: a given state could not be read.
    pub(crate) more_fixtures: bool,
    /// The control connections that `as` may name.
    pub(crate) connections: Vec<String>,
    /// Those of them that reach the second server.
    pub(crate) second: Vec<String>,
}

/// What one file holds, and whatever is wrong in it.
pub(crate) fn parsed<T>(
    file: &Arc<str>,
    text: &str,
    faults: &mut Vec<Diagnostic>,
    read: impl FnOnce(&mut Reader<'_>, &Node) -> T,
) -> Option<T> {
    let node = match yaml::parse(file, text) {
        Ok(node) => node,
        Err(fault) => {
            faults.push(*fault);
            return None;
        }
    };
    let mut reader = Reader::new(text);
    let held = read(&mut reader, &node);
    faults.append(&mut reader.faults);
    Some(held)
}

/// The keys of a map, each once.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    entries: Vec<(&'n Node, &'n Node)>,
    known: bool,
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key and its value.
    pub(crate) fn entry(&self, key: &str) -> Option<(&'n Node, &'n Node)> {
        self.entries.iter().find(|(found, _)| found.text() == Some(key)).copied()
    }

    /// Whether no key is unknown. Where one is, a key that seems to be missing may only be misspelt.
    pub(crate) fn are_known(&self) -> bool {
        self.known
    }

    /// All of them, in the order of the file.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'n Node, &'n Node)> {
        self.entries.iter().copied()
    }
}

impl<'a> Reader<'a> {
    /// A reader of the file with the text `source`.
    pub(crate) fn new(source: &'a str) -> Self {
        Self {
            source,
            faults: Vec::new(),
            fixtures: BTreeMap::new(),
            more_fixtures: false,
            connections: vec!["a".to_owned()],
            second: Vec::new(),
        }
    }

    /// Notes something wrong.
    pub(crate) fn fault(&mut self, span: &Span, message: impl Into<String>) {
        self.faults.push(Diagnostic::new(span.clone(), self.source, message));
    }

    /// Notes something wrong, and what to do about it.
    pub(crate) fn fault_with_help(&mut self, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Diagnostic::new(span.clone(), self.source, message).help(help));
    }

    /// Notes that `word` is none of `known`.
    pub(crate) fn unknown(&mut self, span: &Span, what: &str, word: &str, known: &[&str]) {
        let help = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("known: {}", known.join(", ")),
        };
        self.fault_with_help(span, format!("unknown {what} \"{word}\""), help);
    }

    /// The value inside, or the fault that a reading function found in the text of `node`.
    pub(crate) fn or_fault<T>(&mut self, node: &Node, read: Result<T, Wrong>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(Wrong { message, help }) => {
                let diagnostic = Diagnostic::new(node.span.clone(), self.source, message);
                self.faults.push(Diagnostic { help, ..diagnostic });
                None
            }
        }
    }

    /// The keys of a map, after a check that each is known and said once.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        let mut fields = self.entries(node, what)?;
        for (key, _) in &fields.entries {
            let name = key.text().unwrap_or_default();
            if !known.contains(&name) {
                fields.known = false;
                self.unknown(&key.span, "key", name, known);
            }
        }
        Some(fields)
    }

    /// The keys of a map whose keys the author chooses, after a check that each is a text and said once.
    pub(crate) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            self.fault(&node.span, format!("{what} is a map, and this is {}", node.what()));
            return None;
        };
        let mut fields = Fields { entries: Vec::new(), known: true };
        for (key, value) in entries {
            let Some(name) = key.text() else {
                self.fault_with_help(
                    &key.span,
                    format!("a key is a text, and this is {}", key.what()),
                    "a text that begins with a brace or a bracket stands in quotes",
                );
                continue;
            };
            if let Some((first, _)) = fields.entry(name) {
                let line = first.span.line;
                self.fault_with_help(
                    &key.span,
                    format!("the key \"{name}\" is said twice"),
                    format!("the first stands in line {line}"),
                );
                continue;
            }
            fields.entries.push((key, value));
        }
        Some(fields)
    }

    /// The items of a list that is not empty.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.fault(&node.span, format!("{what} is empty"));
                None
            }
            Value::List(items) => Some(items),
            Value::Scalar { .. } | Value::Map(_) => {
                self.fault_with_help(
                    &node.span,
                    format!("{what} is a list, and this is {}", node.what()),
                    "a list stands in brackets: [one, two]",
                );
                None
            }
        }
    }

    /// The text of a scalar that is not empty.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Value::Scalar { text, plain } if text.is_empty() && *plain => {
                self.fault(&node.span, format!("{what} is missing"));
                None
            }
            Value::Scalar { text, .. } => Some(text),
            Value::List(_) | Value::Map(_) => {
                let message = format!("{what} is a text, and this is {}", node.what());
                self.fault_with_help(
                    &node.span,
                    message,
                    "a text that begins with a brace or a bracket stands in quotes",
                );
                None
            }
        }
    }

    /// The texts of a list, each with its place.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Located<String>> {
        let items = self.list(node, what).unwrap_or_default();
        let one = format!("each item of {what}");
        let texts = items.iter().filter_map(|item| {
            let text = self.text(item, &one)?;
            Some(Located { value: text.to_owned(), span: item.span.clone() })
        });
        texts.collect()
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        self.unknown(&node.span, what, text, &known);
        None
    }

    /// Checks that the value is `{}`.
    pub(crate) fn nothing(&mut self, node: &Node, what: &str) {
        if node.value != Value::Map(Vec::new()) {
            self.fault_with_help(&node.span, format!("{what} has no value"), format!("write {what}: {{}}"));
        }
    }
}

/// Why a text is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Wrong {
    /// With what to do about it.
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

/// The place of a key with its value, where they stand on one line.
pub(crate) fn both(key: &Node, value: &Node) -> Span {
    let mut span = key.span.clone();
    if value.span.line == span.line && value.span.column > span.column {
        span.width = value.span.column + value.span.width - span.column;
    }
    span
}

/// The name of a file, for every place in it.
pub(crate) type FileName = Arc<str>;
