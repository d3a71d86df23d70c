//! Events in words, for every form that shows a transcript.

use std::fmt::Write as _;

use crate::model::{Body, Channel, CloseKind, Octets, Report, What};

/// How many octets of a body are shown.
const PREVIEW: usize = 60;

/// Which side the harness speaks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Speakers {
    HarnessIsClient,
    HarnessIsServer,
}

impl Speakers {
    pub(super) fn of(report: &Report) -> Self {
        if report.subject.role == "client" { Self::HarnessIsServer } else { Self::HarnessIsClient }
    }

    /// `C:`, `S:`, `D>` towards the server, `D<` towards the client.
    const fn sent(self, channel: Channel) -> &'static str {
        match (self, channel) {
            (Self::HarnessIsClient, Channel::Control) => "C:",
            (Self::HarnessIsServer, Channel::Control) => "S:",
            (Self::HarnessIsClient, Channel::Data) => "D>",
            (Self::HarnessIsServer, Channel::Data) => "D<",
            (_, Channel::Subject) => "--",
        }
    }

    /// Who says what goes this way.
    pub(super) const fn who(self, way: Way, channel: Channel) -> &'static str {
        match way {
            Way::ToSubject => self.sent(channel),
            Way::FromSubject => self.received(channel),
        }
    }

    /// The same for what came from the subject.
    const fn received(self, channel: Channel) -> &'static str {
        match self {
            Self::HarnessIsClient => Self::HarnessIsServer.sent(channel),
            Self::HarnessIsServer => Self::HarnessIsClient.sent(channel),
        }
    }
}

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToSubject,
    FromSubject,
}

/// The octets of one write or read.
pub(super) const fn octets(what: &What) -> Option<(Way, &Octets)> {
    if let What::Sent { octets, .. } = what {
        Some((Way::ToSubject, octets))
    } else if let What::Received { octets } = what {
        Some((Way::FromSubject, octets))
    } else {
        None
    }
}

/// A whole body.
pub(super) const fn body(what: &What) -> Option<(Way, &Body)> {
    if let What::BodySent(body) = what {
        Some((Way::ToSubject, body))
    } else if let What::BodyReceived(body) = what {
        Some((Way::FromSubject, body))
    } else {
        None
    }
}

/// The word for a channel.
pub(super) const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Control => "control",
        Channel::Data => "data",
        Channel::Subject => "subject",
    }
}

/// An event in words. Names and reasons in it are not made visible yet.
pub(super) fn remark(what: &What) -> String {
    match what {
        What::Sent { octets, .. } | What::Received { octets } => measured(octets.len() as u64, octets),
        What::BodySent(body) | What::BodyReceived(body) => described(body),
        What::Connected { local, peer } => format!("connected, {local} to {peer}"),
        What::NotConnected { why } => format!("not connected: {why}"),
        What::Listening { local } => format!("the harness listens on {local}"),
        What::Secured { version, resumed, .. } => {
            let resumed = if *resumed { ", an earlier session resumed" } else { "" };
            format!("TLS begins: {version}{resumed}")
        }
        What::NotSecured { why } => format!("no TLS: {why}"),
        What::TlsEnded { notified: true } => "TLS ends; the subject said close_notify".to_owned(),
        What::TlsEnded { notified: false } => "TLS ends; the subject did not say close_notify".to_owned(),
        What::Closed { how } => format!("the subject closed{}", manner(*how)),
        What::Hung { how } => format!("the harness closed{}", manner(*how)),
        What::Deadline { waited } => format!("nothing came for {waited} ms; the deadline passed"),
        What::Quiet { waited } => format!("silence for {waited} ms"),
        What::Files { found } => match found.len() {
            1 => "1 file or directory stands there".to_owned(),
            count => format!("{count} files and directories stand there"),
        },
        What::Urgent => "what came last was urgent".to_owned(),
        What::Outcome { failed: true } => "the client tells that it failed".to_owned(),
        What::Outcome { failed: false } => "the client tells that it is done".to_owned(),
        What::Fault { why } => format!("the harness could not go on: {why}"),
        What::Exited { signal: Some(signal), .. } => format!("the process was ended by signal {signal}"),
        What::Exited { code: Some(code), .. } => format!("the process ended with code {code}"),
        What::Exited { .. } => "the process ended".to_owned(),
    }
}

const fn manner(how: CloseKind) -> &'static str {
    match how {
        CloseKind::Fin => "",
        CloseKind::Reset => " by reset",
    }
}

/// How many octets, and the first of them.
pub(super) fn measured(length: u64, octets: &Octets) -> String {
    let first = octets.as_slice().get(..PREVIEW).unwrap_or(octets.as_slice());
    let more = if first.len() < octets.len() { "..." } else { "" };
    let unit = if length == 1 { "octet" } else { "octets" };
    if first.is_empty() {
        format!("{length} {unit}")
    } else {
        format!("{length} {unit}: {}{more}", Octets::from(first))
    }
}

/// A body in words.
pub(super) fn described(body: &Body) -> String {
    let mut text = match &body.octets {
        Some(octets) => measured(body.length, octets),
        None => measured(body.length, &Octets::default()),
    };
    if let Some(at) = body.differs_at {
        _ = write!(text, "; octet {at} differs");
        if let Some(there) = &body.there {
            _ = write!(text, ", there: {there}");
        }
    }
    if !body.ended {
        text.push_str("; not ended by the sender");
    }
    text
}
