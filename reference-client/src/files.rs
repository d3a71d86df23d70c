//! One file, from end to end: what must be known before, the transfer, and that what arrived is what was sent.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use protocol::features::Feature;
use protocol::transfer::is_plain;
use protocol::{Severity, Timestamp};

use crate::caller::ask_features;
use crate::digest::Question;
use crate::escape::{escaped, escaped_path};
use crate::problem::Problem;
use crate::runtime::{Connection, Local, RuntimeError, Witness};
use crate::session::command::CommandLine;
use crate::session::operations::agree::Agree;
use crate::session::operations::exchange::Exchange;
use crate::session::operations::transfer::Transfer;
use crate::session::{Failure, answers};

/// What the server says of the size of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// It was not asked.
    Asked,
    /// A listing told.
    Known(u64),
}

/// Says a command, and takes its refusal for an answer.
pub(crate) async fn ask(
    connection: &mut Connection,
    command: Result<CommandLine, Failure>,
    witness: &mut dyn Witness,
) -> Result<Answer, Problem> {
    match connection.perform(Exchange::new(command?), Local::Nothing, witness).await {
        Ok(()) => Ok(Answer::Given),
        Err(RuntimeError::Failed(failure))
            if failure.refusal().is_some_and(|reply| reply.severity() == Severity::Permanent) =>
        {
            Ok(Answer::Refused)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether there is one, in the last reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Given,
    Refused,
}

/// The octets of a file by SIZE, as a transfer would count them (RFC 3659 §4); TYPE is agreed on before. None where the server does
/// not tell, or what it tells cannot be read.
pub(crate) async fn size(
    connection: &mut Connection,
    name: &[u8],
    witness: &mut dyn Witness,
) -> Result<Option<u64>, Problem> {
    let manner = &connection.session.manner;
    // In the other forms the server would have to make the whole file to know, and few do.
    if !is_plain(manner.wanted) {
        return Ok(None);
    }
    let agree = Agree::on(manner.wanted, manner);
    connection.perform(agree, Local::Nothing, witness).await?;
    match ask(connection, CommandLine::new("SIZE", name), witness).await? {
        Answer::Refused => Ok(None),
        // What is no number tells no size.
        Answer::Given => Ok(connection.last_reply().and_then(|reply| answers::size(reply).ok())),
    }
}

/// When a file was modified, by MDTM; None where the server does not tell.
pub(crate) async fn modified(
    connection: &mut Connection,
    name: &[u8],
    witness: &mut dyn Witness,
) -> Result<Option<i64>, Problem> {
    match ask(connection, CommandLine::new("MDTM", name), witness).await? {
        Answer::Refused => Ok(None),
        Answer::Given => {
            let time = connection.last_reply().map(answers::modified).transpose().map_err(RuntimeError::from)?;
            Ok(time.map(|time| time.to_unix()))
        }
    }
}

/// Sets when a remote file was modified (MFMT), where the server can.
pub(crate) async fn set_modified(
    connection: &mut Connection,
    name: &[u8],
    seconds: i64,
    witness: &mut dyn Witness,
) -> Result<Answer, Problem> {
    ask_features(connection, witness).await?;
    if !offers(connection, Feature::Mfmt) {
        return Ok(Answer::Refused);
    }
    let argument = [Timestamp::from_unix(seconds).to_string().as_bytes(), b" ", name].concat();
    ask(connection, CommandLine::new("MFMT", &argument), witness).await
}

fn offers(connection: &Connection, feature: Feature) -> bool {
    connection.session.manner.features.as_ref().is_some_and(|features| features.offers(feature))
}

/// Fetches a file into one that is open, behind the octets that are there already. Returns the octets that came; they are as many
/// as the server says that there are.
pub(crate) async fn fetch(
    connection: &mut Connection,
    name: &[u8],
    size: Size,
    file: File,
    there: u64,
    witness: &mut dyn Witness,
) -> Result<u64, Problem> {
    let size = match size {
        Size::Known(size) => Some(size),
        Size::Asked => self::size(connection, name, witness).await?,
    };
    let transfer = match (there, size) {
        (0, _) => Transfer::retrieve(name)?,
        (_, None) => {
            return Err(Problem::Different(format!(
                "the server does not tell the size of {}, so what is here may not be its beginning; fetch it whole",
                escaped(name)
            )));
        }
        (there, Some(size)) if there > size => {
            return Err(Problem::Different(format!(
                "{there} octets of {} are here already, and the server has only {size}: it is another file",
                escaped(name)
            )));
        }
        (there, Some(size)) if there == size => return Ok(0),
        (there, Some(_)) => Transfer::resume(name, there)?,
    };
    witness.begins(name, size.map(|size| size - there)).map_err(RuntimeError::Output)?;
    let done = connection.perform(transfer, Local::To(file), witness).await;
    witness.ends().map_err(RuntimeError::Output)?;
    done?;
    let came = connection.moved_octets();
    match size {
        Some(size) if is_plain(connection.session.manner.wanted) && there + came != size => Err(Problem::Different(
            format!("the server said that {} has {size} octets, and {} came", escaped(name), there + came),
        )),
        _ => Ok(came),
    }
}

/// How a file is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storing {
    /// In place of the one before.
    New,
    /// Behind what is there.
    Append,
    /// Behind what is there, which is the beginning of the same file.
    Rest,
    /// Under a name that the server chooses.
    Unique,
}

/// What became of a file that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// As the server calls it.
    pub(crate) name: Vec<u8>,
    /// The octets that went.
    pub(crate) octets: u64,
}

