//! Files on the disk, below one directory that cannot be left.
//!
//! cap-std opens every path from the root's own handle and refuses what leads out of it, symbolic links included.

use std::fs::File;
use std::hash::RandomState;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, Permissions, PermissionsExt};

use super::location::as_path;
use super::room::{Limit, Limits};
use super::tree::{Attributes, Names, Opening, Tree};
use super::{Location, Refused, Start, StoreError};

/// A store on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    root: Arc<Dir>,
    limits: Limits,
    secret: RandomState,
}

impl Disk {
    /// Opens the root.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let root = Arc::new(Dir::open_ambient_dir(root, ambient_authority())?);
        Ok(Self { root, limits: Limits::default(), secret: RandomState::new() })
    }

    /// The same with a limit of the octets that the files may have together.
    pub(crate) fn with_quota(self, quota: Option<u64>) -> Self {
        Self { limits: Limits { quota: Limit::of(quota), ..self.limits }, ..self }
    }
}

impl Tree for Disk {
    fn itself(&self, location: &Location) -> Result<Attributes, StoreError> {
        Ok(Attributes::from(&self.root.symlink_metadata(as_path(&location.below_root()))?))
    }

    fn target(&self, location: &Location) -> Result<Attributes, StoreError> {
        Ok(Attributes::from(&self.root.metadata(as_path(&location.below_root()))?))
    }

    fn way(&self, link: &Location) -> Result<Vec<u8>, StoreError> {
        let way = self.root.read_link_contents(as_path(&link.below_root()))?;
        Ok(way.as_os_str().as_bytes().to_vec())
    }

    fn enter(&self, directory: &Location) -> Result<(), StoreError> {
        // Opened, not only looked at: a directory that may not be searched cannot be worked in.
        self.root.open_dir(as_path(&directory.below_root()))?;
        Ok(())
    }

    /// Those of a large directory come as the disk gives them: to order them all, all had to be in memory.
    fn names(&self, directory: &Location) -> Result<Names, StoreError> {
        const ORDERED: usize = 10_000;
        let entries = self.root.read_dir(as_path(&directory.below_root()))?;
        let mut names = entries.map(|entry| Ok(entry?.file_name().as_bytes().to_vec()));
        let mut first = names.by_ref().take(ORDERED).collect::<Result<Vec<Vec<u8>>, StoreError>>()?;
        first.sort_unstable();
        Ok(Box::new(first.into_iter().map(Ok).chain(names)))
    }

    fn make_directory(&self, directory: &Location) -> Result<(), StoreError> {
        Ok(self.root.create_dir(as_path(&directory.below_root()))?)
    }

    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError> {
        Ok(self.root.remove_dir(as_path(&directory.below_root()))?)
    }

    fn remove_file(&self, file: &Location) -> Result<(), StoreError> {
        Ok(self.root.remove_file(as_path(&file.below_root()))?)
    }

    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError> {
        Ok(self.root.rename(as_path(&from.below_root()), &self.root, as_path(&to.below_root()))?)
    }

    fn make_link(&self, link: &Location, way: &[u8]) -> Result<(), StoreError> {
        Ok(self.root.symlink(as_path(way), as_path(&link.below_root()))?)
    }

    fn open(&self, file: &Location, opening: Opening) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true);
        match opening {
            Opening::Read => {}
            Opening::Write(start) => drop(options.write(true).append(start == Start::End)),
            Opening::Make(start) => drop(options.write(true).append(start == Start::End).create_new(true)),
        }
        Ok(self.root.open_with(as_path(&file.below_root()), &options)?.into_std())
    }

    fn set_modified(&self, location: &Location, time: SystemTime) -> Result<(), StoreError> {
        Ok(self.open(location, Opening::Read)?.set_modified(time)?)
    }

    fn set_mode(&self, location: &Location, mode: u32) -> Result<(), StoreError> {
        Ok(self.root.set_permissions(as_path(&location.below_root()), Permissions::from_mode(mode))?)
    }

    fn free(&self, directory: &Location) -> Result<u64, StoreError> {
        let directory = self.root.open_dir(as_path(&directory.below_root()))?;
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
