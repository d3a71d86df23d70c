//! A scenario as the harness understands it: checked, its row filled in, every part with its place.
//!
//! The loader makes one [`Scenario`] for each row of the `each:` table, so nothing here is conditional.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

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
    /// The requirements it covers, the principal one first. Empty only for a given state.
    pub covers: Vec<Located<String>>,
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
}

impl Scenario {
    /// The requirements that a finding of this scenario can name by itself: those it covers and those of its steps.
    pub fn requirements(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().chain(&self.finally);
        let covered = self.covers.iter().map(|covered| covered.value.as_str());
        covered.chain(steps.filter_map(|step| step.requirement.as_deref()))
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
    /// `hang-up:` the client ends the control connection, without QUIT.
    HangUp(Break),
    /// `as:` the following steps speak on this control connection.
    Switch(String),
    /// `unpredictable:` from the ports bound to these names the next one cannot be told.
    Unpredictable(Vec<Located<String>>),
}

/// Something about TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// The client negotiates TLS.
    Negotiate {
        /// On which connection.
        on: Wire,
        /// Which session.
        session: Session,
        /// What it is that no TLS comes of it.
        failure: Failure,
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

/// What the server may reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// The accepted sequences of replies; usually one sequence of one reply.
    pub pass: Vec<Vec<ReplyPattern>>,
    /// What decides outside of `pass`.
    pub rule: Rule,
    /// Sequences that are tolerated.
    pub deviation: Vec<Vec<ReplyPattern>>,
    /// Codes by which the subject says that it does not have the feature: the case is skipped.
    pub not_applicable: Vec<CodePattern>,
    /// Why it is graded so.
    pub because: Option<String>,
    /// The text of the last reply, its lines joined by LF, each without its code and separator.
    pub text: Option<Located<Template>>,
    /// Whether that text decides here, where the step says so.
    pub text_mode: Option<TextMode>,
    /// Texts each of which must stand somewhere in the last reply.
    pub contains: Vec<Located<Template>>,
    /// The same, in any letter case.
    pub says: Vec<Located<Template>>,
    /// The words that the text of the last reply may begin with, in any letter case. None: any word, or no word.
    pub first_word: Vec<String>,
    /// Lines of a reply to FEAT, each of which must be there. None: it is no such reply.
    pub features: Option<Vec<Located<String>>>,
    /// Lines of a reply to FEAT. Where one is not there, the case is skipped.
    pub if_features: Vec<Located<String>>,
    /// The entry in a reply to MLST.
    pub entry: Option<EntryPattern>,
    /// Whether it is tolerated that no reply comes.
    pub silence: Silence,
    /// What is read out of the last reply.
    pub reads: Vec<Read>,
    /// How long each reply may take.
    pub within: Within,
}

/// What it is that no reply comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Silence {
    /// Every command is answered (RFC 959 §4.2).
    #[default]
    Against,
    /// What was said is perhaps no command.
    Tolerated,
}

/// How a reply outside the accepted sequences is graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The same class is a deviation, another class is a fail (RFC 1123 §4.1.2.11). 4yz and 5yz are one class.
    Tiers,
    /// Anything outside `pass`, `deviation` and `not-applicable` is a fail.
    Explicit,
}

/// One reply of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyPattern {
    /// Any of these.
    pub codes: Vec<CodePattern>,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A code, or a class of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodePattern {
    /// This code, 100 to 659.
    Code(u16),
    /// Every code with this first digit, written `2yz`.
    Class(u8),
    /// Every code with these first two digits, written `53z`.
    Group(u8, u8),
}

/// A value that the specification lets software read out of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Which value.
    pub kind: ReadKind,
    /// What is done with it.
    pub use_: ReadUse,
    /// Where the step says so.
    pub span: Span,
}

/// The values that a specification fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadKind {
    /// The six numbers of 227 (RFC 959 §4.1.2, RFC 1123 §4.1.2.6).
    HostPort,
    /// The port of 229 (RFC 2428 §3).
    Port,
    /// The quoted pathname of 257 (RFC 959 App. II).
    Path,
    /// The time of 213 to MDTM (RFC 3659 §3).
    Time,
    /// The number of 213 to SIZE (RFC 3659 §4).
    Size,
    /// The name behind `FILE: ` of 125 or 150 to STOU (RFC 1123 §4.1.2.9).
    Name,
    /// The sender's marker of 110 (RFC 1123 §4.1.3.4).
    SenderMarker,
    /// The receiver's marker of 110.
    ReceiverMarker,
    /// Everything behind the code of the last line.
    Text,
    /// The facts in the reply to OPTS MLST, each with a semicolon behind it (RFC 3659 §7.9).
    Chosen,
    /// The facts behind MLST in the reply to FEAT (RFC 3659 §7.8).
    Offered,
    /// Those of them with a star.
    Starred,
}

/// What is done with a value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadUse {
    /// It is bound to this name, or must equal what is bound to it already.
    Bind(String),
    /// It must equal this.
    Equal(Template),
    /// It must be another than this.
    Differ(Template),
}

