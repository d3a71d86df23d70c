//! Names and what they lead to.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

use super::node::{Directory, Kept, LONGEST_PATH, Node};
use crate::store::tree::{Opening, Right, Staging};
use crate::store::{Location, Refused, Start, StoreError};

/// How many names there can be: a name takes memory too, and costs a user nothing.
const NAMES: usize = 10_000;
/// How many links may be on one way, as on Linux.
const LINKS: usize = 40;

/// All directories, files and links.
#[derive(Debug)]
pub(super) struct Contents {
    root: Node,
    names: usize,
    /// How many of the names may be those of files: each takes one of the files that this process may have open, and half of those are
    /// for connections.
    files_left: usize,
    /// The number of the next directory or link.
    next: u64,
    /// Files without a name that somebody may have open.
    nameless: Vec<Kept>,
    /// The names of files that are on their way, and which nothing else is to get.
    promised: BTreeSet<Vec<u8>>,
}

/// Where a name is.
struct Place {
    /// The names that lead to the directory, without links.
    directory: Vec<Vec<u8>>,
    name: Vec<u8>,
}

impl Contents {
    /// Nothing but a root with these permission bits.
    pub(super) fn new(mode: u32) -> Self {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX) / 2;
        let root = Node::Directory(Directory::new(mode, 0));
        let files_left = usize::try_from(files).unwrap_or(NAMES);
        Self { root, names: 0, files_left, next: 1, nameless: Vec::new(), promised: BTreeSet::new() }
    }

    /// What has this name, be it a link.
    pub(super) fn itself(&self, location: &Location) -> Result<&Node, Refused> {
        match location.parent() {
            None => self.target(location),
            Some(parent) => self.target(&parent)?.directory()?.entry(location.name()),
        }
    }

    /// What the name leads to.
    pub(super) fn target(&self, location: &Location) -> Result<&Node, Refused> {
        self.follow(location).map(|(_, node)| node)
    }

    /// What the name leads to, to change it.
    pub(super) fn target_mut(&mut self, location: &Location) -> Result<&mut Node, Refused> {
        let (names, _) = self.follow(location)?;
        self.node_mut(&names)
    }

    /// Puts what is built with a number of its own where nothing is.
    pub(super) fn add(
        &mut self,
        location: &Location,
        build: impl FnOnce(u64) -> Result<Node, StoreError>,
    ) -> Result<(), StoreError> {
        let place = self.free_place(location)?;
        let node = build(self.next)?;
        if matches!(node, Node::File(_)) {
            self.files_left = self.files_left.checked_sub(1).ok_or(StoreError::NoSpace)?;
        }
        self.next += 1;
        self.names += 1;
        self.put(place, node)
    }

    /// A place where something may be put, and nothing is.
    fn free_place(&mut self, location: &Location) -> Result<Place, StoreError> {
        let place = self.place(location)?.ok_or(Refused::Exists)?;
        match self.directory(&place)?.entry(&place.name) {
            Ok(_) => return Err(Refused::Exists.into()),
            Err(Refused::Missing) => self.directory(&place)?.check(Right::Write)?,
            Err(refused) => return Err(refused.into()),
        }
        self.forget_closed();
        if self.names >= NAMES { Err(StoreError::NoSpace) } else { Ok(place) }
    }

    /// Makes a file that has no name yet. It is as good as deleted, until it lands.
    pub(super) fn stage(&mut self, location: &Location, mode: u32, staging: Staging) -> Result<File, StoreError> {
        if staging == Staging::Unique && !self.promised.insert(location.below_root()) {
            return Err(Refused::Exists.into());
        }
        let opened = self.make_nameless(location, mode, staging);
        if opened.is_err() {
            self.break_promise(location, staging);
        }
        opened
    }

    fn make_nameless(&mut self, location: &Location, mode: u32, staging: Staging) -> Result<File, StoreError> {
        match staging {
            Staging::New | Staging::Unique => drop(self.free_place(location)?),
            Staging::Replacing { .. } => self.forget_closed(),
        }
        let left = self.files_left.checked_sub(1).ok_or(StoreError::NoSpace)?;
        let kept = Kept::new(mode)?;
        let opened = kept.open(Opening::Make(Start::Beginning))?;
        self.files_left = left;
        self.nameless.push(kept);
        Ok(opened)
    }

    /// Whoever wants this name may have it.
    pub(super) fn break_promise(&mut self, location: &Location, staging: Staging) {
        if staging == Staging::Unique {
            self.promised.remove(&location.below_root());
        }
    }

    /// Gives a staged file its name, and what had the name goes.
    pub(super) fn land(&mut self, location: &Location, file: &File, staging: Staging) -> Result<(), StoreError> {
        let number = file.metadata()?.ino();
        let is_it = |kept: &Kept| kept.file.metadata().is_ok_and(|metadata| metadata.ino() == number);
        let place = self.nameless.iter().position(is_it).ok_or(StoreError::Local)?;
        match self.follow(location) {
            Ok((names, Node::File(_))) if staging != Staging::Unique => {
                let kept = self.nameless.swap_remove(place);
                let node = self.node_mut(&names)?;
                let before = std::mem::replace(node, Node::File(kept));
                if let (Node::File(now), Node::File(before)) = (node, &before) {
                    now.made = before.made;
                }
                self.let_go(before);
                Ok(())
            }
            Ok((_, Node::Directory(_))) => Err(Refused::IsADirectory.into()),
            Ok(_) => Err(Refused::Exists.into()),
            Err(Refused::Missing) => {
                let free = self.free_place(location)?;
                let place = self.nameless.iter().position(is_it).ok_or(StoreError::Local)?;
                let kept = self.nameless.swap_remove(place);
                self.names += 1;
                self.put(free, Node::File(kept))
            }
            Err(refused) => Err(refused.into()),
        }
    }

    pub(super) fn remove_directory(&mut self, location: &Location) -> Result<(), StoreError> {
        // As the system has it: the root has no name that could be taken away.
        let place = self.place(location)?.ok_or(Refused::BadName)?;
        let directory = self.directory(&place)?.entry(&place.name)?;
        self.directory(&place)?.check(Right::Write)?;
        if !directory.directory()?.entries.is_empty() {
            return Err(Refused::NotEmpty.into());
        }
        self.take(&place).map(drop)
    }

    /// Removes what is no directory.
    pub(super) fn remove_file(&mut self, location: &Location) -> Result<(), StoreError> {
        let place = self.place(location)?.ok_or(Refused::IsADirectory)?;
        let node = self.directory(&place)?.entry(&place.name)?;
        self.directory(&place)?.check(Right::Write)?;
        if node.is_directory() {
            return Err(Refused::IsADirectory.into());
        }
        let node = self.take(&place)?;
        self.let_go(node);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Location, to: &Location) -> Result<(), StoreError> {
        // What is wrong with the directories comes before that the root cannot be renamed, or replaced.
        let (from, to) = (self.place(from)?, self.place(to)?);
        for place in [&from, &to].into_iter().flatten() {
            self.directory(place)?.check(Right::Search)?;
        }
        let (from, to) = (from.ok_or(StoreError::Local)?, to.ok_or(StoreError::Local)?);
        let source = self.directory(&from)?.entry(&from.name)?;
        let target = match self.directory(&to)?.entry(&to.name) {
            Err(Refused::Missing) => None,
            target => Some(target?),
        };
        if to.directory.starts_with(&from.path()) {
            return Err(Refused::BadName.into());
        }
        if from.directory.starts_with(&to.path()) {
            return Err(Refused::NotEmpty.into());
        }
        if from.path() == to.path() {
            return Ok(());
        }
        self.directory(&from)?.check(Right::Write)?;
        self.directory(&to)?.check(Right::Write)?;
        match (source, target) {
            (Node::Directory(_), Some(target)) if !target.directory()?.entries.is_empty() => {
                return Err(Refused::NotEmpty.into());
            }
            (Node::File(_) | Node::Link(_), Some(Node::Directory(_))) => return Err(Refused::IsADirectory.into()),
            // Its `..` changes.
            (Node::Directory(source), _) if from.directory != to.directory => source.check(Right::Write)?,
            (Node::Directory(_) | Node::File(_) | Node::Link(_), _) => {}
        }
        if target.is_some() {
            let replaced = self.take(&to)?;
            self.let_go(replaced);
        }
        let node = self.take(&from)?;
        self.names += 1;
        self.put(to, node)
    }

    /// How many octets the files have together, also those without a name that somebody has open.
    pub(super) fn octets(&mut self) -> Result<u64, StoreError> {
        self.forget_closed();
        let (mut octets, mut left) = (0, vec![&self.root]);
        while let Some(node) = left.pop() {
            match node {
                Node::Directory(directory) => left.extend(directory.entries.values()),
                Node::File(file) => octets += file.octets()?,
                Node::Link(_) => {}
            }
        }
        for file in &self.nameless {
            octets += file.octets()?;
        }
        Ok(octets)
    }

    /// The names that lead to what a location leads to, without links, and what that is.
    fn follow(&self, location: &Location) -> Result<(Vec<Vec<u8>>, &Node), Refused> {
        check_length(location)?;
        let mut left: Vec<Vec<u8>> = location.names().iter().rev().cloned().collect();
        if left.is_empty() {
            // As the system takes it, who may not search the root may not look at it.
            left.push(b".".to_vec());
        }
        let (mut names, mut above, mut here, mut links) = (Vec::new(), Vec::new(), &self.root, 0);
        while let Some(name) = left.pop() {
            let directory = here.directory()?;
            directory.check(Right::Search)?;
            match name.as_slice() {
                b"" | b"." => {}
                b".." => {
                    names.pop();
                    // A way that leads out of the root.
                    here = above.pop().ok_or(Refused::Denied)?;
                }
                _ => match directory.entry(&name)? {
                    Node::Link(link) => {
                        links += 1;
                        if links > LINKS {
                            return Err(Refused::BadName);
                        }
                        left.extend(link.way.split(|&octet| octet == b'/').rev().map(<[u8]>::to_vec));
                    }
                    node @ (Node::Directory(_) | Node::File(_)) => {
                        above.push(here);
                        names.push(name);
                        here = node;
                    }
                },
            }
        }
        Ok((names, here))
    }

    /// The place of a name; none for the root. The directory is there.
    fn place(&self, location: &Location) -> Result<Option<Place>, Refused> {
        check_length(location)?;
        let Some(parent) = location.parent() else { return self.follow(location).map(|_| None) };
        let (directory, node) = self.follow(&parent)?;
        node.directory()?;
        Ok(Some(Place { directory, name: location.name().to_vec() }))
    }

    /// The directory of a place.
    fn directory(&self, place: &Place) -> Result<&Directory, Refused> {
        let mut names = place.directory.iter();
        names.try_fold(&self.root, |node, name| node.directory()?.entry(name))?.directory()
    }

    fn node_mut(&mut self, names: &[Vec<u8>]) -> Result<&mut Node, Refused> {
        names.iter().try_fold(&mut self.root, |node, name| node.directory_mut()?.entry_mut(name))
    }

    fn put(&mut self, place: Place, node: Node) -> Result<(), StoreError> {
        let directory = self.node_mut(&place.directory)?.directory_mut()?;
        directory.entries.insert(place.name, node);
        directory.modified = SystemTime::now();
        Ok(())
    }

    fn take(&mut self, place: &Place) -> Result<Node, StoreError> {
        let directory = self.node_mut(&place.directory)?.directory_mut()?;
        let node = directory.entries.remove(&place.name).ok_or(Refused::Missing)?;
        directory.modified = SystemTime::now();
        self.names -= 1;
        Ok(node)
    }

    /// A name is gone. What it led to may be open.
    fn let_go(&mut self, node: Node) {
        if let Node::File(file) = node {
            self.nameless.push(file);
            self.forget_closed();
        }
    }

    fn forget_closed(&mut self) {
        let before = self.nameless.len();
        self.nameless.retain(Kept::is_open);
        self.files_left += before - self.nameless.len();
    }
}

