//! A client that runs and takes instructions line by line.

use std::io;
use std::process::{ChildStdin as Input, ChildStdout as Output};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

use super::running::{Health, Running};

/// How long a line of it may be.
const LONGEST_LINE: u64 = 64 * 1024;

/// A client that runs and takes instructions line by line. When it is dropped, it is killed.
#[derive(Debug)]
pub struct Driven {
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    running: Running,
}

impl Driven {
    pub(super) fn new(running: Running, input: Input, output: Output) -> io::Result<Self> {
        let output = BufReader::new(ChildStdout::from_std(output)?);
        Ok(Self { input: Some(ChildStdin::from_std(input)?), output, running })
    }

    /// Says a line to it.
    ///
    /// # Errors
    /// It does not read any more.
    pub async fn say(&mut self, line: &str) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(format!("{line}\n").as_bytes()).await?;
        input.flush().await
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
