//! A connection, in clear or under TLS (RFC 4217). Nothing here judges: what TLS looked like is told.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::server::{Accepted, Acceptor};
use rustls::{ClientConfig, ClientConnection, Connection, HandshakeKind, ServerConfig, ServerConnection};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::body::hexadecimal;

/// A connection.
///
/// What is read and written may be dropped and asked for again: nothing is lost, and nothing is said twice.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    tls: Option<Box<Connection>>,
    /// Octets that came and are not opened yet: of a record that is not whole, or behind the end of TLS.
    raw: Vec<u8>,
    /// What TLS has to say and the kernel has not taken yet.
    unsent: Vec<u8>,
    /// Whether the socket has ended.
    is_at_end: bool,
    /// Whether the peer has said `close_notify`.
    was_notified: bool,
}

/// What a negotiation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Negotiated {
    /// As `TLSv1_3`.
    pub(super) version: String,
    /// Whether it resumed an earlier session.
    pub(super) resumed: bool,
    /// The SHA-256 of the certificate of the peer, in hexadecimal.
    pub(super) certificate: Option<String>,
}

/// How much TLS is given to send at a time.
const PIECE: usize = 16 * 1024;
/// The first octet of a record (RFC 8446 §5.1, RFC 6520).
const RECORD_TYPES: RangeInclusive<u8> = 20..=24;
/// The most octets of a record behind its header (RFC 5246 §6.2.3).
const LONGEST_RECORD: usize = (1 << 14) + 2048;
const HEADER: usize = 5;

