//! Who may log in, and what they may do.

use std::collections::HashMap;

/// What a user may do with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    ReadWrite,
    /// Only look.
    ReadOnly,
}

/// The users of this server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    /// Whether guests are welcome, and to do what.
    pub(crate) anonymous: Option<Access>,
    /// The passwords of the named users.
    pub(crate) passwords: HashMap<Vec<u8>, Vec<u8>>,
    /// The accounts that users must give to log in (RFC 959 §4.1.1 ACCT).
    pub(crate) of_login: HashMap<Vec<u8>, Vec<u8>>,
    /// The accounts that users must give before they may store files.
    pub(crate) of_storing: HashMap<Vec<u8>, Vec<u8>>,
}

impl Accounts {
    /// Whether this is the name of a guest. RFC 1635 §2.1: the name is `anonymous`; `ftp` is its customary short form.
    pub(crate) fn is_guest(&self, name: &[u8]) -> bool {
        self.anonymous.is_some() && (name.eq_ignore_ascii_case(b"anonymous") || name.eq_ignore_ascii_case(b"ftp"))
    }

    /// What the user may do; `None` when the name or the password is wrong.
    pub(crate) fn access(&self, name: &[u8], password: &[u8]) -> Option<Access> {
        if self.is_guest(name) {
            // RFC 1635 §2.2: the guest's password is an address that is not checked.
            return self.anonymous;
        }
        let known = self.passwords.get(name)?;
        same(known, password).then_some(Access::ReadWrite)
    }
}

/// Whether this is the account of the user.
pub(crate) fn is_account(accounts: &HashMap<Vec<u8>, Vec<u8>>, name: &[u8], account: &[u8]) -> bool {
    accounts.get(name).is_some_and(|known| same(known, account))
}

/// Compares in a time that tells nothing about where the first difference is.
fn same(known: &[u8], given: &[u8]) -> bool {
    let differences = known.iter().zip(given).fold(0, |differences, (one, other)| differences | (one ^ other));
    known.len() == given.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn accounts(anonymous: Option<Access>) -> Accounts {
        let passwords = HashMap::from([(b"u".to_vec(), b"secret".to_vec())]);
        Accounts { anonymous, passwords, ..Accounts::default() }
    }

    #[rstest]
    #[case::guest("anonymous", "me@here", Some(Access::ReadOnly))]
    #[case::short_guest("FTP", "", Some(Access::ReadOnly))]
    #[case::user("u", "secret", Some(Access::ReadWrite))]
    #[case::user_names_have_case("U", "secret", None)]
    #[case::wrong("u", "secre", None)]
    #[case::longer("u", "secret1", None)]
    #[case::nobody("v", "secret", None)]
    fn access(#[case] name: &str, #[case] password: &str, #[case] expected: Option<Access>) {
        assert_eq!(accounts(Some(Access::ReadOnly)).access(name.as_bytes(), password.as_bytes()), expected);
    }

    #[test]
    fn no_guests_when_they_are_off() {
        assert_eq!(accounts(None).access(b"anonymous", b"x"), None);
        assert!(!accounts(None).is_guest(b"anonymous"));
    }
}
