//! The folder that a subject serves, as the harness fills and reads it.
//!
//! The subject may be hostile and may own the folder: a link that it lays must not lead the harness out, which may well
//! run as root. So every name is opened beneath the folder and no link is followed (openat2(2)).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid};

/// How many entries are read. A subject that leaves more has run wild.
const MOST_ENTRIES: usize = 20_000;
/// How much of a file is written at a time.
const PIECE: usize = 128 * 1024;

/// What is laid into the folder.
pub enum Placed<'a> {
    /// A directory.
    Directory,
    /// A file with the octets that are read.
    File(&'a mut dyn Read),
    /// A file that begins with zeros, which take no room where the file system can do that.
    Sparse {
        /// How many.
        hole: u64,
        /// The octets behind them.
        octets: &'a mut dyn Read,
    },
    /// A symbolic link.
    Link {
        /// The name below the folder that it leads to, whether or not something stands there.
        to: &'a str,
    },
}

impl std::fmt::Debug for Placed<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Directory => "Directory",
            Self::File(_) => "File",
            Self::Sparse { .. } => "Sparse",
            Self::Link { .. } => "Link",
        })
    }
}

/// What stands in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Where it is. To read it, use `Running::read`: the subject may have put a link here in the meantime.
        path: PathBuf,
        /// How many octets it has.
        length: u64,
    },
    /// A link, a socket, a device: something that no scenario lays there.
    Other,
}

/// To whom the folder belongs, and who may do what in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ownership {
    /// User and group, where they are not our own.
    pub(super) owner: Option<(u32, u32)>,
    /// The permissions of a directory.
    pub(super) directory: u32,
    /// The permissions of a file.
    pub(super) file: u32,
}

impl Default for Ownership {
    fn default() -> Self {
        Self { owner: None, directory: 0o755, file: 0o644 }
    }
}

/// The folder.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    ownership: Ownership,
}

