//! A store with a fault that somebody asked for, to see what clients make of it.

use std::fs::OpenOptions;
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::Duration;

use protocol::listing::facts::Entry;

use super::{
    Algorithm, Digested, Form, Lines, Listing, Location, Reading, Refused, Room, Span, Start, Store, StoreError,
    Writing,
};
use crate::accounts::Access;

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No octet more fits on it. Files can be made, and stay empty.
    Full,
    /// Nothing in it may be read or changed; directories can be entered.
    Denied,
    /// Everything takes so long.
    Slow(Duration),
}

/// A store that is well but for one fault.
#[derive(Debug)]
pub(crate) struct Faulty<S> {
    store: S,
    fault: Fault,
}

/// What is asked of the store, as far as a fault makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Look,
    Read,
    /// Change what is there.
    Change,
    /// Put something there that takes room.
    Add,
}

impl<S> Faulty<S> {
    pub(crate) fn new(store: S, fault: Fault) -> Self {
        Self { store, fault }
    }

    /// Waits, or refuses.
    fn meet(&self, ask: Ask) -> Result<(), StoreError> {
        match (self.fault, ask) {
            (Fault::Slow(time), _) => {
                // The delay is the fault that was asked for: there is no event to wait for. Only a thread of the store sleeps.
                thread::sleep(time);
                Ok(())
            }
            (Fault::Denied, Ask::Read | Ask::Change | Ask::Add) => Err(Refused::Denied.into()),
            (Fault::Full, Ask::Add) => Err(StoreError::NoSpace),
            (Fault::Denied | Fault::Full, _) => Ok(()),
        }
    }

    /// The device of the system on which there is never room: the first octet that is written fails, as on a full disk.
    fn without_room(&self, writing: Writing) -> Result<Writing, StoreError> {
        if self.fault != Fault::Full {
            return Ok(writing);
        }
        // The file itself can be cut on a full disk; the device cannot.
        if let Some(length) = writing.cut_to {
            writing.file.set_len(length)?;
        }
        let file = OpenOptions::new().write(true).open("/dev/full")?;
        Ok(Writing { file, cut_to: None, ..writing })
    }
}

