//! The only sockets: they feed sessions and do what sessions say.

mod channel;
mod comparers;
mod control;
mod data;
mod failures;
mod inherited;
mod metrics;
mod moving;
mod notifier;
mod pace;
mod passive;
mod places;
mod ports;
mod reload;
mod stop;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};

use crate::records::{Event, Records, Refusal};
use crate::session::{Security, Settings, Standing};
use crate::store::Store;

use places::Places;

pub(crate) use comparers::Comparers;
pub(crate) use failures::{Failures, Penalties};
pub(crate) use inherited::{Inherited, InheritedError};
pub(crate) use metrics::show as show_metrics;
pub(crate) use notifier::Notifier;
pub(crate) use pace::{Rates, SLOWEST};
pub(crate) use places::Limits;
pub(crate) use ports::Ports;
pub(crate) use reload::{Hangups, Latest, Reload, hangups};
pub(crate) use stop::{Stop, Stopper, stop, unless_interrupted};
pub(crate) use tls::Tls;
#[cfg(feature = "fuzzing")]
pub use tls::fuzzing::receive as tls_of_control;

/// How many threads there may be besides those that move files: for what the sessions ask of the store.
const MORE_THREADS: usize = 64;

/// What all connections share.
pub(crate) struct Server {
    /// What the next session gets.
    pub(crate) served: Arc<Latest<Served>>,
    pub(crate) limits: Limits,
    pub(crate) comparers: Comparers,
    pub(crate) failures: Arc<Failures>,
    pub(crate) stop: Stop,
    pub(crate) records: Arc<Records>,
}

/// What a session keeps to its end, whatever the options are by then.
pub(crate) struct Served {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) timeouts: Timeouts,
    pub(crate) rates: Rates,
    pub(crate) ports: Ports,
    pub(crate) tls: Option<Tls>,
}

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the data connection; then 425.
    pub(crate) data: Duration,
    /// For a client to read its replies.
    pub(crate) idle: Duration,
    /// For an octet more of a transfer; then 426.
    pub(crate) stall: Duration,
}

/// Runs what serves. Sessions share one thread, for they only think; files and transfers have threads of their own.
///
/// A stalled transfer holds a thread, and must not be able to take them all: each session has its own for the one transfer
/// that it may run.
pub(crate) fn to_the_end<T>(limits: Limits, serving: impl Future<Output = T>) -> io::Result<T> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().max_blocking_threads(limits.in_all.saturating_add(MORE_THREADS));
    let runtime = runtime.build()?;
    let end = runtime.block_on(serving);
    // A thread that waits for a client is not waited for.
    runtime.shutdown_background();
    Ok(end)
}

/// A port for control connections.
pub(crate) type Listener = TcpListener;

/// Listens for control connections.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<Listener> {
    TcpListener::bind(address).await
}

/// Serves whoever connects, until SIGTERM or SIGINT. On the second port TLS begins without AUTH. At each SIGHUP `reread` puts
/// something new into what is served.
///
/// Then nobody new is let in, transfers come to their end, and every session is told 421. A second signal ends it at once.
pub(crate) async fn serve(
    clear: Listener,
    implicit: Option<Listener>,
    server: Arc<Server>,
    mut stopper: Stopper,
    hangups: Hangups,
    reread: impl Fn() -> Reload + Send + Sync + 'static,
) -> io::Result<()> {
    let places = Places::new(server.limits);
    stopper.notifier.ready();
    let notifier = Arc::clone(&stopper.notifier);
    let implicit = async {
        match implicit {
            Some(listener) => watch(listener, &server, &places, Security::IMPLICIT).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        never = watch(clear, &server, &places, Security::Clear) => return never,
        never = implicit => return never,
        () = reload::follow(hangups, notifier, reread) => {}
        () = stopper.asked() => {}
    }
    drop(server);
    stopper.end().await;
    Ok(())
}

/// Serves whoever connects to one port.
async fn watch(listener: Listener, server: &Arc<Server>, places: &Arc<Places>, security: Security) -> io::Result<()> {
    loop {
        let (stream, from) = accepted(&listener).await;
        let server = Arc::clone(server);
        let standing = server.failures.standing_of(from.ip(), Instant::now());
        let place = places.take(from.ip());
        let why = match standing {
            _ if place.is_none() => Some(Refusal::NoPlace),
            Standing::ShutOut => Some(Refusal::ShutOut),
            Standing::MayTryAgain => None,
        };
        if let Some(why) = why {
            server.records.tell(Some(server.records.client(from)), Event::TurnedAway(why));
        }
        match place {
            // Under TLS there is no word that would be understood.
            None if security == Security::IMPLICIT => drop(stream),
            Some(_) if security == Security::IMPLICIT && standing == Standing::ShutOut => drop(stream),
            Some(place) if standing == Standing::ShutOut => {
                tokio::spawn(async move {
                    control::turn_away(stream, control::SHUT_OUT).await;
                    drop(place);
                });
            }
            Some(place) => {
                tokio::spawn(async move {
                    control::converse(stream, server, security).await;
                    drop(place);
                });
            }
            None => {
                tokio::spawn(control::turn_away(stream, control::NO_PLACE));
            }
        }
    }
}

/// The next connection.
async fn accepted(listener: &Listener) -> (TcpStream, SocketAddr) {
    /// After a failed accept. There is nothing to wait for: the system says that it has no sockets left, and not when it has.
    const BREATH: Duration = Duration::from_millis(50);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                // No event tells when there are sockets again.
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}
