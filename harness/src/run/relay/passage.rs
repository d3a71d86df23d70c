//! A data connection through the relay.

mod secured;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reports::model::{Channel, CloseKind, What};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use self::secured::Kind;
use super::Shared;
use super::flow::Flow;
use super::secrets::{First, Protection, Secrets, first_word, told_of};
use crate::run::socket::Negotiated;
use crate::run::witness::{Way, Witness};
use crate::scenario::rule::{DataChange, DataEnd, Make};
use crate::subject::is_listened_on;

const BLOCK: usize = 64 * 1024;
/// How long a reply waits for what comes before it.
const CATCHING_UP: Duration = Duration::from_secs(3);
/// Where a server connects from that does not use its own address.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A data connection that is agreed on.
#[derive(Debug)]
pub(super) struct Passage {
    plan: Arc<Plan>,
    task: AbortHandle,
    /// Where the client listens, if the server connects.
    client: Option<SocketAddr>,
}

/// What is known of it by and by.
#[derive(Debug, Default)]
struct Plan {
    transfer: Mutex<Option<Transfer>>,
    /// Told when a command that moves data comes.
    asked: Notify,
    /// What there is for TLS.
    secrets: Option<Arc<Secrets>>,
    witness: Witness,
    /// What the command said that agreed on it.
    agreed: DataChange,
    made: AtomicBool,
    course: watch::Sender<Course>,
}

/// How far a data connection with the client came.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Course {
    #[default]
    Agreed,
    /// It stands.
    Made,
    /// What goes to the client is there, or nothing goes any more.
    Done,
}

/// What a command that moves data said.
#[derive(Debug, Clone)]
struct Transfer {
    change: DataChange,
    direction: Direction,
    protection: Protection,
}

/// What comes first on a data connection.
enum Then {
    /// The command that moves data.
    Asked(Transfer),
    /// The client begins TLS, and the command is still to come.
    Hello,
    /// Anything else.
    Else,
}

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the server.
    Stored,
    /// To the client.
    Retrieved,
}

impl Direction {
    /// That of a command which moves data.
    pub(super) fn of(verb: &str) -> Option<Self> {
        match verb {
            "STOR" | "STOU" | "APPE" => Some(Self::Stored),
            "RETR" | "LIST" | "NLST" | "MLSD" => Some(Self::Retrieved),
            _ => None,
        }
    }

    fn way(self) -> Way {
        match self {
            Self::Stored => Way::FromClient,
            Self::Retrieved => Way::ToClient,
        }
    }
}

/// What a data connection has of its control connection.
pub(super) struct Belongings {
    pub(super) secrets: Option<Arc<Secrets>>,
    pub(super) witness: Witness,
}

/// Where a client may connect to.
pub(super) struct Sockets {
    /// Where it is told to.
    pub(super) own: Socket,
    /// The other address that it is told, if the deviation is to tell one.
    pub(super) elsewhere: Option<TcpListener>,
}

impl Passage {
    /// A port where a client can connect to.
    pub(super) fn socket(host: IpAddr) -> io::Result<Socket> {
        bound(SocketAddr::new(host, 0))
    }

    /// Somebody listens at an address that is told instead. It may not be had: then nobody does.
    pub(super) fn elsewhere(address: SocketAddr) -> Option<TcpListener> {
        bound(address).and_then(|socket| listening(&socket)).ok()
    }

