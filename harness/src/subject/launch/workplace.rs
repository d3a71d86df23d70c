//! The private folder of one start: what the subject serves, and the files that were written for it.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::ConfigFile;
use crate::subject::listening::Listener;
use crate::subject::placeholder::Values;
use crate::subject::process::Process;
use crate::subject::root::{Ownership, Root};
use crate::subject::running::Running;

/// The private folder of one start.
#[derive(Debug)]
pub(super) struct Workplace {
    folder: TempDir,
    root: Root,
    config: PathBuf,
}

/// The folder of the files that are written for a subject.
pub(in crate::subject) const CONFIG: &str = "config";
/// The home of a client.
pub(in crate::subject) const HOME: &str = "home";
/// Where a client works.
pub(in crate::subject) const WORK: &str = "around/between/work";

impl Workplace {
    /// Makes it, below the folder for temporary files, or this one.
    ///
    /// # Errors
    /// It cannot be made, or not be given to its owner.
    pub(super) fn make(ownership: Ownership, below: Option<&Path>) -> io::Result<Self> {
        // Resolved, because a server with a chroot may compare the path with its real one.
        let below = below.map_or_else(|| std::env::temp_dir().canonicalize(), |below| Ok(below.to_owned()))?;
        let folder = tempfile::Builder::new().prefix("ftpspec-").tempdir_in(below)?;
        Self::within(folder, "root", ownership)
    }

    /// The same for a client: what it works in stands deeper, so that a name with `..` stays in the private folder, where
    /// it is found. It has an empty home.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn for_client() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("ftpspec-").tempdir_in(std::env::temp_dir().canonicalize()?)?;
        std::fs::create_dir(folder.path().join(HOME))?;
        Self::within(folder, WORK, Ownership::default())
    }

    fn within(folder: TempDir, root: &str, ownership: Ownership) -> io::Result<Self> {
        let (root, config) = (folder.path().join(root), folder.path().join(CONFIG));
        std::fs::create_dir_all(&root)?;
        std::fs::create_dir(&config)?;
        // A server that drops root to another user must come through to what it serves, but need not look around.
        let mode = if ownership.owner.is_some() && rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        for path in [folder.path(), &config] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        let owner = ownership.owner.filter(|_| rustix::process::geteuid().is_root());
        Ok(Self { root: Root::new(root, Ownership { owner, ..ownership })?, config, folder })
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    /// Writes the subject's files.
    ///
    /// # Errors
    /// One cannot be written.
    pub(super) fn write(&self, files: &[ConfigFile], values: &Values) -> io::Result<()> {
        for file in files {
            let path = self.config.join(&file.name);
            if let Some(above) = path.parent() {
                std::fs::create_dir_all(above)?;
            }
            let mut opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            opened.write_all(file.text.filled(values).as_bytes())?;
            // Said again, for the mask of the process may have taken from the first.
            opened.set_permissions(std::fs::Permissions::from_mode(file.mode))?;
        }
        Ok(())
    }

    /// Hands the folder over to the server that now runs in it.
    pub(super) fn become_running(self, process: Process, listener: Listener) -> Running {
        Running::server(process, listener, self.root, self.folder)
    }

    /// Where the home of a client is.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join(HOME)
    }

    /// Hands the folder over to the client that will run in it, and speak to this server.
    pub(super) fn become_client_to_be(self, server: SocketAddr) -> Running {
        Running::client_to_be(server, self.root, self.folder)
    }

    /// Hands the folder over to the client that now runs in it, and speaks to this server.
    pub(super) fn become_driven(self, process: Process, server: SocketAddr) -> Running {
        Running::client(process, server, self.root, self.folder)
    }
}
