//! What may happen.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use protocol::Type;

use crate::session::{End, Visitor};
use crate::store::Location;

/// What has happened, and when.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    pub(super) client: Option<Client>,
    pub(super) event: Event,
}

/// A client, as the logs call it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    /// Counted from the start of the server.
    pub(super) session: u64,
    pub(super) peer: SocketAddr,
}

impl Client {
    /// An IPv4 host looks like one, whichever socket it has come to.
    pub(super) fn new(session: u64, peer: SocketAddr) -> Self {
        Self { session, peer: SocketAddr::new(peer.ip().to_canonical(), peer.port()) }
    }
}

/// Why a client was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoPlace,
    ShutOut,
}

/// What has happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The server listens.
    Started {
        address: SocketAddr,
    },
    /// The server ends.
    Stopped,
    /// The options were read again.
    Reloaded {
        /// Those that stay as they were until the server is started again.
        unchanged: Vec<&'static str>,
    },
    /// The options that were read are wrong; all stay as they were.
    NotReloaded,
    Connected,
    TurnedAway(Refusal),
    LoggedIn {
        visitor: Visitor,
    },
    LoginFailed {
        name: Vec<u8>,
    },
    /// The address has failed too often.
    ShutOut,
    Disconnected {
        lasted: Duration,
        /// Over all connections, both ways.
        octets: u64,
    },
    /// There was no room for so many events.
    Lost {
        count: u64,
    },
    /// A transfer has ended.
    Transferred {
        visitor: Visitor,
        moved: Moved,
    },
    /// A file was deleted.
    Deleted {
        visitor: Visitor,
        file: Location,
    },
}

/// A transfer that has ended.
#[derive(Debug)]
pub(crate) struct Moved {
    /// None for a listing.
    pub(crate) file: Option<Location>,
    pub(crate) representation: Type,
    pub(crate) direction: Direction,
    pub(crate) lasted: Duration,
    /// On the data connection.
    pub(crate) octets: u64,
    pub(crate) end: End,
}

/// Seen from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Sent,
    Received,
}

impl Moved {
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.end, End::Complete | End::LeftOpen)
    }
}
