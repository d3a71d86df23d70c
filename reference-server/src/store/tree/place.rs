//! Places in a file, and how far they are on the wire.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use protocol::Structure;
use protocol::restart::Position;
use protocol::transfer::{LocalFault, Parameters, ascii, page};

use crate::coding::Source;
use crate::store::{Form, Refused, StoreError};

const PIECE: usize = 64 * 1024;

/// How long the wire form of TYPE A of a file is.
pub(super) fn encoded_length(file: &mut File) -> Result<u64, StoreError> {
    let (mut encoder, mut length) = (ascii::Encoder::default(), 0);
    for_each_piece(file, |piece| {
        length += encoder.length(piece);
        true
    })?;
    Ok(length)
}

/// How long any wire form of a file is.
pub(super) fn any_length(file: &mut File, parameters: Parameters) -> Result<u64, StoreError> {
    let mut source = Source::new(parameters, Position::default()).map_err(not_encoded)?;
    let (mut wire, mut length, mut result) = (Vec::new(), 0, Ok(()));
    for_each_piece(file, |piece| {
        result = source.send(piece, &mut wire);
        length += wire.len() as u64;
        wire.clear();
        result.is_ok()
    })?;
    result.and_then(|()| source.finish(&mut wire)).map_err(not_encoded)?;
    Ok(length + wire.len() as u64)
}

/// Pages are sent of a file that has them; this is known before the transfer begins.
pub(super) fn check_pages(file: &mut File, parameters: Parameters) -> Result<(), StoreError> {
    if parameters.structure != Structure::Page {
        return Ok(());
    }
    let mut encoder = page::Encoder::new(parameters.representation.byte_size()).map_err(not_encoded)?;
    let mut head = Vec::new();
    Read::by_ref(file).take(page::HEAD_LENGTH).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let is_whole = head.len() as u64 == page::HEAD_LENGTH;
    let checked = encoder.encode(&head, &mut Vec::new());
    checked.and(if is_whole { Ok(()) } else { Err(LocalFault::NotPaged) }).map_err(not_encoded)
}

fn not_encoded(fault: LocalFault) -> StoreError {
    match fault {
        LocalFault::NotPaged | LocalFault::ByteSize { .. } | LocalFault::PageByteSize(_) => Refused::NotPaged.into(),
        LocalFault::DamagedPages | LocalFault::DamagedRecords => Refused::Damaged.into(),
    }
}

/// The place in the file of an offset on the wire (RFC 3659 §5.3 counts what is transferred, not what is stored).
pub(super) fn position(file: &mut File, form: Form, offset: u64) -> Result<u64, StoreError> {
    let size = file.metadata()?.len();
    if !form.counts_ascii() || offset == 0 {
        return if offset <= size { Ok(offset) } else { Err(StoreError::BadOffset) };
    }
    let (mut encoder, mut on_wire, mut in_file) = (ascii::Encoder::default(), 0, 0);
    for_each_piece(file, |piece| {
        for octet in piece {
            if on_wire >= offset {
                return false;
            }
            on_wire += encoder.length(std::slice::from_ref(octet));
            in_file += 1;
        }
        true
    })?;
    // Over the offset: it lies between the CR and the LF of a line end, which are one octet here. Under it: the file is too short.
    if on_wire == offset { Ok(in_file) } else { Err(StoreError::BadOffset) }
}

/// Reads a file from its beginning as long as it is asked to.
fn for_each_piece(file: &mut File, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), StoreError> {
    let mut buffer = vec![0; PIECE];
    file.seek(SeekFrom::Start(0))?;
    loop {
        let length = file.read(&mut buffer)?;
        let piece = buffer.get(..length).unwrap_or_default();
        if piece.is_empty() || !take(piece) {
            return Ok(());
        }
    }
}
