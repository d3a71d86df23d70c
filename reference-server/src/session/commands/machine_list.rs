//! MLST and MLSD (RFC 3659 §7).

use protocol::listing::facts::Selection;
use protocol::transfer::Parameters;
use protocol::{Mode, Reply, Structure, Type};

use crate::accounts::Access;
use crate::session::interface::Job;
use crate::session::replies::{indented, refusal, reply};
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::{Listing, Refused, StoreError};

/// One name, on the control connection. It is told as a full path: what it leads to does not depend on CWD (§7.3.1).
pub(super) fn mlst(session: &mut Session, pathname: &[u8]) -> Step {
    let (access, facts) = (session.access(), session.options.facts.clone());
    match session.locate(pathname) {
        Ok(location) => Step::perform(
            move |store| {
                let entry = store.describe(&location, access)?;
                let mut text = Vec::new();
                entry.append(&facts, &mut text);
                Ok(text)
            },
            |_, text| {
                text.map_or_else(refusal, |text| indented::<250, Vec<u8>>("Facts follow:", [text], "End.")).into()
            },
        ),
        Err(refused) => refused,
    }
}

impl Session {
    /// How a listing of facts is sent: as octets in MODE S, whatever TYPE, STRU and MODE are, and they stay as they are (§7.2).
    ///
    /// MODE Z is excepted. draft-preston-ftpext-deflate §3.1 has it for all data transfers, and contradicts RFC 3659 so; the
    /// clients that say MODE Z, and the servers that have it, go by the draft.
    fn parameters_of_facts(&self) -> Parameters {
        let mode = match self.parameters.mode {
            deflated @ Mode::Deflate(_) => deflated,
            Mode::Stream | Mode::Block | Mode::Compressed => Mode::Stream,
        };
        Parameters { representation: Type::Image, structure: Structure::File, mode }
    }
}

/// What is in a directory, on a data connection.
pub(super) fn mlsd(session: &mut Session, pathname: &[u8]) -> Step {
    let parameters = session.parameters_of_facts();
    let listing = Listing::Facts { selection: session.options.facts.clone(), access: session.access() };
    match session.locate(pathname) {
        Ok(directory) => Step::perform(
            move |store| store.list(&directory, &listing),
            move |_, lines| match lines {
                Ok(lines) => Step::Transfer(Box::new(Begin {
                    preliminary: reply::<150>("Opening BINARY mode data connection for the facts of a directory."),
                    job: Job::SendLines { lines, parameters },
                    kind: Kind::Listing,
                })),
                Err(error) => not_listed(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

/// §7.2.1: 501 for what is there and is no directory, and 550 for what is not there.
fn not_listed(error: StoreError) -> Reply {
    match error {
        StoreError::Refused(Refused::NotADirectory) => reply::<501>("Not a directory; MLST tells of a file."),
        StoreError::Refused(_) | StoreError::NoSpace | StoreError::BadOffset | StoreError::Local => refusal(error),
    }
}

impl Session {
    /// RFC 3659 §7.9. A refused list leaves the one before as it was.
    pub(super) fn choose_facts(&mut self, list: &[u8]) -> Reply {
        match Selection::parse(list) {
            Ok(selection) => {
                let told = format!("MLST OPTS {selection}");
                self.options.facts = selection;
                reply::<200>(told.trim_end())
            }
            Err(error) => reply::<501>(format!("{error}.")),
        }
    }

    /// What this user may do. Before login nothing asks.
    fn access(&self) -> Access {
        if self.may_change() { Access::ReadWrite } else { Access::ReadOnly }
    }
}
