//! What may happen.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use protocol::Type;

use crate::session::{End, Visitor};
use crate::store::Location;

/// What has happened, and when.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    pub(super) event: Event,
}

/// What has happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// A transfer has ended.
    Transferred { host: IpAddr, visitor: Visitor, moved: Moved },
    /// A file was deleted.
    Deleted { host: IpAddr, visitor: Visitor, file: Location },
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
