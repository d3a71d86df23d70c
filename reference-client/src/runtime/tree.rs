//! A directory here and all below it. Nothing outside can be named: neither by `..` nor by a link.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};

use super::staged::Before;
use super::{Staged, modified};

/// A directory and all below it.
#[derive(Debug)]
pub(crate) struct Tree {
    root: Dir,
    /// The directory in which something was made last: the next is often there too.
    last: RefCell<Option<(PathBuf, Rc<Dir>)>>,
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    File { size: u64, modified: i64 },
    Directory,
    Link,
    Other,
}

impl Tree {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { root: Dir::open_ambient_dir(path, ambient_authority())?, last: RefCell::default() })
    }

    /// Opens a directory, and makes it and those above it first where they are not there.
    pub(crate) fn made(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Self::open(path)
    }

    /// Makes a directory where there is none.
    pub(crate) fn make_directory(&self, path: &Path) -> io::Result<()> {
        match self.root.create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // A link to a directory is followed, beneath the root.
                if self.root.metadata(path)?.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
            }
            made => made,
        }
    }

    pub(crate) fn names(&self, path: &Path) -> io::Result<BTreeMap<OsString, Found>> {
        let directory = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let mut all = BTreeMap::new();
        for entry in self.root.read_dir(directory)? {
            let entry = entry?;
            all.insert(entry.file_name(), found(&entry.metadata()?)?);
        }
        Ok(all)
    }

    pub(crate) fn file(&self, path: &Path) -> io::Result<File> {
        Ok(self.root.open(path)?.into_std())
    }

    pub(crate) fn staged(&self, path: &Path, before: Before) -> io::Result<(Staged, File)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Staged::beneath(self.directory_of(path)?, name, before)
    }

    /// The directory that a name stands in.
    fn directory_of(&self, path: &Path) -> io::Result<Rc<Dir>> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        if let Some((last, directory)) = self.last.borrow().as_ref()
            && last == parent
        {
            return Ok(Rc::clone(directory));
        }
        let directory = Rc::new(self.root.open_dir(parent)?);
        *self.last.borrow_mut() = Some((parent.to_owned(), Rc::clone(&directory)));
        Ok(directory)
    }

    /// Deletes what stands there, with all below it; links are deleted and not followed.
    pub(crate) fn remove(&self, path: &Path, found: Found) -> io::Result<()> {
        match found {
            Found::Directory => self.root.remove_dir_all(path),
            Found::File { .. } | Found::Link | Found::Other => self.root.remove_file(path),
        }
    }
}

fn found(metadata: &Metadata) -> io::Result<Found> {
    let kind = metadata.file_type();
    Ok(if kind.is_symlink() {
        Found::Link
    } else if kind.is_dir() {
        Found::Directory
    } else if kind.is_file() {
        Found::File { size: metadata.len(), modified: modified(metadata.modified()?.into_std()) }
    } else {
        Found::Other
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_outside_is_reached() {
        let above = tempfile::tempdir().unwrap();
        let (outside, inside) = (above.path().join("outside"), above.path().join("inside"));
        fs::create_dir(&outside).unwrap();
        let tree = Tree::made(&inside).unwrap();
        symlink("../outside", inside.join("link")).unwrap();
        symlink(&outside, inside.join("absolute")).unwrap();
        for path in ["../evil", "link/evil", "absolute/evil", "/tmp/evil"] {
            assert!(tree.staged(Path::new(path), Before::Perhaps).is_err(), "{path}");
            assert!(tree.make_directory(Path::new(path)).is_err(), "{path}");
        }
        assert!(tree.make_directory(Path::new("link")).is_err());
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        tree.remove(Path::new("link"), Found::Link).unwrap();
        assert!(outside.exists());
    }

    #[test]
    fn what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::open(folder.path()).unwrap();
        tree.make_directory(Path::new("d")).unwrap();
        tree.make_directory(Path::new("d")).unwrap();
        fs::write(folder.path().join("d/f"), "abc").unwrap();
        let within = tree.names(Path::new("d")).unwrap();
        assert!(matches!(within.get(std::ffi::OsStr::new("f")), Some(Found::File { size: 3, .. })), "{within:?}");
        assert_eq!(
            tree.names(Path::new("")).unwrap().into_iter().collect::<Vec<_>>(),
            [("d".into(), Found::Directory)]
        );
        tree.remove(Path::new("d"), Found::Directory).unwrap();
        assert!(tree.names(Path::new("")).unwrap().is_empty());
    }
}
