//! TLS on the control connection and on data connections (RFC 4217). The sockets are elsewhere: octets in, octets out.

#[cfg(feature = "fuzzing")]
pub(super) mod fuzzing;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::RangeInclusive;
use std::sync::Arc;

use rustix::net::{RecvFlags, recv};
use rustls::crypto::ring::Ticketer;
use rustls::server::ServerSessionMemoryCache;
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

/// What every connection of a server shares.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    configuration: Arc<ServerConfig>,
    /// The same without tickets.
    of_uploads: Arc<ServerConfig>,
    /// Whether a data connection must resume the TLS session of its control connection (RFC 4217 §10.2): then nobody else can
    /// have made it.
    data_must_resume: bool,
}

impl Tls {
    pub(crate) fn new(configuration: ServerConfig, data_must_resume: bool) -> Self {
        let mut of_uploads = configuration.clone();
        // A client that uploads may read nothing, and a connection that is closed with a ticket unread is reset: the reset
        // would take the end of the file with it.
        of_uploads.send_tls13_tickets = 0;
        Self { configuration: Arc::new(configuration), of_uploads: Arc::new(of_uploads), data_must_resume }
    }

    /// TLS as one session has it. Where its data connections must resume, its tickets have keys of their own, and so have the
    /// sessions that a client of TLS 1.2 resumes without a ticket: whoever resumes one has it from here.
    pub(super) fn of_session(&self) -> Result<Self, rustls::Error> {
        const SESSIONS: usize = 8;
        const TICKETS: usize = 8;
        if !self.data_must_resume {
            return Ok(self.clone());
        }
        let mut configuration = ServerConfig::clone(&self.configuration);
        configuration.ticketer = Ticketer::new()?;
        configuration.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        // Some clients use a ticket once, and get none with an upload.
        configuration.send_tls13_tickets = TICKETS;
        Ok(Self::new(configuration, true))
    }
}

/// The control connection under TLS.
#[derive(Debug)]
pub(super) struct Secured {
    connection: ServerConnection,
    /// What has come of a record that is not whole yet.
    partial: Vec<u8>,
    /// Whether our `close_notify` is out.
    is_ending: bool,
}

/// How the connection stands after some octets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It goes on.
    Open,
    /// The client has ended TLS. These octets came behind it, in clear.
    Ended { behind: Vec<u8> },
}

/// The first octet of a record (RFC 5246 §6.2.1, RFC 6520).
const RECORD_TYPES: RangeInclusive<u8> = 20..=24;
/// The longest record: a header of five octets and 2^14 + 2048 more (RFC 5246 §6.2.3).
const LONGEST_RECORD: usize = 5 + (1 << 14) + 2048;

impl Secured {
    /// The host that the client has named in its hello (RFC 6066 §3).
    pub(super) fn server_name(&self) -> Option<&str> {
        self.connection.server_name()
    }

    pub(super) fn new(tls: &Tls) -> Result<Self, rustls::Error> {
        let mut connection = ServerConnection::new(Arc::clone(&tls.configuration))?;
        // The session bounds what it says, and a listing by STAT may be longer than rustls likes.
        connection.set_buffer_limit(None);
        Ok(Self { connection, partial: Vec::new(), is_ending: false })
    }

