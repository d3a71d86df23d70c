//! What a person types: a line a command.

mod password;
mod screen;
mod table;
mod verbs;
mod words;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use thiserror::Error;

use crate::arguments::Arguments;
use crate::caller::Caller;
use crate::escape::escaped_path;
use crate::problem::Problem;
use crate::runtime::input::Lines;
use crate::runtime::{Connection, Local, RuntimeError};
use crate::session::Failure;
use crate::session::command::CommandLine;
use crate::session::operations::Operation;
use crate::session::operations::exchange::Exchange;
use crate::target::{Target, TargetError};
use screen::Screen;
use words::WordError;

/// Runs the shell: the lines of -c, or those on standard input.
///
/// # Errors
/// When standard input cannot be read or standard output is gone.
pub(crate) async fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let mut shell = Shell {
        connection: None,
        directory: arguments.directory.clone().unwrap_or_default(),
        caller: Caller::new(&arguments.connecting)?,
        screen: Screen::new(arguments.connecting.verbose),
        input: Lines::from_standard_input()?,
        outcome: Outcome::Done,
    };
    let interactive = arguments.commands.is_empty() && io::stdin().is_terminal();
    if let Some(target) = &arguments.target {
        let opened = shell.open(target).await;
        shell.record(opened)?;
        // Without a person there is nobody to open another server; the lines meant for this one would all fail.
        if shell.outcome == Outcome::Failed && !interactive {
            return Ok(ExitCode::FAILURE);
        }
    }
    if arguments.commands.is_empty() {
        shell.converse(interactive).await?;
    } else {
        shell.run_all(&arguments.commands).await?;
    }
    if shell.connection.is_some() {
        let quit = shell.quit().await;
        shell.record(quit)?;
    }
    Ok(if interactive || shell.outcome == Outcome::Done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The state of the shell.
struct Shell {
    connection: Option<Connection>,
    /// Where local names begin; empty for the current directory.
    directory: PathBuf,
    caller: Caller,
    screen: Screen,
    input: Lines,
    outcome: Outcome,
}

/// Whether everything was done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
}

/// Whether another line is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Line,
    End,
}

impl Shell {
    async fn converse(&mut self, interactive: bool) -> io::Result<()> {
        loop {
            if interactive {
                self.screen.prompt()?;
            }
            let Some(line) = self.input.next().await? else { return Ok(()) };
            if self.line(&line).await? == Next::End {
                return Ok(());
            }
        }
    }

    async fn run_all(&mut self, lines: &[String]) -> io::Result<()> {
        for line in lines {
            if self.line(line.as_bytes()).await? == Next::End {
                break;
            }
        }
        Ok(())
    }

    async fn line(&mut self, line: &[u8]) -> io::Result<Next> {
        let done = self.execute(line).await;
        let next = done.as_ref().ok().copied().unwrap_or(Next::Line);
        self.record(done)?;
        Ok(next)
    }

    /// Says what failed, and lets go of a connection that is of no use any more.
    fn record<T>(&mut self, done: Result<T, ShellError>) -> io::Result<()> {
        let Err(error) = done else { return Ok(()) };
        self.outcome = Outcome::Failed;
        if let ShellError::Runtime(error) = error {
            if !error.leaves_connection() {
                self.connection = None;
            }
            if let RuntimeError::Output(error) = error {
                return Err(error);
            }
            return self.screen.failure(&error);
        }
        self.screen.failure(&error)
    }

    /// Performs an operation on the connection. Replies that came unasked are shown first.
    async fn perform(&mut self, operation: impl Operation + 'static, local: Local) -> Result<(), ShellError> {
        let connection = self.connection.as_mut().ok_or(ShellError::NotConnected)?;
        connection.show_surplus(&mut self.screen).await?;
        connection.perform(operation, local, &mut self.screen).await?;
        Ok(())
    }

    async fn exchange(&mut self, command: Result<CommandLine, Failure>) -> Result<(), ShellError> {
        self.perform(Exchange::new(command?), Local::Nothing).await
    }

    /// Opens a server, logs in, goes to the directory.
    async fn open(&mut self, target: &Target) -> Result<(), ShellError> {
        self.connect(target).await?;
        let user = self.caller.user(target)?;
        self.login(&user).await?;
        for directory in &target.segments {
            self.exchange(CommandLine::new("CWD", directory)).await?;
        }
        Ok(())
    }

    async fn quit(&mut self) -> Result<(), ShellError> {
        let done = self.exchange(Ok(CommandLine::bare("QUIT"))).await;
        self.connection = None;
        done
    }
}

/// Why a line of the shell did not do what it says.
#[derive(Debug, Error)]
enum ShellError {
    #[error("{0}")]
    Runtime(#[from] RuntimeError),
    #[error("no connection is open; say: open HOST:PORT")]
    NotConnected,
    #[error("a connection is open; say `close` first")]
    Connected,
    #[error("`{0}` is no command; `help` lists them")]
    Unknown(String),
    #[error("it is used so: {0}")]
    Usage(&'static str),
    #[error("{0}")]
    Words(#[from] WordError),
    #[error("{0}")]
    Target(#[from] TargetError),
    #[error("\"{0}\" names no file that can be made here; say a local name: get REMOTE LOCAL")]
    LocalName(String),
    #[error("the local file {} cannot be read: {problem}", escaped_path(.path))]
    Read { path: PathBuf, problem: io::Error },
    #[error("{} is no directory here", escaped_path(.0))]
    NoDirectory(PathBuf),
    #[error("the password cannot be read: {0}")]
    Password(io::Error),
    #[error("{0}")]
    Problem(Problem),
}

impl From<Problem> for ShellError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Runtime(error) => Self::Runtime(error),
            Problem::Output(error) => Self::Runtime(RuntimeError::Output(error)),
            other @ (Problem::Trust(_)
            | Problem::Netrc(_)
            | Problem::Target(_)
            | Problem::Usage(_)
            | Problem::Local { .. }
            | Problem::Different(_)
            | Problem::Some { .. }) => Self::Problem(other),
        }
    }
}

impl From<Failure> for ShellError {
    fn from(failure: Failure) -> Self {
        Self::Runtime(failure.into())
    }
}

impl From<io::Error> for ShellError {
    fn from(error: io::Error) -> Self {
        Self::Runtime(RuntimeError::Output(error))
    }
}
