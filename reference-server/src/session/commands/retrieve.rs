//! RETR (RFC 959 §4.1.3).

use protocol::{Reply, Type};

use crate::session::interface::Job;
use crate::session::replies::{printable, refusal, reply};
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::Form;

pub(super) fn retr(session: &mut Session, pathname: &[u8]) -> Step {
    let offset = session.take_restart_point();
    let form = session.form();
    let name = pathname.to_vec();
    match session.locate(pathname) {
        Ok(file) => Step::perform(
            move |store| store.read(&file, form, offset),
            move |_, reading| match reading {
                Ok(reading) => Step::Transfer(Box::new(Begin {
                    preliminary: opening(form, &name, Some(reading.size)),
                    job: Job::Send { file: reading.file, form, skip: reading.skip },
                    kind: Kind::File,
                })),
                Err(error) => refusal(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

impl Session {
    /// The form of the files that are transferred now.
    pub(super) fn form(&self) -> Form {
        match self.representation {
            Type::Ascii(_) | Type::Ebcdic(_) => Form::Ascii,
            Type::Image | Type::Local(_) => Form::Image,
        }
    }
}

/// 150, in the wording of the ssast.org example. The same in active and passive mode.
pub(super) fn opening(form: Form, name: &[u8], size: Option<u64>) -> Reply {
    let mode = match form {
        Form::Ascii => "ASCII",
        Form::Image => "BINARY",
    };
    let mut text = format!("Opening {mode} mode data connection for ").into_bytes();
    text.extend(printable(name));
    match size {
        Some(size) => text.extend_from_slice(format!(" ({size} bytes).").as_bytes()),
        None => text.push(b'.'),
    }
    reply::<150>(text)
}
