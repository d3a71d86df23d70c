//! Files on the disk, below one directory that cannot be left.
//!
//! cap-std opens every path from the root's own handle and refuses what leads out of it, symbolic links included.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, MetadataExt, OpenOptions};
use protocol::listing::names;
use protocol::listing::unix::{Date, Entry, Kind};
use protocol::transfer::ascii;

use super::location::as_path;
use super::{Form, Listing, Location, Reading, Refused, Start, Store, StoreError, Writing};

/// A store on the disk.
#[derive(Debug)]
pub(crate) struct Disk {
    root: Dir,
}

impl Disk {
    /// Opens the root.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        Ok(Self { root: Dir::open_ambient_dir(root, ambient_authority())? })
    }

    fn metadata(&self, location: &Location) -> Result<Metadata, StoreError> {
        Ok(self.root.metadata(as_path(&location.below_root()))?)
    }

    /// The metadata of a plain file: a pipe or a device must not even be opened.
    fn plain_file(&self, location: &Location) -> Result<Metadata, StoreError> {
        let metadata = self.metadata(location)?;
        if metadata.is_dir() {
            return Err(Refused::IsADirectory.into());
        }
        if metadata.is_file() { Ok(metadata) } else { Err(Refused::NotAFile.into()) }
    }

    fn open_to_read(&self, file: &Location) -> Result<std::fs::File, StoreError> {
        Ok(self.root.open(as_path(&file.below_root()))?.into_std())
    }

    fn open_to_write(&self, file: &Location, start: Start) -> Result<(std::fs::File, bool), StoreError> {
        let path = file.below_root();
        let mut options = OpenOptions::new();
        options.read(true).write(true).append(start == Start::End);
        let exists = match self.plain_file(file) {
            Ok(_) => true,
            Err(StoreError::Refused(Refused::Missing)) => false,
            Err(error) => return Err(error),
        };
        options.create_new(!exists);
        Ok((self.root.open_with(as_path(&path), &options)?.into_std(), !exists))
    }

    fn entry(&self, location: &Location, name: &[u8], now: i64) -> Result<Entry, StoreError> {
        let path = location.below_root();
        let metadata = self.root.symlink_metadata(as_path(&path))?;
        let file_type = metadata.file_type();
        let kind = if file_type.is_dir() {
            Kind::Directory
        } else if file_type.is_symlink() {
            let target = self.root.read_link_contents(as_path(&path))?;
            Kind::Link(target.as_os_str().as_bytes().to_vec())
        } else if file_type.is_file() {
            Kind::File
        } else {
            Kind::Other
        };
        Ok(Entry {
            name: name.to_vec(),
            kind,
            permissions: metadata.mode() & 0o777,
            links: metadata.nlink(),
            owner: metadata.uid(),
            group: metadata.gid(),
            size: metadata.len(),
            modified: date(metadata.mtime(), now),
        })
    }

    /// The names in a directory, in their order.
    fn names(&self, directory: &Location) -> Result<Vec<Vec<u8>>, StoreError> {
        let entries = self.root.read_dir(as_path(&directory.below_root()))?;
        let mut names =
            entries.map(|entry| Ok(entry?.file_name().as_bytes().to_vec())).collect::<io::Result<Vec<Vec<u8>>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    fn list_directory(&self, directory: &Location, listing: &Listing) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        let now = seconds_now();
        for name in self.names(directory)? {
            match listing {
                Listing::Names { argument } => names::append(&mut text, argument, &name),
                // An entry that went away since its name was read is no failure of the listing.
                Listing::Long => match self.entry(&directory.child(&name), &name, now) {
                    Ok(entry) => entry.append(&mut text),
                    Err(StoreError::Refused(Refused::Missing)) => {}
                    Err(error) => return Err(error),
                },
            }
        }
        Ok(text)
    }
}

impl Store for Disk {
    fn enter(&self, directory: &Location) -> Result<(), StoreError> {
        // Opened, not only looked at: a directory that may not be searched cannot be worked in.
        self.root.open_dir(as_path(&directory.below_root()))?;
        Ok(())
    }

    fn find(&self, location: &Location) -> Result<(), StoreError> {
        self.root.symlink_metadata(as_path(&location.below_root()))?;
        Ok(())
    }

    fn make_directory(&self, directory: &Location) -> Result<(), StoreError> {
        Ok(self.root.create_dir(as_path(&directory.below_root()))?)
    }

    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError> {
        Ok(self.root.remove_dir(as_path(&directory.below_root()))?)
    }

    fn delete(&self, file: &Location) -> Result<(), StoreError> {
        let path = file.below_root();
        if self.root.symlink_metadata(as_path(&path))?.is_dir() {
            return Err(Refused::IsADirectory.into());
        }
        Ok(self.root.remove_file(as_path(&path))?)
    }

    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError> {
        Ok(self.root.rename(as_path(&from.below_root()), &self.root, as_path(&to.below_root()))?)
    }

