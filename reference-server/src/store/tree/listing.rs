//! The texts of LIST and NLST.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::listing::names;
use protocol::listing::unix::{Date, Entry, Kind};

use super::attributes::{self, Attributes};
use super::{Tree, facts, unless_missing};
use crate::store::{Lines, Listing, Location, Refused, StoreError};

/// The lines of a listing of what has this name.
pub(super) fn lines(tree: &impl Tree, location: &Location, listing: &Listing) -> Result<Lines, StoreError> {
    if tree.target(location)?.kind == attributes::Kind::Directory {
        return match listing {
            Listing::Facts { selection, access } => facts::list(tree, location, selection, *access),
            Listing::Long => list_long(tree, location),
            Listing::Names { argument } => list_names(tree, location, argument),
        };
    }
    let mut text = Vec::new();
    match listing {
        Listing::Names { argument } => names::append(&mut text, b"", argument),
        Listing::Long => {
            let attributes = tree.itself(location)?;
            entry(tree, location, &attributes, location.name(), &Clock::now())?.append(&mut text);
        }
        Listing::Facts { .. } => return Err(Refused::NotADirectory.into()),
    }
    Ok(Lines::new(std::iter::once(Ok(text))))
}

fn entry(
    tree: &impl Tree,
    location: &Location,
    attributes: &Attributes,
    name: &[u8],
    clock: &Clock,
) -> Result<Entry, StoreError> {
    let kind = match attributes.kind {
        attributes::Kind::Directory => Kind::Directory,
        attributes::Kind::Link => Kind::Link(tree.way(location)?),
        attributes::Kind::File => Kind::File,
        attributes::Kind::Other => Kind::Other,
    };
    Ok(Entry {
        name: name.to_vec(),
        kind,
        permissions: attributes.mode & 0o777,
        links: attributes.links,
        owner: attributes.owner,
        group: attributes.group,
        size: attributes.size,
        modified: clock.date(attributes.modified),
    })
}

fn list_names(tree: &impl Tree, directory: &Location, argument: &[u8]) -> Result<Lines, StoreError> {
    let argument = argument.to_vec();
    Ok(Lines::new(tree.names(directory)?.map(move |name| {
        let mut line = Vec::new();
        names::append(&mut line, &argument, &name?);
        Ok(line)
    })))
}

fn list_long(tree: &impl Tree, directory: &Location) -> Result<Lines, StoreError> {
    let clock = Clock::now();
    let (entries, tree, directory) = (tree.entries(directory)?, tree.clone(), directory.clone());
    Ok(Lines::new(entries.map(move |listed| {
        let (name, attributes) = listed?;
        let mut line = Vec::new();
        // A link that went away since it was looked at shows no way.
        if let Some(entry) = unless_missing(entry(&tree, &directory.child(&name), &attributes, &name, &clock)) {
            entry?.append(&mut line);
        }
        Ok(line)
    })))
}

/// The time and the time zone of the server.
struct Clock {
    /// In seconds since 1970-01-01 UTC.
    now: i64,
    zone: TimeZone,
}

impl Clock {
    fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { now: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), zone: TimeZone::system() }
    }

    /// A date as `ls -l` shows it, in the time zone of the server.
    fn date(&self, modified: i64) -> Date {
        const HALF_A_YEAR: i64 = 365 * 24 * 3600 / 2;
        let timestamp = Timestamp::from_second(modified).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = self.zone.to_datetime(timestamp);
        let is_recent = (self.now - HALF_A_YEAR..=self.now + 60).contains(&modified);
        let small = |number: i8| u8::try_from(number).unwrap_or_default();
        Date {
            year: local.year(),
            month: small(local.month()),
            day: small(local.day()),
            time: is_recent.then(|| (small(local.hour()), small(local.minute()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Read;

    use super::*;
    use crate::accounts::Access;
    use crate::store::{Disk, Store as _};
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
        let text = String::from_utf8(disk.list(&Location::root(), &listing).unwrap().text().unwrap()).unwrap();
        let names: Vec<&str> = text.lines().collect();
        assert!(names[..10_000].is_sorted());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 10_010);
    }

    #[test]
    fn what_goes_away_while_it_is_listed_is_left_out() {
        let (root, disk) = filled(2);
        for listing in [Listing::Long, Listing::Facts { selection: Selection::default(), access: Access::ReadOnly }] {
            std::fs::write(root.path().join("1"), "").unwrap();
            let mut lines = disk.list(&Location::root(), &listing).unwrap();
            std::fs::remove_file(root.path().join("1")).unwrap();
            let mut text = String::new();
            lines.read_to_string(&mut text).unwrap();
            assert!(text.ends_with(" 0\r\n"), "{text}");
        }
    }
}
