//! A scenario for clients: what one is asked to do, how the server deviates, and what must be seen of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Entry, Left, Located, Span};
use crate::scenario::rule::Deviations;

/// What a client is sent to do, and what is judged of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// What it is asked to do, in one session, one after the other.
    pub tasks: Vec<Task>,
    /// Who makes the data connections.
    pub mode: DataMode,
    /// Whether TLS is asked for.
    pub protection: Protection,
    /// The tree that stands in the client's directory before.
    pub files: BTreeMap<String, Entry>,
    /// How the server deviates. What no rule speaks of is done right.
    pub deviations: Arc<Deviations>,
    /// What must be seen, in any order.
    pub facts: Vec<Fact>,
}

/// An operation that every client has its own words for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Where it stands.
    pub span: Span,
    /// Its name, one of [`TASKS`].
    pub name: &'static str,
    /// Its operands by name.
    pub operands: BTreeMap<&'static str, String>,
}

/// Every task with its operands: how many of them must be said, and the word before the last one, which may be left out.
pub const TASKS: &[(&str, &[&str], usize, &str)] = &[
    ("login", &[], 0, ""),
    ("get", &["remote", "local"], 1, "as"),
    ("put", &["local", "remote"], 1, "as"),
    ("append", &["local", "remote"], 1, "as"),
    ("resume", &["remote", "local"], 1, "as"),
    ("resume-put", &["local", "remote"], 1, "as"),
    ("get-text", &["remote", "local"], 1, "as"),
    ("put-text", &["local", "remote"], 1, "as"),
    ("mirror", &["directory"], 1, ""),
    ("list", &["directory"], 0, ""),
    ("names", &["directory"], 0, ""),
    ("make-directory", &["directory"], 1, ""),
    ("remove-directory", &["directory"], 1, ""),
    ("cd", &["directory"], 1, ""),
    ("pwd", &[], 0, ""),
    ("delete", &["remote"], 1, ""),
    ("rename", &["remote", "to"], 2, "to"),
    ("size", &["remote"], 1, ""),
    ("time", &["remote"], 1, ""),
    ("abort", &["remote"], 1, ""),
    ("raw", &["line"], 1, ""),
    ("quit", &[], 0, ""),
];

/// Who makes the data connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataMode {
    /// As the client does where nobody tells it.
    #[default]
    Usual,
    /// The client.
    Passive,
    /// The server.
    Active,
}

impl DataMode {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Passive => "passive",
            Self::Active => "active",
        }
    }
}

/// Whether TLS is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protection {
    /// It is not.
    #[default]
    None,
    /// By AUTH TLS (RFC 4217), and the certificate is one that nobody vouches for: the client is told to take it.
    Explicit,
    /// The same, and the client is not told to take a certificate that nobody vouches for.
    Verified,
}

impl Protection {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Explicit => "explicit",
            Self::Verified => "verified",
        }
    }
}

/// Something that must be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Where it stands.
    pub span: Span,
    /// The requirement that it is measured by, where it is another than the first of `covers`.
    pub requirement: Option<String>,
    /// Why it is asked for.
    pub because: Option<String>,
    /// What it is.
    pub what: Seen,
}

/// A command line like one of these, with `*` for any octets. The verb is in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePattern(pub Vec<String>);

/// What must be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The client said this.
    Said(LinePattern),
    /// It said these in this order; others may stand between.
    InOrder(Vec<LinePattern>),
    /// Right behind every line like the first came one like the second.
    Followed(LinePattern, LinePattern),
    /// It never said this.
    Never(LinePattern),
    /// It said this so often at most.
    AtMost(usize, LinePattern),
    /// Between a line like this and the reply that ends it, it said nothing but ABOR, STAT and QUIT.
    Answered(LinePattern),
    /// Where it never said this, the case does not arise.
    Applies(LinePattern),
    /// Something about its data connections.
    Data(DataSeen),
    /// What stands in its directory.
    Local(BTreeMap<String, Located<Left>>),
    /// What stands on the server.
    Remote(BTreeMap<String, Located<Left>>),
    /// How it told that its task ended.
    Exit(Exit),
    /// It ended within this time.
    Within(Duration),
    /// It printed each of these.
    Prints(Vec<String>),
    /// It printed none of these.
    NeverPrints(Vec<String>),
}

/// Something about data connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSeen {
    /// Each that the client made went to the host of the control connection.
    ToServer,
    /// There was at least one.
    Made,
    /// There was none.
    None,
    /// The client listened before it said the command that moves data.
    Listens,
    /// The client ended what it stored in order, not by a reset.
    EndsInOrder,
    /// Each was under TLS.
    Secured,
    /// The client said by `close_notify` where TLS ended on which it stored.
    Notified,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The client said that it was done.
    Ok,
    /// The client said that it failed.
    Failure,
}