    /// The client connects.
    pub(super) fn passive(
        shared: &Shared,
        server: SocketAddr,
        sockets: Sockets,
        agreed: &DataChange,
        belongings: Belongings,
    ) -> io::Result<Self> {
        let Sockets { own: socket, elsewhere } = sockets;
        let host = socket.local_addr()?.as_socket().map_or_else(|| shared.server_host(), |address| address.ip());
        let plan = Plan::new(agreed, belongings);
        let own = Arc::clone(&plan);
        let make = agreed.make;
        // Before the reply is said, so that nobody is refused who connects at once.
        let listener = if matches!(make, Make::Never | Make::Late(_)) { None } else { Some(listening(&socket)?) };
        let task = shared.spawn(async move {
            let course = async {
                let listener = match (listener, make) {
                    (Some(listener), _) => listener,
                    (None, Make::Late(time)) => {
                        // The delay is the deviation: there is no event to wait for.
                        sleep(time).await;
                        listening(&socket)?
                    }
                    // The socket is kept: else the next who asks for a port gets this one, and is taken for the server.
                    (None, _) => return std::future::pending().await,
                };
                let (client, from) = either(&listener, elsewhere.as_ref()).await?;
                own.connected(&client, from)?;
                own.made.store(true, Ordering::Relaxed);
                drop((listener, elsewhere, socket));
                // The server judges who comes to its port.
                let reached = if make == Make::ForAnybody || from.ip() == host || !from.ip().is_loopback() {
                    TcpStream::connect(server).await
                } else {
                    from_address(from.ip(), server).await
                };
                match reached {
                    // A connection that does not end stays, even where the server has gone.
                    Err(_) if own.agreed.end == DataEnd::Never => {
                        let _kept = client;
                        std::future::pending().await
                    }
                    server => pump(client, server?, &own).await,
                }
            };
            ended(course.await);
        });
        Ok(Self { plan, task, client: None })
    }

    /// The server connects: to `own` with the port that comes back, and again for each transfer until something else is agreed on.
    pub(super) fn active(
        shared: &Arc<Shared>,
        own: SocketAddr,
        client: SocketAddr,
        agreed: &DataChange,
        belongings: Belongings,
    ) -> io::Result<(Self, SocketAddr)> {
        let socket = bound(own)?;
        let own = socket.local_addr()?.as_socket().unwrap_or(own);
        Ok((Self::to_client(shared, socket, client, agreed, belongings)?, own))
    }

    /// Nothing was agreed on: the server connects to the port that the relay's control connection comes from, and the
    /// client may listen at that of its own (RFC 959 §3.2).
    pub(super) fn default_port(
        shared: &Arc<Shared>,
        control: SocketAddr,
        client: SocketAddr,
        belongings: Belongings,
    ) -> io::Result<Self> {
        Self::to_client(shared, bound(control)?, client, &DataChange::default(), belongings)
    }

    fn to_client(
        shared: &Arc<Shared>,
        socket: Socket,
        client: SocketAddr,
        agreed: &DataChange,
        belongings: Belongings,
    ) -> io::Result<Self> {
        let listener = listening(&socket)?;
        let plan = Plan::new(agreed, belongings);
        let own = Arc::clone(&plan);
        let all = Arc::clone(shared);
        let make = agreed.make;
        let task = shared.spawn(async move {
            let mut early = if make == Make::AtOnce { TcpStream::connect(client).await.ok() } else { None };
            let _kept = socket;
            while let Ok((server, from)) = listener.accept().await {
                let connected = early.take();
                let (plan, shared) = (Arc::clone(&own), Arc::clone(&all));
                all.spawn(async move {
                    let course = async {
                        let client = match connected {
                            Some(client) => client,
                            // Another host of this machine stays one: the client judges who comes to its port.
                            None if make == Make::Due
                                && from.ip() != shared.server_host()
                                && from.ip().is_loopback() =>
                            {
                                plan.reached(from_address(from.ip(), client).await)?
                            }
                            None => plan.reached(Self::reach(&shared, client, make).await)?,
                        };
                        plan.connected(&client, client.peer_addr()?)?;
                        pump(client, server, &plan).await
                    };
                    ended(course.await);
                });
            }
        });
        Ok(Self { plan, task, client: Some(client) })
    }

    /// Connects to the client as the server would, or as the deviation says.
    async fn reach(shared: &Shared, client: SocketAddr, make: Make) -> io::Result<TcpStream> {
        match make {
            Make::Never => std::future::pending().await,
            Make::Late(time) => {
                // The delay is the deviation: there is no event to wait for.
                sleep(time).await;
                shared.connect_from_default_port(client).await
            }
            Make::Elsewhere => from_address(ELSEWHERE, client).await,
            Make::FromAnyPort => TcpStream::connect(client).await,
            Make::Due | Make::AtOnce | Make::ForAnybody | Make::AsTold => {
                shared.connect_from_default_port(client).await
            }
        }
    }

