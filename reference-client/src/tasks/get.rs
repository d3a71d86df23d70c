//! `get`: a file comes, whole or not at all.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use protocol::{Form, Type};
use serde_json::json;

use super::leave;
use super::retry::Tries;
use crate::arguments::Get;
use crate::caller::Caller;
use crate::escape::{escaped, escaped_path};
use crate::files::{self, Size};
use crate::listing::local_name;
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Connection, Staged, set_modified};
use crate::target::UrlType;

/// Where the file goes.
#[derive(Debug, PartialEq, Eq)]
enum Destination {
    StandardOutput,
    /// Something that is written to as it is, and cannot be replaced.
    Device(PathBuf),
    /// A file that is there from the beginning, and is gone on with.
    Rest(PathBuf),
    Whole(PathBuf),
}

/// What came.
struct Fetched {
    octets: u64,
    verified: Option<&'static str>,
}

pub(super) async fn run(order: &Get, caller: &Caller, report: &mut Report) -> Result<(), Problem> {
    let (directories, Some(name)) = order.url.directories_and_name() else {
        return Err(Problem::Usage("the URL names no file; `ls` lists a directory, `mirror` fetches one".to_owned()));
    };
    if order.url.url_type == Some(UrlType::Directory) {
        return Err(Problem::Usage("the URL names a directory (;type=d); `ls` lists it".to_owned()));
    }
    let destination = destination(order, name)?;
    let mut tries = Tries::new(order.retries);
    loop {
        match attempt(order, &destination, directories, name, caller, report).await {
            Err(problem) => tries.again(problem, caller, report).await?,
            Ok(fetched) => return tell(order, &destination, name, &fetched, report),
        }
    }
}

fn tell(
    order: &Get,
    destination: &Destination,
    name: &[u8],
    fetched: &Fetched,
    report: &mut Report,
) -> Result<(), Problem> {
    let seconds = report.elapsed().as_secs_f64();
    let local = match destination {
        Destination::StandardOutput => None,
        Destination::Device(path) | Destination::Rest(path) | Destination::Whole(path) => Some(escaped_path(path)),
    };
    let words = format!("{}: {} octets in {seconds:.2} s", escaped(name), fetched.octets);
    let value = json!({
        "task": "get", "host": order.url.server.to_string(), "name": escaped(name), "local": local,
        "octets": fetched.octets, "seconds": seconds, "verified": fetched.verified,
    });
    // Standard output is taken.
    if *destination == Destination::StandardOutput {
        Ok(report.remark(&words)?)
    } else {
        Ok(report.result(&words, &value)?)
    }
}

fn destination(order: &Get, name: &[u8]) -> Result<Destination, Problem> {
    let given = order.output.as_deref().or(order.local.as_deref());
    if given == Some(Path::new("-")) {
        return Ok(Destination::StandardOutput);
    }
    let path = match given {
        Some(path) if !path.is_dir() => path.to_owned(),
        directory => {
            // A name that the URL gives may be a path for the server, as in ftp://host/%2Fetc%2Fmotd.
            let last = name.rsplit(|&octet| octet == b'/').next().unwrap_or_default();
            let own = local_name(last).ok_or_else(|| {
                Problem::Usage(format!("\"{}\" names no file that can be made here; say a local name", escaped(name)))
            })?;
            directory.unwrap_or_else(|| Path::new("")).join(own)
        }
    };
    match path.metadata() {
        Ok(there) if !there.is_file() => Ok(Destination::Device(path)),
        _ if order.resume => Ok(Destination::Rest(path)),
        _ => Ok(Destination::Whole(path)),
    }
}

async fn attempt(
    order: &Get,
    destination: &Destination,
    directories: &[Vec<u8>],
    name: &[u8],
    caller: &Caller,
    report: &mut Report,
) -> Result<Fetched, Problem> {
    let mut connection = caller.enter(&order.url, directories, report).await?;
    if order.url.url_type == Some(UrlType::Ascii) {
        connection.session.manner.wanted.representation = Type::Ascii(Form::NonPrint);
    }
    let fetched = fetch(order, destination, name, &mut connection, report).await;
    if fetched.is_ok() {
        leave(connection, report).await;
    }
    fetched
}

async fn fetch(
    order: &Get,
    destination: &Destination,
    name: &[u8],
    connection: &mut Connection,
    report: &mut Report,
) -> Result<Fetched, Problem> {
    let (path, file, staged) = match destination {
        Destination::StandardOutput => {
            let output = io::stdout().as_fd().try_clone_to_owned()?;
            (Path::new("-"), File::from(output), None)
        }
        Destination::Device(path) => {
            (path.as_path(), OpenOptions::new().write(true).open(path).map_err(unwritable(path))?, None)
        }
        Destination::Rest(path) => {
            let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
            (path.as_path(), opened.map_err(unwritable(path))?, None)
        }
        Destination::Whole(path) => {
            let (staged, file) = Staged::at(path).map_err(unwritable(path))?;
            (path.as_path(), file, Some(staged))
        }
    };
    let there = match destination {
        Destination::Rest(_) => file.metadata().map_err(unwritable(path))?.len(),
        Destination::StandardOutput | Destination::Device(_) | Destination::Whole(_) => 0,
    };
    let octets = files::fetch(connection, name, Size::Asked, file, there, report).await?;
    let modified = if order.times { files::modified(connection, name, report).await? } else { None };
    if order.times && modified.is_none() {
        report.remark("The server does not tell when the file was modified; it has the time of now.")?;
    }
    let verified = if order.verify {
        let mut came = match (&staged, destination) {
            (Some(staged), _) => staged.reopened().map_err(unwritable(path))?,
            (None, Destination::Rest(path)) => File::open(path).map_err(unwritable(path))?,
            (None, _) => return Err(Problem::Usage("--verify wants a file that can be read again".to_owned())),
        };
        Some(files::verify(connection, name, path, &mut came, report).await?)
    } else {
        None
    };
    match (staged, modified) {
        (Some(staged), modified) => staged.complete(modified).map_err(unwritable(path))?,
        (None, Some(seconds)) if matches!(destination, Destination::Rest(_)) => {
            let file = OpenOptions::new().append(true).open(path).map_err(unwritable(path))?;
            set_modified(&file, seconds).map_err(unwritable(path))?;
        }
        (None, _) => {}
    }
    Ok(Fetched { octets, verified })
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Problem + use<> {
    let path = path.to_owned();
    move |problem| Problem::Local { what: "the local file cannot be written:", path, problem }
}
