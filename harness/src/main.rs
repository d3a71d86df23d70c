//! The program `ftpspec`.

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::run(std::env::args_os())
}
