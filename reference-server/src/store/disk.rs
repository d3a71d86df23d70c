//! Files on the disk, below one directory that cannot be left.
//!
//! cap-std opens every path from the root's own handle and refuses what leads out of it, symbolic links included.

mod attributes;
mod facts;
mod listing;
mod place;
mod room;

use std::hash::RandomState;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, Weak};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, MetadataExt, OpenOptions};

use protocol::listing::facts::Entry;

use place::{any_length, check_pages, encoded_length, position};

use super::location::as_path;
use super::{
    Algorithm, Digested, Form, Lines, Listing, Location, Reading, Refused, Room, Span, Start, Store, StoreError,
    Writing,
};
use crate::accounts::Access;

/// A store on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    root: Arc<Dir>,
    /// How many octets the files below the root may have together.
    quota: Option<u64>,
    /// What is left of it, while files are received.
    left: Arc<Mutex<Weak<AtomicU64>>>,
    /// Makes the numbers of files that the fact `unique` tells. They say nothing about the disk (RFC 3659 §11).
    secret: RandomState,
}

impl Disk {
    /// Opens the root.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let root = Arc::new(Dir::open_ambient_dir(root, ambient_authority())?);
        Ok(Self { root, quota: None, left: Arc::default(), secret: RandomState::new() })
    }

    /// The same with a limit of the octets that the files may have together.
    pub(crate) fn with_quota(self, quota: Option<u64>) -> Self {
        Self { quota, ..self }
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
            Form::Encoded(parameters) => any_length(&mut self.open_to_read(file)?, parameters),
        }
    }

    fn modified(&self, file: &Location) -> Result<i64, StoreError> {
        Ok(self.plain_file(file)?.mtime())
    }

    fn set_modified(&self, location: &Location, seconds: i64) -> Result<i64, StoreError> {
        self.modify(location, seconds)
    }

    fn set_mode(&self, location: &Location, mode: u32) -> Result<u32, StoreError> {
        self.change_mode(location, mode)
    }

    fn make_link(&self, link: &Location, target: &Location) -> Result<(), StoreError> {
        self.link(link, target)
    }

    fn digest(&self, file: &Location, algorithm: Algorithm, span: Span) -> Result<Digested, StoreError> {
        self.digest_of(file, algorithm, span)
    }

    fn room(&self, directory: &Location) -> Result<Room, StoreError> {
        self.room_of(directory)
    }

    fn describe(&self, location: &Location, access: Access) -> Result<Entry, StoreError> {
        self.facts(location, access)
    }

    fn list(&self, location: &Location, listing: &Listing) -> Result<Lines, StoreError> {
        self.listing(location, listing)
    }

    fn read(&self, file: &Location, form: Form, offset: u64) -> Result<Reading, StoreError> {
        let size = self.plain_file(file)?.len();
        let mut file = self.open_to_read(file)?;
        if let Form::Encoded(parameters) = form {
            check_pages(&mut file, parameters)?;
        }
        if offset == 0 {
            return Ok(Reading { file, size, skip: 0 });
        }
        let length = if form.counts_ascii() { encoded_length(&mut file)? } else { size };
        if offset > length {
            return Err(StoreError::BadOffset);
        }
        let (position, skip) = if form.counts_ascii() { (0, offset) } else { (offset, 0) };
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
        let room = self.room_for(&file, cut_to)?;
        Ok(Writing { file, cut_to, is_new, room })
    }

    fn write_new(&self, directory: &Location) -> Result<(Location, Writing), StoreError> {
        const TRIES: u32 = 10_000;
        for number in 1..=TRIES {
            let file = directory.child(format!("unique.{number}").as_bytes());
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            match self.root.open_with(as_path(&file.below_root()), &options) {
                Ok(opened) => {
                    let opened = opened.into_std();
                    let room = self.room_for(&opened, None)?;
                    return Ok((file, Writing { file: opened, cut_to: None, is_new: true, room }));
                }
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
