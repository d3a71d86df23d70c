//! The only sockets: they feed sessions and do what sessions say.

mod channel;
mod control;
mod data;
mod moving;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::session::{Security, Settings};
use crate::store::Store;

pub(crate) use tls::Tls;

/// How many control connections may be open at a time. One more is told 421.
const CONNECTION_LIMIT: usize = 1000;

/// How many threads may move files. A stalled transfer holds one, and must not be able to take them all: each connection
/// has its own for the one transfer it may run, and some are left for what the sessions ask of the store.
const THREAD_LIMIT: usize = CONNECTION_LIMIT + 64;

/// What all connections share.
pub(crate) struct Server {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) timeouts: Timeouts,
    pub(crate) tls: Option<Tls>,
}

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the data connection; then 425.
    pub(crate) data: Duration,
    /// For an octet more of a transfer; then 426.
    pub(crate) idle: Duration,
}

/// Runs what serves. Sessions share one thread, for they only think; files and transfers have threads of their own.
pub(crate) fn to_the_end<T>(serving: impl Future<Output = T>) -> io::Result<T> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().max_blocking_threads(THREAD_LIMIT);
    Ok(runtime.build()?.block_on(serving))
}

/// A port for control connections.
pub(crate) type Listener = TcpListener;

/// Listens for control connections.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<Listener> {
    TcpListener::bind(address).await
}

/// Serves whoever connects, for ever. On the second port TLS begins without AUTH.
pub(crate) async fn serve(clear: Listener, implicit: Option<Listener>, server: Arc<Server>) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTION_LIMIT));
    let implicit = async {
        match implicit {
            Some(listener) => watch(listener, &server, &places, Security::IMPLICIT).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        never = watch(clear, &server, &places, Security::Clear) => never,
        never = implicit => never,
    }
}

/// Serves whoever connects to one port.
async fn watch(
    listener: Listener,
    server: &Arc<Server>,
    places: &Arc<Semaphore>,
    security: Security,
) -> io::Result<()> {
    /// After a failed accept. There is nothing to wait for: the system says that it has no sockets left, and not when it has.
    const BREATH: Duration = Duration::from_millis(50);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let server = Arc::clone(server);
        match Arc::clone(places).try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(async move {
                    control::converse(stream, server, security).await;
                    drop(place);
                });
            }
            // Under TLS there is no word that would be understood.
            Err(_) if security == Security::IMPLICIT => drop(stream),
            Err(_) => {
                tokio::spawn(control::turn_away(stream));
            }
        }
    }
}