impl Root {
    /// This folder, which exists.
    ///
    /// # Errors
    /// It cannot be given to its owner.
    pub(super) fn new(path: PathBuf, ownership: Ownership) -> io::Result<Self> {
        let root = Self { path, ownership };
        root.settle(&root.open()?, root.ownership.directory)?;
        Ok(root)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes everything in it, and makes it as it was at first.
    pub(super) fn empty(&self) -> io::Result<()> {
        match std::fs::create_dir(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            // It is made again if the subject removed it.
            Ok(()) | Err(_) => {}
        }
        self.settle(&self.open()?, self.ownership.directory)?;
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            // Both look at the name itself, not through a link.
            if entry.file_type()?.is_dir() {
                std::fs::remove_dir_all(entry.path())?;
            } else {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Lays a directory or a new file at a name, with the directories above it.
    pub(super) fn place(&self, name: &str, what: Placed<'_>) -> io::Result<()> {
        let (above, last) = split(name)?;
        let mut directory = self.open()?;
        for part in &above {
            directory = self.directory(&directory, part)?;
        }
        match what {
            Placed::Directory => self.directory(&directory, last).map(drop),
            Placed::File(octets) => self.file(&directory, last, 0, octets),
            Placed::Sparse { hole, octets } => self.file(&directory, last, hole, octets),
            Placed::Link { to } => {
                split(to)?;
                // Relative, so that it leads to the same in a server that has the folder for its root.
                let up = "../".repeat(above.len());
                Ok(rustix::fs::symlinkat(format!("{up}{}", to.trim_end_matches('/')), &directory, last)?)
            }
        }
    }

    fn file(&self, directory: &OwnedFd, name: &str, hole: u64, octets: &mut dyn Read) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let created = rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(0o600))?;
        let mut file = File::from(created);
        file.set_len(hole)?;
        file.seek(SeekFrom::Start(hole))?;
        let mut buffered = BufWriter::with_capacity(PIECE, file);
        io::copy(octets, &mut buffered)?;
        let file = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.settle(&file.into(), self.ownership.file)
    }

    /// Everything in it, by the path below it. Octets that are no UTF-8 are written as `\xff`.
    pub(super) fn found(&self) -> io::Result<BTreeMap<String, Found>> {
        let mut found = BTreeMap::new();
        let mut open = vec![(PathBuf::new(), self.open()?)];
        while let Some((below, directory)) = open.pop() {
            for entry in Dir::read_from(&directory)? {
                let entry = entry?;
                let octets = entry.file_name().to_bytes();
                if matches!(octets, b"." | b"..") {
                    continue;
                }
                let name = below.join(std::ffi::OsStr::from_bytes(octets));
                let what = self.look(&directory, entry.file_name(), &name)?;
                if what == Found::Directory {
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    open.push((name.clone(), rustix::fs::openat(&directory, entry.file_name(), flags, Mode::empty())?));
                }
                found.insert(shown(&name), what);
                if found.len() > MOST_ENTRIES {
                    return Err(io::Error::other(format!("more than {MOST_ENTRIES} names stand in the folder")));
                }
            }
        }
        Ok(found)
    }

    /// Opens a file in it to read, without following a link and without waiting for the other end of a pipe.
    pub(super) fn read(&self, name: &str) -> io::Result<File> {
        split(name)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = rustix::fs::openat2(self.open()?, name, flags, Mode::empty(), resolve)?;
        let file = File::from(opened);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other(format!("{name} is not a file"))) }
    }

    /// Sets when a name was last modified, in seconds since 1970.
    pub(super) fn date(&self, name: &str, seconds: i64) -> io::Result<()> {
        split(name)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = rustix::fs::openat2(self.open()?, name, flags, Mode::empty(), resolve)?;
        let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
        Ok(rustix::fs::futimens(&opened, &Timestamps { last_access: time, last_modification: time })?)
    }

    fn open(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(CWD, &self.path, flags, Mode::empty())?)
    }

    fn directory(&self, above: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
        let made = match rustix::fs::mkdirat(above, name, Mode::from_raw_mode(0o700)) {
            Ok(()) => true,
            Err(rustix::io::Errno::EXIST) => false,
            Err(error) => return Err(error.into()),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(above, name, flags, Mode::empty())?;
        if made {
            self.settle(&opened, self.ownership.directory)?;
        }
        Ok(opened)
    }

    fn look(&self, directory: &OwnedFd, entry: &std::ffi::CStr, name: &Path) -> io::Result<Found> {
        let stat = rustix::fs::statat(directory, entry, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Found::Directory,
            FileType::RegularFile => {
                Found::File { path: self.path.join(name), length: u64::try_from(stat.st_size).unwrap_or_default() }
            }
            FileType::Symlink
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Found::Other,
        })
    }

    /// Gives it to its owner. Owner first, for a change of owner may take permissions away.
    fn settle(&self, opened: &OwnedFd, mode: u32) -> io::Result<()> {
        if let Some((user, group)) = self.ownership.owner {
            rustix::fs::fchown(opened, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
        }
        Ok(rustix::fs::fchmod(opened, Mode::from_raw_mode(mode))?)
    }
}

/// The directories above a name, and its last part. A name is relative and never goes up.
fn split(name: &str) -> io::Result<(Vec<&str>, &str)> {
    let trimmed = name.strip_suffix('/').unwrap_or(name);
    let mut parts: Vec<&str> = trimmed.split('/').collect();
    let bad = parts.iter().any(|part| matches!(*part, "" | "." | "..") || part.contains('\0'));
    match parts.pop() {
        Some(last) if !bad => Ok((parts, last)),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{name:?} is no name below the subject's folder: write it as `folder/name`"),
        )),
    }
}

