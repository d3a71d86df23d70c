//! What a store is made of: directories, files and links, as a file system has them.
//!
//! FTP asks the same of the disk and of memory, and most of the answer does not depend on where the octets are: the lines of a
//! listing, the facts, the place in a file of an octet on the wire. All of that is here, once. What differs is a [`Tree`].

mod attributes;
mod facts;
mod listing;
mod place;
#[cfg(test)]
mod tests;
mod whole;

use std::fs::File;
use std::hash::RandomState;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::BorrowedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::listing::facts::Entry;

pub(super) use attributes::{Attributes, Kind, Right, allows};

use super::room::Limits;
use super::{
    Algorithm, Digested, Form, Landing, Lines, Listing, Location, Naming, Reading, Refused, Room, Span, Start, Store,
    StoreError, Writing,
};
use crate::accounts::Access;
use place::{any_length, check_pages, encoded_length, position};

/// The names in a directory.
pub(super) type Names = Box<dyn Iterator<Item = Result<Vec<u8>, StoreError>> + Send + Sync>;

/// The names in a directory, and what each of them is itself when its turn comes.
pub(super) type Entries = Box<dyn Iterator<Item = Result<(Vec<u8>, Attributes), StoreError>> + Send + Sync>;

/// Directories, files and links. Each file that is opened has a place of its own to read and write at.
pub(super) trait Tree: Clone + Send + Sync + 'static {
    /// What has this name, be it a link.
    fn itself(&self, location: &Location) -> Result<Attributes, StoreError>;
    /// What the name leads to; links are followed.
    fn target(&self, location: &Location) -> Result<Attributes, StoreError>;
    /// The way that a link shows.
    fn way(&self, link: &Location) -> Result<Vec<u8>, StoreError>;
    /// Succeeds when the location is a directory that can be worked in.
    /// The directory below which all of it is; none where it is on no disk.
    fn directory(&self) -> Option<BorrowedFd<'_>>;
    fn enter(&self, directory: &Location) -> Result<(), StoreError>;
    /// The first ones in their order.
    fn names(&self, directory: &Location) -> Result<Names, StoreError>;
    /// The same with what they are. What went away since its name was read is left out.
    fn entries(&self, directory: &Location) -> Result<Entries, StoreError> {
        let (tree, names, directory) = (self.clone(), self.names(directory)?, directory.clone());
        Ok(Box::new(names.filter_map(move |name| {
            let looked = name.and_then(|name| {
                let attributes = tree.itself(&directory.child(&name))?;
                Ok((name, attributes))
            });
            unless_missing(looked)
        })))
    }
    fn make_directory(&self, directory: &Location) -> Result<(), StoreError>;
    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError>;
    /// Removes what is no directory.
    fn remove_file(&self, file: &Location) -> Result<(), StoreError>;
    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError>;
    /// Makes a link that shows this way, from the directory that it is in.
    fn make_link(&self, link: &Location, way: &[u8]) -> Result<(), StoreError>;
    /// Opens a plain file; nothing else is asked for, for to open a pipe would wait for its other end.
    fn open(&self, file: &Location, opening: Opening) -> Result<File, StoreError>;
    /// Opens a plain file to be read, and tells its size, if that takes no waiting. What is wrong with it, [`Self::open`] tells.
    fn open_at_hand(&self, _: &Location) -> Option<(File, u64)> {
        None
    }
    /// Sets when a file or a directory was modified.
    fn set_modified(&self, location: &Location, time: SystemTime) -> Result<(), StoreError>;
    /// Sets when a file or a directory was made. A file system of Unix knows it, and lets nobody set it.
    fn set_made(&self, _: &Location, _: SystemTime) -> Result<(), StoreError> {
        Err(Refused::Denied.into())
    }
    fn set_mode(&self, location: &Location, mode: u32) -> Result<(), StoreError>;
    /// How many octets more a directory has room for, whoever asks.
    fn free(&self, directory: &Location) -> Result<u64, StoreError>;
    /// How many octets the files have together. Links are not followed, and a file of two names counts twice.
    fn used(&self) -> Result<u64, StoreError>;
    fn limits(&self) -> &Limits;
    fn naming(&self) -> Naming;
    /// Makes a file that gets this name when it lands. Until then no name leads to it.
    fn stage(&self, file: &Location, staging: Staging) -> Result<(File, Box<dyn Landing>), StoreError>;
    /// Makes the numbers of files that the fact `unique` tells. They say nothing about the disk (RFC 3659 §11).
    fn secret(&self) -> &RandomState;
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Read,
    /// To write to one that is there.
    Write(Start),
    /// To write to one that is not there.
    Make(Start),
}

