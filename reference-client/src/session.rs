//! The session of the user process, without I/O: replies and events in, actions out.
//!
//! One [`Operation`] runs at a time. The session gives it the replies and what became of its actions; the runtime
//! does the actions. So every operation can be tested with literal octets and no sockets.

pub(crate) mod answers;
pub(crate) mod command;
pub(crate) mod failure;
pub(crate) mod features;
pub(crate) mod manner;
pub(crate) mod operations;

use std::net::SocketAddr;

use protocol::Reply;
use protocol::reply::ReplyReader;
use protocol::transfer::Parameters;

use command::CommandLine;
pub(crate) use failure::{DataFault, Failure, Fault};
pub(crate) use manner::{Channel, Extended, MachineListings, Manner, PassiveHost, Protection, Side};
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
            // RFC 959 §5.4: 421 may be the reply to any command, and to none.
            Some(Ok(reply)) if reply.code().number() == failure::CLOSING => {
                self.operation = None;
                actions.push(Action::Show(reply.clone()));
                actions.push(Action::Finish(Err(Failure::Leaving(reply))));
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

/// What happened to an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// It begins.
    Begin,
    /// A whole reply came.
    Reply(Reply),
    /// [`Action::BeginTls`] is done.
    Secured,
    /// [`Action::Listen`] is done; the data connection is expected there.
    Listening(SocketAddr),
    /// [`Action::Connect`] is done.
    Connected,
    /// All data went through the data connection, and it is closed.
    DataEnded,
    /// The data connection could not be opened, or broke.
    DataFailed(DataFault),
    /// The user wants no more of it.
    Interrupted,
    /// [`Action::AwaitSilence`] is done: nothing more came.
    Silence,
}

impl Event {
    /// The reply, if it is one; what else happens says nothing to an operation without data.
    ///
    /// # Errors
    /// When the user wants no more of it.
    pub(crate) fn into_reply(self) -> Result<Option<Reply>, Failure> {
        match self {
            Self::Reply(reply) => Ok(Some(reply)),
            Self::Interrupted => Err(Failure::Interrupted),
            Self::Begin
            | Self::Secured
            | Self::Listening(_)
            | Self::Connected
            | Self::DataEnded
            | Self::DataFailed(_)
            | Self::Silence => Ok(None),
        }
    }
}

/// What the runtime is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Say a command on the control connection, in one write.
    Say(CommandLine),
    /// Say ABOR, behind a Synch (RFC 959 §4.1.3), and let go of the data connection.
    Abort,
    /// If no reply comes for a moment, that is no failure: tell [`Event::Silence`].
    AwaitSilence,
    /// Send octets that refuse Telnet options.
    Refuse(Vec<u8>),
    /// Show a reply to the user.
    Show(Reply),
    /// Show a reply that nothing was asked for.
    ShowSurplus(Reply),
    /// Tell the user something.
    Note(String),
    /// Begin TLS on the control connection.
    BeginTls,
    /// Connect the data connection.
    Connect(SocketAddr),
    /// Listen for the data connection on this end's address of the control connection.
    Listen,
    /// Take the data to where the user wants it, until its end.
    Receive(Parameters),
    /// Send the user's data, then close.
    Transmit(Parameters),
    /// The operation is over.
    Finish(Result<(), Failure>),
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
        let mut octets: &[u8] = b"200 a\r\n426 b\r\n";
        assert_eq!(session.hear(&mut octets), [Action::Show(reply("200 a")), Action::Finish(Ok(()))]);
        assert_eq!(octets, b"426 b\r\n");
        assert_eq!(session.hear(&mut octets), [Action::ShowSurplus(reply("426 b"))]);
    }

    #[test]
    fn a_421_ends_it_whether_it_was_asked_for_or_not() {
        let mut session = session();
        let actions = session.hear(&mut &b"421 bye\r\n"[..]);
        let leaving = || Action::Finish(Err(Failure::Leaving(reply("421 bye"))));
        assert_eq!(actions, [Action::Show(reply("421 bye")), leaving()]);
        session.begin(noop());
        assert_eq!(session.hear(&mut &b"421 bye\r\n"[..]), [Action::Show(reply("421 bye")), leaving()]);
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
