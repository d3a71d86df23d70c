//! A scenario as the harness understands it: checked, its row filled in, every part with its place.
//!
//! The loader makes one [`Scenario`] for each row of the `each:` table, so nothing here is conditional.

mod data;
mod reply;
mod task;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use self::data::{Data, Form, Method, Mode, Representation, Sent, SentBody, Structure};
pub use self::reply::{
    Charset, CodePattern, Entries, EntryPattern, Expect, FactPattern, FactValue, Read, ReadKind, ReadUse, ReplyPattern,
    Rule, Silence, Within,
};
pub use self::task::{DataMode, DataSeen, Errand, Exit, Fact, LinePattern, Protection, Seen, TASKS, Task};

/// A place in a scenario file: line and column counted from 1, width in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The file, below the scenarios' folder.
    pub file: Arc<str>,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// How many characters, at least 1.
    pub width: usize,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// One row of one scenario file, or a given state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The path without its ending, and the row in brackets: `rfc959/transfer/retrieve[open=PASV,size=0]`.
    pub id: String,
    /// The path below the scenarios' folder.
    pub file: Arc<str>,
    /// The text of the file with the row filled in; spans point into it.
    pub source: Arc<str>,
    /// The row, by column. Empty without `each:`.
    pub row: BTreeMap<String, String>,
    /// What it is for, in a sentence, and where that sentence stands.
    pub purpose: Located<String>,
    /// The requirements it covers, the principal one first. Empty only for a given state, and for what was recorded.
    pub covers: Vec<Located<String>>,
    /// Where it says that it was recorded. Then it covers nothing, and asks for what one server answered.
    pub recorded: Option<Span>,
    /// The start states, in order.
    pub given: Vec<Located<String>>,
    /// What the subject must claim, the given states' needs included.
    pub needs: Vec<Located<String>>,
    /// Whether texts decide, where the scenario itself says so.
    pub text: TextMode,
    /// Whom each control connection reaches. Always holds `a`.
    pub connections: BTreeMap<String, Peer>,
    /// The tree that stands on the server before, that of the given states included. Names of directories have no `/` at their end.
    pub files: BTreeMap<String, Entry>,
    /// The tree that stands on the second server before.
    pub second_files: BTreeMap<String, Entry>,
    /// When names of the tree were last modified before, in seconds since 1970 in UTC.
    pub modified: BTreeMap<String, i64>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Steps that run whatever happened.
    pub finally: Vec<Step>,
    /// What must stand on the server afterwards.
    pub leaves: BTreeMap<String, Located<Left>>,
    /// What must stand on the second server afterwards.
    pub second_leaves: BTreeMap<String, Located<Left>>,
    /// For a given state: the scenario that tests it.
    pub tested_by: Option<String>,
    /// For a scenario with a task, which is one for clients: the task, how the server deviates, and what must be seen.
    pub errand: Option<Arc<Errand>>,
}

impl Scenario {
    /// The requirements that a finding of this scenario can name by itself: those it covers and those of its steps.
    pub fn requirements(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().chain(&self.finally);
        let covered = self.covers.iter().map(|covered| covered.value.as_str());
        let facts = self.errand.iter().flat_map(|errand| &errand.facts);
        let measured = facts.filter_map(|fact| fact.requirement.as_deref());
        covered.chain(steps.filter_map(|step| step.requirement.as_deref())).chain(measured)
    }

    /// Whether it covers the requirement, or measures a step by it.
    pub fn measures(&self, requirement: &str) -> bool {
        self.requirements().any(|id| id == requirement)
    }
}

/// Whom a control connection reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The subject.
    Subject,
    /// The second server of a third-party transfer.
    Second,
}

/// Whether the text behind a code decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextMode {
    /// A difference is shown and decides nothing.
    #[default]
    Shown,
    /// A difference is a finding on the axis text.
    Exact,
}

/// What stands at a path before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A file.
    File(Content),
    /// A symbolic link to this path of the tree.
    Link(String),
}

