//! STOR, STOU, APPE and ALLO (RFC 959 §4.1.3).

use protocol::restart::Position;

use crate::coding::has_container;
use crate::session::interface::Job;
use crate::session::replies::{reply, write_refusal};
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::{Form, Location, Start, StoreError, Writing};

pub(super) fn stor(session: &mut Session, pathname: &[u8]) -> Step {
    receive(session, pathname, Start::Beginning)
}

/// RFC 3659 §5.3: APPE behind REST acts like STOR behind REST.
pub(super) fn appe(session: &mut Session, pathname: &[u8]) -> Step {
    receive(session, pathname, Start::End)
}

fn receive(session: &mut Session, pathname: &[u8], start: Start) -> Step {
    let (position, form) = match session.take_restart_point().and_then(|position| Ok((position, session.form()?))) {
        Ok(both) => both,
        Err(refused) => return refused,
    };
    let start = match position.octets {
        0 => start,
        offset => Start::At(offset),
    };
    if start == Start::End && has_container(session.parameters) {
        return reply::<504>("Pages, and records of octets, cannot be appended to a file; use STOR.").into();
    }
    let parameters = session.parameters;
    let name = pathname.to_vec();
    match session.locate_to_change(pathname) {
        Ok(file) => {
            let opened = file.clone();
            Step::perform(
                move |store| store.write(&opened, form, start),
                move |session, writing| {
                    begin(writing, file, form, position, |_| session.opening(parameters, &name, None))
                },
            )
        }
        Err(refused) => refused,
    }
}

/// RFC 1123 §4.1.2.9: the name stands in the preliminary reply, as `150 FILE: pppp` or `125 FILE: pppp`, and not in a 250 as RFC 959 has it.
pub(super) fn stou(session: &mut Session, _: &[u8]) -> Step {
    let form = match session.form() {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    match session.locate_to_change(b".") {
        Ok(directory) => Step::perform(
            move |store| store.write_new(&directory),
            move |session, made| match made {
                Ok((file, writing)) => {
                    let text = |file: &Location| [b"FILE: ", file.name()].concat();
                    let is_open = session.is_data_open();
                    let preliminary =
                        |file: &Location| if is_open { reply::<125>(text(file)) } else { reply::<150>(text(file)) };
                    begin(Ok(writing), file, form, Position::default(), preliminary)
                }
                Err(error) => write_refusal(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

fn begin(
    writing: Result<Writing, StoreError>,
    location: Location,
    form: Form,
    position: Position,
    preliminary: impl FnOnce(&Location) -> protocol::Reply,
) -> Step {
    match writing {
        Ok(Writing { file, cut_to, is_new }) => Step::Transfer(Box::new(Begin {
            preliminary: preliminary(&location),
            job: Job::Receive { file, form, cut_to, position },
            kind: if is_new { Kind::NewFile(location) } else { Kind::File },
        })),
        Err(error) => write_refusal(error).into(),
    }
}

/// No room need be reserved here: then ALLO is a NOOP, and 202 says so (RFC 959 §4.1.3, §4.2.1).
pub(super) fn allo(_: &mut Session, argument: &[u8]) -> Step {
    let words: Vec<&[u8]> = argument.split(|&octet| octet == b' ').filter(|word| !word.is_empty()).collect();
    let is_number = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    match *words.as_slice() {
        [size] if is_number(size) => reply::<202>("No room need be reserved here.").into(),
        [size, b"R" | b"r", record] if is_number(size) && is_number(record) => {
            reply::<202>("No room need be reserved here.").into()
        }
        _ => reply::<501>("ALLO takes a number of octets, and R and another one behind it or not.").into(),
    }
}
