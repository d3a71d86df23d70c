//! A file that lines are appended to.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::complain;

/// Where lines go.
pub(crate) struct Destination {
    /// As messages call it.
    name: String,
    sink: Box<dyn Write + Send>,
    /// Whether the last line that was begun is not ended.
    is_torn: bool,
    /// Whether it was said that it cannot be written.
    is_complained_of: bool,
}

/// `O_NONBLOCK`, as the standard library wants it.
const NO_WAITING: i32 = OFlags::NONBLOCK.bits().cast_signed();

/// The other users of the machine learn nothing of who was here.
const MODE: u32 = 0o640;

impl Destination {
    /// A file. Where several append, or one cuts it (logrotate's `copytruncate`), each line still goes to its end. `made` gets it where
    /// there was none before.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn append_to(file: &Path, made: impl FnOnce(&File)) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        // Else a pipe that nobody reads would not be opened before somebody does, and the server not begin.
        options.append(true).mode(MODE).custom_flags(NO_WAITING);
        let sink = match options.create_new(true).open(file) {
            Ok(new) => {
                made(&new);
                new
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // It may be a link that leads nowhere yet, or be taken away in this moment.
                options.create_new(false).create(true).open(file).map_err(|error| unread(file, error))?
            }
            Err(error) => return Err(error),
        };
        // Its thread may wait for a reader.
        fcntl_setfl(&sink, fcntl_getfl(&sink)? & !OFlags::NONBLOCK)?;
        Ok(Self::new(file.display().to_string(), Box::new(sink)))
    }

    /// Standard output, by a descriptor of its own: the program around may hold the lock of [`io::stdout`].
    ///
    /// # Errors
    /// There is none, or no descriptor is left.
    pub(crate) fn standard_output() -> io::Result<Self> {
        let sink = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Self::new("-".to_owned(), Box::new(sink)))
    }

    fn new(name: String, sink: Box<dyn Write + Send>) -> Self {
        Self { name, sink, is_torn: false, is_complained_of: false }
    }

    /// Writes a line, with one call: lines of several writers do not mix. That it could not be written is said once.
    ///
    /// Where only the beginning of a line fits on the disk, it is ended before the next: two halves never look like one line.
    pub(super) fn write(&mut self, line: &str) {
        let line = format!("{}{line}\n", if self.is_torn { "\n" } else { "" });
        if let Err(error) = self.write_octets(line.as_bytes())
            && !std::mem::replace(&mut self.is_complained_of, true)
        {
            complain(&format!("cannot write the log {}: {error}. Lines are missing there from now on.", self.name));
        }
    }

    fn write_octets(&mut self, mut line: &[u8]) -> io::Result<()> {
        while !line.is_empty() {
            match self.sink.write(line) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    line = line.get(written..).unwrap_or_default();
                    self.is_torn = !line.is_empty();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What the system says of a pipe that nobody reads is that there is no such device.
fn unread(file: &Path, error: io::Error) -> io::Error {
    let is_pipe = || file.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo());
    if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) && is_pipe() {
        io::Error::new(error.kind(), "it is a pipe that nobody reads. Start its reader first")
    } else {
        error
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Destination").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A disk with room for so many octets, and again for as many after each failure.
    struct Small {
        room: usize,
        left: usize,
        octets: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Small {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            if self.left == 0 {
                self.left = self.room;
                return Err(io::ErrorKind::StorageFull.into());
            }
            let count = octets.len().min(self.left);
            self.left -= count;
            self.octets.lock().unwrap().extend_from_slice(&octets[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn half_a_line_is_ended_before_the_next() {
        let octets = Arc::<Mutex<Vec<u8>>>::default();
        let sink = Small { room: 8, left: 8, octets: Arc::clone(&octets) };
        let mut log = Destination::new("log".to_owned(), Box::new(sink));
        for line in ["one", "seven eight", "two"] {
            log.write(line);
        }
        assert_eq!(String::from_utf8_lossy(&octets.lock().unwrap()), "one\nseve\ntwo\n");
        assert!(log.is_complained_of);
    }
}
