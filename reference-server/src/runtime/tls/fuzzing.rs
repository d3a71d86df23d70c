//! Octets that no client of TLS would send.

use std::sync::LazyLock;

use super::{LONGEST_RECORD, Secured, Tls};
use crate::certificates::{Made, Source, configuration};

/// Hands the octets in, all at once and cut where the first of them says.
///
/// # Panics
/// When it makes a difference where they are cut, or when more is kept than one record.
pub fn receive(octets: &[u8]) {
    let Some((cuts, octets)) = octets.split_first_chunk::<4>() else { return };
    // What is said by a server with another key differs; how it goes on does not.
    let (whole, cut) = (outcome(&[octets]), outcome(&pieces(cuts, octets)));
    assert_eq!(whole, cut);
}

/// What came in clear, what came behind TLS, and whether it failed.
type Outcome = (Vec<u8>, Vec<u8>, bool);

fn outcome(pieces: &[&[u8]]) -> Outcome {
    static TLS: LazyLock<Option<Tls>> = LazyLock::new(|| {
        let source = Source::Generated { names: vec!["localhost".to_owned()], made: Made::default() };
        configuration(&source, None).ok().map(|configuration| Tls::new(configuration, false))
    });
    let secured = TLS.as_ref().map(Secured::new);
    assert!(matches!(secured, Some(Ok(_))), "no TLS");
    let Some(Ok(mut secured)) = secured else { return Outcome::default() };
    let (mut plain, mut behind, mut has_ended) = (Vec::new(), Vec::new(), false);
    for piece in pieces {
        if has_ended {
            behind.extend_from_slice(piece);
            continue;
        }
        match secured.receive(piece, &mut plain) {
            Ok(super::Standing::Open) => {}
            Ok(super::Standing::Ended { behind: first }) => {
                has_ended = true;
                behind = first;
            }
            Err(_) => return (plain, behind, true),
        }
        assert!(secured.partial.len() <= LONGEST_RECORD, "{} octets of a record", secured.partial.len());
        assert!(secured.take_output().is_ok(), "nothing can be said");
    }
    (plain, behind, false)
}

fn pieces<'a>(cuts: &[u8], mut octets: &'a [u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts.iter().cycle() {
        if octets.is_empty() {
            break;
        }
        let (piece, rest) = octets.split_at((usize::from(cut % 64) + 1).min(octets.len()));
        pieces.push(piece);
        octets = rest;
    }
    pieces
}