    /// A command that moves data comes.
    pub(super) async fn transfers(&self, change: &DataChange, direction: Direction, protection: Protection) {
        let transfer = Transfer { change: change.clone(), direction, protection };
        *self.plan.transfer.lock().unwrap_or_else(PoisonError::into_inner) = Some(transfer);
        self.plan.asked.notify_one();
        // A server that is refused says so; one that is let in and then cut off says something else.
        if let Some(client) = self.client
            && !somebody_listens(client)
        {
            self.plan.course.send_replace(Course::Done);
            let why = "nobody listens there".to_owned();
            self.plan.witness.note(Channel::Data, What::NotConnected { why });
            self.task.abort();
            while !self.task.is_finished() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for what a server has done before it says this reply: the connection is made before 150, and what was to be
    /// sent is on its way to the client before 226. Where the deviation is that it never is, nobody waits.
    pub(super) async fn catches_up(&self, preliminary: bool) {
        let kept = |change: &DataChange| {
            change.make == Make::Never || matches!(change.end, DataEnd::Never | DataEnd::Stall(_))
        };
        let transfer = self.plan.transfer();
        if kept(&self.plan.agreed) || transfer.as_ref().is_some_and(|transfer| kept(&transfer.change)) {
            return;
        }
        let due = if preliminary { Course::Made } else { Course::Done };
        let retrieves = transfer.is_some_and(|transfer| transfer.direction == Direction::Retrieved);
        let connects = self.client.is_some() && preliminary;
        if connects || retrieves && !preliminary {
            let mut course = self.plan.course.subscribe();
            // A client that keeps the connection from going on hears the reply all the same.
            timeout(CATCHING_UP, course.wait_for(|course| *course >= due)).await.ok();
        }
    }

    /// Another one takes its place. A body that is on its way goes on.
    pub(super) fn replaced(&self) {
        if self.client.is_some() || !self.plan.made.load(Ordering::Relaxed) {
            self.task.abort();
        }
    }
}

fn ended(how: io::Result<()>) {
    if let Err(error) = how {
        tracing::debug!(%error, "a relayed data connection ended");
    }
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    // The port of a control connection is used already.
    socket.set_reuse_address(address.port() != 0)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn listening(socket: &Socket) -> io::Result<TcpListener> {
    socket.listen(16)?;
    TcpListener::from_std(socket.try_clone()?.into())
}

async fn from_address(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(to).await
}

/// Whether a port of this machine is open, seen without a connection: that would be taken for the data connection.
pub(super) fn somebody_listens(at: SocketAddr) -> bool {
    if !at.ip().is_loopback() {
        return true;
    }
    // What cannot be seen is taken to be there.
    is_listened_on(at.port()).unwrap_or(true)
}

/// Carries octets both ways until both ends are closed.
async fn pump(client: TcpStream, server: TcpStream, plan: &Plan) -> io::Result<()> {
    let carried = carried(client, server, plan).await;
    plan.course.send_replace(Course::Done);
    carried
}

async fn carried(mut client: TcpStream, mut server: TcpStream, plan: &Plan) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    if let Some(secrets) = &plan.secrets {
        match plan.said_by_then(&client, &server).await {
            Then::Asked(transfer) => {
                if let Some(kind) = Kind::of(&transfer, &client, &server).await {
                    return secured::pump(client, server, plan, secrets, kind).await;
                }
            }
            Then::Hello => return secured::pump(client, server, plan, secrets, Kind::before(&plan.agreed)).await,
            Then::Else => {}
        }
    }
    let carried = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        tokio::try_join!(
            carry(&mut from_client, &mut to_server, plan, Direction::Stored),
            carry(&mut from_server, &mut to_client, plan, Direction::Retrieved),
        )
    };
    if carried.is_err() {
        for stream in [&client, &server] {
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
        }
    }
    carried.map(drop)
}

async fn carry<R, W>(from: &mut R, to: &mut W, plan: &Plan, direction: Direction) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; BLOCK];
    let mut course = None;
    let mut moved = 0;
    let mut seen = plan.witness.lane(direction.way());
    loop {
        let read = from.read(&mut buffer).await;
        if read.is_err() && direction == Direction::Stored {
            seen.ended(CloseKind::Reset);
        }
        let (flow, end) = course.get_or_insert_with(|| plan.course(direction));
        let length = match read {
            Err(_) if *end == DataEnd::Never => return std::future::pending().await,
            read => read?,
        };
        let octets = buffer.get(..length).unwrap_or_default();
        let mut out = if length == 0 { flow.finish() } else { flow.pass(octets.to_vec()) };
        if let DataEnd::Stall(limit) = *end {
            out.truncate(usize::try_from(limit.saturating_sub(moved)).unwrap_or(usize::MAX));
        }
        moved += out.len() as u64;
        seen.passed(if direction == Direction::Stored { octets } else { &out });
        if length == 0 && (direction == Direction::Stored || !matches!(end, DataEnd::Never | DataEnd::Stall(_))) {
            seen.ended(if *end == DataEnd::Reset { CloseKind::Reset } else { CloseKind::Fin });
        }
        to.write_all(&out).await?;
        if length == 0 {
            if direction == Direction::Retrieved {
                plan.course.send_replace(Course::Done);
            }
            return match end {
                DataEnd::Due | DataEnd::WithoutNotice => to.shutdown().await,
                DataEnd::Never | DataEnd::Stall(_) => std::future::pending().await,
                DataEnd::Reset => Err(io::ErrorKind::ConnectionReset.into()),
            };
        }
    }
}

