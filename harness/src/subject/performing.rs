//! A client that does what it was asked.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::Command;

use tokio::sync::watch;

use super::driven::watched;
use super::launch::{CONFIG, HOME, WORK};
use super::process::Process;
use super::running::{Health, Running};
use super::start_error::StartError;

/// So many names outside of its directory are told.
const MOST_OUTSIDE: usize = 20;

/// A client that was asked to do something. When it is dropped, it is killed.
#[derive(Debug)]
pub struct Performing {
    running: Running,
    command: Option<(Command, Option<String>)>,
    shown: String,
    end: Option<watch::Receiver<bool>>,
    /// What it prints when it fails.
    failure: Vec<String>,
}

impl Performing {
    pub(super) fn new(
        running: Running,
        command: Command,
        input: Option<String>,
        shown: String,
        failure: Vec<String>,
    ) -> Self {
        Self { running, command: Some((command, input)), shown, end: None, failure }
    }

    /// Lets it begin.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn begin(&mut self) -> Result<(), StartError> {
        let Some((command, input)) = self.command.take() else { return Ok(()) };
        let process = match input {
            Some(input) => Process::fed(command, input),
            None => Process::run(command),
        };
        let process = process.map_err(|source| StartError::CannotRun { command: self.shown.clone(), source })?;
        self.running.begins(process);
        let descriptor = self.running.watched().map_err(StartError::own("watch the client"))?;
        self.end = Some(watched(descriptor).map_err(StartError::own("watch the client"))?);
        Ok(())
    }

    /// Waits for its end, and says how it ended. May be given up and called again.
    ///
    /// # Errors
    /// Nobody watches it.
    pub async fn ended(&mut self) -> io::Result<Health> {
        let Some(end) = &mut self.end else { return Err(io::Error::other("it was not begun")) };
        end.wait_for(|ended| *ended).await.map_err(io::Error::other)?;
        Ok(self.running.health())
    }

    /// Its directory, and how it is.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Whether it tells by this end, or by what it printed, that it failed.
    pub fn has_failed(&self, code: Option<i32>, log: &[String]) -> bool {
        let printed = |sign: &String| log.iter().any(|line| is_like(sign, line));
        code != Some(0) || self.failure.iter().any(printed)
    }

    /// What stands in its private folder, and neither in its directory nor in its home.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn outside(&self) -> io::Result<BTreeSet<String>> {
        let mut outside = BTreeSet::new();
        let Some(folder) = self.running.folder() else { return Ok(outside) };
        let mut open = vec![folder.to_owned()];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(&directory)? {
                let path = entry?.path();
                let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                if [CONFIG, HOME, WORK].iter().any(|known| below == Path::new(known)) {
                    continue;
                }
                if Path::new(WORK).starts_with(&below) {
                    open.push(path);
                } else if outside.len() < MOST_OUTSIDE {
                    outside.insert(below.to_string_lossy().into_owned());
                }
            }
        }
        Ok(outside)
    }

    /// Ends it.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// Whether a line is like a sign: it holds it, or begins with what stands behind `^`. In a sign `#` is any digit.
fn is_like(sign: &str, line: &str) -> bool {
    let begins = |sign: &str, line: &[u8]| {
        let fits = |(sign, octet): (u8, &u8)| if sign == b'#' { octet.is_ascii_digit() } else { sign == *octet };
        line.len() >= sign.len() && sign.bytes().zip(line).all(fits)
    };
    match sign.strip_prefix('^') {
        Some(sign) => begins(sign, line.as_bytes()),
        None => (0..=line.len()).any(|at| begins(sign, line.as_bytes().get(at..).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::is_like;

    #[rstest]
    #[case("^5## ", "550 No.", true)]
    #[case("^5## ", "5 bytes received", false)]
    #[case("^5##", "55", false)]
    #[case("refused", "Connection refused.", true)]
    #[case("^refused", "Connection refused.", false)]
    fn signs_of_failure(#[case] sign: &str, #[case] line: &str, #[case] expected: bool) {
        assert_eq!(is_like(sign, line), expected);
    }
}
