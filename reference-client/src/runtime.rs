//! The only sockets and files of the client: does what the session asks for, and waits, never without an end.

mod data;
pub(crate) mod input;
mod witness;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use crate::session::operations::Operation;
use crate::session::{Action, Event, Failure, Session};
use crate::target::ServerName;
use data::{Data, Movement};

pub(crate) use data::Local;
pub(crate) use witness::{Moved, Witness};

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

/// Why a wait on the control connection ended without what was waited for. The connection is of no use then.
#[derive(Debug, Error)]
pub(crate) enum RuntimeError {
    #[error("{server} is not known: {problem}")]
    Unknown { server: ServerName, problem: io::Error },
    #[error("{server} cannot be reached: {problem}")]
    Unreachable { server: ServerName, problem: io::Error },
    #[error("{server} did not take the connection within {} seconds", .wait.as_secs_f64())]
    NoConnection { server: ServerName, wait: Duration },
    #[error("the server did not reply within {} seconds", .0.as_secs_f64())]
    NoReply(Duration),
    #[error("the server does not read what is said to it; waited {} seconds", .0.as_secs_f64())]
    NotRead(Duration),
    #[error("the server closed the control connection")]
    Closed,
    #[error("the server closed the control connection in the middle of a reply")]
    ClosedWithinReply,
    #[error("the control connection broke: {0}")]
    Broken(io::Error),
    #[error("what happens cannot be shown: {0}")]
    Output(io::Error),
    /// The connection is fine, the operation failed.
    #[error("{0}")]
    Failed(#[from] Failure),
}

impl RuntimeError {
    /// Whether the connection can be used for another command: replies and commands are still in step.
    pub(crate) fn leaves_connection(&self) -> bool {
        matches!(self, Self::Failed(failure) if !matches!(failure, Failure::NotAReply(_)))
    }
}

/// A control connection that is open, its session, and its data connection if there is one.
pub(crate) struct Connection {
    control: TcpStream,
    pub(crate) session: Session,
    unread: Vec<u8>,
    data: Data,
    movement: Option<Movement>,
    local: Local,
    /// Every wait for the control connection ends then.
    deadline: Instant,
    timeout: Duration,
}

impl Connection {
    /// Connects to a server. Nothing is read or said yet.
    pub(crate) async fn open(server: &ServerName, wait: Duration) -> Result<Self, RuntimeError> {
        let late = |_| RuntimeError::NoConnection { server: server.clone(), wait };
        let control = timeout(wait, connect(server)).await.map_err(late)??;
        // A command is one small write; it goes at once.
        control.set_nodelay(true).map_err(RuntimeError::Broken)?;
        let local = control.local_addr().map_err(RuntimeError::Broken)?;
        let peer = control.peer_addr().map_err(RuntimeError::Broken)?;
        Ok(Self {
            control,
            session: Session::new(local, peer),
            unread: Vec::new(),
            data: Data::None,
            movement: None,
            local: Local::Nothing,
            deadline: Instant::now() + wait,
            timeout: wait,
        })
    }

    /// Performs one operation to its end. `local` is where its data come from or go to.
    pub(crate) async fn perform(
        &mut self,
        operation: impl Operation + 'static,
        local: Local,
        witness: &mut dyn Witness,
    ) -> Result<(), RuntimeError> {
        self.local = local;
        self.deadline = Instant::now() + self.timeout;
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
            match self.control.try_read_buf(&mut self.unread) {
                Ok(0) => return Err(self.closed()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(RuntimeError::Broken(error)),
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
                self.deadline = Instant::now() + self.timeout;
                witness.replied(&reply).map_err(RuntimeError::Output)?;
            }
            Action::ShowSurplus(reply) => witness.replied_unasked(&reply).map_err(RuntimeError::Output)?,
            Action::Note(note) => witness.note(&note).map_err(RuntimeError::Output)?,
            Action::Connect(there) => return Ok(self.connect_data(there).await),
            Action::Listen => return Ok(self.listen().await),
            Action::Receive(representation) => {
                let data = self.data.take();
                self.movement = Some(data.receive(self.local.take(), representation, self.terms()));
            }
            Action::Transmit(representation) => {
                let data = self.data.take();
                self.movement = Some(data.transmit(self.local.take(), representation, self.terms()));
            }
            // Only where nothing was asked for, and a line came that is no reply.
            Action::Finish(result) => result?,
        }
        Ok(Vec::new())
    }

