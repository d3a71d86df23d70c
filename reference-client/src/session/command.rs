//! Command lines, made so that one call is one line on the wire.

use std::fmt;

use protocol::pathname::{Pathname, PathnameError};
use protocol::telnet;

use super::Failure;

/// One line for the control connection, its end included. Its `Debug` and [`CommandLine::shown`] hide passwords.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    octets: Vec<u8>,
    /// What may be shown of it.
    shown: Vec<u8>,
}

impl CommandLine {
    /// A verb alone.
    pub(crate) fn bare(verb: &'static str) -> Self {
        Self::of(verb.as_bytes())
    }

    /// A verb and its argument. CR, LF and NUL are refused: each would begin another line for some server.
    pub(crate) fn new(verb: &'static str, argument: &[u8]) -> Result<Self, Failure> {
        let argument = Pathname::new(argument).map_err(|problem| Failure::Argument { verb, problem })?;
        Ok(Self::of(&[verb.as_bytes(), b" ", argument.as_bytes()].concat()))
    }

    /// A verb and an argument if there is one.
    pub(crate) fn with_optional(verb: &'static str, argument: Option<&[u8]>) -> Result<Self, Failure> {
        argument.map_or_else(|| Ok(Self::bare(verb)), |argument| Self::new(verb, argument))
    }

    /// A verb and an argument that is never shown. It may be empty.
    pub(crate) fn secret(verb: &'static str, secret: &Secret) -> Result<Self, Failure> {
        let mut line = match Self::new(verb, &secret.0) {
            Err(Failure::Argument { problem: PathnameError::Empty, .. }) => Self::of(&[verb.as_bytes(), b" "].concat()),
            line => line?,
        };
        line.shown = hidden(verb.as_bytes());
        Ok(line)
    }

    /// A whole line as the user typed it.
    pub(crate) fn typed(line: &[u8]) -> Result<Self, Failure> {
        if line.is_empty() || line.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return Err(Failure::Control);
        }
        Ok(Self::of(line).without_password())
    }

    /// A line said as it is, whatever it holds: nothing is checked, and 0xFF is not doubled.
    pub(crate) fn verbatim(line: &[u8]) -> Self {
        Self { octets: [line, b"\r\n"].concat(), shown: line.to_vec() }.without_password()
    }

    /// The same with the verb that it had while it was an experiment (RFC 1123 §4.1.3.1), if it had one.
    pub(crate) fn experimental(&self) -> Option<Self> {
        let verbs = [("MKD", "XMKD"), ("RMD", "XRMD"), ("PWD", "XPWD"), ("CWD", "XCWD"), ("CDUP", "XCUP")];
        verbs.into_iter().find_map(|(verb, old)| {
            let rest = |line: &[u8]| line.strip_prefix(verb.as_bytes()).map(|rest| [old.as_bytes(), rest].concat());
            let (octets, shown) = (rest(&self.octets)?, rest(&self.shown)?);
            octets.get(old.len()).is_some_and(|next| !next.is_ascii_alphanumeric()).then_some(Self { octets, shown })
        })
    }

    /// The octets to send.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The line as it may be shown, not escaped.
    pub(crate) fn shown(&self) -> &[u8] {
        &self.shown
    }

    fn of(line: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(line.len() + 2);
        telnet::escape(line, &mut octets);
        octets.extend_from_slice(b"\r\n");
        Self { octets, shown: line.to_vec() }
    }

    fn without_password(mut self) -> Self {
        let verb = self.shown.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if verb.eq_ignore_ascii_case(b"PASS") || verb.eq_ignore_ascii_case(b"ACCT") {
            self.shown = hidden(verb);
        }
        self
    }
}

impl fmt::Debug for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CommandLine(\"{}\")", self.shown.escape_ascii())
    }
}

/// A password. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    pub(crate) fn new(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(****)")
    }
}

fn hidden(verb: &[u8]) -> Vec<u8> {
    [verb, b" ****"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn lines_on_the_wire() {
        assert_eq!(CommandLine::bare("NOOP").octets(), b"NOOP\r\n");
        assert_eq!(CommandLine::new("RETR", b"a \xff").unwrap().octets(), b"RETR a \xff\xff\r\n");
        assert_eq!(CommandLine::with_optional("LIST", None).unwrap().octets(), b"LIST\r\n");
        assert_eq!(CommandLine::typed(b"SITE HELP").unwrap().octets(), b"SITE HELP\r\n");
        assert_eq!(CommandLine::verbatim(b"\xff\xf4ABOR \r").octets(), b"\xff\xf4ABOR \r\r\n");
        assert_eq!(CommandLine::secret("PASS", &Secret::new(b"")).unwrap().octets(), b"PASS \r\n");
    }

    #[rstest]
    #[case(b'\r')]
    #[case(b'\n')]
    #[case(0)]
    fn no_second_line_can_be_smuggled_in(#[case] octet: u8) {
        let argument = [b'a', octet, b'b'];
        let problem = PathnameError::Forbidden(octet);
        assert_eq!(CommandLine::new("RETR", &argument), Err(Failure::Argument { verb: "RETR", problem }));
        assert_eq!(
            CommandLine::secret("PASS", &Secret::new(&argument)),
            Err(Failure::Argument { verb: "PASS", problem })
        );
        assert_eq!(CommandLine::typed(&argument), Err(Failure::Control));
    }

    #[rstest]
    #[case(CommandLine::secret("PASS", &Secret::new(b"sesame")).unwrap(), "PASS ****")]
    #[case(CommandLine::typed(b"pass sesame").unwrap(), "pass ****")]
    #[case(CommandLine::typed(b"ACCT sesame").unwrap(), "ACCT ****")]
    #[case(CommandLine::verbatim(b" PASS\tsesame"), "PASS ****")]
    #[case(CommandLine::verbatim(b"USER x"), "USER x")]
    fn passwords_are_not_shown(#[case] line: CommandLine, #[case] shown: &str) {
        assert_eq!(line.shown(), shown.as_bytes());
        assert!(!format!("{line:?}").contains("sesame"), "{line:?}");
    }
}
