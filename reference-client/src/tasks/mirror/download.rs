//! The directory here becomes like the one on the server.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::compare::is_up_to_date;
use super::queue::{Job, Queue, There, What, joined};
use super::{Undertaking, here};
use crate::escape::escaped;
use crate::files::{self, Size};
use crate::listing::{Entry, Kind, Listing, local_name};
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Before, Connection, Found};
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
    let here = names_here(undertaking, path)?;
    for entry in &listing.entries {
        if local_name(&entry.name).is_some() {
            one(undertaking, queue, path, entry, here.get(OsStr::from_bytes(&entry.name)).copied());
            continue;
        }
        undertaking.tally.count(|counts| counts.left_out += 1);
        let name = escaped(&entry.name);
        report.remark(&format!("The server lists \"{name}\", which is no name of a file here; it is left out."))?;
    }
    // Where a line could not be read, its file would pass for one that is gone.
    if undertaking.order.delete && listing.unreadable == 0 {
        delete(undertaking, path, &listing, &here)?;
    }
    Ok(())
}

type Here = BTreeMap<OsString, Found>;

/// What is in the directory here, which is made if it is not there.
fn names_here(undertaking: &Undertaking<'_>, path: &[u8]) -> Result<Here, Problem> {
    let tree = &undertaking.tree;
    if undertaking.order.dry_run {
        // Nothing was made, so it may be missing.
        return Ok(tree.names(path_of(path)).unwrap_or_default());
    }
    if !path.is_empty() {
        tree.make_directory(path_of(path)).map_err(here("the directory cannot be made:", path_of(path)))?;
    }
    tree.names(path_of(path)).map_err(here("the directory cannot be read:", path_of(path)))
}

fn one(undertaking: &Undertaking<'_>, queue: &Queue, directory: &[u8], entry: &Entry, here: Option<Found>) {
    match entry.kind {
        Kind::Directory => queue.push(Job::new(directory, &entry.name, What::Directory(There::Yes))),
        // A link may lead to what is above it, and so on without end.
        Kind::Link { .. } | Kind::Other => undertaking.tally.count(|counts| counts.left_out += 1),
        Kind::File if here.is_some_and(|here| is_up_to_date(here, entry.size, entry.modified)) => {
            undertaking.tally.count(|counts| counts.up_to_date += 1);
        }
        Kind::File => {
            let before = if here.is_some() { Before::Perhaps } else { Before::Nothing };
            let what = What::File { size: entry.size, modified: entry.modified, before };
            queue.push(Job::new(directory, &entry.name, what));
        }
    }
}

fn delete(undertaking: &Undertaking<'_>, path: &[u8], listing: &Listing, names: &Here) -> Result<(), Problem> {
    let kept: HashSet<&[u8]> = listing.entries.iter().map(|entry| entry.name.as_slice()).collect();
    for (name, found) in names.iter().filter(|(name, _)| !kept.contains(name.as_bytes())) {
        let path = joined(path, name.as_bytes());
        if !undertaking.order.dry_run {
            undertaking.tree.remove(path_of(&path), *found).map_err(here("it cannot be deleted:", path_of(&path)))?;
        }
        undertaking.tally.count(|counts| counts.deleted += 1);
    }
    Ok(())
}

pub(super) async fn file(
    undertaking: &Undertaking<'_>,
    path: &[u8],
    what: What,
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(), Problem> {
    let What::File { size, modified, before } = what else { return Ok(()) };
    let mut octets = size.unwrap_or(0);
    if !undertaking.order.dry_run {
        let (staged, file) = undertaking
            .tree
            .staged(path_of(path), before)
            .map_err(here("the local file cannot be written:", path_of(path)))?;
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
