//! `rm`, `mkdir`, `mv`: what needs no data connection.

use serde_json::json;

use super::leave;
use crate::caller::Caller;
use crate::escape::escaped;
use crate::files::{Answer, ask};
use crate::problem::Problem;
use crate::report::Report;
use crate::runtime::{Connection, Local};
use crate::session::command::CommandLine;
use crate::session::operations::exchange::Exchange;
use crate::session::operations::rename::Rename;
use crate::target::Target;

pub(super) async fn remove(urls: &[Target], caller: &Caller, report: &mut Report) -> Result<(), Problem> {
    for url in urls {
        let (directories, name) = url.directories_and_name();
        let (verb, directories, name) = match (name, directories.split_last()) {
            (Some(name), _) => ("DELE", directories, name),
            (None, Some((name, directories))) => ("RMD", directories, name.as_slice()),
            (None, None) => return Err(no_name()),
        };
        let mut connection = caller.enter(url, directories, report).await?;
        connection.perform(Exchange::new(CommandLine::new(verb, name)?), Local::Nothing, report).await?;
        tell("rm", url, name, report)?;
        leave(connection, report).await;
    }
    Ok(())
}

pub(super) async fn make_directories(
    urls: &[Target],
    parents: bool,
    caller: &Caller,
    report: &mut Report,
) -> Result<(), Problem> {
    for url in urls {
        let Some((name, above)) = url.segments.split_last() else { return Err(no_name()) };
        if parents {
            let mut connection = caller.enter(url, &[], report).await?;
            make_all(&mut connection, &url.segments, report).await?;
            tell("mkdir", url, name, report)?;
            leave(connection, report).await;
        } else {
            let mut connection = caller.enter(url, above, report).await?;
            connection.perform(Exchange::new(CommandLine::new("MKD", name)?), Local::Nothing, report).await?;
            tell("mkdir", url, name, report)?;
            leave(connection, report).await;
        }
    }
    Ok(())
}

/// Goes down through directories, and makes those that are not there.
pub(super) async fn make_all(
    connection: &mut Connection,
    directories: &[Vec<u8>],
    report: &mut Report,
) -> Result<(), Problem> {
    for directory in directories {
        if ask(connection, CommandLine::new("CWD", directory), report).await? == Answer::Refused {
            connection.perform(Exchange::new(CommandLine::new("MKD", directory)?), Local::Nothing, report).await?;
            connection.perform(Exchange::new(CommandLine::new("CWD", directory)?), Local::Nothing, report).await?;
        }
    }
    Ok(())
}

pub(super) async fn rename(from: &Target, to: &str, caller: &Caller, report: &mut Report) -> Result<(), Problem> {
    let (directories, Some(name)) = from.directories_and_name() else { return Err(no_name()) };
    let rename = Rename::new(name, to.as_bytes())?;
    let mut connection = caller.enter(from, directories, report).await?;
    connection.perform(rename, Local::Nothing, report).await?;
    tell("mv", from, name, report)?;
    leave(connection, report).await;
    Ok(())
}

fn tell(task: &str, url: &Target, name: &[u8], report: &mut Report) -> Result<(), Problem> {
    let value = json!({ "task": task, "host": url.server.to_string(), "name": escaped(name) });
    Ok(report.result(&format!("{task}: {}", escaped(name)), &value)?)
}

fn no_name() -> Problem {
    Problem::Usage("the URL gives no name".to_owned())
}
