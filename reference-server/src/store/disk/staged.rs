//! Files that are not whole, under names that nobody can say.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::{Dir, OpenOptions};
use rustix::fs::{RenameFlags, renameat, renameat_with};

use crate::store::tree::Staging;
use crate::store::{Landing, StoreError};

/// How every hidden name begins.
const PREFIX: &[u8] = b".ftpspec-atomic.";

/// Whether a name is one of those that no command may say and no listing shows. Some disks do not tell small letters from large ones.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Where hidden names come from. Nobody can foretell them, so that no link can be laid to one.
#[derive(Debug)]
pub(super) struct HiddenNames {
    salt: u64,
    next: AtomicU64,
}

impl Default for HiddenNames {
    fn default() -> Self {
        Self { salt: RandomState::new().hash_one(std::process::id()), next: AtomicU64::new(0) }
    }
}

impl HiddenNames {
    /// A name that this server has not used, or, where the file may not replace another, the only one for its name: that reserves it.
    fn name(&self, name: &OsStr, staging: Staging) -> PathBuf {
        let salt = format!("{}{:016x}.", PREFIX.escape_ascii(), self.salt);
        let mut hidden = std::ffi::OsString::from(salt);
        match staging {
            Staging::Unique => hidden.push(name),
            Staging::New | Staging::Replacing { .. } => {
                hidden.push(self.next.fetch_add(1, Ordering::Relaxed).to_string());
            }
        }
        hidden.into()
    }
}

/// A file with a hidden name, which goes when this goes.
#[derive(Debug)]
pub(super) struct Staged {
    directory: Dir,
    hidden: PathBuf,
    name: PathBuf,
    staging: Staging,
    /// It holds the lock that shows that somebody writes to it.
    file: File,
    has_landed: bool,
}

impl Staged {
    pub(super) fn make(
        directory: Dir,
        name: &OsStr,
        staging: Staging,
        names: &HiddenNames,
    ) -> Result<(File, Self), StoreError> {
        let hidden = names.name(name, staging);
        let mut options = OpenOptions::new();
        let file = directory.open_with(&hidden, options.read(true).write(true).create_new(true))?.into_std();
        let staged = Self { directory, hidden, name: name.into(), staging, file, has_landed: false };
        // Another server that starts may just now have taken it for something left: it has the lock then, or the file has no name.
        if staged.file.try_lock().is_err() || staged.file.metadata()?.nlink() == 0 {
            tracing::warn!("a file was swept away before it began");
            return Err(StoreError::Local);
        }
        let opened = staged.file.try_clone()?;
        if let Staging::Replacing { mode } = staging {
            staged.set_mode(mode)?;
        }
        Ok((opened, staged))
    }
}

impl Landing for Staged {
    fn set_mode(&self, mode: u32) -> Result<(), StoreError> {
        Ok(self.file.set_permissions(Permissions::from_mode(mode))?)
    }

    fn land(mut self: Box<Self>) -> Result<(), StoreError> {
        let renamed = match self.staging {
            Staging::Unique => {
                renameat_with(&self.directory, &self.hidden, &self.directory, &self.name, RenameFlags::NOREPLACE)
            }
            Staging::New | Staging::Replacing { .. } => {
                renameat(&self.directory, &self.hidden, &self.directory, &self.name)
            }
        };
        renamed.map_err(io::Error::from)?;
        self.has_landed = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.has_landed {
            return;
        }
        if let Err(error) = self.directory.remove_file(&self.hidden) {
            tracing::warn!(error = %StoreError::from(error), "a file that is not whole cannot be removed");
        }
    }
}
