//! The command line of the server.

mod login;
mod network;
mod passwd;
mod policy;
mod tls;

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use thiserror::Error;

use self::login::Login;
use self::network::Network;
use self::policy::Policy;
use self::tls::{TlsArguments, Wanted};
use crate::certificates::CertificateError;
use crate::document::DocumentError;
use crate::runtime::{self, Failures, Server, Timeouts};
use crate::session::{Creation, Settings};
use crate::store::Store;

/// Serve a directory over FTP.
///
/// The form `-port N -root DIR` of the assignment is understood too.
#[derive(Debug, Parser)]
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
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    data_timeout: u64,
    /// How long to wait for a command, before 421, or for progress of a transfer, before 426
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..))]
    idle_timeout: u64,
    #[command(flatten)]
    login: Login,
    #[command(flatten)]
    policy: Policy,
    #[command(flatten)]
    network: Network,
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
    #[error(transparent)]
    Users(#[from] DocumentError),
    #[error("cannot listen on {address}: {error}. Give a free port with --port; 0 takes any.")]
    Listen { address: SocketAddr, error: io::Error },
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the server failed: {0}")]
    Runtime(#[from] io::Error),
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
    let arguments = match parsed::<Arguments>(with_double_dashes(std::iter::once(program).chain(arguments))) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    log_to_stderr();
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Parses arguments; or says what is wrong with them, or the help.
fn parsed<P: Parser>(arguments: impl IntoIterator<Item = OsString>) -> Result<P, ExitCode> {
    P::try_parse_from(arguments).map_err(|error| {
        // clap knows whether this is help, which goes to standard output and is no failure.
        let code = u8::try_from(error.exit_code()).unwrap_or(2);
        if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE }
    })
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

fn start(arguments: Arguments) -> Result<(), StartError> {
    runtime::to_the_end(arguments.network.limits(), serve(arguments))?
}

async fn serve(arguments: Arguments) -> Result<(), StartError> {
    let store = open_store(&arguments)?;
    let address = SocketAddr::new(arguments.listen, arguments.port);
    let site = arguments.site.unwrap_or_else(host_name);
    let wanted = arguments.tls.wanted(&site, address)?;
    let implicit = wanted.as_ref().and_then(|wanted| wanted.implicit);
    let (policy, tls) = wanted.map(|Wanted { policy, tls, .. }| (policy, tls)).unzip();
    let idle = Duration::from_secs(arguments.idle_timeout);
    let mut settings = Settings { site, tls: policy, idle_limit: idle, ..Settings::default() };
    let failures = Failures::new(arguments.login.penalties());
    arguments.login.apply(&mut settings, arguments.root.as_deref(), &arguments.policy)?;
    arguments.policy.apply(&mut settings)?;
    let limits = arguments.network.limits();
    let ports = arguments.network.apply(&mut settings);
    if arguments.memory.is_some() {
        settings.creation = Creation::Settable;
    }
    let (listener, address) = listen(address).await?;
    let implicit = match implicit {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    say(&format!("listening on {address}"));
    if let Some((_, address)) = &implicit {
        say(&format!("listening on {address}, with TLS from the beginning"));
    }
    let (stopper, stop) = runtime::stop();
    let server = Server {
        failures,
        comparers: runtime::comparers(),
        stop,
        timeouts: Timeouts { data: Duration::from_secs(arguments.data_timeout), idle },
        limits,
        ports,
        settings: Arc::new(settings),
        store,
        tls,
    };
    Ok(runtime::serve(listener, implicit.map(|(listener, _)| listener), Arc::new(server), stopper).await?)
}

fn open_store(arguments: &Arguments) -> Result<Arc<dyn Store>, StartError> {
    if let Some(size) = arguments.memory {
        return arguments.policy.in_memory(size).map_err(StartError::Memory);
    }
    // It is there: clap wants one of the two.
    let root = arguments.root.clone().unwrap_or_default();
    arguments.policy.open_root(&root).map_err(|error| StartError::Root { root, error })
}

async fn listen(address: SocketAddr) -> Result<(runtime::Listener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address, error };
    let listener = runtime::listen(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// Writes a line to standard error. When nobody reads it, there is nobody left to tell.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
