//! A client that runs, and is told what to do.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, poll};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::watch;

use super::process::Process;
use super::root::{Placed, Root};
use super::running::Health;

/// A client that runs. When it is dropped, every process of it is killed and its folders are removed.
#[derive(Debug)]
pub struct ClientProcess {
    // In this order they are dropped: the process first, then the folders that it uses.
    process: Process,
    input: pipe::Sender,
    output: pipe::Receiver,
    end: watch::Receiver<bool>,
    root: Root,
    folder: TempDir,
}

impl ClientProcess {
    pub(super) fn new(
        process: Process,
        (input, output): (PipeWriter, PipeReader),
        root: Root,
        folder: TempDir,
    ) -> io::Result<Self> {
        let end = watched(process.watched()?)?;
        let input = pipe::Sender::from_owned_fd(input.into())?;
        let output = pipe::Receiver::from_owned_fd(output.into())?;
        Ok(Self { process, input, output, end, root, folder })
    }

    /// Writes to its standard input. A client that does not read lets this wait.
    ///
    /// # Errors
    /// It closed its input.
    pub async fn tell(&mut self, octets: &[u8]) -> io::Result<()> {
        self.input.write_all(octets).await
    }

    /// Takes what it printed on standard output, and says how many octets; 0 at the end. Nothing is read ahead, so a
    /// client that floods fills its pipe and no memory.
    ///
    /// # Errors
    /// Its output cannot be read.
    pub async fn printed(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.output.read(into).await
    }

    /// Waits for its end, and says how it ended.
    ///
    /// # Errors
    /// The kernel does not say.
    pub async fn ended(&self) -> io::Result<Health> {
        self.end.clone().wait_for(|ended| *ended).await.map_err(io::Error::other)?;
        let exit = self.process.exit()?.ok_or_else(|| io::Error::other("the kernel takes its end back"))?;
        self.process.log().settle();
        Ok(Health::Exited { code: exit.code, signal: exit.signal })
    }

    /// The last lines that it printed on standard error, with nothing in them that a terminal would obey.
    pub fn log_tail(&self) -> Vec<String> {
        self.process.log().tail()
    }

    /// Lays a file into its working directory.
    ///
    /// # Errors
    /// The name is not one below the directory, or something stands there.
    pub fn place(&self, name: &str, what: Placed<'_>) -> io::Result<()> {
        self.root.place(name, what)
    }

    /// Opens a file in its working directory, without following a link.
    ///
    /// # Errors
    /// It is not there, or is not a plain file.
    pub fn read(&self, name: &str) -> io::Result<File> {
        self.root.read(name)
    }

    /// Ends it: every process is killed and reaped, and its folders are removed.
    pub async fn stop(self) {
        // Dropping does it all, and may wait for the kernel: so not on a thread that serves others.
        let Self { process, folder, .. } = self;
        let ended = tokio::task::spawn_blocking(move || {
            drop(process);
            folder.close()
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the client's folder could not be removed"),
            Err(error) => tracing::error!(%error, "ending the client did not end"),
        }
    }
}

/// Watches a process, on a thread of its own that ends with it. Turns true when the process has ended.
fn watched(process: OwnedFd) -> io::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    std::thread::Builder::new().name("client's end".to_owned()).spawn(move || {
        while let Err(rustix::io::Errno::INTR) = poll(&mut [PollFd::new(&process, PollFlags::IN)], None) {}
        sender.send_replace(true);
    })?;
    Ok(receiver)
}