/// Stores a file, and sees that the server has as many octets as were sent.
pub(crate) async fn store(
    connection: &mut Connection,
    path: &Path,
    mut file: File,
    name: &[u8],
    storing: Storing,
    witness: &mut dyn Witness,
) -> Result<Stored, Problem> {
    let unread = |problem| Problem::Local { what: "the file cannot be read:", path: path.to_owned(), problem };
    let metadata = file.metadata().map_err(unread)?;
    let length = metadata.is_file().then_some(metadata.len());
    let there = match storing {
        Storing::New | Storing::Unique => 0,
        Storing::Append | Storing::Rest => size(connection, name, witness).await?.unwrap_or(0),
    };
    let transfer = match (storing, length) {
        (Storing::New, _) => Transfer::store(name)?,
        (Storing::Append, _) => Transfer::append(name)?,
        (Storing::Unique, _) => Transfer::store_unique(),
        (Storing::Rest, Some(length)) if there > length => {
            return Err(Problem::Different(format!(
                "the server has {there} octets of {}, and {} has only {length}: it is another file",
                escaped(name),
                escaped_path(path)
            )));
        }
        (Storing::Rest, Some(length)) if there == length && there > 0 => {
            return Ok(Stored { name: name.to_vec(), octets: 0 });
        }
        (Storing::Rest, _) => {
            file.seek(SeekFrom::Start(there)).map_err(unread)?;
            rest_of(connection, name, there, witness).await?
        }
    };
    let already = if storing == Storing::Rest { there } else { 0 };
    witness.begins(name, length.map(|length| length - already)).map_err(RuntimeError::Output)?;
    let done = connection.perform(transfer, Local::From(file), witness).await;
    witness.ends().map_err(RuntimeError::Output)?;
    done?;
    let octets = connection.moved_octets();
    let name = match storing {
        Storing::Unique => connection.unique_name().map_or_else(Vec::new, <[u8]>::to_vec),
        Storing::New | Storing::Append | Storing::Rest => name.to_vec(),
    };
    if !name.is_empty() {
        check_size(connection, &name, there + octets, witness).await?;
    }
    Ok(Stored { name, octets })
}

/// REST and STOR where the server says that it knows that, APPE where not.
async fn rest_of(
    connection: &mut Connection,
    name: &[u8],
    there: u64,
    witness: &mut dyn Witness,
) -> Result<Transfer, Problem> {
    ask_features(connection, witness).await?;
    Ok(match there {
        0 => Transfer::store(name)?,
        there if offers(connection, Feature::RestStream) => Transfer::store_from(name, there)?,
        _ => Transfer::append(name)?,
    })
}

async fn check_size(
    connection: &mut Connection,
    name: &[u8],
    sent: u64,
    witness: &mut dyn Witness,
) -> Result<(), Problem> {
    match size(connection, name, witness).await? {
        Some(size) if size != sent => Err(Problem::Different(format!(
            "the server has {size} octets of {} now, and there should be {sent}",
            escaped(name)
        ))),
        _ => Ok(()),
    }
}

/// Compares a local file with the remote one by a hash. Returns the name of the algorithm.
pub(crate) async fn verify(
    connection: &mut Connection,
    name: &[u8],
    path: &Path,
    file: &mut File,
    witness: &mut dyn Witness,
) -> Result<&'static str, Problem> {
    ask_features(connection, witness).await?;
    let features = connection.session.manner.features.as_ref();
    let Some(question) = features.and_then(Question::for_server) else {
        return Err(Problem::Different(
            "the server makes no hashes, so nothing could be compared (--verify)".to_owned(),
        ));
    };
    let algorithm = question.algorithm();
    let command = match question {
        Question::Command(verb, _) => CommandLine::new(verb, name),
        Question::Hash(_) => CommandLine::new("HASH", name),
        Question::ChosenHash(_) => {
            let option = CommandLine::new("OPTS", format!("HASH {}", algorithm.name()).as_bytes())?;
            connection.perform(Exchange::new(option), Local::Nothing, witness).await?;
            CommandLine::new("HASH", name)
        }
    };
    connection.perform(Exchange::new(command?), Local::Nothing, witness).await?;
    let theirs = connection.last_reply().and_then(|reply| algorithm.find(reply));
    let ours = algorithm.of(file).map_err(|problem| Problem::Local {
        what: "the file cannot be read:",
        path: path.to_owned(),
        problem,
    })?;
    match theirs {
        Some(theirs) if theirs == ours => Ok(algorithm.name()),
        Some(theirs) => Err(Problem::Different(format!(
            "the {} of {} is {ours} here and {theirs} on the server",
            algorithm.name(),
            escaped(name)
        ))),
        None => {
            Err(Problem::Different(format!("the server's {} of {} cannot be read", algorithm.name(), escaped(name))))
        }
    }
}
