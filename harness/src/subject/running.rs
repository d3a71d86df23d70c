//! A subject that runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;

use tempfile::TempDir;

use super::Role;
use super::listening::{self, Listener};
use super::process::Process;
use super::root::{Found, Placed, Root};

/// How a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It listens, or, if it is a client, runs; or it is on another machine, where nobody can look.
    Alive,
    /// It runs, and no longer listens.
    NotListening,
    /// It ended.
    Exited {
        /// Its exit code, unless a signal ended it.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
    },
}

/// A subject that runs. When it is dropped, every process of it is killed and its folders are removed.
#[derive(Debug)]
pub struct Running {
    // In this order they are dropped: the processes first, then the folders that they use.
    process: Option<Process>,
    role: Role,
    address: SocketAddr,
    /// The socket on which the server was found to listen.
    listener: Option<u64>,
    root: Option<Root>,
    folder: Option<TempDir>,
}

impl Running {
    pub(super) fn server(process: Process, listener: Listener, root: Root, folder: TempDir) -> Self {
        let (address, inode) = (listener.reached_at(), Some(listener.inode));
        let (process, root, folder) = (Some(process), Some(root), Some(folder));
        Self { process, role: Role::Server, address, listener: inode, root, folder }
    }

    pub(super) fn client(process: Process, server: SocketAddr, root: Root, folder: TempDir) -> Self {
        let (process, root, folder) = (Some(process), Some(root), Some(folder));
        Self { process, role: Role::Client, address: server, listener: None, root, folder }
    }

    /// A client that is not started yet.
    pub(super) fn client_to_be(server: SocketAddr, root: Root, folder: TempDir) -> Self {
        Self {
            process: None,
            role: Role::Client,
            address: server,
            listener: None,
            root: Some(root),
            folder: Some(folder),
        }
    }

    /// The client that was to be is there.
    pub(super) fn begins(&mut self, process: Process) {
        self.process = Some(process);
    }

    /// Its private folder, in which that which it serves or works in stands.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(TempDir::path)
    }

    pub(super) fn attached(address: SocketAddr, root: Option<Root>) -> Self {
        Self { process: None, role: Role::Server, address, listener: None, root, folder: None }
    }

    /// Where the server's control connection is: its own, or for a client, the one that it connects to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder that it serves, if it is known.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_ref().map(Root::path)
    }

    /// Empties its folder, for the next case. Without a known folder there is nothing to do.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn empty_root(&self) -> io::Result<()> {
        self.root.as_ref().map_or(Ok(()), Root::empty)
    }

    /// Lays a directory or a new file into its folder, with the directories above it, owned as its file says.
    ///
    /// # Errors
    /// The name is not one below the folder, something stands there, or no folder is known.
    pub fn place(&self, name: &str, what: Placed<'_>) -> io::Result<()> {
        self.known_root()?.place(name, what)
    }

    /// Sets when a name in its folder was last modified, in seconds since 1970.
    ///
    /// # Errors
    /// It is not there, cannot be set, or no folder is known.
    pub fn date(&self, name: &str, seconds: i64) -> io::Result<()> {
        self.known_root()?.date(name, seconds)
    }

    /// Everything in its folder, by the path below it. No link is followed.
    ///
    /// # Errors
    /// It cannot be read, holds too much, or no folder is known.
    pub fn found(&self) -> io::Result<BTreeMap<String, Found>> {
        self.known_root()?.found()
    }

    /// Opens a file in its folder, without following a link.
    ///
    /// # Errors
    /// It is not there, is not a plain file, or no folder is known.
    pub fn read(&self, name: &str) -> io::Result<File> {
        self.known_root()?.read(name)
    }

    /// How it is, without touching it: a connection that is closed at once would end many a student's server.
    pub fn health(&mut self) -> Health {
        match self.look() {
            Ok(health) => health,
            Err(error) => {
                // That is the harness's fault. The next step will show whether the subject still answers.
                tracing::error!(%error, "cannot see how the subject is");
                Health::Alive
            }
        }
    }

    /// The last lines that it printed, with nothing in them that a terminal would obey.
    pub fn log_tail(&self) -> Vec<String> {
        self.process.as_ref().map(|process| process.log().tail()).unwrap_or_default()
    }

    /// The numbers of its processes that live; none of a server that was not started here.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn processes(&self) -> io::Result<Vec<i32>> {
        self.process.as_ref().map_or_else(|| Ok(Vec::new()), Process::alive)
    }

    /// A descriptor that becomes readable when the process that was started ends.
    pub(super) fn watched(&self) -> io::Result<OwnedFd> {
        let process = self.process.as_ref().ok_or_else(|| io::Error::other("it was not started by the harness"))?;
        process.watched()
    }

    /// Ends it: every process is killed and reaped, and its folders are removed.
    pub async fn stop(self) {
        // Dropping does it all, and may wait for the kernel: so not on a thread that serves others.
        if let Err(error) = tokio::task::spawn_blocking(move || self.end()).await {
            tracing::error!(%error, "ending the subject did not end");
        }
    }

    fn end(mut self) {
        drop(self.process.take());
        if let Some(Err(error)) = self.folder.take().map(TempDir::close) {
            tracing::error!(%error, "the subject's folder could not be removed");
        }
    }

    fn look(&self) -> io::Result<Health> {
        let Some(process) = &self.process else {
            // Only this machine's sockets can be looked at.
            let seen = !self.address.ip().is_loopback() || !listening::on(self.address.port())?.is_empty();
            return Ok(if seen { Health::Alive } else { Health::NotListening });
        };
        if self.role == Role::Server && self.listens(process)? {
            return Ok(Health::Alive);
        }
        match (process.exit()?, self.role) {
            (Some(exit), _) => {
                process.log().settle();
                Ok(Health::Exited { code: exit.code, signal: exit.signal })
            }
            (None, Role::Server) => Ok(Health::NotListening),
            (None, Role::Client) => Ok(Health::Alive),
        }
    }

    /// Whether it listens. The process that was started may have ended: its child serves.
    fn listens(&self, process: &Process) -> io::Result<bool> {
        if let Some(inode) = self.listener
            && process.holds(inode)?
        {
            return Ok(true);
        }
        for listener in listening::on(self.address.port())? {
            if process.holds(listener.inode)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn known_root(&self) -> io::Result<&Root> {
        self.root.as_ref().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "the folder that the server serves is not known; give it with --root",
            )
        })
    }
}
