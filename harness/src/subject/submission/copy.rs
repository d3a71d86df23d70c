//! The copy of a student's folder. What is handed in may be hostile: links, devices, endless trees.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Gid, OFlags, Uid, chownat};
use thiserror::Error;

/// The most names that are copied.
pub(super) const NAMES: usize = 20_000;
/// The deepest folder.
pub(super) const DEPTH: usize = 32;
/// What no build needs, and what may be large.
const LEFT_OUT: [&str; 4] = [".git", ".hg", ".svn", "node_modules"];

/// Why a submission could not be copied.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CopyError {
    /// It holds too much.
    #[error("the submission holds {0}; take away what it does not need")]
    TooMuch(String),
    /// A file of it cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is an archive that cannot be unpacked, or would do harm.
    #[error("the archive cannot be unpacked: {0}")]
    Archive(String),
    /// The machine has no room, or no folder for it.
    #[error("there is no room for the submission: {0}")]
    Own(#[source] io::Error),
}

impl CopyError {
    /// It holds more octets than this.
    pub(super) fn too_much(most: u64) -> Self {
        Self::TooMuch(format!("more than {} MiB", most >> 20))
    }

    /// It holds more names than are copied.
    pub(super) fn too_many() -> Self {
        Self::TooMuch(format!("more than {NAMES} files"))
    }
}

/// Copies a folder. Links stay links; what is neither a file, a folder nor a link is left out.
pub(super) fn folder(from: &Path, to: &Path, owner: Option<(u32, u32)>, most: u64) -> Result<(), CopyError> {
    let mut copy = Copy { owner, names: 0, octets: 0, most };
    copy.folder(from, to, 0)
}

struct Copy {
    owner: Option<(u32, u32)>,
    names: usize,
    octets: u64,
    most: u64,
}

impl Copy {
    fn folder(&mut self, from: &Path, to: &Path, depth: usize) -> Result<(), CopyError> {
        if depth > DEPTH {
            return Err(CopyError::TooMuch(format!("folders more than {DEPTH} deep")));
        }
        let unreadable = |source| CopyError::Unreadable { path: from.to_owned(), source };
        DirBuilder::new().mode(0o755).create(to).map_err(CopyError::Own)?;
        self.give(to)?;
        for entry in std::fs::read_dir(from).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            if LEFT_OUT.iter().any(|left_out| name == *left_out) {
                continue;
            }
            self.names += 1;
            if self.names > NAMES {
                return Err(CopyError::too_many());
            }
            let (here, there) = (entry.path(), to.join(&name));
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                self.folder(&here, &there, depth + 1)?;
            } else if kind.is_symlink() {
                let target = std::fs::read_link(&here).map_err(unreadable)?;
                std::os::unix::fs::symlink(target, &there).map_err(CopyError::Own)?;
                self.give(&there)?;
            } else if kind.is_file() {
                self.file(&here, &there)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path) -> Result<(), CopyError> {
        let unreadable = |source| CopyError::Unreadable { path: from.to_owned(), source };
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
        let mut source = OpenOptions::new().read(true).custom_flags(flags).open(from).map_err(unreadable)?;
        let meta = source.metadata().map_err(unreadable)?;
        self.octets = self.octets.saturating_add(meta.len());
        if self.octets > self.most {
            return Err(CopyError::too_much(self.most));
        }
        let mode = if meta.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
        let copied = OpenOptions::new().write(true).create_new(true).mode(mode).open(to);
        let mut copied = copied.map_err(CopyError::Own)?;
        // A file that grows meanwhile is cut.
        let mut bounded = io::Read::take(&mut source, meta.len());
        io::copy(&mut bounded, &mut copied).map_err(CopyError::Own)?;
        self.give(to)
    }

    fn give(&self, to: &Path) -> Result<(), CopyError> {
        let Some((user, group)) = self.owner else { return Ok(()) };
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        chownat(CWD, to, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| CopyError::Own(error.into()))
    }
}
