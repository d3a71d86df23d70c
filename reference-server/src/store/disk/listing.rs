//! The texts of LIST and NLST.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use cap_std::fs::MetadataExt;
use protocol::listing::names;
use protocol::listing::unix::{Date, Entry, Kind};

use super::Disk;
use crate::store::location::as_path;
use crate::store::{Listing, Location, Refused, StoreError};

impl Disk {
    pub(super) fn listing(&self, location: &Location, listing: &Listing) -> Result<Vec<u8>, StoreError> {
        if self.metadata(location)?.is_dir() {
            return match listing {
                Listing::Facts { selection, access } => self.list_facts(location, selection, *access),
                Listing::Long => self.list_long(location),
                Listing::Names { argument } => self.list_names(location, argument),
            };
        }
        let mut text = Vec::new();
        match listing {
            Listing::Names { argument } => names::append(&mut text, b"", argument),
            Listing::Long => self.entry(location, location.name(), seconds_now())?.append(&mut text),
            Listing::Facts { .. } => return Err(Refused::NotADirectory.into()),
        }
        Ok(text)
    }

    fn entry(&self, location: &Location, name: &[u8], now: i64) -> Result<Entry, StoreError> {
        let path = location.below_root();
        let metadata = self.root.symlink_metadata(as_path(&path))?;
        let file_type = metadata.file_type();
        let kind = if file_type.is_dir() {
            Kind::Directory
        } else if file_type.is_symlink() {
            let target = self.root.read_link_contents(as_path(&path))?;
            Kind::Link(target.as_os_str().as_bytes().to_vec())
        } else if file_type.is_file() {
            Kind::File
        } else {
            Kind::Other
        };
        Ok(Entry {
            name: name.to_vec(),
            kind,
            permissions: metadata.mode() & 0o777,
            links: metadata.nlink(),
            owner: metadata.uid(),
            group: metadata.gid(),
            size: metadata.len(),
            modified: date(metadata.mtime(), now),
        })
    }

    /// The names in a directory, in their order.
    pub(super) fn names(&self, directory: &Location) -> Result<Vec<Vec<u8>>, StoreError> {
        let entries = self.root.read_dir(as_path(&directory.below_root()))?;
        let mut names =
            entries.map(|entry| Ok(entry?.file_name().as_bytes().to_vec())).collect::<io::Result<Vec<Vec<u8>>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    fn list_names(&self, directory: &Location, argument: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        self.names(directory)?.iter().for_each(|name| names::append(&mut text, argument, name));
        Ok(text)
    }

    fn list_long(&self, directory: &Location) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        let now = seconds_now();
        for name in self.names(directory)? {
            // An entry that went away since its name was read is no failure of the listing.
            match self.entry(&directory.child(&name), &name, now) {
                Ok(entry) => entry.append(&mut text),
                Err(StoreError::Refused(Refused::Missing)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(text)
    }
}

fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A date as `ls -l` shows it, in the time zone of the server.
fn date(modified: i64, now: i64) -> Date {
    const HALF_A_YEAR: i64 = 365 * 24 * 3600 / 2;
    let timestamp = jiff::Timestamp::from_second(modified).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let local = timestamp.to_zoned(jiff::tz::TimeZone::system());
    let is_recent = (now - HALF_A_YEAR..=now + 60).contains(&modified);
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    Date {
        year: local.year(),
        month: small(local.month()),
        day: small(local.day()),
        time: is_recent.then(|| (small(local.hour()), small(local.minute()))),
    }
}
