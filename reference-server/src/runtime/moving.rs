//! Moves the bytes of a transfer between a file and a data connection, on a thread of its own.
//!
//! What TYPE, STRU and MODE ask for is in [`encoded`]; here is what needs no coder, or has one of its own for speed.
//!
//! In TYPE I, STRU F, MODE S a file's octets are the octets of the connection: the system moves them (`sendfile`, and [`spliced`]
//! the other way) and this program never sees them. (`std::io::copy` would not do: it uses `sendfile` to other files only, not
//! to sockets.)

mod encoded;
mod small;
mod spliced;

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use protocol::restart::{Mark, Position};
use protocol::transfer::ascii;
use rustix::io::Errno;
use tokio::sync::mpsc;

pub(super) use self::small::{Delivered, at_hand, at_once, deliver};
use self::spliced::{Came, Pipe};
use super::data::Open;
use super::pace::Meter;
use super::tls::Wire;
use crate::session::{End, Job};
use crate::store::{Allowance, Form, Landing, StoreError};

/// How much is moved between two looks at the counter.
const STRETCH: usize = 1024 * 1024;
/// How much of a file or a connection is in memory at a time.
const PIECE: usize = 256 * 1024;
/// The same under TLS, which takes no more at a time: what is read for it is encrypted while the processor has it at hand.
const SECURED: usize = 64 * 1024;

/// A data connection, on which files come and go.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) wire: Wire,
    pub(super) meter: Meter,
    /// Where the markers that came are told.
    pub(super) marks: mpsc::Sender<Mark>,
    /// What was read, and belongs to the next file.
    pub(super) unread: Vec<u8>,
}

/// What a job has led to.
pub(super) struct Done {
    pub(super) end: End,
    /// The connection, unless it was one of TLS.
    pub(super) open: Option<Open>,
    /// A file that may have its name now.
    pub(super) whole: Option<Whole>,
}

/// A file that was received to its end, and what it has taken of the store.
pub(super) struct Whole {
    landing: Box<dyn Landing>,
    room: Allowance,
}

impl Whole {
    /// Gives it its name, where the transfer has ended well; else it goes. Says how the transfer has ended then.
    pub(super) fn land(self, end: End) -> End {
        if !matches!(end, End::Complete | End::LeftOpen) {
            return end;
        }
        match self.landing.land() {
            Ok(()) => {
                self.room.settle();
                end
            }
            Err(StoreError::NoSpace) => End::NoSpace,
            Err(error) => {
                tracing::warn!(%error, "a file cannot get its name");
                End::LocalError
            }
        }
    }
}

/// Does the job, and closes the connection in its direction, unless it may stay open: then it is given back.
pub(super) fn run(job: Job, mut data: Data) -> Done {
    let mut whole = None;
    let result = work(job, &mut data, &mut whole);
    let open = match data.wire {
        Wire::Clear(stream) => Some(Open { stream, unread: data.unread }),
        Wire::Tls(_) => None,
    };
    Done { end: result.unwrap_or_else(|end| end), open, whole }
}

fn work(job: Job, data: &mut Data, whole: &mut Option<Whole>) -> Result<End, End> {
    match job {
        Job::Send { file, form: Form::Image, most, .. } => {
            send_image(&file, most, &mut data.wire, &data.meter).map(|()| End::Complete)
        }
        Job::Send { file, form: Form::Ascii, skip, .. } => {
            send_ascii(&file, skip, &mut data.wire, &data.meter).map(|()| End::Complete)
        }
        Job::Send { file, form: Form::Encoded(parameters), position, skip, .. } => {
            let source = encoded::source(parameters, position)?.skipping(skip);
            encoded::send(&file, source, parameters, data)
        }
        Job::SendLines { lines, parameters } => {
            encoded::send(lines, encoded::source(parameters, Position::default())?, parameters, data)
        }
        Job::Receive { file, form, cut_to, position, mut room, landing } => {
            if let Some(length) = cut_to {
                room.cut(&file, length).map_err(|error| local_end(&error))?;
            }
            let mut target = Target { file: &file, room, is_named: landing.is_none() };
            let end = match form {
                Form::Encoded(parameters) => encoded::receive(&mut target, parameters, position, data),
                Form::Image | Form::Ascii => receive(&mut target, form, data).map(|()| End::Complete),
            }?;
            *whole = landing.map(|landing| Whole { landing, room: target.room });
            Ok(end)
        }
    }
}

/// A range is of an image only: `most` limits nothing else.
fn send_image(mut file: &File, most: Option<u64>, wire: &mut Wire, meter: &Meter) -> Result<(), End> {
    let mut left = most.unwrap_or(u64::MAX);
    while let Some(stream) = wire.clear() {
        let stretch = meter.next(usize::try_from(left).unwrap_or(STRETCH).min(STRETCH));
        match rustix::fs::sendfile(stream, file, None, stretch) {
            Ok(0) => return finish_sending(wire),
            Ok(count) => {
                left -= count as u64;
                meter.count(count);
            }
            Err(Errno::INTR) => {}
            // A file system that cannot do it: then the bytes pass through here.
            Err(Errno::INVAL | Errno::NOSYS) => break,
            Err(error) => return Err(sending_end(&error.into())),
        }
    }
    let mut buffer = vec![0; if wire.clear().is_some() { PIECE } else { SECURED }];
    let mut file = Read::by_ref(&mut file).take(left);
    loop {
        let length = file.read(&mut buffer).map_err(|error| local_end(&error))?;
        if length == 0 {
            return finish_sending(wire);
        }
        write(buffer.get(..length).unwrap_or_default(), wire, meter)?;
    }
}