/// What must stand at a path afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Absent,
    /// A directory.
    Directory,
    /// A file with these octets.
    File(Content),
}

/// Octets that a scenario speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// These.
    Octets(Arc<[u8]>),
    /// The body that the generator makes from size and seed.
    Generated {
        /// How many octets.
        size: u64,
        /// The seed.
        seed: u64,
    },
    /// These octets, again and again, and an end.
    Repeated {
        /// What is said again and again.
        unit: Arc<[u8]>,
        /// How often.
        times: u64,
        /// What stands behind the last of them.
        end: Arc<[u8]>,
    },
    /// What `files:` says of this name, from an offset to its end.
    Fixture {
        /// The name.
        name: String,
        /// How many octets are left out at its beginning.
        from: u64,
    },
}

/// One step, or the prelude's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// The requirement it is measured by, where it is another than the first of `covers`.
    pub requirement: Option<String>,
    /// What is done.
    pub action: Action,
}

/// What a step does. The words are those of the conversation: `C` is the client's side, `S` the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `C:` the client says octets on the control connection.
    Say(Say),
    /// `S:` the server replies.
    Expect(Box<Expect>),
    /// `login:` the client logs in, the way that the subject's file says.
    Login,
    /// `data:` something on the data connection.
    Data(Data),
    /// `silence:` nothing may arrive.
    Silence {
        /// Where.
        on: Listened,
        /// How long.
        during: Duration,
    },
    /// `tls:` something about TLS (RFC 4217).
    Tls(Tls),
    /// `closed:` the server closes the control connection.
    Closed(Closed),
    /// `may-close:` from here on the server may close the control connection. Where it does, the case has passed.
    MayClose,
    /// `hang-up:` the client ends the control connection, without QUIT.
    HangUp(Break),
    /// `as:` the following steps speak on this control connection.
    Switch(String),
    /// `unpredictable:` from the ports bound to these names the next one cannot be told.
    Unpredictable(Vec<Located<String>>),
}

/// Something about TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// The client negotiates TLS.
    Negotiate {
        /// On which connection.
        on: Wire,
        /// Which session.
        session: Session,
        /// What it is that no TLS comes of it.
        failure: Failure,
        /// The host that the hello on the control connection names (RFC 6066 §3). None: it names none.
        server_name: Option<String>,
    },
    /// TLS ends on the control connection, which goes on in clear.
    Leave,
    /// The server ended TLS on the last data connection by `close_notify`.
    EndedByNotice,
    /// The certificate of the last data connection is that of the control connection.
    SameCertificate,
}

/// One of the two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// The control connection.
    Control,
    /// The data connection.
    Data,
}

/// Which session of TLS is negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Session {
    /// A data connection offers to resume the session of its control connection.
    #[default]
    Resumed,
    /// A new one.
    Fresh,
}

/// What it is that no TLS comes of a negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Failure {
    /// Against the requirement.
    #[default]
    Against,
    /// In order; nothing more is played.
    Passes,
}

/// How a client ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// In order.
    Fin,
    /// By a reset.
    Reset,
}

/// Octets that the client says: one write a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// The segments, in order. Most commands are one.
    pub segments: Vec<Template>,
    /// Whether the last octet of the last segment goes as TCP urgent data.
    pub urgent: bool,
}

/// Octets with gaps for captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These octets.
    Octets(Vec<u8>),
    /// The octets bound to this name.
    Capture(String),
}

/// Where a silence is listened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listened {
    /// On the control connection.
    Control,
    /// On the data connection.
    Data,
    /// On both.
    Both,
}

/// The end of the control connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// How it may end.
    pub how: Ending,
    /// How long it may take.
    pub within: Within,
    /// What the last reply before it is. None: any.
    pub last: Vec<CodePattern>,
    /// The last reply by which the server shows that the case does not arise.
    pub not_applicable: Vec<CodePattern>,
}

/// How a connection may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// In order or by reset.
    #[default]
    Any,
    /// In order only.
    Fin,
}