    fn size(&self, file: &Location, form: Form) -> Result<u64, StoreError> {
        let metadata = self.plain_file(file)?;
        match form {
            Form::Image => Ok(metadata.len()),
            // RFC 3659 §4: the exact number, not an estimate. Only reading the file gives it.
            Form::Ascii => encoded_length(&mut self.open_to_read(file)?),
        }
    }

    fn modified(&self, file: &Location) -> Result<i64, StoreError> {
        Ok(self.plain_file(file)?.mtime())
    }

    fn list(&self, location: &Location, listing: &Listing) -> Result<Vec<u8>, StoreError> {
        if self.metadata(location)?.is_dir() {
            return self.list_directory(location, listing);
        }
        let mut text = Vec::new();
        match listing {
            Listing::Names { argument } => names::append(&mut text, b"", argument),
            Listing::Long => self.entry(location, location.name(), seconds_now())?.append(&mut text),
        }
        Ok(text)
    }

    fn read(&self, file: &Location, form: Form, offset: u64) -> Result<Reading, StoreError> {
        let size = self.plain_file(file)?.len();
        let mut file = self.open_to_read(file)?;
        if offset == 0 {
            return Ok(Reading { file, size, skip: 0 });
        }
        let length = match form {
            Form::Image => size,
            Form::Ascii => encoded_length(&mut file)?,
        };
        if offset > length {
            return Err(StoreError::BadOffset);
        }
        let (position, skip) = if form == Form::Image { (offset, 0) } else { (0, offset) };
        file.seek(SeekFrom::Start(position))?;
        Ok(Reading { file, size, skip })
    }

    fn write(&self, file: &Location, form: Form, start: Start) -> Result<Writing, StoreError> {
        // A file that is to be continued must be there.
        if let Start::At(offset) = start
            && offset > 0
        {
            self.plain_file(file)?;
        }
        let (mut file, is_new) = self.open_to_write(file, start)?;
        let cut_to = match start {
            Start::Beginning => Some(0),
            Start::End => None,
            Start::At(offset) => Some(position(&mut file, form, offset)?),
        };
        file.seek(SeekFrom::Start(cut_to.unwrap_or(0)))?;
        Ok(Writing { file, cut_to, is_new })
    }

    fn write_new(&self, directory: &Location) -> Result<(Location, Writing), StoreError> {
        const TRIES: u32 = 10_000;
        for number in 1..=TRIES {
            let file = directory.child(format!("unique.{number}").as_bytes());
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            match self.root.open_with(as_path(&file.below_root()), &options) {
                Ok(opened) => return Ok((file, Writing { file: opened.into_std(), cut_to: None, is_new: true })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refused::Exists.into())
    }
}

impl From<io::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is open; what is not in it is a local error")]
    fn from(error: io::Error) -> Self {
        // Links that lead in a circle, or through too many others.
        if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            return Refused::BadName.into();
        }
        match error.kind() {
            io::ErrorKind::NotFound => Refused::Missing.into(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Refused::Denied.into(),
            io::ErrorKind::AlreadyExists => Refused::Exists.into(),
            io::ErrorKind::NotADirectory => Refused::NotADirectory.into(),
            io::ErrorKind::IsADirectory => Refused::IsADirectory.into(),
            io::ErrorKind::DirectoryNotEmpty => Refused::NotEmpty.into(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace,
            io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Refused::BadName.into(),
            _ => {
                tracing::warn!(%error, "the store failed");
                Self::Local
            }
        }
    }
}

const PIECE: usize = 64 * 1024;

/// How long the wire form of TYPE A of a file is.
fn encoded_length(file: &mut std::fs::File) -> Result<u64, StoreError> {
    let (mut encoder, mut length) = (ascii::Encoder::default(), 0);
    for_each_piece(file, |piece| {
        length += encoder.length(piece);
        true
    })?;
    Ok(length)
}

/// The place in the file of an offset on the wire (RFC 3659 §5.3 counts what is transferred, not what is stored).
fn position(file: &mut std::fs::File, form: Form, offset: u64) -> Result<u64, StoreError> {
    let size = file.metadata()?.len();
    if form == Form::Image || offset == 0 {
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
fn for_each_piece(file: &mut std::fs::File, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), StoreError> {
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

fn seconds_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A date as `ls -l` shows it, in the time zone of the server.
fn date(modified: i64, now: i64) -> Date {
    const HALF_A_YEAR: i64 = 365 * 24 * 3600 / 2;
    let timestamp = jiff::Timestamp::from_second(modified).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let local = timestamp.to_zoned(jiff::tz::TimeZone::system());
    let is_recent = (now - HALF_A_YEAR..=now + 60).contains(&modified);
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    Date {
        year: local.year(),
        month: small(local.month()),
        day: small(local.day()),
        time: is_recent.then(|| (small(local.hour()), small(local.minute()))),
    }
}