fn send_ascii(mut file: &File, skip: u64, connection: &mut Wire, meter: &Meter) -> Result<(), End> {
    let (mut encoder, mut local, mut wire) = (ascii::Encoder::default(), vec![0; PIECE], Vec::new());
    let mut left_to_skip = skip;
    loop {
        let length = file.read(&mut local).map_err(|error| local_end(&error))?;
        if length == 0 {
            return finish_sending(connection);
        }
        wire.clear();
        encoder.encode(local.get(..length).unwrap_or_default(), &mut wire);
        let skipped = usize::try_from(left_to_skip).unwrap_or(usize::MAX).min(wire.len());
        left_to_skip -= skipped as u64;
        write(wire.get(skipped..).unwrap_or_default(), connection, meter)?;
    }
}

fn write(octets: &[u8], wire: &mut Wire, meter: &Meter) -> Result<(), End> {
    let mut left = octets;
    while !left.is_empty() {
        let (piece, rest) = left.split_at(meter.next(left.len().min(PIECE)));
        wire.write_all(piece).map_err(|_| End::Broken)?;
        meter.count(piece.len());
        left = rest;
    }
    Ok(())
}

/// RFC 959 §3.4.1: closing is the end of the file.
///
/// What the client sent against all sense is read first: a socket that is closed with something unread is reset, and the reset
/// overtakes the file. And a client that reset the connection itself has not got the file.
fn finish_sending(wire: &mut Wire) -> Result<(), End> {
    let ended = wire.end_sending().and_then(|()| wire.socket().set_nonblocking(true));
    ended.map_err(|_| End::Broken)?;
    read_against_all_sense(wire.socket())
}

fn read_against_all_sense(mut stream: &TcpStream) -> Result<(), End> {
    const LIMIT: u64 = 64 * 1024;
    match io::copy(&mut Read::by_ref(&mut stream).take(LIMIT), &mut io::sink()) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(_) => Err(End::Broken),
    }
}

/// A file that octets go to, and how many more it may get.
struct Target<'file> {
    file: &'file File,
    room: Allowance,
    /// Whether what is received stays, though more does not come.
    is_named: bool,
}

fn receive(target: &mut Target<'_>, form: Form, data: &mut Data) -> Result<(), End> {
    if form == Form::Image && data.unread.is_empty() && receive_image(target, data)? == Came::ToTheEnd {
        finish_receiving(&mut data.wire);
        return Ok(());
    }
    let (mut decoder, mut wire, mut local) = (ascii::Decoder::default(), vec![0; PIECE], Vec::new());
    loop {
        let piece = read(data, &mut wire)?;
        match form {
            Form::Image | Form::Encoded(_) => target.store(piece)?,
            Form::Ascii => {
                local.clear();
                decoder.decode(piece, &mut local);
                target.store(&local)?;
            }
        }
        if piece.is_empty() {
            break;
        }
    }
    local.clear();
    decoder.finish(&mut local);
    target.store(&local)?;
    finish_receiving(&mut data.wire);
    Ok(())
}

/// As far as the kernel can do it alone.
fn receive_image(target: &mut Target<'_>, data: &Data) -> Result<Came, End> {
    let Some(stream) = data.wire.clear() else { return Ok(Came::SoFar) };
    match Pipe::new() {
        Ok(pipe) => pipe.receive(stream, target, &data.meter),
        Err(error) => {
            tracing::debug!(%error, "no pipe for an upload");
            Ok(Came::SoFar)
        }
    }
}

/// The client has said all, and may be gone already.
fn finish_receiving(wire: &mut Wire) {
    if let Err(error) = wire.end_sending() {
        tracing::debug!(%error, "the data connection was closed already");
    }
}

/// The next octets; none at the end. What the file before has left comes first.
fn read<'a>(data: &mut Data, buffer: &'a mut [u8]) -> Result<&'a [u8], End> {
    let length = if data.unread.is_empty() {
        let most = data.meter.next(buffer.len());
        let space = buffer.get_mut(..most).unwrap_or_default();
        let length = data.wire.read(space).map_err(|_| End::Broken)?;
        length + if length == 0 { 0 } else { data.wire.read_on(space.get_mut(length..).unwrap_or_default()) }
    } else {
        let length = data.unread.len().min(buffer.len());
        let first: Vec<u8> = data.unread.drain(..length).collect();
        if let Some(space) = buffer.get_mut(..length) {
            space.copy_from_slice(&first);
        }
        length
    };
    data.meter.count(length);
    Ok(buffer.get(..length).unwrap_or_default())
}

impl Target<'_> {
    fn store(&mut self, octets: &[u8]) -> Result<(), End> {
        let fitting = self.room.take(octets.len());
        self.file.write_all(octets.get(..fitting).unwrap_or_default()).map_err(|error| local_end(&error))?;
        if fitting == octets.len() { Ok(()) } else { Err(self.full()) }
    }

    /// How a transfer ends for which there is no room.
    fn full(&self) -> End {
        if self.room.is_store_full() { End::NoSpace } else { End::TooMuch }
    }
}

fn local_end(error: &io::Error) -> End {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return End::NoSpace;
    }
    tracing::warn!(%error, "a file failed during a transfer");
    End::LocalError
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the list of kinds is open; what is not of a connection is of the file"
)]
fn sending_end(error: &io::Error) -> End {
    match error.kind() {
        ErrorKind::BrokenPipe
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::TimedOut
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        // What a socket with a time limit says when the limit is reached.
        | ErrorKind::WouldBlock => End::Broken,
        _ => local_end(error),
    }
}
