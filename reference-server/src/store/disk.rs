//! Files on the disk, below one directory that cannot be left.
//!
//! cap-std opens every path from the root's own handle and refuses what leads out of it, symbolic links included.

mod at_hand;
mod staged;

use std::fs::File;
use std::hash::RandomState;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirEntry, OpenOptions, Permissions, PermissionsExt};

use super::location::as_path;
use super::room::{Limit, Limits};
use super::tree::{Attributes, Entries, Kind, Names, Opening, Staging, Tree, unless_missing};
use super::{Landing, Location, Naming, Refused, Start, StoreError};
use staged::{HiddenNames, Staged, is_hidden};

/// A store on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    root: Arc<Dir>,
    limits: Limits,
    secret: RandomState,
    /// Where files get their names when they are whole.
    hidden: Option<Arc<HiddenNames>>,
}

impl Disk {
    /// Opens the root.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let root = Arc::new(Dir::open_ambient_dir(root, ambient_authority())?);
        Ok(Self { root, limits: Limits::default(), secret: RandomState::new(), hidden: None })
    }

    /// The same with a limit of the octets that the files may have together.
    pub(crate) fn with_quota(self, quota: Option<u64>) -> Self {
        Self { limits: Limits { quota: Limit::of(quota), ..self.limits }, ..self }
    }

    /// The same with files that get their names so. What a server that was killed has left of files that were not whole is removed.
    pub(crate) fn with_naming(self, naming: Naming) -> Self {
        if naming == Naming::AtOnce {
            return self;
        }
        let (mut directories, disk) = (vec![Location::root()], Self { hidden: Some(Arc::default()), ..self });
        while let Some(directory) = directories.pop() {
            match disk.sweep(&directory) {
                Ok(inner) => directories.extend(inner),
                Err(error) => {
                    tracing::warn!(%error, "a directory cannot be searched for what a killed server has left");
                }
            }
        }
        disk
    }

    /// Removes from a directory what nobody writes to any more and never will have a name. Returns the directories in it.
    fn sweep(&self, directory: &Location) -> Result<Vec<Location>, StoreError> {
        let mut directories = Vec::new();
        for entry in self.root.read_dir(as_path(&directory.below_root()))? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            if kind.is_dir() {
                directories.push(directory.child(name.as_bytes()));
            } else if kind.is_file()
                && is_hidden(name.as_bytes())
                && let Err(error) = remove_unless_locked(&entry)
                && error.kind() != io::ErrorKind::NotFound
            {
                // Others are looked at all the same.
                tracing::warn!(%error, "a file that is not whole stays");
            }
        }
        Ok(directories)
    }

    /// The names in a directory. Those of a large one come as the disk gives them: to order them all, all had to be in memory.
    fn read(&self, directory: &Location) -> Result<impl Iterator<Item = Result<Read, StoreError>> + use<>, StoreError> {
        const ORDERED: usize = 10_000;
        let entries = self.root.read_dir(as_path(&self.path(directory)?))?;
        let hides = self.hidden.is_some();
        let names = entries.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name().as_bytes().to_vec(), entry))
        });
        let mut names = names.filter(move |read: &Result<Read, StoreError>| {
            !(hides && read.as_ref().is_ok_and(|(name, _)| is_hidden(name)))
        });
        let mut first = names.by_ref().take(ORDERED).collect::<Result<Vec<Read>, StoreError>>()?;
        first.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(first.into_iter().map(Ok).chain(names))
    }

    /// The path as the file system takes it. Hidden names are none.
    fn path(&self, location: &Location) -> Result<Vec<u8>, StoreError> {
        self.check(location.names().iter().map(Vec::as_slice))?;
        Ok(location.below_root())
    }

    fn check<'name>(&self, mut names: impl Iterator<Item = &'name [u8]>) -> Result<(), Refused> {
        if self.hidden.is_some() && names.any(is_hidden) { Err(Refused::BadName) } else { Ok(()) }
    }
}

/// The lock is held until the name is gone: who makes a file locks it next, and sees then that it was taken away.
fn remove_unless_locked(entry: &DirEntry) -> io::Result<()> {
    let file = entry.open()?.into_std();
    if file.try_lock().is_ok() { entry.remove_file() } else { Ok(()) }
}

/// A name in a directory, and the means to look at what has it.
type Read = (Vec<u8>, DirEntry);

impl Tree for Disk {
    fn itself(&self, location: &Location) -> Result<Attributes, StoreError> {
        Ok(Attributes::from(&self.root.symlink_metadata(as_path(&self.path(location)?))?))
    }

    fn target(&self, location: &Location) -> Result<Attributes, StoreError> {
        Ok(Attributes::from(&self.root.metadata(as_path(&self.path(location)?))?))
    }

    fn way(&self, link: &Location) -> Result<Vec<u8>, StoreError> {
        let way = self.root.read_link_contents(as_path(&self.path(link)?))?;
        Ok(way.as_os_str().as_bytes().to_vec())
    }

