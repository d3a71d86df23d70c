//! The only sockets and files of the client: does what the session asks for, and waits, never without an end.

mod data;
mod dialing;
pub(crate) mod input;
mod interrupt;
mod moving;
mod pause;
mod problem;
mod staged;
mod tls;
mod together;
mod tree;
mod wire;
mod witness;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::{Reply, telnet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::session::answers;
use crate::session::command::CommandLine;
use crate::session::operations::Operation;
use crate::session::{
    Action, Channel, DataFault, Event, Extended, Failure, Fault, PassiveHost, Protection, Session, Side,
};
use crate::target::ServerName;
use data::{Data, Movement};
use tls::Tls;
use wire::Wire;

pub(crate) use interrupt::Interrupts;
pub(crate) use moving::Local;
pub(crate) use pause::{now, pause};
pub(crate) use problem::RuntimeError;
pub(crate) use staged::{Before, Staged, modified, set_modified};
pub(crate) use tls::{Authorities, Trust, TrustError};
pub(crate) use together::{Bell, together};
pub(crate) use tree::{Found, Tree};
pub(crate) use witness::{Moved, Nobody, Witness};

/// The most octets of the control connection that are read and not yet understood.
const READ_SIZE: usize = 16 * 1024;

/// Runs a conversation, on this thread.
pub(crate) fn to_the_end<T>(conversation: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let said = runtime.block_on(conversation);
    // A name that is still being looked up is not waited for: its time is over.
    runtime.shutdown_background();
    Ok(said)
}

/// How a server is approached.
#[derive(Debug, Clone)]
pub(crate) struct Approach {
    /// The most that any wait may take.
    pub(crate) wait: Duration,
    pub(crate) security: Security,
    /// Needed for TLS.
    pub(crate) trust: Option<Trust>,
    pub(crate) side: Side,
    pub(crate) extended: Extended,
    pub(crate) passive_host: PassiveHost,
    pub(crate) interrupts: Option<Interrupts>,
}

impl Approach {
    /// In clear, as a server of no special kind is.
    pub(crate) fn plain(wait: Duration) -> Self {
        Self {
            wait,
            security: Security::Clear,
            trust: None,
            side: Side::Passive,
            extended: Extended::Tried,
            passive_host: PassiveHost::ControlPeer,
            interrupts: None,
        }
    }
}

/// Whether, and when, TLS begins on the control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    Clear,
    /// By AUTH TLS, before anybody logs in.
    Explicit,
    /// With the connection.
    Implicit,
}

/// A control connection that is open, its session, and its data connection if there is one.
pub(crate) struct Connection {
    server: ServerName,
    control: Wire,
    tls: Option<Tls>,
    pub(crate) session: Session,
    unread: Vec<u8>,
    data: Data,
    movement: Option<Movement>,
    local: Local,
    /// Every wait for the control connection ends then.
    deadline: Instant,
    /// Whether that is no failure.
    silence: Silence,
    timeout: Duration,
    interrupts: Option<Interrupts>,
    last_reply: Option<Reply>,
    /// Octets on the wire in the last transfer.
    moved: u64,
    /// The name that the server chose for the last file.
    unique_name: Option<Vec<u8>>,
}

/// What it means when no reply comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    Failure,
    Answer,
}

/// What came first.
enum Happening {
    Moved(Result<Moved, DataFault>),
    Read(io::Result<usize>),
    Late,
    Tick,
    Interrupted,
}

