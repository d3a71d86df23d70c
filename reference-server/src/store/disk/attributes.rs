//! What is known of a file besides its octets, where it can be set; and the room on the disk.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::{Duration, UNIX_EPOCH};

use cap_std::fs::{MetadataExt, Permissions, PermissionsExt};

use super::Disk;
use crate::store::digest::{Algorithm, Digested, Span};
use crate::store::location::as_path;
use crate::store::{Location, Refused, StoreError};

impl Disk {
    /// Sets the time of modification; returns the one that the file system has made of it.
    pub(super) fn modify(&self, location: &Location, seconds: i64) -> Result<i64, StoreError> {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        self.open_any(location)?.set_modified(time.ok_or(Refused::BadTime)?)?;
        Ok(self.metadata(location)?.mtime())
    }

    /// Sets the permission bits; returns those that hold then.
    pub(super) fn change_mode(&self, location: &Location, mode: u32) -> Result<u32, StoreError> {
        self.root.set_permissions(as_path(&location.below_root()), Permissions::from_mode(mode))?;
        Ok(self.metadata(location)?.mode() & 0o7777)
    }

    /// Makes a symbolic link. It is written as the way from its own directory to the target. That does not leave the root as long as
    /// neither is moved; this server follows no link out of it, but another program that reads the same files may.
    pub(super) fn link(&self, link: &Location, target: &Location) -> Result<(), StoreError> {
        let up = link.parent().map_or(0, |parent| parent.depth());
        let way = [b"../".repeat(up), target.below_root()].concat();
        Ok(self.root.symlink(as_path(&way), as_path(&link.below_root()))?)
    }

    pub(super) fn digest_of(
        &self,
        location: &Location,
        algorithm: Algorithm,
        span: Span,
    ) -> Result<Digested, StoreError> {
        let size = self.plain_file(location)?.len();
        if span.first > 0 && span.first >= size {
            return Err(StoreError::BadOffset);
        }
        let mut file = self.open_to_read(location)?;
        file.seek(SeekFrom::Start(span.first))?;
        let end_of_file = size.saturating_sub(1);
        let last = span.last.map_or(end_of_file, |last| last.min(end_of_file));
        let length = if size == 0 { 0 } else { last - span.first + 1 };
        let hexadecimal = algorithm.digest(file.take(length))?;
        Ok(Digested { hexadecimal, first: span.first, last })
    }

    /// A file or directory, opened. Nothing else is: to open a pipe would wait for its other end.
    fn open_any(&self, location: &Location) -> Result<File, StoreError> {
        if !self.metadata(location)?.is_dir() {
            self.plain_file(location)?;
        }
        self.open_to_read(location)
    }
}
