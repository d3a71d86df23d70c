//! The small steps a harness drives the client by: say a line, wait for a reply, move the data.

use protocol::transfer::Parameters;
use protocol::{Mode, Structure, Type};

use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, Event, Failure, Manner};

/// Says a line and waits for nothing.
#[derive(Debug)]
pub(crate) struct Say(pub(crate) CommandLine);

impl Operation for Say {
    fn step(&mut self, _event: Event, _manner: &mut Manner) -> Result<Progress, Failure> {
        Ok(Progress::Done(vec![Action::Say(self.0.clone())]))
    }

    fn wants_reply(&self) -> bool {
        false
    }
}

/// Waits for one reply, whatever it says.
#[derive(Debug)]
pub(crate) struct AwaitReply;

impl Operation for AwaitReply {
    fn step(&mut self, event: Event, _manner: &mut Manner) -> Result<Progress, Failure> {
        let heard = event.into_reply()?;
        Ok(if heard.is_some() { Progress::Done(Vec::new()) } else { Progress::Wait(Vec::new()) })
    }
}

/// Moves data over the data connection that is open, octet by octet. Replies stay unread meanwhile, for the harness
/// says when it wants them.
#[derive(Debug)]
pub(crate) enum Move {
    Receive,
    Transmit,
}

/// As they are: what they mean is for the harness.
const OCTETS: Parameters = Parameters { representation: Type::Image, structure: Structure::File, mode: Mode::Stream };

impl Operation for Move {
    fn step(&mut self, event: Event, _manner: &mut Manner) -> Result<Progress, Failure> {
        match event {
            Event::Begin => Ok(Progress::Wait(vec![match self {
                Self::Receive => Action::Receive(OCTETS),
                Self::Transmit => Action::Transmit(OCTETS),
            }])),
            Event::DataEnded => Ok(Progress::Done(Vec::new())),
            Event::DataFailed(problem) => Err(Failure::Data(problem)),
            other @ (Event::Reply(_)
            | Event::Secured
            | Event::Listening(_)
            | Event::Connected
            | Event::Silence
            | Event::Interrupted) => other.into_reply().map(|_| Progress::Wait(Vec::new())),
        }
    }

    fn wants_reply(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::play;
    use super::*;

    #[test]
    fn steps() {
        assert_eq!(play(Say(CommandLine::verbatim(b"noop")), &[]), ["C: noop", "done"]);
        assert_eq!(play(AwaitReply, &["550 no"]), ["done"]);
        assert_eq!(play(AwaitReply, &["150 wait"]), ["done"]);
        assert_eq!(play(Move::Receive, &["ended"]), ["receive I F S", "done"]);
        assert_eq!(play(Move::Transmit, &["broken"]), ["transmit I F S", "failed: broken"]);
    }
}
