//! What was said, on one clock.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Octets;

/// One thing that happened in a case. The events of a case stand in the order of one clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Microseconds since the case began.
    pub at: u64,
    /// The number of the step, counted from 0 through given, steps and finally, in which it happened.
    pub step: usize,
    /// The number of the act of the harness, counted from 0, that it belongs to: where a replay stops reading.
    #[serde(default)]
    pub act: usize,
    /// The control connection it belongs to: `a` where a scenario names none.
    pub connection: String,
    /// Which of the two channels (RFC 959 §2.3).
    pub channel: Channel,
    /// Whether it was said under TLS (RFC 4217). The octets are those before or behind the encryption.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secured: bool,
    /// What happened.
    pub what: What,
}

/// The channel on which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The control connection.
    Control,
    /// The data connection.
    Data,
    /// The subject's process or its disk; no wire.
    Subject,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// A connection stands. Addresses as `host:port`.
    Connected {
        /// The harness's end.
        local: String,
        /// The subject's end.
        peer: String,
    },
    /// A connection could not be made.
    NotConnected {
        /// Why, in the words of the operating system.
        why: String,
    },
    /// The harness listens for a data connection, at `host:port`.
    Listening {
        /// The address that the peer is told.
        local: String,
    },
    /// The harness sent these octets in one write.
    Sent {
        /// The octets.
        octets: Octets,
        /// Whether the last octet went as TCP urgent data.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        urgent: bool,
    },
    /// These octets arrived in one read.
    Received {
        /// The octets.
        octets: Octets,
    },
    /// What arrived last was TCP urgent data.
    Urgent,
    /// TLS was negotiated (RFC 4217).
    Secured {
        /// Its version, as `TLSv1_3`.
        version: String,
        /// Whether it resumed an earlier session.
        resumed: bool,
        /// The SHA-256 of the subject's certificate, in lower-case hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<String>,
    },
    /// TLS could not be negotiated.
    NotSecured {
        /// Why.
        why: String,
    },
    /// TLS ended.
    TlsEnded {
        /// Whether the subject said so, by `close_notify`.
        notified: bool,
    },
    /// A body went over the data connection to the subject.
    BodySent(Body),
    /// A body came over the data connection from the subject.
    BodyReceived(Body),
    /// The subject closed.
    Closed {
        /// How.
        how: CloseKind,
    },
    /// The harness closed.
    Hung {
        /// How.
        how: CloseKind,
    },
    /// The deadline passed with nothing more.
    Deadline {
        /// How long was waited, in milliseconds.
        waited: u64,
    },
    /// The time of a silence passed, in milliseconds.
    Quiet {
        /// How long was listened.
        waited: u64,
    },
    /// The subject's process ended.
    Exited {
        /// The exit code, if it ended by itself.
        code: Option<i32>,
        /// The signal, if one ended it.
        signal: Option<i32>,
        /// The last lines it printed.
        log: Vec<String>,
    },
    /// How a client told that its task ended, by its exit code or by what it printed.
    Outcome {
        /// Whether it told that it failed.
        failed: bool,
    },
    /// The files that stand on the subject now: name to length and SHA-256; a directory has the length of none.
    Files {
        /// Path below the root, with `/` between the parts, to what stands there.
        found: BTreeMap<String, Option<Body>>,
    },
    /// The harness itself could not go on.
    Fault {
        /// Why.
        why: String,
    },
}

/// The octets of a body, or what is enough of them to judge again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// How many octets there were.
    pub length: u64,
    /// SHA-256 of all of them, in lower-case hexadecimal.
    pub sha256: String,
    /// The octets, if there were at most 65,536.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<Octets>,
    /// Where the first octet stood that differed from what was expected, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs_at: Option<u64>,
    /// Up to 32 octets that came there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<Octets>,
    /// Whether the sender ended it (end of file), as opposed to the harness stopping.
    #[serde(default)]
    pub ended: bool,
    /// What framed it, where it had records, pages or blocks. Then `differs_at` counts what the framing carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framing: Option<Framing>,
}

/// What was seen of records, pages, blocks or compressed strings (RFC 959 §3.1.2, §3.4).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Framing {
    /// How many blocks, strings or pages there were.
    pub units: u64,
    /// Whether the framing said that the file ends.
    pub end_of_file: bool,
    /// The first restart markers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<RestartMarker>,
    /// The first flaws.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<FramingFlaw>,
}

/// A restart marker in a body (RFC 959 §3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartMarker {
    /// What it says.
    pub text: Octets,
    /// How many octets were carried before it.
    pub at: u64,
}

/// Something wrong with a framing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FramingFlaw {
    /// What, in a word.
    pub flaw: String,
    /// At which octet of what came, counted from 0.
    pub at: u64,
}

/// How a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CloseKind {
    /// In order (FIN).
    Fin,
    /// By reset (RST).
    Reset,
}
