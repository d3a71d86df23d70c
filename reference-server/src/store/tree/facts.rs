//! The facts of MLST and MLSD.

use std::hash::BuildHasher;

use protocol::Timestamp;
use protocol::listing::facts::{Entry, Kind, Permission, Selection, Unix};

use super::Tree;
use super::attributes::{self, Attributes, Right};
use crate::accounts::Access;
use crate::store::{Lines, Location, StoreError};

/// The facts of what has this name, as MLST tells them.
pub(super) fn entry(tree: &impl Tree, location: &Location, access: Access) -> Result<Entry, StoreError> {
    let (attributes, kind) = seen(tree, tree.itself(location)?, || location.clone());
    let parent = location.parent().map(|parent| tree.target(&parent)).transpose()?;
    let permissions = permissions(kind, &attributes, parent.as_ref(), access);
    Ok(tell(tree, location.absolute(), kind, &attributes, permissions))
}

/// What MLSD tells of a directory.
pub(super) fn list(
    tree: &impl Tree,
    directory: &Location,
    selection: &Selection,
    access: Access,
) -> Result<Lines, StoreError> {
    let mut own = vec![Entry { kind: Kind::Listed, ..entry(tree, directory, access)? }];
    if let Some(parent) = directory.parent() {
        own.push(Entry { kind: Kind::Parent, ..entry(tree, &parent, access)? });
    }
    let (entries, listed) = (tree.entries(directory)?, tree.target(directory)?);
    let (tree, directory, selection) = (tree.clone(), directory.clone(), selection.clone());
    let entries = entries.map(move |entry| {
        let (name, attributes) = entry?;
        let (attributes, kind) = seen(&tree, attributes, || directory.child(&name));
        let permissions = permissions(kind, &attributes, Some(&listed), access);
        Ok::<_, StoreError>(tell(&tree, name, kind, &attributes, permissions))
    });
    let entries = own.into_iter().map(Ok).chain(entries);
    Ok(Lines::new(entries.map(move |entry| {
        let (mut line, entry) = (Vec::new(), entry?);
        if entry.belongs_into_listing(&selection) {
            entry.append(&selection, &mut line);
            line.extend_from_slice(b"\r\n");
        }
        Ok(line)
    })))
}

/// What it is. A link is what it leads to (RFC 3659 §7.5.1.5); one that leads nowhere, or out of the root, is a link.
fn seen(tree: &impl Tree, itself: Attributes, location: impl FnOnce() -> Location) -> (Attributes, Kind) {
    let target = match itself.kind {
        attributes::Kind::Link => tree.target(&location()).ok(),
        attributes::Kind::File | attributes::Kind::Directory | attributes::Kind::Other => None,
    };
    let attributes = target.unwrap_or(itself);
    let kind = kind(&attributes);
    (attributes, kind)
}

fn kind(attributes: &Attributes) -> Kind {
    match attributes.kind {
        attributes::Kind::File => Kind::File,
        attributes::Kind::Directory => Kind::Directory,
        attributes::Kind::Link => Kind::Unix(Unix::Link),
        attributes::Kind::Other => Kind::Unix(Unix::Other),
    }
}

fn tell(tree: &impl Tree, name: Vec<u8>, kind: Kind, attributes: &Attributes, permissions: Vec<Permission>) -> Entry {
    let modified = attributes.modified;
    Entry {
        name,
        kind,
        size: (kind == Kind::File).then_some(attributes.size),
        modify: Some(Timestamp::from_unix(modified)),
        create: attributes.made.filter(|&made| made <= modified).map(Timestamp::from_unix),
        permissions,
        unique: tree.secret().hash_one(attributes.number),
        mode: attributes.mode,
    }
}

/// What the user may do: what the account lets do, and the permission bits let this process do. That guides a client; it does
/// not bind the server (RFC 3659 §7.5.5).
fn permissions(kind: Kind, itself: &Attributes, parent: Option<&Attributes>, access: Access) -> Vec<Permission> {
    let may_change = access == Access::ReadWrite;
    let (may_read, may_write, may_search) =
        (itself.allow(Right::Read), may_change && itself.allow(Right::Write), itself.allow(Right::Search));
    let may_unlink =
        may_change && parent.is_some_and(|parent| parent.allow(Right::Write) && parent.allow(Right::Search));
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

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::store::Disk;
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
        let text = list(&disk, &directory, &Selection::parse(facts.as_bytes()).unwrap(), access).unwrap();
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
            entry(&disk, &location, Access::ReadOnly).unwrap().unique
        };
        assert_eq!(unique("sub/f"), unique("sub/to-f"));
        assert_ne!(unique("sub/f"), unique("sub"));
    }

    #[test]
    fn nothing_is_made_after_it_was_modified() {
        let (root, disk) = disk();
        let file = std::fs::File::options().write(true).open(root.path().join("sub/f")).unwrap();
        file.set_modified(UNIX_EPOCH).unwrap();
        let entry = entry(&disk, &Location::root().resolve(b"sub/f").unwrap(), Access::ReadOnly).unwrap();
        assert_eq!((entry.modify, entry.create), (Some(Timestamp::from_unix(0)), None));
    }
}
