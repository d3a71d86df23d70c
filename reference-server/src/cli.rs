//! The command line of the server.

mod again;
mod configuration;
mod login;
mod logs;
mod man;
mod network;
mod passwd;
mod policy;
mod prepared;
mod process;
mod tls;

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use thiserror::Error;

use self::login::Login;
use self::logs::Logs;
use self::network::Network;
use self::policy::Policy;
use self::prepared::Prepared;
use self::process::Process;
use self::tls::TlsArguments;
use crate::certificates::CertificateError;
use crate::document::DocumentError;
use crate::process::{ConfinementError, RunAsError};
use crate::runtime::{self, InheritedError};
use crate::store::StoreError;

/// Serve a directory over FTP.
///
/// The form `-port N -root DIR` of the assignment is understood too.
#[derive(Debug, Clone, Parser)]
#[command(version)]
struct Arguments {
    /// The directory that is served; nothing outside of it can be reached
    #[arg(long, value_name = "DIR", required_unless_present = "memory")]
    root: Option<PathBuf>,
    /// Serve files in memory, with room for so many octets [without a number: 67108864]. They begin empty, and end with the server
    #[arg(long, value_name = "OCTETS", num_args = 0..=1, default_missing_value = "67108864", conflicts_with = "root")]
    memory: Option<u64>,
    /// The port of the control connection; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 21)]
    port: u16,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// The name of the site in the greeting [default: the name of this host]
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// How long to wait for a data connection, before 425
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = seconds)]
    data_timeout: u64,
    /// How long to wait for a command, before 421
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = seconds)]
    idle_timeout: u64,
    /// How long a transfer may stand still, before 426 [default: as long as --idle-timeout]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    stall_timeout: Option<u64>,
    /// Options in a file (TOML): `port = 2121` for --port 2121. What stands on the command line goes before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Say whether the file of --config, and all that it names, is fine; and end
    #[arg(long, requires = "config")]
    check_config: bool,
    /// Write the manual page of this program to standard output; and end
    #[arg(long, exclusive = true)]
    man: bool,
    #[command(flatten)]
    login: Login,
    #[command(flatten)]
    policy: Policy,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    logs: Logs,
    #[command(flatten)]
    process: Process,
    #[command(flatten)]
    tls: TlsArguments,
}

/// Why the server did not start.
#[derive(Debug, Error)]
enum StartError {
    #[error("cannot serve the directory {root}: {error}. Give an existing directory with --root.", root = .root.display())]
    Root { root: PathBuf, error: io::Error },
    #[error("cannot keep files in memory: {0}. Serve a directory with --root.")]
    Memory(io::Error),
    #[error("cannot serve the directory {directory}: {error}. Give an existing directory behind the =.", directory = .directory.display())]
    Directory { directory: PathBuf, error: io::Error },
    #[error("cannot serve the directory {directory} to {name}: {error}. Change its root in the file of --users.", directory = .directory.display())]
    Home { name: String, directory: PathBuf, error: io::Error },
    #[error("{name} is the name of guests, who give any password. Take this user out, or give --anonymous off.")]
    Guest { name: String },
    #[error(transparent)]
    Users(#[from] DocumentError),
    #[error("cannot listen on {address}: {error}. Give a free port with --port; 0 takes any.")]
    Listen { address: SocketAddr, error: io::Error },
    #[error(transparent)]
    Inherited(#[from] InheritedError),
    #[error(
        "a socket with the name `tls` is handed over, and there is no TLS. Give --tls-certificate and --tls-key, or --tls-generate."
    )]
    NoTls,
    #[error(transparent)]
    RunAs(#[from] RunAsError),
    #[error(transparent)]
    Confinement(#[from] ConfinementError),
    #[error("{what} cannot be entered by the user {user}: {error}. Give them to this user, or let it into them.")]
    Unreachable { what: String, user: String, error: StoreError },
    #[error(
        "{what} cannot be entered: {error}. Where the kernel keeps the server to the directories that it began with (--landlock), start it again."
    )]
    NotEntered { what: String, error: StoreError },
    #[error("cannot show the metrics at {address}: {error}. Give a free port with --metrics; 0 takes any.")]
    Metrics { address: SocketAddr, error: io::Error },
    #[error("cannot write the log {file}: {error}. Give a file in a directory where this user may write.", file = .file.display())]
    Log { file: PathBuf, error: io::Error },
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("cannot write the manual page: {0}")]
    Page(io::Error),
    #[error("the server failed: {0}")]
    Runtime(#[from] io::Error),
}

impl Arguments {
    /// Where the control connection is taken.
    fn address(&self) -> SocketAddr {
        SocketAddr::new(self.listen, self.port)
    }
}

/// Parses the arguments and serves until stopped from outside.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter().peekable();
    let program = arguments.next().unwrap_or_else(|| "reference-server".into());
    if arguments.peek().is_some_and(|first| first == "passwd") {
        let mut called = program;
        called.push(" passwd");
        return passwd::run(std::iter::once(called).chain(arguments.skip(1)));
    }
    let line = with_double_dashes(std::iter::once(program.clone()).chain(arguments));
    let arguments = match configuration::arguments(line.clone()) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    log_to_stderr();
    let done = if arguments.man {
        man::write(&program, &mut io::stdout().lock()).map_err(StartError::Page)
    } else {
        start(arguments, line)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Parses arguments; or says what is wrong with them, or the help.
fn parsed<P: Parser>(arguments: impl IntoIterator<Item = OsString>) -> Result<P, ExitCode> {
    P::try_parse_from(arguments).map_err(|error| told(&error))
}

/// clap knows whether this is help, which goes to standard output and is no failure.
fn told(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE }
}

/// The assignment writes `-port` and `-root` with one dash, which clap would take for a bundle of short flags.
fn with_double_dashes(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let rewrite = |argument: OsString| match argument.to_str() {
        Some("-port") => "--port".into(),
        Some("-root") => "--root".into(),
        Some(_) | None => argument,
    };
    arguments.into_iter().map(rewrite).collect()
}

/// Nothing is logged unless `RUST_LOG` asks for it: the one line that is always there says where the server listens.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off"));
    let started = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init();
    // Another part of the program that carries this one may log already; then its log is used.
    drop(started);
}

/// The clock counts on from now, and cannot count without end.
fn seconds(text: &str) -> Result<u64, String> {
    const YEAR: u64 = 365 * 24 * 60 * 60;
    let number = text.parse().ok().filter(|seconds| (1..=YEAR).contains(seconds));
    number.ok_or_else(|| format!("write whole seconds, from 1 to {YEAR} (a year)"))
}

fn start(arguments: Arguments, line: Vec<OsString>) -> Result<(), StartError> {
    let checked = arguments.config.clone().filter(|_| arguments.check_config);
    let prepared = Prepared::new(arguments, line)?;
    if let Some(file) = checked {
        writeln!(io::stdout(), "{} is fine", file.display())?;
        return Ok(());
    }
    runtime::to_the_end(prepared.limits, prepared.serve())?
}

/// Writes a line to standard error. When nobody reads it, there is nobody left to tell.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
