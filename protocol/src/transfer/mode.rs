//! MODE: how parts are framed on the wire (RFC 959 §3.4).

use super::{DecodeError, Parameters, Part, block, compressed, deflate, ebcdic, stream};
use crate::parameters::{Mode, Structure};

/// Frames parts in any mode.
#[derive(Debug)]
pub enum Encoder {
    /// MODE S without records: closing the connection is the end of the file.
    Plain,
    /// MODE S with records.
    Stream(stream::Encoder),
    /// MODE B.
    Block(block::Encoder),
    /// MODE C of octets: the filler is zero.
    Compressed(compressed::Encoder<0>),
    /// MODE C of TYPE A: the filler is a space.
    CompressedAscii(compressed::Encoder<b' '>),
    /// MODE C of TYPE E: the filler is a space.
    CompressedEbcdic(compressed::Encoder<{ ebcdic::SPACE }>),
    /// MODE Z.
    Deflate(Box<deflate::Encoder>),
}

impl Encoder {
    /// An encoder for the mode.
    pub fn new(parameters: Parameters) -> Self {
        match (parameters.mode, parameters.structure, parameters.representation.filler()) {
            (Mode::Stream, Structure::Record, _) => Self::Stream(stream::Encoder),
            (Mode::Stream, Structure::File | Structure::Page, _) => Self::Plain,
            (Mode::Block, _, _) => Self::Block(block::Encoder::default()),
            (Mode::Compressed, _, b' ') => Self::CompressedAscii(compressed::Encoder::default()),
            (Mode::Compressed, _, ebcdic::SPACE) => Self::CompressedEbcdic(compressed::Encoder::default()),
            (Mode::Compressed, _, _) => Self::Compressed(compressed::Encoder::default()),
            (Mode::Deflate(level), structure, _) => Self::Deflate(Box::new(deflate::Encoder::new(structure, level))),
        }
    }

    /// Appends a part, or holds back a bounded piece of it until the next one.
    pub fn encode(&mut self, part: Part<'_>, wire: &mut Vec<u8>) {
        match self {
            Self::Plain => {
                if let Part::Data(octets) | Part::Suspect(octets) = part {
                    wire.extend_from_slice(octets);
                }
            }
            Self::Stream(encoder) => encoder.encode(part, wire),
            Self::Block(encoder) => encoder.encode(part, wire),
            Self::Compressed(encoder) => encoder.encode(part, wire),
            Self::CompressedAscii(encoder) => encoder.encode(part, wire),
            Self::CompressedEbcdic(encoder) => encoder.encode(part, wire),
            Self::Deflate(encoder) => encoder.encode(part, wire),
        }
    }

    /// Leaves out the first octets of what is framed. Only MODE Z counts places so; the others have markers, or are skipped by
    /// the caller.
    pub fn skip(&mut self, octets: u64) {
        if let Self::Deflate(encoder) = self {
            encoder.skip(octets);
        }
    }
}

/// Reads parts in any mode.
#[derive(Debug)]
pub enum Decoder {
    /// MODE S without records.
    Plain,
    /// MODE S with records.
    Stream(stream::Decoder),
    /// MODE B.
    Block(block::Decoder),
    /// MODE C.
    Compressed(Box<compressed::Decoder>),
    /// MODE Z.
    Deflate(Box<deflate::Decoder>),
}

impl Decoder {
    /// A decoder for the mode.
    pub fn new(parameters: Parameters) -> Self {
        match (parameters.mode, parameters.structure) {
            (Mode::Stream, Structure::Record) => Self::Stream(stream::Decoder::default()),
            (Mode::Stream, Structure::File | Structure::Page) => Self::Plain,
            (Mode::Block, _) => Self::Block(block::Decoder::default()),
            (Mode::Compressed, _) => {
                Self::Compressed(Box::new(compressed::Decoder::new(parameters.representation.filler())))
            }
            (Mode::Deflate(_), structure) => Self::Deflate(Box::new(deflate::Decoder::new(structure))),
        }
    }

    /// Takes octets off the front of `wire` until a part is complete. `None`: it needs more, or the file has ended.
    ///
    /// # Errors
    /// When the octets are not of this mode.
    pub fn decode<'a, 'w: 'a>(&'a mut self, wire: &mut &'w [u8]) -> Result<Option<Part<'a>>, DecodeError> {
        match self {
            Self::Plain => {
                let octets = std::mem::take(wire);
                Ok((!octets.is_empty()).then_some(Part::Data(octets)))
            }
            Self::Stream(decoder) => decoder.decode(wire),
            Self::Block(decoder) => decoder.decode(wire),
            Self::Compressed(decoder) => decoder.decode(wire),
            Self::Deflate(decoder) => decoder.decode(wire),
        }
    }

    /// The connection was closed. What the end still tells is asked for until `None`.
    ///
    /// # Errors
    /// When the mode says the end of a file, and has not said it: the file is incomplete.
    pub fn close(&mut self) -> Result<Option<Part<'static>>, DecodeError> {
        match self {
            Self::Plain => Ok(None),
            Self::Stream(decoder) => decoder.close().map(|()| None),
            Self::Block(decoder) => decoder.close().map(|()| None),
            Self::Compressed(decoder) => decoder.close(),
            Self::Deflate(decoder) => decoder.close().map(|()| None),
        }
    }
}
