//! Which server, as whom, which file: what stands on the command line and behind `open`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::session::command::Secret;

/// The port of FTP.
const CONTROL_PORT: u16 = 21;
/// The port of FTP under TLS from the first octet on; no RFC has it, IANA does.
const IMPLICIT_PORT: u16 = 990;

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
        Self::parse(text, CONTROL_PORT)
    }
}

impl ServerName {
    fn parse(text: &str, default_port: u16) -> Result<Self, TargetError> {
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
            None => default_port,
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
    pub(crate) account: Option<Secret>,
}

impl User {
    /// The user that public servers take (RFC 1635), with the password they suggest.
    pub(crate) fn anonymous() -> Self {
        Self { name: b"anonymous".to_vec(), password: Some(Secret::new(b"guest")), account: None }
    }
}

/// How the scheme of a URL wants TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `ftp://`: as the user says otherwise.
    Ftp,
    /// `ftps://`: from the first octet on.
    Ftps,
    /// `ftpes://`: by AUTH.
    Ftpes,
}

/// What stands behind `;type=` (RFC 1738 §3.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlType {
    Ascii,
    Image,
    Directory,
}

/// A server, a user, a path. Its `Debug` hides the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) scheme: Scheme,
    pub(crate) server: ServerName,
    /// None where the URL names nobody.
    pub(crate) user: Option<User>,
    /// The parts between the slashes, decoded; empty ones say nothing. A CWD for each but the last (RFC 1738 §3.2.2).
    pub(crate) segments: Vec<Vec<u8>>,
    /// Whether the path ends with a slash.
    pub(crate) ends_with_slash: bool,
    pub(crate) url_type: Option<UrlType>,
}

impl Target {
    /// The directories to change to, and the name that is left. None where the path ends with a slash, or is empty.
    pub(crate) fn directories_and_name(&self) -> (&[Vec<u8>], Option<&[u8]>) {
        if self.ends_with_slash {
            return (&self.segments, None);
        }
        match self.segments.split_last() {
            None => (&[], None),
            Some((name, directories)) => (directories, Some(name)),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    /// `host[:port]`, or `ftp://[user[:password]@]host[:port][/path][;type=a|i|d]` (RFC 1738 §3.2).
    fn from_str(text: &str) -> Result<Self, TargetError> {
        let schemes = [("ftp://", Scheme::Ftp), ("ftps://", Scheme::Ftps), ("ftpes://", Scheme::Ftpes)];
        let known = schemes.into_iter().find_map(|(prefix, scheme)| Some((scheme, stripped(text, prefix)?)));
        let Some((scheme, rest)) = known else {
            if text.contains("://") {
                return Err(TargetError::Scheme);
            }
            let server = text.parse()?;
            let segments = Vec::new();
            return Ok(Self {
                scheme: Scheme::Ftp,
                server,
                user: None,
                segments,
                ends_with_slash: false,
                url_type: None,
            });
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, server) = match authority.rsplit_once('@') {
            None => (None, authority),
            Some((user, server)) => (Some(user_of(user)?), server),
        };
        let (path, url_type) = match path.rsplit_once(";type=") {
            None => (path, None),
            Some((path, code)) => (path, Some(url_type_of(code)?)),
        };
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect::<Result<_, _>>()?;
        let default_port = if scheme == Scheme::Ftps { IMPLICIT_PORT } else { CONTROL_PORT };
        let server = ServerName::parse(server, default_port)?;
        Ok(Self { scheme, server, user, segments, ends_with_slash: path.ends_with('/'), url_type })
    }
}

/// The scheme of a URL is the same in upper and lower case (RFC 1738 §2.1).
fn stripped<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn url_type_of(code: &str) -> Result<UrlType, TargetError> {
    match code {
        "a" | "A" => Ok(UrlType::Ascii),
        "i" | "I" => Ok(UrlType::Image),
        "d" | "D" => Ok(UrlType::Directory),
        _ => Err(TargetError::Type),
    }
}

/// What is wrong with a target. The messages do not repeat the target, for it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TargetError {
    #[error("only ftp://, ftps:// and ftpes:// are known; write ftp://user:password@host:port/path or host:port")]
    Scheme,
    #[error("behind ;type= stands a, i or d")]
    Type,
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
    Ok(User { name: decoded(name)?, password: password.map(|password| Secret::new(&password)), account: None })
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
    #[case("ftp://h", None, "")]
    #[case("h:21", None, "")]
    #[case("ftp://u@h", Some(("u", None)), "")]
    #[case("ftp://u:p%40q@h/a%20b/c", Some(("u", Some("p@q"))), "a b|c")]
    #[case("ftp://u:p@q@h/%2Fetc/motd", Some(("u", Some("p@q"))), "/etc|motd")]
    #[case("FTP://u:@h//a/", Some(("u", Some(""))), "a|/")]
    fn targets(#[case] text: &str, #[case] user: Option<(&str, Option<&str>)>, #[case] path: &str) {
        let target: Target = text.parse().unwrap();
        assert_eq!((target.server.host.as_str(), target.scheme), ("h", Scheme::Ftp));
        let expected = user.map(|(name, password)| User {
            name: name.as_bytes().to_vec(),
            password: password.map(|password| Secret::new(password.as_bytes())),
            account: None,
        });
        assert_eq!(target.user, expected);
        let mut shown: Vec<_> = target.segments.iter().map(|segment| String::from_utf8_lossy(segment)).collect();
        if target.ends_with_slash {
            shown.push("/".into());
        }
        assert_eq!(shown.join("|"), path);
    }

    #[rstest]
    #[case("ftp://h/a", Scheme::Ftp, 21, None)]
    #[case("ftps://h/a", Scheme::Ftps, 990, None)]
    #[case("ftps://h:21/a", Scheme::Ftps, 21, None)]
    #[case("ftpes://h/a", Scheme::Ftpes, 21, None)]
    #[case("ftp://h/a;type=a", Scheme::Ftp, 21, Some(UrlType::Ascii))]
    #[case("ftp://h/a;type=D", Scheme::Ftp, 21, Some(UrlType::Directory))]
    fn schemes_and_types(
        #[case] text: &str,
        #[case] scheme: Scheme,
        #[case] port: u16,
        #[case] url_type: Option<UrlType>,
    ) {
        let target: Target = text.parse().unwrap();
        assert_eq!((target.scheme, target.server.port, target.url_type), (scheme, port, url_type));
        assert_eq!(target.directories_and_name(), (&[][..], Some(&b"a"[..])));
    }

    #[rstest]
    #[case("http://h", TargetError::Scheme)]
    #[case("ftp://h/a;type=x", TargetError::Type)]
    #[case("ftp://h/a%0", TargetError::Percent)]
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
