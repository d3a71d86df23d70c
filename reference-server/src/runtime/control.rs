//! A control connection: reads lines, hands them to its session, does what the session says.

mod login;
mod record;
mod transfer;
mod wait;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::{LineReader, Received as Wire};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::channel::{Channel, Heard, drain};
use super::data::{Ended, Ends, News, Running, Ways};
use super::pace::Paces;
use super::passive::Passive;
use super::tls::Tls;
use super::{Served, Server};
use crate::records::{Client, Event};
use crate::session::{Action, Input, Received, Security, Session};
use crate::store::Store;
use login::Delayed;
use record::Begun;
use wait::Happened;

/// The longest line that is taken: a path of the system's limit, and its verb.
const LINE_LIMIT: usize = 4096 + 16;

/// Talks with a client until one of the two closes.
pub(super) async fn converse(stream: TcpStream, server: Arc<Server>, security: Security) {
    let Ok((local, peer)) = prepare(&stream) else { return };
    let client = server.records.client(peer);
    let kept = server.served.now();
    let mut conversation = Conversation {
        session: Session::new(Arc::clone(&kept.settings), local, peer, security),
        store: Arc::clone(&kept.store),
        channel: Channel::new(stream, kept.timeouts.idle),
        paces: Paces::new(kept.rates),
        server,
        served: kept,
        local,
        peer,
        client,
        delayed: None,
        reader: LineReader::with_limit(LINE_LIMIT),
        unread: Vec::new(),
        tls: None,
        ways: Ways::default(),
        running: None,
        subject: None,
        is_implicit: security == Security::IMPLICIT,
        is_stopping: false,
        is_closing: false,
    };
    let begun = Instant::now();
    conversation.tell(Event::Connected);
    if let Err(error) = conversation.run().await {
        tracing::debug!(%peer, %error, "the control connection broke");
    }
    // The session is not asked any more.
    let mut unknown = 0;
    if let Some(mut running) = conversation.running.take() {
        running.stop();
        let Ended { octets, end, .. } = running.ended().await;
        conversation.tell_transfer(octets, end);
        unknown = octets;
    }
    let octets = conversation.session.octets() + unknown;
    conversation.tell(Event::Disconnected { lasted: begun.elapsed(), octets });
}

/// There is no room for one client more.
pub(super) const NO_PLACE: &[u8] = b"421 Too many connections; try again later.\r\n";
/// RFC 2577 §5.
pub(super) const SHUT_OUT: &[u8] = b"421 Too many wrong passwords from your address; try again later.\r\n";

/// Says one thing, and closes.
pub(super) async fn turn_away(mut stream: TcpStream, last_word: &[u8]) {
    if let Ok(Ok(())) = timeout(Duration::from_secs(1), stream.write_all(last_word)).await {
        linger(stream).await;
    }
}

/// Replies are small and each is waited for: they go at once. Urgent data stays in its place in the stream: the DM of a
/// Synch is the second octet of a Telnet sequence.
fn prepare(stream: &TcpStream) -> io::Result<(SocketAddr, SocketAddr)> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_out_of_band_inline(true)?;
    Ok((stream.local_addr()?, stream.peer_addr()?))
}

struct Conversation {
    session: Session,
    server: Arc<Server>,
    served: Arc<Served>,
    /// The files the session is on.
    store: Arc<dyn Store>,
    channel: Channel,
    local: SocketAddr,
    peer: SocketAddr,
    /// As the logs call it.
    client: Client,
    /// A wrong password that waits for its reply.
    delayed: Option<Delayed>,
    reader: LineReader,
    /// Read, and not yet taken by the session.
    unread: Vec<u8>,
    /// TLS, since it has begun.
    tls: Option<Tls>,
    ways: Ways,
    /// How fast its transfers may be.
    paces: Paces,
    running: Option<Running>,
    /// What is to be told of it when it has ended.
    subject: Option<Box<Begun>>,
    /// Whether TLS begins without AUTH.
    is_implicit: bool,
    /// Whether the session knows that the server is to end.
    is_stopping: bool,
    is_closing: bool,
}

impl Conversation {
    async fn run(&mut self) -> io::Result<()> {
        if self.is_implicit {
            self.begin_tls().await?;
        }
        self.feed(Input::Connected).await?;
        let mut idle_from = Instant::now();
        while !self.is_closing {
            let event = self.wait(idle_from).await?;
            idle_from = Instant::now();
            match event {
                Happened::Read(octets) => {
                    if self.take(&octets).await? == Heard::End {
                        // What was said before the end is done first.
                        self.take_lines().await?;
                        self.feed(Input::Disconnected).await?;
                    }
                }
                Happened::Transfer(News::Marked(mark)) => self.feed(Input::Marked(mark)).await?,
                Happened::Transfer(News::Ended(Ended { octets, end, open })) => {
                    self.running = None;
                    self.ways.open = open;
                    self.tell_transfer(octets, end);
                    self.feed(Input::TransferEnded { octets, end }).await?;
                }
                Happened::Delayed(standing) => {
                    self.delayed = None;
                    self.feed(Input::FailureCounted(standing)).await?;
                }
                Happened::Idle => self.feed(Input::Idle).await?,
                Happened::Stopping => {
                    self.is_stopping = true;
                    self.feed(Input::Stopping).await?;
                }
            }
            self.take_lines().await?;
        }
        self.channel.close().await
    }

