//! `ftpspec record`: a live session becomes a scenario that replays.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::run::{replace, unwritable};
use crate::record::{Purpose, Session, scenario};
use crate::run::door::{Asked, DoorError, Open, door};
use crate::scenario::Suite;
use crate::subject::Subject;

/// Write down what a client and a server say, as a scenario that replays.
///
/// Point any client at the door that this opens. When its session ends, the scenario is written.
#[derive(Debug, Args)]
pub(super) struct Record {
    /// The server: ftp://host:port/. The client logs in itself; a password in the address is not used.
    #[arg(long, value_name = "URL", required_unless_present = "subject")]
    to: Option<String>,
    /// A server that is started for this instead: a subject by its name, or a file that describes one.
    #[arg(long, value_name = "NAME-or-FILE", conflicts_with = "to")]
    subject: Option<String>,
    /// Where the client shall connect: a port of this machine, or an address and a port. 0 is any free port.
    #[arg(long, value_name = "PORT", value_parser = place)]
    listen: (Option<IpAddr>, u16),
    /// The file to write. Of several sessions the second goes to NAME-2.yaml, and so on.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What the scenario is for, in a sentence.
    #[arg(long, value_name = "SENTENCE", default_value = "")]
    purpose: String,
    /// End after so many sessions; 0 goes on until Ctrl-C.
    #[arg(long, value_name = "N", default_value_t = 1)]
    sessions: usize,
}

pub(super) fn place(text: &str) -> Result<(Option<IpAddr>, u16), String> {
    if let Ok(port) = text.parse() {
        return Ok((None, port));
    }
    let address: Result<SocketAddr, _> = text.parse();
    let wrong = |_| format!("\"{text}\" is no port; say 2121, or 0.0.0.0:2121 for clients on other machines");
    address.map(|address| (Some(address.ip()), address.port())).map_err(wrong)
}

impl From<DoorError> for Failure {
    fn from(error: DoorError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl Record {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let subject = match (&self.to, &self.subject) {
            (Some(url), _) => Subject::at(url, None, None),
            (None, name) => Subject::named(name.as_deref().unwrap_or_default()),
        };
        let subject = subject.map_err(|error| Failure::Usage(error.to_string()))?;
        let asked = Asked { at: self.listen, sessions: Some(self.sessions).filter(|sessions| *sessions > 0) };
        let mut written = 0;
        let out = std::cell::RefCell::new(out);
        door(
            &subject,
            &asked,
            |open| opened(open, &mut *out.borrow_mut()),
            |events| {
                written += self.write(&Session::of(&events), written + 1, &mut *out.borrow_mut())?;
                Ok(())
            },
        )?;
        if written == 0 {
            return Err(Failure::Usage("no client said anything, so nothing is written".to_owned()));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes the scenario of a session. Gives how many.
    fn write(&self, session: &Session, number: usize, out: &mut dyn Write) -> Result<usize, Failure> {
        let Some(text) = scenario(session, &Purpose::of(&self.purpose)) else { return Ok(0) };
        let file = numbered(&self.output, number);
        replace(&file, text.as_bytes()).map_err(|error| unwritable(&file, &error))?;
        let name = file.display().to_string();
        let suite = Suite::for_patterns(None, std::slice::from_ref(&name))?;
        let steps = suite.select(&[name.as_str()])?.first().map_or(0, |written| written.steps.len());
        writeln!(out, "{name}: {steps} steps")?;
        out.flush()?;
        Ok(1)
    }
}

pub(super) fn opened(open: &Open, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "point the client at ftp://{}/; the server is at {}", open.door, open.server)?;
    if let Some(folder) = &open.folder {
        writeln!(out, "the server's folder is {}", folder.display())?;
    }
    out.flush()?;
    Ok(())
}

/// `session.yaml`, `session-2.yaml`, …
fn numbered(file: &Path, number: usize) -> PathBuf {
    if number < 2 {
        return file.to_owned();
    }
    let ending = file.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}-{number}{ending}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/session.yaml", 1, "a/session.yaml")]
    #[case("a/session.yaml", 2, "a/session-2.yaml")]
    #[case("session", 12, "session-12")]
    fn every_session_has_a_file(#[case] file: &str, #[case] number: usize, #[case] expected: &str) {
        assert_eq!(numbered(Path::new(file), number), Path::new(expected));
    }

    #[rstest]
    #[case("2121", Ok((None, 2121)))]
    #[case("0.0.0.0:21", Ok((Some(IpAddr::from([0, 0, 0, 0])), 21)))]
    #[case("[::1]:0", Ok((Some("::1".parse().unwrap()), 0)))]
    #[case("localhost:21", Err(()))]
    #[case("65536", Err(()))]
    #[case("", Err(()))]
    fn doors(#[case] text: &str, #[case] expected: Result<(Option<IpAddr>, u16), ()>) {
        assert_eq!(place(text).map_err(drop), expected);
    }
}
