//! A small file that is in memory already: it is sent where it stands, for a thread to move it costs more than the file.

use std::fs::File;
use std::io::{IoSliceMut, Seek, SeekFrom};
use std::net::{Shutdown, TcpStream};

use rustix::io::{Errno, ReadWriteFlags, preadv2};
use rustix::net::{SendFlags, send};

use super::{STRETCH, read_against_all_sense};
use crate::runtime::pace::Meter;
use crate::runtime::tls::Wire;
use crate::session::{End, Job};
use crate::store::Form;

/// The most octets of a small file.
const SMALL: u64 = 64 * 1024;

/// What has become of a small file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Delivered {
    /// It came to this end, with so many octets sent.
    Ended(usize, End),
    /// So many octets are sent; the others are for a thread. The file stands before them.
    Partly(usize),
}

/// What is left of a file that is to be sent as it is, if it is little and the kernel has all of it in memory.
pub(in crate::runtime) fn at_hand(job: &Job) -> Option<Vec<u8>> {
    match job {
        Job::Send { file, form: Form::Image, most: None, .. } => cached(file),
        Job::Send { .. } | Job::SendLines { .. } | Job::Receive { .. } => None,
    }
}

/// Sends the body of a file to a client, and ends it, as far as that takes no waiting.
pub(in crate::runtime) fn deliver(job: &Job, body: &[u8], stream: &TcpStream) -> Delivered {
    let Job::Send { file, .. } = job else { return Delivered::Partly(0) };
    let Some(count) = (if body.is_empty() { Some(0) } else { sent(stream, body) }) else { return Delivered::Partly(0) };
    if count < body.len() {
        return went_on(file, count).map_or_else(|end| Delivered::Ended(count, end), |()| Delivered::Partly(count));
    }
    let ended = stream.shutdown(Shutdown::Write).map_err(|_| End::Broken);
    let end = ended.and_then(|()| read_against_all_sense(stream)).map_or_else(|end| end, |()| End::Complete);
    Delivered::Ended(count, end)
}

/// Sends a small image in clear without waiting for anything, neither the disk nor the client. `None`: it is for a thread, and what was
/// sent already is counted, and left out by the place in the file.
pub(in crate::runtime) fn at_once(job: &Job, wire: &Wire, meter: &Meter) -> Option<End> {
    // Where the octets are held back, a thread waits.
    if meter.is_limited() {
        return None;
    }
    let stream = wire.clear()?;
    let body = at_hand(job)?;
    stream.set_nonblocking(true).ok()?;
    let (count, end) = match deliver(job, &body, stream) {
        Delivered::Ended(count, end) => (count, Some(end)),
        Delivered::Partly(count) => (count, None),
    };
    meter.count(count);
    end
}

/// What is left of the file, if it is little and the kernel has all of it at hand.
fn cached(mut file: &File) -> Option<Vec<u8>> {
    let place = file.stream_position().ok()?;
    let length = file.metadata().ok()?.len().saturating_sub(place);
    if length > SMALL {
        return None;
    }
    let mut body = vec![0; usize::try_from(length).ok()?];
    if body.is_empty() {
        return Some(body);
    }
    let read = preadv2(file, &mut [IoSliceMut::new(&mut body)], place, ReadWriteFlags::NOWAIT).ok()?;
    (read == body.len()).then_some(body)
}

/// How many octets went out; the last of them go with the end that is told next, or with the octets that follow. None where the connection must be looked at more closely.
fn sent(stream: &TcpStream, body: &[u8]) -> Option<usize> {
    match send(stream, body, SendFlags::DONTWAIT | SendFlags::NOSIGNAL | SendFlags::MORE) {
        Ok(count) => Some(count),
        Err(Errno::AGAIN | Errno::INTR) => Some(0),
        Err(_) => None,
    }
}

/// The thread goes on behind what was sent.
fn went_on(mut file: &File, count: usize) -> Result<(), End> {
    let count = i64::try_from(count.min(STRETCH)).unwrap_or_default();
    file.seek(SeekFrom::Current(count)).map(drop).map_err(|error| super::local_end(&error))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use protocol::restart::Position;
    use rstest::rstest;

    use super::*;

    fn job(body: &[u8], from: u64) -> Job {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(body).unwrap();
        file.seek(SeekFrom::Start(from)).unwrap();
        Job::Send { file, form: Form::Image, position: Position::default(), skip: 0, most: None }
    }

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[rstest]
    #[case::empty(0, 0)]
    #[case::one(1, 0)]
    #[case::largest(65_536, 0)]
    #[case::behind_its_beginning(100_000, 50_000)]
    #[case::at_its_end(10, 10)]
    fn a_small_file_is_sent_whole(#[case] length: usize, #[case] from: usize) {
        let body: Vec<u8> = (0..=255).cycle().take(length).collect();
        let (mut client, server) = pair();
        let meter = Meter::default();
        let end = at_once(&job(&body, from as u64), &Wire::Clear(server), &meter);
        assert_eq!((end, meter.octets()), (Some(End::Complete), (length - from) as u64));
        let mut came = Vec::new();
        client.read_to_end(&mut came).unwrap();
        assert!(came == body[from..], "{} octets", came.len());
    }

    #[test]
    fn what_does_not_fit_is_left_to_a_thread() {
        let body = vec![b'x'; 65_536];
        let (_client, server) = pair();
        rustix::net::sockopt::set_socket_send_buffer_size(&server, 4096).unwrap();
        let (job, meter) = (job(&body, 0), Meter::default());
        assert_eq!(at_once(&job, &Wire::Clear(server), &meter), None);
        let Job::Send { mut file, .. } = job else { unreachable!() };
        let place = file.stream_position().unwrap();
        assert!(place < 65_536 && place == meter.octets(), "{place}");
    }

    #[test]
    fn a_large_file_is_left_to_a_thread() {
        let (_client, server) = pair();
        let (job, meter) = (job(&vec![b'x'; 65_537], 0), Meter::default());
        assert_eq!((at_once(&job, &Wire::Clear(server), &meter), meter.octets()), (None, 0));
    }
}
