//! Changes of the file of users. What else stands there stays, comments as well, and the file is the old one or the new one at
//! any time.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::NamedTempFile;
use thiserror::Error;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value, value};

use super::{PASSWORD, USERS};
use crate::accounts::Hash;
use crate::document::{Document, DocumentError, printable};

/// Whether the user was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Added,
    Replaced,
}

/// Why the file was not changed.
#[derive(Debug, Error)]
pub(crate) enum ChangeError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("cannot write {file}: {error}. Give a file in a directory that you may write to.", file = .file.display())]
    Write { file: PathBuf, error: io::Error },
    #[error("there is no user {name} in {file}.", file = .file.display())]
    NoUser { name: String, file: PathBuf },
    #[error("{place} in {file} is no table. Write it as a table, as in [users.alice].", file = .file.display())]
    NoTable { place: String, file: PathBuf },
}

/// Gives a user this password; a user who is not there is added.
///
/// # Errors
/// The file cannot be read, is no TOML, or cannot be written.
pub(crate) fn put(file: &Path, name: &str, hash: &Hash) -> Result<Put, ChangeError> {
    change(file, |users| {
        let put = if users.contains_key(name) { Put::Replaced } else { Put::Added };
        let user = users.entry(name).or_insert_with(|| Item::Table(Table::new()));
        let no_table = || ChangeError::NoTable { place: printable(name), file: file.into() };
        let user = user.as_table_like_mut().ok_or_else(no_table)?;
        let mut hash = Value::from(hash.to_string());
        if let Some(old) = user.get(PASSWORD).and_then(Item::as_value) {
            // A comment behind the old one stays.
            *hash.decor_mut() = old.decor().clone();
        }
        user.insert(PASSWORD, value(hash));
        Ok(put)
    })
}

/// Takes a user out.
///
/// # Errors
/// There is no such user; or the file cannot be read, is no TOML, or cannot be written.
pub(crate) fn delete(file: &Path, name: &str) -> Result<(), ChangeError> {
    change(file, |users| match users.remove(name) {
        Some(_) => Ok(()),
        None => Err(ChangeError::NoUser { name: printable(name), file: file.into() }),
    })
}

fn change<T>(file: &Path, edit: impl FnOnce(&mut dyn TableLike) -> Result<T, ChangeError>) -> Result<T, ChangeError> {
    let failed = |error| ChangeError::Write { file: file.into(), error };
    // The file that a link names is replaced, and not the link.
    let target = file.canonicalize().unwrap_or_else(|_| file.into());
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let directory_itself = File::open(directory).map_err(failed)?;
    // Two that change the file at once would lose what one of them wrote. The file itself is another one afterwards.
    flock(&directory_itself, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
    let old = match target.metadata() {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let mut toml = if old.is_some() { Document::read(&target)?.into_mut() } else { DocumentMut::new() };
    let mut implicit = Table::new();
    implicit.set_implicit(true);
    let users = toml.entry(USERS).or_insert(Item::Table(implicit));
    let no_table = || ChangeError::NoTable { place: USERS.to_owned(), file: file.into() };
    let done = edit(users.as_table_like_mut().ok_or_else(no_table)?)?;
    replace(&target, directory, old.as_ref(), &toml.to_string()).map_err(failed)?;
    // The new name is on the disk when this returns.
    directory_itself.sync_all().map_err(failed)?;
    Ok(done)
}

/// Puts a file in the place of another, for the same owner, group and mode: root changes what the server, as somebody else, must read.
/// A new one is for its owner alone.
fn replace(target: &Path, directory: &Path, old: Option<&Metadata>, text: &str) -> io::Result<()> {
    const OWNER_ALONE: u32 = 0o600;
    let mut new = NamedTempFile::new_in(directory)?;
    new.write_all(text.as_bytes())?;
    let ours = new.as_file().metadata()?;
    if let Some(old) = old.filter(|old| (old.uid(), old.gid()) != (ours.uid(), ours.gid())) {
        // Before it has the mode, so that nobody else may read it meanwhile.
        fchown(new.as_file(), Some(old.uid()), Some(old.gid()))?;
    }
    let mode = old.map_or(OWNER_ALONE, |old| old.permissions().mode() & 0o7777);
    new.as_file().set_permissions(Permissions::from_mode(mode))?;
    new.as_file().sync_all()?;
    new.persist(target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Room;
    use rstest::rstest;

    fn file_with(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("users.toml");
        std::fs::write(&file, text).unwrap();
        (directory, file)
    }

    fn is_password(file: &Path, name: &str, password: &str) -> bool {
        let text = std::fs::read_to_string(file).unwrap();
        let toml: DocumentMut = text.parse().unwrap();
        toml[USERS][name][PASSWORD]
            .as_str()
            .unwrap()
            .parse::<Hash>()
            .unwrap()
            .is_of(password.as_bytes(), &mut Room::default())
    }

    #[test]
    fn what_else_stands_there_stays() {
        let text = "# mine\n[users.alice]\naccess = \"read-only\" # for now\npassword = \"x\" # old\n\n[users.bob]\nroot = \"b\"\n";
        let (_directory, file) = file_with(text);
        std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(put(&file, "alice", &Hash::of(b"new").unwrap()).unwrap(), Put::Replaced);
        let written = std::fs::read_to_string(&file).unwrap();
        let lines = |text: &str| text.lines().filter(|line| !line.starts_with("password")).collect::<String>();
        assert_eq!(lines(&written), lines(text));
        assert!(written.contains("# old"), "{written}");
        assert!(is_password(&file, "alice", "new"));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        delete(&file, "alice").unwrap();
        assert!(std::fs::read_to_string(&file).unwrap().ends_with("[users.bob]\nroot = \"b\"\n"));
    }

    #[test]
    fn a_new_file_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("new.toml");
        assert_eq!(put(&file, "al ice", &Hash::of(b"p").unwrap()).unwrap(), Put::Added);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(std::fs::read_to_string(&file).unwrap().starts_with("[users.\"al ice\"]\npassword = "));
        assert!(is_password(&file, "al ice", "p"));
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    }

    /// Only root can give a file away; others have perhaps more groups than one.
    #[test]
    fn the_owner_and_the_group_stay() {
        let (_directory, file) = file_with("");
        let ours = file.metadata().unwrap();
        let is_root = rustix::process::geteuid().is_root();
        let group = rustix::process::getgroups().unwrap().last().map_or_else(|| ours.gid(), |group| group.as_raw());
        let (owner, group) = if is_root { (4711, 4712) } else { (ours.uid(), group) };
        std::os::unix::fs::chown(&file, Some(owner), Some(group)).unwrap();
        put(&file, "a", &Hash::of(b"p").unwrap()).unwrap();
        let now = file.metadata().unwrap();
        assert_eq!((now.uid(), now.gid()), (owner, group));
    }

    #[test]
    fn a_link_stays_one() {
        let (directory, file) = file_with("");
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("users.toml", &link).unwrap();
        put(&link, "a", &Hash::of(b"p").unwrap()).unwrap();
        assert!(link.is_symlink() && is_password(&file, "a", "p"));
    }

    #[rstest]
    #[case::no_such_user("[users.a]\n", "there is no user b in")]
    #[case::no_users("", "there is no user b in")]
    #[case::no_table("users = 1\n", "users in ")]
    #[case::no_toml("[users\n", "users.toml:1:7: this is no TOML")]
    fn what_cannot_be_deleted_changes_nothing(#[case] text: &str, #[case] expected: &str) {
        let (_directory, file) = file_with(text);
        let shown = delete(&file, "b").unwrap_err().to_string();
        assert!(shown.contains(expected), "{shown}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}
