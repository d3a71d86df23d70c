//! The session of the user process, without I/O: replies and events in, actions out.
//!
//! One [`Operation`] runs at a time. The session gives it the replies and what became of its actions; the runtime
//! does the actions. So every operation can be tested with literal octets and no sockets.

pub(crate) mod command;
pub(crate) mod operations;

use std::net::SocketAddr;

use protocol::address::AddressError;
use protocol::pathname::PathnameError;
use protocol::reply::{ReplyError, ReplyReader};
use protocol::{Reply, Severity};
use thiserror::Error;

use crate::escape::escaped;
use crate::representation::Representation;
use command::CommandLine;
use operations::{Operation, Progress};

/// A control connection that is open, and what both sides said on it so far.
#[derive(Debug)]
pub(crate) struct Session {
    replies: ReplyReader,
    operation: Option<Box<dyn Operation>>,
    /// How this user wants things done, and what is agreed with the server.
    pub(crate) manner: Manner,
}

impl Session {
    pub(crate) fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        Self { replies: ReplyReader::default(), operation: None, manner: Manner::new(local, peer) }
    }

    /// Begins an operation. The one before is over.
    pub(crate) fn begin(&mut self, operation: Box<dyn Operation>) -> Vec<Action> {
        self.operation = Some(operation);
        self.tell(Event::Begin)
    }

    /// Takes octets of the control connection from the front of `octets`, one reply at most. What is left is for
    /// the next call: a reply that comes early stays where it is until an operation wants it.
    pub(crate) fn hear(&mut self, octets: &mut &[u8]) -> Vec<Action> {
        let heard = self.replies.take(octets);
        let refusals = self.replies.take_refusals();
        let mut actions = if refusals.is_empty() { Vec::new() } else { vec![Action::Refuse(refusals)] };
        match heard {
            None => {}
            Some(Err(error)) => {
                self.operation = None;
                actions.push(Action::Finish(Err(Failure::NotAReply(error))));
            }
            Some(Ok(reply)) if self.operation.is_none() => actions.push(Action::ShowSurplus(reply)),
            Some(Ok(reply)) => {
                actions.push(Action::Show(reply.clone()));
                actions.extend(self.tell(Event::Reply(reply)));
            }
        }
        actions
    }

    /// Tells the operation what happened.
    pub(crate) fn tell(&mut self, event: Event) -> Vec<Action> {
        let Some(operation) = &mut self.operation else { return Vec::new() };
        match operation.step(event, &mut self.manner) {
            Ok(Progress::Wait(actions)) => actions,
            Ok(Progress::Done(mut actions)) => {
                self.operation = None;
                actions.push(Action::Finish(Ok(())));
                actions
            }
            Err(failure) => {
                self.operation = None;
                vec![Action::Finish(Err(failure))]
            }
        }
    }

    /// Whether the operation waits for a reply; if not, the control connection is not read.
    pub(crate) fn wants_reply(&self) -> bool {
        self.operation.as_ref().is_none_or(|operation| operation.wants_reply())
    }

    /// Whether a reply has begun and is not complete.
    pub(crate) fn is_within_reply(&self) -> bool {
        self.replies.is_within_reply()
    }
}

/// How data connections are opened and files represented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manner {
    /// This end of the control connection.
    pub(crate) local: SocketAddr,
    /// The server's end of it.
    pub(crate) peer: SocketAddr,
    pub(crate) side: Side,
    pub(crate) extended: Extended,
    /// The representation the user wants for files.
    pub(crate) representation: Representation,
    /// The representation the server was told last; `None` where it has its default.
    pub(crate) said: Option<Representation>,
}

impl Manner {
    fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        Self {
            local,
            peer,
            side: Side::Passive,
            extended: Extended::Tried,
            // What a person gets back octet by octet is what nearly everybody wants today.
            representation: Representation::Image,
            said: None,
        }
    }
}

/// Who connects the data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The server listens (PASV, EPSV).
    Passive,
    /// This client listens (PORT, EPRT).
    Active,
}

/// Whether EPSV is used with IPv4 too. With IPv6 there is nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extended {
    /// EPSV is said first; PASV if the server refuses it, and from then on.
    Tried,
    /// PASV at once.
    Off,
}

/// What happened to an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// It begins.
    Begin,
    /// A whole reply came.
    Reply(Reply),
    /// [`Action::Listen`] is done; the data connection is expected there.
    Listening(SocketAddr),
    /// [`Action::Connect`] is done.
    Connected,
    /// All data went through the data connection, and it is closed.
    DataEnded,
    /// The data connection could not be opened, or broke.
    DataFailed(String),
}

