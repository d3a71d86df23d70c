//! The reply a server gives before anything is said: 220, or 120 and then 220 (RFC 959 §5.4).

use protocol::Severity;

use super::{Operation, Progress};
use crate::session::{Event, Failure, Manner};

/// Waits for the greeting.
#[derive(Debug)]
pub(crate) struct Greeting;

impl Operation for Greeting {
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
    #[case(&["220 ready"], &["done"])]
    #[case(&["120 in 5 minutes", "220 ready"], &["done"])]
    #[case(&["120 in 5 minutes"], &[])]
    #[case(&["421 go away"], &["failed: the server closes the connection, and says: 421 go away"])]
    fn greetings(#[case] script: &[&str], #[case] done: &[&str]) {
        assert_eq!(play(Greeting, script), done);
    }
}
