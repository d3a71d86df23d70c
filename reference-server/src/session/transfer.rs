//! A transfer, and what may happen while it runs.
//!
//! # Why a transfer is not like other commands
//!
//! RFC 959 §4.2 lets a user send one command at a time and wait for its final reply. A transfer takes long, so that three
//! commands may come before its reply: ABOR, STAT and QUIT (§4.1.3 names them). Others should not, yet they do, and a server
//! "should" then keep them and answer them afterwards (§4.2). So this is what happens to a line that comes between 150 and 226:
//!
//! - **Everything goes into the queue**, and the queue is executed when the transfer has ended. Replies are in the order of
//!   the commands, always; a client that pipelines can count. The queue is bounded. When it is full the control connection is
//!   not read any more until the transfer ends, and TCP slows the client down.
//! - **ABOR also goes into the queue**, but it stops the transfer at once. Then the transfer is answered 426, and ABOR, when
//!   its turn comes, 226 (§4.1.3 ABOR). The two replies need no special code: the second is what ABOR says at any time, for
//!   by then there is nothing to abort and nothing open. When the last octet was moved before ABOR was read, the transfer is
//!   answered 226, and ABOR 226 too: a user must count the replies, not their codes. A transfer that waits in the queue before
//!   ABOR is stopped as soon as it begins.
//! - **QUIT is nothing but queued**: the transfer runs to its end, its result is told, and then the connection is closed
//!   (§4.1.1). What comes behind QUIT is dropped.
//! - **STAT without an argument is answered at once**, before the reply of the transfer, because it asks about the transfer
//!   (§4.1.3 STAT). It is the only reply out of order, and 211 cannot be taken for the end of a transfer. STAT with a pathname is
//!   a listing and is queued.
//! - **USER and REIN are queued**: both let a transfer in progress end under the old user (§4.1.1).
//!
//! # The Synch
//!
//! A user may send Telnet IP and the Synch signal (`IAC IP`, and `IAC DM` as urgent data) before ABOR, STAT or QUIT, to get
//! the attention of a server that does not look at its control connection during a transfer. This one always looks, so they
//! mean nothing: the line reader takes them out (§4.1 wants them to do nothing special then). Nothing that was sent before a
//! Synch is thrown away. RFC 854 lets a Telnet server do that, and an FTP server that did would swallow commands that each
//! must be answered. The runtime reads urgent data in its place in the stream, so the DM is never missing from `IAC DM`.
//!
//! # A client that goes away
//!
//! When the control connection ends during a transfer, that is ABOR and QUIT in one (§4.1.1 QUIT), so the transfer
//! is stopped. But a client that said QUIT and then closed its side has said goodbye: its transfer runs to the end.

use protocol::restart::Mark;
use protocol::transfer::{DecodeError, Fault};
use protocol::{Command, Reply, Type, Verb};

use super::data_port::Arranged;
use super::interface::{Action, End, Job, Order, Received, Subject};
use super::replies::{indented, reply};
use super::{Session, State, Step};
use crate::store::Location;

/// A transfer that is about to begin.
#[derive(Debug)]
pub(crate) struct Begin {
    /// 150.
    pub(super) preliminary: Reply,
    pub(super) job: Job,
    pub(super) kind: Kind,
}

/// What is transferred, as far as the end of the transfer has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Listing,
    File(Location),
    /// A file that did not exist before. It goes away again when no octet came because there was no data connection, or ABOR was quick.
    NewFile(Location),
}

impl Kind {
    fn file(&self) -> Option<&Location> {
        match self {
            Self::Listing => None,
            Self::File(location) | Self::NewFile(location) => Some(location),
        }
    }
}

/// A transfer that runs.
#[derive(Debug)]
pub(super) struct Transfer {
    kind: Kind,
    moved: u64,
}

impl Session {
    pub(super) fn begin_transfer(&mut self, begin: Begin) {
        self.say(&begin.preliminary);
        let route = self.take_route();
        let protection = self.security.of_data();
        let subject = Subject { file: begin.kind.file().cloned(), representation: representation(self, &begin.job) };
        self.actions.push(Action::Transfer(Order { route, protection, job: begin.job, subject }));
        self.state = State::Transferring(Transfer { kind: begin.kind, moved: 0 });
        if self.queue.iter().any(|received| is(received, Verb::Abor)) {
            self.actions.push(Action::StopTransfer);
        }
    }

