//! Data connections: how they come about, and the transfer that runs on one.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Timeouts;
use super::moving;
use super::tls::{Tls, Wire};
use crate::session::{End, Job, Order, Protection, Route};

/// A port that listens for a data connection.
pub(super) struct Passive {
    listener: TcpListener,
    address: SocketAddr,
}

impl Passive {
    /// Listens on a free port of this host. It listens when this returns: the client may connect as soon as it reads the reply.
    pub(super) fn listen(host: IpAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((host, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes the connection of this host, or of any. Others are dropped.
    async fn accept(&self, host: Option<IpAddr>) -> io::Result<TcpStream> {
        loop {
            let (stream, from) = self.listener.accept().await?;
            if host.is_none_or(|host| from.ip().to_canonical() == host) {
                return Ok(stream);
            }
            tracing::warn!(%from, "a data connection from another host was dropped");
        }
    }
}

/// A transfer that runs by itself.
pub(super) struct Running {
    task: JoinHandle<(u64, End)>,
    moved: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
}

impl Running {
    pub(super) fn start(order: Order, passive: Option<Passive>, ends: Ends) -> Self {
        let moved = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(transfer(order, passive, ends, Arc::clone(&moved), stopped));
        Self { task, moved, stop }
    }

    /// How many octets are moved.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// Ends the transfer as soon as can be.
    pub(super) fn stop(&mut self) {
        self.stop.send_replace(true);
    }

    /// Waits for the end. The data connection is closed then.
    pub(super) async fn ended(&mut self) -> (u64, End) {
        let ended = (&mut self.task).await;
        ended.unwrap_or_else(|error| {
            tracing::error!(%error, "a transfer failed inside of the server");
            (self.moved(), End::LocalError)
        })
    }
}

/// Our end of the control connection, and what it gives to its data connections.
#[derive(Debug, Clone)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) timeouts: Timeouts,
    pub(super) tls: Option<Tls>,
}

impl Ends {
    fn secure(&self, stream: std::net::TcpStream) -> io::Result<Wire> {
        let Some(tls) = &self.tls else { return Err(io::ErrorKind::Unsupported.into()) };
        Wire::secure(stream, tls)
    }
}

async fn transfer(
    order: Order,
    passive: Option<Passive>,
    ends: Ends,
    moved: Arc<AtomicU64>,
    mut stopped: watch::Receiver<bool>,
) -> (u64, End) {
    let opened = tokio::select! {
        opened = timeout(ends.timeouts.data, open(order.route, passive, &ends)) => opened,
        () = until(&mut stopped) => return (0, End::Stopped),
    };
    let stream = match opened {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "no data connection");
            return (0, End::NotOpened);
        }
        Err(_) => return (0, End::NotOpened),
    };
    let (stream, handle) = match blocking(stream, ends.timeouts.idle) {
        Ok(both) => both,
        Err(error) => {
            tracing::warn!(%error, "the data connection cannot be used");
            return (0, End::Broken);
        }
    };
    let is_receiving = matches!(order.job, Job::Receive { .. });
    let counter = Arc::clone(&moved);
    let mut work = tokio::task::spawn_blocking(move || {
        let secured = match order.protection {
            Protection::Clear => Ok(Wire::Clear(stream)),
            Protection::Private => ends.secure(stream),
        };
        match secured {
            Ok(mut wire) => moving::run(order.job, &mut wire, &counter),
            Err(error) => {
                tracing::debug!(%error, "no TLS on the data connection");
                End::NotSecured
            }
        }
    });
    let end = tokio::select! {
        end = &mut work => end,
        () = until(&mut stopped) => {
            // This wakes the thread out of its read or write. A connection that is closed already needs it no more.
            if let Err(error) = handle.shutdown(std::net::Shutdown::Both) {
                tracing::debug!(%error, "the data connection was closed already");
            }
            work.await.map(|end| stopped_end(end, is_receiving))
        }
    };
    (moved.load(Ordering::Relaxed), end.unwrap_or(End::LocalError))
}

/// Waits until the transfer is to stop. Who gave up telling wants no transfer either.
async fn until(stopped: &mut watch::Receiver<bool>) {
    let told = stopped.wait_for(|stopped| *stopped).await;
    drop(told);
}

/// How a transfer that was stopped has ended. The last octet of a file may have been sent just before. For a file that is
/// received the stop itself looks like the end of the file, so that it never counts as complete.
fn stopped_end(end: End, is_receiving: bool) -> End {
    match end {
        End::Complete if !is_receiving => End::Complete,
        End::LocalError | End::NoSpace | End::TooMuch => end,
        End::Complete | End::Broken | End::NotOpened | End::NotSecured | End::Stopped => End::Stopped,
    }
}

/// The stream for the thread that moves the bytes, and another handle to stop it with.
fn blocking(stream: TcpStream, idle: Duration) -> io::Result<(std::net::TcpStream, std::net::TcpStream)> {
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(idle))?;
    stream.set_write_timeout(Some(idle))?;
    let handle = stream.try_clone()?;
    Ok((stream, handle))
}

async fn open(route: Route, passive: Option<Passive>, ends: &Ends) -> io::Result<TcpStream> {
    match (route, passive) {
        (Route::Active(address), _) => connect(address, ends.local).await,
        (Route::Passive { from }, Some(passive)) => passive.accept(from).await,
        (Route::Passive { .. }, None) => Err(io::ErrorKind::NotConnected.into()),
    }
}

/// Connects from the default data port, L-1 where L is the control port (RFC 959 §5.2), on the host that the client talks to
/// (RFC 1123 §4.1.2.12). Where that port cannot be had, from any: it may be below 1024, or another process may have it, or
/// a connection between the same two ports may have been closed a moment ago.
async fn connect(address: SocketAddr, local: SocketAddr) -> io::Result<TcpStream> {
    let default_port = local.port().saturating_sub(1);
    if default_port != 0
        && let Ok(socket) = bound(address, SocketAddr::new(local.ip(), default_port))
    {
        match socket.connect(address).await {
            Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) => {}
            connected => return connected,
        }
    }
    bound(address, SocketAddr::new(local.ip(), 0))?.connect(address).await
}

fn bound(address: SocketAddr, local: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(family_of(address.ip(), local.ip()), local.port()))?;
    Ok(socket)
}

/// The local host in the family of the other: on a socket of both families an IPv4 host has an IPv6 form.
fn family_of(other: IpAddr, local: IpAddr) -> IpAddr {
    match (other, local.to_canonical()) {
        (IpAddr::V6(_), IpAddr::V4(_)) => local,
        (_, canonical) => canonical,
    }
}
