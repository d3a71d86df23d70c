//! Files in memory, for tests and demonstrations. They begin empty, and nothing of them is left when the server ends.
//!
//! A file is a memfd of Linux: the system keeps its octets, its times and its permission bits, sends it with `sendfile`, and lets whoever has
//! it open keep it when its name is gone, all as on a disk. Directories and links are kept here.

mod contents;
mod node;

use std::fs::{File, Permissions};
use std::hash::RandomState;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use contents::Contents;
use node::{Directory, Kept, Link, Node};

use super::room::{Limit, Limits};
use super::tree::{Attributes, Names, Opening, Right, Staging, Tree};
use super::{Landing, Location, Naming, Refused, StoreError};

/// A store in memory.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    contents: Arc<Mutex<Contents>>,
    limits: Limits,
    secret: RandomState,
    /// The bits that new files and directories do not have.
    umask: u32,
    naming: Naming,
}

/// A file without a name.
#[derive(Debug)]
struct Staged {
    contents: Arc<Mutex<Contents>>,
    /// It holds the lock that shows that somebody has it open.
    file: File,
    name: Location,
    staging: Staging,
}

impl Landing for Staged {
    fn set_mode(&self, mode: u32) -> Result<(), StoreError> {
        Ok(self.file.set_permissions(Permissions::from_mode(mode))?)
    }

    fn land(self: Box<Self>) -> Result<(), StoreError> {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.land(&self.name, &self.file, self.staging)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.break_promise(&self.name, self.staging);
    }
}

impl Memory {
    /// One without files, and with room for so many octets.
    ///
    /// # Errors
    /// When the system has no files in memory, or has not mounted `/proc`, through which they are opened again.
    pub(crate) fn new(size: u64) -> io::Result<Self> {
        Kept::new(0o600)?.open(Opening::Read)?;
        let umask = umask()?;
        Ok(Self {
            contents: Arc::new(Mutex::new(Contents::new(0o777 & !umask))),
            limits: Limits { size: Limit::of(Some(size)), ..Limits::default() },
            secret: RandomState::new(),
            umask,
            naming: Naming::AtOnce,
        })
    }

    /// The same with a limit of the octets that the users may have of it.
    pub(crate) fn with_quota(self, quota: Option<u64>) -> Self {
        Self { limits: Limits { quota: Limit::of(quota), ..self.limits }, ..self }
    }