/// Takes who comes first, to the one address or to the other.
async fn either(own: &TcpListener, elsewhere: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match elsewhere {
        None => own.accept().await,
        Some(elsewhere) => tokio::select! {
            taken = own.accept() => taken,
            taken = elsewhere.accept() => taken,
        },
    }
}

impl Plan {
    fn new(agreed: &DataChange, belongings: Belongings) -> Arc<Self> {
        let Belongings { secrets, witness } = belongings;
        Arc::new(Self { agreed: agreed.clone(), secrets, witness, ..Self::default() })
    }

    /// The data connection of the client stands.
    fn connected(&self, client: &TcpStream, from: SocketAddr) -> io::Result<()> {
        let (local, peer) = (client.local_addr()?.to_string(), from.to_string());
        self.witness.note(Channel::Data, What::Connected { local, peer });
        self.course.send_replace(Course::Made);
        Ok(())
    }

    /// It could be made or not.
    fn reached(&self, made: io::Result<TcpStream>) -> io::Result<TcpStream> {
        if let Err(error) = &made {
            self.course.send_replace(Course::Done);
            self.witness.note(Channel::Data, What::NotConnected { why: error.to_string() });
        }
        made
    }

    /// TLS was negotiated with the client or not.
    fn witnessed(&self, secured: io::Result<Negotiated>) -> io::Result<()> {
        self.witness.note(Channel::Data, told_of(&secured));
        secured.map(drop)
    }

    /// What comes first: the command that moves data, TLS of the client, or something else.
    async fn said_by_then(&self, client: &TcpStream, server: &TcpStream) -> Then {
        let first = tokio::select! {
            biased;
            () = self.asked.notified() => return self.transfer().map_or(Then::Else, Then::Asked),
            first = first_word(client, server) => first,
        };
        match (self.transfer(), first) {
            (Some(transfer), _) => Then::Asked(transfer),
            (None, First::Hello) => Then::Hello,
            (None, First::Else) => Then::Else,
        }
    }

    /// Waits for the command that moves data, if it has not come.
    async fn until_asked(&self) {
        if self.transfer().is_none() {
            self.asked.notified().await;
        }
    }

    fn transfer(&self) -> Option<Transfer> {
        self.transfer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What happens to octets that go this way.
    fn course(&self, direction: Direction) -> (Flow, DataEnd) {
        match &*self.transfer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(transfer) if transfer.direction == direction => {
                (Flow::new(&transfer.change.octets), transfer.change.end)
            }
            Some(_) => (Flow::new(&[]), DataEnd::Due),
            None => (Flow::new(&[]), self.agreed.end),
        }
    }
}