    /// Does what cannot wait. Returns whether the line is answered already; if not, it is to be queued.
    pub(super) fn answer_during_transfer(&mut self, received: &Received) -> bool {
        let State::Transferring(transfer) = &self.state else { return false };
        let Received::Line(line) = received else { return false };
        let Ok(command) = Command::parse(line) else { return false };
        if self.queue.iter().any(|received| is(received, Verb::Quit)) {
            return false;
        }
        if command.verb() == Verb::Abor {
            self.actions.push(Action::StopTransfer);
        }
        let is_answered = command.verb() == Verb::Stat && command.argument().is_empty();
        if is_answered {
            let status = transfer_status(transfer);
            self.say(&status);
        }
        is_answered
    }

    pub(super) fn moved(&mut self, octets: u64) {
        if let State::Transferring(transfer) = &mut self.state {
            transfer.moved = octets;
        }
    }

    /// RFC 959 §3.5: the position of each marker is told as soon as it is known.
    pub(super) fn marked(&mut self, mark: &Mark) {
        if matches!(self.state, State::Transferring(_)) {
            self.say(&mark.reply());
        }
    }

    pub(super) fn transfer_ended(&mut self, octets: u64, end: End) {
        let State::Transferring(transfer) = std::mem::replace(&mut self.state, State::Ready) else {
            return;
        };
        self.traffic.data += octets;
        if end == End::LeftOpen {
            self.data_port.arranged = Arranged::Open;
        }
        if matches!(end, End::Complete | End::LeftOpen) {
            self.traffic.transfers += 1;
            if transfer.kind != Kind::Listing {
                self.traffic.files += 1;
                self.traffic.file_octets += octets;
            }
        }
        let step = match (transfer.kind, end) {
            (Kind::NewFile(location), End::NotOpened | End::NotSecured | End::Stopped) if octets == 0 => {
                // Someone else may have taken it away already; the reply is the same.
                Step::perform(move |store| store.delete(&location), move |_, _| result(end).into())
            }
            (Kind::NewFile(_) | Kind::File(_) | Kind::Listing, end) => result(end).into(),
        };
        self.take_step(step);
    }

    pub(super) fn disconnected_during_transfer(&mut self) {
        if !self.queue.iter().any(|received| is(received, Verb::Quit)) {
            self.actions.push(Action::StopTransfer);
        }
        self.queue.push_back(Received::Disconnected);
    }
}

/// A listing has its own (RFC 1123 §4.1.2.7).
fn representation(session: &Session, job: &Job) -> Type {
    match job {
        Job::SendLines { parameters, .. } => parameters.representation,
        Job::Send { .. } | Job::Receive { .. } => session.parameters.representation,
    }
}

fn transfer_status(transfer: &Transfer) -> Reply {
    let what = if transfer.kind == Kind::Listing { "A listing" } else { "A file" };
    indented::<211, String>(
        "Status of the transfer:",
        [format!("{what} is being transferred; {} bytes so far.", transfer.moved)],
        "End of status.",
    )
}

fn is(received: &Received, verb: Verb) -> bool {
    match received {
        Received::Line(line) => Command::parse(line).is_ok_and(|command| command.verb() == verb),
        Received::TooLong | Received::Disconnected => false,
    }
}

/// The final reply. The data connection is closed by now, which is what 226 and 426 say of it, and 250 says that it is not
/// (RFC 959 §3.2, §5.2).
fn result(end: End) -> Reply {
    match end {
        End::Complete => reply::<226>("Transfer complete."),
        End::NotOpened => reply::<425>("Can't open data connection."),
        // RFC 4217 §10.2.
        End::NotSecured => reply::<522>("TLS on the data connection failed; transfer aborted."),
        End::LeftOpen => reply::<250>("Transfer complete; the data connection stays open for the next file."),
        End::Refused(error) => refused(error),
        End::Broken => reply::<426>("Data connection broken; transfer aborted."),
        End::LocalError => reply::<451>("Local error on the server; transfer aborted."),
        End::TooMuch => reply::<552>("More came than you may store; transfer aborted."),
        End::NoSpace => reply::<552>("No space left on the server; transfer aborted."),
        End::Stopped => reply::<426>("Transfer aborted; data connection closed."),
    }
}

/// RFC 959 §4.2.1 has 551 for a type of page that is not known. What else is wrong with what came ends the connection.
fn refused(error: DecodeError) -> Reply {
    match error.fault {
        Fault::PageType(_) => reply::<551>(format!("Transfer aborted {error}.")),
        Fault::Incomplete
        | Fault::NotDeflated
        | Fault::UnknownEscape(_)
        | Fault::UnknownDescriptor(_)
        | Fault::MarkerOctet(_)
        | Fault::MarkerEmpty
        | Fault::MarkerTooLong(_)
        | Fault::PageHeaderLength(_)
        | Fault::LastPageData(_)
        | Fault::PageTooLong(_)
        | Fault::BehindLastPage => reply::<426>(format!("Transfer aborted {error}.")),
    }
}
