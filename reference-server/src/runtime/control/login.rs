//! Passwords: when they are compared.

use std::io;

use super::Conversation;
use crate::session::{Input, Verify};

impl Conversation {
    /// Compares a password: a hash never on the thread that all sessions share, and not more of them at a time than the server
    /// wants.
    pub(super) async fn verify(&mut self, verify: Verify) -> io::Result<Input> {
        if !verify.is_slow() {
            return Ok(Input::Performed(verify.run()));
        }
        // The semaphore is fair: who asked first is first.
        let turn = self.server.comparers.acquire().await.map_err(io::Error::other)?;
        let resume = tokio::task::spawn_blocking(move || verify.run()).await?;
        drop(turn);
        Ok(Input::Performed(resume))
    }
}
