//! REST in stream mode (RFC 3659 §5).

use crate::session::replies::reply;
use crate::session::{Sequence, Session, Step};
use crate::store::Span;

/// Any number is taken here; whether the file reaches that far is for the transfer command to say (RFC 3659 §5.3).
pub(super) fn rest(session: &mut Session, argument: &[u8]) -> Step {
    let digits = argument.trim_ascii();
    let number = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
    let Some(number) = number.filter(|number| !number.is_empty()) else {
        return reply::<501>("REST takes a number of octets, in decimal digits.").into();
    };
    // A number too large for 64 bits is larger than any file: the transfer command will say so.
    let offset = number.parse().unwrap_or(u64::MAX);
    session.next_sequence = Sequence::Restart { offset };
    reply::<350>(format!("Restarting at {offset}; send RETR, STOR or APPE.")).into()
}

/// Which part of a file a transfer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// REST: from this octet of the wire on. 0 is the whole file.
    From(u64),
    /// RANG: these octets, and none besides.
    Within(Span),
}

impl Session {
    /// What REST or RANG has chosen for this command.
    pub(super) fn take_part(&mut self) -> Part {
        match std::mem::take(&mut self.sequence) {
            Sequence::Restart { offset } => Part::From(offset),
            Sequence::Range { span } => Part::Within(span),
            Sequence::Rename { .. } | Sequence::None => Part::From(0),
        }
    }
}