    pub(super) fn is_negotiating(&self) -> bool {
        self.connection.is_handshaking()
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// Takes octets from the wire; what they say is put behind `plain`.
    ///
    /// Records are handed in one at a time: octets behind the last record of TLS are in clear, and must not be taken for one.
    ///
    /// # Errors
    /// The negotiation failed, or a record is wrong. An alert is left in [`Self::take_output`].
    pub(super) fn receive(&mut self, octets: &[u8], plain: &mut Vec<u8>) -> io::Result<Standing> {
        self.partial.extend_from_slice(octets);
        while let Some(kind) = self.partial.first() {
            if !RECORD_TYPES.contains(kind) {
                // RFC 4217 §5: after CCC some clients go on in clear without a close_notify.
                let behind = std::mem::take(&mut self.partial);
                return if self.is_ending {
                    Ok(Standing::Ended { behind })
                } else {
                    Err(io::ErrorKind::InvalidData.into())
                };
            }
            let Some(length) = record_length(&self.partial) else { return Ok(Standing::Open) };
            if length > LONGEST_RECORD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.partial.len() < length {
                return Ok(Standing::Open);
            }
            let behind = self.partial.split_off(length);
            let record = std::mem::replace(&mut self.partial, behind);
            if self.open(&record, plain)? {
                return Ok(Standing::Ended { behind: std::mem::take(&mut self.partial) });
            }
        }
        Ok(Standing::Open)
    }

    /// Opens a record. Returns whether it ended TLS.
    fn open(&mut self, mut record: &[u8], plain: &mut Vec<u8>) -> io::Result<bool> {
        while !record.is_empty() {
            self.connection.read_tls(&mut record)?;
            let state = self.connection.process_new_packets().map_err(io::Error::other)?;
            let mut text = vec![0; state.plaintext_bytes_to_read()];
            self.connection.reader().read_exact(&mut text)?;
            // What is said under TLS once we have ended it could not be answered: replies wait for the other end.
            if !self.is_ending {
                plain.extend_from_slice(&text);
            }
            if state.peer_has_closed() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes what is to be said.
    pub(super) fn say(&mut self, plain: &[u8]) -> io::Result<()> {
        self.connection.writer().write_all(plain)
    }

    /// Says that nothing more will come under TLS.
    pub(super) fn end(&mut self) {
        self.is_ending = true;
        self.connection.send_close_notify();
    }

    /// What is to be sent.
    pub(super) fn take_output(&mut self) -> io::Result<Vec<u8>> {
        let mut output = Vec::new();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut output)?;
        }
        Ok(output)
    }
}

/// Whether something is there to be read.
fn is_coming(stream: &TcpStream) -> bool {
    let mut octet = [0];
    recv(stream, &mut octet, RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok_and(|(length, _)| length > 0)
}

/// The most octets of a file in one record (RFC 5246 §6.2.1).
const TEXT_OF_RECORD: usize = 1 << 14;

/// How long the record is that begins here, its header included; `None` until the header is whole.
fn record_length(octets: &[u8]) -> Option<usize> {
    match octets {
        [_, _, _, high, low, ..] => Some(5 + usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

/// Which way the octets of a file go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    ToClient,
    FromClient,
}

/// A data connection, in clear or under TLS.
#[derive(Debug)]
pub(super) enum Wire {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// TLS on a data connection, as far as it is negotiated. RFC 4217 §7: the FTP server is the TLS server, whoever opened the connection.
#[derive(Debug)]
pub(super) struct Handshake {
    stream: tokio::net::TcpStream,
    connection: Box<ServerConnection>,
    must_resume: bool,
}

impl Handshake {
    pub(super) fn new(stream: tokio::net::TcpStream, tls: &Tls, flow: Flow) -> io::Result<Self> {
        let configuration = match flow {
            Flow::FromClient => &tls.of_uploads,
            Flow::ToClient => &tls.configuration,
        };
        let connection = ServerConnection::new(Arc::clone(configuration)).map_err(io::Error::other)?;
        Ok(Self { stream, connection: Box::new(connection), must_resume: tls.data_must_resume })
    }

    /// Goes on until TLS stands. May be dropped and asked for again.
    ///
    /// # Errors
    /// The negotiation failed; the client has been told by an alert.
    pub(super) async fn advance(&mut self) -> io::Result<()> {
        loop {
            self.send().await?;
            if !self.connection.is_handshaking() {
                return Ok(());
            }
            match self.connection.read_tls(&mut Ready(&self.stream)) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.readable().await?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            if let Err(error) = self.connection.process_new_packets() {
                self.send().await?;
                return Err(io::Error::other(error));
            }
        }
    }

    /// Goes on until TLS stands.
    ///
    /// # Errors
    /// As [`Self::advance`], and where the session must be that of the control connection and is another.
    pub(super) async fn complete(mut self) -> io::Result<Wire> {
        self.advance().await?;
        if self.must_resume && self.connection.handshake_kind() != Some(HandshakeKind::Resumed) {
            self.connection.send_close_notify();
            self.send().await?;
            return Err(io::Error::other("the data connection does not resume the session of the control connection"));
        }
        let stream = self.stream.into_std()?;
        Ok(Wire::Tls(Box::new(StreamOwned::new(*self.connection, stream))))
    }

    async fn send(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Ready(&self.stream)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What the kernel has or takes at this moment.
struct Ready<'a>(&'a tokio::net::TcpStream);

impl Read for Ready<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Ready<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.try_write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire {
    /// The socket, if the octets of a file can go to it as they are.
    pub(super) fn clear(&self) -> Option<&TcpStream> {
        match self {
            Self::Clear(stream) => Some(stream),
            Self::Tls(_) => None,
        }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(stream) => stream,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    /// Reads on as long as something is there: a record is little for a disk to write. What is wrong with one that is not read here, the
    /// next read tells again, and so it does the end.
    pub(super) fn read_on(&mut self, buffer: &mut [u8]) -> usize {
        let Self::Tls(stream) = self else { return 0 };
        let mut length = 0;
        while buffer.len() - length >= TEXT_OF_RECORD && is_coming(stream.get_ref()) {
            match stream.read(buffer.get_mut(length..).unwrap_or_default()) {
                Ok(0) | Err(_) => break,
                Ok(more) => length += more,
            }
        }
        length
    }

    /// Ends what is sent: with `close_notify` under TLS (RFC 4217 §12), then by closing this direction.
    pub(super) fn end_sending(&mut self) -> io::Result<()> {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        self.socket().shutdown(Shutdown::Write)
    }
}

impl Read for Wire {
    /// Under TLS an end without `close_notify` is an error: the file may have been cut.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
