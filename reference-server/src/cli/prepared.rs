//! What the options ask for, read and opened, before anybody is listened to.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::again::Again;
use super::process::Bounds;
use super::tls::Wanted;
use super::{Arguments, StartError, say};
use crate::records::{Event, Logs, Records};
use crate::runtime::{
    self, Comparers, Failures, Inherited, Latest, Limits, Listener, Notifier, Ports, Served, Server, Timeouts,
};
use crate::session::{Creation, Settings};
use crate::store::Store;

/// A server that only has to listen.
pub(super) struct Prepared {
    pub(super) limits: Limits,
    served: Arc<Latest<Served>>,
    failures: Arc<Failures>,
    logs: Logs,
    line: Vec<OsString>,
    /// The options that the server begins with.
    running: Arguments,
    bounds: Bounds,
    address: SocketAddr,
    /// Where TLS begins at once.
    implicit: Option<SocketAddr>,
    /// Where metrics are shown.
    metrics: Option<SocketAddr>,
}

impl Prepared {
    /// `line` is the command line that the options come from.
    pub(super) fn new(arguments: Arguments, line: Vec<OsString>) -> Result<Self, StartError> {
        let bounds = arguments.process.bounds()?;
        let running = arguments.clone();
        let address = arguments.address();
        let (limits, penalties) = (arguments.network.limits(), arguments.login.penalties());
        let (implicit, metrics) = (arguments.tls.implicit(address), arguments.logs.metrics());
        let served = served(arguments, None)?;
        let logs = if running.check_config {
            running.logs.check()?;
            Logs::default()
        } else {
            running.logs.open(bounds.run_as())?
        };
        let (served, failures) = (Arc::new(Latest::new(served)), Arc::new(Failures::new(penalties)));
        Ok(Self { limits, served, failures, logs, line, running, bounds, address, implicit, metrics })
    }

    /// Listens, says where, and serves.
    pub(super) async fn serve(self) -> Result<(), StartError> {
        let (inherited, first) = (Inherited::take()?, self.served.now());
        if inherited.implicit.is_some() && first.tls.is_none() {
            return Err(StartError::NoTls);
        }
        let (listener, address) = listen(inherited.clear, self.address).await?;
        let implicit = match (inherited.implicit, self.implicit) {
            (None, None) => None,
            (inherited, address) => Some(listen(inherited, address.unwrap_or(self.address)).await?),
        };
        let metrics = listen_for_metrics(self.metrics).await?;
        let (notifier, unheard) = match Notifier::from_environment() {
            Ok(notifier) => (notifier, None),
            Err(error) => (Notifier::default(), Some(error)),
        };
        let comparers = Comparers::of_this_machine();
        Ports::look_up();
        // No thread is there but this one, and whatever is to be opened is open.
        self.bounds.set(first.store.as_ref(), &first.settings, &self.running.read_again())?;
        let records = Arc::new(Records::start(self.logs)?);
        let again = Again {
            line: self.line,
            in_memory: self.running.memory.is_some().then(|| Arc::clone(&first.store)),
            running: self.running,
            bounds: self.bounds,
            served: Arc::clone(&self.served),
            failures: Arc::clone(&self.failures),
            records: Arc::clone(&records),
        };
        drop(first);
        let (stopper, stop) = runtime::stop(notifier)?;
        let hangups = runtime::hangups()?;
        say(&format!("listening on {address}"));
        if let Some((_, address)) = &implicit {
            say(&format!("listening on {address}, with TLS from the beginning"));
        }
        if let Some(error) = unheard {
            say(&format!("warning: nobody can be told that the server is ready: NOTIFY_SOCKET: {error}"));
        }
        if let Some((listener, address)) = metrics {
            say(&format!("metrics at http://{address}/metrics"));
            runtime::show_metrics(listener, Arc::clone(&records));
        }
        for address in [Some(address), implicit.as_ref().map(|(_, address)| *address)].into_iter().flatten() {
            records.tell(None, Event::Started { address });
        }
        let server = Server {
            served: self.served,
            failures: self.failures,
            comparers,
            stop,
            records: Arc::clone(&records),
            limits: self.limits,
        };
        let implicit = implicit.map(|(listener, _)| listener);
        let end = runtime::serve(listener, implicit, Arc::new(server), stopper, hangups, move || again.read()).await;
        records.tell(None, Event::Stopped);
        records.close();
        Ok(end?)
    }
}

/// What sessions get. `in_memory` are the files that are in memory already.
pub(super) fn served(arguments: Arguments, in_memory: Option<Arc<dyn Store>>) -> Result<Served, StartError> {
    let store = open_store(&arguments, in_memory)?;
    let site = arguments.site.unwrap_or_else(host_name);
    let wanted = arguments.tls.wanted(&site)?;
    let (policy, tls) = wanted.map(|Wanted { policy, tls }| (policy, tls)).unzip();
    let idle = Duration::from_secs(arguments.idle_timeout);
    let mut settings = Settings { site, tls: policy, idle_limit: idle, ..Settings::default() };
    arguments.login.apply(&mut settings, arguments.root.as_deref(), &arguments.policy)?;
    arguments.policy.apply(&mut settings)?;
    let rates = arguments.network.rates();
    let ports = arguments.network.apply(&mut settings);
    if arguments.memory.is_some() {
        settings.creation = Creation::Settable;
    }
    let stall = arguments.stall_timeout.map_or(idle, Duration::from_secs);
    let timeouts = Timeouts { data: Duration::from_secs(arguments.data_timeout), idle, stall };
    Ok(Served { settings: Arc::new(settings), store, timeouts, rates, ports, tls })
}

fn open_store(arguments: &Arguments, in_memory: Option<Arc<dyn Store>>) -> Result<Arc<dyn Store>, StartError> {
    if let Some(size) = arguments.memory {
        let begin = || arguments.policy.in_memory(size).map_err(StartError::Memory);
        return in_memory.map_or_else(begin, Ok);
    }
    // It is there: clap wants one of the two.
    let root = arguments.root.clone().unwrap_or_default();
    arguments.policy.open_root(&root).map_err(|error| StartError::Root { root, error })
}

/// Listens, unless a socket does so already; says where.
async fn listen(inherited: Option<Listener>, address: SocketAddr) -> Result<(Listener, SocketAddr), StartError> {
    listen_at(inherited, address).await.map_err(|error| StartError::Listen { address, error })
}

async fn listen_for_metrics(address: Option<SocketAddr>) -> Result<Option<(Listener, SocketAddr)>, StartError> {
    let Some(address) = address else { return Ok(None) };
    let listening = listen_at(None, address).await;
    listening.map(Some).map_err(|error| StartError::Metrics { address, error })
}

async fn listen_at(inherited: Option<Listener>, address: SocketAddr) -> io::Result<(Listener, SocketAddr)> {
    let listener = match inherited {
        Some(listener) => listener,
        None => runtime::listen(address).await?,
    };
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}