/// An entry of MLST or MLSD (RFC 3659 §7).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryPattern {
    /// Its name; none: any.
    pub name: Option<Template>,
    /// Facts that it has.
    pub facts: Vec<FactPattern>,
    /// The facts that it may have, each with a semicolon behind it; none: any.
    pub only: Option<Located<Template>>,
}

/// A fact that an entry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactPattern {
    /// Its name, in small letters.
    pub name: String,
    /// What is done with its value.
    pub value: FactValue,
    /// Where the step says so.
    pub span: Span,
}

/// What is done with the value of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// It is this. A name that nothing is bound to matches anything, and is bound to it.
    Is(Template),
    /// It is another than this.
    Differs(Template),
}

/// What MLSD lists: these names and no others, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entries {
    /// The contents, by name.
    pub contents: BTreeMap<String, Vec<FactPattern>>,
    /// The facts that every entry may have; none: any.
    pub only: Option<Located<Template>>,
    /// The name of the listed directory itself. Where the server does not list it, the case is skipped.
    pub listed: Option<Located<Template>>,
    /// The name of the directory above, as `listed`.
    pub parent: Option<Located<Template>>,
}

/// How long something may take.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Within {
    /// The default deadline.
    #[default]
    Default,
    /// This long.
    Time(Duration),
    /// As long as the subject's timer of this name takes, and the default deadline on top.
    Timer(String),
}

/// Something on the data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Agree on a data connection: say the command, read its reply, connect or listen.
    Open {
        /// How.
        method: Method,
        /// What the reply must be, where it is more than the defined code: its text.
        reply: Option<Located<Template>>,
        /// The receive buffer of the harness's socket, in octets.
        receive_buffer: Option<usize>,
        /// For how many transfers the client goes on listening. One, but for a PORT that is to hold for more.
        transfers: u32,
    },
    /// The client listens at the port of its control connection (RFC 959 §3.2), and says nothing.
    DefaultPort,
    /// The server sends exactly this, and ends it.
    ServerSends(Sent),
    /// The client sends this, and ends it.
    ClientSends(Sent),
    /// The client takes this many octets and leaves the rest.
    Read(u64),
    /// The client sends this, and does not end it.
    Write(Sent),
    /// The client makes the data connection now (passive).
    Connect,
    /// The client makes the data connection now (passive), from this address of its host.
    ConnectFrom(IpAddr),
    /// The client takes the data connection now (active).
    Accept,
    /// The same, and it comes from the server's default data port (RFC 959 §5.2).
    AcceptFromDefaultPort,
    /// The client ends its direction (FIN).
    Shutdown,
    /// The client closes at once (RST).
    Reset,
    /// The client stops listening, or forgets the address, without a connection.
    Abandon,
    /// The server ends the data connection.
    ExpectEnd,
    /// The server ends the data connection, and sends nothing before.
    ExpectNothing,
    /// Nobody connects to the client for this long.
    ExpectNoConnection(Duration),
}

/// A body on the data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What.
    pub body: SentBody,
    /// How it travels.
    pub form: Form,
    /// The name to which the first restart marker in it is bound.
    pub marker: Option<String>,
}

/// What travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentBody {
    /// These octets.
    Content(Content),
    /// What remains of a fixture behind the octets taken so far.
    RestOf(String),
    /// What remains of a fixture behind the place of the restart marker that is bound to a name.
    Behind {
        /// The fixture.
        name: String,
        /// The name that the marker is bound to, and where it stands.
        marker: Located<String>,
    },
    /// Lines that are exactly these names, in any order.
    Names(Vec<String>),
    /// Lines, in which each of these stands in some line as a word of its own, and those of the second list in none.
    Mentions(Vec<String>, Vec<String>),
    /// So many octets.
    Length(Located<Template>),
    /// Entries of MLSD.
    Entries(Box<Entries>),
    /// Anything.
    Anything,
}

/// How a body travels: TYPE, STRU and MODE (RFC 959 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// TYPE.
    pub representation: Representation,
    /// STRU.
    pub structure: Structure,
    /// MODE.
    pub mode: Mode,
}

impl Form {
    /// Whether there is nothing but the octets of the representation, and the end of the connection is that of the file.
    pub fn is_unframed(self) -> bool {
        self.structure == Structure::File && self.mode == Mode::Stream
    }
}

/// A representation (RFC 959 §3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Representation {
    /// Octet by octet.
    #[default]
    Image,
    /// NVT-ASCII: every line ends in CRLF.
    Ascii,
    /// EBCDIC: every line ends in NL.
    Ebcdic,
}

/// A structure (RFC 959 §3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Structure {
    /// None.
    #[default]
    File,
    /// A line of a text is a record; octets are records of 256.
    Records,
    /// The body says where its records end: `FF 01`, and `FF FF` for an octet of ones.
    Marked,
    /// Pages of 255 octets, and a last one.
    Pages,
}

/// A mode (RFC 959 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Stream.
    #[default]
    Stream,
    /// Block.
    Blocks,
    /// Compressed.
    Compressed,
}

/// How a data connection is agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// PASV (RFC 959 §4.1.2).
    Pasv,
    /// PORT (RFC 959 §4.1.2).
    Port,
    /// EPSV (RFC 2428 §3).
    Epsv,
    /// EPRT (RFC 2428 §2).
    Eprt,
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