impl<S: Store> Store for Faulty<S> {
    fn directory(&self) -> Option<BorrowedFd<'_>> {
        self.store.directory()
    }

    fn enter(&self, directory: &Location) -> Result<(), StoreError> {
        self.meet(Ask::Look)?;
        self.store.enter(directory)
    }

    fn find(&self, location: &Location) -> Result<(), StoreError> {
        self.meet(Ask::Look)?;
        self.store.find(location)
    }

    fn make_directory(&self, directory: &Location) -> Result<(), StoreError> {
        self.meet(Ask::Add)?;
        self.store.make_directory(directory)
    }

    fn remove_directory(&self, directory: &Location) -> Result<(), StoreError> {
        self.meet(Ask::Change)?;
        self.store.remove_directory(directory)
    }

    fn delete(&self, file: &Location) -> Result<(), StoreError> {
        self.meet(Ask::Change)?;
        self.store.delete(file)
    }

    fn rename(&self, from: &Location, to: &Location) -> Result<(), StoreError> {
        self.meet(Ask::Change)?;
        self.store.rename(from, to)
    }

    fn size(&self, file: &Location, form: Form) -> Result<u64, StoreError> {
        self.meet(Ask::Look)?;
        self.store.size(file, form)
    }

    fn modified(&self, file: &Location) -> Result<i64, StoreError> {
        self.meet(Ask::Look)?;
        self.store.modified(file)
    }

    fn set_modified(&self, location: &Location, seconds: i64) -> Result<i64, StoreError> {
        self.meet(Ask::Change)?;
        self.store.set_modified(location, seconds)
    }

    fn set_made(&self, location: &Location, seconds: i64) -> Result<i64, StoreError> {
        self.meet(Ask::Change)?;
        self.store.set_made(location, seconds)
    }

    fn set_mode(&self, location: &Location, mode: u32) -> Result<u32, StoreError> {
        self.meet(Ask::Change)?;
        self.store.set_mode(location, mode)
    }

    fn make_link(&self, link: &Location, target: &Location) -> Result<(), StoreError> {
        self.meet(Ask::Add)?;
        self.store.make_link(link, target)
    }

    fn digest(&self, file: &Location, algorithm: Algorithm, span: Span) -> Result<Digested, StoreError> {
        self.meet(Ask::Read)?;
        self.store.digest(file, algorithm, span)
    }

    fn room(&self, directory: &Location) -> Result<Room, StoreError> {
        self.meet(Ask::Look)?;
        let room = self.store.room(directory)?;
        Ok(if self.fault == Fault::Full { Room { free: 0, ..room } } else { room })
    }

    fn describe(&self, location: &Location, access: Access) -> Result<Entry, StoreError> {
        self.meet(Ask::Look)?;
        self.store.describe(location, access)
    }

    fn list(&self, location: &Location, listing: &Listing) -> Result<Lines, StoreError> {
        self.meet(Ask::Read)?;
        self.store.list(location, listing)
    }

    fn read(&self, file: &Location, form: Form, offset: u64) -> Result<Reading, StoreError> {
        self.meet(Ask::Read)?;
        self.store.read(file, form, offset)
    }

    fn write(&self, file: &Location, form: Form, start: Start) -> Result<Writing, StoreError> {
        self.meet(Ask::Change)?;
        self.without_room(self.store.write(file, form, start)?)
    }

    fn write_new(&self, directory: &Location) -> Result<(Location, Writing), StoreError> {
        self.meet(Ask::Change)?;
        let (file, writing) = self.store.write_new(directory)?;
        Ok((file, self.without_room(writing)?))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};
    use std::time::Instant;

    use rstest::rstest;

    use super::*;
    use crate::store::Disk;

    fn faulty(fault: Fault) -> (tempfile::TempDir, Faulty<Disk>, Location) {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("f"), "12345").unwrap();
        let disk = Disk::open(root.path()).unwrap();
        (root, Faulty::new(disk, fault), Location::root().child(b"f"))
    }

    #[test]
    fn nothing_more_fits_on_a_full_one() {
        let (root, store, file) = faulty(Fault::Full);
        let mut writing = store.write(&file, Form::Image, Start::Beginning).unwrap();
        assert_eq!(writing.cut_to, None);
        assert_eq!(writing.file.write_all(b"1").unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(std::fs::read(root.path().join("f")).unwrap(), b"");
        assert_eq!(store.room(&Location::root()).unwrap().octets(), 0);
        assert_eq!(store.make_directory(&Location::root().child(b"d")), Err(StoreError::NoSpace));
        assert_eq!(store.delete(&file), Ok(()));
    }

    #[test]
    fn a_file_that_is_continued_on_a_full_one_keeps_what_it_has() {
        let (root, store, file) = faulty(Fault::Full);
        let mut writing = store.write(&file, Form::Image, Start::End).unwrap();
        assert_eq!(writing.file.write_all(b"6").unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(std::fs::read(root.path().join("f")).unwrap(), b"12345");
    }

    #[test]
    fn a_denied_one_lets_look_and_nothing_else() {
        let (_root, store, file) = faulty(Fault::Denied);
        let denied = Some(StoreError::Refused(Refused::Denied));
        assert_eq!(store.read(&file, Form::Image, 0).err(), denied);
        assert_eq!(store.write(&file, Form::Image, Start::End).err(), denied);
        assert_eq!(store.list(&Location::root(), &Listing::Long).err(), denied);
        assert_eq!(store.delete(&file).err(), denied);
        assert_eq!(store.size(&file, Form::Image), Ok(5));
        assert_eq!(store.enter(&Location::root()), Ok(()));
    }

    #[rstest]
    #[case(20)]
    #[case(0)]
    fn a_slow_one_does_everything_in_its_time(#[case] milliseconds: u64) {
        let time = Duration::from_millis(milliseconds);
        let (_root, store, file) = faulty(Fault::Slow(time));
        let begun = Instant::now();
        assert_eq!(store.size(&file, Form::Image), Ok(5));
        assert!(begun.elapsed() >= time);
    }
}
