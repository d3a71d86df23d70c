//! How a command goes on.

use protocol::Reply;

use super::Session;
use super::interface::{Perform, Resume};
use super::transfer::Begin;
use crate::store::{Store, StoreError};

/// What a command does next. Every way from here ends in exactly one final reply.
#[derive(Debug)]
pub(crate) enum Step {
    /// Say this; the command is done.
    Done(Reply),
    /// Say this, and close the control connection.
    Close(Reply),
    /// Ask the store, then go on.
    Perform(Perform),
    /// Listen for a data connection, then reply.
    Listen(Listening),
    /// Say this in clear, then begin TLS.
    BeginTls(Reply),
    /// Say this, then go on in clear.
    EndTls(Reply),
    /// Transfer, then reply.
    Transfer(Box<Begin>),
}

/// Which command listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listening {
    Pasv,
    Epsv,
    Lpsv,
}

impl Step {
    /// Asks the store with `ask`, and goes on with what it answers.
    pub(super) fn perform<T: Send + 'static>(
        ask: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
        then: impl FnOnce(&mut Session, Result<T, StoreError>) -> Self + Send + 'static,
    ) -> Self {
        Self::Perform(Perform(Box::new(move |store| {
            let answer = ask(store);
            Box::new(move |session: &mut Session| then(session, answer)) as Resume
        })))
    }
}

impl From<Reply> for Step {
    fn from(reply: Reply) -> Self {
        Self::Done(reply)
    }
}
