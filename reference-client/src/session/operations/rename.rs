//! RNFR and RNTO, one operation.

use protocol::Severity;

use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, Event, Failure, Manner};

/// Renames a file. Both names are checked before the first is said.
#[derive(Debug)]
pub(crate) struct Rename {
    from: CommandLine,
    /// Until it is said.
    to: Option<CommandLine>,
}

impl Rename {
    pub(crate) fn new(from: &[u8], to: &[u8]) -> Result<Self, Failure> {
        Ok(Self { from: CommandLine::new("RNFR", from)?, to: Some(CommandLine::new("RNTO", to)?) })
    }
}

impl Operation for Rename {
    fn step(&mut self, event: Event, _manner: &mut Manner) -> Result<Progress, Failure> {
        if event == Event::Begin {
            return Ok(Progress::Wait(vec![Action::Say(self.from.clone())]));
        }
        let Some(reply) = event.into_reply()? else { return Ok(Progress::Wait(Vec::new())) };
        match (reply.severity(), self.to.take_if(|_| reply.severity() == Severity::Intermediate)) {
            (Severity::Intermediate, Some(to)) => Ok(Progress::Wait(vec![Action::Say(to)])),
            (Severity::Preliminary, _) => Ok(Progress::Wait(Vec::new())),
            (Severity::Completion, _) if self.to.is_none() => Ok(Progress::Done(Vec::new())),
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
    #[case::done(&["350 to?", "250 done"], &["C: RNFR a", "C: RNTO b", "done"])]
    #[case::no_such_file(&["550 none"], &["C: RNFR a", "failed: the server refused: 550 none"])]
    #[case::not_allowed(&["350 to?", "553 no"], &["C: RNFR a", "C: RNTO b", "failed: the server refused: 553 no"])]
    #[case::not_asked_for_the_second(&["250 done"], &["C: RNFR a", "failed: the server's reply does not fit here: 250 done"])]
    #[case::asks_twice(&["350 to?", "350 to?"], &["C: RNFR a", "C: RNTO b", "failed: the server's reply does not fit here: 350 to?"])]
    fn conversations(#[case] script: &[&str], #[case] done: &[&str]) {
        assert_eq!(play(Rename::new(b"a", b"b").unwrap(), script), done);
    }

    #[test]
    fn both_names_are_checked_first() {
        assert!(Rename::new(b"a", b"b\r\nDELE c").is_err());
    }
}
