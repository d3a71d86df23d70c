//! How a command goes on.

use protocol::Reply;

use super::Session;
use super::interface::{Ask, Perform, Resume, Verify};
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
        Self::perform_at_best(|_| None, ask, then)
    }

    /// The same; but where `glance` has the answer without waiting, it is not asked.
    pub(super) fn perform_at_best<T: Send + 'static>(
        glance: impl FnOnce(&dyn Store) -> Option<T> + Send + 'static,
        ask: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
        then: impl FnOnce(&mut Session, Result<T, StoreError>) -> Self + Send + 'static,
    ) -> Self {
        Self::Perform(Perform(Box::new(Asking { glance: Some(glance), ask, then })))
    }

    /// Compares a password, and goes on with what its user may do.
    pub(super) fn verify(
        check: Check,
        then: impl FnOnce(&mut Session, Option<Access>) -> Self + Send + 'static,
    ) -> Self {
        Self::Verify(Verify { check, then: Box::new(then) })
    }
}

/// What is asked of a store, and how it goes on.
struct Asking<G, A, N> {
    /// Until it was tried.
    glance: Option<G>,
    ask: A,
    then: N,
}

impl<T, G, A, N> Ask for Asking<G, A, N>
where
    T: Send + 'static,
    G: FnOnce(&dyn Store) -> Option<T> + Send + 'static,
    A: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    N: FnOnce(&mut Session, Result<T, StoreError>) -> Step + Send + 'static,
{
    fn at_once(mut self: Box<Self>, store: &dyn Store) -> Result<Resume, Box<dyn Ask>> {
        match self.glance.take().and_then(|glance| glance(store)) {
            Some(answer) => Ok(resume(self.then, Ok(answer))),
            None => Err(self),
        }
    }

    fn run(self: Box<Self>, store: &dyn Store) -> Resume {
        let answer = (self.ask)(store);
        resume(self.then, answer)
    }
}

fn resume<T: Send + 'static>(
    then: impl FnOnce(&mut Session, Result<T, StoreError>) -> Step + Send + 'static,
    answer: Result<T, StoreError>,
) -> Resume {
    Box::new(move |session| then(session, answer))
}

impl From<Reply> for Step {
    fn from(reply: Reply) -> Self {
        Self::Done(reply)
    }
}
