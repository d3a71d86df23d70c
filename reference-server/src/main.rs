//! The reference server as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    reference_server::run(std::env::args_os())
}
