//! How much more may be stored.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use super::Disk;
use crate::store::location::as_path;
use crate::store::{Allowance, Location, Room, StoreError};

impl Disk {
    pub(super) fn room_of(&self, directory: &Location) -> Result<Room, StoreError> {
        let directory = self.root.open_dir(as_path(&directory.below_root()))?;
        let disk = rustix::fs::fstatvfs(&directory).map_err(io::Error::from)?;
        Ok(Room { on_disk: disk.f_bavail.saturating_mul(disk.f_frsize), of_quota: self.left_of_quota()? })
    }

    /// What a file may get that is cut to this length first: what is cut off becomes free. All that are received at a time share
    /// what was left when the first of them began.
    pub(super) fn room_for(&self, file: &File, cut_to: Option<u64>) -> Result<Allowance, StoreError> {
        if self.quota.is_none() {
            return Ok(Allowance::default());
        }
        let mut last = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = match last.upgrade() {
            Some(left) => left,
            None => Arc::new(AtomicU64::new(self.left_of_quota()?.unwrap_or(u64::MAX))),
        };
        *last = Arc::downgrade(&left);
        drop(last);
        let freed = cut_to.map_or(0, |length| file.metadata().map_or(0, |file| file.len().saturating_sub(length)));
        left.fetch_add(freed, Ordering::Relaxed);
        Ok(Allowance::of_quota(left))
    }

    fn left_of_quota(&self) -> Result<Option<u64>, StoreError> {
        let Some(quota) = self.quota else { return Ok(None) };
        Ok(Some(quota.saturating_sub(self.octets_of_files()?)))
    }

    /// Links are not followed, and a file of two names counts twice.
    fn octets_of_files(&self) -> io::Result<u64> {
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
                    directories
                        .push(directory.child(std::os::unix::ffi::OsStrExt::as_bytes(entry.file_name().as_os_str())));
                } else if metadata.is_file() {
                    octets += metadata.len();
                }
            }
        }
        Ok(octets)
    }
}
