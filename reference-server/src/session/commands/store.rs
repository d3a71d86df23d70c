//! STOR, STOU, APPE and ALLO (RFC 959 §4.1.3).

use super::restart::Part;
use super::retrieve::opening;
use crate::session::interface::Job;
use crate::session::replies::{refusal, reply, write_refusal};
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::{Form, Location, Span, Start, Store, StoreError, Writing};

pub(super) fn stor(session: &mut Session, pathname: &[u8]) -> Step {
    receive(session, pathname, Start::Beginning)
}

/// RFC 3659 §5.3: APPE behind REST acts like STOR behind REST.
pub(super) fn appe(session: &mut Session, pathname: &[u8]) -> Step {
    receive(session, pathname, Start::End)
}

fn receive(session: &mut Session, pathname: &[u8], start: Start) -> Step {
    let (start, span) = match session.take_part() {
        Part::From(0) => (start, None),
        Part::From(offset) => (Start::At(offset), None),
        Part::Within(span) => (Start::At(span.first), Some(span)),
    };
    let (form, umask) = (session.form(), session.options.umask);
    let name = pathname.to_vec();
    match session.locate_to_change(pathname) {
        Ok(file) => {
            let opened = file.clone();
            Step::perform(
                move |store| {
                    let mut writing = store.write(&opened, form, start)?;
                    mask(store, &opened, &writing, umask)?;
                    // draft-bryan-ftp-range §4.3: a range cuts nothing off.
                    writing.cut_to = writing.cut_to.filter(|_| span.is_none());
                    Ok(writing)
                },
                move |_, writing| {
                    let room = span.and_then(Span::length);
                    begin(writing, file, form, room, |_| opening(form, &name, None))
                },
            )
        }
        Err(refused) => refused,
    }
}

/// Takes the bits of SITE UMASK off a new file.
fn mask(store: &dyn Store, file: &Location, writing: &Writing, umask: Option<u32>) -> Result<(), StoreError> {
    match umask {
        Some(umask) if writing.is_new => store.set_mode(file, 0o666 & !umask).map(drop),
        Some(_) | None => Ok(()),
    }
}

/// RFC 1123 §4.1.2.9: the name stands in the preliminary reply, as `150 FILE: pppp`, and not in a 250 as RFC 959 has it.
pub(super) fn stou(session: &mut Session, _: &[u8]) -> Step {
    let (form, umask) = (session.form(), session.options.umask);
    match session.locate_to_change(b".") {
        Ok(directory) => Step::perform(
            move |store| {
                let (file, writing) = store.write_new(&directory)?;
                mask(store, &file, &writing, umask)?;
                Ok((file, writing))
            },
            move |_, made| match made {
                Ok((file, writing)) => {
                    begin(Ok(writing), file, form, None, |file| reply::<150>([b"FILE: ", file.name()].concat()))
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
    room: Option<u64>,
    preliminary: impl FnOnce(&Location) -> protocol::Reply,
) -> Step {
    match writing {
        Ok(Writing { file, cut_to, is_new }) => Step::Transfer(Box::new(Begin {
            preliminary: preliminary(&location),
            job: Job::Receive { file, form, cut_to, room },
            kind: if is_new { Kind::NewFile(location) } else { Kind::File },
        })),
        Err(error) => write_refusal(error).into(),
    }
}

/// How many octets there is room for, as a plain number (draft-peterson-streamlined-ftp-command-extensions §4).
pub(super) fn avbl(session: &mut Session, pathname: &[u8]) -> Step {
    match session.locate(pathname) {
        Ok(directory) => Step::perform(
            move |store| store.room(&directory),
            |_, room| room.map_or_else(refusal, |room| reply::<213>(room.to_string())).into(),
        ),
        Err(refused) => refused,
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
