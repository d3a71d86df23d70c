//! Why something on a connection ended without what was wanted.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::tls::{TrustError, explained};
use crate::session::Failure;
use crate::target::ServerName;

/// Why a wait on the control connection ended without what was waited for. The connection is of no use then.
#[derive(Debug, Error)]
pub(crate) enum RuntimeError {
    #[error("{server} is not known: {problem}")]
    Unknown { server: ServerName, problem: io::Error },
    #[error("{server} cannot be reached: {problem}")]
    Unreachable { server: ServerName, problem: io::Error },
    #[error("{server} did not take the connection within {} seconds", .wait.as_secs_f64())]
    NoConnection { server: ServerName, wait: Duration },
    #[error("{0}")]
    Trust(TrustError),
    #[error("no TLS with {server}: {problem}")]
    Tls { server: ServerName, problem: String },
    #[error("TLS did not begin within {} seconds", .0.as_secs_f64())]
    NoTls(Duration),
    #[error(
        "the server sent something in clear behind its reply to AUTH, which somebody else may have written; nobody was logged in"
    )]
    Smuggled,
    #[error("the server did not reply within {} seconds", .0.as_secs_f64())]
    NoReply(Duration),
    #[error("the server does not read what is said to it; waited {} seconds", .0.as_secs_f64())]
    NotRead(Duration),
    #[error("the server closed the control connection")]
    Closed,
    #[error("the server closed the control connection in the middle of a reply")]
    ClosedWithinReply,
    #[error("the control connection broke: {0}")]
    Broken(io::Error),
    #[error("what happens cannot be shown: {0}")]
    Output(io::Error),
    #[error("nobody is logged in: {0}")]
    NotLoggedIn(Failure),
    /// The connection is fine, the operation failed.
    #[error("{0}")]
    Failed(#[from] Failure),
}

impl RuntimeError {
    pub(super) fn tls(server: &ServerName, error: &io::Error) -> Self {
        Self::Tls { server: server.clone(), problem: explained(error) }
    }

    /// Whether the connection can be used for another command: replies and commands are still in step.
    pub(crate) fn leaves_connection(&self) -> bool {
        matches!(self, Self::Failed(failure) | Self::NotLoggedIn(failure) if failure.leaves_connection())
    }
}
