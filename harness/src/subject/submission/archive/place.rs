//! Where the entries of an archive are laid: beneath one folder, and never through a link.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::super::copy::{CopyError, DEPTH, NAMES};
use super::fault;

/// The longest name of one file or folder (limits.h, `NAME_MAX`).
const LONGEST: usize = 255;

/// A folder that an archive is unpacked into.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    folder: &'a Path,
    most: u64,
    octets: u64,
    names: usize,
    /// The links, laid when all else stands: so nothing is ever written through one.
    links: Vec<(PathBuf, Vec<u8>)>,
}

impl<'a> Ground<'a> {
    /// Makes the folder.
    pub(super) fn make(folder: &'a Path, most: u64) -> Result<Self, CopyError> {
        DirBuilder::new().mode(0o755).create(folder).map_err(CopyError::Own)?;
        Ok(Self { folder, most, octets: 0, names: 0, links: Vec::new() })
    }

    /// How many octets may be laid.
    pub(super) fn most(&self) -> u64 {
        self.most
    }

    /// Where the entry of this name belongs. Nothing for the folder itself, and for what systems leave in archives.
    pub(super) fn place(&mut self, name: &[u8]) -> Result<Option<PathBuf>, CopyError> {
        self.names += 1;
        few_enough(self.names)?;
        if name.starts_with(b"/") {
            return Err(fault(format!("{} begins at the root of the machine", shown(name))));
        }
        let mut path = PathBuf::new();
        let mut depth = 0;
        for part in name.split(|octet| *octet == b'/').filter(|part| !part.is_empty() && *part != b".") {
            let is_drive = depth == 0 && matches!(part, [letter, b':'] if letter.is_ascii_alphabetic());
            if part == b".." || is_drive {
                return Err(fault(format!("{} leads out of it", shown(name))));
            }
            depth += 1;
            if part.len() > LONGEST || part.contains(&0) || depth > DEPTH {
                return Err(fault(format!("{} is no name that a file can have", shown(name))));
            }
            path.push(OsStr::from_bytes(part));
        }
        let is_left_behind = path.starts_with("__MACOSX") || path.file_name().is_some_and(|name| name == ".DS_Store");
        Ok((depth > 0 && !is_left_behind).then_some(path))
    }

    /// Makes a folder, and those above it.
    pub(super) fn folder(&self, place: &Path) -> Result<(), CopyError> {
        let made = DirBuilder::new().mode(0o755).recursive(true).create(self.folder.join(place));
        made.map_err(|error| laid(error, place))
    }

    /// Writes a file. A later one takes the place of an earlier of the same name, as in a tar that was added to.
    pub(super) fn file(&mut self, place: &Path, is_program: bool, octets: &mut impl Read) -> Result<(), CopyError> {
        let path = self.free(place)?;
        let mode = if is_program { 0o755 } else { 0o644 };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .map_err(|error| laid(error, place))?;
        let left = self.most - self.octets;
        self.octets += copied(&mut octets.take(left.saturating_add(1)), &mut file, place)?;
        if self.octets > self.most { Err(CopyError::too_much(self.most)) } else { Ok(()) }
    }

    /// A link, laid at the end.
    pub(super) fn link(&mut self, place: PathBuf, target: &[u8]) -> Result<(), CopyError> {
        let mut depth = place.components().count() - 1;
        // `..` first, then names: behind a name `..` could lead out, where that name is a link itself.
        let mut is_within = !target.starts_with(b"/") && !target.is_empty() && !target.contains(&0);
        let mut named = false;
        for part in target.split(|octet| *octet == b'/').filter(|part| !part.is_empty() && *part != b".") {
            if part == b".." {
                is_within &= depth > 0 && !named;
                depth = depth.saturating_sub(1);
            } else {
                named = true;
            }
        }
        if !is_within {
            let (place, target) = (shown(place.as_os_str().as_bytes()), shown(target));
            return Err(fault(format!("{place} is a link to {target}, which leads out of it")));
        }
        self.links.push((place, target.to_vec()));
        Ok(())
    }

    /// Another name for a file that came before.
    pub(super) fn second_name(&mut self, place: &Path, target: &[u8]) -> Result<(), CopyError> {
        let first = self.place(target)?.map(|first| self.folder.join(first));
        let is_file = |path: &PathBuf| path.symlink_metadata().is_ok_and(|meta| meta.is_file());
        let Some(first) = first.filter(is_file) else {
            let (place, target) = (shown(place.as_os_str().as_bytes()), shown(target));
            return Err(fault(format!("{place} is another name for {target}, which is no file before it")));
        };
        let path = self.folder.join(place);
        if path == first {
            return Ok(());
        }
        self.free(place)?;
        std::fs::hard_link(first, path).map_err(|error| laid(error, place))
    }

    /// Lays the links.
    pub(super) fn lay_links(self) -> Result<(), CopyError> {
        let mut links = BTreeSet::new();
        for (place, target) in &self.links {
            // Nothing else in here is a link, so only these can stand in the way.
            if place.ancestors().any(|above| links.contains(above)) {
                return Err(fault(format!("{} comes twice", shown(place.as_os_str().as_bytes()))));
            }
            let path = self.folder.join(place);
            if let Some(above) = place.parent() {
                self.folder(above)?;
            }
            std::os::unix::fs::symlink(OsStr::from_bytes(target), path).map_err(|error| laid(error, place))?;
            links.insert(place.as_path());
        }
        Ok(())
    }

    /// The path of a place that is taken by no file any more, in folders that stand.
    fn free(&self, place: &Path) -> Result<PathBuf, CopyError> {
        if let Some(above) = place.parent() {
            self.folder(above)?;
        }
        let path = self.folder.join(place);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(laid(error, place)),
            Ok(()) | Err(_) => Ok(path),
        }
    }
}

/// Whether an archive may have so many entries.
pub(super) fn few_enough(entries: usize) -> Result<(), CopyError> {
    if entries > NAMES { Err(CopyError::too_many()) } else { Ok(()) }
}

/// An entry that is neither a file, nor a folder, nor a link.
pub(super) fn is_neither(name: &[u8]) -> CopyError {
    fault(format!("{} is a device, or another thing that no submission needs", shown(name)))
}

/// Copies, and says of an error whose it is: the archive's or the machine's.
fn copied(from: &mut impl Read, to: &mut impl io::Write, place: &Path) -> Result<u64, CopyError> {
    let mut block = [0; 16 << 10];
    let mut all = 0;
    loop {
        let length = match from.read(&mut block) {
            Ok(0) => return Ok(all),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(fault(format!("{} is broken: {error}", shown(place.as_os_str().as_bytes())))),
        };
        to.write_all(block.get(..length).unwrap_or_default()).map_err(CopyError::Own)?;
        all += u64::try_from(length).unwrap_or(u64::MAX);
    }
}

/// What stands in the way of an entry is of the archive itself; all else is the machine's.
fn laid(error: io::Error, place: &Path) -> CopyError {
    if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory | ErrorKind::IsADirectory) {
        return fault(format!("{} is a file and a folder, or comes twice", shown(place.as_os_str().as_bytes())));
    }
    CopyError::Own(error)
}

/// A name of an archive within a message.
fn shown(name: &[u8]) -> String {
    const MOST: usize = 200;
    let cut = name.get(..MOST).unwrap_or(name);
    cut.escape_ascii().to_string()
}