    /// The same with files that get their names so.
    pub(crate) fn with_naming(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tree for Memory {
    fn directory(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn itself(&self, location: &Location) -> Result<Attributes, StoreError> {
        self.contents().itself(location)?.attributes()
    }

    fn target(&self, location: &Location) -> Result<Attributes, StoreError> {
        self.contents().target(location)?.attributes()
    }

    fn way(&self, link: &Location) -> Result<Vec<u8>, StoreError> {
        match self.contents().itself(link)? {
            Node::Link(link) => Ok(link.way.clone()),
            Node::Directory(_) | Node::File(_) => Err(Refused::BadName.into()),
        }
    }

    fn enter(&self, directory: &Location) -> Result<(), StoreError> {
        self.contents().target(directory)?.directory()?;
        Ok(())
    }

    fn names(&self, directory: &Location) -> Result<Names, StoreError> {
        let contents = self.contents();
        let directory = contents.target(directory)?.directory()?;
        directory.check(Right::Read)?;
        let names: Vec<Vec<u8>> = directory.entries.keys().cloned().collect();
        Ok(Box::new(names.into_iter().map(Ok)))
    }

    fn make_directory(&self, directory: &Location) -> Result<(), StoreError> {
        let mode = 0o777 & !self.umask;
        self.contents().add(directory, |number| Ok(Node::Directory(Directory::new(mode, number))))
    }

    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError> {
        self.contents().remove_directory(directory)
    }

    fn remove_file(&self, file: &Location) -> Result<(), StoreError> {
        self.contents().remove_file(file)
    }

    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError> {
        self.contents().rename(from, to)
    }

    fn make_link(&self, link: &Location, way: &[u8]) -> Result<(), StoreError> {
        let way = way.to_vec();
        self.contents().add(link, |number| Ok(Node::Link(Link::new(way, number)?)))
    }

    fn open(&self, file: &Location, opening: Opening) -> Result<File, StoreError> {
        let mut contents = self.contents();
        if let Opening::Make(_) = opening {
            let mode = 0o666 & !self.umask;
            contents.add(file, |_| Ok(Node::File(Kept::new(mode)?)))?;
        }
        match contents.target(file)? {
            Node::File(file) => Ok(file.open(opening)?),
            Node::Directory(_) | Node::Link(_) => Err(Refused::IsADirectory.into()),
        }
    }

    fn set_modified(&self, location: &Location, time: SystemTime) -> Result<(), StoreError> {
        let mut contents = self.contents();
        match contents.target_mut(location)? {
            Node::Directory(directory) => {
                directory.check(Right::Read)?;
                directory.modified = time;
            }
            Node::File(file) => file.open(Opening::Read)?.set_modified(time)?,
            Node::Link(_) => return Err(Refused::NotAFile.into()),
        }
        Ok(())
    }

    fn set_made(&self, location: &Location, time: SystemTime) -> Result<(), StoreError> {
        match self.contents().target_mut(location)? {
            Node::Directory(directory) => directory.made = time,
            Node::File(file) => file.made = Some(time),
            Node::Link(_) => return Err(Refused::NotAFile.into()),
        }
        Ok(())
    }

    fn set_mode(&self, location: &Location, mode: u32) -> Result<(), StoreError> {
        match self.contents().target_mut(location)? {
            Node::Directory(directory) => directory.mode = mode,
            Node::File(kept) => kept.file.set_permissions(Permissions::from_mode(mode))?,
            Node::Link(_) => return Err(Refused::NotAFile.into()),
        }
        Ok(())
    }

    fn free(&self, directory: &Location) -> Result<u64, StoreError> {
        Tree::enter(self, directory)?;
        Ok(self.limits.size.left(|| self.used())?.unwrap_or(u64::MAX))
    }

    fn used(&self) -> Result<u64, StoreError> {
        self.contents().octets()
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn secret(&self) -> &RandomState {
        &self.secret
    }

    fn naming(&self) -> Naming {
        self.naming
    }

    fn stage(&self, file: &Location, staging: Staging) -> Result<(File, Box<dyn Landing>), StoreError> {
        let mode = match staging {
            Staging::Replacing { mode } => mode,
            Staging::New | Staging::Unique => 0o666 & !self.umask,
        };
        let opened = self.contents().stage(file, mode, staging)?;
        let contents = Arc::clone(&self.contents);
        let staged = Staged { contents, file: opened, name: file.clone(), staging };
        Ok((staged.file.try_clone()?, Box::new(staged)))
    }
}

/// The umask of this process. To ask the system for it is to change it, for all threads; this only looks.
fn umask() -> io::Result<u32> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let digits = status.lines().find_map(|line| line.strip_prefix("Umask:")).map(str::trim);
    digits
        .and_then(|digits| u32::from_str_radix(digits, 8).ok())
        .ok_or_else(|| io::Error::other("/proc/self/status tells no umask"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use protocol::Timestamp;
    use rstest::rstest;

    use super::*;
    use crate::accounts::Access;
    use crate::store::{Form, Start, Store, Writing};

    fn write(memory: &Memory, name: &[u8]) -> Writing {
        memory.write(&Location::root().child(name), Form::Image, Start::Beginning).unwrap()
    }

    #[rstest]
    #[case::no_quota(None, 10, true)]
    #[case::small_quota(Some(4), 4, false)]
    #[case::large_quota(Some(40), 10, true)]
    fn no_more_fits(#[case] quota: Option<u64>, #[case] fitting: usize, #[case] is_full: bool) {
        let memory = Memory::new(10).unwrap().with_quota(quota);
        assert_eq!(memory.room(&Location::root()).unwrap().octets(), fitting as u64);
        let mut writing = write(&memory, b"f");
        assert_eq!(writing.room.take(11), fitting);
        assert_eq!(writing.room.is_store_full(), is_full);
        writing.file.write_all(&vec![0; fitting]).unwrap();
        drop(writing);
        assert_eq!(memory.room(&Location::root()).unwrap().octets(), 0);
        let mut replacing = write(&memory, b"f");
        assert_eq!(replacing.room.take(1), 0);
        replacing.room.cut(&replacing.file, 0).unwrap();
        assert_eq!(replacing.room.take(11), fitting);
    }

    #[test]
    fn what_is_deleted_takes_room_as_long_as_it_is_open() {
        let (memory, file) = (Memory::new(10).unwrap(), Location::root().child(b"f"));
        write(&memory, b"f").file.write_all(b"1234").unwrap();
        let reading = memory.read(&file, Form::Image, 0).unwrap();
        memory.delete(&file).unwrap();
        assert_eq!(memory.room(&Location::root()).unwrap().free, 6);
        drop(reading);
        assert_eq!(memory.room(&Location::root()).unwrap().free, 10);
    }

    #[test]
    fn a_file_was_made_when_somebody_says_so() {
        let (memory, file) = (Memory::new(10).unwrap(), Location::root().child(b"f"));
        drop(write(&memory, b"f"));
        let made = || memory.describe(&file, Access::ReadOnly).unwrap().create;
        assert_eq!(Store::set_made(&memory, &file, -1), Ok(-1));
        assert_eq!(made(), Some(Timestamp::from_unix(-1)));
        write(&memory, b"f").file.write_all(b"1").unwrap();
        assert_eq!(made(), Some(Timestamp::from_unix(-1)));
    }

    #[test]
    fn each_has_files_of_its_own() {
        let (one, other) = (Memory::new(10).unwrap(), Memory::new(10).unwrap());
        drop(write(&one, b"f"));
        let file = Location::root().child(b"f");
        assert_eq!((one.find(&file), other.find(&file)), (Ok(()), Err(Refused::Missing.into())));
    }
}
