//! `.netrc`: who logs in where, so that no password stands on a command line.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::escape::escaped_path;
use crate::session::command::Secret;
use crate::target::User;

/// Longer than anybody's.
const LIMIT: u64 = 1024 * 1024;

/// The entries of a file, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Netrc {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entry {
    /// `None` for `default`.
    machine: Option<String>,
    login: Option<String>,
    password: Option<Secret>,
    account: Option<Secret>,
}

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum NetrcError {
    #[error("the file {} cannot be read: {problem}", escaped_path(.path))]
    Read { path: PathBuf, problem: io::Error },
    #[error("the file {} holds passwords and others may read it; say: chmod 600 on it", escaped_path(.0))]
    Open(PathBuf),
    #[error("the file {}: {problem}", escaped_path(.path))]
    Form { path: PathBuf, problem: &'static str },
}

impl Netrc {
    /// Reads a file. Nobody but its owner may be able to read it, if it holds passwords.
    pub(crate) fn read(path: &Path) -> Result<Self, NetrcError> {
        let wrong = |problem| NetrcError::Read { path: path.to_owned(), problem };
        let file = File::open(path).map_err(wrong)?;
        let others = file.metadata().map_err(wrong)?.mode() & 0o077;
        let mut text = String::new();
        file.take(LIMIT).read_to_string(&mut text).map_err(wrong)?;
        let netrc = Self::parse(&text).map_err(|problem| NetrcError::Form { path: path.to_owned(), problem })?;
        let is_secret = |entry: &Entry| entry.password.is_some() && entry.login.as_deref() != Some("anonymous");
        if others != 0 && netrc.entries.iter().any(is_secret) {
            return Err(NetrcError::Open(path.to_owned()));
        }
        Ok(netrc)
    }

    /// Who logs in at a host; where a user is asked for, as that user.
    pub(crate) fn user(&self, host: &str, name: Option<&[u8]>) -> Option<User> {
        let fits = |entry: &&Entry| {
            let host_fits = entry.machine.as_deref().is_none_or(|machine| machine.eq_ignore_ascii_case(host));
            let name_fits = match (name, &entry.login) {
                (Some(name), Some(login)) => login.as_bytes() == name,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            host_fits && name_fits
        };
        let entry = self.entries.iter().find(fits)?;
        Some(User {
            name: entry.login.as_deref()?.as_bytes().to_vec(),
            password: entry.password.clone(),
            account: entry.account.clone(),
        })
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut words = Words(text);
        while let Some(word) = words.next() {
            match word.as_str() {
                "machine" => {
                    let machine = Some(words.next().ok_or("behind `machine` stands a host")?);
                    entries.push(Entry { machine, ..Entry::default() });
                    continue;
                }
                "default" => {
                    entries.push(Entry::default());
                    continue;
                }
                "macdef" => {
                    words.skip_macro();
                    continue;
                }
                _ => {}
            }
            let value = words.next().ok_or("a word without the value that stands behind it")?;
            let entry = entries.last_mut().ok_or("it begins with `machine HOST` or `default`")?;
            match word.as_str() {
                "login" => entry.login = Some(value),
                "password" => entry.password = Some(Secret::new(value.as_bytes())),
                "account" => entry.account = Some(Secret::new(value.as_bytes())),
                _ => return Err("there are `machine`, `default`, `login`, `password`, `account` and `macdef`"),
            }
        }
        Ok(Self { entries })
    }
}

/// Words between white space; one in quotes may hold white space. `#` begins a remark.
struct Words<'t>(&'t str);

impl Words<'_> {
    fn next(&mut self) -> Option<String> {
        loop {
            self.0 = self.0.trim_start();
            let Some(remark) = self.0.strip_prefix('#') else { break };
            self.0 = remark.find('\n').and_then(|end| remark.get(end..)).unwrap_or_default();
        }
        if self.0.is_empty() {
            return None;
        }
        if let Some(quoted) = self.0.strip_prefix('"') {
            return Some(self.quoted(quoted));
        }
        let end = self.0.find(char::is_whitespace).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(word.to_owned())
    }

    fn quoted(&mut self, text: &str) -> String {
        let mut word = String::new();
        let mut characters = text.char_indices();
        let mut taken = text.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    taken = at + 1;
                    break;
                }
                '\\' => word.extend(characters.next().map(|(_, next)| next)),
                other => word.push(other),
            }
        }
        self.0 = self.0.get(1 + taken..).unwrap_or_default();
        word
    }

    /// A macro ends at an empty line.
    fn skip_macro(&mut self) {
        self.0 = self.0.find("\n\n").and_then(|end| self.0.get(end..)).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const FILE: &str = "# mine\nmachine a login u password \"p q\" account x\nmachine b login v # both\n password w\nmacdef init\ncd /\n\nmachine a login z password zz\ndefault login anonymous password guest\n";

    #[rstest]
    #[case("a", None, Some(("u", "p q")))]
    #[case("A", Some("z"), Some(("z", "zz")))]
    #[case("b", None, Some(("v", "w")))]
    #[case("c", None, Some(("anonymous", "guest")))]
    #[case("c", Some("u"), None)]
    fn users(#[case] host: &str, #[case] name: Option<&str>, #[case] expected: Option<(&str, &str)>) {
        let user = Netrc::parse(FILE).unwrap().user(host, name.map(str::as_bytes));
        let found = user.map(|user| (user.name, user.password));
        assert_eq!(found, expected.map(|(name, password)| (name.into(), Some(Secret::new(password.as_bytes())))));
    }

    #[rstest]
    #[case("login a")]
    #[case("machine")]
    #[case("machine a login")]
    #[case("machine a port 21")]
    fn wrong(#[case] text: &str) {
        assert!(Netrc::parse(text).is_err());
    }

    #[rstest]
    #[case(0o600, FILE, true)]
    #[case(0o640, FILE, false)]
    #[case(0o604, FILE, false)]
    #[case(0o644, "default login anonymous password guest", true)]
    fn others_may_not_read_passwords(#[case] mode: u32, #[case] text: &str, #[case] fine: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netrc");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(Netrc::read(&path).is_ok(), fine);
    }
}
