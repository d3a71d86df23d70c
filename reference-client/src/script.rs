//! Script mode: a harness drives the client instruction by instruction. The instructions are an interface; README of
//! the suite and `harness` rely on them:
//!
//! | instruction | what it does | what it prints |
//! |---|---|---|
//! | `C LINE` | says LINE and CR LF in one write, as it is; waits for nothing | |
//! | `reply` | waits for the next whole reply | `S LINE` for each line, then `.` |
//! | `open PASV`, `open EPSV` | says it, waits for the reply, connects to the port it names | the reply |
//! | `open PORT`, `open EPRT` | listens, says it, waits for the reply | the reply |
//! | `receive FILE` | takes the data connection and writes what comes, to its end | `received N` |
//! | `send FILE` | sends the file over the data connection and closes it | `sent N` |
//! | `close` | closes the control connection; exit code 0 | |
//!
//! What fails prints `error MESSAGE` and ends the client with exit code 1. At the end of the input the client waits
//! for the server to close, as long as the timeout, and ends with exit code 0. Lines are escaped as [`escaped`] says.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use protocol::Reply;
use thiserror::Error;

use crate::escape::{escaped, escaped_path};
use crate::runtime::input::Lines;
use crate::runtime::{Approach, Connection, Local, Moved, RuntimeError, Witness};
use crate::session::command::CommandLine;
use crate::session::operations::open_data::{OpenData, Opening};
use crate::session::operations::script::{AwaitReply, Move, Say};
use crate::target::ServerName;

