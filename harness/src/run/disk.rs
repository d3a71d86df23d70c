//! The files of a case on the server's disk.

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use reports::model::{Body, What};

use super::body::Tally;
use crate::scenario::content;
use crate::scenario::tree::{Entry, Form, Left, Located};
use crate::subject::{Found, Placed, Running};

/// Lays the files of a scenario.
///
/// # Errors
/// Something cannot be laid, or where the server's folder is is not known.
pub(super) fn lay(running: &Running, files: &BTreeMap<String, Entry>) -> io::Result<()> {
    for (name, entry) in files {
        match entry {
            Entry::Directory => running.place(name.trim_end_matches('/'), Placed::Directory)?,
            Entry::File(content) => {
                let body = content::octets(content, files).map_err(io::Error::other)?;
                let hole = body.hole();
                running.place(name, Placed::Sparse { hole, octets: &mut body.without_first(hole).stream() })?;
            }
            Entry::Link(target) => running.place(name, Placed::Link { to: target })?,
        }
    }
    Ok(())
}

/// Sets when names were last modified, in seconds since 1970.
///
/// # Errors
/// It cannot be set.
pub(super) fn date(running: &Running, modified: &BTreeMap<String, i64>) -> io::Result<()> {
    modified.iter().try_for_each(|(name, seconds)| running.date(name, *seconds))
}

/// Looks at what stands where something must stand, or nothing.
pub(super) fn look(
    running: &Running,
    files: &BTreeMap<String, Entry>,
    wanted: &BTreeMap<String, Located<Left>>,
) -> What {
    match seen(running, files, wanted) {
        Ok(found) => What::Files { found },
        Err(error) => What::Fault { why: error.to_string() },
    }
}

fn seen(
    running: &Running,
    files: &BTreeMap<String, Entry>,
    wanted: &BTreeMap<String, Located<Left>>,
) -> io::Result<BTreeMap<String, Option<Body>>> {
    let mut all = running.found()?;
    let mut found = BTreeMap::new();
    for (name, left) in wanted {
        match all.remove(name.trim_end_matches('/')) {
            None => {}
            Some(Found::Directory) => {
                found.insert(name.clone(), None);
            }
            Some(Found::File { .. } | Found::Other) => {
                found.insert(name.clone(), Some(compared(running, files, name, &left.value)?));
            }
        }
    }
    Ok(found)
}

fn compared(running: &Running, files: &BTreeMap<String, Entry>, name: &str, left: &Left) -> io::Result<Body> {
    let expected = match left {
        Left::File(content) => Some(content::octets(content, files).map_err(io::Error::other)?),
        Left::Absent | Left::Directory => None,
    };
    let mut tally = Tally::new(expected.as_ref().map(|body| (body, Form::default())));
    let mut file = running.read(name)?;
    let mut buffer = vec![0; 64 * 1024];
    while !tally.is_beyond(1 << 30) {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        tally.take(buffer.get(..length).unwrap_or_default());
    }
    Ok(tally.finish(true))
}