/// What the runtime is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Say a command on the control connection, in one write.
    Say(CommandLine),
    /// Send octets that refuse Telnet options.
    Refuse(Vec<u8>),
    /// Show a reply to the user.
    Show(Reply),
    /// Show a reply that nothing was asked for.
    ShowSurplus(Reply),
    /// Tell the user something.
    Note(String),
    /// Connect the data connection.
    Connect(SocketAddr),
    /// Listen for the data connection on this end's address of the control connection.
    Listen,
    /// Take the data to where the user wants it, until its end.
    Receive(Representation),
    /// Send the user's data, then close.
    Transmit(Representation),
    /// The operation is over.
    Finish(Result<(), Failure>),
}

/// Why an operation did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Failure {
    #[error("the server refused: {}", first_line(.0))]
    Refused(Reply),
    #[error("the server's reply does not fit here: {}", first_line(.0))]
    Unexpected(Reply),
    #[error("{} is not sent: {problem}", .verb)]
    Argument { verb: &'static str, problem: PathnameError },
    #[error("a command cannot hold CR, LF or NUL; nothing was sent")]
    Control,
    #[error("no address can be read in the server's reply ({problem}): {}", first_line(.reply))]
    Address { problem: AddressError, reply: Reply },
    #[error("the server names port 0, where nothing can listen: {}", first_line(.0))]
    Port0(Reply),
    #[error("PORT has no room for an IPv6 address; use EPRT")]
    Family,
    #[error("the server wants an account, and none was given: login USER PASSWORD ACCOUNT")]
    AccountWanted,
    #[error("the server wants a password, and none was given: login USER PASSWORD")]
    PasswordWanted,
    #[error("a file is resumed in image type only; say `binary` first")]
    ResumeAscii,
    #[error("{0}")]
    Data(String),
    #[error("the server's answer to {verb} did not come in the right order")]
    Order { verb: &'static str },
    #[error("the server said \"{}\", which is no reply: a reply begins with three digits and a space or hyphen", escaped(&.0.line))]
    NotAReply(ReplyError),
}

impl Failure {
    /// The failure a final reply means where only completion will do; preliminary replies are dealt with before.
    pub(crate) fn of(reply: Reply) -> Self {
        match reply.severity() {
            Severity::Transient | Severity::Permanent => Self::Refused(reply),
            Severity::Preliminary | Severity::Completion | Severity::Intermediate | Severity::Protected => {
                Self::Unexpected(reply)
            }
        }
    }
}

fn first_line(reply: &Reply) -> String {
    escaped(reply.lines().first().map_or(&[], Vec::as_slice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use operations::exchange::Exchange;
    use operations::testing::{peer_v4, reply};

    fn session() -> Session {
        Session::new("127.0.0.1:40000".parse().unwrap(), peer_v4())
    }

    fn noop() -> Box<dyn Operation> {
        Box::new(Exchange::new(CommandLine::bare("NOOP")))
    }

    #[test]
    fn replies_are_taken_one_by_one() {
        let mut session = session();
        assert_eq!(session.begin(noop()), [Action::Say(CommandLine::bare("NOOP"))]);
        let mut octets: &[u8] = b"200 a\r\n421 b\r\n";
        assert_eq!(session.hear(&mut octets), [Action::Show(reply("200 a")), Action::Finish(Ok(()))]);
        assert_eq!(octets, b"421 b\r\n");
        assert_eq!(session.hear(&mut octets), [Action::ShowSurplus(reply("421 b"))]);
    }

    #[test]
    fn a_line_that_is_no_reply_ends_the_operation() {
        let mut session = session();
        session.begin(noop());
        let actions = session.hear(&mut &b"hello\r\n"[..]);
        let [Action::Finish(Err(failure @ Failure::NotAReply(_)))] = actions.as_slice() else {
            panic!("{actions:?}");
        };
        assert!(failure.to_string().contains("hello"), "{failure}");
    }

    #[test]
    fn options_are_refused_before_anything_else() {
        let mut session = session();
        session.begin(noop());
        let actions = session.hear(&mut &b"\xff\xfd\x01200 a\r\n"[..]);
        assert_eq!(actions.first(), Some(&Action::Refuse(vec![255, 252, 1])));
        assert_eq!(actions.last(), Some(&Action::Finish(Ok(()))));
    }
}
