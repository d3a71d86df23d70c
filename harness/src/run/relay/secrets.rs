//! TLS on both sides of the relay: it is a server to the client, and a client to the server.

use std::io;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpStream;

use crate::run::socket::Socket;
use crate::run::trust::Sessions;

/// The first octet of a hello (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// Whether data connections are under TLS (RFC 4217 §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Protection {
    #[default]
    Clear,
    Private,
}

/// What one control connection and its data connections need for TLS.
#[derive(Debug)]
pub(super) struct Secrets {
    /// To the server.
    sessions: Sessions,
    /// To the client.
    own: Arc<ServerConfig>,
    /// The same with another certificate.
    other: Arc<ServerConfig>,
}

/// What somebody says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// The client, the beginning of TLS.
    Hello,
    /// Anything else, or the end.
    Else,
}

impl Secrets {
    /// Keys of its own, and certificates that nobody vouches for.
    pub(super) fn new() -> io::Result<Arc<Self>> {
        let sessions = Sessions::new().map_err(io::Error::other)?;
        Ok(Arc::new(Self { sessions, own: configuration()?, other: configuration()? }))
    }

    pub(super) async fn to_server(&self, server: &mut Socket) -> io::Result<()> {
        server.secure(&self.sessions.shared).await.map(drop)
    }

    pub(super) async fn to_client(&self, client: &mut Socket) -> io::Result<()> {
        client.secure_as_server(&self.own).await.map(drop)
    }

    /// With a certificate that the control connection does not have.
    pub(super) async fn to_client_as_another(&self, client: &mut Socket) -> io::Result<()> {
        client.secure_as_server(&self.other).await.map(drop)
    }
}

fn configuration() -> io::Result<Arc<ServerConfig>> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let parameters = CertificateParams::new(vec!["localhost".to_owned()]).map_err(io::Error::other)?;
    let certificate = parameters.self_signed(&key).map_err(io::Error::other)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?.with_no_client_auth();
    let configuration = builder.with_single_cert(vec![certificate.der().clone()], key).map_err(io::Error::other)?;
    Ok(Arc::new(configuration))
}

/// Waits until one of the two says something. It stays there to be read.
pub(super) async fn first_word(client: &TcpStream, server: &TcpStream) -> First {
    let (mut of_client, mut of_server) = ([0], [0]);
    let heard = tokio::select! {
        heard = client.peek(&mut of_client) => heard,
        _ = server.peek(&mut of_server) => return First::Else,
    };
    if matches!(heard, Ok(1)) && of_client == [HANDSHAKE] { First::Hello } else { First::Else }
}
