//! How much more may be stored.

use std::fs::File;
use std::io;

use super::Disk;
use crate::store::location::as_path;
use crate::store::{Location, Room, StoreError};

impl Disk {
    pub(super) fn room_of(&self, directory: &Location) -> Result<Room, StoreError> {
        let directory = self.root.open_dir(as_path(&directory.below_root()))?;
        let disk = rustix::fs::fstatvfs(&directory).map_err(io::Error::from)?;
        Ok(Room { on_disk: disk.f_bavail.saturating_mul(disk.f_frsize), of_quota: self.left_of_quota()? })
    }

    /// How many octets a file may get that is cut to this length first: what is cut off becomes free. Two transfers at a time do
    /// not see each other here; together they may go over the quota by what the smaller one brings.
    pub(super) fn room_for(&self, file: &File, cut_to: Option<u64>) -> Result<Option<u64>, StoreError> {
        let Some(left) = self.left_of_quota()? else { return Ok(None) };
        let size = file.metadata()?.len();
        let freed = cut_to.map_or(0, |length| size.saturating_sub(length));
        Ok(Some(left.saturating_add(freed)))
    }

    fn left_of_quota(&self) -> Result<Option<u64>, StoreError> {
        let Some(quota) = self.quota else { return Ok(None) };
        Ok(Some(quota.saturating_sub(self.octets_of_files()?)))
    }

    /// Links are not followed, and a file of two names counts twice.
    fn octets_of_files(&self) -> io::Result<u64> {
        let (mut directories, mut octets) = (vec![Location::root()], 0);
        while let Some(directory) = directories.pop() {
            for entry in self.root.read_dir(as_path(&directory.below_root()))? {
                let entry = entry?;
                // What went away since its name was read has no octets.
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
