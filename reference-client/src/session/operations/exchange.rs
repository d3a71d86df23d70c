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
    /// What is said where the server does not know the command (RFC 1123 §4.1.3.1).
    otherwise: Option<CommandLine>,
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
        Self { otherwise: command.experimental(), command, accepted: Accepted::Completion }
    }

    /// Any command, typed by the user: a 3yz is fine too, the user says the next command.
    pub(crate) fn quoted(command: CommandLine) -> Self {
        Self { command, accepted: Accepted::CompletionOrIntermediate, otherwise: None }
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
            _ => match self.otherwise.take().filter(|_| matches!(reply.code().number(), 500 | 502)) {
                Some(line) => Ok(Progress::Wait(vec![Action::Say(line)])),
                None => Err(Failure::of(reply)),
            },
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

    #[rstest]
    #[case::mkd(CommandLine::new("MKD", b"a"), &["502 no", "257 made"], &["C: MKD a", "C: XMKD a", "done"])]
    #[case::pwd(Ok(CommandLine::bare("PWD")), &["500 what?", "257 \"/\""], &["C: PWD", "C: XPWD", "done"])]
    #[case::up(Ok(CommandLine::bare("CDUP")), &["500 what?", "200 up"], &["C: CDUP", "C: XCUP", "done"])]
    #[case::once(CommandLine::new("RMD", b"a"), &["500 no", "500 no"], &["C: RMD a", "C: XRMD a", "failed: the server refused: 500 no"])]
    #[case::refused(CommandLine::new("MKD", b"a"), &["550 there"], &["C: MKD a", "failed: the server refused: 550 there"])]
    #[case::others(CommandLine::new("DELE", b"a"), &["502 no"], &["C: DELE a", "failed: the server refused: 502 no"])]
    fn the_names_of_old(#[case] command: Result<CommandLine, Failure>, #[case] script: &[&str], #[case] done: &[&str]) {
        assert_eq!(play(Exchange::new(command.unwrap()), script), done);
    }

    #[test]
    fn a_quoted_command_may_want_more() {
        assert_eq!(
            play(Exchange::quoted(CommandLine::typed(b"RNFR a").unwrap()), &["350 go on"]),
            ["C: RNFR a", "done"]
        );
    }
}
