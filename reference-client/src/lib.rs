//! The reference client of FTP: a session without I/O, the runtime that drives it, and what a person or a
//! harness types.
//!
//! [`run`] is the whole program; the harness carries it as `ftpspec client`.

mod arguments;
mod escape;
mod representation;
mod runtime;
mod script;
mod session;
mod shell;
mod target;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

/// Runs the client with the arguments of a command line, the name of the program first.
///
/// The exit code is 0 when everything asked for was done, 1 when something failed, 2 when the arguments
/// are wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
            return if error.print().is_ok() { code } else { ExitCode::FAILURE };
        }
    };
    match converse(&arguments) {
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}

fn converse(arguments: &Arguments) -> io::Result<ExitCode> {
    runtime::to_the_end(async {
        match &arguments.connect {
            Some(server) if arguments.script => script::run(server, arguments.timeout()).await,
            Some(_) | None => shell::run(arguments).await,
        }
    })?
}

/// Standard output is gone, or the system refuses what every program needs.
fn complain(error: &io::Error) -> ExitCode {
    // When standard error is gone too there is nobody left to tell; the exit code still says it.
    let _told = writeln!(io::stderr(), "The client cannot go on: {error}.");
    ExitCode::FAILURE
}
