//! SIZE and MDTM (RFC 3659 §3, §4).

use protocol::Timestamp;

use crate::session::replies::{refusal, reply};
use crate::session::{Session, Step};

/// The size is that of a transfer with the TYPE that holds now, in MODE Z before it is compressed: it is the place where REST
/// goes on (draft-preston-ftpext-deflate §3.7). Where the wire form
/// is another the file is read to count its octets: RFC 3659 §4 wants the exact number or a refusal, and a client in TYPE A
/// has use for the number too.
pub(super) fn size(session: &mut Session, pathname: &[u8]) -> Step {
    let form = match session.form_inflated() {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    match session.locate(pathname) {
        Ok(file) => Step::perform(
            move |store| store.size(&file, form),
            |_, size| size.map_or_else(refusal, |size| reply::<213>(size.to_string())).into(),
        ),
        Err(refused) => refused,
    }
}

/// The whole argument is the pathname, also when it begins with fourteen digits: MDTM sets nothing (RFC 3659 §3.1).
pub(super) fn mdtm(session: &mut Session, pathname: &[u8]) -> Step {
    match session.locate(pathname) {
        Ok(file) => Step::perform(
            move |store| store.modified(&file),
            |_, modified| {
                modified.map_or_else(refusal, |time| reply::<213>(Timestamp::from_unix(time).to_string())).into()
            },
        ),
        Err(refused) => refused,
    }
}
