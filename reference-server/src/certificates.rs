//! What the server proves its name with, and what it asks of its clients (RFC 4217 §15).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;

/// Where the certificate of the server comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Made at the start, for these names. No client trusts it by itself; so one that was made for them before is taken again.
    Generated { names: Vec<String>, made: Made },
    /// PEM files: the certificate with those that lead to its root, and its key.
    Files { certificates: PathBuf, key: PathBuf },
}

/// A certificate that was made, its key, and for which names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made(Arc<Mutex<Option<Named>>>);

type Named = (Vec<String>, Identity);

/// A certificate, with those that lead to its root, and its key.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Why there is no TLS.
#[derive(Debug, Error)]
pub(crate) enum CertificateError {
    #[error("cannot read the PEM file {file}: {reason}", file = .file.display())]
    File { file: PathBuf, reason: String },
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    #[error("the certificates of clients cannot be checked: {0}")]
    Clients(#[from] VerifierBuilderError),
    #[error("no certificate could be made: {0}")]
    Generated(#[from] rcgen::Error),
}

/// What TLS needs: TLS 1.2 and 1.3, tickets for resumption, and the certificates of clients checked if `client_roots` are given
/// (a client without one is served all the same: RFC 4217 leaves the login to USER and PASS).
pub(crate) fn configuration(source: &Source, client_roots: Option<&Path>) -> Result<ServerConfig, CertificateError> {
    let (chain, key) = match source {
        Source::Generated { names, made } => generated(names, made)?,
        Source::Files { certificates, key } => (read_certificates(certificates)?, read_key(key)?),
    };
    let provider = Arc::new(default_provider());
    let versions = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match client_roots {
        None => versions.with_no_client_auth(),
        Some(file) => versions.with_client_cert_verifier(client_verifier(file, provider)?),
    };
    let mut configuration = builder.with_single_cert(chain, key)?;
    // A ticket may be used again: clients open each data connection with the session of the control connection.
    configuration.ticketer = Ticketer::new()?;
    Ok(configuration)
}

fn client_verifier(
    file: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, CertificateError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(file)? {
        roots.add(certificate)?;
    }
    Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated().build()?)
}

fn generated(names: &[String], before: &Made) -> Result<Identity, CertificateError> {
    let mut before = before.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, (chain, key))) = before.as_ref().filter(|(of_names, _)| of_names == names) {
        return Ok((chain.clone(), key.clone_key()));
    }
    let made = rcgen::generate_simple_self_signed(names.to_vec())?;
    let chain = vec![made.cert.der().clone()];
    let key: PrivateKeyDer<'static> = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    *before = Some((names.to_vec(), (chain.clone(), key.clone_key())));
    Ok((chain, key))
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let read = || CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
    let certificates = read().map_err(|error| unreadable(file, error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable(file, "there is no certificate in it".to_owned()));
    }
    Ok(certificates)
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unreadable(file, error.to_string()))
}

fn unreadable(file: &Path, reason: String) -> CertificateError {
    CertificateError::File { file: file.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_for_the_names() {
        let source =
            Source::Generated { names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()], made: Made::default() };
        assert!(configuration(&source, None).is_ok());
    }

    #[test]
    fn a_certificate_that_was_made_is_taken_again_for_the_same_names() {
        let before = Made::default();
        let made = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            generated(&names, &before).unwrap()
        };
        let ((first, key), (second, same_key)) = (made(&["a", "b"]), made(&["a", "b"]));
        assert_eq!((&first, key.secret_der()), (&second, same_key.secret_der()));
        assert_ne!(made(&["a"]).0, first);
    }

    #[test]
    fn a_file_that_holds_no_certificate_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("empty.pem");
        std::fs::write(&file, "nothing").unwrap();
        let source = Source::Files { certificates: file.clone(), key: file };
        let error = configuration(&source, None).unwrap_err().to_string();
        assert!(error.contains("empty.pem") && error.contains("no certificate"), "{error}");
    }
}
