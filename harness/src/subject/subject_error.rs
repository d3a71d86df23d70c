//! Why there is no such subject.

use std::path::PathBuf;

use thiserror::Error;

use super::placeholder::UnknownPlaceholder;
use super::words::WordsError;

/// Why there is no such subject: always a mistake of the person who named or described it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// Neither a subject that the program carries nor a file.
    #[error("there is no subject `{name}`.{hint} The subjects are {known}; a file of your own is given by its path.")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What was probably meant, as a sentence.
        hint: String,
        /// All names.
        known: String,
    },
    /// The file cannot be read.
    #[error("cannot read the subject's file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of known deviations cannot be read.
    #[error("cannot read the known deviations in {}: {source}", path.display())]
    UnreadableKnown {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a subject's file. The message has its line, a caret, and what to do.
    #[error("{0}")]
    File(String),
    /// The command line cannot be used.
    #[error("the command `{command}` cannot be used: {fault}")]
    Command {
        /// The command.
        command: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The address is not one of an FTP server.
    #[error("the address `{url}` cannot be used: {fault}. Write ftp://user:password@host:port/")]
    Address {
        /// The address, without the password.
        url: String,
        /// What is wrong with it.
        fault: String,
    },
}

impl SubjectError {
    pub(super) fn words(command: &str, fault: WordsError) -> Self {
        Self::Command { command: command.to_owned(), fault: fault.to_string() }
    }

    pub(super) fn placeholder(command: &str, fault: &UnknownPlaceholder) -> Self {
        Self::Command { command: command.to_owned(), fault: fault.to_string() }
    }
}
