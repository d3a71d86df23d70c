//! RETR (RFC 959 §4.1.3).

use protocol::{Reply, Type};

use super::restart::Part;
use crate::session::interface::Job;
use crate::session::replies::{printable, refusal, reply};
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::{Form, Location, Reading, Store, StoreError};

pub(super) fn retr(session: &mut Session, pathname: &[u8]) -> Step {
    let part = session.take_part();
    let form = session.form();
    let name = pathname.to_vec();
    match session.locate(pathname) {
        Ok(file) => Step::perform(
            move |store| read(store, &file, form, part),
            move |_, reading| match reading {
                Ok((reading, most)) => Step::Transfer(Box::new(Begin {
                    preliminary: opening(form, &name, Some(reading.size)),
                    job: Job::Send { file: reading.file, form, skip: reading.skip, most },
                    kind: Kind::File,
                })),
                Err(error) => refusal(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

/// The file, opened, and how many octets of it are wanted. Of a range behind its end none are: that is no error
/// (draft-bryan-ftp-range §4.3), while a restart point there is one.
fn read(store: &dyn Store, file: &Location, form: Form, part: Part) -> Result<(Reading, Option<u64>), StoreError> {
    match part {
        Part::From(offset) => Ok((store.read(file, form, offset)?, None)),
        Part::Within(span) => match store.read(file, form, span.first) {
            Err(StoreError::BadOffset) => Ok((store.read(file, form, 0)?, Some(0))),
            reading => Ok((reading?, span.length())),
        },
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