/// What a file is to be when it lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Staging {
    /// It replaces one with these permission bits. Where the name is that of a link, the one that it leads to.
    Replacing { mode: u32 },
    /// Nothing has the name. What gets it meanwhile is replaced.
    New,
    /// The same; but what gets the name meanwhile is not replaced.
    Unique,
}

/// What is gone is no failure of a listing.
pub(super) fn unless_missing<T>(looked: Result<T, StoreError>) -> Option<Result<T, StoreError>> {
    match looked {
        Err(StoreError::Refused(Refused::Missing)) => None,
        looked => Some(looked),
    }
}

impl<T: Tree> Store for T {
    fn directory(&self) -> Option<BorrowedFd<'_>> {
        Tree::directory(self)
    }

    fn enter(&self, directory: &Location) -> Result<(), StoreError> {
        Tree::enter(self, directory)
    }

    fn find(&self, location: &Location) -> Result<(), StoreError> {
        self.itself(location).map(drop)
    }

    fn make_directory(&self, directory: &Location) -> Result<(), StoreError> {
        Tree::make_directory(self, directory)
    }

    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError> {
        Tree::remove_directory(self, directory)
    }

    fn delete(&self, file: &Location) -> Result<(), StoreError> {
        if self.itself(file)?.kind == Kind::Directory {
            return Err(Refused::IsADirectory.into());
        }
        self.remove_file(file)
    }

    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError> {
        Tree::rename(self, from, to)
    }

    fn size(&self, file: &Location, form: Form) -> Result<u64, StoreError> {
        let size = plain_file(self, file)?.size;
        match form {
            Form::Image => Ok(size),
            // RFC 3659 §4: the exact number, not an estimate. Only reading the file gives it.
            Form::Ascii => encoded_length(&mut self.open(file, Opening::Read)?),
            Form::Encoded(parameters) => any_length(&mut self.open(file, Opening::Read)?, parameters),
        }
    }

    fn modified(&self, file: &Location) -> Result<i64, StoreError> {
        Ok(plain_file(self, file)?.modified)
    }

    fn set_modified(&self, location: &Location, seconds: i64) -> Result<i64, StoreError> {
        if self.target(location)?.kind != Kind::Directory {
            plain_file(self, location)?;
        }
        Tree::set_modified(self, location, time(seconds)?)?;
        Ok(self.target(location)?.modified)
    }

    fn set_made(&self, location: &Location, seconds: i64) -> Result<i64, StoreError> {
        Tree::set_made(self, location, time(seconds)?)?;
        self.target(location)?.made.ok_or(StoreError::Local)
    }

    fn set_mode(&self, location: &Location, mode: u32) -> Result<u32, StoreError> {
        Tree::set_mode(self, location, mode)?;
        Ok(self.target(location)?.mode)
    }

    /// It is written as the way from its own directory to the target. That does not leave the root as long as neither is moved;
    /// this server follows no link out of it, but another program that reads the same files may.
    fn make_link(&self, link: &Location, target: &Location) -> Result<(), StoreError> {
        let up = link.parent().map_or(0, |parent| parent.depth());
        Tree::make_link(self, link, &[b"../".repeat(up), target.below_root()].concat())
    }

    fn digest(&self, file: &Location, algorithm: Algorithm, span: Span) -> Result<Digested, StoreError> {
        let size = plain_file(self, file)?.size;
        if span.first > 0 && span.first >= size {
            return Err(StoreError::BadOffset);
        }
        let mut file = self.open(file, Opening::Read)?;
        file.seek(SeekFrom::Start(span.first))?;
        let end_of_file = size.saturating_sub(1);
        let last = span.last.map_or(end_of_file, |last| last.min(end_of_file));
        let length = if size == 0 { 0 } else { last - span.first + 1 };
        let hexadecimal = algorithm.digest(file.take(length))?;
        Ok(Digested { hexadecimal, first: span.first, last })
    }

    fn room(&self, directory: &Location) -> Result<Room, StoreError> {
        let free = self.free(directory)?;
        Ok(Room { free, of_quota: self.limits().quota.left(|| self.used())? })
    }

    fn describe(&self, location: &Location, access: Access) -> Result<Entry, StoreError> {
        facts::entry(self, location, access)
    }

    fn list(&self, location: &Location, listing: &Listing) -> Result<Lines, StoreError> {
        listing::lines(self, location, listing)
    }

    fn read(&self, file: &Location, form: Form, offset: u64) -> Result<Reading, StoreError> {
        let size = plain_file(self, file)?.size;
        let mut file = self.open(file, Opening::Read)?;
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

    fn read_at_hand(&self, file: &Location, form: Form, offset: u64) -> Option<Reading> {
        // Any other form has to be looked for in the file.
        if form != Form::Image {
            return None;
        }
        let (mut file, size) = self.open_at_hand(file)?;
        if offset > size {
            return None;
        }
        if offset > 0 {
            file.seek(SeekFrom::Start(offset)).ok()?;
        }
        Some(Reading { file, size, skip: 0 })
    }

    fn write(&self, file: &Location, form: Form, start: Start) -> Result<Writing, StoreError> {
        let before = match plain_file(self, file) {
            Ok(before) => Some(before),
            // A file that is to be continued must be there.
            Err(StoreError::Refused(Refused::Missing)) if !matches!(start, Start::At(1..)) => None,
            Err(error) => return Err(error),
        };
        if self.naming() == Naming::WhenWhole {
            return whole::write(self, file, form, start, before.as_ref());
        }
        let is_new = before.is_none();
        let mut file = self.open(file, if is_new { Opening::Make(start) } else { Opening::Write(start) })?;
        let cut_to = match start {
            Start::Beginning => Some(0),
            Start::End => None,
            Start::At(offset) => Some(position(&mut file, form, offset)?),
        };
        file.seek(SeekFrom::Start(cut_to.unwrap_or(0)))?;
        let room = self.limits().allowance(|| self.used())?;
        Ok(Writing { file, cut_to, is_new, room, landing: None })
    }

    fn write_new(&self, directory: &Location) -> Result<(Location, Writing), StoreError> {
        const TRIES: u32 = 10_000;
        for number in 1..=TRIES {
            let location = directory.child(format!("unique.{number}").as_bytes());
            let made = match self.naming() {
                Naming::AtOnce => self.open(&location, Opening::Make(Start::Beginning)).map(|file| (file, None)),
                Naming::WhenWhole => whole::stage_new(self, &location, Staging::Unique),
            };
            match made {
                Ok((file, landing)) => {
                    let room = self.limits().allowance(|| self.used())?;
                    let room = if landing.is_some() { room.instead_of(0) } else { room };
                    return Ok((location, Writing { file, cut_to: None, is_new: true, room, landing }));
                }
                Err(StoreError::Refused(Refused::Exists)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Refused::Exists.into())
    }
}

fn time(seconds: i64) -> Result<SystemTime, Refused> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.ok_or(Refused::BadTime)
}

/// What is known of a plain file: a pipe or a device must not even be opened.
fn plain_file(tree: &impl Tree, location: &Location) -> Result<Attributes, StoreError> {
    let attributes = tree.target(location)?;
    match attributes.kind {
        Kind::File => Ok(attributes),
        Kind::Directory => Err(Refused::IsADirectory.into()),
        Kind::Link | Kind::Other => Err(Refused::NotAFile.into()),
    }
}
