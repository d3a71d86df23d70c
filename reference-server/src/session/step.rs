//! How a command goes on.

use protocol::Reply;

use super::Session;
use super::interface::{Perform, Resume, Verify};
use super::transfer::Begin;
use crate::accounts::{Access, Check};
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
    /// Compare a password, then go on.
    Verify(Verify),
    /// A password or an account was wrong: count it, then reply.
    LoginFailed { name: Vec<u8> },
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

    /// Compares a password, and goes on with what its user may do.
    pub(super) fn verify(
        check: Check,
        then: impl FnOnce(&mut Session, Option<Access>) -> Self + Send + 'static,
    ) -> Self {
        Self::Verify(Verify { check, then: Box::new(then) })
    }
}

impl From<Reply> for Step {
    fn from(reply: Reply) -> Self {
        Self::Done(reply)
    }
}
