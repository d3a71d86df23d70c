//! REST: in MODE S and Z an octet of the transfer (RFC 3659 §5; in MODE Z of what is compressed,
//! draft-preston-ftpext-deflate §3.7), in the others a marker that this server has given (RFC 959 §3.5).

use protocol::restart::Position;
use protocol::transfer::Parameters;
use protocol::{Mode, Structure};

use crate::coding::has_markers;
use crate::session::replies::{bad_offset, reply};
use crate::session::{Sequence, Session, Step};
use crate::store::Span;

/// Any number is taken here; whether the file reaches that far is for the transfer command to say (RFC 3659 §5.3).
pub(super) fn rest(session: &mut Session, argument: &[u8]) -> Step {
    let argument = argument.trim_ascii();
    let position = match session.parameters.mode {
        Mode::Stream | Mode::Deflate(_) => number(argument).ok_or("REST takes a number of octets, in decimal digits."),
        Mode::Block | Mode::Compressed => {
            Position::parse(argument).ok().ok_or("REST takes a marker of this server in this mode.")
        }
    };
    match position {
        Ok(position) => {
            session.next_sequence = Sequence::Restart { position };
            reply::<350>(format!("Restarting at {position}; send RETR, STOR or APPE.")).into()
        }
        Err(text) => reply::<501>(text).into(),
    }
}

fn number(digits: &[u8]) -> Option<Position> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.is_empty())?;
    // A number too large for 64 bits is larger than any file: the transfer command will say so.
    let is_number = digits.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| Position { octets: digits.parse().unwrap_or(u64::MAX), ..Position::default() })
}

/// Which part of a file a transfer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// REST: from this place on. The default is the whole file.
    From(Position),
    /// RANG: these octets, and none besides.
    Within(Span),
}

impl Session {
    /// What REST or RANG has chosen for this command. REST 0 is the same as none.
    ///
    /// RFC 3659 §5 counts the octets of a file without records and pages, and only for some are markers told in the other
    /// modes: all else begins at its beginning. RANG has looked at the parameters already.
    pub(super) fn take_part(&mut self) -> Result<Part, Step> {
        let position = match std::mem::take(&mut self.sequence) {
            Sequence::Range { span } => return Ok(Part::Within(span)),
            Sequence::Restart { position } => position,
            Sequence::Rename { .. } | Sequence::None => Position::default(),
        };
        let Parameters { structure, mode, .. } = self.parameters;
        let is_stream_of_octets = !mode.has_markers() && structure == Structure::File;
        let can_restart = is_stream_of_octets || has_markers(self.parameters);
        if (can_restart && position.records == 0) || position == Position::default() {
            Ok(Part::From(position))
        } else {
            Err(bad_offset().into())
        }
    }
}
