//! `ftp://user:password@host:port/` (RFC 1738 §3.2), as far as it names a server.

use super::Login;
use super::subject_error::SubjectError;

/// What such an address says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) login: Option<Login>,
    pub(super) host: String,
    pub(super) port: u16,
}

/// Reads an address.
///
/// # Errors
/// It is not one of FTP, or it names a file.
pub(super) fn parse(url: &str) -> Result<Address, SubjectError> {
    read(url).map_err(|fault| SubjectError::Address { url: without_password(url), fault })
}

fn read(url: &str) -> Result<Address, String> {
    let rest = strip_scheme(url)?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !path.is_empty() {
        return Err("it names a file; only the server is wanted, without a path".to_owned());
    }
    let (login, place) = match authority.rsplit_once('@') {
        Some((login, place)) => (Some(read_login(login)?), place),
        None => (None, authority),
    };
    let (host, port) = read_place(place)?;
    Ok(Address { login, host, port })
}

fn strip_scheme(url: &str) -> Result<&str, String> {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ftp") => Ok(rest),
        Some((scheme, _)) => Err(format!("`{scheme}` is another protocol; it begins with `ftp://`")),
        None => Err("it does not begin with `ftp://`".to_owned()),
    }
}

fn read_login(login: &str) -> Result<Login, String> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    Ok(Login { user: decoded(user)?, password: decoded(password)?, after: Vec::new() })
}

fn read_place(place: &str) -> Result<(String, u16), String> {
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, behind) = bracketed.split_once(']').ok_or("the `[` before the address has no `]`")?;
            match behind {
                "" => (host, None),
                _ => (host, Some(behind.strip_prefix(':').ok_or("a port is written behind a `:`")?)),
            }
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    let port = match port {
        // RFC 959 §8: the service listens at L = 21.
        None => 21,
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
            let shown: String = port.chars().take(20).collect();
            format!("`{shown}` is no port; a port is a number from 1 to 65535")
        })?,
    };
    Ok((host.to_owned(), port))
}

/// `%40` is `@` (RFC 1738 §2.2).
fn decoded(text: &str) -> Result<String, String> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let digits = [rest.next(), rest.next()].into_iter().flatten().map(char::from).collect::<String>();
            let value = Some(digits)
                .filter(|digits| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let value = value.and_then(|digits| u8::from_str_radix(&digits, 16).ok());
            octets.push(value.ok_or("behind `%` stand two hexadecimal digits; `%25` is a percent sign")?);
        } else {
            octets.push(octet);
        }
    }
    String::from_utf8(octets).map_err(|_| "the user or the password is not UTF-8".to_owned())
}

fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            format!("{scheme}://{user}:…@{place}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::parse;

    #[rstest]
    #[case("ftp://example.org", "example.org", 21, None)]
    #[case("FTP://127.0.0.1:2121/", "127.0.0.1", 2121, None)]
    #[case("ftp://[::1]:2121/", "::1", 2121, None)]
    #[case("ftp://[::1]", "::1", 21, None)]
    #[case("ftp://test:test1234@h:1/", "h", 1, Some(("test", "test1234")))]
    #[case("ftp://a%40b:p%3aq%2f@h/", "h", 21, Some(("a@b", "p:q/")))]
    #[case("ftp://anonymous@h/", "h", 21, Some(("anonymous", "")))]
    fn an_address_is_read(
        #[case] url: &str,
        #[case] host: &str,
        #[case] port: u16,
        #[case] login: Option<(&str, &str)>,
    ) {
        let address = parse(url).unwrap();
        assert_eq!((address.host.as_str(), address.port), (host, port));
        let read = address.login.as_ref().map(|login| (login.user.as_str(), login.password.as_str()));
        assert_eq!(read, login);
    }

    #[rstest]
    #[case("http://h/", "`http` is another protocol")]
    #[case("h:21", "does not begin with `ftp://`")]
    #[case("ftp://h:0/", "`0` is no port")]
    #[case("ftp://h:x/", "`x` is no port")]
    #[case("ftp://:21/", "names no host")]
    #[case("ftp://[::1/", "has no `]`")]
    #[case("ftp://h/robots.txt", "names a file")]
    #[case("ftp://u:%zz@h/", "two hexadecimal digits")]
    #[case("ftp://u:%+1@h/", "two hexadecimal digits")]
    fn another_is_refused(#[case] url: &str, #[case] message: &str) {
        let error = parse(url).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn the_password_is_not_shown() {
        let error = parse("ftp://user:sesame@host:x/").unwrap_err().to_string();
        assert!(!error.contains("sesame"), "{error}");
    }
}