impl Socket {
    /// What is sent goes at once: the last flight of a TLS handshake would wait until the peer acknowledges what went before.
    pub(super) fn clear(stream: TcpStream) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "what is sent may wait for what went before");
        }
        Self { stream, tls: None, raw: Vec::new(), unsent: Vec::new(), is_at_end: false, was_notified: false }
    }

    /// The socket itself, for its addresses and options, and for what is said past TLS.
    pub(super) const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    pub(super) const fn as_stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether what comes next comes as the kernel gives it.
    pub(super) const fn is_plain(&self) -> bool {
        self.tls.is_none() && self.raw.is_empty()
    }

    pub(super) const fn is_secured(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether the peer has ended TLS as it should; `None` in clear.
    pub(super) fn was_notified(&self) -> Option<bool> {
        self.tls.as_ref().map(|_| self.was_notified)
    }

    /// Negotiates TLS as its client, whoever made the connection (RFC 4217 §7). The hello names a host, or none.
    ///
    /// # Errors
    /// What is wrong with the negotiation, or with the connection.
    pub(super) async fn secure(
        &mut self,
        sessions: &Arc<ClientConfig>,
        server_name: Option<&str>,
    ) -> io::Result<Negotiated> {
        let name = match server_name {
            Some(name) => ServerName::try_from(name.to_owned()).map_err(io::Error::other)?,
            // RFC 6066 §3: an address is not named.
            None => self.peer_addr()?.ip().into(),
        };
        let connection = ClientConnection::new(Arc::clone(sessions), name).map_err(io::Error::other)?;
        self.negotiate(connection.into()).await
    }

    /// Negotiates TLS as its server.
    ///
    /// # Errors
    /// As [`Self::secure`].
    pub(super) async fn secure_as_server(&mut self, configuration: &Arc<ServerConfig>) -> io::Result<Negotiated> {
        let connection = ServerConnection::new(Arc::clone(configuration)).map_err(io::Error::other)?;
        self.negotiate(connection.into()).await
    }

    /// Reads the hello of a client, and answers nothing yet.
    ///
    /// # Errors
    /// As [`Self::secure`]. The client is told nothing of what is wrong.
    pub(super) async fn hear_hello(&mut self) -> io::Result<Accepted> {
        let mut acceptor = Acceptor::default();
        loop {
            self.await_record().await?;
            let record = self.take_record();
            let mut left = record.as_slice();
            while !left.is_empty() {
                acceptor.read_tls(&mut left)?;
            }
            let accepted = acceptor.accept().map_err(|(error, _alert)| io::Error::other(error))?;
            if let Some(accepted) = accepted {
                return Ok(accepted);
            }
        }
    }

    /// Goes on as the server behind [`Self::hear_hello`].
    ///
    /// # Errors
    /// As [`Self::secure`].
    pub(super) async fn answer_hello(
        &mut self,
        accepted: Accepted,
        configuration: &Arc<ServerConfig>,
    ) -> io::Result<Negotiated> {
        let answered = accepted.into_connection(Arc::clone(configuration));
        let connection = answered.map_err(|(error, _alert)| io::Error::other(error))?;
        self.negotiate(connection.into()).await
    }

    async fn negotiate(&mut self, connection: Connection) -> io::Result<Negotiated> {
        if self.tls.is_some() {
            return Err(io::Error::other("TLS stands already, and there is no TLS inside TLS here"));
        }
        let mut connection = Box::new(connection);
        loop {
            self.collect(&mut connection)?;
            self.flush().await?;
            if !connection.is_handshaking() {
                break;
            }
            self.await_record().await?;
            let opened = self.open_record(&mut connection);
            if opened.is_err() {
                // The peer is told by an alert; it may have gone.
                self.collect(&mut connection)?;
                self.flush().await.ok();
            }
            opened?;
        }
        let negotiated = Negotiated {
            version: connection.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default(),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            certificate: connection
                .peer_certificates()
                .and_then(<[_]>::first)
                .map(|certificate| hexadecimal(&Sha256::digest(certificate))),
        };
        self.tls = Some(connection);
        Ok(negotiated)
    }

    /// Ends TLS and goes on in clear: says `close_notify`, and waits for that of the peer. Gives whether it came in time; where
    /// something in clear comes instead, or nothing, TLS is over all the same.
    ///
    /// # Errors
    /// The connection ended or broke.
    pub(super) async fn leave_tls(&mut self, within: Duration) -> io::Result<bool> {
        self.notify().await?;
        let notified = match timeout(within, self.await_notice()).await {
            Ok(notified) => notified?,
            Err(_) => false,
        };
        self.tls = None;
        self.was_notified = false;
        Ok(notified)
    }

    async fn await_notice(&mut self) -> io::Result<bool> {
        let Some(mut tls) = self.tls.take() else { return Ok(true) };
        let mut buffer = vec![0; 8192];
        while !self.was_notified {
            match self.raw.first() {
                Some(first) if !RECORD_TYPES.contains(first) => return Ok(false),
                _ if self.has_record()? => self.open_record(&mut tls)?,
                _ => {
                    let length = self.stream.read(&mut buffer).await?;
                    if length == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.raw.extend_from_slice(buffer.get(..length).unwrap_or_default());
                }
            }
        }
        Ok(true)
    }

    /// Reads. Nothing is the end, under TLS with or without `close_notify`.
    ///
    /// # Errors
    /// The connection broke, or a record of TLS is wrong.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.readable().await?,
                result => return result,
            }
        }
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// As [`Self::read`], and `WouldBlock` when nothing is there yet.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut tls) = self.tls.take() else { return self.try_read_clear(buffer) };
        let read = self.try_read_tls(&mut tls, buffer);
        self.tls = Some(tls);
        read
    }

    fn try_read_clear(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.raw.is_empty() {
            return self.stream.try_read(buffer);
        }
        let length = self.raw.len().min(buffer.len());
        for (place, octet) in buffer.iter_mut().zip(self.raw.drain(..length)) {
            *place = octet;
        }
        Ok(length)
    }

    fn try_read_tls(&mut self, tls: &mut Connection, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match tls.reader().read(buffer) {
                // Without `close_notify` rustls calls the end an error; here `was_notified` tells.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            if self.was_notified || self.is_at_end {
                return Ok(0);
            }
            if self.has_record()? {
                self.open_record(tls)?;
                continue;
            }
            let mut raw = vec![0; PIECE];
            let length = self.stream.try_read(&mut raw)?;
            self.is_at_end = length == 0;
            self.raw.extend_from_slice(raw.get(..length).unwrap_or_default());
        }
    }

    /// Writes some of it, and says how much is taken. The rest of it may wait for [`Self::flush`].
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.stream.write(octets).await;
        }
        self.flush().await?;
        let Some(mut tls) = self.tls.take() else { return Ok(0) };
        let taken = tls.writer().write(octets.get(..PIECE).unwrap_or(octets));
        let collected = self.collect(&mut tls);
        self.tls = Some(tls);
        collected?;
        taken
    }

    /// Writes all of it, and sends it.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn write_all(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut left = octets;
        while !left.is_empty() {
            let written = self.write(left).await?;
            left = left.get(written..).unwrap_or_default();
        }
        self.flush().await
    }

    /// Ends what is sent: under TLS with `close_notify`.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        self.notify().await?;
        self.stream.shutdown().await
    }

    /// Ends what is sent, and under TLS takes what still comes: a connection that is closed with something unread is reset, and
    /// the reset would take the end of the body with it.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn finish(&mut self, within: Duration) -> io::Result<()> {
        self.shutdown().await?;
        if self.is_secured() {
            let mut buffer = vec![0; 4096];
            let rest = async {
                while self.stream.read(&mut buffer).await? > 0 {}
                io::Result::Ok(())
            };
            timeout(within, rest).await.unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// Says `close_notify`, if there is TLS.
    async fn notify(&mut self) -> io::Result<()> {
        if let Some(mut tls) = self.tls.take() {
            tls.send_close_notify();
            let collected = self.collect(&mut tls);
            self.tls = Some(tls);
            collected?;
        }
        self.flush().await
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let written = self.stream.write(&self.unsent).await?;
            self.unsent.drain(..written);
        }
        Ok(())
    }

    /// Takes what TLS has to say.
    fn collect(&mut self, tls: &mut Connection) -> io::Result<()> {
        while tls.wants_write() {
            tls.write_tls(&mut self.unsent)?;
        }
        Ok(())
    }

    /// Whether a whole record has come.
    fn has_record(&self) -> io::Result<bool> {
        match self.raw.first() {
            Some(first) if !RECORD_TYPES.contains(first) => {
                let said = self.raw.get(..60).unwrap_or(&self.raw).escape_ascii();
                return Err(io::Error::other(format!("in clear came, where TLS was due: {said}")));
            }
            _ => {}
        }
        let Some([high, low]) = self.raw.get(3..HEADER) else { return Ok(false) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length > LONGEST_RECORD {
            return Err(io::Error::other("a record of TLS is longer than one may be"));
        }
        Ok(self.raw.len() >= HEADER + length)
    }

    /// Reads until a whole record is there.
    async fn await_record(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 8192];
        while !self.has_record()? {
            let length = self.stream.read(&mut buffer).await?;
            if length == 0 {
                let why = "the connection ended before TLS was negotiated";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
            }
            self.raw.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
        Ok(())
    }

    /// Takes the first record, which is whole.
    fn take_record(&mut self) -> Vec<u8> {
        let Some([high, low]) = self.raw.get(3..HEADER) else { return Vec::new() };
        let length = HEADER + usize::from(u16::from_be_bytes([*high, *low]));
        self.raw.drain(..length).collect()
    }

    /// Opens the first record, which is whole. One at a time: what comes behind the last one is in clear.
    fn open_record(&mut self, tls: &mut Connection) -> io::Result<()> {
        let record = self.take_record();
        let mut left = record.as_slice();
        while !left.is_empty() {
            tls.read_tls(&mut left)?;
            let state = tls.process_new_packets().map_err(io::Error::other)?;
            self.was_notified |= state.peer_has_closed();
        }
        Ok(())
    }
}
