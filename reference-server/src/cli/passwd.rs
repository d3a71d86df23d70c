//! `passwd`: writes users with hashed passwords into the file of `--users`.

mod terminal;

use std::ffi::OsString;
use std::io::{self, BufRead, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use thiserror::Error;

use super::say;
use crate::accounts::{Hash, HashError};
use crate::users::change::{self, ChangeError, Put};
use crate::users::is_name;

/// A longer password is none that somebody types. It has to fit in a line of the control connection, too.
const LONGEST: usize = 1024;

/// Give a user of the file of --users a password; or take the user out.
///
/// The password is read from standard input, and not shown when that is a terminal. In the file stands its argon2id hash. What else
/// stands there stays.
#[derive(Debug, Parser)]
struct Arguments {
    /// The file of users; it is made if it is not there, for you alone
    file: PathBuf,
    /// The name of the user
    #[arg(value_parser = name)]
    name: String,
    /// Take the user out of the file
    #[arg(long)]
    delete: bool,
}

#[derive(Debug, Error)]
enum PasswdError {
    #[error("cannot read the password: {0}")]
    Read(#[from] io::Error),
    #[error("the password is empty. Write it in the first line of standard input.")]
    Empty,
    #[error("the password is longer than {LONGEST} octets. Choose a shorter one.")]
    TooLong,
    #[error("a password cannot have a NUL or a carriage return in it: FTP could not send it.")]
    Unsendable,
    #[error("interrupted. Nothing was changed.")]
    Interrupted,
    #[error("the two passwords differ. Nothing was changed; try again.")]
    Differ,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// Parses the arguments and changes the file.
pub(super) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match super::parsed::<Arguments>(arguments) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    match done(&arguments) {
        Ok(line) => {
            say(&line);
            ExitCode::SUCCESS
        }
        Err(error) => {
            if matches!(error, PasswdError::Interrupted) {
                // The question has no end of line.
                say("");
            }
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn name(text: &str) -> Result<String, &'static str> {
    if is_name(text) { Ok(text.to_owned()) } else { Err("a name is not empty, and has no control characters") }
}

fn done(Arguments { file, name, delete }: &Arguments) -> Result<String, PasswdError> {
    if *delete {
        change::delete(file, name)?;
        return Ok(format!("{name} is taken out of {}", file.display()));
    }
    let hash = Hash::of(&new_password()?)?;
    Ok(match change::put(file, name, &hash)? {
        Put::Added => format!("{name} is added to {}", file.display()),
        Put::Replaced => format!("{name} has a new password in {}", file.display()),
    })
}

/// Somebody at a terminal types it twice, for it is not seen.
fn new_password() -> Result<Vec<u8>, PasswdError> {
    let stdin = io::stdin();
    if !rustix::termios::isatty(&stdin) {
        return line(&mut stdin.lock());
    }
    let asked = |question| match terminal::unseen(question, || line(&mut io::stdin().lock()))? {
        Some(answer) => answer,
        None => Err(PasswdError::Interrupted),
    };
    let first = asked("New password: ")?;
    let second = asked("The same again: ")?;
    if first == second { Ok(first) } else { Err(PasswdError::Differ) }
}

/// The first line, without its end.
fn line(input: &mut dyn BufRead) -> Result<Vec<u8>, PasswdError> {
    let mut line = Vec::new();
    let most = u64::try_from(LONGEST + 3).unwrap_or(u64::MAX);
    input.take(most).read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line {
        [] => Err(PasswdError::Empty),
        _ if line.len() > LONGEST => Err(PasswdError::TooLong),
        _ if line.iter().any(|octet| matches!(octet, 0 | b'\r')) => Err(PasswdError::Unsendable),
        _ => Ok(line.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::unix(b"secret\nmore\n", Ok("secret"))]
    #[case::dos(b"secret\r\n", Ok("secret"))]
    #[case::without_an_end(b"secret", Ok("secret"))]
    #[case::spaces_belong_to_it(b" a b \n", Ok(" a b "))]
    #[case::empty(b"\n", Err("empty"))]
    #[case::nothing(b"", Err("empty"))]
    #[case::nul(b"a\0b\n", Err("NUL"))]
    #[case::carriage_return(b"a\rb\n", Err("NUL"))]
    fn the_first_line(#[case] mut input: &[u8], #[case] expected: Result<&str, &str>) {
        match (line(&mut input), expected) {
            (Ok(line), Ok(expected)) => assert_eq!(line, expected.as_bytes()),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (other, expected) => panic!("{expected:?} was expected: {other:?}"),
        }
    }

    #[rstest]
    #[case(LONGEST, true)]
    #[case(LONGEST + 1, false)]
    #[case(LONGEST + 100, false)]
    fn long_ones(#[case] length: usize, #[case] is_taken: bool) {
        let input = [vec![b'x'; length], b"\r\n".to_vec()].concat();
        assert_eq!(line(&mut input.as_slice()).is_ok(), is_taken);
    }
}
