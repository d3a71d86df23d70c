//! Data connections: how they come about, and the transfer that runs on one.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use protocol::restart::Mark;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Timeouts;
use super::moving;
use super::tls::{Flow, Tls, Wire};
use crate::session::{End, Job, Order, Protection, Route};

/// The ports that may listen for a data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ports {
    /// Any that the kernel has.
    Any,
    /// One of these.
    Among(RangeInclusive<u16>),
}

impl Ports {
    /// Which one, nobody can foretell (RFC 2577 §5.1): the search begins anywhere.
    fn listen(&self, host: IpAddr) -> io::Result<std::net::TcpListener> {
        let Self::Among(ports) = self else { return std::net::TcpListener::bind((host, 0)) };
        let count = u64::from(ports.end().saturating_sub(*ports.start())) + 1;
        let begin = usize::try_from(RandomState::new().build_hasher().finish() % count).unwrap_or_default();
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for port in ports.clone().cycle().skip(begin).take(ports.len()) {
            match std::net::TcpListener::bind((host, port)) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
                bound => return bound,
            }
        }
        Err(last)
    }
}

/// A port that listens for a data connection.
pub(super) struct Passive {
    listener: TcpListener,
    address: SocketAddr,
}

impl Passive {
    /// Listens on a free port of this host. It listens when this returns: the client may connect as soon as it reads the reply.
    pub(super) fn listen(host: IpAddr, ports: &Ports) -> io::Result<Self> {
        let listener = ports.listen(host)?;
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

/// A data connection in clear, that is new, or that a transfer has left open.
pub(super) struct Open {
    pub(super) stream: std::net::TcpStream,
    /// What was read of it, and belongs to the next file.
    pub(super) unread: Vec<u8>,
}

impl Open {
    /// The connection, if the client has not closed it, or something is still to be read.
    fn if_alive(self) -> Option<Self> {
        let mut octet = [0];
        let peeked = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut octet));
        let is_alive = match peeked {
            Ok(length) => length > 0 || !self.unread.is_empty(),
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        is_alive.then_some(self)
    }
}

/// What there is to make a data connection of.
#[derive(Default)]
pub(super) struct Ways {
    pub(super) passive: Option<Passive>,
    pub(super) open: Option<Open>,
}

/// A transfer that has ended.
pub(super) struct Ended {
    pub(super) octets: u64,
    pub(super) end: End,
    /// The data connection, where the end says that it is open.
    pub(super) open: Option<Open>,
}

/// What a transfer tells.
pub(super) enum News {
    Marked(Mark),
    Ended(Ended),
}

/// How many markers may wait to be told. Then the transfer waits: a client that sends markers has to read the replies.
const MARKS: usize = 16;

/// A transfer that runs by itself.
pub(super) struct Running {
    task: JoinHandle<Ended>,
    moved: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
    marks: mpsc::Receiver<Mark>,
}

impl Running {
    pub(super) fn start(order: Order, ways: Ways, ends: Ends) -> Self {
        let moved = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = watch::channel(false);
        let (tell, marks) = mpsc::channel(MARKS);
        let wires = Wires { moved: Arc::clone(&moved), stopped, marks: tell };
        let task = tokio::spawn(transfer(order, ways, ends, wires));
        Self { task, moved, stop, marks }
    }

    /// How many octets are moved.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// Ends the transfer as soon as can be.
    pub(super) fn stop(&mut self) {
        self.stop.send_replace(true);
        // The thread may wait for a marker to be taken.
        self.marks.close();
    }

    /// What happens next. Every marker is told before the end.
    pub(super) async fn news(&mut self) -> News {
        tokio::select! {
            biased;
            Some(mark) = self.marks.recv() => News::Marked(mark),
            ended = end_of(&mut self.task, &self.moved) => News::Ended(ended),
        }
    }

    /// Waits for the end. The data connection is closed then, or handed over.
    pub(super) async fn ended(&mut self) -> Ended {
        end_of(&mut self.task, &self.moved).await
    }
}

async fn end_of(task: &mut JoinHandle<Ended>, moved: &AtomicU64) -> Ended {
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a transfer failed inside of the server");
        Ended { octets: moved.load(Ordering::Relaxed), end: End::LocalError, open: None }
    })
}

/// What a transfer hears and tells while it runs.
struct Wires {
    moved: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
    marks: mpsc::Sender<Mark>,
}

/// Our end of the control connection, and what it gives to its data connections.
#[derive(Debug, Clone)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) timeouts: Timeouts,
    pub(super) tls: Option<Tls>,
}

impl Ends {
    /// Who has connected and then says nothing of TLS is as late as one who has not connected.
    fn secure(&self, stream: std::net::TcpStream, flow: Flow) -> io::Result<Wire> {
        let Some(tls) = &self.tls else { return Err(io::ErrorKind::Unsupported.into()) };
        stream.set_read_timeout(Some(self.timeouts.data))?;
        let wire = Wire::secure(stream, tls, flow)?;
        wire.socket().set_read_timeout(Some(self.timeouts.idle))?;
        Ok(wire)
    }
}

