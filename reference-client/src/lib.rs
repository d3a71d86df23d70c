//! The reference client of FTP: a session without I/O, the runtime that drives it, and what a person or a
//! harness types.
//!
//! [`run`] is the whole program; the harness carries it as `ftpspec client`.

mod arguments;
mod caller;
mod digest;
mod escape;
mod files;
mod listing;
mod netrc;
mod problem;
mod report;
mod runtime;
mod script;
mod session;
mod shell;
mod target;
mod tasks;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

/// Runs the client with the arguments of a command line, the name of the program first.
///
/// The exit code is 0 when everything asked for was done, 2 when the arguments are wrong. What fails in the shell and in a script
/// is 1; a task has a code for each kind of failure, which `--help` lists.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
            return if error.print().is_ok() { code } else { ExitCode::FAILURE };
        }
    };
    if let Some(stray) = arguments.stray() {
        return complain_of(&format!("{stray} is for the shell, and cannot stand beside a task"));
    }
    match converse(&arguments) {
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}

fn converse(arguments: &Arguments) -> io::Result<ExitCode> {
    runtime::to_the_end(async {
        if let Some(task) = &arguments.task {
            return tasks::run(task, &arguments.connecting).await;
        }
        match &arguments.connect {
            Some(server) if arguments.script => script::run(server, arguments.connecting.timeout()).await,
            Some(_) | None => shell::run(arguments).await,
        }
    })?
}

fn complain_of(usage: &str) -> ExitCode {
    let _told = writeln!(io::stderr(), "error: {usage}. For more information, try '--help'.");
    ExitCode::from(problem::USAGE)
}

/// Standard output is gone, or the system refuses what every program needs.
fn complain(error: &io::Error) -> ExitCode {
    // When standard error is gone too there is nobody left to tell; the exit code still says it.
    let _told = writeln!(io::stderr(), "The client cannot go on: {error}.");
    ExitCode::FAILURE
}
