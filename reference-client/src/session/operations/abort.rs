//! The replies behind ABOR (RFC 959 §4.1.3): 426 to the transfer and 226 to ABOR, or, when the transfer was over already, its own
//! completion and 225 or 226. There are servers that give one reply for both.

use protocol::Severity;

use super::Progress;
use crate::session::{Action, Event, Failure};

/// ABOR is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aborting {
    /// No final reply to the transfer has come.
    Transfer,
    /// One came that may have been the only one.
    Perhaps,
    /// The reply to ABOR is missing.
    Abor,
}

impl Aborting {
    pub(super) fn within() -> Self {
        Self::Transfer
    }

    pub(super) fn after_completion() -> Self {
        Self::Abor
    }

    pub(super) fn step(&mut self, event: Event) -> Result<Progress, Failure> {
        let reply = match event {
            Event::Reply(reply) => reply,
            Event::Silence => return Err(Failure::Aborted),
            Event::Begin
            | Event::Secured
            | Event::Listening(_)
            | Event::Connected
            | Event::DataEnded
            | Event::DataFailed(_)
            | Event::Interrupted => return Ok(Progress::Wait(Vec::new())),
        };
        match (*self, reply.severity()) {
            (_, Severity::Preliminary) => Ok(Progress::Wait(Vec::new())),
            (Self::Transfer, Severity::Completion) => {
                *self = Self::Perhaps;
                Ok(Progress::Wait(vec![Action::AwaitSilence]))
            }
            (Self::Transfer, _) => {
                *self = Self::Abor;
                Ok(Progress::Wait(Vec::new()))
            }
            (Self::Perhaps | Self::Abor, _) => Err(Failure::Aborted),
        }
    }
}
