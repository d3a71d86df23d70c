//! The words a judgement is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The verdict on one case.
///
/// Of the four that were judged the worst finding decides, in the order in which they stand here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything was as required.
    Pass,
    /// Something differed from the text in a way that the text, or a later text, tolerates.
    Deviation,
    /// The run could not tell: a timer that nobody declared, a 421, a fault of the harness.
    Inconclusive,
    /// Something was against the text.
    Fail,
    /// Not run, for the reason given.
    Skipped,
    /// Not judged, because what it builds on failed in the case named.
    Blocked,
    /// Against the text, and declared in the subject's file with a reason.
    Known,
}

impl Verdict {
    /// All verdicts, worst first: the order in which a summary counts them.
    pub const WORST_FIRST: [Self; 7] =
        [Self::Fail, Self::Inconclusive, Self::Blocked, Self::Known, Self::Deviation, Self::Skipped, Self::Pass];

    /// The word as it is written in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Deviation => "deviation",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
            Self::Known => "known",
        }
    }
}

/// How much one finding weighs. The order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Worth showing, decides nothing.
    Note,
    /// Tolerated.
    Deviation,
    /// Could not be told.
    Inconclusive,
    /// Against the text.
    Fail,
}

impl Grade {
    /// The word as it is written in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Deviation => "deviation",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

/// What a finding is about. Axes are judged apart: a right reply on a broken line is two statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// The reply code.
    Reply,
    /// The text of a reply.
    Text,
    /// The command that a client said.
    Command,
    /// The bytes of a data connection.
    Data,
    /// Which came first.
    Order,
    /// Lines, line ends, multi-line replies, surplus replies (RFC 959 §4.2).
    Framing,
    /// Connections that close, processes that crash, silence.
    Lifecycle,
    /// What stands on the disk of the subject afterwards.
    Files,
}

impl Axis {
    /// The word as it is written in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Text => "text",
            Self::Command => "command",
            Self::Data => "data",
            Self::Order => "order",
            Self::Framing => "framing",
            Self::Lifecycle => "lifecycle",
            Self::Files => "files",
        }
    }
}

/// What kind of failure a failed case is, where it is more than a wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailKind {
    /// The subject's process ended by itself, or by a signal, in the middle.
    Crash,
    /// The subject lives and says nothing.
    Hang,
    /// The subject never listened.
    NoStart,
}

impl FailKind {
    /// The word as it is written in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::NoStart => "no-start",
        }
    }
}