    async fn send(&mut self, octets: &[u8]) -> Result<(), RuntimeError> {
        self.deadline = Instant::now() + self.timeout;
        match timeout_at(self.deadline, self.control.write_all(octets)).await {
            Err(_) => Err(RuntimeError::NotRead(self.timeout)),
            Ok(result) => result.map_err(RuntimeError::Broken),
        }
    }

    async fn connect_data(&mut self, there: SocketAddr) -> Vec<Action> {
        match timeout(self.timeout, TcpStream::connect(there)).await {
            Ok(Ok(stream)) => {
                self.data = Data::Open(stream);
                self.deadline = Instant::now() + self.timeout;
                self.session.tell(Event::Connected)
            }
            Ok(Err(error)) => self.data_failed(&format!("the data connection to {there} cannot be opened: {error}")),
            Err(_) => {
                let wait = self.timeout.as_secs_f64();
                self.data_failed(&format!("the data connection to {there} did not open within {wait} seconds"))
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
            Err(error) => self.data_failed(&format!("no port can be opened for the data connection: {error}")),
        }
    }

    fn data_failed(&mut self, problem: &str) -> Vec<Action> {
        self.data = Data::None;
        self.session.tell(Event::DataFailed(problem.to_owned()))
    }

    fn terms(&self) -> data::Terms {
        data::Terms { peer: self.session.manner.peer.ip(), wait: self.timeout }
    }

    /// Waits for what comes first, a reply or the end of the data. While data move, they have their own limits of
    /// time, and the server needs not say anything.
    async fn wait(&mut self, witness: &mut dyn Witness) -> Result<Vec<Action>, RuntimeError> {
        let wants_reply = self.session.wants_reply();
        if wants_reply && !self.unread.is_empty() {
            return Ok(self.hear());
        }
        self.unread.reserve(READ_SIZE);
        let length = match (&mut self.movement, wants_reply) {
            (Some(movement), true) => tokio::select! {
                moved = movement.ended() => return self.data_ended(moved, witness),
                read = self.control.read_buf(&mut self.unread) => read,
            },
            (Some(movement), false) => {
                let moved = movement.ended().await;
                return self.data_ended(moved, witness);
            }
            (None, _) => timeout_at(self.deadline, self.control.read_buf(&mut self.unread))
                .await
                .map_err(|_| RuntimeError::NoReply(self.timeout))?,
        };
        match length.map_err(RuntimeError::Broken)? {
            0 => Err(self.closed()),
            _ => Ok(Vec::new()),
        }
    }

    fn data_ended(
        &mut self,
        moved: Result<Moved, String>,
        witness: &mut dyn Witness,
    ) -> Result<Vec<Action>, RuntimeError> {
        self.movement = None;
        self.deadline = Instant::now() + self.timeout;
        match moved {
            Ok(moved) => {
                witness.moved(moved).map_err(RuntimeError::Output)?;
                Ok(self.session.tell(Event::DataEnded))
            }
            Err(problem) => Ok(self.data_failed(&problem)),
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

/// Tries each address of the server in turn.
async fn connect(server: &ServerName) -> Result<TcpStream, RuntimeError> {
    let unknown = |problem| RuntimeError::Unknown { server: server.clone(), problem };
    let addresses = lookup_host((server.host.as_str(), server.port)).await.map_err(unknown)?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(problem) => last = problem,
        }
    }
    Err(RuntimeError::Unreachable { server: server.clone(), problem: last })
}
