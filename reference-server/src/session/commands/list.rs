//! LIST and NLST (RFC 959 §4.1.3, RFC 1123 §4.1.2.7).

use crate::session::interface::Job;
use crate::session::replies::list_refusal;
use crate::session::transfer::{Begin, Kind};
use crate::session::{Session, Step};
use crate::store::Listing;
use protocol::transfer::ascii;

pub(super) fn list(session: &mut Session, argument: &[u8]) -> Step {
    send(session, without_options(argument), Listing::Long)
}

pub(super) fn nlst(session: &mut Session, argument: &[u8]) -> Step {
    send(session, argument, Listing::Names { argument: argument.to_vec() })
}

/// A listing is text whatever TYPE is (RFC 1123 §4.1.2.7), and leaves TYPE as it is.
fn send(session: &mut Session, pathname: &[u8], listing: Listing) -> Step {
    let parameters = session.parameters_of_listing();
    match session.locate(pathname) {
        Ok(location) => Step::perform(
            move |store| store.list(&location, &listing),
            move |session, lines| match lines {
                Ok(lines) => Step::Transfer(Box::new(Begin {
                    preliminary: session.opening(parameters, b"file list", None),
                    job: Job::SendLines { lines: lines.map(local_line), parameters },
                    kind: Kind::Listing,
                })),
                Err(error) => list_refusal(error).into(),
            },
        ),
        Err(refused) => refused,
    }
}

/// The store gives the lines of the wire.
#[expect(clippy::needless_pass_by_value, reason = "a listing gives its lines away")]
fn local_line(wire: Vec<u8>) -> Vec<u8> {
    let (mut decoder, mut local) = (ascii::Decoder::default(), Vec::new());
    decoder.decode(&wire, &mut local);
    decoder.finish(&mut local);
    local
}

/// Some clients send options of `ls`, as `LIST -la dir`. No RFC knows them; taken for a pathname they would only annoy. A file
/// whose name begins with a hyphen can be listed as `./-name`.
pub(super) fn without_options(argument: &[u8]) -> &[u8] {
    let mut rest = argument;
    while let Some(options) = rest.strip_prefix(b"-") {
        let end = options.iter().position(|&octet| octet == b' ').unwrap_or(options.len());
        let (letters, behind) = options.split_at(end);
        if !letters.iter().all(u8::is_ascii_alphanumeric) {
            break;
        }
        rest = behind.strip_prefix(b" ").unwrap_or(behind);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", "")]
    #[case("dir", "dir")]
    #[case("-a", "")]
    #[case("-la dir", "dir")]
    #[case("-l -a a b", "a b")]
    #[case("./-a", "./-a")]
    #[case("-not.an.option", "-not.an.option")]
    fn options(#[case] argument: &str, #[case] pathname: &str) {
        assert_eq!(without_options(argument.as_bytes()), pathname.as_bytes());
    }
}
