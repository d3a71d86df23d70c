//! The reference server: a strict, complete FTP server to compare others with.
//!
//! | module | what it does |
//! |---|---|
//! | `session` | one control connection as a state machine, without I/O |
//! | `store` | the files |
//! | `coding` | how the coders of `protocol` are used |
//! | `runtime` | the only sockets: feeds the session, and moves the bytes |
//! | `process` | what this process may do |
//! | `records` | what the operator is told |
//! | `users` | the file of users |
//! | `document` | TOML files, and what is wrong in them |
//! | `cli` | the command line |

mod accounts;
mod certificates;
mod cli;
mod coding;
mod document;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod process;
mod records;
mod runtime;
mod session;
mod store;
mod users;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the server until it is stopped from outside. The first of `arguments` is the name of the program, as in `argv`.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    cli::run(arguments)
}
