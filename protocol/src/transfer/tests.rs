//! The coders together: every TYPE with every STRU and every MODE.

mod hostile;
mod round_trip;
mod vectors;

use super::{DecodeError, Parameters, Progress, Receiver, Sender, Stored};
use crate::parameters::{Form, Level, Mode, Structure, Type};
use crate::restart::{Marker, Position};

const TYPES: [Type; 8] = [
    Type::Ascii(Form::NonPrint),
    Type::Ascii(Form::CarriageControl),
    Type::Ebcdic(Form::NonPrint),
    Type::Ebcdic(Form::Telnet),
    Type::Image,
    Type::Local(8),
    Type::Local(36),
    Type::Local(7),
];
const STRUCTURES: [Structure; 3] = [Structure::File, Structure::Record, Structure::Page];
const DEFAULT: Level = Level::new(6).unwrap();
const MODES: [Mode; 4] = [Mode::Stream, Mode::Block, Mode::Compressed, Mode::Deflate(DEFAULT)];

fn cells() -> impl Iterator<Item = Parameters> {
    TYPES.into_iter().flat_map(|representation| {
        STRUCTURES.into_iter().flat_map(move |structure| {
            MODES.into_iter().map(move |mode| Parameters { representation, structure, mode })
        })
    })
}

/// What came of a transfer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    stored: Stored,
    marks: Vec<(Marker, Position)>,
    /// What the receiver did not take.
    left: Vec<u8>,
}

/// Receives `wire` in pieces of the size, closes the connection, and gathers everything.
fn receive(parameters: Parameters, wire: &[u8], size: usize) -> Result<Outcome, DecodeError> {
    receive_from(Position::default(), parameters, wire, size)
}

fn receive_from(at: Position, parameters: Parameters, wire: &[u8], size: usize) -> Result<Outcome, DecodeError> {
    let mut receiver = Receiver::new(parameters, at).unwrap();
    let (mut outcome, mut stored) = (Outcome::default(), Stored::default());
    let mut is_ended = false;
    for piece in wire.chunks(size) {
        let mut rest = piece;
        while !is_ended {
            let progress = receiver.receive(&mut rest, &mut stored)?;
            assert!(stored.octets.len() <= 256 * 1024 + size.min(wire.len()).max(64) * 8, "not bounded");
            outcome.stored.octets.append(&mut stored.octets);
            outcome.stored.record_lengths.append(&mut stored.record_lengths);
            match progress {
                Progress::NeedsMore => break,
                Progress::Full => {}
                Progress::Marker { sender, position } => outcome.marks.push((sender, position)),
                Progress::Ended => is_ended = true,
            }
        }
        outcome.left.extend_from_slice(rest);
    }
    receiver.close(&mut stored)?;
    outcome.stored.octets.append(&mut stored.octets);
    outcome.stored.record_lengths.append(&mut stored.record_lengths);
    Ok(outcome)
}

/// Sends a local form without a list of records, in pieces of the size.
fn send(parameters: Parameters, local: &[u8], size: usize) -> Vec<u8> {
    let (mut sender, mut wire) = (Sender::new(parameters, Position::default()).unwrap(), Vec::new());
    local.chunks(size).for_each(|piece| sender.send(piece, &mut wire).unwrap());
    sender.finish(&mut wire).unwrap();
    wire
}
