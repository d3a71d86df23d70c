//! TLS as the client's end of it (RFC 4217): whom it trusts, and which session its data connections resume.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, NamedGroup, RootCertStore, SignatureScheme};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::wire::Wire;
use crate::escape::escaped_path;

/// Whose certificates are believed.
#[derive(Debug, Clone)]
pub(crate) enum Authorities {
    /// Those of the system.
    System,
    /// Those in a file (PEM), and no others.
    File(PathBuf),
    /// Nobody's: every certificate is taken.
    Unchecked,
}

/// The rules by which certificates are believed, read once.
#[derive(Debug, Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

/// Why there is nothing to believe.
#[derive(Debug, Error)]
pub(crate) enum TrustError {
    #[error("the file {} of --ca-file holds no certificate that can be read: {problem}", escaped_path(.path))]
    File { path: PathBuf, problem: String },
    #[error("this system has no certificates of authorities; name a file of them: --ca-file FILE")]
    None,
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
    #[error("\"{0}\" is no name that a certificate could hold")]
    Name(String),
}

impl Trust {
    pub(crate) fn new(authorities: &Authorities) -> Result<Self, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let builder = match authorities {
            Authorities::System => builder.with_root_certificates(roots_of_system()?),
            Authorities::File(path) => builder.with_root_certificates(roots_of_file(path)?),
            Authorities::Unchecked => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
            }
        };
        Ok(Self(Arc::new(builder.with_no_client_auth())))
    }

    /// TLS as one control connection and its data connections have it: they share a session that no other has.
    pub(super) fn of_connection(&self, host: &str) -> Result<Tls, TrustError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TrustError::Name(host.to_owned()))?;
        let mut configuration = ClientConfig::clone(&self.0);
        let session = Arc::new(OneSession::default());
        let store: Arc<dyn ClientSessionStore> = Arc::<OneSession>::clone(&session);
        configuration.resumption = Resumption::store(store);
        Ok(Tls { connector: TlsConnector::from(Arc::new(configuration)), name, session })
    }
}

fn roots_of_system() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 { Err(TrustError::None) } else { Ok(roots) }
}

fn roots_of_file(path: &PathBuf) -> Result<RootCertStore, TrustError> {
    let wrong = |problem: String| TrustError::File { path: path.clone(), problem };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("there is none in it".to_owned())) } else { Ok(roots) }
}

/// What begins TLS on the connections of one session.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
    session: Arc<OneSession>,
}

impl Tls {
    /// Whether all tickets are used that the server gave, so that the next data connection cannot resume the session.
    pub(super) fn is_out_of_tickets(&self) -> bool {
        self.session.kept(|kept| kept.had_tickets && kept.tickets.is_empty() && kept.session.is_none())
    }

    pub(super) async fn begin(&self, stream: TcpStream) -> io::Result<Wire> {
        Ok(Wire::Tls(Box::new(self.connector.connect(self.name.clone(), stream).await?)))
    }
}

/// What a failure of TLS means, for a person.
pub(super) fn explained(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(problem)) => format!(
            "the server's certificate is not to be trusted ({problem}); --ca-file FILE names who vouches for it, --insecure takes any"
        ),
        Some(rustls::Error::InvalidMessage(_)) => "what the server sends is not TLS".to_owned(),
        Some(problem) => format!("TLS failed: {problem}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "the server closed it while TLS began".to_owned(),
        None => format!("TLS failed: {error}"),
    }
}

/// The session of one control connection, which its data connections resume (RFC 4217 §10.2): servers ask for that, to know that
/// nobody else has made them.
///
/// A session of TLS 1.2 is resumed as often as is wanted, a ticket of TLS 1.3 once (RFC 8446, appendix C.4); each data connection
/// brings new ones, if the server sends them.
#[derive(Debug, Default)]
struct OneSession {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    group: Option<NamedGroup>,
    session: Option<Tls12ClientSessionValue>,
    tickets: Vec<Tls13ClientSessionValue>,
    had_tickets: bool,
}

impl OneSession {
    /// More tickets than this are of no use.
    const TICKETS: usize = 32;

    fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientSessionStore for OneSession {
    fn set_kx_hint(&self, _name: ServerName<'static>, group: NamedGroup) {
        self.kept(|kept| kept.group = Some(group));
    }

    fn kx_hint(&self, _name: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept(|kept| kept.group)
    }

    fn set_tls12_session(&self, _name: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.kept(|kept| kept.session = Some(session));
    }

    fn tls12_session(&self, _name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept(|kept| kept.session.clone())
    }

    fn remove_tls12_session(&self, _name: &ServerName<'static>) {
        self.kept(|kept| kept.session = None);
    }

    fn insert_tls13_ticket(&self, _name: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.kept(|kept| {
            if kept.tickets.len() == Self::TICKETS {
                kept.tickets.remove(0);
            }
            kept.tickets.push(ticket);
            kept.had_tickets = true;
        });
    }

    fn take_tls13_ticket(&self, _name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept(|kept| kept.tickets.pop())
    }
}

/// Takes every certificate. That it holds the key that belongs to it is still checked.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
