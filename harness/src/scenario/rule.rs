//! How a server or a client deviates, as data: what the relay lays over replies, commands, timing, segments and data.
//!
//! Everything that no rule speaks of passes as it is.

use std::sync::Arc;
use std::time::Duration;

use super::tree::{Span, Template};

/// A server that is right but for these rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deviations {
    /// The rules. Of those that fit a command the first is used.
    pub rules: Vec<Rule>,
    /// How many control connections are served at a time. The others wait.
    pub clients: Option<usize>,
}

/// One deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where it is written.
    pub span: Span,
    /// What it is laid over.
    pub on: Trigger,
    /// What happens to the command on its way to the server.
    pub forward: Forward,
    /// Commands that the relay says before it, each behind the reply to the one before; their replies are kept back.
    pub says: Vec<Template>,
    /// Commands that the relay says before it and waits for none; their replies are kept back.
    pub first: Vec<Template>,
    /// Commands that the relay says behind it; their replies are kept back.
    pub also: Vec<Template>,
    /// What happens to its replies.
    pub replies: ReplyChange,
    /// What happens to its data connection.
    pub data: DataChange,
    /// What happens to the TLS of the control connection.
    pub tls: TlsChange,
    /// What happens to the control connection once the reply is said.
    pub close: Option<Close>,
}

impl Rule {
    /// A rule that changes nothing yet.
    pub fn nothing(span: Span, on: Trigger) -> Self {
        Self {
            span,
            on,
            forward: Forward::default(),
            says: Vec::new(),
            first: Vec::new(),
            also: Vec::new(),
            replies: ReplyChange::default(),
            data: DataChange::default(),
            tls: TlsChange::default(),
            close: None,
        }
    }
}

/// What a rule is laid over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// The first reply of a connection.
    Greeting,
    /// Commands.
    Command(Fits),
    /// The octets of commands, before they are taken for lines.
    Segments(Segments),
}

/// Which commands a rule is for. What is not said does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fits {
    /// One of these verbs, in capitals. Without any, every command.
    pub verbs: Vec<String>,
    /// The argument, with `*` for any octets.
    pub argument: Option<String>,
    /// Only the n-th command that fits otherwise, counted from 1 over all connections.
    pub nth: Option<u64>,
    /// Only right behind a command with this verb.
    pub after: Option<String>,
    /// Only where a command with this verb was said on this connection.
    pub since: Option<String>,
    /// Only before a login, or only after it.
    pub login: Option<Login>,
    /// Only where the verb is not in capitals.
    pub letters: Option<Letters>,
    /// Only with Telnet commands before it, or only without.
    pub telnet: Option<Telnet>,
    /// Only on the n-th control connection, counted from 1.
    pub connection: Option<u64>,
}

/// Whether somebody is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// Not yet.
    Before,
    /// Yes.
    After,
}

/// How a verb is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Some letter is small.
    Small,
}

/// Whether Telnet commands came before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telnet {
    /// They did.
    Some,
    /// They did not.
    None,
}

/// How a stream of octets is misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segments {
    /// Each segment is taken for a command.
    AreCommands,
    /// Of each segment only the first line is read.
    FirstLine,
    /// Urgent data is passed on in band.
    InBand,
    /// Each segment of the server is taken for a reply.
    AreReplies,
    /// Of each segment of the server only the first reply is read.
    FirstReply,
    /// A line of the server ends nowhere but in CR LF.
    CrLf,
}

/// What the server gets instead of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Forward {
    /// The command itself.
    #[default]
    Same,
    /// Nothing.
    Nothing,
    /// This one.
    Instead(Template),
    /// This one, with these octets before and behind it, and as it is written: an address in it is not the relay's.
    Written {
        /// The octets before it.
        before: Arc<[u8]>,
        /// The line without its end.
        line: Template,
        /// What ends it.
        end: Arc<[u8]>,
    },
}

