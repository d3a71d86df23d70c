//! The control connection: what is read and said, in clear or under TLS.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tls::{Secured, Standing, Tls};

/// How much is read at a time.
const PIECE: usize = 4096;

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Octets, which may be none that say anything yet.
    Octets,
    /// The client will say nothing more.
    End,
}

pub(super) struct Channel {
    stream: TcpStream,
    /// What most sessions never have takes no room in them.
    tls: Option<Box<Secured>>,
    unsent: Vec<u8>,
    /// How long a client may take to read its replies.
    patience: Duration,
    /// The client closed its side.
    is_at_end: bool,
}

/// What there is, as far as one piece. Sessions that say nothing, of which there may be thousands, have no room for it.
fn piece(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut buffer = [0; PIECE];
    let length = io::Read::read(&mut &*socket2::SockRef::from(stream), &mut buffer)?;
    Ok(buffer.get(..length).unwrap_or_default().to_vec())
}

impl Channel {
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self { stream, tls: None, unsent: Vec::new(), patience, is_at_end: false }
    }

    /// Reads what there is. Where a Synch ends, a read stops short though more is there; tokio's own read would take that for the
    /// end of what has arrived, and wait for more with an ABOR in its hands.
    pub(super) async fn read(&self) -> io::Result<Vec<u8>> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_io(Interest::READABLE, || piece(&self.stream)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Takes what was read, nothing for the end, and puts what it says behind `plain`.
    pub(super) async fn take(&mut self, octets: &[u8], plain: &mut Vec<u8>) -> io::Result<Heard> {
        if octets.is_empty() {
            self.is_at_end = true;
            return Ok(Heard::End);
        }
        let Some(tls) = &mut self.tls else {
            plain.extend_from_slice(octets);
            return Ok(Heard::Octets);
        };
        match tls.receive(octets, plain) {
            Ok(Standing::Open) => {
                self.send().await?;
                Ok(Heard::Octets)
            }
            Ok(Standing::Ended { behind }) if tls.is_ending() => {
                self.tls = None;
                plain.extend(behind);
                Ok(Heard::Octets)
            }
            Ok(Standing::Ended { .. }) => {
                self.is_at_end = true;
                Ok(Heard::End)
            }
            Err(error) => {
                self.give_up().await?;
                Err(error)
            }
        }
    }

    pub(super) fn say(&mut self, octets: &[u8]) {
        self.unsent.extend_from_slice(octets);
    }

    /// Sends all that waits, in one write.
    pub(super) async fn send(&mut self) -> io::Result<()> {
        let unsent = match &mut self.tls {
            // What is said now is in clear, and waits until the client has ended TLS as well.
            Some(tls) if tls.is_ending() => tls.take_output()?,
            Some(tls) => {
                tls.say(&std::mem::take(&mut self.unsent))?;
                tls.take_output()?
            }
            None => std::mem::take(&mut self.unsent),
        };
        if unsent.is_empty() {
            return Ok(());
        }
        // A client that does not read its replies is as good as gone.
        timeout(self.patience, self.stream.write_all(&unsent)).await?
    }

    /// Begins TLS. What came behind the command that asked for it is TLS as well, or a forgery: it is for [`Self::take`].
    pub(super) async fn begin_tls(&mut self, tls: &Tls) -> io::Result<()> {
        self.send().await?;
        self.tls = Some(Box::new(Secured::new(tls).map_err(io::Error::other)?));
        Ok(())
    }

    /// The host that the client has named when TLS began.
    pub(super) fn server_name(&self) -> Option<&str> {
        self.tls.as_deref().and_then(Secured::server_name)
    }

    /// Ends TLS on the side of the server. On the side of the client it ends when its own `close_notify` comes.
    pub(super) async fn end_tls(&mut self) -> io::Result<()> {
        self.send().await?;
        if let Some(tls) = &mut self.tls {
            tls.end();
        }
        self.send().await
    }

    /// Closes, so that the last reply arrives.
    pub(super) async fn close(&mut self) -> io::Result<()> {
        self.end_tls().await?;
        self.stream.shutdown().await?;
        if !self.is_at_end {
            drain(&mut self.stream).await;
        }
        Ok(())
    }

    /// RFC 4217 §10.1: a negotiation that failed is told in clear.
    async fn give_up(&mut self) -> io::Result<()> {
        let Some(mut tls) = self.tls.take() else { return Ok(()) };
        self.unsent.clear();
        self.unsent.extend(tls.take_output()?);
        if tls.is_negotiating() {
            self.unsent.extend_from_slice(b"421 The TLS negotiation failed; closing the control connection.\r\n");
        }
        self.close().await
    }
}

/// Reads what the client still sends until it closes, for a moment. A socket that is closed with something unread is reset,
/// and the reset would take the last reply from a client that has not read it yet.
pub(super) async fn drain(stream: &mut TcpStream) {
    const MOMENT: Duration = Duration::from_millis(500);
    const LIMIT: u64 = 64 * 1024;
    let mut sink = tokio::io::sink();
    // Nothing depends on how this ends: the connection is closed next.
    let _ = timeout(MOMENT, tokio::io::copy(&mut stream.take(LIMIT), &mut sink)).await;
}