fn shown(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        shown.push_str(chunk.valid());
        shown.extend(chunk.invalid().iter().map(|octet| format!("\\x{octet:02x}")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use rstest::rstest;
    use tempfile::TempDir;

    use super::{Found, Ownership, Placed, Root};

    fn root() -> (TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root");
        std::fs::create_dir(&path).unwrap();
        (folder, Root::new(path, Ownership::default()).unwrap())
    }

    #[test]
    fn what_is_placed_is_found_and_read() {
        let (_folder, root) = root();
        root.place("a/b/file", Placed::File(&mut "12345".as_bytes())).unwrap();
        root.place("a/empty/", Placed::Directory).unwrap();
        let found = root.found().unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "a/b", "a/b/file", "a/empty"]);
        assert_eq!(found["a/b/file"], Found::File { path: root.path().join("a/b/file"), length: 5 });
        assert_eq!(found["a/empty"], Found::Directory);
        let mut text = String::new();
        root.read("a/b/file").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "12345");
        let mode = root.path().join("a/b/file").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o644, "whatever the umask is");
        root.empty().unwrap();
        assert!(root.found().unwrap().is_empty());
    }

    #[test]
    fn zeros_take_no_room() {
        let (_folder, root) = root();
        root.place("big", Placed::Sparse { hole: 5 << 30, octets: &mut "the end".as_bytes() }).unwrap();
        let big = root.path().join("big").metadata().unwrap();
        assert_eq!(big.len(), (5 << 30) + 7);
        assert!(big.blocks() * 512 < 1 << 20, "{} blocks", big.blocks());
        let mut file = root.read("big").unwrap();
        let mut end = String::new();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(5 << 30)).unwrap();
        file.read_to_string(&mut end).unwrap();
        assert_eq!(end, "the end");
    }

    #[test]
    fn a_link_is_laid_inside_only() {
        let (_folder, root) = root();
        root.place("box/file", Placed::File(&mut "12345".as_bytes())).unwrap();
        root.place("box/deep/link", Placed::Link { to: "box/file" }).unwrap();
        root.place("link", Placed::Link { to: "box/" }).unwrap();
        assert_eq!(std::fs::read_to_string(root.path().join("box/deep/link")).unwrap(), "12345");
        assert_eq!(std::fs::read_link(root.path().join("link")).unwrap(), std::path::Path::new("box"));
        root.place("out", Placed::Link { to: "../root" }).unwrap_err();
        root.place("out", Placed::Link { to: "/etc/passwd" }).unwrap_err();
        assert_eq!(root.found().unwrap()["link"], Found::Other);
        root.empty().unwrap();
        assert!(root.found().unwrap().is_empty());
    }

    #[test]
    fn a_file_and_a_directory_are_dated() {
        let (_folder, root) = root();
        root.place("box/file", Placed::File(&mut "12345".as_bytes())).unwrap();
        for name in ["box/file", "box"] {
            root.date(name, 938_579_581).unwrap();
            let modified = root.path().join(name).metadata().unwrap().modified().unwrap();
            assert_eq!(modified, std::time::UNIX_EPOCH + std::time::Duration::from_secs(938_579_581));
        }
        root.date("missing", 0).unwrap_err();
        root.date("../root", 0).unwrap_err();
    }

    #[test]
    fn a_link_leads_nowhere() {
        let (folder, root) = root();
        let outside = folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret"), "secret").unwrap();
        symlink(&outside, root.path().join("link")).unwrap();
        symlink(outside.join("secret"), root.path().join("file")).unwrap();
        assert_eq!(root.found().unwrap()["link"], Found::Other);
        root.place("link/new", Placed::File(&mut "x".as_bytes())).unwrap_err();
        root.place("file", Placed::File(&mut "x".as_bytes())).unwrap_err();
        root.read("link/secret").unwrap_err();
        root.read("file").unwrap_err();
        root.empty().unwrap();
        assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "secret");
    }

    #[test]
    fn a_root_that_was_removed_is_made_again() {
        let (_folder, root) = root();
        std::fs::remove_dir(root.path()).unwrap();
        root.empty().unwrap();
        assert!(root.path().is_dir());
    }

    #[test]
    fn a_name_that_is_no_text_is_shown() {
        let (_folder, root) = root();
        std::fs::write(root.path().join(OsStr::from_bytes(b"a\xff")), "").unwrap();
        assert_eq!(root.found().unwrap().into_keys().collect::<Vec<_>>(), ["a\\xff"]);
    }

    #[rstest]
    #[case("")]
    #[case("/etc/passwd")]
    #[case("../x")]
    #[case("a/../../x")]
    #[case("a//b")]
    #[case("a\0b")]
    fn a_name_stays_below(#[case] name: &str) {
        let (_folder, root) = root();
        assert_eq!(root.place(name, Placed::Directory).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
}
