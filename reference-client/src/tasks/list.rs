//! `ls`: a directory, by MLSD and then by LIST.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use protocol::{Severity, Timestamp};
use serde_json::{Value, json};

use super::leave;
use crate::arguments::Ls;
use crate::caller::Caller;
use crate::escape::escaped;
use crate::listing::{Entry, Form, Kind, Listing, Modified, Precision};
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Connection, Local, RuntimeError, Witness, now};
use crate::session::MachineListings;
use crate::session::operations::transfer::Transfer;

pub(super) async fn run(order: &Ls, caller: &Caller, report: &mut Report) -> Result<(), Problem> {
    let mut connection = caller.enter(&order.url, &order.url.segments, report).await?;
    if order.no_mlsd {
        connection.session.manner.machine_listings = MachineListings::Off;
    }
    let listing = read(&mut connection, None, report).await?;
    leave(connection, report).await;
    let text: String = if order.names {
        listing.entries.iter().flat_map(|entry| [escaped(&entry.name), "\n".to_owned()]).collect()
    } else {
        listing.entries.iter().map(line).collect()
    };
    report.answer(&text, || {
        let entries: Vec<Value> = listing.entries.iter().map(value).collect();
        json!({ "task": "ls", "host": order.url.server.to_string(), "entries": entries, "unreadable": listing.unreadable })
    })?;
    if listing.unreadable > 0 {
        report.remark(&format!("{} lines of the listing say nothing that can be read.", listing.unreadable))?;
    }
    Ok(())
}

/// Lists a directory: the one where the session is, or another.
pub(crate) async fn read(
    connection: &mut Connection,
    directory: Option<&[u8]>,
    report: &mut dyn Witness,
) -> Result<Listing, Problem> {
    if connection.session.manner.machine_listings == MachineListings::Tried {
        let text = Collected::default();
        let local = Local::Show(Box::new(text.clone()));
        match connection.perform(Transfer::machine_list(directory)?, local, report).await {
            Ok(()) => return Ok(Listing::read(&text.take(), Form::Machine, now())),
            Err(RuntimeError::Failed(failure))
                if failure.refusal().is_some_and(|reply| is_unknown(reply.code().number())) =>
            {
                connection.session.manner.machine_listings = MachineListings::Off;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let text = Collected::default();
    let local = Local::Show(Box::new(text.clone()));
    match connection.perform(Transfer::list(directory)?, local, report).await {
        Ok(()) => Ok(Listing::read(&text.take(), Form::People, now())),
        // There are servers that refuse to list what is empty.
        Err(RuntimeError::Failed(failure)) if failure.refusal().is_some_and(is_of_the_empty) => Ok(Listing::default()),
        Err(error) => Err(error.into()),
    }
}

/// The replies to a command that a server does not know or cannot do.
fn is_unknown(code: u16) -> bool {
    matches!(code, 500..=504)
}

fn is_of_the_empty(reply: &protocol::Reply) -> bool {
    let text = reply.text().to_ascii_lowercase();
    let says = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    reply.severity() == Severity::Permanent && (says(b"no files found") || says(b"directory is empty"))
}

/// What is kept of a listing, up to a bound.
#[derive(Debug, Clone, Default)]
struct Collected(Rc<RefCell<Vec<u8>>>);

impl Collected {
    /// More than a million names.
    const LIMIT: usize = 256 * 1024 * 1024;

    fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Collected {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.borrow_mut();
        if kept.len() + octets.len() > Self::LIMIT {
            return Err(io::Error::other(format!("the listing is longer than {} octets", Self::LIMIT)));
        }
        kept.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn kind(kind: &Kind) -> (&'static str, char) {
    match kind {
        Kind::File => ("file", '-'),
        Kind::Directory => ("directory", 'd'),
        Kind::Link { .. } => ("link", 'l'),
        Kind::Other => ("other", '?'),
    }
}

fn line(entry: &Entry) -> String {
    let size = entry.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
    let time = entry.modified.map_or_else(|| "-".to_owned(), time);
    let target = match &entry.kind {
        Kind::Link { target: Some(target) } => format!(" -> {}", escaped(target)),
        Kind::Link { target: None } | Kind::File | Kind::Directory | Kind::Other => String::new(),
    };
    format!("{} {size:>12} {time:<20} {}{target}\n", kind(&entry.kind).1, escaped(&entry.name))
}

/// As exactly as it is known; Z only where the zone is.
fn time(modified: Modified) -> String {
    let Timestamp { year, month, day, hour, minute, second, .. } = Timestamp::from_unix(modified.seconds);
    match modified.precision {
        Precision::Second => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
        Precision::Minute => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"),
        Precision::Day => format!("{year:04}-{month:02}-{day:02}"),
    }
}

fn value(entry: &Entry) -> Value {
    json!({
        "name": escaped(&entry.name), "kind": kind(&entry.kind).0, "size": entry.size, "modified": entry.modified.map(time),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Precision::Second, "1998-06-15T10:00:45Z")]
    #[case(Precision::Minute, "1998-06-15 10:00")]
    #[case(Precision::Day, "1998-06-15")]
    fn times(#[case] precision: Precision, #[case] text: &str) {
        assert_eq!(time(Modified { seconds: 897_904_845, precision }), text);
    }

    #[test]
    fn names_cannot_speak_to_the_terminal() {
        let entry = Entry { name: b"a\x1b[2J".to_vec(), kind: Kind::File, size: Some(1), modified: None };
        assert_eq!(line(&entry), "-            1 -                    a\\x1b[2J\n");
    }
}
