//! A file that comes as it is to be kept: the kernel moves its octets from the connection into the file, and this program never
//! sees them.

use std::fs::File;
use std::io::{self, Read};
use std::net::TcpStream;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, splice};

use super::{STRETCH, Target, local_end};
use crate::runtime::pace::Meter;
use crate::session::End;

/// Between the connection and the file: the kernel wants a pipe there.
#[derive(Debug)]
pub(super) struct Pipe {
    from: OwnedFd,
    into: OwnedFd,
}

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// To the end.
    ToTheEnd,
    /// The file, or the connection, is of a kind that cannot be spliced. What was taken from the connection is in the file.
    SoFar,
}

impl Pipe {
    pub(super) fn new() -> io::Result<Self> {
        let (from, into) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        // Who has many pipes may not have large ones; then more calls do it.
        if let Err(error) = rustix::pipe::fcntl_setpipe_size(&into, STRETCH) {
            tracing::debug!(%error, "a pipe stays small");
        }
        Ok(Self { from, into })
    }

    pub(super) fn receive(&self, stream: &TcpStream, target: &mut Target<'_>, meter: &Meter) -> Result<Came, End> {
        loop {
            let count = match splice(stream, None, &self.into, None, meter.next(STRETCH), SpliceFlags::empty()) {
                Ok(0) => return Ok(Came::ToTheEnd),
                Ok(count) => count,
                Err(Errno::INTR) => continue,
                Err(Errno::INVAL | Errno::NOSYS) => return Ok(Came::SoFar),
                Err(_) => return Err(End::Broken),
            };
            meter.count(count);
            let fitting = target.room.take(count);
            let came = self.store(target.file, fitting)?;
            if fitting < count {
                return Err(target.full());
            }
            if came == Came::SoFar {
                return Ok(Came::SoFar);
            }
        }
    }

    /// Moves what is in the pipe into the file.
    fn store(&self, mut file: &File, count: usize) -> Result<Came, End> {
        let mut left = count;
        while left > 0 {
            match splice(&self.from, None, file, None, left, SpliceFlags::empty()) {
                Ok(0) | Err(Errno::INVAL | Errno::NOSYS) => {
                    let pipe = File::from(self.from.try_clone().map_err(|error| local_end(&error))?);
                    io::copy(&mut pipe.take(left as u64), &mut file).map_err(|error| local_end(&error))?;
                    return Ok(Came::SoFar);
                }
                Ok(moved) => left = left.saturating_sub(moved),
                Err(Errno::INTR) => {}
                Err(error) => return Err(local_end(&error.into())),
            }
        }
        Ok(Came::ToTheEnd)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use rstest::rstest;

    use super::*;
    use crate::store::Allowance;

    /// What the file holds then, how far it came, and how many octets were counted.
    fn received(file: &File, room: Allowance, body: &[u8]) -> (Vec<u8>, Result<Came, End>, u64) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let meter = Meter::default();
        let mut target = Target { file, room, is_named: true };
        let came = std::thread::scope(|scope| {
            // It is cut off where the file may have no more.
            scope.spawn(move || client.write_all(body).ok());
            Pipe::new().unwrap().receive(&server, &mut target, &meter)
        });
        let mut found = Vec::new();
        let mut again = File::open(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file))).unwrap();
        again.read_to_end(&mut found).unwrap();
        (found, came, meter.octets())
    }

    #[rstest]
    #[case(0)]
    #[case(1)]
    #[case(70_000)]
    #[case(3 << 20)]
    fn a_file_comes_whole(#[case] length: usize) {
        let body: Vec<u8> = (0..=255).cycle().take(length).collect();
        let file = tempfile::tempfile().unwrap();
        let (found, came, moved) = received(&file, Allowance::default(), &body);
        assert!(found == body, "{} octets", found.len());
        assert_eq!((came, moved), (Ok(Came::ToTheEnd), length as u64));
    }

    /// A file to which octets are only appended takes none from a pipe.
    #[test]
    fn what_cannot_be_spliced_is_written_as_far_as_it_was_taken() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::options().append(true).create(true).open(folder.path().join("log")).unwrap();
        let body = vec![b'x'; 50_000];
        let (found, came, moved) = received(&file, Allowance::default(), &body);
        assert_eq!(came, Ok(Came::SoFar));
        assert!(moved > 0 && found.len() as u64 == moved, "{moved} taken, {} written", found.len());
    }

    #[test]
    fn a_file_gets_no_more_than_it_may() {
        let file = tempfile::tempfile().unwrap();
        let (found, came, _) = received(&file, Allowance::default().at_most(Some(10)), &vec![b'x'; 50_000]);
        assert_eq!((found.as_slice(), came), (&[b'x'; 10][..], Err(End::TooMuch)));
    }
}
