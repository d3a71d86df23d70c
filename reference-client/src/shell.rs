//! What a person types: a line a command.

mod editor;
mod password;
mod pattern;
mod screen;
mod settings;
mod table;
mod transfers;
mod verbs;
mod words;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use thiserror::Error;

use crate::arguments::Arguments;
use crate::caller::Caller;
use crate::escape::escaped_path;
use crate::problem::INTERRUPTED;
use crate::problem::Problem;
use crate::runtime::input::{Lines, Typed};
use crate::runtime::{Connection, Local, Nobody, RuntimeError};
use crate::session::Failure;
use crate::session::command::CommandLine;
use crate::session::operations::Operation;
use crate::session::operations::exchange::Exchange;
use crate::target::{Target, TargetError};
use crate::tasks::list::read;
use editor::{Place, Terminal};
use screen::Screen;
use words::WordError;

/// Runs the shell: the lines of -c, or those on standard input.
///
/// # Errors
/// When standard input cannot be read or standard output is gone.
pub(crate) async fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let interactive = arguments.commands.is_empty() && io::stdin().is_terminal();
    let directory = arguments.directory.clone().unwrap_or_default();
    let place = Place::new(directory.clone().into());
    let input =
        if interactive { Lines::from(Terminal::new(Place::clone(&place))?)? } else { Lines::from_standard_input()? };
    let mut shell = Shell {
        connection: None,
        directory,
        place,
        questions: if interactive { Questions::Asked } else { Questions::Spared },
        keep_alive: arguments.keep_alive(),
        caller: Caller::new(&arguments.connecting)?,
        screen: Screen::new(arguments.connecting.verbose),
        input,
        outcome: Outcome::Done,
    };
    if let Some(target) = &arguments.target {
        let opened = shell.open(target).await;
        shell.record(opened)?;
        // Without a person there is nobody to open another server; the lines meant for this one would all fail.
        if shell.outcome == Outcome::Failed && !interactive {
            return Ok(ExitCode::FAILURE);
        }
    }
    if arguments.commands.is_empty() {
        if shell.converse().await? == Ended::Interrupted {
            return Ok(ExitCode::from(INTERRUPTED));
        }
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
    /// The same, for completion.
    place: Place,
    questions: Questions,
    /// After how long a silence the server is told that somebody is there.
    keep_alive: Option<Duration>,
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

/// Whether each of many files is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Questions {
    Asked,
    Spared,
}

/// How the lines came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Properly,
    Interrupted,
}

/// Whether another line is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Line,
    End,
}

impl Shell {
    async fn converse(&mut self) -> io::Result<Ended> {
        loop {
            let patience = self.keep_alive.filter(|_| self.connection.is_some());
            match self.input.typed(patience, self.caller.interrupts()).await? {
                Typed::Line(line) => {
                    if self.line(&line).await? == Next::End {
                        return Ok(Ended::Properly);
                    }
                }
                Typed::End => return Ok(Ended::Properly),
                Typed::Interrupted => return Ok(Ended::Interrupted),
                Typed::NamesWanted(directory, answer) => answer.give(self.names_there(&directory).await),
                Typed::Nothing => {
                    let kept = self.keep_alive().await;
                    self.record(kept)?;
                }
            }
        }
    }

    /// Tells the server that somebody is there. Its reply is read and not shown, so it cannot pass for another.
    async fn keep_alive(&mut self) -> Result<(), ShellError> {
        let connection = self.connection.as_mut().ok_or(ShellError::NotConnected)?;
        connection.show_surplus(&mut self.screen).await?;
        let noop = Exchange::new(CommandLine::bare("NOOP"));
        match connection.perform(noop, Local::Nothing, &mut Nobody).await {
            // A server that does not know it has heard something all the same.
            Err(RuntimeError::Failed(Failure::Refused(_))) => Ok(()),
            done => Ok(done?),
        }
    }

    /// What stands in a directory of the server; nothing where it cannot be listed.
    async fn names_there(&mut self, directory: &[u8]) -> Vec<Vec<u8>> {
        let Some(connection) = &mut self.connection else { return Vec::new() };
        let listed = read(connection, Some(directory).filter(|directory| !directory.is_empty()), &mut Nobody).await;
        match listed {
            Ok(listing) => listing.entries.into_iter().map(|entry| entry.name).collect(),
            Err(Problem::Runtime(error)) if !error.leaves_connection() => {
                self.connection = None;
                Vec::new()
            }
            Err(_) => Vec::new(),
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
    #[error("the local file {} cannot be written: {problem}", escaped_path(.path))]
    Write { path: PathBuf, problem: io::Error },
    #[error("no file has a name that fits")]
    NothingFits,
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
