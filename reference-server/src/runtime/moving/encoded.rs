//! Files whose form on the wire is another than here.

use std::io::Read;

use protocol::restart::{Mark, Position};
use protocol::transfer::{LocalFault, Parameters, Progress};

use super::{Data, PIECE, Target, finish_receiving, finish_sending, local_end, read, write};
use crate::coding::{Sink, Source, has_markers};
use crate::session::End;

/// What makes the wire form of a file, from the position on.
pub(super) fn source(parameters: Parameters, position: Position) -> Result<Source, End> {
    Source::new(parameters, position).map_err(fault_end)
}

/// Sends a file. In MODE B and C its end is said, and the connection stays open (RFC 959 §3.3).
pub(super) fn send(
    mut file: impl Read,
    mut source: Source,
    parameters: Parameters,
    data: &mut Data,
) -> Result<End, End> {
    let (mut local, mut wire) = (vec![0; PIECE], Vec::new());
    loop {
        let length = file.read(&mut local).map_err(|error| local_end(&error))?;
        wire.clear();
        if length == 0 {
            break;
        }
        source.send(local.get(..length).unwrap_or_default(), &mut wire).map_err(fault_end)?;
        write(&wire, &mut data.wire, &data.meter)?;
    }
    source.finish(&mut wire).map_err(fault_end)?;
    write(&wire, &mut data.wire, &data.meter)?;
    if may_stay_open(parameters, data) {
        return Ok(End::LeftOpen);
    }
    finish_sending(&mut data.wire).map(|()| End::Complete)
}

/// Receives a file, to its end and no further.
pub(super) fn receive(
    target: &mut Target<'_>,
    parameters: Parameters,
    position: Position,
    data: &mut Data,
) -> Result<End, End> {
    let mut sink = Sink::new(parameters, position).map_err(fault_end)?;
    let (mut wire, mut local) = (vec![0; PIECE], Vec::new());
    loop {
        let mut piece = read(data, &mut wire)?;
        if piece.is_empty() {
            let closed = sink.close(&mut local);
            target.store(&local)?;
            finish_receiving(&mut data.wire);
            return closed.map(|()| End::Complete).map_err(End::Refused);
        }
        loop {
            let progress = sink.receive(&mut piece, &mut local);
            // What came before an error is kept, as it is when the connection breaks.
            target.store(&local)?;
            match progress.map_err(End::Refused)? {
                Progress::NeedsMore => break,
                Progress::Marker { sender, position } if has_markers(parameters) && target.is_named => {
                    // RFC 1123 §4.1.3.4: the data is forced to stable storage before its position is told.
                    target.file.sync_data().map_err(|error| local_end(&error))?;
                    // Nobody listens to markers any more when the transfer is being stopped.
                    let mark = Mark { sender, receiver: position.marker() };
                    data.marks.blocking_send(mark).map_err(|_| End::Stopped)?;
                }
                // A marker that could not be come back to is not answered; nor one in a file of which nothing stays when it is cut.
                Progress::Full | Progress::Marker { .. } => {}
                Progress::Ended => return Ok(ended(parameters, piece, data)),
            }
        }
    }
}

/// In MODE B and C a connection can carry the next file (RFC 959 §3.3). Under TLS each has its own: it may want other
/// protection, and its end is what shows that nothing was cut off. MODE Z says its end too; but its text has nothing of a second
/// file, and a client that does not look for the end waits for that of the connection.
fn may_stay_open(parameters: Parameters, data: &Data) -> bool {
    parameters.mode.has_markers() && data.wire.clear().is_some()
}

/// What came behind the end belongs to the next file where there can be one, and else to none.
fn ended(parameters: Parameters, behind: &[u8], data: &mut Data) -> End {
    data.unread.splice(..0, behind.iter().copied());
    if may_stay_open(parameters, data) {
        return End::LeftOpen;
    }
    if !data.unread.is_empty() {
        tracing::debug!(octets = data.unread.len(), "the client sent more than a file");
    }
    finish_receiving(&mut data.wire);
    End::Complete
}

/// The session and the store have looked at it before; a file can still be damaged further on.
fn fault_end(fault: LocalFault) -> End {
    tracing::warn!(%fault, "a file cannot be sent or received");
    End::LocalError
}
