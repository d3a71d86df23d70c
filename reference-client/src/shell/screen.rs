//! What the shell shows: replies and listings on standard output, failures on standard error, nothing unescaped.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use indicatif::ProgressBar;
use protocol::Reply;

use crate::escape::escaped;
use crate::report::bar;
use crate::runtime::{Moved, Witness};

/// The most octets of a line of a listing that are held back to be escaped together.
const HELD: usize = 64 * 1024;

/// Where everything is shown.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) commands: Commands,
    pub(super) progress: Progress,
    bar: Option<ProgressBar>,
    output: io::Stdout,
    errors: io::Stderr,
}

/// Whether what is said to the server is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commands {
    Shown,
    Hidden,
}

/// Whether a transfer has a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Shown,
    Hidden,
}

impl Screen {
    pub(super) fn new(verbose: bool) -> Self {
        let commands = if verbose { Commands::Shown } else { Commands::Hidden };
        Self { commands, progress: Progress::Shown, bar: None, output: io::stdout(), errors: io::stderr() }
    }

    pub(super) fn ask(&self, question: &str) -> io::Result<()> {
        self.write(question)
    }

    /// A line of the client's own.
    pub(super) fn line(&self, text: &str) -> io::Result<()> {
        self.write(&format!("{text}\n"))
    }

    /// What failed. The messages of errors hold nothing of a peer that is not escaped.
    pub(super) fn failure(&self, error: &impl Error) -> io::Result<()> {
        writeln!(self.errors.lock(), "Failed: {error}.")
    }

    fn write(&self, text: &str) -> io::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.write_through(text)),
            None => self.write_through(text),
        }
    }

    fn write_through(&self, text: &str) -> io::Result<()> {
        let mut output = self.output.lock();
        output.write_all(text.as_bytes())?;
        output.flush()
    }
}

/// Where a listing is written to.
pub(super) fn listing() -> Box<dyn Write> {
    Box::new(Listing { line: Vec::new(), output: io::stdout() })
}

impl Witness for Screen {
    fn said(&mut self, line: &[u8]) -> io::Result<()> {
        match self.commands {
            Commands::Shown => self.line(&format!("---> {}", escaped(line))),
            Commands::Hidden => Ok(()),
        }
    }

    fn replied(&mut self, reply: &Reply) -> io::Result<()> {
        let mut text = String::new();
        for line in reply.lines() {
            text.push_str(&escaped(line));
            text.push('\n');
        }
        self.write(&text)
    }

    fn replied_unasked(&mut self, reply: &Reply) -> io::Result<()> {
        self.line("The server says, though nothing was asked:")?;
        self.replied(reply)
    }

    fn note(&mut self, note: &str) -> io::Result<()> {
        self.line(note)
    }

    fn begins(&mut self, name: &[u8], octets: Option<u64>) -> io::Result<()> {
        // The commands would stand across it.
        if self.commands == Commands::Hidden && self.progress == Progress::Shown && self.errors.is_terminal() {
            self.bar = Some(bar(&escaped(name), octets));
        }
        Ok(())
    }

    fn ends(&mut self) -> io::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        Ok(())
    }

    fn moving(&mut self, octets: u64) -> io::Result<()> {
        if let Some(bar) = &self.bar {
            bar.set_position(octets);
        }
        Ok(())
    }

    fn moved(&mut self, moved: Moved) -> io::Result<()> {
        self.line(&match moved {
            Moved::Received { octets } => format!("{octets} bytes received."),
            Moved::Sent { octets } => format!("{octets} bytes sent."),
        })
    }
}

/// Escapes a listing line by line. A name may hold anything, and would else speak to the terminal.
#[derive(Debug)]
struct Listing<W> {
    line: Vec<u8>,
    output: W,
}

impl<W: Write> Listing<W> {
    fn end_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        writeln!(self.output, "{}", escaped(&line))
    }
}

impl<W: Write> Write for Listing<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        for piece in octets.split_inclusive(|&octet| octet == b'\n') {
            let text = piece.strip_suffix(b"\n");
            self.line.extend_from_slice(text.unwrap_or(piece));
            if text.is_some() || self.line.len() > HELD {
                self.end_line()?;
            }
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_cannot_speak_to_the_terminal() {
        let mut listing = Listing { line: Vec::new(), output: Vec::new() };
        listing.write_all(b"a\x1b[2J\n\xc3").unwrap();
        listing.write_all(b"\xa9 b").unwrap();
        listing.flush().unwrap();
        assert_eq!(String::from_utf8(listing.output).unwrap(), "a\\x1b[2J\né b\n");
    }
}
