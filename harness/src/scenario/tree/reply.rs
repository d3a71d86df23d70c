//! What is expected of replies, and of the entries of MLST and MLSD.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Located, Span, Template, TextMode};

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
    /// Codes with which the case is over, and in order.
    pub enough: Vec<CodePattern>,
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
    /// Labels of features, none of which may be in a reply to FEAT, in any letter case.
    pub without_features: Vec<Located<String>>,
    /// The language that is in use: in a reply to FEAT no other has the star (RFC 2640 §4.3).
    pub language: Option<Located<Template>>,
    /// How the text of the last reply is encoded.
    pub charset: Charset,
    /// The entry in a reply to MLST.
    pub entry: Option<EntryPattern>,
    /// Whether it is tolerated that no reply comes.
    pub silence: Silence,
    /// What is read out of the last reply.
    pub reads: Vec<Read>,
    /// How long each reply may take.
    pub within: Within,
}

impl Expect {
    /// These sequences and no more is asked for.
    pub fn of(pass: Vec<Vec<ReplyPattern>>, rule: Rule) -> Self {
        Self {
            pass,
            rule,
            deviation: Vec::new(),
            not_applicable: Vec::new(),
            enough: Vec::new(),
            because: None,
            text: None,
            text_mode: None,
            contains: Vec::new(),
            says: Vec::new(),
            first_word: Vec::new(),
            features: None,
            if_features: Vec::new(),
            without_features: Vec::new(),
            language: None,
            charset: Charset::Any,
            entry: None,
            silence: Silence::Against,
            reads: Vec::new(),
            within: Within::Default,
        }
    }
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

/// How the text of a reply is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// However it is.
    #[default]
    Any,
    /// In UTF-8, of which ASCII is a part.
    Utf8,
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
