//! Why a subject could not be started.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why a subject could not be started. The message says the command, and what the process printed last.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The program cannot be run.
    #[error("cannot run `{command}`: {source}. Is the program there, and may it be executed?")]
    CannotRun {
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// A command that prepares the start failed.
    #[error("the setup command `{command}` {}{}", ending(*code, *signal), printed(log))]
    SetupFailed {
        /// The command.
        command: String,
        /// Its exit code.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// What it printed last.
        log: Vec<String>,
    },
    /// A command that prepares the start did not end.
    #[error("the setup command `{command}` did not end within {waited:?}{}", printed(log))]
    SetupEndless {
        /// The command.
        command: String,
        /// How long it had.
        waited: Duration,
        /// What it printed last.
        log: Vec<String>,
    },
    /// It ended before it listened.
    #[error("`{command}` {} before it listened on port {port}{}", ending(*code, *signal), printed(log))]
    ExitedAtOnce {
        /// The command.
        command: String,
        /// The port on which it was awaited.
        port: u16,
        /// Its exit code.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// What it printed last.
        log: Vec<String>,
    },
    /// It runs and does not listen.
    #[error("`{command}` runs, but does not listen on port {port} after {waited:?}{}", printed(log))]
    NeverListened {
        /// The command.
        command: String,
        /// The port on which it was awaited.
        port: u16,
        /// How long it had.
        waited: Duration,
        /// What it printed last.
        log: Vec<String>,
    },
    /// Somebody else listens on the port that it wants.
    #[error("port {port}, on which `{command}` shall listen, is taken by another process. End that process first")]
    PortTaken {
        /// The command.
        command: String,
        /// The port.
        port: u16,
    },
    /// It needs root, and we are not.
    #[error("`{command}` can be started only by root. Run ftpspec as root, or choose another subject")]
    NeedsRoot {
        /// The command.
        command: String,
    },
    /// The address of a running server cannot be found.
    #[error("cannot find the address of `{host}`: {source}")]
    NoAddress {
        /// The host.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// The folder of a running server holds something.
    #[error("{} is not empty. ftpspec empties the folder between cases, so it wants an empty one", path.display())]
    RootNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder of a running server cannot be used.
    #[error("cannot use the folder {}: {source}", path.display())]
    Root {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The harness could not make what the subject needs: a port, a folder, a file.
    #[error("cannot {doing}: {source}")]
    Own {
        /// What it was about to do.
        doing: String,
        /// Why it could not.
        source: std::io::Error,
    },
}

impl StartError {
    /// Makes the error of a step of our own, for `map_err`.
    pub(super) fn own(doing: &str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Own { doing: doing.to_owned(), source }
    }

    /// Whether the subject is to blame, or its description; otherwise the machine is, or the harness.
    pub fn is_of_subject(&self) -> bool {
        matches!(self, Self::CannotRun { .. } | Self::ExitedAtOnce { .. } | Self::NeverListened { .. })
    }
}

fn ending(code: Option<i32>, signal: Option<i32>) -> String {
    match (code, signal) {
        (_, Some(signal)) => format!("was ended by signal {signal}{}", signal_name(signal)),
        (Some(code), None) => format!("ended with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL: an illegal instruction)",
        6 => " (SIGABRT: it gave itself up)",
        7 => " (SIGBUS: a bad memory access)",
        8 => " (SIGFPE: bad arithmetic, such as a division by zero)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV: a bad memory access)",
        13 => " (SIGPIPE: it wrote to a connection that was closed)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

fn printed(log: &[String]) -> String {
    if log.is_empty() {
        return ". It printed nothing".to_owned();
    }
    format!(". The last that it printed: {}", log.join(" | "))
}