    fn directory(&self) -> Option<BorrowedFd<'_>> {
        Some(self.root.as_fd())
    }

    fn enter(&self, directory: &Location) -> Result<(), StoreError> {
        // Opened, not only looked at: a directory that may not be searched cannot be worked in.
        self.root.open_dir(as_path(&self.path(directory)?))?;
        Ok(())
    }

    fn names(&self, directory: &Location) -> Result<Names, StoreError> {
        Ok(Box::new(self.read(directory)?.map(|entry| Ok(entry?.0))))
    }

    /// Each is looked at below its directory, which is open: no path leads there again.
    fn entries(&self, directory: &Location) -> Result<Entries, StoreError> {
        Ok(Box::new(self.read(directory)?.filter_map(|entry| {
            unless_missing(entry.and_then(|(name, entry)| Ok((name, Attributes::from(&entry.metadata()?)))))
        })))
    }

    fn make_directory(&self, directory: &Location) -> Result<(), StoreError> {
        Ok(self.root.create_dir(as_path(&self.path(directory)?))?)
    }

    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError> {
        let path = self.path(directory)?;
        match self.root.remove_dir(as_path(&path)) {
            // Nobody could see or remove what is left in it.
            Err(error) if self.hidden.is_some() && error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                self.sweep(directory)?;
                Ok(self.root.remove_dir(as_path(&path))?)
            }
            removed => Ok(removed?),
        }
    }

    fn remove_file(&self, file: &Location) -> Result<(), StoreError> {
        Ok(self.root.remove_file(as_path(&self.path(file)?))?)
    }

    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError> {
        Ok(self.root.rename(as_path(&self.path(from)?), &self.root, as_path(&self.path(to)?))?)
    }

    fn make_link(&self, link: &Location, way: &[u8]) -> Result<(), StoreError> {
        self.check(way.split(|&octet| octet == b'/'))?;
        Ok(self.root.symlink(as_path(way), as_path(&self.path(link)?))?)
    }

    fn open(&self, file: &Location, opening: Opening) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true);
        match opening {
            Opening::Read => {}
            Opening::Write(start) => drop(options.write(true).append(start == Start::End)),
            Opening::Make(start) => drop(options.write(true).append(start == Start::End).create_new(true)),
        }
        Ok(self.root.open_with(as_path(&self.path(file)?), &options)?.into_std())
    }

    fn open_at_hand(&self, file: &Location) -> Option<(File, u64)> {
        at_hand::open(self.root.as_fd(), as_path(&self.path(file).ok()?))
    }

    fn set_modified(&self, location: &Location, time: SystemTime) -> Result<(), StoreError> {
        Ok(self.open(location, Opening::Read)?.set_modified(time)?)
    }

    fn set_mode(&self, location: &Location, mode: u32) -> Result<(), StoreError> {
        Ok(self.root.set_permissions(as_path(&self.path(location)?), Permissions::from_mode(mode))?)
    }

    fn free(&self, directory: &Location) -> Result<u64, StoreError> {
        let directory = self.root.open_dir(as_path(&self.path(directory)?))?;
        let disk = rustix::fs::fstatvfs(&directory).map_err(io::Error::from)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn used(&self) -> Result<u64, StoreError> {
        let (mut directories, mut octets) = (vec![Location::root()], 0);
        while let Some(directory) = directories.pop() {
            // What went away since its name was read has no octets.
            let entries = match self.root.read_dir(as_path(&directory.below_root())) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() {
                    directories.push(directory.child(entry.file_name().as_bytes()));
                } else if metadata.is_file() {
                    octets += metadata.len();
                }
            }
        }
        Ok(octets)
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn secret(&self) -> &RandomState {
        &self.secret
    }

    fn naming(&self) -> Naming {
        if self.hidden.is_some() { Naming::WhenWhole } else { Naming::AtOnce }
    }

    fn stage(&self, file: &Location, staging: Staging) -> Result<(File, Box<dyn Landing>), StoreError> {
        let Some(hidden) = &self.hidden else { return Err(StoreError::Local) };
        let path = self.path(file)?;
        let replaces_link = matches!(staging, Staging::Replacing { .. }) && self.itself(file)?.kind == Kind::Link;
        let path = if replaces_link { self.root.canonicalize(as_path(&path))? } else { as_path(&path).to_owned() };
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Refused::IsADirectory.into());
        };
        // The directory itself is held: the file comes into it, wherever it is moved meanwhile.
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let directory = self.root.open_dir(directory)?;
        let (file, staged) = Staged::make(directory, name, staging, hidden)?;
        Ok((file, Box::new(staged)))
    }
}

impl From<io::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is open; what is not in it is a local error")]
    fn from(error: io::Error) -> Self {
        // Links that lead in a circle, or through too many others.
        if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            return Refused::BadName.into();
        }
        match error.kind() {
            io::ErrorKind::NotFound => Refused::Missing.into(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Refused::Denied.into(),
            io::ErrorKind::AlreadyExists => Refused::Exists.into(),
            io::ErrorKind::NotADirectory => Refused::NotADirectory.into(),
            io::ErrorKind::IsADirectory => Refused::IsADirectory.into(),
            io::ErrorKind::DirectoryNotEmpty => Refused::NotEmpty.into(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace,
            io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Refused::BadName.into(),
            _ => {
                tracing::warn!(%error, "the store failed");
                Self::Local
            }
        }
    }
}
