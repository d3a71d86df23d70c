//! Who may log in, and what they may do.

mod hash;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use hash::{Hash, HashError, Room};

/// What a user may do with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    ReadWrite,
    /// Only look.
    ReadOnly,
}

/// A user with a name.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) secret: Secret,
    pub(crate) access: Access,
}

/// What the password of a user is compared with.
#[derive(Debug, Clone)]
pub(crate) enum Secret {
    /// The password itself.
    Plain(Vec<u8>),
    Hashed(Arc<Hash>),
}

/// The users of this server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    /// Whether guests are welcome, and to do what.
    pub(crate) anonymous: Option<Access>,
    users: HashMap<Vec<u8>, User>,
    /// The hash of some user that takes longest. Names without a hash are compared with it, so that the time of a reply does not
    /// tell which names exist (RFC 2577 §7).
    slowest: Option<Arc<Hash>>,
    /// The accounts that users must give to log in (RFC 959 §4.1.1 ACCT).
    pub(crate) of_login: HashMap<Vec<u8>, Vec<u8>>,
    /// The accounts that users must give before they may store files.
    pub(crate) of_storing: HashMap<Vec<u8>, Vec<u8>>,
}

/// A name and a password that came, and what they are to be compared with.
#[derive(Debug)]
pub(crate) enum Check {
    /// Nothing more is to be computed.
    Known(Option<Access>),
    /// A hash is to be computed, which is slow on purpose.
    Hash { hash: Arc<Hash>, password: Vec<u8>, right: Option<Access>, wrong: Option<Access> },
}

impl Accounts {
    /// Lets a user in. One of the same name is replaced.
    pub(crate) fn admit(&mut self, name: Vec<u8>, user: User) {
        if let Secret::Hashed(hash) = &user.secret
            && self.slowest.as_ref().is_none_or(|slowest| slowest.cost() < hash.cost())
        {
            self.slowest = Some(Arc::clone(hash));
        }
        self.users.insert(name, user);
    }

    /// Whether this is the name of a guest. RFC 1635 §2.1: the name is `anonymous`; `ftp` is its customary short form.
    pub(crate) fn is_guest(&self, name: &[u8]) -> bool {
        self.anonymous.is_some() && (name.eq_ignore_ascii_case(b"anonymous") || name.eq_ignore_ascii_case(b"ftp"))
    }

    /// What is to be computed to know what the user may do.
    pub(crate) fn check(&self, name: &[u8], password: &[u8]) -> Check {
        if self.is_guest(name) {
            // RFC 1635 §2.2: the guest's password is an address that is not checked.
            return Check::Known(self.anonymous);
        }
        let password = password.to_vec();
        let known = match self.users.get(name) {
            Some(User { secret: Secret::Hashed(hash), access }) => {
                return Check::Hash { hash: Arc::clone(hash), password, right: Some(*access), wrong: None };
            }
            Some(User { secret: Secret::Plain(known), access }) => same(known, &password).then_some(*access),
            None => None,
        };
        match &self.slowest {
            None => Check::Known(known),
            Some(hash) => Check::Hash { hash: Arc::clone(hash), password, right: known, wrong: known },
        }
    }
}

impl Check {
    /// Whether [`Self::access`] takes long.
    pub(crate) fn is_slow(&self) -> bool {
        matches!(self, Self::Hash { .. })
    }

    /// What the user may do; `None` when the name or the password is wrong.
    pub(crate) fn access(self, room: &mut Room) -> Option<Access> {
        match self {
            Self::Known(access) => access,
            Self::Hash { hash, password, right, wrong } => {
                if hash.is_of(&password, room) {
                    right
                } else {
                    wrong
                }
            }
        }
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
        let mut accounts = Accounts { anonymous, ..Accounts::default() };
        let secret = Secret::Plain(b"secret".to_vec());
        accounts.admit(b"u".to_vec(), User { secret, access: Access::ReadWrite });
        accounts
    }

    fn with_hashes() -> Accounts {
        let mut accounts = accounts(Some(Access::ReadOnly));
        for (name, password) in [("h", "hashed"), ("i", "other")] {
            let secret = Secret::Hashed(Arc::new(Hash::of(password.as_bytes()).unwrap()));
            accounts.admit(name.into(), User { secret, access: Access::ReadOnly });
        }
        accounts
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
        let check = accounts(Some(Access::ReadOnly)).check(name.as_bytes(), password.as_bytes());
        assert!(!check.is_slow());
        assert_eq!(check.access(&mut Room::default()), expected);
    }

    #[rstest]
    #[case::right("h", "hashed", Some(Access::ReadOnly))]
    #[case::wrong("h", "hashe", None)]
    #[case::of_another("h", "other", None)]
    #[case::plain("u", "secret", Some(Access::ReadWrite))]
    #[case::plain_wrong("u", "hashed", None)]
    #[case::nobody("v", "hashed", None)]
    fn where_one_is_hashed_all_names_take_as_long(
        #[case] name: &str,
        #[case] password: &str,
        #[case] expected: Option<Access>,
    ) {
        let check = with_hashes().check(name.as_bytes(), password.as_bytes());
        assert!(check.is_slow());
        assert_eq!(check.access(&mut Room::default()), expected);
    }

    #[test]
    fn guests_have_no_password_to_wait_for() {
        assert!(!with_hashes().check(b"anonymous", b"x").is_slow());
    }

    #[test]
    fn no_guests_when_they_are_off() {
        assert_eq!(accounts(None).check(b"anonymous", b"x").access(&mut Room::default()), None);
        assert!(!accounts(None).is_guest(b"anonymous"));
    }
}
