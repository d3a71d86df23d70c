//! RETR (RFC 959 §4.1.3).

use protocol::restart::Position;
use protocol::transfer::Parameters;
use protocol::{Reply, Type};

use super::restart::Part;
use crate::session::interface::Job;
use crate::session::replies::{printable, refusal, reply};
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::{Form, Location, Reading, Store, StoreError};

pub(super) fn retr(session: &mut Session, pathname: &[u8]) -> Step {
    let (part, form) = match session.take_part().and_then(|part| Ok((part, session.form()?))) {
        Ok(both) => both,
        Err(refused) => return refused,
    };
    let parameters = session.parameters;
    let position = match part {
        Part::From(position) => position,
        Part::Within(_) => Position::default(),
    };
    let name = pathname.to_vec();
    match session.locate(pathname) {
        Ok(file) => Step::perform_at_best(
            {
                let opened = file.clone();
                move |store| match part {
                    Part::From(position) => Some((store.read_at_hand(&opened, form, position.octets)?, None)),
                    Part::Within(_) => None,
                }
            },
            {
                let opened = file.clone();
                move |store| read(store, &opened, form, part)
            },
            move |session, reading| match reading {
                Ok((reading, most)) => Step::Transfer(Box::new(Begin {
                    preliminary: session.opening(parameters, &name, Some(reading.size)),
                    job: Job::Send { file: reading.file, form, skip: reading.skip, position, most },
                    kind: Kind::File(file),
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
        Part::From(position) => Ok((store.read(file, form, position.octets)?, None)),
        Part::Within(span) => match store.read(file, form, span.first) {
            Err(StoreError::BadOffset) => Ok((store.read(file, form, 0)?, Some(0))),
            reading => Ok((reading?, span.length())),
        },
    }
}

impl Session {
    /// The preliminary reply, in the wording of the ssast.org example: 150, the same in active and passive mode; 125 where the
    /// connection is there already (RFC 959 §5.4).
    pub(super) fn opening(&self, parameters: Parameters, name: &[u8], size: Option<u64>) -> Reply {
        let representation = match parameters.representation {
            Type::Ascii(_) => "ASCII",
            Type::Ebcdic(_) => "EBCDIC",
            Type::Image | Type::Local(_) => "BINARY",
        };
        let is_open = self.is_data_open();
        let verb = if is_open { "Using open" } else { "Opening" };
        let mut text = format!("{verb} {representation} mode data connection for ").into_bytes();
        text.extend(printable(name));
        match size {
            Some(size) => text.extend_from_slice(format!(" ({size} bytes).").as_bytes()),
            None => text.push(b'.'),
        }
        if is_open { reply::<125>(text) } else { reply::<150>(text) }
    }
}
