//! What travels on a data connection: TYPE, STRU and MODE (RFC 959 §3).
//!
//! Each of the three has its own coders, and none knows the others. Between them goes one vocabulary, [`Part`]:
//!
//! ```text
//! local octets ─ structure ─► parts ─ representation ─► parts ─ mode ─► wire        Sender
//! local octets ◄─ structure ─ parts ◄─ representation ─ parts ◄─ mode ─ wire        Receiver
//! ```
//!
//! - [`record`] and [`page`] (STRU) find the records or pages in the local form of a file, and put them back.
//! - [`ascii`] and [`ebcdic`] (TYPE) translate the text of a part.
//! - [`stream`], [`block`], [`compressed`] and [`deflate`] (MODE) frame the parts.
//!
//! [`Sender`] and [`Receiver`] put them together. They take and give pieces of any size, and keep a bounded amount whatever
//! comes. Where TYPE I or L meets STRU F and MODE S there is nothing to encode ([`is_plain`]), and a runtime can move such a
//! file without looking at it.
//!
//! # The local forms
//!
//! | STRU | TYPE A, E | TYPE I, L n |
//! |---|---|---|
//! | F | text whose lines end in LF | the octets as they came |
//! | R | a line is a record: the LF is its end | the octets of all records, and beside them a list of lengths ([`record`]) |
//! | P | a container ([`page`]); its data as it came | the same |
//!
//! TYPE L 8 is TYPE I (RFC 1123 §4.1.2.1). For another byte size the octets here are those of the wire: logical bytes packed
//! without gaps, with zeros behind the last one up to a whole octet (of the file, or of each record).
//!
//! Forms N, T and C are the same here (RFC 1123 §4.1.2.2): format effectors and the control characters of ASA are octets of
//! the text, and come back as they were.

pub mod ascii;
mod bits;
pub mod block;
pub mod compressed;
pub mod deflate;
pub mod descriptor;
pub mod ebcdic;
mod fault;
pub mod mode;
pub mod page;
mod receiver;
pub mod record;
pub mod representation;
mod sender;
pub mod stream;

pub use fault::{DecodeError, Fault, LocalFault};
pub use receiver::{Progress, Receiver, Stored};
pub use sender::Sender;

use crate::parameters::{Mode, Structure, Type};

/// A part of a file on its way between two coders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Octets of the file.
    Data(&'a [u8]),
    /// Octets of the file that the sender suspects of errors (RFC 959 §3.4.2). They are data all the same.
    Suspect(&'a [u8]),
    /// A restart marker (RFC 959 §3.5).
    Marker(&'a [u8]),
    /// The end of a record.
    EndOfRecord,
    /// The end of the file.
    EndOfFile,
}

/// The parameters of a transfer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// TYPE.
    pub representation: Type,
    /// STRU.
    pub structure: Structure,
    /// MODE.
    pub mode: Mode,
}

/// Whether the octets of the file are those of the wire, and closing ends them.
///
/// ```
/// use protocol::transfer::{Parameters, is_plain};
/// use protocol::{Mode, Type};
///
/// let image = Parameters { representation: Type::Image, ..Parameters::default() };
/// assert!(is_plain(image));
/// assert!(!is_plain(Parameters { mode: Mode::Block, ..image }));
/// ```
pub fn is_plain(parameters: Parameters) -> bool {
    !parameters.representation.is_text() && parameters.structure == Structure::File && parameters.mode == Mode::Stream
}

#[cfg(test)]
mod tests;
