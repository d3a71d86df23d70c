//! Which server, as whom, in which directory: what stands first on the command line and behind `open`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::session::command::Secret;

/// The port of FTP.
const CONTROL_PORT: u16 = 21;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerName {
    /// A name or an address, IPv6 without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl FromStr for ServerName {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
            let (host, rest) = bracketed.split_once(']').ok_or(TargetError::Bracket)?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(TargetError::Port)?) })
        } else if text.matches(':').count() > 1 {
            // An IPv6 address without brackets; there is no room for a port.
            (text, None)
        } else {
            text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
        };
        if host.is_empty() || host.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(TargetError::Host);
        }
        let port = match port {
            None => CONTROL_PORT,
            Some(digits) => digits.parse().ok().filter(|&port| port != 0).ok_or(TargetError::Port)?,
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// Who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: Vec<u8>,
    pub(crate) password: Option<Secret>,
}

impl User {
    /// The user that public servers take (RFC 1635), with the password they suggest.
    pub(crate) fn anonymous() -> Self {
        Self { name: b"anonymous".to_vec(), password: Some(Secret::new(b"guest")) }
    }
}

/// A server, a user, a directory. Its `Debug` hides the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) server: ServerName,
    pub(crate) user: User,
    /// The directory to change to after the login.
    pub(crate) directory: Option<Vec<u8>>,
}

impl FromStr for Target {
    type Err = TargetError;

    /// `host[:port]`, or `ftp://[user[:password]@]host[:port][/directory]` (RFC 1738 §3.2).
    fn from_str(text: &str) -> Result<Self, TargetError> {
        let Some(rest) = text.strip_prefix("ftp://") else {
            if text.contains("://") {
                return Err(TargetError::Scheme);
            }
            return Ok(Self { server: text.parse()?, user: User::anonymous(), directory: None });
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, server) = match authority.rsplit_once('@') {
            None => (User::anonymous(), authority),
            Some((user, server)) => (user_of(user)?, server),
        };
        let directory = if path.is_empty() { None } else { Some(decoded(path)?) };
        Ok(Self { server: server.parse()?, user, directory })
    }
}

/// What is wrong with a target. The messages do not repeat the target, for it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TargetError {
    #[error("only ftp:// is known; write ftp://user:password@host:port/directory or host:port")]
    Scheme,
    #[error("the host is missing or holds a space")]
    Host,
    #[error("an IPv6 address that begins with [ ends with ]")]
    Bracket,
    #[error("the port is a number from 1 to 65535")]
    Port,
    #[error("behind a % stand two hexadecimal digits")]
    Percent,
}

fn user_of(text: &str) -> Result<User, TargetError> {
    let (name, password) = text.split_once(':').map_or((text, None), |(name, password)| (name, Some(password)));
    let password = password.map(decoded).transpose()?;
    Ok(User { name: decoded(name)?, password: password.map(|password| Secret::new(&password)) })
}

fn decoded(text: &str) -> Result<Vec<u8>, TargetError> {
    let mut octets = text.bytes();
    let mut all = Vec::with_capacity(text.len());
    while let Some(octet) = octets.next() {
        if octet == b'%' {
            let (Some(high), Some(low)) = (octets.next(), octets.next()) else { return Err(TargetError::Percent) };
            all.push(hexadecimal(high)? * 16 + hexadecimal(low)?);
        } else {
            all.push(octet);
        }
    }
    Ok(all)
}

fn hexadecimal(digit: u8) -> Result<u8, TargetError> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(TargetError::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("example.org", Ok("example.org:21"))]
    #[case("127.0.0.1:2121", Ok("127.0.0.1:2121"))]
    #[case("::1", Ok("[::1]:21"))]
    #[case("[::1]:2121", Ok("[::1]:2121"))]
    #[case("[::1]", Ok("[::1]:21"))]
    #[case("", Err(TargetError::Host))]
    #[case(":21", Err(TargetError::Host))]
    #[case("a b", Err(TargetError::Host))]
    #[case("a:0", Err(TargetError::Port))]
    #[case("a:65536", Err(TargetError::Port))]
    #[case("a:", Err(TargetError::Port))]
    #[case("[::1", Err(TargetError::Bracket))]
    #[case("[::1]21", Err(TargetError::Port))]
    fn server_names(#[case] text: &str, #[case] expected: Result<&str, TargetError>) {
        let server = text.parse::<ServerName>().map(|server| server.to_string());
        assert_eq!(server.as_deref(), expected.as_deref());
    }

    #[rstest]
    #[case("ftp://h", "anonymous", Some("guest"), None)]
    #[case("h:21", "anonymous", Some("guest"), None)]
    #[case("ftp://u@h", "u", None, None)]
    #[case("ftp://u:p%40q@h/a%20b/c", "u", Some("p@q"), Some("a b/c"))]
    #[case("ftp://u:p@q@h/%2Fetc", "u", Some("p@q"), Some("/etc"))]
    #[case("ftp://u:@h/", "u", Some(""), None)]
    fn targets(
        #[case] text: &str,
        #[case] name: &str,
        #[case] password: Option<&str>,
        #[case] directory: Option<&str>,
    ) {
        let target: Target = text.parse().unwrap();
        assert_eq!(target.server.host, "h");
        assert_eq!(target.user.name, name.as_bytes());
        assert_eq!(target.user.password, password.map(|password| Secret::new(password.as_bytes())));
        assert_eq!(target.directory.as_deref(), directory.map(str::as_bytes));
    }

    #[rstest]
    #[case("http://h", TargetError::Scheme)]
    #[case("ftp://u:%4@h", TargetError::Percent)]
    #[case("ftp://u:%zz@h", TargetError::Percent)]
    #[case("ftp://u:p@", TargetError::Host)]
    fn no_target(#[case] text: &str, #[case] error: TargetError) {
        assert_eq!(text.parse::<Target>(), Err(error));
    }

    #[test]
    fn debug_hides_the_password() {
        let target: Target = "ftp://u:sesame@h".parse().unwrap();
        assert!(!format!("{target:?}").contains("sesame"), "{target:?}");
    }
}
