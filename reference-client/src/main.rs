//! The program `reference-client`.

use std::process::ExitCode;

fn main() -> ExitCode {
    reference_client::run(std::env::args_os())
}
