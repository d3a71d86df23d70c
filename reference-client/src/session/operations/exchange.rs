//! One command and its final reply: CWD, CDUP, PWD, MKD, RMD, DELE, SIZE, NOOP, STAT, HELP, QUIT, and what a user quotes.

use protocol::Severity;

use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, Event, Failure, Manner};

/// Says a command and waits for the reply that ends it.
#[derive(Debug)]
pub(crate) struct Exchange {
    command: CommandLine,
    accepted: Accepted,
}

/// Which replies are success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    /// 2yz.
    Completion,
    /// 2yz and 3yz.
    CompletionOrIntermediate,
}

impl Exchange {
    /// A command that is done with a 2yz.
    pub(crate) fn new(command: CommandLine) -> Self {
        Self { command, accepted: Accepted::Completion }
    }

    /// Any command, typed by the user: a 3yz is fine too, the user says the next command.
    pub(crate) fn quoted(command: CommandLine) -> Self {
        Self { command, accepted: Accepted::CompletionOrIntermediate }
    }
}

impl Operation for Exchange {
    fn step(&mut self, event: Event, _manner: &mut Manner) -> Result<Progress, Failure> {
        if event == Event::Begin {
            return Ok(Progress::Wait(vec![Action::Say(self.command.clone())]));
        }
        let Some(reply) = event.into_reply()? else { return Ok(Progress::Wait(Vec::new())) };
        match (reply.severity(), self.accepted) {
            (Severity::Preliminary, _) => Ok(Progress::Wait(Vec::new())),
            (Severity::Completion, _) | (Severity::Intermediate, Accepted::CompletionOrIntermediate) => {
                Ok(Progress::Done(Vec::new()))
            }
            _ => Err(Failure::of(reply)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::play;
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::done(&["250 ok"], "done")]
    #[case::any_completion(&["299 ok"], "done")]
    #[case::preliminary_first(&["120 wait", "250 ok"], "done")]
    #[case::refused(&["550 no"], "failed: the server refused: 550 no")]
    #[case::not_now(&["450 no"], "failed: the server refused: 450 no")]
    #[case::more_wanted(&["350 go on"], "failed: the server's reply does not fit here: 350 go on")]
    #[case::refusal_is_escaped(&["550 \x1b[2J"], r"failed: the server refused: 550 \x1b[2J")]
    fn one_command(#[case] script: &[&str], #[case] end: &str) {
        let done = play(Exchange::new(CommandLine::new("CWD", b"a").unwrap()), script);
        assert_eq!(done, ["C: CWD a", end]);
    }

    #[test]
    fn a_quoted_command_may_want_more() {
        assert_eq!(
            play(Exchange::quoted(CommandLine::typed(b"RNFR a").unwrap()), &["350 go on"]),
            ["C: RNFR a", "done"]
        );
    }
}
