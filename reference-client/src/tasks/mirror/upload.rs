//! The directory on the server becomes like the one here.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::compare::is_up_to_date_there;
use super::download::argument;
use super::queue::{Job, Queue, There, What, joined};
use super::{Undertaking, here};
use crate::files::{self, Storing};
use crate::listing::{Entry, Kind, Listing};
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Before, Connection, Found, Local, modified};
use crate::session::command::CommandLine;
use crate::session::operations::exchange::Exchange;
use crate::tasks::list::read;

fn path_of(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

pub(super) async fn directory(
    undertaking: &Undertaking<'_>,
    queue: &Queue,
    path: &[u8],
    there: There,
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(), Problem> {
    let names = undertaking.tree.names(path_of(path)).map_err(here("the directory cannot be read:", path_of(path)))?;
    let place = argument(path);
    let listing = match there {
        There::Yes => read(connection, Some(place.as_slice()).filter(|place| !place.is_empty()), report).await?,
        There::No => {
            if !undertaking.order.dry_run {
                say(connection, "MKD", &place, report).await?;
            }
            Listing::default()
        }
    };
    let mut listed: HashMap<&[u8], &Entry> =
        listing.entries.iter().map(|entry| (entry.name.as_slice(), entry)).collect();
    for (name, found) in names {
        let name = name.as_bytes();
        let entry = listed.remove(name);
        match found {
            Found::Directory => {
                let there =
                    if entry.is_some_and(|entry| entry.kind == Kind::Directory) { There::Yes } else { There::No };
                queue.push(Job::new(path, name, What::Directory(there)));
            }
            Found::File { .. } if entry.is_some_and(|entry| is_up_to_date_there(found, entry)) => {
                undertaking.tally.count(|counts| counts.up_to_date += 1);
            }
            Found::File { size, .. } => {
                queue.push(Job::new(
                    path,
                    name,
                    What::File { size: Some(size), modified: None, before: Before::Perhaps },
                ));
            }
            Found::Link | Found::Other => undertaking.tally.count(|counts| counts.left_out += 1),
        }
    }
    if undertaking.order.delete && listing.unreadable == 0 {
        for entry in listed.into_values() {
            delete(undertaking, &joined(path, &entry.name), &entry.kind, connection, report).await?;
        }
    }
    Ok(())
}

/// Deletes what stands there, with all below it.
async fn delete(
    undertaking: &Undertaking<'_>,
    path: &[u8],
    kind: &Kind,
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(), Problem> {
    // Directories in directories: what is deepest goes first.
    let mut left = vec![(path.to_vec(), kind.clone(), Looked::No)];
    while let Some((path, kind, looked)) = left.pop() {
        let place = argument(&path);
        match (kind, looked) {
            (Kind::Directory, Looked::No) if !undertaking.order.dry_run => {
                let listing = read(connection, Some(&place), report).await?;
                left.push((path.clone(), Kind::Directory, Looked::Yes));
                left.extend(
                    listing.entries.into_iter().map(|entry| (joined(&path, &entry.name), entry.kind, Looked::No)),
                );
                continue;
            }
            _ if undertaking.order.dry_run => {}
            (Kind::Directory, _) => say(connection, "RMD", &place, report).await?,
            (Kind::File | Kind::Link { .. } | Kind::Other, _) => say(connection, "DELE", &place, report).await?,
        }
        undertaking.tally.count(|counts| counts.deleted += 1);
    }
    Ok(())
}

/// Whether a directory was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    Yes,
    No,
}

async fn say(
    connection: &mut Connection,
    verb: &'static str,
    argument: &[u8],
    report: &mut Report,
) -> Result<(), Problem> {
    let exchange = Exchange::new(CommandLine::new(verb, argument)?);
    Ok(connection.perform(exchange, Local::Nothing, report).await?)
}

pub(super) async fn file(
    undertaking: &Undertaking<'_>,
    path: &[u8],
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(), Problem> {
    let mut octets = 0;
    if !undertaking.order.dry_run {
        let unread = || here("the file cannot be read:", path_of(path));
        let file = undertaking.tree.file(path_of(path)).map_err(unread())?;
        let time = file.metadata().and_then(|metadata| metadata.modified()).map_err(unread())?;
        let name = argument(path);
        octets = files::store(connection, path_of(path), file, &name, Storing::New, report).await?.octets;
        // Where the server sets no times, the next mirror goes by the time of the transfer.
        files::set_modified(connection, &name, modified(time), report).await?;
    }
    undertaking.tally.count(|counts| {
        counts.moved += 1;
        counts.octets += octets;
    });
    Ok(())
}
