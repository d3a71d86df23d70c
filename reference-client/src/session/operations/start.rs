//! A transfer between two other ends: this one says the command, and hears the replies.

use protocol::Severity;

use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, Event, Failure, Manner};

/// Says a command, up to its preliminary reply.
#[derive(Debug)]
pub(crate) struct Start(pub(crate) CommandLine);

impl Operation for Start {
    fn step(&mut self, event: Event, _manner: &mut Manner) -> Result<Progress, Failure> {
        if event == Event::Begin {
            return Ok(Progress::Wait(vec![Action::Say(self.0.clone())]));
        }
        match event.into_reply()? {
            None => Ok(Progress::Wait(Vec::new())),
            Some(reply) if reply.severity() == Severity::Preliminary => Ok(Progress::Done(Vec::new())),
            Some(reply) => Err(Failure::of(reply)),
        }
    }
}

/// Waits for the final reply to such a command.
#[derive(Debug)]
pub(crate) struct Finish;

impl Operation for Finish {
    fn step(&mut self, event: Event, _manner: &mut Manner) -> Result<Progress, Failure> {
        let Some(reply) = event.into_reply()? else { return Ok(Progress::Wait(Vec::new())) };
        match reply.severity() {
            Severity::Preliminary => Ok(Progress::Wait(Vec::new())),
            Severity::Completion => Ok(Progress::Done(Vec::new())),
            Severity::Intermediate | Severity::Transient | Severity::Permanent | Severity::Protected => {
                Err(Failure::of(reply))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::play;
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("150 go", "done")]
    #[case("553 no", "failed: the server refused: 553 no")]
    #[case("226 already", "failed: the server's reply does not fit here: 226 already")]
    fn beginnings(#[case] reply: &str, #[case] end: &str) {
        assert_eq!(play(Start(CommandLine::new("STOR", b"f").unwrap()), &[reply]), ["C: STOR f", end]);
    }

    #[rstest]
    #[case("226 done", "done")]
    #[case("426 broken", "failed: the server refused: 426 broken")]
    fn ends(#[case] reply: &str, #[case] end: &str) {
        assert_eq!(play(Finish, &[reply]), [end]);
    }
}
