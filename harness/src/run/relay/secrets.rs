//! TLS on both sides of the relay: it is a server to the client, and a client to the server.

use std::io;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use reports::model::What;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::Accepted;
use tokio::net::TcpStream;

use crate::run::socket::{Negotiated, Socket};
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
    /// The host that the client's hello named on the control connection.
    server_name: Option<String>,
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
    /// Keys of its own, and certificates that nobody vouches for. The client's hello has named a host or none.
    pub(super) fn new(server_name: Option<String>) -> io::Result<Arc<Self>> {
        let sessions = Sessions::new().map_err(io::Error::other)?;
        Ok(Arc::new(Self { sessions, own: configuration()?, other: configuration()?, server_name }))
    }

    pub(super) async fn to_server(&self, server: &mut Socket) -> io::Result<()> {
        server.secure(&self.sessions.shared, self.server_name.as_deref()).await.map(drop)
    }

    /// Goes on behind the hello of the client.
    pub(super) async fn answer(&self, hello: Accepted, client: &mut Socket) -> io::Result<Negotiated> {
        client.answer_hello(hello, &self.own).await
    }

    pub(super) async fn to_client(&self, client: &mut Socket) -> io::Result<Negotiated> {
        client.secure_as_server(&self.own).await
    }

    /// With a certificate that the control connection does not have.
    pub(super) async fn to_client_as_another(&self, client: &mut Socket) -> io::Result<Negotiated> {
        client.secure_as_server(&self.other).await
    }
}

/// What is written down of a negotiation.
pub(super) fn told_of(secured: &io::Result<Negotiated>) -> What {
    match secured {
        Ok(Negotiated { version, resumed, certificate }) => {
            What::Secured { version: version.clone(), resumed: *resumed, certificate: certificate.clone() }
        }
        Err(error) => What::NotSecured { why: error.to_string() },
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A client and a server on one connection, in clear.
    async fn pair() -> (Socket, Socket) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Socket::clear(client), Socket::clear(listener.accept().await.unwrap().0))
    }

    async fn secured() -> (Socket, Socket) {
        let (mut client, mut server) = pair().await;
        let secrets = Secrets::new(None).unwrap();
        let (one, other) = tokio::join!(secrets.to_server(&mut client), secrets.to_client(&mut server));
        one.and(other).unwrap();
        (client, server)
    }

    async fn heard(socket: &mut Socket, length: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = [0; 1000];
        while all.len() < length {
            let read = socket.read(&mut buffer).await.unwrap();
            assert_ne!(read, 0, "ended behind {all:?}");
            all.extend_from_slice(buffer.get(..read).unwrap());
        }
        all
    }

    #[tokio::test]
    async fn octets_pass_and_an_announced_end_is_told_from_another() {
        for announced in [true, false] {
            let (mut client, mut server) = secured().await;
            let body: Vec<u8> = (0..200_000_u32).flat_map(u32::to_be_bytes).collect();
            let (said, came) = tokio::join!(server.write_all(&body), heard(&mut client, body.len()));
            said.unwrap();
            assert!(came == body, "other octets");
            assert_eq!(client.was_notified(), Some(false));
            if announced {
                server.shutdown().await.unwrap();
            }
            drop(server);
            assert_eq!(client.read(&mut [0; 10]).await.unwrap(), 0);
            assert_eq!(client.was_notified(), Some(announced));
        }
    }

    /// RFC 4217 section 5: after CCC the connection goes on in clear, whoever is first.
    #[tokio::test]
    async fn what_is_said_behind_the_end_of_tls_is_in_clear() {
        let (mut client, mut server) = secured().await;
        let soon = std::time::Duration::from_secs(20);
        let leaving = async {
            let left = server.leave_tls(soon).await;
            server.write_all(b"200 In clear.\r\n").await.unwrap();
            left
        };
        let (one, other) = tokio::join!(client.leave_tls(soon), leaving);
        assert_eq!((one.unwrap(), other.unwrap()), (true, true));
        assert_eq!(heard(&mut client, 15).await, b"200 In clear.\r\n");
        assert!(!client.is_secured() && client.was_notified().is_none());
    }

    #[tokio::test]
    async fn a_peer_that_goes_on_in_clear_without_notice_is_heard() {
        let (mut client, mut server) = secured().await;
        server.stream().try_write(b"220 In clear.\r\n").unwrap();
        assert!(!client.leave_tls(std::time::Duration::from_secs(20)).await.unwrap());
        assert_eq!(heard(&mut client, 15).await, b"220 In clear.\r\n");
    }

    #[tokio::test]
    async fn what_is_no_tls_is_shown() {
        let (mut client, mut server) = pair().await;
        server.write_all(b"530 No.\r\n").await.unwrap();
        let secrets = Secrets::new(None).unwrap();
        let error = secrets.to_server(&mut client).await.unwrap_err();
        assert_eq!(error.to_string(), r"in clear came, where TLS was due: 530 No.\r\n");
    }

    #[tokio::test]
    async fn a_record_without_end_is_not_kept() {
        let (mut client, mut server) = secured().await;
        server.stream().try_write(&[23, 3, 3, 255, 255]).unwrap();
        let error = client.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(error.to_string(), "a record of TLS is longer than one may be");
    }

    #[tokio::test]
    async fn a_hello_is_seen_and_stays_to_be_read() {
        let (mut client, server) = pair().await;
        let (_other_client, other) = pair().await;
        client.stream().try_write(&[HANDSHAKE, 3]).unwrap();
        assert_eq!(first_word(server.as_stream(), other.as_stream()).await, First::Hello);
        let (mut client, server) = pair().await;
        client.stream().try_write(b"NOOP").unwrap();
        assert_eq!(first_word(server.as_stream(), other.as_stream()).await, First::Else);
        let mut server = server;
        assert_eq!(heard(&mut server, 4).await, b"NOOP");
    }

    /// What is dropped while it waits for the peer is neither lost nor said twice.
    #[tokio::test]
    async fn a_write_that_is_dropped_is_said_once() {
        let (mut client, mut server) = secured().await;
        let piece = [7; 10_000];
        let mut taken = 0;
        // Until the kernel takes no more: then the write waits, and is dropped.
        loop {
            tokio::select! {
                biased;
                written = server.write(&piece) => taken += written.unwrap(),
                () = std::future::ready(()) => break,
            }
        }
        let rest = async {
            server.flush().await.unwrap();
            server.shutdown().await.unwrap();
        };
        let counted = async {
            let (mut count, mut buffer) = (0, vec![0; 65_536]);
            loop {
                match client.read(&mut buffer).await.unwrap() {
                    0 => return count,
                    length => count += length,
                }
            }
        };
        let ((), count) = tokio::join!(rest, counted);
        assert_eq!(count, taken);
        assert_eq!(client.was_notified(), Some(true));
    }
}
