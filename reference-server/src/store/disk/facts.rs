//! The facts of MLST and MLSD.

use std::hash::BuildHasher;
use std::time::UNIX_EPOCH;

use cap_std::fs::{Metadata, MetadataExt};
use protocol::Timestamp;
use protocol::listing::facts::{Entry, Kind, Permission, Selection, Unix};

use super::Disk;
use crate::accounts::Access;
use crate::store::location::as_path;
use crate::store::{Lines, Location, Refused, StoreError};

impl Disk {
    /// The facts of what has this name, as MLST tells them.
    pub(super) fn facts(&self, location: &Location, access: Access) -> Result<Entry, StoreError> {
        let (metadata, kind) = self.look(location)?;
        let parent = location.parent().map(|parent| self.metadata(&parent)).transpose()?;
        Ok(self.tell(location.absolute(), kind, &metadata, permissions(kind, &metadata, parent.as_ref(), access)))
    }

    pub(super) fn list_facts(
        &self,
        directory: &Location,
        selection: &Selection,
        access: Access,
    ) -> Result<Lines, StoreError> {
        let mut own = vec![Entry { kind: Kind::Listed, ..self.facts(directory, access)? }];
        if let Some(parent) = directory.parent() {
            own.push(Entry { kind: Kind::Parent, ..self.facts(&parent, access)? });
        }
        let (names, listed) = (self.names(directory)?, self.metadata(directory)?);
        let (disk, directory, selection) = (self.clone(), directory.clone(), selection.clone());
        let entries = names.map(move |name| {
            let name = name?;
            match disk.look(&directory.child(&name)) {
                Ok((metadata, kind)) => {
                    let permissions = permissions(kind, &metadata, Some(&listed), access);
                    Ok(Some(disk.tell(name, kind, &metadata, permissions)))
                }
                // An entry that went away since its name was read is no failure of the listing.
                Err(StoreError::Refused(Refused::Missing)) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let entries = own.into_iter().map(|entry| Ok(Some(entry))).chain(entries);
        Ok(Lines::new(entries.map(move |entry| {
            let mut line = Vec::new();
            if let Some(entry) = entry?.filter(|entry| entry.belongs_into_listing(&selection)) {
                entry.append(&selection, &mut line);
                line.extend_from_slice(b"\r\n");
            }
            Ok(line)
        })))
    }

    /// What it is. A link is what it leads to (RFC 3659 §7.5.1.5); one that leads nowhere, or out of the root, is a link.
    fn look(&self, location: &Location) -> Result<(Metadata, Kind), StoreError> {
        let path = location.below_root();
        let itself = self.root.symlink_metadata(as_path(&path))?;
        if itself.is_symlink() {
            return Ok(match self.root.metadata(as_path(&path)) {
                Ok(target) => (target.clone(), kind(&target)),
                Err(_) => (itself, Kind::Unix(Unix::Link)),
            });
        }
        let kind = kind(&itself);
        Ok((itself, kind))
    }

    fn tell(&self, name: Vec<u8>, kind: Kind, metadata: &Metadata, permissions: Vec<Permission>) -> Entry {
        let modified = metadata.mtime();
        let made = metadata.created().ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
        let made = made.and_then(|since| i64::try_from(since.as_secs()).ok());
        Entry {
            name,
            kind,
            size: (kind == Kind::File).then(|| metadata.len()),
            modify: Some(Timestamp::from_unix(modified)),
            create: made.filter(|&made| made <= modified).map(Timestamp::from_unix),
            permissions,
            unique: self.secret.hash_one((metadata.dev(), metadata.ino())),
            mode: metadata.mode(),
        }
    }
}

fn kind(metadata: &Metadata) -> Kind {
    if metadata.is_dir() {
        Kind::Directory
    } else if metadata.is_file() {
        Kind::File
    } else {
        Kind::Unix(Unix::Other)
    }
}

/// What the user may do: what the account lets do, and the permission bits let this process do. That guides a client; it does
/// not bind the server (RFC 3659 §7.5.5).
fn permissions(kind: Kind, metadata: &Metadata, parent: Option<&Metadata>, access: Access) -> Vec<Permission> {
    let may_change = access == Access::ReadWrite;
    let (may_read, may_write, may_search) =
        (allows(metadata, 4), may_change && allows(metadata, 2), allows(metadata, 1));
    let may_unlink = may_change && parent.is_some_and(|parent| allows(parent, 2) && allows(parent, 1));
    let of_kind: &[(Permission, bool)] = match kind {
        Kind::File => &[(Permission::Append, may_write), (Permission::Read, may_read), (Permission::Write, may_write)],
        Kind::Directory | Kind::Listed | Kind::Parent => &[
            (Permission::Create, may_write && may_search),
            (Permission::Enter, may_search),
            (Permission::List, may_read),
            (Permission::MakeDirectory, may_write && may_search),
            (Permission::Purge, may_write && may_search),
        ],
        Kind::Unix(_) => &[],
    };
    let of_parent = [(Permission::Delete, may_unlink), (Permission::Rename, may_unlink)];
    let all = of_kind.iter().chain(&of_parent);
    all.filter(|(_, may)| *may).map(|(permission, _)| *permission).collect()
}

/// Whether the bits let this process read (4), write (2), or search (1).
fn allows(metadata: &Metadata, bit: u32) -> bool {
    let user = rustix::process::geteuid();
    if user.is_root() {
        return true;
    }
    let is_of_group = |group| {
        rustix::process::getegid().as_raw() == group
            || rustix::process::getgroups().is_ok_and(|groups| groups.iter().any(|gid| gid.as_raw() == group))
    };
    let shift = if user.as_raw() == metadata.uid() {
        6
    } else if is_of_group(metadata.gid()) {
        3
    } else {
        0
    };
    metadata.mode() >> shift & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tempfile::TempDir;

    fn disk() -> (TempDir, Disk) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("sub")).unwrap();
        std::fs::write(root.path().join("sub/f"), "12345").unwrap();
        std::os::unix::fs::symlink("f", root.path().join("sub/to-f")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.path().join("sub/out")).unwrap();
        std::fs::write(root.path().join("sub/two\r\nlines"), "").unwrap();
        let disk = Disk::open(root.path()).unwrap();
        (root, disk)
    }

    fn listed(facts: &str, pathname: &str, access: Access) -> String {
        let (_root, disk) = disk();
        let directory = Location::root().resolve(pathname.as_bytes()).unwrap();
        let text = disk.list_facts(&directory, &Selection::parse(facts.as_bytes()).unwrap(), access).unwrap();
        String::from_utf8(text.text().unwrap()).unwrap()
    }

    #[rstest]
    #[case::names_alone("", "sub", " f\r\n out\r\n to-f\r\n")]
    #[case::types(
        "Type;",
        "sub",
        "Type=cdir; /sub\r\nType=pdir; /\r\nType=file; f\r\nType=OS.unix=slink; out\r\nType=file; to-f\r\n"
    )]
    #[case::sizes("Size;", "sub", "Size=5; f\r\n out\r\nSize=5; to-f\r\n")]
    #[case::the_root_has_no_parent("Type;", "/", "Type=cdir; /\r\nType=dir; sub\r\n")]
    fn listing(#[case] facts: &str, #[case] directory: &str, #[case] expected: &str) {
        assert_eq!(listed(facts, directory, Access::ReadOnly), expected);
    }

    #[rstest]
    #[case::reader(Access::ReadOnly, "Type=cdir;Perm=el; /\r\nType=dir;Perm=el; sub\r\n")]
    #[case::writer(Access::ReadWrite, "Type=cdir;Perm=celmp; /\r\nType=dir;Perm=celmpdf; sub\r\n")]
    fn what_may_be_done(#[case] access: Access, #[case] expected: &str) {
        assert_eq!(listed("Type;Perm;", "/", access), expected);
    }

    #[test]
    fn one_file_has_one_number() {
        let (_root, disk) = disk();
        let unique = |path: &str| {
            let location = Location::root().resolve(path.as_bytes()).unwrap();
            disk.facts(&location, Access::ReadOnly).unwrap().unique
        };
        assert_eq!(unique("sub/f"), unique("sub/to-f"));
        assert_ne!(unique("sub/f"), unique("sub"));
    }

    #[test]
    fn nothing_is_made_after_it_was_modified() {
        let (root, disk) = disk();
        let file = std::fs::File::options().write(true).open(root.path().join("sub/f")).unwrap();
        file.set_modified(UNIX_EPOCH).unwrap();
        let entry = disk.facts(&Location::root().resolve(b"sub/f").unwrap(), Access::ReadOnly).unwrap();
        assert_eq!((entry.modify, entry.create), (Some(Timestamp::from_unix(0)), None));
    }
}
