//! HASH (draft-bryan-ftpext-hash), and XCRC, XMD5 and XSHA, which vendors had before it.

use protocol::{Pathname, Reply};

use crate::session::replies::{refusal, reply};
use crate::session::{Sequence, Session, Step};
use crate::store::{Algorithm, Refused, Span, StoreError};

/// The digest is that of the file as TYPE I and MODE S would send it, whatever holds now (§3).
pub(super) fn hash(session: &mut Session, pathname: &[u8]) -> Step {
    let algorithm = session.options.hash;
    let span = session.take_span();
    let name = pathname.to_vec();
    match session.locate(pathname) {
        Ok(file) => Step::perform(
            move |store| store.digest(&file, algorithm, span),
            move |_, digested| match digested {
                Ok(digested) => {
                    let (first, last, hexadecimal) = (digested.first, digested.last, digested.hexadecimal);
                    let start = format!("{} {first}-{last} {hexadecimal} ", algorithm.name());
                    reply::<213>([start.as_bytes(), &name].concat()).into()
                }
                Err(error) => not_hashed(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

/// §3.5: 553 for a directory, 551 for what TYPE I cannot deliver.
fn not_hashed(error: StoreError) -> Reply {
    match error {
        StoreError::Refused(Refused::IsADirectory) => reply::<553>("A directory has no digest."),
        StoreError::Refused(Refused::NotAFile) => reply::<551>("Not a plain file."),
        StoreError::BadOffset => reply::<501>("The range begins behind the end of the file."),
        StoreError::Refused(_) | StoreError::NoSpace | StoreError::Local => refusal(error),
    }
}

pub(super) fn xcrc(session: &mut Session, argument: &[u8]) -> Step {
    checksum(session, argument, Algorithm::Crc32)
}

pub(super) fn xmd5(session: &mut Session, argument: &[u8]) -> Step {
    checksum(session, argument, Algorithm::Md5)
}

pub(super) fn xsha1(session: &mut Session, argument: &[u8]) -> Step {
    checksum(session, argument, Algorithm::Sha1)
}

pub(super) fn xsha256(session: &mut Session, argument: &[u8]) -> Step {
    checksum(session, argument, Algorithm::Sha256)
}

pub(super) fn xsha512(session: &mut Session, argument: &[u8]) -> Step {
    checksum(session, argument, Algorithm::Sha512)
}

fn checksum(session: &mut Session, argument: &[u8], algorithm: Algorithm) -> Step {
    let Some((pathname, span)) = parse(argument) else {
        return reply::<501>("Write the pathname alone, or \"pathname\" and two numbers behind it.").into();
    };
    match session.locate(&pathname) {
        Ok(file) => Step::perform(
            move |store| store.digest(&file, algorithm, span),
            |_, digested| match digested {
                Ok(digested) => reply::<250>(digested.hexadecimal.to_ascii_uppercase()).into(),
                Err(StoreError::BadOffset) => reply::<550>("The range begins behind the end of the file.").into(),
                Err(error) => refusal(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

/// A pathname as it stands, or one between quotes, and then numbers: with one, the end; with two, the start and the end. The
/// end is the place behind the last octet, so that 0 and the size are the whole file; vendors differ in that.
fn parse(argument: &[u8]) -> Option<(Vec<u8>, Span)> {
    if !argument.starts_with(b"\"") {
        return Some((argument.to_vec(), Span::default()));
    }
    let pathname = Pathname::from_reply(argument).ok()?;
    let behind = std::str::from_utf8(argument.get(pathname.quoted().len()..)?).ok()?;
    let numbers = behind.split([' ', ',']).filter(|word| !word.is_empty());
    let numbers = numbers.map(|word| word.parse::<u64>().ok()).collect::<Option<Vec<u64>>>()?;
    let (first, end) = match *numbers.as_slice() {
        [] => return Some((pathname.into_bytes(), Span::default())),
        [end] => (0, end),
        [first, end] => (first, end),
        _ => return None,
    };
    (first < end).then(|| (pathname.into_bytes(), Span { first, last: Some(end - 1) }))
}

impl Session {
    /// OPTS HASH: which algorithm is chosen, or to choose one (§3.2).
    pub(super) fn choose_algorithm(&mut self, name: &[u8]) -> Reply {
        if !name.is_empty() {
            let is_it = |algorithm: &Algorithm| algorithm.name().as_bytes().eq_ignore_ascii_case(name);
            let Some(algorithm) = Algorithm::OF_HASH.into_iter().find(is_it) else {
                return reply::<501>("This algorithm is not known here; FEAT tells which are.");
            };
            self.options.hash = algorithm;
        }
        reply::<200>(self.options.hash.name())
    }

    /// What FEAT says behind HASH: every algorithm, the chosen one with a star (§3.1).
    pub(super) fn algorithms(&self) -> String {
        let star = |algorithm| if algorithm == self.options.hash { "*;" } else { ";" };
        Algorithm::OF_HASH.map(|algorithm| [algorithm.name(), star(algorithm)].concat()).concat()
    }

    /// What RANG has chosen for this command.
    pub(super) fn take_span(&mut self) -> Span {
        match std::mem::take(&mut self.sequence) {
            Sequence::Range { span } => span,
            Sequence::Restart { .. } | Sequence::Rename { .. } | Sequence::None => Span::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::bare("a b 1", Some(("a b 1", 0, None)))]
    #[case::quoted("\"a b\"", Some(("a b", 0, None)))]
    #[case::quote_inside("\"a\"\"b\"", Some(("a\"b", 0, None)))]
    #[case::end("\"a\" 10", Some(("a", 0, Some(9))))]
    #[case::both("\"a\" 5 10", Some(("a", 5, Some(9))))]
    #[case::commas("\"a\",5,10", Some(("a", 5, Some(9))))]
    #[case::empty_range("\"a\" 5 5", None)]
    #[case::three("\"a\" 1 2 3", None)]
    #[case::word("\"a\" x", None)]
    #[case::open("\"a", None)]
    fn arguments(#[case] argument: &str, #[case] expected: Option<(&str, u64, Option<u64>)>) {
        let expected = expected.map(|(name, first, last)| (name.as_bytes().to_vec(), Span { first, last }));
        assert_eq!(parse(argument.as_bytes()), expected);
    }
}
