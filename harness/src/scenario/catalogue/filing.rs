//! What no scenario tests, and why.

use std::fmt;

use crate::scenario::load::reader::Reader;
use crate::scenario::tree::Span;
use crate::scenario::yaml::Node;

/// Why no scenario tests a requirement, or reaches a reply code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// The kind of reason.
    pub kind: FilingKind,
    /// The reason; of something planned, what it waits for.
    pub because: String,
    /// Of what it is said.
    pub said: Said,
    /// Where it is written.
    pub span: Span,
}

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FilingKind {
    /// Every scenario relies on it.
    Implicit,
    /// It cannot be seen from outside.
    NotObservable,
    /// It is about something that this suite does not test.
    OutOfScope,
    /// A later specification took it back.
    Deprecated,
    /// Two specifications require opposite things.
    Contradictory,
    /// A scenario waits for something that is still to be built.
    Planned,
}

/// Of what a filing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Of one entry. It is wrong where a scenario covers the entry.
    OfTheEntry,
    /// Of a whole file: it stands for the entries that nothing covers and that say nothing themselves.
    OfTheFile,
}

const KINDS: &[(&str, FilingKind)] = &[
    ("implicit", FilingKind::Implicit),
    ("not-observable", FilingKind::NotObservable),
    ("out-of-scope", FilingKind::OutOfScope),
    ("deprecated", FilingKind::Deprecated),
    ("contradictory", FilingKind::Contradictory),
    ("planned", FilingKind::Planned),
];

impl FilingKind {
    /// The word that files write.
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

impl fmt::Display for FilingKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl Reader<'_> {
    /// The value of a `filed:` key.
    pub(in crate::scenario) fn filed(&mut self, node: &Node, said: Said) -> Option<Filing> {
        let fields = self.fields(node, "filed", &["as", "because"])?;
        let because = self.required(node, &fields, "because");
        let Some(kind) = fields.value("as") else {
            if fields.are_known() {
                self.fault(&node.span, "\"as\" is missing");
            }
            return None;
        };
        let kind = self.word(kind, "kind of filing", KINDS);
        Some(Filing { kind: kind?, because: because?, said, span: node.span.clone() })
    }
}
