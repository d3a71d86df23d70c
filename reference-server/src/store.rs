//! The files of the server, and the names they have for a user.

mod digest;
mod disk;
mod faulty;
mod lines;
mod location;
mod memory;
mod room;
mod tree;

use std::fmt;
use std::fs::File;
use std::os::fd::BorrowedFd;

use protocol::listing::facts::{Entry, Selection};
use protocol::transfer::Parameters;
use protocol::{Mode, Structure, Type};
use thiserror::Error;

use crate::accounts::Access;
pub(crate) use digest::{Algorithm, Digested, Span};
pub(crate) use disk::Disk;
pub(crate) use faulty::{Fault, Faulty};
pub(crate) use lines::Lines;
pub(crate) use location::Location;
pub(crate) use memory::Memory;
pub(crate) use room::{Allowance, Room};

/// Where files are kept. Every call but [`Self::read_at_hand`] may block; none is made by a session.
pub(crate) trait Store: Send + Sync {
    /// The directory below which all of it is; none where it is on no disk.
    fn directory(&self) -> Option<BorrowedFd<'_>>;
    /// Succeeds when the location is a directory.
    fn enter(&self, directory: &Location) -> Result<(), StoreError>;
    /// Succeeds when something is there.
    fn find(&self, location: &Location) -> Result<(), StoreError>;
    fn make_directory(&self, directory: &Location) -> Result<(), StoreError>;
    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError>;
    fn delete(&self, file: &Location) -> Result<(), StoreError>;
    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError>;
    /// How many octets a transfer of the file would carry.
    fn size(&self, file: &Location, form: Form) -> Result<u64, StoreError>;
    /// When the file was modified, in seconds since 1970-01-01 UTC.
    fn modified(&self, file: &Location) -> Result<i64, StoreError>;
    /// Sets when it was modified, in seconds since 1970-01-01 UTC; returns what the disk has made of it.
    fn set_modified(&self, location: &Location, seconds: i64) -> Result<i64, StoreError>;
    /// Sets when it was made, where that can be set; returns the time that holds then.
    fn set_made(&self, location: &Location, seconds: i64) -> Result<i64, StoreError>;
    /// Sets the permission bits of Unix; returns those that hold then.
    fn set_mode(&self, location: &Location, mode: u32) -> Result<u32, StoreError>;
    /// Makes a symbolic link.
    fn make_link(&self, link: &Location, target: &Location) -> Result<(), StoreError>;
    /// A digest of a part of a file.
    fn digest(&self, file: &Location, algorithm: Algorithm, span: Span) -> Result<Digested, StoreError>;
    /// How many octets more a directory has room for.
    fn room(&self, directory: &Location) -> Result<Room, StoreError>;
    /// What MLST tells of it to a user of this access.
    fn describe(&self, location: &Location, access: Access) -> Result<Entry, StoreError>;
    /// A listing, as it stands on the wire.
    fn list(&self, location: &Location, listing: &Listing) -> Result<Lines, StoreError>;
    /// Opens a file to be sent from `offset` on.
    fn read(&self, file: &Location, form: Form, offset: u64) -> Result<Reading, StoreError>;
    /// The same, if it takes no waiting for a disk. `None` says nothing about the file: [`Self::read`] must be asked.
    fn read_at_hand(&self, _: &Location, _: Form, _: u64) -> Option<Reading> {
        None
    }
    /// Opens a file to be received. Nothing in it changes before the transfer begins.
    fn write(&self, file: &Location, form: Form, start: Start) -> Result<Writing, StoreError>;
    /// Makes a file with a name that is new in the directory.
    fn write_new(&self, directory: &Location) -> Result<(Location, Writing), StoreError>;
}

/// How a file looks on the wire, as far as the store has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// TYPE A: each LF is CR LF.
    Ascii,
    /// TYPE I and L: as it is.
    Image,
    /// Any other. Places in it are told by markers, which count the octets of the file; in MODE Z by octets, as in MODE S.
    Encoded(Parameters),
}

impl Form {
    /// Whether a place is counted in the octets of TYPE A, where the end of a line is two and one in the file.
    fn counts_ascii(self) -> bool {
        match self {
            Self::Ascii => true,
            Self::Image => false,
            Self::Encoded(Parameters { representation, structure, mode }) => {
                matches!((representation, structure, mode), (Type::Ascii(_), Structure::File, Mode::Deflate(_)))
            }
        }
    }
}

/// What a listing looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listing {
    /// LIST: `ls -l`.
    Long,
    /// NLST: names, as they are seen through the argument, which is empty when there was none.
    Names { argument: Vec<u8> },
    /// MLSD: facts, for a user of this access. Only a directory has this listing.
    Facts { selection: Selection, access: Access },
}

/// Where the first octet that is received goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// STOR: to the beginning; what was there is replaced.
    Beginning,
    /// APPE: behind the last one.
    End,
    /// REST and STOR: to this place on the wire.
    At(u64),
}

/// A file to be sent.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) file: File,
    /// Its size on the disk.
    pub(crate) size: u64,
    /// How many octets of its wire form are not to be sent. The file of an image is positioned already, and none are left to skip.
    pub(crate) skip: u64,
}

/// A file to be received.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) file: File,
    /// Cut the file to this length when the transfer begins.
    pub(crate) cut_to: Option<u64>,
    /// Whether it was made by opening it.
    pub(crate) is_new: bool,
    pub(crate) room: Allowance,
    /// Where the file gets its name only when it is whole.
    pub(crate) landing: Option<Box<dyn Landing>>,
}

/// A file that has no name yet which anyone can say. When this is dropped, nothing of the file stays.
pub(crate) trait Landing: fmt::Debug + Send + Sync {
    /// Sets the permission bits that it is to have.
    fn set_mode(&self, mode: u32) -> Result<(), StoreError>;
    /// Gives it its name. What had the name before is gone.
    fn land(self: Box<Self>) -> Result<(), StoreError>;
}

/// When a file that is received has its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As soon as it is received.
    #[default]
    AtOnce,
    /// When it is whole (`--atomic`).
    WhenWhole,
}

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum StoreError {
    /// The name does not allow it.
    #[error("{0}")]
    Refused(Refused),
    #[error("No space left")]
    NoSpace,
    #[error("The file cannot be restarted at that place")]
    BadOffset,
    #[error("Local error")]
    Local,
}

/// What is wrong with what has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("No such file or directory")]
    Missing,
    #[error("Permission denied")]
    Denied,
    #[error("It exists already")]
    Exists,
    #[error("Not a directory")]
    NotADirectory,
    #[error("Is a directory")]
    IsADirectory,
    #[error("Not a plain file")]
    NotAFile,
    #[error("Directory not empty")]
    NotEmpty,
    #[error("There is no such time here")]
    BadTime,
    #[error("Not a legal name")]
    BadName,
    #[error("Not a file of pages with bytes of this size")]
    NotPaged,
    #[error("The records or pages of the file are damaged")]
    Damaged,
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}