async fn transfer(order: Order, ways: Ways, ends: Ends, mut wires: Wires) -> Ended {
    let opened = tokio::select! {
        opened = timeout(ends.timeouts.data, open(&order, ways, &ends)) => opened,
        () = until(&mut wires.stopped) => return without_connection(End::Stopped),
    };
    let open = match opened {
        Ok(Ok(open)) => open,
        Ok(Err(error)) => {
            tracing::debug!(%error, "no data connection");
            return without_connection(End::NotOpened);
        }
        Err(_) => return without_connection(End::NotOpened),
    };
    match blocking(&open.stream, ends.timeouts.idle) {
        Ok(handle) => work(order, open, handle, ends, wires).await,
        Err(error) => {
            tracing::warn!(%error, "the data connection cannot be used");
            without_connection(End::Broken)
        }
    }
}

fn without_connection(end: End) -> Ended {
    Ended { octets: 0, end, open: None }
}

/// Moves the bytes, on a thread. `handle` is of the same connection.
async fn work(order: Order, open: Open, handle: std::net::TcpStream, ends: Ends, wires: Wires) -> Ended {
    let Wires { moved, mut stopped, marks } = wires;
    let is_receiving = matches!(order.job, Job::Receive { .. });
    let flow = if is_receiving { Flow::FromClient } else { Flow::ToClient };
    let counter = Arc::clone(&moved);
    let mut work = tokio::task::spawn_blocking(move || {
        let secured = match order.protection {
            Protection::Clear => Ok(Wire::Clear(open.stream)),
            Protection::Private => ends.secure(open.stream, flow),
        };
        match secured {
            Ok(wire) => moving::run(order.job, moving::Data { wire, moved: counter, marks, unread: open.unread }),
            Err(error) => {
                tracing::debug!(%error, "no TLS on the data connection");
                moving::Done { end: End::NotSecured, open: None, whole: None }
            }
        }
    });
    let ended = tokio::select! {
        ended = &mut work => ended,
        () = until(&mut stopped) => {
            // This wakes the thread out of its read or write. A connection that is closed already needs it no more.
            if let Err(error) = handle.shutdown(std::net::Shutdown::Both) {
                tracing::debug!(%error, "the data connection was closed already");
            }
            work.await.map(|done| moving::Done { end: stopped_end(done.end, is_receiving), ..done })
        }
    };
    let ended = match ended {
        Ok(done) => land(done).await,
        Err(error) => Err(error),
    };
    let octets = moved.load(Ordering::Relaxed);
    match ended {
        Ok((end, open)) => Ended { octets, end, open: open.filter(|_| end == End::LeftOpen) },
        Err(error) => {
            tracing::error!(%error, "a transfer failed inside of the server");
            Ended { octets, end: End::LocalError, open: None }
        }
    }
}

/// Gives a whole file its name, on a thread, for the disk may be slow. Not before it is known that its end was that of the file and
/// not a stop.
async fn land(done: moving::Done) -> Result<(End, Option<Open>), tokio::task::JoinError> {
    let moving::Done { end, open, whole } = done;
    let Some(whole) = whole else { return Ok((end, open)) };
    let end = tokio::task::spawn_blocking(move || whole.land(end)).await?;
    Ok((end, open))
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
        // The connection that could stay open is shut down now.
        End::Complete | End::LeftOpen if !is_receiving => End::Complete,
        End::LocalError | End::NoSpace | End::TooMuch => end,
        End::Complete
        | End::LeftOpen
        | End::Refused(_)
        | End::Broken
        | End::NotOpened
        | End::NotSecured
        | End::Stopped => End::Stopped,
    }
}

/// Makes the stream fit for the thread that moves the bytes; returns another handle to stop it with.
fn blocking(stream: &std::net::TcpStream, idle: Duration) -> io::Result<std::net::TcpStream> {
    stream.set_nonblocking(false)?;
    // The octets of a file go in large pieces; what is small (a ticket of TLS, the end of a file in a block) must not wait
    // until the client acknowledges what went before.
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(idle))?;
    stream.set_write_timeout(Some(idle))?;
    stream.try_clone()
}

async fn open(order: &Order, ways: Ways, ends: &Ends) -> io::Result<Open> {
    let stream = match (order.route, ways.passive) {
        (Route::Open(address), _) => {
            // What is open is in clear.
            let open = ways.open.filter(|_| order.protection == Protection::Clear).and_then(Open::if_alive);
            match open {
                Some(open) => return Ok(open),
                None => connect(address, ends.local).await?,
            }
        }
        (Route::Active(address), _) => connect(address, ends.local).await?,
        (Route::Passive { from }, Some(passive)) => passive.accept(from).await?,
        (Route::Passive { .. }, None) => return Err(io::ErrorKind::NotConnected.into()),
    };
    Ok(Open { stream: stream.into_std()?, unread: Vec::new() })
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