impl Connection {
    /// Connects to a server. Nothing is read or said yet.
    pub(crate) async fn open(server: &ServerName, approach: &Approach) -> Result<Self, RuntimeError> {
        let wait = approach.wait;
        let mut interrupts = approach.interrupts.clone();
        let tls = match &approach.trust {
            Some(trust) => Some(trust.of_connection(&server.host).map_err(RuntimeError::Trust)?),
            None => None,
        };
        let dialing = async {
            let stream = dialing::connect(server).await?;
            // A command is one small write; it goes at once.
            stream.set_nodelay(true).map_err(RuntimeError::Broken)?;
            let ends = (stream.local_addr(), stream.peer_addr());
            let ends = (ends.0.map_err(RuntimeError::Broken)?, ends.1.map_err(RuntimeError::Broken)?);
            match (&tls, approach.security) {
                (Some(tls), Security::Implicit) => {
                    let begun = tls.begin(stream).await;
                    let begun = begun.map_err(|error| RuntimeError::tls(server, &error))?;
                    Ok::<_, RuntimeError>((begun, ends, Channel::Tls))
                }
                _ => Ok((Wire::Clear(stream), ends, Channel::Clear)),
            }
        };
        let (control, (local, peer), channel) = tokio::select! {
            dialed = timeout(wait, dialing) => match dialed {
                Ok(dialed) => dialed?,
                Err(_) => return Err(RuntimeError::NoConnection { server: server.clone(), wait }),
            },
            () = Interrupts::next_of(&mut interrupts) => return Err(Failure::Interrupted.into()),
        };
        let mut session = Session::new(local, peer);
        session.manner.channel = channel;
        session.manner.side = approach.side;
        session.manner.extended = approach.extended;
        session.manner.passive_host = approach.passive_host;
        Ok(Self {
            server: server.clone(),
            control,
            tls,
            session,
            unread: Vec::new(),
            data: Data::None,
            movement: None,
            local: Local::Nothing,
            deadline: Instant::now() + wait,
            silence: Silence::Failure,
            timeout: wait,
            interrupts,
            last_reply: None,
            moved: 0,
            unique_name: None,
        })
    }

    /// The last reply that came.
    pub(crate) fn last_reply(&self) -> Option<&Reply> {
        self.last_reply.as_ref()
    }

    /// The octets on the wire in the last transfer.
    pub(crate) fn moved_octets(&self) -> u64 {
        self.moved
    }

    /// The name that the server chose in the last operation.
    pub(crate) fn unique_name(&self) -> Option<&[u8]> {
        self.unique_name.as_deref()
    }

    /// Whether the next data connection cannot resume the TLS session of this one: the server gave tickets, and they are used.
    pub(crate) fn is_out_of_tickets(&self) -> bool {
        self.session.manner.protection == Protection::Private && self.tls.as_ref().is_some_and(Tls::is_out_of_tickets)
    }

    /// Waits no longer than a moment from now on: what comes does not matter any more.
    pub(crate) fn hurry(&mut self) {
        self.timeout = self.timeout.min(Duration::from_secs(2));
    }

    /// Performs one operation to its end. `local` is where its data come from or go to.
    pub(crate) async fn perform(
        &mut self,
        operation: impl Operation + 'static,
        local: Local,
        witness: &mut dyn Witness,
    ) -> Result<(), RuntimeError> {
        self.local = local;
        self.silence = Silence::Failure;
        self.unique_name = None;
        self.expect_reply();
        if let Some(interrupts) = &mut self.interrupts {
            interrupts.forget();
        }
        let mut actions = VecDeque::from(self.session.begin(Box::new(operation)));
        loop {
            while let Some(action) = actions.pop_front() {
                if let Action::Finish(result) = action {
                    return self.finish(result);
                }
                actions.extend(self.act(action, witness).await?);
            }
            actions.extend(self.wait(witness).await?);
        }
    }

