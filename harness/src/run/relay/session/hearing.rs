//! Octets as they come, the urgent one in its place.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::run::live::say_urgent;
use crate::run::socket::Socket;

/// What one read gave.
pub(super) struct Read {
    pub(super) length: usize,
    /// The place of the octet that came as urgent data.
    pub(super) urgent: Option<usize>,
}

/// Reads what is there. Under TLS nothing is urgent.
pub(super) async fn heard(socket: &mut Socket, into: &mut [u8]) -> io::Result<Read> {
    if socket.is_plain() {
        return heard_in_clear(socket.as_stream(), into).await;
    }
    Ok(Read { length: socket.read(into).await?, urgent: None })
}

/// Reads what is there.
///
/// A read ends before an urgent octet, and the next one begins with it. While one is to be read, the kernel says PRI: where
/// a read takes that away, its first octet was the urgent one.
async fn heard_in_clear(stream: &TcpStream, into: &mut [u8]) -> io::Result<Read> {
    loop {
        stream.readable().await?;
        let read = stream.try_io(Interest::READABLE, || {
            let before = seen(stream)?;
            // With nothing to read now, what comes next could be urgent unseen.
            if !before.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let length = rustix::io::read(stream, &mut *into)?;
            let passed = before.contains(PollFlags::PRI) && !seen(stream)?.contains(PollFlags::PRI);
            Ok(Read { length, urgent: passed.then_some(0) })
        });
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read,
        }
    }
}

/// What there is to read at this moment.
fn seen(stream: &TcpStream) -> io::Result<PollFlags> {
    let mut asked = [PollFd::new(stream, PollFlags::IN | PollFlags::PRI)];
    poll(&mut asked, Some(&Timespec::default()))?;
    let [asked] = asked;
    Ok(asked.revents())
}

/// Says these octets, the urgent one as it came.
pub(super) async fn pass_on(to: &mut Socket, octets: &[u8], urgent: Option<usize>) -> io::Result<()> {
    let Some((until, behind)) = urgent.filter(|_| !to.is_secured()).and_then(|at| octets.split_at_checked(at + 1))
    else {
        return to.write_all(octets).await;
    };
    say_urgent(to.stream(), until).await?;
    to.write_all(behind).await
}
