//! A client that runs and takes instructions line by line.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{ChildStdin as Input, ChildStdout as Output};

use rustix::event::{PollFd, PollFlags, poll};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::watch;

use super::running::{Health, Running};

/// How long a line of it may be.
const LONGEST_LINE: u64 = 64 * 1024;

/// A client that runs and takes instructions line by line. When it is dropped, it is killed.
#[derive(Debug)]
pub struct Driven {
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    end: watch::Receiver<bool>,
    running: Running,
}

impl Driven {
    pub(super) fn new(running: Running, input: Input, output: Output) -> io::Result<Self> {
        let output = BufReader::new(ChildStdout::from_std(output)?);
        let end = watched(running.watched()?)?;
        Ok(Self { input: Some(ChildStdin::from_std(input)?), output, end, running })
    }

    /// Says a line to it.
    ///
    /// # Errors
    /// It does not read any more.
    pub async fn say(&mut self, line: &str) -> io::Result<()> {
        self.write(format!("{line}\n").as_bytes()).await
    }

    /// Writes octets to it as they are. A client that does not read lets this wait.
    ///
    /// # Errors
    /// It does not read any more.
    pub async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(octets).await?;
        input.flush().await
    }

    /// Takes what it printed, and says how many octets; 0 when it prints no more. May be given up and called again.
    ///
    /// # Errors
    /// Its output cannot be read.
    pub async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.output.read(into).await
    }

    /// Waits for its end, and says how it ended. May be given up and called again.
    ///
    /// # Errors
    /// Nobody watches it.
    pub async fn ended(&mut self) -> io::Result<Health> {
        self.end.wait_for(|ended| *ended).await.map_err(io::Error::other)?;
        Ok(self.running.health())
    }

    /// Tells it that there is nothing more to come.
    pub fn finish(&mut self) {
        self.input = None;
    }

    /// The next line that it prints, without its end; none, when it prints no more.
    ///
    /// # Errors
    /// The line is longer than 64 KiB, or cannot be read.
    pub async fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = (&mut self.output).take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
        if line.pop_if(|last| *last == b'\n').is_none() && line.len() as u64 >= LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the client printed a line longer than 64 KiB"));
        }
        Ok((read > 0).then_some(line))
    }

    /// Its folder, and how it is.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// How it is: alive, or exited.
    pub fn health(&mut self) -> Health {
        self.running.health()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// Watches a process, on a thread of its own that ends with it. Turns true when the process has ended.
pub(super) fn watched(process: OwnedFd) -> io::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    std::thread::Builder::new().name("client's end".to_owned()).spawn(move || {
        while let Err(rustix::io::Errno::INTR) = poll(&mut [PollFd::new(&process, PollFlags::IN)], None) {}
        sender.send_replace(true);
    })?;
    Ok(receiver)
}
