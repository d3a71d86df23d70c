//! TYPE: what is done to the text of a part, between the local form and the type's (RFC 959 §3.1.1).

use super::{ascii, ebcdic};
use crate::parameters::Type;

/// Makes the type's form of local octets.
#[derive(Debug, Clone)]
pub enum Encoder {
    /// TYPE A.
    Ascii(ascii::Encoder),
    /// TYPE E.
    Ebcdic,
    /// TYPE I and L: octets as they are.
    Octets,
}

impl Encoder {
    /// An encoder for the type.
    pub fn new(representation: Type) -> Self {
        match representation {
            Type::Ascii(_) => Self::Ascii(ascii::Encoder::default()),
            Type::Ebcdic(_) => Self::Ebcdic,
            Type::Image | Type::Local(_) => Self::Octets,
        }
    }

    /// The type's form, made in `scratch` where it is another.
    pub fn encode<'a>(&mut self, local: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        scratch.clear();
        match self {
            Self::Ascii(encoder) => encoder.encode(local, scratch),
            Self::Ebcdic => ebcdic::encode(local, scratch),
            Self::Octets => return local,
        }
        scratch
    }
}

/// Makes local octets of the type's form.
#[derive(Debug, Clone)]
pub enum Decoder {
    /// TYPE A.
    Ascii(ascii::Decoder),
    /// TYPE E.
    Ebcdic,
    /// TYPE I and L: octets as they are.
    Octets,
}

impl Decoder {
    /// A decoder for the type.
    pub fn new(representation: Type) -> Self {
        match representation {
            Type::Ascii(_) => Self::Ascii(ascii::Decoder::default()),
            Type::Ebcdic(_) => Self::Ebcdic,
            Type::Image | Type::Local(_) => Self::Octets,
        }
    }

    /// Appends the local form of `data`.
    pub fn decode(&mut self, data: &[u8], local: &mut Vec<u8>) {
        match self {
            Self::Ascii(decoder) => decoder.decode(data, local),
            Self::Ebcdic => ebcdic::decode(data, local),
            Self::Octets => local.extend_from_slice(data),
        }
    }

    /// A record or the file ends here: what waits for more is text.
    pub fn flush(&mut self, local: &mut Vec<u8>) {
        if let Self::Ascii(decoder) = self {
            std::mem::take(decoder).finish(local);
        }
    }
}
