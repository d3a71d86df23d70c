//! A relay between a client and a server: everything passes as it is, but for what rules lay over it.
//!
//! PASV, EPSV, PORT and EPRT are rewritten, so that the data connections run through the relay as well. It believes neither
//! side: what it keeps of either is bounded, and what it cannot read it passes on. Urgent data stays urgent.

mod flow;
mod lines;
mod passage;
mod replies;
mod secrets;
mod session;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use self::session::Session;
use super::data::connect_alone;
use super::witness::Witness;
use crate::scenario::rule::Deviations;

/// The most control connections that wait or are served at a time.
const MOST_CLIENTS: usize = 1000;
/// The most tasks that are remembered, so that they end with the relay.
const MOST_TASKS: usize = 4096;

/// A door in front of a server. When it is dropped, every connection through it ends.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What the sessions of a relay share.
#[derive(Debug)]
pub(super) struct Shared {
    deviations: Arc<Deviations>,
    server: SocketAddr,
    /// The port before that of the door, kept for data connections (RFC 959 §5.2).
    default_port: Option<Socket>,
    /// How often each rule fitted.
    fitted: Vec<AtomicU64>,
    tasks: Mutex<Vec<AbortHandle>>,
    /// Who writes down what is seen of the client.
    witness: Witness,
    /// How many control connections there are.
    served: watch::Sender<usize>,
}

impl Relay {
    /// Opens a door in front of the server at this address. It is served by the runtime that this is called on.
    ///
    /// # Errors
    /// No port is free.
    pub async fn open(server: SocketAddr, deviations: Arc<Deviations>) -> io::Result<Self> {
        Self::witnessed(server, deviations, Witness::default()).await
    }

    /// The same, and what is seen of the clients is written down.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) async fn witnessed(
        server: SocketAddr,
        deviations: Arc<Deviations>,
        witness: Witness,
    ) -> io::Result<Self> {
        let (listener, default_port) = door(server.ip()).await?;
        let address = listener.local_addr()?;
        let fitted = deviations.rules.iter().map(|_| AtomicU64::new(0)).collect();
        let shared = Arc::new(Shared {
            deviations,
            server,
            default_port,
            fitted,
            tasks: Mutex::default(),
            witness,
            served: watch::Sender::new(0),
        });
        shared.spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared })
    }

    /// Waits until no control connection stands any more, or so long.
    pub(super) async fn settled(&self, within: Duration) {
        let mut served = self.shared.served.subscribe();
        // Whoever still stays then is cut off.
        timeout(within, served.wait_for(|served| *served == 0)).await.ok();
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Relays one client, and gives back when its control connection has ended. What is seen of it is written down.
///
/// # Errors
/// The server cannot be reached, or one side broke off.
pub(super) async fn through(client: TcpStream, server: SocketAddr, witness: Witness) -> io::Result<()> {
    let shared = Arc::new(Shared {
        deviations: Arc::default(),
        server,
        default_port: None,
        fitted: Vec::new(),
        tasks: Mutex::default(),
        witness,
        served: watch::Sender::new(1),
    });
    let whole = Relay { address: client.local_addr()?, shared: Arc::clone(&shared) };
    let ended = begun(client, shared, 1).await;
    drop(whole);
    ended
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.end();
    }
}

impl Shared {
    /// Starts a task that ends with the relay.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        let handle = tokio::spawn(task).abort_handle();
        if tasks.len() >= MOST_TASKS {
            handle.abort();
        }
        tasks.push(handle.clone());
        handle
    }

    /// Ends every connection, and listens no more.
    fn end(&self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }

    /// Counts that this rule fitted, and gives how often it did.
    fn count(&self, rule: usize) -> u64 {
        self.fitted.get(rule).map_or(0, |count| count.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Connects to a client from the default data port of the door. Where that cannot be had, from any port.
    async fn connect_from_default_port(&self, client: SocketAddr) -> io::Result<TcpStream> {
        let own = self.default_port.as_ref().and_then(|kept| kept.local_addr().ok()?.as_socket());
        if let Some(own) = own.filter(|own| own.is_ipv4() == client.is_ipv4()) {
            let socket = if own.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.set_reuseaddr(true)?;
            if socket.bind(own).is_ok() {
                match socket.connect(client).await {
                    Err(error)
                        if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) => {}
                    connected => return connected,
                }
            }
        }
        TcpStream::connect(client).await
    }

    /// Where the server is.
    fn server_host(&self) -> IpAddr {
        self.server.ip()
    }
}

/// So many doors are tried until the port before one is free.
const MOST_DOORS: usize = 20;

/// Listens at a free port, and keeps the port before it.
async fn door(host: IpAddr) -> io::Result<(TcpListener, Option<Socket>)> {
    let mut listener = TcpListener::bind((host, 0)).await?;
    for _ in 0..MOST_DOORS {
        let address = listener.local_addr()?;
        let before = SocketAddr::new(host, address.port().saturating_sub(1));
        let kept = Socket::new(Domain::for_address(before), Type::STREAM, None)?;
        kept.set_reuse_address(true)?;
        if kept.bind(&before.into()).is_ok() {
            return Ok((listener, Some(kept)));
        }
        listener = TcpListener::bind((host, 0)).await?;
    }
    Ok((listener, None))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(shared.deviations.clients.unwrap_or(MOST_CLIENTS).min(MOST_CLIENTS)));
    let mut number = 0;
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let client = match listener.accept().await {
            Ok((client, _)) => client,
            Err(error) => {
                // The client is gone again, or there are too many files: the next one may do better.
                tracing::debug!(%error, "the relay could not take a connection");
                tokio::task::yield_now().await;
                continue;
            }
        };
        number += 1;
        let own = Arc::clone(&shared);
        shared.served.send_modify(|served| *served += 1);
        shared.spawn(async move {
            if let Err(error) = begun(client, Arc::clone(&own), number).await {
                tracing::debug!(%error, "a relayed connection ended");
            }
            own.served.send_modify(|served| *served = served.saturating_sub(1));
            drop(place);
        });
    }
}

async fn begun(client: TcpStream, shared: Arc<Shared>, number: u64) -> io::Result<()> {
    let server = connect_alone(shared.server).await?;
    Session::new(client, server, shared, number)?.run().await
}

#[cfg(test)]
mod tests;