impl Place {
    fn path(&self) -> Vec<Vec<u8>> {
        [self.directory.as_slice(), std::slice::from_ref(&self.name)].concat()
    }
}

fn check_length(location: &Location) -> Result<(), Refused> {
    if location.below_root().len() > LONGEST_PATH { Err(Refused::BadName) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::node::Link;

    fn at(name: &str) -> Location {
        Location::root().child(name.as_bytes())
    }

    fn add_file(contents: &mut Contents, name: &str) -> Result<(), StoreError> {
        contents.add(&at(name), |_| Ok(Node::File(Kept::new(0o644)?)))
    }

    #[test]
    fn files_take_no_more_than_their_share_of_what_may_be_open() {
        let mut contents = Contents { files_left: 2, ..Contents::new(0o755) };
        add_file(&mut contents, "a").unwrap();
        add_file(&mut contents, "b").unwrap();
        assert_eq!(add_file(&mut contents, "c"), Err(StoreError::NoSpace));
        assert_eq!(contents.itself(&at("c")).map(drop), Err(Refused::Missing));
        let Node::File(file) = contents.itself(&at("a")).unwrap() else { panic!("it is no file") };
        let opened = file.open(Opening::Read).unwrap();
        contents.remove_file(&at("a")).unwrap();
        assert_eq!(add_file(&mut contents, "c"), Err(StoreError::NoSpace));
        drop(opened);
        add_file(&mut contents, "c").unwrap();
        contents.rename(&at("b"), &at("c")).unwrap();
        add_file(&mut contents, "d").unwrap();
    }

    #[test]
    fn names_are_bounded() {
        let mut contents = Contents { names: NAMES - 1, ..Contents::new(0o755) };
        let link = |number| Ok(Node::Link(Link::new(b"x".to_vec(), number)?));
        contents.add(&at("a"), link).unwrap();
        assert_eq!(contents.add(&at("b"), link), Err(StoreError::NoSpace));
        contents.rename(&at("a"), &at("b")).unwrap();
        assert_eq!(contents.add(&at("a"), link), Err(StoreError::NoSpace));
        contents.remove_file(&at("b")).unwrap();
        contents.add(&at("a"), link).unwrap();
    }
}
