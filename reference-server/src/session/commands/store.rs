//! STOR, STOU, APPE and ALLO (RFC 959 §4.1.3).

use protocol::restart::Position;

use super::restart::Part;
use crate::coding::has_container;
use crate::session::interface::Job;
use crate::session::replies::{refusal, reply, write_refusal};
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::{Form, Location, Start, Store, StoreError, Writing};

pub(super) fn stor(session: &mut Session, pathname: &[u8]) -> Step {
    receive(session, pathname, Start::Beginning)
}

/// RFC 3659 §5.3: APPE behind REST acts like STOR behind REST.
pub(super) fn appe(session: &mut Session, pathname: &[u8]) -> Step {
    receive(session, pathname, Start::End)
}

fn receive(session: &mut Session, pathname: &[u8], start: Start) -> Step {
    if let Some(refused) = session.storing_needs_account() {
        return refused;
    }
    let (part, form) = match session.take_part().and_then(|part| Ok((part, session.form()?))) {
        Ok(both) => both,
        Err(refused) => return refused,
    };
    let (position, span) = match part {
        Part::From(position) => (position, None),
        Part::Within(span) => (Position::default(), Some(span)),
    };
    let start = match span.map_or(position.octets, |span| span.first) {
        0 if span.is_none() => start,
        offset => Start::At(offset),
    };
    if start == Start::End && has_container(session.parameters) {
        return reply::<504>("Pages, and records of octets, cannot be appended to a file; use STOR.").into();
    }
    let (parameters, umask) = (session.parameters, session.options.umask);
    let name = pathname.to_vec();
    match session.locate_to_change(pathname) {
        Ok(file) => {
            let opened = file.clone();
            Step::perform(
                move |store| {
                    let mut writing = store.write(&opened, form, start)?;
                    mask(store, &opened, &writing, umask)?;
                    if let Some(span) = span {
                        // draft-bryan-ftp-range §4.3: a range cuts nothing off, and gets no octet more.
                        writing.cut_to = None;
                        writing.room = writing.room.at_most(span.length());
                    }
                    Ok(writing)
                },
                move |session, writing| {
                    begin(writing, file, form, position, |_| session.opening(parameters, &name, None))
                },
            )
        }
        Err(refused) => refused,
    }
}

/// Takes the bits of SITE UMASK off a new file.
fn mask(store: &dyn Store, file: &Location, writing: &Writing, umask: Option<u32>) -> Result<(), StoreError> {
    let Some(mode) = umask.filter(|_| writing.is_new).map(|umask| 0o666 & !umask) else { return Ok(()) };
    match &writing.landing {
        Some(landing) => landing.set_mode(mode),
        None => store.set_mode(file, mode).map(drop),
    }
}

/// RFC 1123 §4.1.2.9: the name stands in the preliminary reply, as `150 FILE: pppp` or `125 FILE: pppp`, and not in a 250 as RFC 959 has it.
pub(super) fn stou(session: &mut Session, _: &[u8]) -> Step {
    if let Some(refused) = session.storing_needs_account() {
        return refused;
    }
    let form = match session.form() {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let umask = session.options.umask;
    match session.locate_to_change(b".") {
        Ok(directory) => Step::perform(
            move |store| {
                let (file, writing) = store.write_new(&directory)?;
                mask(store, &file, &writing, umask)?;
                Ok((file, writing))
            },
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
        Ok(Writing { file, cut_to, is_new, room, landing }) => Step::Transfer(Box::new(Begin {
            preliminary: preliminary(&location),
            // What has no name yet needs not be deleted.
            kind: if is_new && landing.is_none() { Kind::NewFile(location) } else { Kind::File(location) },
            job: Job::Receive { file, form, cut_to, position, room, landing },
        })),
        Err(error) => write_refusal(error).into(),
    }
}

/// How many octets there is room for, as a plain number (draft-peterson-streamlined-ftp-command-extensions §4).
pub(super) fn avbl(session: &mut Session, pathname: &[u8]) -> Step {
    match session.locate(pathname) {
        Ok(directory) => Step::perform(
            move |store| store.room(&directory),
            |_, room| room.map_or_else(refusal, |room| reply::<213>(room.octets().to_string())).into(),
        ),
        Err(refused) => refused,
    }
}

/// There is nothing to reserve room in; but whether there is room can be told. RFC 959 §5.4 has no reply for too little, and §4.2
/// has two that say it: 552 for the user's share, 452 for the disk. The size of a record makes no difference (§4.1.3).
pub(super) fn allo(session: &mut Session, argument: &[u8]) -> Step {
    let Some(wanted) = octets_wanted(argument) else {
        return reply::<501>("ALLO takes a number of octets, and R and another one behind it or not.").into();
    };
    let here = session.working.clone();
    Step::perform(
        move |store| store.room(&here),
        move |_, room| match room {
            Ok(room) if room.of_quota.is_some_and(|left| wanted > left) => {
                reply::<552>("That is more than you may store.").into()
            }
            Ok(room) if wanted > room.free => reply::<452>("That is more than there is room for.").into(),
            Ok(_) => reply::<200>("There is room; it is not reserved.").into(),
            Err(error) => refusal(error).into(),
        },
    )
}

/// A number too large for 64 bits is larger than any disk.
fn octets_wanted(argument: &[u8]) -> Option<u64> {
    let words: Vec<&[u8]> = argument.split(|&octet| octet == b' ').filter(|word| !word.is_empty()).collect();
    let is_number = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    let size = match *words.as_slice() {
        [size] if is_number(size) => size,
        [size, b"R" | b"r", record] if is_number(size) && is_number(record) => size,
        _ => return None,
    };
    Some(std::str::from_utf8(size).ok()?.parse().unwrap_or(u64::MAX))
}
