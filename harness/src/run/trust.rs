//! TLS as a client that asks nobody who he is: the subject is known, and its certificate is not in question.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

/// The TLS of one control connection and its data connections.
#[derive(Debug, Clone)]
pub(super) struct Sessions {
    /// The data connections offer the session of the control connection (RFC 4217 §10.2).
    pub(super) shared: Arc<ClientConfig>,
    /// Every session is a new one.
    pub(super) fresh: Arc<ClientConfig>,
}

impl Sessions {
    /// Nothing to resume yet.
    ///
    /// # Errors
    /// The library lacks what it was built with.
    pub(super) fn new() -> Result<Self, rustls::Error> {
        let provider = Arc::new(default_provider());
        let trust = Arc::new(AnyCertificate(Arc::clone(&provider)));
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let shared = builder.dangerous().with_custom_certificate_verifier(trust).with_no_client_auth();
        let mut fresh = shared.clone();
        fresh.resumption = Resumption::disabled();
        Ok(Self { shared: Arc::new(shared), fresh: Arc::new(fresh) })
    }
}

/// Takes every certificate. Signatures are checked, for they are of the protocol.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
