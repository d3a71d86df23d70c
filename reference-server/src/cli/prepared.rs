//! What the options ask for, read and opened, before anybody is listened to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::process::Bounds;
use super::tls::Wanted;
use super::{Arguments, StartError, say};
use crate::records::{Event, Logs, Records};
use crate::runtime::{
    self, Comparers, Failures, Inherited, Limits, Listener, Notifier, Ports, Rates, Server, Timeouts, Tls,
};
use crate::session::{Creation, Settings};
use crate::store::Store;

/// A server that only has to listen.
pub(super) struct Prepared {
    pub(super) limits: Limits,
    rates: Rates,
    settings: Settings,
    store: Arc<dyn Store>,
    tls: Option<Tls>,
    ports: Ports,
    timeouts: Timeouts,
    failures: Failures,
    logs: Logs,
    bounds: Bounds,
    address: SocketAddr,
    /// Where TLS begins at once.
    implicit: Option<SocketAddr>,
    /// Where metrics are shown.
    metrics: Option<SocketAddr>,
}

impl Prepared {
    pub(super) fn new(arguments: Arguments) -> Result<Self, StartError> {
        let bounds = arguments.process.bounds()?;
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
        let metrics = arguments.logs.metrics();
        let logs = if arguments.check_config {
            arguments.logs.check()?;
            Logs::default()
        } else {
            arguments.logs.open()?
        };
        let (limits, rates) = (arguments.network.limits(), arguments.network.rates());
        let ports = arguments.network.apply(&mut settings);
        if arguments.memory.is_some() {
            settings.creation = Creation::Settable;
        }
        let stall = arguments.stall_timeout.map_or(idle, Duration::from_secs);
        let timeouts = Timeouts { data: Duration::from_secs(arguments.data_timeout), idle, stall };
        Ok(Self {
            limits,
            rates,
            settings,
            store,
            tls,
            ports,
            timeouts,
            failures,
            logs,
            bounds,
            address,
            implicit,
            metrics,
        })
    }

    /// Listens, says where, and serves.
    pub(super) async fn serve(self) -> Result<(), StartError> {
        let inherited = Inherited::take()?;
        if inherited.implicit.is_some() && self.tls.is_none() {
            return Err(StartError::NoTls);
        }
        let (listener, address) = listen(inherited.clear, self.address).await?;
        let implicit = match (inherited.implicit, self.implicit) {
            (None, None) => None,
            (inherited, address) => Some(listen(inherited, address.unwrap_or(self.address)).await?),
        };
        let metrics = match self.metrics {
            Some(address) => {
                let failed = |error| StartError::Metrics { address, error };
                Some(listen_at(None, address).await.map_err(failed)?)
            }
            None => None,
        };
        let (notifier, unheard) = match Notifier::from_environment() {
            Ok(notifier) => (notifier, None),
            Err(error) => (Notifier::default(), Some(error)),
        };
        let comparers = Comparers::of_this_machine();
        // No thread is there but this one, and whatever is to be opened is open.
        self.bounds.set(self.store.as_ref(), &self.settings)?;
        let records = Arc::new(Records::start(self.logs)?);
        let (stopper, stop) = runtime::stop(notifier)?;
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
            failures: self.failures,
            comparers,
            stop,
            records: Arc::clone(&records),
            timeouts: self.timeouts,
            limits: self.limits,
            rates: self.rates,
            ports: self.ports,
            settings: Arc::new(self.settings),
            store: self.store,
            tls: self.tls,
        };
        let end = runtime::serve(listener, implicit.map(|(listener, _)| listener), Arc::new(server), stopper).await;
        records.tell(None, Event::Stopped);
        records.close();
        Ok(end?)
    }
}

fn open_store(arguments: &Arguments) -> Result<Arc<dyn Store>, StartError> {
    if let Some(size) = arguments.memory {
        return arguments.policy.in_memory(size).map_err(StartError::Memory);
    }
    // It is there: clap wants one of the two.
    let root = arguments.root.clone().unwrap_or_default();
    arguments.policy.open_root(&root).map_err(|error| StartError::Root { root, error })
}

/// Listens, unless a socket does so already; says where.
async fn listen(inherited: Option<Listener>, address: SocketAddr) -> Result<(Listener, SocketAddr), StartError> {
    listen_at(inherited, address).await.map_err(|error| StartError::Listen { address, error })
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