    /// Shows the replies that came while nothing was asked for. Otherwise they would pass for the replies to the
    /// next command.
    pub(crate) async fn show_surplus(&mut self, witness: &mut dyn Witness) -> Result<(), RuntimeError> {
        loop {
            while !self.unread.is_empty() {
                for action in self.hear() {
                    self.act(action, witness).await?;
                }
            }
            self.unread.reserve(READ_SIZE);
            // What is there is read; nothing is waited for.
            match timeout(Duration::ZERO, self.control.read_buf(&mut self.unread)).await {
                Err(_) => return Ok(()),
                Ok(Ok(0)) => return Err(self.closed()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(RuntimeError::Broken(error)),
            }
        }
    }

    /// Reads until the server closes, or the timeout is over. What it still says is of no interest.
    pub(crate) async fn await_close(&mut self) {
        self.data = Data::None;
        let mut octets = vec![0; READ_SIZE];
        let deadline = Instant::now() + self.timeout;
        // A timeout, an error and the end all mean the same: nothing more will come that matters.
        while matches!(timeout_at(deadline, self.control.read(&mut octets)).await, Ok(Ok(length)) if length > 0) {}
    }

    fn expect_reply(&mut self) {
        self.deadline = Instant::now() + self.timeout;
    }

    fn finish(&mut self, result: Result<(), Failure>) -> Result<(), RuntimeError> {
        self.movement = None;
        self.local = Local::Nothing;
        if result.is_err() {
            self.data = Data::None;
        }
        Ok(result?)
    }

    async fn act(&mut self, action: Action, witness: &mut dyn Witness) -> Result<Vec<Action>, RuntimeError> {
        match action {
            Action::Say(line) => {
                witness.said(line.shown()).map_err(RuntimeError::Output)?;
                self.send(line.octets()).await?;
            }
            Action::Refuse(octets) => self.send(&octets).await?,
            Action::Show(reply) => {
                self.expect_reply();
                witness.replied(&reply).map_err(RuntimeError::Output)?;
                self.unique_name = self.unique_name.take().or_else(|| answers::unique_name(&reply));
                self.last_reply = Some(reply);
            }
            Action::ShowSurplus(reply) => witness.replied_unasked(&reply).map_err(RuntimeError::Output)?,
            Action::Note(note) => witness.note(&note).map_err(RuntimeError::Output)?,
            Action::BeginTls => return self.begin_tls().await,
            Action::Abort => self.abort(witness).await?,
            Action::AwaitSilence => {
                const MOMENT: Duration = Duration::from_secs(1);
                self.silence = Silence::Answer;
                self.deadline = Instant::now() + MOMENT.min(self.timeout);
            }
            Action::Connect(there) => return Ok(self.connect_data(there).await),
            Action::Listen => return Ok(self.listen().await),
            Action::Receive(parameters) => {
                let data = self.data.take();
                self.movement = Some(data.receive(self.local.take(), parameters, self.terms()));
            }
            Action::Transmit(parameters) => {
                let data = self.data.take();
                self.movement = Some(data.transmit(self.local.take(), parameters, self.terms()));
            }
            // Only where nothing was asked for, and a line came that is no reply.
            Action::Finish(result) => result?,
        }
        Ok(Vec::new())
    }

    async fn send(&mut self, octets: &[u8]) -> Result<(), RuntimeError> {
        self.expect_reply();
        let control = &mut self.control;
        let sending = async {
            control.write_all(octets).await?;
            control.flush().await
        };
        match timeout_at(self.deadline, sending).await {
            Err(_) => Err(RuntimeError::NotRead(self.timeout)),
            Ok(result) => result.map_err(RuntimeError::Broken),
        }
    }

    /// What stands behind the reply to AUTH came in clear, so anybody may have written it: it must not pass for what the server
    /// says under TLS.
    async fn begin_tls(&mut self) -> Result<Vec<Action>, RuntimeError> {
        if !self.unread.is_empty() || self.session.is_within_reply() {
            return Err(RuntimeError::Smuggled);
        }
        let (Wire::Clear(stream), Some(tls)) = (self.control.take_away(), &self.tls) else {
            return Err(RuntimeError::Broken(io::ErrorKind::NotConnected.into()));
        };
        match timeout_at(self.deadline, tls.begin(stream)).await {
            Ok(Ok(wire)) => {
                self.control = wire;
                self.expect_reply();
                Ok(self.session.tell(Event::Secured))
            }
            Ok(Err(error)) => Err(RuntimeError::tls(&self.server, &error)),
            Err(_) => Err(RuntimeError::NoTls(self.timeout)),
        }
    }

    /// RFC 959 §4.1.3, RFC 1123 §4.1.2.11: `IAC IP`, then the Synch, whose DM goes as urgent data; then ABOR. TLS has no urgent
    /// data, and a server reads ABOR there as any other command.
    async fn abort(&mut self, witness: &mut dyn Witness) -> Result<(), RuntimeError> {
        self.movement = None;
        self.data = Data::None;
        let line = CommandLine::bare("ABOR");
        witness.said(line.shown()).map_err(RuntimeError::Output)?;
        if let Some(socket) = self.control.clear() {
            let [iac, ip, mark @ ..] = telnet::INTERRUPT_AND_SYNCH;
            let socket = socket2::SockRef::from(socket);
            socket.send(&[iac, ip]).and_then(|_| socket.send_out_of_band(&mark)).map_err(RuntimeError::Broken)?;
        }
        self.send(line.octets()).await
    }

    async fn connect_data(&mut self, there: SocketAddr) -> Vec<Action> {
        let connected = tokio::select! {
            connected = timeout(self.timeout, TcpStream::connect(there)) => connected,
            () = Interrupts::next_of(&mut self.interrupts) => return self.session.tell(Event::Interrupted),
        };
        match connected {
            Ok(Ok(stream)) => {
                self.data = Data::Open(stream);
                self.expect_reply();
                self.session.tell(Event::Connected)
            }
            Ok(Err(error)) => {
                self.data_failed(Fault::Connection, format!("the data connection to {there} cannot be opened: {error}"))
            }
            Err(_) => {
                let wait = self.timeout.as_secs_f64();
                self.data_failed(
                    Fault::Stall,
                    format!("the data connection to {there} did not open within {wait} seconds"),
                )
            }
        }
    }

    async fn listen(&mut self) -> Vec<Action> {
        let here = SocketAddr::new(self.session.manner.local.ip(), 0);
        let listening = async {
            let listener = TcpListener::bind(here).await?;
            let here = listener.local_addr()?;
            io::Result::Ok((listener, here))
        };
        match listening.await {
            Ok((listener, here)) => {
                self.data = Data::Expected(listener);
                self.session.tell(Event::Listening(here))
            }
            Err(error) => {
                self.data_failed(Fault::Connection, format!("no port can be opened for the data connection: {error}"))
            }
        }
    }

    fn data_failed(&mut self, fault: Fault, problem: String) -> Vec<Action> {
        self.data = Data::None;
        self.session.tell(Event::DataFailed(DataFault::new(fault, problem)))
    }

    fn terms(&self) -> data::Terms {
        let manner = &self.session.manner;
        let tls = if manner.protection == Protection::Private { self.tls.clone() } else { None };
        data::Terms { peer: manner.peer.ip(), wait: self.timeout, tls }
    }

    /// Waits for what comes first, a reply or the end of the data. While data move, they have their own limits of
    /// time, and the server needs not say anything.
    async fn wait(&mut self, witness: &mut dyn Witness) -> Result<Vec<Action>, RuntimeError> {
        if self.session.wants_reply() && !self.unread.is_empty() {
            return Ok(self.hear());
        }
        match self.happening().await {
            Happening::Moved(moved) => self.data_ended(moved, witness),
            Happening::Read(length) => match length.map_err(RuntimeError::Broken)? {
                0 => Err(self.closed()),
                _ => Ok(Vec::new()),
            },
            Happening::Tick => {
                let octets = self.movement.as_ref().map_or(0, Movement::octets);
                witness.moving(octets).map_err(RuntimeError::Output)?;
                Ok(Vec::new())
            }
            Happening::Interrupted => Ok(self.session.tell(Event::Interrupted)),
            Happening::Late if self.silence == Silence::Answer => Ok(self.session.tell(Event::Silence)),
            Happening::Late => Err(RuntimeError::NoReply(self.timeout)),
        }
    }

    async fn happening(&mut self) -> Happening {
        /// How often a progress bar moves.
        const TICK: Duration = Duration::from_millis(100);
        let wants_reply = self.session.wants_reply();
        self.unread.reserve(READ_SIZE);
        let Self { movement, control, unread, interrupts, deadline, .. } = self;
        let interrupted = Interrupts::next_of(interrupts);
        let Some(movement) = movement else {
            return tokio::select! {
                read = timeout_at(*deadline, control.read_buf(unread)) => read.map_or(Happening::Late, Happening::Read),
                () = interrupted => Happening::Interrupted,
            };
        };
        tokio::select! {
            // An early final reply is no reason to let octets lie that have come.
            biased;
            moved = movement.ended() => Happening::Moved(moved),
            read = control.read_buf(unread), if wants_reply => Happening::Read(read),
            () = interrupted => Happening::Interrupted,
            () = sleep(TICK) => Happening::Tick,
        }
    }

    fn data_ended(
        &mut self,
        moved: Result<Moved, DataFault>,
        witness: &mut dyn Witness,
    ) -> Result<Vec<Action>, RuntimeError> {
        self.movement = None;
        self.expect_reply();
        match moved {
            Ok(moved) => {
                self.moved = match moved {
                    Moved::Received { octets } | Moved::Sent { octets } => octets,
                };
                witness.moved(moved).map_err(RuntimeError::Output)?;
                Ok(self.session.tell(Event::DataEnded))
            }
            Err(problem) => {
                self.data = Data::None;
                Ok(self.session.tell(Event::DataFailed(problem)))
            }
        }
    }

    /// Gives the session what was read. What it leaves is kept.
    fn hear(&mut self) -> Vec<Action> {
        let mut left: &[u8] = &self.unread;
        let actions = self.session.hear(&mut left);
        let taken = self.unread.len() - left.len();
        self.unread.drain(..taken);
        actions
    }

    fn closed(&self) -> RuntimeError {
        if self.session.is_within_reply() { RuntimeError::ClosedWithinReply } else { RuntimeError::Closed }
    }
}
