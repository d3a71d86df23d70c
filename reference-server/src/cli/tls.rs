//! The options of TLS.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::again::Unchanged;
use crate::certificates::{CertificateError, Made, Source, configuration};
use crate::runtime::Tls;
use crate::session::{Demand, Policy};

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS (RFC 4217)")]
pub(super) struct TlsArguments {
    /// Offer TLS with a certificate that is made at the start, for localhost and the name of the site
    #[arg(long = "tls-generate", group = "identity")]
    generate: bool,
    /// Offer TLS with this certificate and those that lead to its root (PEM)
    #[arg(long = "tls-certificate", value_name = "FILE", requires = "key", group = "identity")]
    certificate: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long = "tls-key", value_name = "FILE", requires = "certificate", conflicts_with = "generate")]
    key: Option<PathBuf>,
    /// Ask clients for a certificate that leads to one of these (PEM); who has none is served all the same
    #[arg(long = "tls-client-roots", requires = "identity", value_name = "FILE")]
    client_roots: Option<PathBuf>,
    /// What is refused without TLS
    #[arg(long = "tls-demand", requires = "identity", value_name = "WHAT", default_value = "nothing")]
    demand: Demanded,
    /// Let CCC end the protection of the control connection
    #[arg(long = "tls-clear-control", requires = "identity")]
    clear_control: bool,
    /// Take a data connection only if it resumes the TLS session of its control connection
    #[arg(long = "tls-resume", requires = "identity")]
    resume: bool,
    /// Listen on this port too, where TLS begins at once; 0 takes any
    #[arg(long = "tls-port", requires = "identity", value_name = "PORT")]
    implicit_port: Option<u16>,
    #[arg(skip)]
    made: Made,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Demanded {
    Nothing,
    Login,
    Data,
}

/// What the options ask for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) policy: Policy,
    pub(super) tls: Tls,
}

impl TlsArguments {
    /// The files that it is read from.
    pub(super) fn files(&self) -> [Option<&Path>; 3] {
        [self.certificate.as_deref(), self.key.as_deref(), self.client_roots.as_deref()]
    }

    /// Where TLS begins at once.
    pub(super) fn implicit(&self, control: SocketAddr) -> Option<SocketAddr> {
        self.implicit_port.map(|port| SocketAddr::new(control.ip(), port))
    }

    /// Puts back what cannot change, and knows the certificate that was made.
    pub(super) fn keep(&mut self, running: &Self, unchanged: &mut Unchanged) {
        unchanged.keep("tls-port", &mut self.implicit_port, &running.implicit_port);
        self.made = running.made.clone();
    }

    /// `None` when TLS is not offered.
    pub(super) fn wanted(self, site: &str) -> Result<Option<Wanted>, CertificateError> {
        let source = match (self.certificate, self.key) {
            (Some(certificates), Some(key)) => Source::Files { certificates, key },
            (None, _) | (_, None) if self.generate => {
                let names = BTreeSet::from(["localhost", "127.0.0.1", "::1", site].map(str::to_owned));
                Source::Generated { names: names.into_iter().collect(), made: self.made }
            }
            (None, _) | (_, None) => return Ok(None),
        };
        let configuration = configuration(&source, self.client_roots.as_deref())?;
        let demand = match self.demand {
            Demanded::Nothing => Demand::Nothing,
            Demanded::Login => Demand::Login,
            Demanded::Data => Demand::LoginAndData,
        };
        Ok(Some(Wanted {
            policy: Policy { may_clear: self.clear_control, demand },
            tls: Tls::new(configuration, self.resume),
        }))
    }
}
