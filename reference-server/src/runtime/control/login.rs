//! Passwords: when they are compared, and how long the reply to a wrong one takes.

use std::future::pending;
use std::io;

use tokio::time::{Instant, sleep_until};

use super::Conversation;
use crate::accounts::Room;
use crate::records::Event;
use crate::session::{Input, Standing, Verify};

/// A wrong password that is not answered yet. Until then the session keeps its place, also where the client has hung up: else who hangs up
/// could try again sooner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delayed {
    until: Instant,
    standing: Standing,
}

impl Conversation {
    /// Compares a password.
    ///
    /// Who is shut out by now is not compared: else each session that was there before would have one guess more.
    pub(super) async fn verify(&mut self, verify: Verify) -> io::Result<Input> {
        if !verify.is_slow() {
            return Ok(self.unless_shut_out().unwrap_or_else(|| Input::Performed(verify.run(&mut Room::default()))));
        }
        let turn = self.server.comparers.turn().await?;
        if let Some(refused) = self.unless_shut_out() {
            return Ok(refused);
        }
        Ok(Input::Performed(turn.compare(verify).await?))
    }

    fn unless_shut_out(&self) -> Option<Input> {
        let standing = self.server.failures.standing_of(self.peer.ip(), Instant::now().into_std());
        (standing == Standing::ShutOut).then_some(Input::FailureCounted(standing))
    }

    /// Counts a failed login. Where the reply is not for now, [`answered`] says when.
    pub(super) fn count_failure(&mut self, name: Vec<u8>) -> Option<Input> {
        let now = Instant::now();
        let penalty = self.server.failures.count(self.peer.ip(), now.into_std());
        self.tell(Event::LoginFailed { name });
        if penalty.standing == Standing::ShutOut {
            self.tell(Event::ShutOut);
            tracing::warn!(host = %self.peer.ip(), "too many wrong passwords; it is shut out for some minutes");
        }
        if penalty.delay.is_zero() {
            return Some(Input::FailureCounted(penalty.standing));
        }
        self.delayed = Some(Delayed { until: now + penalty.delay, standing: penalty.standing });
        None
    }
}

/// Waits until a wrong password may be answered; without one, for ever.
pub(super) async fn answered(delayed: Option<Delayed>) -> Standing {
    match delayed {
        Some(Delayed { until, standing }) => {
            // In a box: sessions that do not wait, which are nearly all, keep no room for it.
            Box::pin(sleep_until(until)).await;
            standing
        }
        None => pending().await,
    }
}