/// Runs the instructions on standard input.
///
/// # Errors
/// When standard input cannot be read at all or standard output is gone.
pub(crate) async fn run(server: &ServerName, wait: Duration) -> io::Result<ExitCode> {
    let mut lines = Lines::from_standard_input()?;
    match converse(server, wait, &mut lines).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(ScriptError::Runtime(RuntimeError::Output(error))) => Err(error),
        Err(error) => {
            print(&format!("error {error}"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn converse(server: &ServerName, wait: Duration, lines: &mut Lines) -> Result<(), ScriptError> {
    let mut connection = Connection::open(server, &Approach::plain(wait)).await?;
    while let Some(line) = lines.next().await.map_err(ScriptError::Input)? {
        let instruction = Instruction::parse(&line)?;
        if instruction == Instruction::Close {
            return Ok(());
        }
        follow(instruction, &mut connection).await?;
    }
    connection.await_close().await;
    Ok(())
}

async fn follow(instruction: Instruction, connection: &mut Connection) -> Result<(), ScriptError> {
    let printer = &mut Printer;
    match instruction {
        Instruction::Say(line) => connection.perform(Say(line), Local::Nothing, printer).await?,
        Instruction::Reply => connection.perform(AwaitReply, Local::Nothing, printer).await?,
        Instruction::Open(opening) => connection.perform(OpenData::by(opening), Local::Nothing, printer).await?,
        Instruction::Receive(path) => connection.perform(Move::Receive, Local::Into(path), printer).await?,
        Instruction::Send(path) => {
            let file = File::open(&path).map_err(|problem| ScriptError::File { path, problem })?;
            connection.perform(Move::Transmit, Local::From(file), printer).await?;
        }
        Instruction::Close => {}
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Instruction {
    Say(CommandLine),
    Reply,
    Open(Opening),
    Receive(PathBuf),
    Send(PathBuf),
    Close,
}

impl Instruction {
    fn parse(line: &[u8]) -> Result<Self, ScriptError> {
        let unknown = || ScriptError::Unknown(line.to_vec());
        if let Some(said) = line.strip_prefix(b"C ") {
            return Ok(Self::Say(CommandLine::verbatim(said)));
        }
        let text = std::str::from_utf8(line).map_err(|_| unknown())?;
        match text.split_once(' ') {
            None if text == "C" => Ok(Self::Say(CommandLine::verbatim(b""))),
            None if text == "reply" => Ok(Self::Reply),
            None if text == "close" => Ok(Self::Close),
            Some(("open", "PASV")) => Ok(Self::Open(Opening::Pasv)),
            Some(("open", "EPSV")) => Ok(Self::Open(Opening::Epsv)),
            Some(("open", "PORT")) => Ok(Self::Open(Opening::Port)),
            Some(("open", "EPRT")) => Ok(Self::Open(Opening::Eprt)),
            Some(("receive", name)) => Ok(Self::Receive(file_here(name)?)),
            Some(("send", name)) => Ok(Self::Send(file_here(name)?)),
            _ => Err(unknown()),
        }
    }
}

/// A name of a file in the current directory, and of nothing outside it.
fn file_here(name: &str) -> Result<PathBuf, ScriptError> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == name && !name.contains('\0') => Ok(PathBuf::from(only)),
        _ => Err(ScriptError::Name(name.to_owned())),
    }
}

#[derive(Debug, Error)]
enum ScriptError {
    #[error("{0}")]
    Runtime(#[from] RuntimeError),
    #[error("the instruction cannot be read: {0}")]
    Input(io::Error),
    #[error("\"{}\" is no instruction; there are: C LINE, reply, open PASV|EPSV|PORT|EPRT, receive FILE, send FILE, close", escaped(.0))]
    Unknown(Vec<u8>),
    #[error("\"{}\" is not the name of a file in the current directory", escaped(.0.as_bytes()))]
    Name(String),
    #[error("the file {} cannot be read: {problem}", escaped_path(.path))]
    File { path: PathBuf, problem: io::Error },
}

/// Prints what the harness reads.
#[derive(Debug)]
struct Printer;

impl Witness for Printer {
    fn said(&mut self, _line: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn replied(&mut self, reply: &Reply) -> io::Result<()> {
        let mut text = String::new();
        for line in reply.lines() {
            text.push_str("S ");
            text.push_str(&escaped(line));
            text.push('\n');
        }
        text.push('.');
        print(&text)
    }

    fn replied_unasked(&mut self, reply: &Reply) -> io::Result<()> {
        self.replied(reply)
    }

    /// Notes are for people.
    fn note(&mut self, _note: &str) -> io::Result<()> {
        Ok(())
    }

    fn begins(&mut self, _name: &[u8], _octets: Option<u64>) -> io::Result<()> {
        Ok(())
    }

    fn ends(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn moving(&mut self, _octets: u64) -> io::Result<()> {
        Ok(())
    }

    fn moved(&mut self, moved: Moved) -> io::Result<()> {
        match moved {
            Moved::Received { octets } => print(&format!("received {octets}")),
            Moved::Sent { octets } => print(&format!("sent {octets}")),
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"C USER a b ", Some(Instruction::Say(CommandLine::verbatim(b"USER a b "))))]
    #[case(b"C ", Some(Instruction::Say(CommandLine::verbatim(b""))))]
    #[case(b"C", Some(Instruction::Say(CommandLine::verbatim(b""))))]
    #[case(b"C \xff\xf4", Some(Instruction::Say(CommandLine::verbatim(b"\xff\xf4"))))]
    #[case(b"reply", Some(Instruction::Reply))]
    #[case(b"open EPRT", Some(Instruction::Open(Opening::Eprt)))]
    #[case(b"receive a b", Some(Instruction::Receive(PathBuf::from("a b"))))]
    #[case(b"send f", Some(Instruction::Send(PathBuf::from("f"))))]
    #[case(b"close", Some(Instruction::Close))]
    #[case(b"receive ../f", None)]
    #[case(b"receive /f", None)]
    #[case(b"receive ..", None)]
    #[case(b"receive .", None)]
    #[case(b"receive ./f", None)]
    #[case(b"receive f/", None)]
    #[case(b"send ", None)]
    #[case(b"open SPSV", None)]
    #[case(b"reply now", None)]
    #[case(b"", None)]
    fn instructions(#[case] line: &[u8], #[case] expected: Option<Instruction>) {
        assert_eq!(Instruction::parse(line).ok(), expected);
    }
}
