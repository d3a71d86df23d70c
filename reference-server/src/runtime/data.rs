//! Data connections: how they come about, and the transfer that runs on one.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use protocol::restart::Mark;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Timeouts;
use super::moving;
use super::pace::{Meter, Paces};
use super::passive::{Met, Passive};
use super::tls::{Flow, Handshake, Tls, Wire};
use crate::records::{Records, Tally};
use crate::session::{End, Job, Order, Protection, Route};

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
    meter: Meter,
    stop: watch::Sender<bool>,
    marks: mpsc::Receiver<Mark>,
}

impl Running {
    pub(super) fn start(order: Order, ways: Ways, ends: Ends) -> Self {
        let pace = if is_receiving(&order) { &ends.paces.from_client } else { &ends.paces.to_client };
        let meter = Meter::new(pace.clone());
        let (stop, stopped) = watch::channel(false);
        let (tell, marks) = mpsc::channel(MARKS);
        let wires = Wires { meter: meter.clone(), stopped, marks: tell };
        let task = tokio::spawn(transfer(order, ways, ends, wires));
        Self { task, meter, stop, marks }
    }

    /// So many were moved before it began. The file stands behind them.
    pub(super) fn count(&self, octets: usize) {
        self.meter.count(octets);
    }

    /// How many octets are moved.
    pub(super) fn moved(&self) -> u64 {
        self.meter.octets()
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
            ended = end_of(&mut self.task, &self.meter) => News::Ended(ended),
        }
    }

    /// Waits for the end. The data connection is closed then, or handed over.
    pub(super) async fn ended(&mut self) -> Ended {
        end_of(&mut self.task, &self.meter).await
    }
}

async fn end_of(task: &mut JoinHandle<Ended>, meter: &Meter) -> Ended {
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a transfer failed inside of the server");
        Ended { octets: meter.octets(), end: End::LocalError, open: None }
    })
}

/// What a transfer hears and tells while it runs.
struct Wires {
    meter: Meter,
    stopped: watch::Receiver<bool>,
    marks: mpsc::Sender<Mark>,
}

/// Our end of the control connection, and what it gives to its data connections.
#[derive(Debug, Clone)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) timeouts: Timeouts,
    pub(super) tls: Option<Tls>,
    pub(super) paces: Paces,
    pub(super) records: Arc<Records>,
}

async fn transfer(order: Order, ways: Ways, ends: Ends, mut wires: Wires) -> Ended {
    let opened = tokio::select! {
        opened = opened(&order, ways, &ends) => opened,
        () = until(&mut wires.stopped) => Err(End::Stopped),
    };
    let line = match opened {
        Ok(line) => line,
        Err(end) => return without_connection(end),
    };
    if let Some(end) = moving::at_once(&order.job, &line.wire, &wires.meter) {
        return Ended { octets: wires.meter.octets(), end, open: None };
    }
    match blocking(line.wire.socket(), ends.timeouts.stall) {
        Ok(handle) => work(order, line, handle, wires).await,
        Err(error) => {
            tracing::warn!(%error, "the data connection cannot be used");
            without_connection(End::Broken)
        }
    }
}

/// A data connection, ready for the octets of a file.
struct Line {
    wire: Wire,
    /// What was read of it already.
    unread: Vec<u8>,
}

/// Makes the data connection, and negotiates TLS where it is asked for. Who has connected and then says nothing of TLS is as late
/// as one who has not connected.
async fn opened(order: &Order, ways: Ways, ends: &Ends) -> Result<Line, End> {
    let met = match timeout(ends.timeouts.data, open(order, ways, ends)).await {
        Ok(Ok(Opened::Again(open))) => return Ok(Line { wire: Wire::Clear(open.stream), unread: open.unread }),
        Ok(Ok(Opened::Anew(met))) => {
            ends.records.count(Tally::DataConnection);
            met
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "no data connection");
            return Err(End::NotOpened);
        }
        Err(_) => return Err(End::NotOpened),
    };
    let secured = async {
        match (order.protection, met) {
            (Protection::Clear, Met::Clear(stream)) => Ok(Wire::Clear(stream)),
            (Protection::Private, Met::Clear(stream)) => {
                let Some(tls) = &ends.tls else { return Err(io::ErrorKind::Unsupported.into()) };
                Handshake::new(TcpStream::from_std(stream)?, tls, flow(order))?.complete().await
            }
            (Protection::Private, Met::Begun(handshake)) => handshake.complete().await,
            (Protection::Clear, Met::Begun(_)) => Err(io::Error::other("TLS stands where PROT C was said since")),
            (_, Met::Failed(error)) => Err(error),
        }
    };
    match timeout(ends.timeouts.data, secured).await {
        Ok(Ok(wire)) => Ok(Line { wire, unread: Vec::new() }),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no TLS on the data connection");
            Err(End::NotSecured)
        }
        Err(_) => Err(End::NotSecured),
    }
}

fn flow(order: &Order) -> Flow {
    if is_receiving(order) { Flow::FromClient } else { Flow::ToClient }
}

fn is_receiving(order: &Order) -> bool {
    matches!(order.job, Job::Receive { .. })
}

fn without_connection(end: End) -> Ended {
    Ended { octets: 0, end, open: None }
}

/// Moves the bytes, on a thread. `handle` is of the same connection.
async fn work(order: Order, line: Line, handle: std::net::TcpStream, wires: Wires) -> Ended {
    let Wires { meter, mut stopped, marks } = wires;
    let is_receiving = is_receiving(&order);
    let of_work = meter.clone();
    let mut work = tokio::task::spawn_blocking(move || {
        let Line { wire, unread } = line;
        moving::run(order.job, moving::Data { wire, meter: of_work, marks, unread })
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
    let octets = meter.octets();
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
fn blocking(stream: &std::net::TcpStream, stall: Duration) -> io::Result<std::net::TcpStream> {
    stream.set_nonblocking(false)?;
    // The octets of a file go in large pieces; what is small (a ticket of TLS, the end of a file in a block) must not wait
    // until the client acknowledges what went before.
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(stall))?;
    stream.set_write_timeout(Some(stall))?;
    stream.try_clone()
}

/// A data connection, before TLS.
enum Opened {
    /// One that a transfer has left open.
    Again(Open),
    /// A new one.
    Anew(Met),
}

async fn open(order: &Order, ways: Ways, ends: &Ends) -> io::Result<Opened> {
    let stream = match (order.route, ways.passive) {
        (Route::Open(address), _) => {
            // What is open is in clear.
            let open = ways.open.filter(|_| order.protection == Protection::Clear).and_then(Open::if_alive);
            match open {
                Some(open) => return Ok(Opened::Again(open)),
                None => connect(address, ends.local).await?,
            }
        }
        (Route::Active(address), _) => connect(address, ends.local).await?,
        (Route::Passive { from }, Some(passive)) => return Ok(Opened::Anew(passive.accept(from).await?)),
        (Route::Passive { .. }, None) => return Err(io::ErrorKind::NotConnected.into()),
    };
    Ok(Opened::Anew(Met::Clear(stream.into_std()?)))
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
