//! Where a scenario is played.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reports::model::{CloseKind, Event};

use crate::scenario::tree::{Content, Form, Left, Listened, Located, Session, Wire};

/// Something that the scenario asks of the stage.
#[derive(Debug)]
pub enum Act<'a> {
    /// Make the control connection. Gives `Connected` or `NotConnected`.
    Connect {
        /// Whether its own port must be fit to listen at.
        own_port: OwnPort,
    },
    /// Wait for octets on the control connection. Gives `Received`, `Closed` or `Deadline`.
    Hear {
        /// How long.
        within: Duration,
    },
    /// Take what has arrived on the control connection already. Gives any number of `Received`, perhaps `Closed`.
    Drain,
    /// Send on the control connection. Gives a `Sent` for each segment that could be sent.
    Say {
        /// The segments: one write each.
        segments: &'a [Vec<u8>],
        /// Whether the last octet goes as urgent data.
        urgent: bool,
    },
    /// End the control connection. Gives `Hung`.
    Leave {
        /// How.
        how: CloseKind,
    },
    /// Make the data connection. Gives `Connected`, perhaps after one `NotConnected`, or `NotConnected`.
    Dial {
        /// Where to.
        to: SocketAddr,
        /// From which address, if that matters.
        from: Option<IpAddr>,
        /// The receive buffer, in octets.
        receive_buffer: Option<usize>,
    },
    /// Listen for a data connection at the address of the control connection. Gives `Listening` or `Fault`.
    Listen {
        /// The receive buffer, in octets.
        receive_buffer: Option<usize>,
        /// How many data connections are taken there.
        transfers: u32,
    },
    /// Listen for a data connection at the address and the port of the control connection. Gives `Listening` or `Fault`.
    ListenAtControl,
    /// See whether somebody has a port of this machine. Gives `Fault` if so, and nothing else.
    TryPort {
        /// The port, and its host.
        at: SocketAddr,
    },
    /// Take the data connection. Gives `Connected` or `Deadline`.
    Accept {
        /// How long to wait.
        within: Duration,
    },
    /// Take octets from the data connection. Gives `BodyReceived`, and `Closed` or `Deadline` where it did not end in
    /// order.
    Receive {
        /// What they are compared with.
        expected: Option<&'a Content>,
        /// How they travel.
        form: Form,
        /// How many octets of it were taken already.
        from: u64,
        /// How many to take; all until the end where it is none.
        take: Option<u64>,
        /// How long each octet may be waited for.
        within: Duration,
    },
    /// Send octets on the data connection, and wait until the peer has read what does not end it. Gives `BodySent`, and `Closed` or `Deadline` where it could not all be sent.
    Send {
        /// What.
        content: (&'a Content, Form),
        /// Whether to end the connection behind it.
        end: bool,
        /// How long a write may stall.
        within: Duration,
    },
    /// Close the data connection. Gives `Hung`.
    HangUp {
        /// How.
        how: CloseKind,
        /// Whether only the own direction ends.
        half: bool,
    },
    /// Wait for the end of the data connection, whatever comes before it. Gives `Closed` or `Deadline`, perhaps after a
    /// `BodyReceived`.
    End {
        /// How long.
        within: Duration,
    },
    /// Wait that nobody makes a data connection. Gives `Quiet` or `Connected`.
    NoConnection {
        /// How long.
        during: Duration,
    },
    /// Wait that nothing arrives. Gives `Quiet`, `Received`, `BodyReceived` or `Closed`.
    Silence {
        /// Where.
        on: Listened,
        /// How long.
        during: Duration,
    },
    /// Negotiate TLS, as its client. Gives `Secured` or `NotSecured`.
    Secure {
        /// On which connection.
        on: Wire,
        /// Which session.
        session: Session,
        /// The host that the client's hello names on the control connection, and from then on on data connections.
        server_name: Option<&'a str>,
        /// How long it may take.
        within: Duration,
    },
    /// End TLS on the control connection, and go on in clear. Gives `TlsEnded`, or `Closed`.
    LeaveTls {
        /// How long the server may take to end it too.
        within: Duration,
    },
    /// Look at what stands on the server. Gives `Files` or `Fault`.
    Files {
        /// What is looked for, and what it is compared with.
        wanted: &'a BTreeMap<String, Located<Left>>,
    },
    /// See whether the subject's process has ended. Gives `Exited` or nothing.
    Exit,
}

/// The client's port of a control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPort {
    /// Any, and other connections may have it too.
    Shared,
    /// One that no other connection has, for the client will listen there.
    Alone,
}

/// Does what a scenario asks, and says what happened.
pub trait Stage {
    /// Does it, and gives the events it made in their order. Octets that arrive on the control connection meanwhile
    /// are among them.
    fn act(&mut self, step: usize, connection: &str, act: Act<'_>) -> impl Future<Output = Vec<Event>>;
}
