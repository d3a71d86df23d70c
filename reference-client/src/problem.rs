//! Why a task was not done, and the exit code that tells it to programs.

use std::io;
use std::path::PathBuf;

use protocol::{Reply, Severity};
use thiserror::Error;

use crate::escape::escaped_path;
use crate::netrc::NetrcError;
use crate::runtime::{RuntimeError, TrustError};
use crate::session::{DataFault, Failure, Fault};
use crate::target::TargetError;

/// Why a task was not done.
#[derive(Debug, Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Runtime(#[from] RuntimeError),
    #[error("{0}")]
    Trust(#[from] TrustError),
    #[error("{0}")]
    Netrc(#[from] NetrcError),
    #[error("{0}")]
    Target(#[from] TargetError),
    #[error("{0}")]
    Usage(String),
    #[error("{what} {}: {problem}", escaped_path(.path))]
    Local { what: &'static str, path: PathBuf, problem: io::Error },
    /// What came, or is there now, is not what was sent.
    #[error("{0}")]
    Different(String),
    #[error("{failed} of {all} were not done")]
    Some { failed: usize, all: usize },
    #[error("what happens cannot be shown: {0}")]
    Output(#[from] io::Error),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Runtime(failure.into())
    }
}

impl Problem {
    /// The exit code; `--help` lists them.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Runtime(error) => of_runtime(error),
            Self::Trust(_) => TLS,
            Self::Netrc(_) | Self::Local { .. } => FILE,
            Self::Target(_) | Self::Usage(_) => USAGE,
            Self::Different(_) => DIFFERENT,
            Self::Some { .. } => SOME,
            Self::Output(_) => OTHER,
        }
    }

    /// Whether the same may well succeed a little later.
    pub(crate) fn is_worth_a_retry(&self) -> bool {
        match self {
            Self::Runtime(RuntimeError::NotLoggedIn(failure)) => code_of_failure(failure) == NOT_NOW,
            Self::Runtime(_) => matches!(self.code(), CONNECT | NOT_NOW | LATE | LOST),
            Self::Trust(_)
            | Self::Netrc(_)
            | Self::Target(_)
            | Self::Usage(_)
            | Self::Local { .. }
            | Self::Different(_)
            | Self::Some { .. }
            | Self::Output(_) => false,
        }
    }

    pub(crate) fn is_interruption(&self) -> bool {
        self.code() == INTERRUPTED
    }
}

pub(crate) const OTHER: u8 = 1;
pub(crate) const USAGE: u8 = 2;
const CONNECT: u8 = 3;
const LOGIN: u8 = 4;
const REFUSED: u8 = 5;
const NOT_NOW: u8 = 6;
const FILE: u8 = 7;
const LATE: u8 = 8;
const TLS: u8 = 9;
const PROTOCOL: u8 = 10;
const LOST: u8 = 11;
const DIFFERENT: u8 = 12;
const SOME: u8 = 13;
pub(crate) const INTERRUPTED: u8 = 130;

fn of_runtime(error: &RuntimeError) -> u8 {
    match error {
        RuntimeError::Unknown { .. } | RuntimeError::Unreachable { .. } => CONNECT,
        RuntimeError::NoConnection { .. }
        | RuntimeError::NoTls(_)
        | RuntimeError::NoReply(_)
        | RuntimeError::NotRead(_) => LATE,
        RuntimeError::Trust(_) | RuntimeError::Tls { .. } | RuntimeError::Smuggled => TLS,
        RuntimeError::Closed | RuntimeError::ClosedWithinReply | RuntimeError::Broken(_) => LOST,
        RuntimeError::Output(_) => OTHER,
        RuntimeError::NotLoggedIn(failure) => match code_of_failure(failure) {
            REFUSED => LOGIN,
            other => other,
        },
        RuntimeError::Failed(failure) => code_of_failure(failure),
    }
}

fn code_of_failure(failure: &Failure) -> u8 {
    match failure {
        Failure::Refused(reply) => code_of_refusal(reply),
        Failure::Leaving(_) => NOT_NOW,
        Failure::Unexpected(_)
        | Failure::Unreadable { .. }
        | Failure::Address { .. }
        | Failure::Port0(_)
        | Failure::Order { .. }
        | Failure::NotAReply(_) => PROTOCOL,
        Failure::Argument { .. }
        | Failure::Parameter { .. }
        | Failure::Control
        | Failure::Family
        | Failure::ResumeAscii => USAGE,
        Failure::AccountWanted | Failure::PasswordWanted => LOGIN,
        Failure::NoTls(_) | Failure::NotProtected(_) => TLS,
        Failure::Data(DataFault { fault, .. }) => match fault {
            Fault::Connection => LOST,
            Fault::Stall => LATE,
            Fault::Tls => TLS,
            Fault::File => FILE,
            Fault::Form => PROTOCOL,
        },
        Failure::Interrupted | Failure::Aborted => INTERRUPTED,
    }
}

fn code_of_refusal(reply: &Reply) -> u8 {
    if reply.severity() == Severity::Transient { NOT_NOW } else { REFUSED }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::operations::testing::reply;
    use rstest::rstest;

    #[rstest]
    #[case::refused(Failure::Refused(reply("550 no")).into(), REFUSED, false)]
    #[case::not_now(Failure::Refused(reply("450 busy")).into(), NOT_NOW, true)]
    #[case::leaving(Failure::Leaving(reply("421 bye")).into(), NOT_NOW, true)]
    #[case::login(RuntimeError::NotLoggedIn(Failure::Refused(reply("530 no"))), LOGIN, false)]
    #[case::login_later(RuntimeError::NotLoggedIn(Failure::Leaving(reply("421 full"))), NOT_NOW, true)]
    #[case::login_broken(RuntimeError::NotLoggedIn(Failure::Unexpected(reply("150 eh"))), PROTOCOL, false)]
    #[case::lost(RuntimeError::Closed, LOST, true)]
    #[case::smuggled(RuntimeError::Smuggled, TLS, false)]
    #[case::cut(Failure::Data(DataFault::new(Fault::Tls, "cut")).into(), TLS, false)]
    #[case::disk(Failure::Data(DataFault::new(Fault::File, "full")).into(), FILE, false)]
    #[case::interrupted(Failure::Aborted.into(), INTERRUPTED, false)]
    fn codes(#[case] error: RuntimeError, #[case] code: u8, #[case] again: bool) {
        let problem = Problem::from(error);
        assert_eq!((problem.code(), problem.is_worth_a_retry()), (code, again));
    }
}
