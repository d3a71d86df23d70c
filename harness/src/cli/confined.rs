//! `ftpspec confined`: the step by which a submission is started. People do not type it.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::subject::{Bounds, Step, become_confined};

/// Take limits upon this process, and become a command.
#[derive(Debug, Args)]
pub(super) struct Confined {
    #[arg(long)]
    processes: u64,
    #[arg(long)]
    memory: u64,
    #[arg(long)]
    cpu: u64,
    #[arg(long)]
    file: u64,
    #[arg(long)]
    owner: Option<u32>,
    #[arg(long)]
    hold: bool,
    #[arg(long)]
    landlock: bool,
    #[arg(long)]
    readable: Vec<PathBuf>,
    #[arg(long)]
    writable: Vec<PathBuf>,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// As a shell says that a program cannot be run.
const CANNOT_RUN: u8 = 126;

impl Confined {
    pub(super) fn run(self) -> ExitCode {
        let Self { processes, memory, cpu, file, owner, hold, landlock, readable, writable, command } = self;
        let bounds = Bounds { processes, memory, cpu, file, disk: 0 };
        let error = become_confined(&Step { bounds, owner, hold, landlock, readable, writable }, &command);
        let program = command.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default();
        // Nobody else can be told.
        let _ = writeln!(anstream::stderr(), "cannot run {program}: {error}");
        ExitCode::from(CANNOT_RUN)
    }
}
