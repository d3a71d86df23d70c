//! RANG (draft-bryan-ftp-range).

use protocol::transfer::is_plain;

use crate::session::replies::reply;
use crate::session::{Sequence, Session, Step};
use crate::store::Span;

/// Both numbers are places of octets, and both octets belong to the range (§3). `RANG 1 0` takes a range back.
pub(super) fn rang(session: &mut Session, argument: &[u8]) -> Step {
    let Some((first, last)) = parse(argument) else {
        return reply::<501>("RANG takes two numbers, the places of the first and the last octet.").into();
    };
    if (first, last) == (1, 0) {
        return reply::<350>("The whole file from now on.").into();
    }
    if first > last {
        return reply::<501>("The range ends before it begins; the whole file is chosen.").into();
    }
    if !is_plain(session.parameters) {
        return reply::<551>("A range needs TYPE I, STRU F and MODE S.").into();
    }
    session.next_sequence = Sequence::Range { span: Span { first, last: Some(last) } };
    reply::<350>(format!("Octets {first} to {last}; send RETR, STOR, APPE or HASH.")).into()
}

/// A number too large for 64 bits is behind the end of any file.
fn parse(argument: &[u8]) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(argument).ok()?;
    let mut numbers = text.split(' ').map(|word| {
        let is_number = !word.is_empty() && word.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| word.parse().unwrap_or(u64::MAX))
    });
    let numbers = (numbers.next()??, numbers.next()??, numbers.next());
    match numbers {
        (first, last, None) => Some((first, last)),
        (_, _, Some(_)) => None,
    }
}
