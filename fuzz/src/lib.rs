//! What the targets share. Each takes octets, and panics where an invariant does not hold.

use protocol::restart::{Marker, Position};
use protocol::transfer::{Fault, Parameters, Progress, Receiver, Stored};
use protocol::{Form, Level, Mode, Structure, Type};

/// What a transfer may make of its octets at a time (`protocol::transfer::receiver`).
const MOST: usize = 256 * 1024 + 16 * 1024 * 64;
/// Nobody looks at more of a bomb.
const ENOUGH: usize = 8 << 20;

/// Cuts octets into pieces whose lengths the first of them say, and which are 1 to 32 octets long.
pub fn pieces<'a>(cuts: &'a [u8], mut octets: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut lengths = cuts.iter().cycle().map(|cut| usize::from(cut % 32) + 1);
    std::iter::from_fn(move || {
        let length = lengths.next().unwrap_or(1).min(octets.len());
        let (piece, rest) = octets.split_at(length);
        octets = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What came of a transfer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    octets: Vec<u8>,
    record_lengths: Vec<u8>,
    marks: Vec<(Marker, Position)>,
    left: Vec<u8>,
    fault: Option<Fault>,
}

/// The first octet says TYPE and STRU, the next four where to cut. No octets make the decoder panic or keep more than its bound, and
/// where they are cut changes nothing.
pub fn receive(mode: Mode, data: &[u8]) {
    let Some((&[cell, ref cuts @ ..], wire)) = data.split_first_chunk::<5>() else { return };
    let types = [
        Type::Ascii(Form::NonPrint),
        Type::Ebcdic(Form::NonPrint),
        Type::Image,
        Type::Local(8),
        Type::Local(36),
        Type::Local(7),
    ];
    let structures = [Structure::File, Structure::Record, Structure::Page];
    let representation = types[usize::from(cell) % types.len()];
    let structure = structures[usize::from(cell) / types.len() % structures.len()];
    let parameters = Parameters { representation, structure, mode };
    let whole = outcome(parameters, [wire].into_iter());
    let cut = outcome(parameters, pieces(cuts, wire));
    if let (Some(whole), Some(cut)) = (&whole, &cut)
        && [whole, cut].iter().any(|outcome| outcome.fault == Some(Fault::NotDeflated))
    {
        // What is inflated in the same piece as a fault is not kept: nobody knows which of its octets is right.
        assert!(whole.fault.is_some() && cut.fault.is_some(), "{parameters:?}: {whole:?} {cut:?}");
        let is_beginning = whole.octets.starts_with(&cut.octets) || cut.octets.starts_with(&whole.octets);
        assert!(is_beginning, "{parameters:?}: {whole:?} {cut:?}");
        return;
    }
    assert_eq!(whole, cut, "{parameters:?}");
}

fn outcome<'a>(parameters: Parameters, pieces: impl Iterator<Item = &'a [u8]>) -> Option<Outcome> {
    let Ok(mut receiver) = Receiver::new(parameters, Position::default()) else { return None };
    let (mut outcome, mut stored, mut is_ended) = (Outcome::default(), Stored::default(), false);
    for piece in pieces {
        let mut rest = piece;
        while !is_ended {
            let before = rest.len();
            let progress = receiver.receive(&mut rest, &mut stored);
            assert!(stored.octets.len() + stored.record_lengths.len() <= MOST, "{} octets", stored.octets.len());
            let is_idle = rest.len() == before && stored == Stored::default();
            take(&mut outcome, &mut stored);
            // The two are not cut off at the same octet.
            if outcome.octets.len() > ENOUGH {
                return None;
            }
            match progress {
                Err(error) => {
                    outcome.fault = Some(error.fault);
                    // What is left then, nobody reads.
                    return Some(outcome);
                }
                Ok(Progress::NeedsMore) => {
                    assert!(rest.is_empty(), "it wants more and has left some");
                    break;
                }
                Ok(Progress::Full) => assert!(!is_idle, "it is full of nothing"),
                Ok(Progress::Marker { sender, position }) => outcome.marks.push((sender, position)),
                Ok(Progress::Ended) => is_ended = true,
            }
        }
        outcome.left.extend_from_slice(rest);
    }
    if !is_ended && let Err(error) = receiver.close(&mut stored) {
        outcome.fault = Some(error.fault);
    }
    take(&mut outcome, &mut stored);
    Some(outcome)
}

fn take(outcome: &mut Outcome, stored: &mut Stored) {
    outcome.octets.append(&mut stored.octets);
    outcome.record_lengths.append(&mut stored.record_lengths);
}

/// How hard the sender tries does not matter to who receives.
pub fn deflate() -> Mode {
    Mode::Deflate(Level::new(6).expect("it is 0 to 9"))
}
