//! What can have a name.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use cap_std::fs::Metadata;
use rustix::fs::MemfdFlags;

use crate::store::tree::{Attributes, Kind, Opening, Right, allows};
use crate::store::{Refused, Start, StoreError};

/// A directory, file or link.
#[derive(Debug)]
pub(super) enum Node {
    Directory(Directory),
    File(Kept),
    Link(Link),
}

impl Node {
    pub(super) fn directory(&self) -> Result<&Directory, Refused> {
        match self {
            Self::Directory(directory) => Ok(directory),
            Self::File(_) | Self::Link(_) => Err(Refused::NotADirectory),
        }
    }

    pub(super) fn directory_mut(&mut self) -> Result<&mut Directory, Refused> {
        match self {
            Self::Directory(directory) => Ok(directory),
            Self::File(_) | Self::Link(_) => Err(Refused::NotADirectory),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self, Self::Directory(_))
    }

    pub(super) fn attributes(&self) -> Result<Attributes, StoreError> {
        Ok(match self {
            Self::Directory(directory) => directory.attributes(),
            Self::File(kept) => kept.attributes()?,
            Self::Link(link) => link.attributes(),
        })
    }
}

/// A file.
#[derive(Debug)]
pub(super) struct Kept {
    /// Not for reading or writing: all that are opened have a place in the file of their own, and this one would be shared.
    pub(super) file: File,
    /// When somebody says that it was made; what the system knows cannot be changed.
    pub(super) made: Option<SystemTime>,
}

impl Kept {
    pub(super) fn new(mode: u32) -> io::Result<Self> {
        let file = File::from(rustix::fs::memfd_create("file", MemfdFlags::CLOEXEC)?);
        file.set_permissions(Permissions::from_mode(mode))?;
        Ok(Self { file, made: None })
    }

    /// The file, opened once more: with a place in it of its own. As long as it is open, it holds a lock that shows it.
    pub(super) fn open(&self, opening: Opening) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true);
        if let Opening::Write(start) | Opening::Make(start) = opening {
            options.write(true).append(start == Start::End);
        }
        let opened = options.open(format!("/proc/self/fd/{}", self.file.as_raw_fd()))?;
        opened.try_lock_shared()?;
        Ok(opened)
    }

    /// Whether somebody has it open. To be asked when nobody can open it any more.
    pub(super) fn is_open(&self) -> bool {
        self.file.try_lock().is_err()
    }

    pub(super) fn octets(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn attributes(&self) -> io::Result<Attributes> {
        let known = Attributes::from(&Metadata::from_file(&self.file)?);
        // No directory of the system has it, so that the system counts no names.
        Ok(Attributes { links: 1, made: self.made.map(seconds).or(known.made), ..known })
    }
}

/// A directory.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) entries: BTreeMap<Vec<u8>, Node>,
    /// The permission bits.
    pub(super) mode: u32,
    pub(super) modified: SystemTime,
    pub(super) made: SystemTime,
    number: u64,
}

impl Directory {
    pub(super) fn new(mode: u32, number: u64) -> Self {
        let now = SystemTime::now();
        Self { entries: BTreeMap::new(), mode, modified: now, made: now, number }
    }

    /// Refuses what the permission bits do not let this process do.
    pub(super) fn check(&self, right: Right) -> Result<(), Refused> {
        let (owner, group) = of_process();
        if allows(self.mode, owner, group, right) { Ok(()) } else { Err(Refused::Denied) }
    }

    /// What has this name.
    pub(super) fn entry(&self, name: &[u8]) -> Result<&Node, Refused> {
        self.check_name(name)?;
        self.entries.get(name).ok_or(Refused::Missing)
    }

    /// The same, to change it.
    pub(super) fn entry_mut(&mut self, name: &[u8]) -> Result<&mut Node, Refused> {
        self.check_name(name)?;
        self.entries.get_mut(name).ok_or(Refused::Missing)
    }

    fn check_name(&self, name: &[u8]) -> Result<(), Refused> {
        /// `NAME_MAX` of Linux.
        const LONGEST: usize = 255;
        self.check(Right::Search)?;
        if name.len() > LONGEST { Err(Refused::BadName) } else { Ok(()) }
    }

    fn attributes(&self) -> Attributes {
        /// What a small directory has on most disks.
        const SIZE: u64 = 4096;
        let directories = self.entries.values().filter(|entry| entry.is_directory()).count();
        let (owner, group) = of_process();
        Attributes {
            kind: Kind::Directory,
            size: SIZE,
            modified: seconds(self.modified),
            made: Some(seconds(self.made)),
            mode: self.mode,
            owner,
            group,
            // Its name, its `.`, and the `..` of each in it.
            links: 2 + directories as u64,
            number: (NO_DEVICE, self.number),
        }
    }
}

/// A symbolic link.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) way: Vec<u8>,
    made: SystemTime,
    number: u64,
}

impl Link {
    pub(super) fn new(way: Vec<u8>, number: u64) -> Result<Self, Refused> {
        if way.len() > LONGEST_PATH { Err(Refused::BadName) } else { Ok(Self { way, made: SystemTime::now(), number }) }
    }

    fn attributes(&self) -> Attributes {
        let (owner, group) = of_process();
        Attributes {
            kind: Kind::Link,
            size: self.way.len() as u64,
            modified: seconds(self.made),
            made: Some(seconds(self.made)),
            mode: 0o777,
            owner,
            group,
            links: 1,
            number: (NO_DEVICE, self.number),
        }
    }
}

/// `PATH_MAX` of Linux, without the NUL that it counts.
pub(super) const LONGEST_PATH: usize = 4095;

/// Where directories and links are: the numbers of no file can be the same.
const NO_DEVICE: u64 = u64::MAX;

fn of_process() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

/// In seconds since 1970-01-01 UTC, the fraction cut off downwards as the system does it.
fn seconds(time: SystemTime) -> i64 {
    let whole = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since.as_secs()),
        Err(before) => {
            let before = before.duration();
            -whole(before.as_secs()) - i64::from(before.subsec_nanos() > 0)
        }
    }
}
