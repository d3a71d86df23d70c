//! The file of `--users`: a table for each user.
//!
//! ```text
//! [users.alice]
//! password = "$argon2id$…"    # written by `passwd`
//! root = "alice"              # below the root of the server, or absolute
//! access = "read-only"
//! ```

pub(crate) mod change;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml_edit::{Item, Key, TableLike};

use crate::accounts::{Access, Hash, Secret, User};
use crate::document::{Document, DocumentError, Fault, Faults, printable};

/// The table that holds the users.
const USERS: &str = "users";
/// The key of the hash.
const PASSWORD: &str = "password";
const ROOT: &str = "root";
const ACCESS: &str = "access";
const ACCOUNT: &str = "account";
const STORE_ACCOUNT: &str = "store-account";
const KEYS: [&str; 5] = [PASSWORD, ROOT, ACCESS, ACCOUNT, STORE_ACCOUNT];

/// A user of the file.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) user: User,
    /// A directory of the user's own.
    pub(crate) root: Option<PathBuf>,
    /// The account that is needed to log in.
    pub(crate) account: Option<String>,
    /// The account that is needed to store files.
    pub(crate) store_account: Option<String>,
}

/// Reads the users of a file.
///
/// # Errors
/// The file cannot be read, or something in it is wrong: then all of that is told.
pub(crate) fn read(file: &Path) -> Result<Vec<Listed>, DocumentError> {
    let document = Document::read(file)?;
    Ok(listed(&document)?)
}

fn listed(document: &Document) -> Result<Vec<Listed>, Faults> {
    let mut faults = Vec::new();
    let mut users = Vec::new();
    for (key, item) in keys(document.root().as_table_like()) {
        if key.get() != USERS {
            faults.push(document.unknown(key, [USERS]));
        } else if let Some(tables) = item.as_table_like() {
            users.extend(keys(Some(tables)).filter_map(|(name, item)| user(document, name, item, &mut faults)));
        } else {
            faults.push(document.fault_at(item, "write a table for each user, as in [users.alice]."));
        }
    }
    if faults.is_empty() { Ok(users) } else { Err(Faults(faults)) }
}

fn keys(table: Option<&dyn TableLike>) -> impl Iterator<Item = (&Key, &Item)> {
    table.into_iter().flat_map(|table| table.iter().filter_map(|(name, _)| table.get_key_value(name)))
}

/// A user; `None` when something is wrong, which is a fault then.
fn user(document: &Document, name: &Key, item: &Item, faults: &mut Vec<Fault>) -> Option<Listed> {
    let before = faults.len();
    let Some(table) = item.as_table_like() else {
        faults.push(document.fault_at(item, format!("write a table, as in [users.{}].", printable(name.get()))));
        return None;
    };
    if !is_name(name.get()) {
        faults.push(document.fault_at_key(name, "the name of a user is not empty, and has no control characters."));
    }
    faults.extend(
        keys(Some(table)).filter(|(key, _)| !KEYS.contains(&key.get())).map(|(key, _)| document.unknown(key, KEYS)),
    );
    let password = table.get(PASSWORD);
    if password.is_none() {
        let how = "this user has no password. Write one with `passwd`.";
        faults.push(document.fault_at_key(name, how));
    }
    let mut text = |key| text(document, table, key, faults);
    let (hash, access, root) = (text(PASSWORD), text(ACCESS), text(ROOT));
    let (account, store_account) = (text(ACCOUNT), text(STORE_ACCOUNT));
    let hash = hash.and_then(|(item, text)| or_fault(document, item, text.parse::<Hash>(), faults));
    let access = access.map(|(item, text)| (item, access_of(text)));
    let access = access.map_or(Some(Access::ReadWrite), |(item, access)| or_fault(document, item, access, faults));
    let root = root.map(|(item, text)| (item, root_of(text)));
    let root = root.and_then(|(item, root)| or_fault(document, item, root, faults));
    let owned = |text: Option<(&Item, &str)>| text.map(|(_, text)| text.to_owned());
    let user = User { secret: Secret::Hashed(Arc::new(hash?)), access: access? };
    let (account, store_account) = (owned(account), owned(store_account));
    (faults.len() == before).then(|| Listed { name: name.get().to_owned(), user, root, account, store_account })
}

