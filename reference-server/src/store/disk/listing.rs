//! The texts of LIST and NLST.

use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use cap_std::fs::MetadataExt;
use protocol::listing::names;
use protocol::listing::unix::{Date, Entry, Kind};

use super::Disk;
use crate::store::location::as_path;
use crate::store::{Lines, Listing, Location, Refused, StoreError};

impl Disk {
    pub(super) fn listing(&self, location: &Location, listing: &Listing) -> Result<Lines, StoreError> {
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
        Ok(Lines::new(std::iter::once(Ok(text))))
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

    /// The names in a directory, the first ones in their order. Those of a large directory come as the disk gives them: to order
    /// them all, all had to be in memory.
    pub(super) fn names(
        &self,
        directory: &Location,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, StoreError>> + Send + Sync + use<>, StoreError> {
        const ORDERED: usize = 10_000;
        let entries = self.root.read_dir(as_path(&directory.below_root()))?;
        let mut names = entries.map(|entry| Ok(entry?.file_name().as_bytes().to_vec()));
        let mut first = names.by_ref().take(ORDERED).collect::<Result<Vec<Vec<u8>>, StoreError>>()?;
        first.sort_unstable();
        Ok(first.into_iter().map(Ok).chain(names))
    }

    fn list_names(&self, directory: &Location, argument: &[u8]) -> Result<Lines, StoreError> {
        let argument = argument.to_vec();
        Ok(Lines::new(self.names(directory)?.map(move |name| {
            let mut line = Vec::new();
            names::append(&mut line, &argument, &name?);
            Ok(line)
        })))
    }

    fn list_long(&self, directory: &Location) -> Result<Lines, StoreError> {
        let now = seconds_now();
        let (names, disk, directory) = (self.names(directory)?, self.clone(), directory.clone());
        Ok(Lines::new(names.map(move |name| {
            let (mut line, name) = (Vec::new(), name?);
            // An entry that went away since its name was read is no failure of the listing.
            match disk.entry(&directory.child(&name), &name, now) {
                Ok(entry) => entry.append(&mut line),
                Err(StoreError::Refused(Refused::Missing)) => {}
                Err(error) => return Err(error),
            }
            Ok(line)
        })))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Read;

    use super::*;
    use crate::accounts::Access;
    use protocol::listing::facts::Selection;

    fn filled(count: usize) -> (tempfile::TempDir, Disk) {
        let root = tempfile::tempdir().unwrap();
        (0..count).for_each(|number| std::fs::write(root.path().join(number.to_string()), "").unwrap());
        let disk = Disk::open(root.path()).unwrap();
        (root, disk)
    }

    #[test]
    fn a_large_directory_is_listed_whole() {
        let (_root, disk) = filled(10_010);
        let listing = Listing::Names { argument: Vec::new() };
        let text = String::from_utf8(disk.listing(&Location::root(), &listing).unwrap().text().unwrap()).unwrap();
        let names: Vec<&str> = text.lines().collect();
        assert!(names[..10_000].is_sorted());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 10_010);
    }

    #[test]
    fn what_goes_away_while_it_is_listed_is_left_out() {
        let (root, disk) = filled(2);
        for listing in [Listing::Long, Listing::Facts { selection: Selection::default(), access: Access::ReadOnly }] {
            std::fs::write(root.path().join("1"), "").unwrap();
            let mut lines = disk.listing(&Location::root(), &listing).unwrap();
            std::fs::remove_file(root.path().join("1")).unwrap();
            let mut text = String::new();
            lines.read_to_string(&mut text).unwrap();
            assert!(text.ends_with(" 0\r\n"), "{text}");
        }
    }
}
