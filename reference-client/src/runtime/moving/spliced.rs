//! A file that travels as it is: the kernel moves its octets, and this program never sees them.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::sendfile;
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::{progress, unread, unwritten};
use crate::runtime::data::Meter;
use crate::session::DataFault;

/// As much as one call may move.
const STRETCH: usize = 1 << 20;

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// To the end.
    ToTheEnd,
    /// The file is of a kind that the kernel does not do this with. What was moved, was moved.
    SoFar,
}

pub(super) async fn receive(socket: &TcpStream, file: &File, wait: Duration, meter: &Meter) -> Result<Came, DataFault> {
    let Ok((from, into)) = pipe_with(PipeFlags::CLOEXEC) else { return Ok(Came::SoFar) };
    // Who has many pipes may not have large ones; then more calls do it.
    let _size = fcntl_setpipe_size(&into, STRETCH);
    loop {
        let moved = progress(
            wait,
            socket.async_io(Interest::READABLE, || {
                let flags = SpliceFlags::NONBLOCK;
                match retry_on_intr(|| splice(socket, None, &into, None, STRETCH, flags)) {
                    Ok(count) => Ok(Some(count)),
                    Err(Errno::INVAL | Errno::NOSYS) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }),
        )
        .await?;
        match moved {
            None => return Ok(Came::SoFar),
            Some(0) => return Ok(Came::ToTheEnd),
            Some(count) => {
                meter.count(count);
                if store(&from, file, count).map_err(|error| unwritten(&error))? == Came::SoFar {
                    return Ok(Came::SoFar);
                }
            }
        }
    }
}

/// Moves what is in the pipe into the file.
fn store(pipe: &OwnedFd, mut file: &File, count: usize) -> io::Result<Came> {
    let mut left = count;
    while left > 0 {
        match splice(pipe, None, file, None, left, SpliceFlags::empty()) {
            Ok(0) | Err(Errno::INVAL | Errno::NOSYS) => {
                io::copy(&mut io::Read::take(File::from(pipe.try_clone()?), left as u64), &mut file)?;
                return Ok(Came::SoFar);
            }
            Ok(moved) => left = left.saturating_sub(moved),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Came::ToTheEnd)
}

pub(super) async fn transmit(
    socket: &TcpStream,
    file: &File,
    wait: Duration,
    meter: &Meter,
) -> Result<Came, DataFault> {
    /// What kept the kernel from it.
    enum Kept {
        Kind,
        File(io::Error),
    }
    loop {
        let moved = progress(
            wait,
            socket.async_io(Interest::WRITABLE, || match retry_on_intr(|| sendfile(socket, file, None, STRETCH)) {
                Ok(count) => Ok(Ok(count)),
                Err(Errno::INVAL | Errno::NOSYS) => Ok(Err(Kept::Kind)),
                Err(error @ (Errno::IO | Errno::ISDIR)) => Ok(Err(Kept::File(error.into()))),
                Err(error) => Err(error.into()),
            }),
        )
        .await?;
        match moved {
            Ok(0) => return Ok(Came::ToTheEnd),
            Ok(count) => meter.count(count),
            Err(Kept::Kind) => return Ok(Came::SoFar),
            Err(Kept::File(error)) => return Err(unread(&error)),
        }
    }
}