/// The text of a key, if it is there and one.
fn text<'a>(
    document: &Document,
    table: &'a dyn TableLike,
    key: &str,
    faults: &mut Vec<Fault>,
) -> Option<(&'a Item, &'a str)> {
    let item = table.get(key)?;
    let text = item.as_str();
    if text.is_none() {
        faults.push(document.fault_at(item, format!("`{key}` is a text: write it in quotes.")));
    }
    text.map(|text| (item, text))
}

fn or_fault<T, E: ToString>(
    document: &Document,
    item: &Item,
    value: Result<T, E>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    value.map_err(|error| faults.push(document.fault_at(item, error.to_string()))).ok()
}

fn access_of(text: &str) -> Result<Access, &'static str> {
    match text {
        "read-write" => Ok(Access::ReadWrite),
        "read-only" => Ok(Access::ReadOnly),
        _ => Err("`access` is \"read-write\" or \"read-only\"."),
    }
}

/// A relative one is below the root of the server, and does not climb out of it again.
fn root_of(text: &str) -> Result<PathBuf, &'static str> {
    let root = PathBuf::from(text);
    let climbs = root.components().any(|part| part == std::path::Component::ParentDir);
    if text.is_empty() || (root.is_relative() && climbs) {
        return Err("`root` is a directory below the root of the server, without `..`, or an absolute path.");
    }
    Ok(root)
}

/// Whether a user may have this name: it comes in a line of its own.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const HASH: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    fn parse(text: &str) -> Result<Vec<Listed>, Faults> {
        listed(&Document::parse("users.toml".to_owned(), text.replace("HASH", HASH))?)
    }

    #[test]
    fn users_and_what_they_may_do() {
        let text = "[users.alice]\npassword = 'HASH'\n[users.'b c']\npassword = 'HASH'\nroot = '/srv/b'\naccess = 'read-only'\n\
                    account = 'ledger'\nstore-account = 'stock'\n[users]\ncarl = { password = 'HASH', root = 'carl' }\n";
        let users = parse(text).unwrap();
        let [alice, b, carl] = users.try_into().unwrap();
        assert_eq!((alice.name.as_str(), alice.user.access, alice.root), ("alice", Access::ReadWrite, None));
        assert_eq!((b.name.as_str(), b.user.access, b.root), ("b c", Access::ReadOnly, Some(PathBuf::from("/srv/b"))));
        assert_eq!((b.account.as_deref(), b.store_account.as_deref()), (Some("ledger"), Some("stock")));
        assert_eq!(carl.root, Some(PathBuf::from("carl")));
    }

    #[test]
    fn an_empty_file_has_no_users() {
        assert!(parse("# none yet\n").unwrap().is_empty());
    }

    #[rstest]
    #[case::plain_password("[users.a]\npassword = 'secret'\n", "users.toml:2:12: this is no argon2id hash")]
    #[case::no_password("[users.a]\n", "users.toml:1:8: this user has no password. Write one with `passwd`.")]
    #[case::other_key(
        "[users.a]\npassword = 'HASH'\nacess = 'x'\n",
        "users.toml:3:1: there is no key `acess` here. Did you mean `access`?"
    )]
    #[case::other_table("[user.a]\n", "users.toml:1:2: there is no key `user` here. Did you mean `users`?")]
    #[case::access("[users.a]\npassword = 'HASH'\naccess = 'all'\n", "users.toml:3:10: `access` is")]
    #[case::a_number("[users.a]\npassword = 1\n", "users.toml:2:12: `password` is a text")]
    #[case::climbing("[users.a]\npassword = 'HASH'\nroot = '../b'\n", "users.toml:3:8: `root` is a directory below")]
    #[case::no_table("users = 1\n", "users.toml:1:9: write a table for each user")]
    #[case::no_user("[users]\na = 'HASH'\n", "users.toml:2:5: write a table, as in [users.a].")]
    #[case::no_name("[users.'']\npassword = 'HASH'\n", "users.toml:1:8: the name of a user")]
    fn what_is_wrong(#[case] text: &str, #[case] expected: &str) {
        let shown = parse(text).unwrap_err().to_string();
        assert!(shown.starts_with(expected), "{shown}");
        assert!(!shown.contains("secret") && !shown.contains("argon2id$v"), "{shown}");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let faults = parse("[users.a]\n[users.b]\npassword = 'x'\naccess = 1\nxyz = 1\n").unwrap_err();
        assert_eq!(faults.0.len(), 4, "{faults}");
    }
}
