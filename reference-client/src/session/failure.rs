//! Why an operation did not do what it was for.

use protocol::address::AddressError;
use protocol::parameters::ParameterError;
use protocol::pathname::PathnameError;
use protocol::reply::ReplyError;
use protocol::{Reply, Severity};
use thiserror::Error;

use crate::escape::escaped;

/// Of a reply that is longer no more is told.
const MOST_LINES: usize = 20;

/// "Service not available, closing control connection" (RFC 959 §4.2.2).
pub(super) const CLOSING: u16 = 421;

/// Why an operation did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Failure {
    #[error("the server refused: {}", whole(.0))]
    Refused(Reply),
    #[error("the server closes the connection, and says: {}", whole(.0))]
    Leaving(Reply),
    #[error("the server's reply does not fit here: {}", whole(.0))]
    Unexpected(Reply),
    #[error("the server's reply to {verb} cannot be read: {}", whole(.reply))]
    Unreadable { verb: &'static str, reply: Reply },
    #[error("{} is not sent: {problem}", .verb)]
    Argument { verb: &'static str, problem: PathnameError },
    #[error("{verb} is not sent: {problem}")]
    Parameter { verb: &'static str, problem: ParameterError },
    #[error("a command cannot hold CR, LF or NUL; nothing was sent")]
    Control,
    #[error("no address can be read in the server's reply ({problem}): {}", whole(.reply))]
    Address { problem: AddressError, reply: Reply },
    #[error("the server names port 0, where nothing can listen: {}", whole(.0))]
    Port0(Reply),
    #[error("PORT has no room for an IPv6 address; use EPRT")]
    Family,
    #[error("the server wants an account, and none was given: login USER PASSWORD ACCOUNT, or --account")]
    AccountWanted,
    #[error("the server wants a password, and none was given: login USER PASSWORD")]
    PasswordWanted,
    #[error("the server does not begin TLS; nobody was logged in. It says: {}", whole(.0))]
    NoTls(Reply),
    #[error("the server does not protect data connections by TLS; nothing was transferred. It says: {}", whole(.0))]
    NotProtected(Reply),
    #[error("a file is resumed in image type, structure F and mode S only; say `binary` first")]
    ResumeAscii,
    #[error("{0}")]
    Data(DataFault),
    #[error("the server's answer to {verb} did not come in the right order")]
    Order { verb: &'static str },
    #[error("the server said \"{}\", which is no reply: a reply begins with three digits and a space or hyphen", escaped(&.0.line))]
    NotAReply(ReplyError),
    #[error("it was interrupted")]
    Interrupted,
    #[error("it was aborted")]
    Aborted,
}

/// What went wrong with the data of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text}")]
pub(crate) struct DataFault {
    pub(crate) fault: Fault,
    pub(crate) text: String,
}

/// Where it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The data connection could not be opened, or broke.
    Connection,
    /// Nothing moved for too long.
    Stall,
    /// TLS failed, or ended without saying so.
    Tls,
    /// A local file cannot be read or written.
    File,
    /// The octets are not what TYPE, STRU and MODE say.
    Form,
}

impl DataFault {
    pub(crate) fn new(fault: Fault, text: impl Into<String>) -> Self {
        Self { fault, text: text.into() }
    }
}

impl Failure {
    /// The failure a final reply means where only completion will do; preliminary replies are dealt with before.
    pub(crate) fn of(reply: Reply) -> Self {
        match reply.severity() {
            Severity::Transient | Severity::Permanent => Self::Refused(reply),
            Severity::Preliminary | Severity::Completion | Severity::Intermediate | Severity::Protected => {
                Self::Unexpected(reply)
            }
        }
    }

    /// The reply that refused, if that is what happened.
    pub(crate) fn refusal(&self) -> Option<&Reply> {
        if let Self::Refused(reply) = self { Some(reply) } else { None }
    }

    /// Whether replies and commands are still in step, so that the connection can be used for another command.
    pub(crate) fn leaves_connection(&self) -> bool {
        !matches!(
            self,
            Self::NotAReply(_)
                | Self::Leaving(_)
                | Self::NoTls(_)
                | Self::NotProtected(_)
                | Self::Order { .. }
                | Self::Interrupted
        )
    }
}

/// RFC 1123 §4.1.4.3: the whole text of a refusal is for the user. Its lines stand in one.
fn whole(reply: &Reply) -> String {
    let mut lines: Vec<String> = reply.lines().iter().take(MOST_LINES).map(|line| escaped(line)).collect();
    if reply.lines().len() > MOST_LINES {
        lines.push("...".to_owned());
    }
    lines.join(" | ")
}
