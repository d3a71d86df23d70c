//! The files of a client in its working directory.

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use reports::model::{Body, What};

use crate::run::body::Tally;
use crate::run::source::Source;
use crate::scenario::content;
use crate::scenario::tree::{Content, Entry, Form};
use crate::subject::{Driven, Placed};

/// The most octets of a client's file that are read.
const MOST: u64 = 64 << 20;

/// Lays a file with the octets as they will travel.
///
/// # Errors
/// It cannot be laid, or the scenario does not say what it holds.
pub(super) fn lay(
    client: &Driven,
    files: &BTreeMap<String, Entry>,
    name: &str,
    (content, form): (&Content, Form),
) -> io::Result<()> {
    let body = content::octets(content, files).map_err(io::Error::other)?;
    client.running().place(name, Placed::File(&mut Source::wire(&body, form)))
}

/// Compares a file with the octets that travelled.
pub(super) fn look(client: &Driven, files: &BTreeMap<String, Entry>, name: &str, expected: (&Content, Form)) -> What {
    match seen(client, files, name, expected) {
        Ok(body) => What::Files { found: body.map(|body| (name.to_owned(), Some(body))).into_iter().collect() },
        Err(error) => What::Fault { why: error.to_string() },
    }
}

fn seen(
    client: &Driven,
    files: &BTreeMap<String, Entry>,
    name: &str,
    (content, form): (&Content, Form),
) -> io::Result<Option<Body>> {
    let body = content::octets(content, files).map_err(io::Error::other)?;
    let mut tally = Tally::new(Some((&body, form)));
    // What cannot be opened is no file that the client wrote.
    let Ok(mut file) = client.running().read(name) else { return Ok(None) };
    let mut buffer = vec![0; 64 * 1024];
    while !tally.is_beyond(MOST) {
        match file.read(&mut buffer)? {
            0 => break,
            length => tally.take(buffer.get(..length).unwrap_or_default()),
        }
    }
    Ok(Some(tally.finish(true)))
}
