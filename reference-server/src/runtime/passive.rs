//! The side of a data connection that listens (PASV, EPSV, LPSV).

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use tokio::net::{TcpListener, TcpStream};

use super::tls::{Flow, Handshake, Tls};

/// The ports that may listen for a data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ports {
    /// Any that the kernel has.
    Any,
    /// One of these.
    Among(RangeInclusive<u16>),
}

impl Ports {
    /// Which one, nobody can foretell (RFC 2577 §5.1): the search begins anywhere.
    fn listen(&self, host: IpAddr) -> io::Result<std::net::TcpListener> {
        let Self::Among(ports) = self else { return std::net::TcpListener::bind((host, 0)) };
        let count = u64::from(ports.end().saturating_sub(*ports.start())) + 1;
        let begin = usize::try_from(RandomState::new().build_hasher().finish() % count).unwrap_or_default();
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for port in ports.clone().cycle().skip(begin).take(ports.len()) {
            match std::net::TcpListener::bind((host, port)) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
                bound => return bound,
            }
        }
        Err(last)
    }
}

/// A port that listens for a data connection.
pub(super) struct Passive {
    listener: TcpListener,
    address: SocketAddr,
    /// A client that did not wait for the reply to its transfer command.
    ahead: Option<Ahead>,
}

/// A connection that was taken before it was asked for.
struct Ahead {
    from: SocketAddr,
    met: Met,
}

/// A connection, as it stands when a transfer begins.
pub(super) enum Met {
    /// Nothing of TLS was said.
    Clear(TcpStream),
    /// The client has begun TLS.
    Begun(Handshake),
    /// The client has begun TLS, and it came to nothing.
    Failed(io::Error),
}

impl Passive {
    /// Listens on a free port of this host. It listens when this returns: the client may connect as soon as it reads the reply.
    pub(super) fn listen(host: IpAddr, ports: &Ports) -> io::Result<Self> {
        let listener = ports.listen(host)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Self { address: listener.local_addr()?, listener, ahead: None })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes the connection of this host, or of any. Others are dropped.
    pub(super) async fn accept(mut self, host: Option<IpAddr>) -> io::Result<Met> {
        loop {
            let Ahead { from, met } = match self.ahead.take() {
                Some(ahead) => ahead,
                None => next(&self.listener).await?,
            };
            if host.is_none_or(|host| from.ip().to_canonical() == host) {
                return Ok(met);
            }
            tracing::warn!(%from, "a data connection from another host was dropped");
        }
    }

    /// Negotiates TLS with a client that begins it before it says what is to be transferred: RFC 4217 does not order the two, and
    /// some clients do not say RETR until their data connection is secured. It may be dropped at any time: what was reached stays.
    pub(super) async fn go_ahead(&mut self, tls: &Tls, peer: IpAddr) {
        if let Err(error) = self.advance(tls, peer).await
            && let Some(ahead) = &mut self.ahead
        {
            tracing::debug!(%error, "TLS that began before its transfer failed");
            ahead.met = Met::Failed(error);
        }
    }

    async fn advance(&mut self, tls: &Tls, peer: IpAddr) -> io::Result<()> {
        let ahead = match &mut self.ahead {
            Some(ahead) => ahead,
            None => self.ahead.insert(next(&self.listener).await?),
        };
        if ahead.from.ip().to_canonical() != peer.to_canonical() {
            return Ok(());
        }
        if let Met::Clear(stream) = &ahead.met {
            // Most clients wait; then which way the file goes is known before TLS begins.
            stream.readable().await?;
        }
        if matches!(ahead.met, Met::Clear(_)) {
            let placeholder = Met::Failed(io::ErrorKind::NotConnected.into());
            if let Met::Clear(stream) = std::mem::replace(&mut ahead.met, placeholder) {
                ahead.met = Met::Begun(Handshake::new(stream, tls, Flow::FromClient)?);
            }
        }
        match &mut ahead.met {
            Met::Begun(handshake) => handshake.advance().await,
            Met::Clear(_) | Met::Failed(_) => Ok(()),
        }
    }
}

async fn next(listener: &TcpListener) -> io::Result<Ahead> {
    let (stream, from) = listener.accept().await?;
    Ok(Ahead { from, met: Met::Clear(stream) })
}