/// What the client gets instead of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplyChange {
    /// Which of the replies to a command.
    pub which: Which,
    /// Only a reply like this.
    pub only: Option<Alike>,
    /// This one: code and text, its lines joined by LF.
    pub whole: Option<Template>,
    /// These octets, with no line end added.
    pub raw: Option<Arc<[u8]>>,
    /// Another code.
    pub code: Option<u16>,
    /// Another text.
    pub text: Option<Template>,
    /// Octets in it that become others.
    pub replace: Vec<(Vec<u8>, Vec<u8>)>,
    /// Replies that are said at once before it: their lines joined by LF.
    pub before: Option<Template>,
    /// Lines within it, before its last one.
    pub insert: Option<Inserted>,
    /// So many letters behind its text.
    pub pad: usize,
    /// A line behind it.
    pub append: Option<Template>,
    /// What its lines end in, instead of CR LF.
    pub line_end: Option<Arc<[u8]>>,
    /// How often it is said.
    pub times: Times,
    /// So many octets a segment.
    pub split: Option<usize>,
    /// When it is said.
    pub when: When,
}

/// A line that is said again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// The line.
    pub line: Template,
    /// How often.
    pub times: u64,
}

/// What a reply must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alike {
    /// It has this code.
    Code(u16),
    /// This stands in it.
    Holds(String),
}

/// Which replies to a command are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    /// The last one.
    #[default]
    Final,
    /// Those of 1yz.
    Preliminary,
    /// All of them.
    Each,
}

/// How often a reply is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// It is left out.
    Never,
    /// As it should be.
    #[default]
    Once,
    /// One time too many.
    Twice,
}

/// When a reply is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// As soon as the server says it.
    #[default]
    Due,
    /// Only when the next command comes.
    NextCommand,
    /// The last reply right behind the first, before the data moved.
    Early,
    /// In one write with the reply that comes next.
    WithNext,
    /// So much later.
    Late(Duration),
}

/// What happens to the control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// It ends in order.
    Fin,
    /// It is reset.
    Reset,
    /// Every connection ends, and nobody listens any more: what is seen of a process that died.
    Everything,
}

/// What happens to a data connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataChange {
    /// What happens to its octets, in this order.
    pub octets: Vec<OctetChange>,
    /// How it is made.
    pub make: Make,
    /// How it ends.
    pub end: DataEnd,
    /// How it is protected.
    pub tls: DataTls,
}

/// What happens to the octets of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OctetChange {
    /// The last so many are left out.
    Cut(usize),
    /// The first so many are left out.
    Skip(u64),
    /// All but the first so many are left out.
    Keep(u64),
    /// These come behind.
    Add(Arc<[u8]>),
    /// These come before.
    Front(Arc<[u8]>),
    /// The octet at this offset is another.
    Flip(u64),
    /// All are left out, and these come instead.
    Instead(Arc<[u8]>),
    /// These octets become those.
    Replace(Vec<u8>, Vec<u8>),
}

/// How a data connection is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Make {
    /// As agreed.
    #[default]
    Due,
    /// Not at all: nobody listens, or nobody connects.
    Never,
    /// So much later.
    Late(Duration),
    /// At once, when the address is told and not when the transfer is asked for.
    AtOnce,
    /// From another address of this host.
    Elsewhere,
    /// From a port of no meaning, not from the server's default data port.
    FromAnyPort,
    /// With whoever comes, whatever its address.
    ForAnybody,
    /// To the host that 227 names, whatever it is.
    AsTold,
}

/// What happens to the TLS of the control connection, where a command begins or ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsChange {
    /// What should.
    #[default]
    Due,
    /// It stays, where CCC or REIN should end it.
    Kept,
    /// It does not begin behind 234: nothing is said or read any more.
    Never,
}

/// How a data connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataTls {
    /// As agreed.
    #[default]
    Due,
    /// Not at all.
    Clear,
    /// By TLS, also where it should be in clear.
    Private,
    /// By TLS with another certificate than that of the control connection.
    OtherCertificate,
    /// By TLS to the client, and what goes to the server is in clear.
    InClear,
}

/// How a data connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataEnd {
    /// As the server ends it.
    #[default]
    Due,
    /// It does not.
    Never,
    /// By a reset.
    Reset,
    /// In order, but without the `close_notify` of TLS.
    WithoutNotice,
    /// Behind so many octets nothing more moves.
    Stall(u64),
}
