//! A server that runs already.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use super::root::{Ownership, Root};
use super::running::Running;
use super::start_error::StartError;

/// Where a server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attach {
    /// A name or an address.
    pub(super) host: String,
    /// The port of the control connection.
    pub(super) port: u16,
    /// The folder that it serves.
    pub(super) root: Option<PathBuf>,
}

impl Attach {
    /// Finds its address, and sees that its folder may be emptied between cases.
    ///
    /// # Errors
    /// The host is unknown, or the folder is not empty: then it may hold what somebody needs.
    pub(super) async fn start(&self) -> Result<Running, StartError> {
        let place = (self.host.clone(), self.port);
        let address = tokio::task::spawn_blocking(move || resolved(&place))
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|source| StartError::NoAddress { host: self.host.clone(), source })?;
        let root = self.root.as_deref().map(usable).transpose()?;
        Ok(Running::attached(address, root))
    }
}

impl fmt::Display for Attach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "ftp://[{}]:{}/", self.host, self.port)
        } else {
            write!(formatter, "ftp://{}:{}/", self.host, self.port)
        }
    }
}

/// IPv4 first: PORT and PASV know no other (RFC 2428 §1).
fn resolved((host, port): &(String, u16)) -> std::io::Result<SocketAddr> {
    let mut addresses: Vec<SocketAddr> = (host.as_str(), *port).to_socket_addrs()?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.first().copied().ok_or_else(|| std::io::Error::other("the name has no address"))
}

fn usable(path: &Path) -> Result<Root, StartError> {
    let fault = |source| StartError::Root { path: path.to_owned(), source };
    let path = path.canonicalize().map_err(fault)?;
    if std::fs::read_dir(&path).map_err(fault)?.next().is_some() {
        return Err(StartError::RootNotEmpty { path });
    }
    let ownership = ownership_of(&path).map_err(fault)?;
    Root::new(path.clone(), ownership).map_err(fault)
}

/// What is laid there shall belong to whom the folder belongs: the server can use that folder, so it can use the rest.
fn ownership_of(path: &Path) -> std::io::Result<Ownership> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata()?;
    let own = rustix::process::geteuid().as_raw();
    let owner = (own == 0 && metadata.uid() != own).then(|| (metadata.uid(), metadata.gid()));
    Ok(Ownership { owner, directory: metadata.mode() & 0o7777, ..Ownership::default() })
}

#[cfg(test)]
mod tests {
    use super::Attach;
    use crate::subject::StartError;

    #[tokio::test]
    async fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        let attach = Attach { host: "127.0.0.1".to_owned(), port: 2121, root: Some(folder.path().to_owned()) };
        let error = attach.start().await.unwrap_err();
        assert!(matches!(error, StartError::RootNotEmpty { .. }), "{error}");
        assert!(error.to_string().contains("empty"), "{error}");
    }
}
