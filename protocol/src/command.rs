//! Commands: a verb and its argument (RFC 959 §5.3), and the table of all verbs.

mod table;
mod verb;

use thiserror::Error;

pub use table::{Argument, Login, Row, Source, TABLE};
pub use verb::Verb;

/// A command whose argument fits its verb.
///
/// The argument is octets, not text: a pathname may hold any but CR, LF and NUL (RFC 959 §5.3.2).
///
/// ```
/// use protocol::{Command, Verb};
///
/// let command = Command::parse(b"retr my  file").unwrap();
/// assert_eq!((command.verb(), command.argument()), (Verb::Retr, &b"my  file"[..]));
/// assert_eq!(Command::new(Verb::Pasv, b"").unwrap().to_bytes(), b"PASV\r\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    verb: Verb,
    argument: Vec<u8>,
}

impl Command {
    /// Makes a command; an empty argument is none.
    ///
    /// # Errors
    /// When the verb needs an argument and has none, or takes none and has one, or when a CR, LF or NUL stands in it.
    pub fn new(verb: Verb, argument: &[u8]) -> Result<Self, CommandError> {
        match argument.iter().find(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            Some(&octet) => return Err(CommandError::ForbiddenOctet { verb, octet }),
            None => verb.row().argument.check(verb, argument)?,
        }
        Ok(Self { verb, argument: argument.to_vec() })
    }

    /// Parses a line without its end.
    ///
    /// The verb ends at the first space, and everything behind that space is the argument, further spaces included:
    /// RFC 3659 §2.2 says so for pathnames, and a pathname may begin with a space. (RFC 959 §5.3 lets a verb be
    /// followed by more than one space; the arguments that are no pathnames are trimmed where they are parsed.)
    ///
    /// # Errors
    /// When the verb is not known (the reply is 500) or its argument does not fit (501).
    pub fn parse(line: &[u8]) -> Result<Self, CommandError> {
        let mut parts = line.splitn(2, |&octet| octet == b' ');
        let verb = Verb::parse(parts.next().unwrap_or_default()).ok_or(CommandError::UnknownVerb)?;
        Self::new(verb, parts.next().unwrap_or_default())
    }

    /// The verb.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The argument; empty when there is none.
    pub fn argument(&self) -> &[u8] {
        &self.argument
    }

    /// The octets to send: CR LF ends the line, 0xFF is doubled for Telnet.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut wire = self.verb.name().as_bytes().to_vec();
        if !self.argument.is_empty() {
            wire.push(b' ');
            crate::telnet::escape(&self.argument, &mut wire);
        }
        wire.extend_from_slice(b"\r\n");
        wire
    }
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CommandError {
    /// No verb of the table.
    #[error("the line begins with no FTP command")]
    UnknownVerb,
    /// The argument is missing.
    #[error("{verb} needs an argument: {verb}{}", .verb.row().help)]
    MissingArgument {
        /// Of which verb.
        verb: Verb,
    },
    /// An argument where none belongs.
    #[error("{verb} takes no argument")]
    UnexpectedArgument {
        /// Of which verb.
        verb: Verb,
    },
    /// An octet that would end the line or the name early.
    #[error("the argument of {verb} holds a CR, LF or NUL")]
    ForbiddenOctet {
        /// Of which verb.
        verb: Verb,
        /// Which octet.
        octet: u8,
    },
}

impl Argument {
    fn check(self, verb: Verb, argument: &[u8]) -> Result<(), CommandError> {
        match self {
            Self::None if !argument.is_empty() => Err(CommandError::UnexpectedArgument { verb }),
            Self::Required if argument.is_empty() => Err(CommandError::MissingArgument { verb }),
            Self::None | Self::Optional | Self::Required => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::lower_case(b"noop", Verb::Noop, b"")]
    #[case::mixed_case(b"qUiT", Verb::Quit, b"")]
    #[case::alias(b"XPWD", Verb::Pwd, b"")]
    #[case::alias_with_argument(b"xmkd a", Verb::Mkd, b"a")]
    #[case::trailing_space_is_no_argument(b"PWD ", Verb::Pwd, b"")]
    #[case::second_space_is_of_the_name(b"RETR  a b ", Verb::Retr, b" a b ")]
    #[case::any_octet(b"RETR \xff\x01", Verb::Retr, b"\xff\x01")]
    #[case::optional(b"LIST", Verb::List, b"")]
    #[case::empty_password(b"PASS", Verb::Pass, b"")]
    fn commands(#[case] line: &[u8], #[case] verb: Verb, #[case] argument: &[u8]) {
        let command = Command::parse(line).unwrap();
        assert_eq!((command.verb(), command.argument()), (verb, argument));
    }

    #[rstest]
    #[case::empty(b"", CommandError::UnknownVerb)]
    #[case::leading_space(b" NOOP", CommandError::UnknownVerb)]
    #[case::unknown(b"XYZQ", CommandError::UnknownVerb)]
    #[case::longer(b"NOOPS", CommandError::UnknownVerb)]
    #[case::not_ascii(b"\xff\xfe", CommandError::UnknownVerb)]
    #[case::tab(b"TYPE\tA", CommandError::UnknownVerb)]
    #[case::missing(b"RETR", CommandError::MissingArgument { verb: Verb::Retr })]
    #[case::missing_behind_a_space(b"RETR ", CommandError::MissingArgument { verb: Verb::Retr })]
    #[case::unexpected(b"PWD x", CommandError::UnexpectedArgument { verb: Verb::Pwd })]
    #[case::feat(b"FEAT x", CommandError::UnexpectedArgument { verb: Verb::Feat })]
    #[case::nul(b"RETR a\0b", CommandError::ForbiddenOctet { verb: Verb::Retr, octet: 0 })]
    #[case::carriage_return(b"RETR a\rb", CommandError::ForbiddenOctet { verb: Verb::Retr, octet: b'\r' })]
    fn no_commands(#[case] line: &[u8], #[case] error: CommandError) {
        assert_eq!(Command::parse(line), Err(error));
    }

    #[test]
    fn a_verb_is_written_with_its_first_name() {
        assert_eq!(Command::parse(b"xcwd a\xffb").unwrap().to_bytes(), b"CWD a\xff\xffb\r\n");
    }
}
