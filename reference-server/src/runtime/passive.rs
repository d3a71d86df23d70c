//! The side of a data connection that listens (PASV, EPSV, LPSV).

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};

use super::Ports;
use super::tls::{Flow, Handshake, Tls};

/// A port that listens for a data connection.
pub(super) struct Passive {
    listener: Listener,
    address: SocketAddr,
    /// A client that did not wait for the reply to its transfer command.
    ahead: Option<Ahead>,
}

/// The socket. Most clients have connected when it is looked at first; then nobody ever waits for it.
enum Listener {
    Fresh(std::net::TcpListener),
    Watched(TcpListener),
}

/// A connection that was taken before it was asked for, of a host that may have it.
enum Ahead {
    /// Nothing was said on it yet.
    Silent(TcpStream),
    Met(Met),
}

/// A connection, as it stands when a transfer begins.
pub(super) enum Met {
    /// Nothing of TLS was said. It does not block.
    Clear(std::net::TcpStream),
    /// The client has begun TLS.
    Begun(Handshake),
    /// The client has begun TLS, and it came to nothing.
    Failed(io::Error),
}

impl Listener {
    /// Takes the next connection, which does not block.
    async fn accept(&mut self) -> io::Result<(std::net::TcpStream, SocketAddr)> {
        if let Self::Fresh(listener) = self {
            match listener.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    *self = Self::Watched(TcpListener::from_std(listener.try_clone()?)?);
                }
                accepted => {
                    let (stream, from) = accepted?;
                    stream.set_nonblocking(true)?;
                    return Ok((stream, from));
                }
            }
        }
        match self {
            Self::Fresh(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Watched(listener) => {
                let (stream, from) = listener.accept().await?;
                Ok((stream.into_std()?, from))
            }
        }
    }
}

impl Passive {
    /// Listens on a free port of this host. It listens when this returns: the client may connect as soon as it reads the reply.
    pub(super) fn listen(host: IpAddr, ports: &Ports) -> io::Result<Self> {
        let listener = ports.listen(host)?;
        listener.set_nonblocking(true)?;
        Ok(Self { address: listener.local_addr()?, listener: Listener::Fresh(listener), ahead: None })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes the connection of this host, or of any, if there is one already. Says whether there is one on which nothing of TLS was said.
    pub(super) fn meet(&mut self, host: Option<IpAddr>) -> bool {
        // Should another host have come first, whoever waits for the right one looks further.
        if let (None, Listener::Fresh(listener)) = (&self.ahead, &self.listener)
            && let Ok((stream, from)) = listener.accept()
            && is_from(from, host)
            && stream.set_nonblocking(true).is_ok()
        {
            self.ahead = Some(Ahead::Met(Met::Clear(stream)));
        }
        self.met().is_some()
    }

    /// The connection that was taken already, if nothing of TLS was said on it.
    pub(super) fn met(&self) -> Option<&std::net::TcpStream> {
        match &self.ahead {
            Some(Ahead::Met(Met::Clear(stream))) => Some(stream),
            Some(Ahead::Met(Met::Begun(_) | Met::Failed(_)) | Ahead::Silent(_)) | None => None,
        }
    }

    /// Takes the connection of this host, or of any. Others are dropped.
    pub(super) async fn accept(mut self, host: Option<IpAddr>) -> io::Result<Met> {
        match self.ahead.take() {
            Some(Ahead::Silent(stream)) => Ok(Met::Clear(stream.into_std()?)),
            Some(Ahead::Met(met)) => Ok(met),
            None => self.admit(host).await.map(Met::Clear),
        }
    }

    async fn admit(&mut self, host: Option<IpAddr>) -> io::Result<std::net::TcpStream> {
        loop {
            let (stream, from) = self.listener.accept().await?;
            if is_from(from, host) {
                return Ok(stream);
            }
        }
    }

    /// Negotiates TLS with a client that begins it before it says what is to be transferred: RFC 4217 does not order the two, and
    /// some clients do not say RETR until their data connection is secured. It may be dropped at any time: what was reached stays.
    pub(super) async fn go_ahead(&mut self, tls: &Tls, host: Option<IpAddr>) {
        if let Err(error) = self.advance(tls, host).await
            && let Some(ahead) = &mut self.ahead
        {
            tracing::debug!(%error, "TLS that began before its transfer failed");
            *ahead = Ahead::Met(Met::Failed(error));
        }
    }

    async fn advance(&mut self, tls: &Tls, host: Option<IpAddr>) -> io::Result<()> {
        if self.ahead.is_none() {
            let stream = self.admit(host).await?;
            self.ahead = Some(Ahead::Silent(TcpStream::from_std(stream)?));
        }
        if let Some(Ahead::Silent(stream)) = &self.ahead {
            // Most clients wait; then which way the file goes is known before TLS begins.
            stream.readable().await?;
        }
        self.ahead = match self.ahead.take() {
            Some(Ahead::Silent(stream)) => {
                let begun = Handshake::new(stream, tls, Flow::FromClient);
                Some(Ahead::Met(begun.map_or_else(Met::Failed, Met::Begun)))
            }
            ahead => ahead,
        };
        match &mut self.ahead {
            Some(Ahead::Met(Met::Begun(handshake))) => handshake.advance().await,
            Some(Ahead::Silent(_) | Ahead::Met(Met::Clear(_) | Met::Failed(_))) | None => Ok(()),
        }
    }
}

/// Whether it comes from this host; says so if not.
fn is_from(from: SocketAddr, host: Option<IpAddr>) -> bool {
    let is_from = host.is_none_or(|host| from.ip().to_canonical() == host);
    if !is_from {
        tracing::warn!(%from, "a data connection from another host was dropped");
    }
    is_from
}
