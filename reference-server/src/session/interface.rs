//! What goes into a session and what comes out of it.

use std::fmt;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};

use protocol::Type;
use protocol::restart::{Mark, Position};
use protocol::transfer::{DecodeError, Parameters};

use super::{Protection, Session, Step, Volume};
use crate::accounts::{Access, Check, Room};
use crate::store::{Allowance, Form, Landing, Lines, Location, Store};

/// What happened.
pub(crate) enum Input {
    /// The connection is there.
    Connected,
    /// The client said something.
    Received(Received),
    /// TLS protects the connection, and the client has named this host when it began; told before each command.
    ServerName(String),
    /// What [`Action::Perform`] or [`Action::Verify`] asked for is done.
    Performed(Resume),
    /// A failed login is counted, and may be answered now. Also in the place of a comparison, where the client is shut out already.
    FailureCounted(Standing),
    /// A port listens for a data connection, or none could.
    Listening(Option<SocketAddr>),
    /// How many octets the running transfer has moved; told before each command that comes during it.
    Moved(u64),
    /// A restart marker came, and all before it is stored.
    Marked(Mark),
    /// The transfer is over, and its data connection closed, unless the end says that it is not.
    TransferEnded {
        /// How many octets went over the wire.
        octets: u64,
        /// How it ended.
        end: End,
    },
    /// No command came for the idle timeout.
    Idle,
    /// The server is to end, when the transfer that runs has.
    Stopping,
    /// The client closed the control connection.
    Disconnected,
}

/// How a client stands that has failed to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    MayTryAgain,
    /// Its address has failed too often (RFC 2577 §5).
    ShutOut,
}

/// What the client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    /// A line.
    Line(Vec<u8>),
    /// A line that is too long, of which the rest was skipped.
    TooLong,
    /// Nothing more will come.
    Disconnected,
}

impl Received {
    /// How many octets this was on the wire.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Line(line) => line.len() as u64 + 2,
            Self::TooLong | Self::Disconnected => 0,
        }
    }
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Send these octets.
    Say(Vec<u8>),
    /// From now on the store is this one, or that of the server.
    Mount(Option<Volume>),
    /// Do this with the store, and hand in what it returns.
    Perform(Perform),
    /// Compare a password, and hand in what it returns.
    Verify(Verify),
    /// Count a failed login with this name, and tell when it may be answered.
    CountFailure { name: Vec<u8> },
    /// Somebody is logged in now. There is nothing to do but to note it.
    LoggedIn(Visitor),
    /// A file was deleted, as the client asked. There is nothing to do but to note it.
    Deleted(Location),
    /// Listen for a data connection, on a new port; the port before, if any, is closed.
    Listen,
    /// Close the port that listens for a data connection.
    StopListening,
    /// Close the data connection that a transfer left open.
    CloseData,
    /// Begin a transfer.
    Transfer(Order),
    /// End the transfer that runs; its end is told all the same.
    StopTransfer,
    /// Send what is left in clear; whatever comes behind it, both ways, is TLS.
    BeginTls,
    /// Send what is left, end TLS, and go on in clear.
    EndTls,
    /// Send what is left, and close the control connection.
    Close,
}

/// Something to do with the store. It may block.
pub(crate) struct Perform(pub(super) Box<dyn Ask>);

/// What to do with the store.
pub(super) trait Ask: Send {
    /// Does it, if it takes no waiting.
    fn at_once(self: Box<Self>, store: &dyn Store) -> Result<Resume, Box<dyn Ask>>;
    /// Does it.
    fn run(self: Box<Self>, store: &dyn Store) -> Resume;
}

/// How the session goes on when that is done.
pub(crate) type Resume = Box<dyn FnOnce(&mut Session) -> Step + Send>;

impl Perform {
    /// Does it, if it takes no waiting; else it is given back, and nothing is done.
    pub(crate) fn at_once(self, store: &dyn Store) -> Result<Resume, Self> {
        self.0.at_once(store).map_err(Self)
    }

    /// Does it.
    pub(crate) fn run(self, store: &dyn Store) -> Resume {
        self.0.run(store)
    }
}

impl fmt::Debug for Perform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Perform").finish_non_exhaustive()
    }
}

/// A password to compare. It may take long, and need much memory.
pub(crate) struct Verify {
    pub(super) check: Check,
    pub(super) then: Answer,
}

/// How the session goes on when it is known what the user may do.
type Answer = Box<dyn FnOnce(&mut Session, Option<Access>) -> Step + Send>;

impl Verify {
    /// Whether it takes long.
    pub(crate) fn is_slow(&self) -> bool {
        self.check.is_slow()
    }

    /// Does it.
    pub(crate) fn run(self, room: &mut Room) -> Resume {
        let access = self.check.access(room);
        Box::new(move |session| (self.then)(session, access))
    }
}

impl fmt::Debug for Verify {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Verify").finish_non_exhaustive()
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// As USER gave it.
    pub(crate) name: Vec<u8>,
    pub(crate) role: Role,
}

/// As whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Guest,
    /// A user with a root of their own.
    Housed,
    User,
}

/// What a transfer moves: what can be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// None for a listing.
    pub(crate) file: Option<Location>,
    pub(crate) representation: Type,
}

/// A transfer: which way to the client, and what to do then.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) route: Route,
    pub(crate) protection: Protection,
    pub(crate) job: Job,
    pub(crate) subject: Subject,
}

/// How the data connection comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// The host connects to the port that listens; it is closed then. Without a host, anyone does.
    Passive { from: Option<IpAddr> },
    /// We connect.
    Active(SocketAddr),
    /// The connection that the transfer before left open; where the client closed it, we connect.
    Open(SocketAddr),
}

/// What to move.
#[derive(Debug)]
pub(crate) enum Job {
    /// Send a file from `position` on, without the first `skip` octets of its wire form, and `most` octets of it, if there is a
    /// limit.
    Send { file: File, form: Form, skip: u64, position: Position, most: Option<u64> },
    /// Send a listing.
    SendLines { lines: Lines, parameters: Parameters },
    /// Receive a file from `position` on; cut it first. More octets than `room` allows are an error. When it is whole, let it land.
    Receive {
        file: File,
        form: Form,
        cut_to: Option<u64>,
        position: Position,
        room: Allowance,
        landing: Option<Box<dyn Landing>>,
    },
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Everything was moved.
    Complete,
    /// Everything was moved, and the data connection is open for the next file (RFC 959 §3.3).
    LeftOpen,
    /// What the client sent was wrong, or stopped before its end.
    Refused(DecodeError),
    /// There was no data connection.
    NotOpened,
    /// TLS on the data connection came to nothing.
    NotSecured,
    /// The data connection broke, or stood still for too long.
    Broken,
    /// Reading or writing the file failed.
    LocalError,
    /// There is no room for the file.
    NoSpace,
    /// More came than the user may store.
    TooMuch,
    /// [`Action::StopTransfer`] ended it.
    Stopped,
}