    /// Hands in what was read, as much of it as the session takes.
    async fn take_lines(&mut self) -> io::Result<()> {
        while self.session.takes_commands() && !self.is_closing {
            let mut rest = self.unread.as_slice();
            let wire = self.reader.take(&mut rest);
            let taken = self.unread.len() - rest.len();
            self.unread.drain(..taken);
            match wire {
                Some(Wire::Line(line)) => self.feed_received(Received::Line(line)).await?,
                Some(Wire::TooLong { .. }) => self.feed_received(Received::TooLong).await?,
                // RFC 1123 §4.1.2.12: a server refuses every option.
                Some(Wire::Refusal(refusal)) => self.channel.say(&refusal),
                // None of them changes anything here; see the essay in `session::transfer`.
                Some(Wire::Function(_)) => {}
                None => break,
            }
        }
        self.channel.send().await
    }

    /// Takes octets of the control connection.
    async fn take(&mut self, octets: &[u8]) -> io::Result<Heard> {
        self.channel.take(octets, &mut self.unread).await
    }

    async fn begin_tls(&mut self) -> io::Result<()> {
        let Some(tls) = &self.served.tls else {
            return Err(io::Error::other("a session wants TLS, and none is configured"));
        };
        let tls = self.tls.insert(tls.of_session().map_err(io::Error::other)?);
        self.channel.begin_tls(tls).await
    }

    async fn feed_received(&mut self, received: Received) -> io::Result<()> {
        self.count_command(&received);
        if let Some(running) = &self.running {
            let octets = running.moved();
            self.feed(Input::Moved(octets)).await?;
        }
        if let Some(name) = self.channel.server_name() {
            let name = name.to_owned();
            self.feed(Input::ServerName(name)).await?;
        }
        self.feed(Input::Received(received)).await
    }

    /// Hands in one thing, does all that comes of it, and sends the replies together.
    async fn feed(&mut self, input: Input) -> io::Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.session.handle(input) {
                // A session that waits needs no room for what it may do.
                inputs.extend(Box::pin(self.act(action)).await?);
            }
        }
        self.channel.send().await
    }

    fn ends(&self) -> Ends {
        let (records, timeouts) = (Arc::clone(&self.server.records), self.served.timeouts);
        Ends { local: self.local, timeouts, tls: self.tls.clone(), paces: self.paces.clone(), records }
    }

    async fn act(&mut self, action: Action) -> io::Result<Option<Input>> {
        match action {
            Action::Say(octets) => self.channel.say(&octets),
            Action::Mount(volume) => {
                self.store = volume.map_or_else(|| Arc::clone(&self.served.store), |volume| volume.0);
            }
            Action::Perform(perform) => {
                let resume = match perform.at_once(self.store.as_ref()) {
                    Ok(resume) => resume,
                    Err(perform) => {
                        let store = Arc::clone(&self.store);
                        tokio::task::spawn_blocking(move || perform.run(store.as_ref())).await?
                    }
                };
                return Ok(Some(Input::Performed(resume)));
            }
            Action::Verify(verify) => return self.verify(verify).await.map(Some),
            Action::Deleted(file) => self.tell_deletion(file),
            Action::LoggedIn(visitor) => self.tell(Event::LoggedIn { visitor }),
            Action::CountFailure { name } => return Ok(self.count_failure(name)),
            Action::Listen => {
                // This closes the port before: a client that says PASV again has given it up.
                self.ways.passive = Passive::listen(self.local.ip(), &self.served.ports)
                    .inspect_err(|error| tracing::warn!(%error, "cannot listen for a data connection"))
                    .ok();
                return Ok(Some(Input::Listening(self.ways.passive.as_ref().map(Passive::address))));
            }
            Action::StopListening => self.ways.passive = None,
            Action::CloseData => self.ways.open = None,
            Action::Transfer(order) => return self.transfer(order).await,
            Action::StopTransfer => {
                if let Some(running) = &mut self.running {
                    running.stop();
                }
            }
            Action::BeginTls => {
                self.begin_tls().await?;
                // RFC 4217 §10.1: nothing that came behind AUTH in clear is ever a command, nor the beginning of one.
                self.reader = LineReader::with_limit(LINE_LIMIT);
                let behind = std::mem::take(&mut self.unread);
                if !behind.is_empty() {
                    self.channel.take(&behind, &mut self.unread).await?;
                }
            }
            Action::EndTls => {
                self.unread.clear();
                self.channel.end_tls().await?;
            }
            Action::Close => {
                self.ways = Ways::default();
                self.is_closing = true;
            }
        }
        Ok(None)
    }
}

async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        drain(&mut stream).await;
    }
}
