//! A control connection: reads lines, hands them to its session, does what the session says.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::{LineReader, Received as Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Server;
use super::data::{Passive, Running};
use crate::session::{Action, End, Input, Received, Session};
use crate::store::Store;

/// The longest line that is taken: a path of the system's limit, and its verb.
const LINE_LIMIT: usize = 4096 + 16;
/// How much is read at a time.
const PIECE: usize = 4096;

/// Talks with a client until one of the two closes.
pub(super) async fn converse(stream: TcpStream, server: Arc<Server>) {
    let Ok((local, peer)) = prepare(&stream) else { return };
    let mut conversation = Conversation {
        session: Session::new(Arc::clone(&server.settings), local, peer),
        store: Arc::clone(&server.store),
        server,
        stream,
        local,
        reader: LineReader::with_limit(LINE_LIMIT),
        unread: Vec::new(),
        unsent: Vec::new(),
        passive: None,
        running: None,
        is_closing: false,
        is_at_end: false,
    };
    if let Err(error) = conversation.run().await {
        tracing::debug!(%peer, %error, "the control connection broke");
    }
    if let Some(mut running) = conversation.running.take() {
        running.stop();
        running.ended().await;
    }
}

/// There is no room for one client more.
pub(super) async fn turn_away(mut stream: TcpStream) {
    const LAST_WORD: &[u8] = b"421 Too many connections; try again later.\r\n";
    if let Ok(Ok(())) = timeout(Duration::from_secs(1), stream.write_all(LAST_WORD)).await {
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
    /// The files the session is on.
    store: Arc<dyn Store>,
    stream: TcpStream,
    local: SocketAddr,
    reader: LineReader,
    /// Read, and not yet taken by the session.
    unread: Vec<u8>,
    unsent: Vec<u8>,
    passive: Option<Passive>,
    running: Option<Running>,
    is_closing: bool,
    /// The client closed its side.
    is_at_end: bool,
}

/// What happened on one of the connections.
enum Event {
    Read(usize),
    TransferEnded { octets: u64, end: End },
    Idle,
}

impl Conversation {
    async fn run(&mut self) -> io::Result<()> {
        self.feed(Input::Connected).await?;
        let mut buffer = [0; PIECE];
        let mut idle_from = Instant::now();
        while !self.is_closing {
            let event = self.wait(&mut buffer, idle_from).await?;
            idle_from = Instant::now();
            match event {
                Event::Read(0) => {
                    self.is_at_end = true;
                    self.feed(Input::Disconnected).await?;
                }
                Event::Read(length) => self.unread.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Event::TransferEnded { octets, end } => {
                    self.running = None;
                    self.feed(Input::TransferEnded { octets, end }).await?;
                }
                Event::Idle => self.feed(Input::Idle).await?,
            }
            self.take_lines().await?;
        }
        self.farewell().await
    }

    async fn wait(&mut self, buffer: &mut [u8], idle_from: Instant) -> io::Result<Event> {
        let may_read = !self.is_at_end && self.unread.is_empty() && self.session.takes_commands();
        let is_idle_limited = !self.session.is_transferring();
        let idle_until = idle_from + self.server.timeouts.idle;
        tokio::select! {
            (octets, end) = ended(self.running.as_mut()) => Ok(Event::TransferEnded { octets, end }),
            length = read(&self.stream, buffer), if may_read => Ok(Event::Read(length?)),
            () = tokio::time::sleep_until(idle_until), if is_idle_limited => Ok(Event::Idle),
        }
    }

    /// Hands in what was read, as much of it as the session takes.
    async fn take_lines(&mut self) -> io::Result<()> {
        let unread = std::mem::take(&mut self.unread);
        let mut rest = unread.as_slice();
        while self.session.takes_commands() && !self.is_closing {
            match self.reader.take(&mut rest) {
                Some(Wire::Line(line)) => self.feed_received(Received::Line(line)).await?,
                Some(Wire::TooLong { .. }) => self.feed_received(Received::TooLong).await?,
                // RFC 1123 §4.1.2.12: a server refuses every option.
                Some(Wire::Refusal(refusal)) => self.unsent.extend_from_slice(&refusal),
                // None of them changes anything here; see the essay in `session::transfer`.
                Some(Wire::Function(_)) => {}
                None => break,
            }
        }
        self.unread = rest.to_vec();
        self.send().await
    }

    async fn feed_received(&mut self, received: Received) -> io::Result<()> {
        if let Some(running) = &self.running {
            let octets = running.moved();
            self.feed(Input::Moved(octets)).await?;
        }
        self.feed(Input::Received(received)).await
    }

    /// Hands in one thing, does all that comes of it, and sends the replies together.
    async fn feed(&mut self, input: Input) -> io::Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.session.handle(input) {
                inputs.extend(self.act(action).await?);
            }
        }
        self.send().await
    }

    async fn act(&mut self, action: Action) -> io::Result<Option<Input>> {
        match action {
            Action::Say(octets) => self.unsent.extend_from_slice(&octets),
            Action::Mount(volume) => {
                self.store = volume.map_or_else(|| Arc::clone(&self.server.store), |volume| volume.0);
            }
            Action::Perform(perform) => {
                let store = Arc::clone(&self.store);
                let resume = tokio::task::spawn_blocking(move || perform.run(store.as_ref())).await?;
                return Ok(Some(Input::Performed(resume)));
            }
            Action::Listen => {
                // This closes the port before: a client that says PASV again has given it up.
                self.passive = Passive::listen(self.local.ip())
                    .inspect_err(|error| tracing::warn!(%error, "cannot listen for a data connection"))
                    .ok();
                return Ok(Some(Input::Listening(self.passive.as_ref().map(Passive::address))));
            }
            Action::StopListening => self.passive = None,
            Action::Transfer(order) => {
                // 150 goes out before the data connection is made.
                self.send().await?;
                let passive = self.passive.take();
                self.running = Some(Running::start(order, passive, self.local, self.server.timeouts));
            }
            Action::StopTransfer => {
                if let Some(running) = &mut self.running {
                    running.stop();
                }
            }
            Action::Close => {
                self.passive = None;
                self.is_closing = true;
            }
        }
        Ok(None)
    }

    /// Sends all replies that wait, in one write.
    async fn send(&mut self) -> io::Result<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        // A client that does not read its replies is as good as gone.
        timeout(self.server.timeouts.idle, self.stream.write_all(&self.unsent)).await??;
        self.unsent.clear();
        Ok(())
    }

    /// Closes, so that the last reply arrives.
    async fn farewell(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        if !self.is_at_end {
            drain(&mut self.stream).await;
        }
        Ok(())
    }
}

/// Reads what there is. Where a Synch ends, a read stops short though more is there; tokio's own read would take that for the
/// end of what has arrived, and wait for more with an ABOR in its hands.
async fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        let read = || io::Read::read(&mut &*socket2::SockRef::from(stream), buffer);
        match stream.try_io(Interest::READABLE, read) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return result,
        }
    }
}

/// The end of the transfer that runs; without one, never.
async fn ended(running: Option<&mut Running>) -> (u64, End) {
    match running {
        Some(running) => running.ended().await,
        None => std::future::pending().await,
    }
}

async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        drain(&mut stream).await;
    }
}

/// Reads what the client still sends until it closes, for a moment. A socket that is closed with something unread is reset,
/// and the reset would take the last reply from a client that has not read it yet.
async fn drain(stream: &mut TcpStream) {
    const MOMENT: Duration = Duration::from_millis(500);
    const LIMIT: u64 = 64 * 1024;
    let mut sink = tokio::io::sink();
    // Nothing depends on how this ends: the connection is closed next.
    let _ = timeout(MOMENT, tokio::io::copy(&mut stream.take(LIMIT), &mut sink)).await;
}
