//! The directory here becomes like the one on the server.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::compare::is_up_to_date;
use super::queue::{Job, Queue, There, What, joined};
use super::{Undertaking, here};
use crate::escape::escaped;
use crate::files::{self, Size};
use crate::listing::{Entry, Kind, Listing, Modified, local_name};
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::Connection;
use crate::tasks::list::read;

/// A local path of names that were looked at one by one.
fn path_of(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// The path as an argument: a name that begins with a hyphen would pass for an option of LIST.
pub(super) fn argument(path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"-") { [b"./", path].concat() } else { path.to_vec() }
}

pub(super) async fn directory(
    undertaking: &Undertaking<'_>,
    queue: &Queue,
    path: &[u8],
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(), Problem> {
    let place = argument(path);
    let listing = read(connection, Some(place.as_slice()).filter(|place| !place.is_empty()), report).await?;
    if !path.is_empty() && !undertaking.order.dry_run {
        undertaking.tree.make_directory(path_of(path)).map_err(here("the directory cannot be made:", path_of(path)))?;
    }
    for entry in &listing.entries {
        if local_name(&entry.name).is_none() {
            undertaking.tally.count(|counts| counts.left_out += 1);
            report.remark(&format!(
                "The server lists \"{}\", which is no name of a file here; it is left out.",
                escaped(&entry.name)
            ))?;
            continue;
        }
        one(undertaking, queue, path, entry)?;
    }
    if undertaking.order.delete && listing.unreadable == 0 {
        delete(undertaking, path, &listing)?;
    }
    Ok(())
}

fn one(undertaking: &Undertaking<'_>, queue: &Queue, directory: &[u8], entry: &Entry) -> Result<(), Problem> {
    match entry.kind {
        Kind::Directory => queue.push(Job::new(directory, &entry.name, What::Directory(There::Yes))),
        // A link may lead to what is above it, and so on without end.
        Kind::Link { .. } | Kind::Other => undertaking.tally.count(|counts| counts.left_out += 1),
        Kind::File => {
            let path = joined(directory, &entry.name);
            let found = undertaking.tree.look(path_of(&path)).map_err(here("it cannot be looked at:", path_of(&path)));
            let found = if undertaking.order.dry_run { found.unwrap_or(None) } else { found? };
            if found.is_some_and(|found| is_up_to_date(found, entry.size, entry.modified)) {
                undertaking.tally.count(|counts| counts.up_to_date += 1);
            } else {
                let what = What::File { size: entry.size, modified: entry.modified };
                queue.push(Job::new(directory, &entry.name, what));
            }
        }
    }
    Ok(())
}

fn delete(undertaking: &Undertaking<'_>, path: &[u8], listing: &Listing) -> Result<(), Problem> {
    let kept: HashSet<&[u8]> = listing.entries.iter().map(|entry| entry.name.as_slice()).collect();
    let names = undertaking.tree.names(path_of(path)).map_err(here("the directory cannot be read:", path_of(path)))?;
    for (name, found) in names.into_iter().filter(|(name, _)| !kept.contains(name.as_bytes())) {
        let path = joined(path, name.as_bytes());
        if !undertaking.order.dry_run {
            undertaking.tree.remove(path_of(&path), found).map_err(here("it cannot be deleted:", path_of(&path)))?;
        }
        undertaking.tally.count(|counts| counts.deleted += 1);
    }
    Ok(())
}

pub(super) async fn file(
    undertaking: &Undertaking<'_>,
    path: &[u8],
    size: Option<u64>,
    modified: Option<Modified>,
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(), Problem> {
    let mut octets = size.unwrap_or(0);
    if !undertaking.order.dry_run {
        let (staged, file) =
            undertaking.tree.staged(path_of(path)).map_err(here("the local file cannot be written:", path_of(path)))?;
        let size = size.map_or(Size::Asked, Size::Known);
        octets = files::fetch(connection, &argument(path), size, file, 0, report).await?;
        let seconds = modified.map(|modified| modified.seconds);
        staged.complete(seconds).map_err(here("the local file cannot be written:", path_of(path)))?;
    }
    undertaking.tally.count(|counts| {
        counts.moved += 1;
        counts.octets += octets;
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"a/b", b"a/b")]
    #[case(b"-la", b"./-la")]
    fn arguments(#[case] path: &[u8], #[case] expected: &[u8]) {
        assert_eq!(argument(path), expected);
    }
}
