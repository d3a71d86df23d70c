//! The catalogue: what the specifications require, in our words, each sentence with an id.

use std::collections::BTreeMap;
use std::fmt;

use super::diagnostic::Diagnostic;
use super::load::Sources;
use super::load::reader::{Reader, parsed};
use super::tree::Span;

mod filing;
mod read;

pub use filing::{Filing, FilingKind, Said};

/// The requirements of all specifications, by id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    requirements: BTreeMap<String, Requirement>,
}

/// What a specification requires, in a sentence or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its id: `rfc959-4.1.3-rnto-without-rnfr`.
    pub id: String,
    /// The specification: `RFC 959`.
    pub specification: String,
    /// The section: `4.1.3`.
    pub section: String,
    /// How binding it is.
    pub level: Level,
    /// Whom it binds.
    pub role: Role,
    /// What it is about, in a word.
    pub area: String,
    /// What it requires.
    pub text: String,
    /// How a test that sees only the wire decides it.
    pub decided: String,
    /// On what condition it holds.
    pub when: Option<String>,
    /// What else there is to know: contradictions, errata, what servers do.
    pub notes: Option<String>,
    /// Why no scenario covers it, where it or its whole file is filed.
    pub filed: Option<Filing>,
    /// Where it is written.
    pub span: Span,
}

/// How binding a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// MUST.
    Must,
    /// SHOULD.
    Should,
    /// MAY.
    May,
    /// A draft that never became a standard.
    Draft,
}

/// Whom a requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The server.
    Server,
    /// The client.
    Client,
    /// Both.
    Both,
}

impl Catalogue {
    /// A requirement by its id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.get(id)
    }

    /// All of them, in order of id.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.requirements.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The catalogue in these texts: the files below `requirements/`.
    pub(crate) fn of(sources: &Sources, faults: &mut Vec<Diagnostic>) -> Self {
        let mut catalogue = Self::default();
        for (file, text) in sources.iter().filter(|(file, _)| file.starts_with("requirements/")) {
            parsed(file, text, faults, |reader, node| {
                for requirement in reader.requirements(node) {
                    catalogue.take(requirement, reader);
                }
            });
        }
        catalogue
    }
}

impl Catalogue {
    fn take(&mut self, requirement: Requirement, reader: &mut Reader<'_>) {
        if let Some(first) = self.requirements.get(&requirement.id) {
            let message = format!("the requirement {} is said twice", requirement.id);
            let place = format!("the first stands in {}:{}", first.span.file, first.span.line);
            reader.fault_with_help(&requirement.span, message, place);
            return;
        }
        self.requirements.insert(requirement.id.clone(), requirement);
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
            Self::Draft => "draft",
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Both => "both",
        })
    }
}
