//! RNFR and RNTO (RFC 959 §4.1.3).

use crate::session::replies::{refusal, reply, write_refusal};
use crate::session::{Sequence, Session, Step};

pub(super) fn rnfr(session: &mut Session, pathname: &[u8]) -> Step {
    let from = match session.locate_to_change(pathname) {
        Ok(from) => from,
        Err(refused) => return refused,
    };
    let found = from.clone();
    Step::perform(
        move |store| store.find(&found),
        move |session, found| match found {
            Ok(()) => {
                session.next_sequence = Sequence::Rename { from };
                reply::<350>("File exists; send RNTO with the new name.").into()
            }
            Err(error) => refusal(error).into(),
        },
    )
}

pub(super) fn rnto(session: &mut Session, pathname: &[u8]) -> Step {
    let Sequence::Rename { from } = std::mem::take(&mut session.sequence) else {
        return reply::<503>("Send RNFR first, just before RNTO.").into();
    };
    if let Some(refused) = session.storing_needs_account() {
        return refused;
    }
    match session.locate_to_change(pathname) {
        Ok(to) => Step::perform(
            move |store| store.rename(&from, &to),
            |_, renamed| renamed.map_or_else(write_refusal, |()| reply::<250>("File renamed.")).into(),
        ),
        Err(refused) => refused,
    }
}
