//! `put`: a file goes.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use protocol::{Form, Type};
use serde_json::json;

use super::leave;
use super::retry::Tries;
use crate::arguments::Put;
use crate::caller::Caller;
use crate::escape::escaped;
use crate::files::{self, Answer, Stored, Storing};
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Connection, modified};
use crate::target::UrlType;

pub(super) async fn run(order: &Put, caller: &Caller, report: &mut Report) -> Result<(), Problem> {
    let (directories, name) = order.url.directories_and_name();
    let own = order.local.file_name().map(OsStrExt::as_bytes);
    let name = name.or_else(|| own.filter(|_| order.local != Path::new("-")));
    let Some(name) = name else {
        return Err(Problem::Usage("the URL gives no name for the file".to_owned()));
    };
    let mut tries = Tries::new(order.retries);
    loop {
        match attempt(order, directories, name, caller, report).await {
            // What went through a pipe is gone.
            Err(problem) if order.local != Path::new("-") => tries.again(problem, caller, report).await?,
            Err(problem) => return Err(problem),
            Ok((stored, verified)) => return tell(order, &stored, verified, report),
        }
    }
}

fn tell(order: &Put, stored: &Stored, verified: Option<&'static str>, report: &mut Report) -> Result<(), Problem> {
    let seconds = report.elapsed().as_secs_f64();
    let words = format!("{}: {} octets in {seconds:.2} s", escaped(&stored.name), stored.octets);
    let value = json!({
        "task": "put", "host": order.url.server.to_string(), "name": escaped(&stored.name),
        "octets": stored.octets, "seconds": seconds, "verified": verified,
    });
    report.result(&words, &value)?;
    if order.unique {
        report.remark(&format!("The server calls it {}.", escaped(&stored.name)))?;
    }
    Ok(())
}

async fn attempt(
    order: &Put,
    directories: &[Vec<u8>],
    name: &[u8],
    caller: &Caller,
    report: &mut Report,
) -> Result<(Stored, Option<&'static str>), Problem> {
    // A file that cannot be read is told before anything is said to the server.
    let file = open(&order.local)?;
    let mut connection = caller.enter(&order.url, directories, report).await?;
    if order.url.url_type == Some(UrlType::Ascii) {
        connection.session.manner.wanted.representation = Type::Ascii(Form::NonPrint);
    }
    let done = store(order, file, name, &mut connection, report).await;
    if done.is_ok() {
        leave(connection, report).await;
    }
    done
}

fn open(path: &Path) -> Result<File, Problem> {
    if path == Path::new("-") {
        return Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?));
    }
    let unread = |problem| Problem::Local { what: "the file cannot be read:", path: path.to_owned(), problem };
    let file = File::open(path).map_err(unread)?;
    if file.metadata().map_err(unread)?.is_dir() {
        return Err(unread(io::ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

async fn store(
    order: &Put,
    file: File,
    name: &[u8],
    connection: &mut Connection,
    report: &mut Report,
) -> Result<(Stored, Option<&'static str>), Problem> {
    let storing = match (order.append, order.unique, order.resume) {
        (true, _, _) => Storing::Append,
        (_, true, _) => Storing::Unique,
        (_, _, true) => Storing::Rest,
        (false, false, false) => Storing::New,
    };
    let time = file.metadata().and_then(|metadata| metadata.modified()).ok().filter(|_| order.times).map(modified);
    let stored = files::store(connection, &order.local, file, name, storing, report).await?;
    let verified = if order.verify {
        let mut file = open(&order.local)?;
        Some(files::verify(connection, &stored.name, &order.local, &mut file, report).await?)
    } else {
        None
    };
    if let Some(seconds) = time
        && files::set_modified(connection, &stored.name, seconds, report).await? == Answer::Refused
    {
        report.remark("The server does not set times (MFMT); the file has the time of now.")?;
    }
    Ok((stored, verified))
}
