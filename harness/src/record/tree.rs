//! What stood on the server before a session, and what it left, as far as the session shows.

use std::collections::{BTreeMap, BTreeSet};

use super::content::{Content, LARGEST};
use super::yaml;
use crate::scenario::load::values;

/// The most names that a scenario lays. More are no session that a person reads.
const MOST_NAMES: usize = 2000;
/// How long `files` and `leaves` may each be.
const LONGEST: usize = 250 << 10;
/// The longest name that is written as a key.
const LONGEST_KEY: usize = 800;

/// The tree of a server, by paths below the folder that the client came to.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// What stood there before.
    before: BTreeMap<String, Before>,
    /// What stands there now; nothing where the session says nothing of it.
    now: BTreeMap<String, Now>,
    /// What the session made, changed or took away.
    touched: BTreeSet<String>,
    /// Files of `files` that a step names: they stay files.
    referred: BTreeSet<String>,
    seed: u64,
    /// How long `files` is.
    laid: usize,
}

/// What stood at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Before {
    Directory,
    /// A file that was read.
    File(Content),
    /// Something that was named. It is laid as a file of this content, until more is known.
    Named(Content),
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Now {
    Nothing,
    Directory,
    /// As it stood there before.
    Before,
    /// A file of the session's own; none where nobody can tell what is in it.
    File(Option<Content>),
}

/// How a scenario says the octets of a file that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is a file of `files`, of so many octets.
    OfFiles(u64),
    /// It was stored, with this content.
    Stored(Content),
    /// Nothing is known of it.
    Unknown,
}

impl Tree {
    /// A content of so many octets that is unlike the others.
    pub(super) fn generated(&mut self, size: u64) -> Content {
        self.seed += 1;
        Content::Generated { size, seed: self.seed }
    }

    /// The content of what came whole, or as many octets.
    pub(super) fn content(&mut self, kept: &[u8], length: u64) -> Content {
        self.seed += 1;
        Content::of(kept, length, self.seed)
    }

    /// A directory stands there.
    pub(super) fn has_directory(&mut self, path: &str) {
        if path.is_empty() || matches!(self.now.get(path), Some(Now::Directory)) {
            return;
        }
        if matches!(self.now.get(path), None | Some(Now::Before)) {
            self.lay(path, Before::Directory);
        }
    }

    /// A file stands there, and this was read from it.
    pub(super) fn has_file(&mut self, path: &str, content: Content) {
        match (self.now.get(path), self.before.get(path)) {
            (None, _) | (Some(Now::Before), Some(Before::Named(_))) => self.lay(path, Before::File(content)),
            _ => {}
        }
    }

    /// Something stands there, of so many octets if that was told.
    pub(super) fn has_name(&mut self, path: &str, size: Option<u64>) {
        if self.now.contains_key(path) || path.is_empty() {
            return;
        }
        let content = match size.filter(|size| *size <= LARGEST) {
            Some(size) => self.generated(size),
            None => Content::Octets(b"it was not read\n".to_vec()),
        };
        self.lay(path, Before::Named(content));
    }

    /// What can be said of the octets that stand there.
    pub(super) fn standing(&self, path: &str) -> Standing {
        match (self.now.get(path), self.before.get(path)) {
            (Some(Now::Before), Some(Before::File(content) | Before::Named(content))) => {
                Standing::OfFiles(content.length())
            }
            (Some(Now::File(Some(content))), _) => Standing::Stored(content.clone()),
            _ => Standing::Unknown,
        }
    }

    /// A step names this file of `files`.
    pub(super) fn refer(&mut self, path: &str) {
        self.referred.insert(path.to_owned());
    }

    /// The size that a listing told of a file which was not read.
    pub(super) fn told_size(&self, path: &str) -> Option<u64> {
        match (self.now.get(path), self.before.get(path)) {
            (Some(Now::Before), Some(Before::Named(content @ Content::Generated { .. }))) => Some(content.length()),
            _ => None,
        }
    }

    /// A file was stored.
    pub(super) fn stored(&mut self, path: &str, content: Option<Content>) {
        self.set(path, Now::File(content));
    }

    /// A directory was made.
    pub(super) fn made(&mut self, path: &str) {
        self.set(path, Now::Directory);
    }

    /// A file was deleted.
    pub(super) fn deleted(&mut self, path: &str) {
        self.has_name(path, None);
        self.set(path, Now::Nothing);
    }

    /// A directory was removed.
    pub(super) fn removed(&mut self, path: &str) {
        self.has_directory(path);
        for below in self.below(path) {
            self.set(&below, Now::Nothing);
        }
        self.set(path, Now::Nothing);
    }

    /// A name became another one.
    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        self.has_name(from, None);
        for path in self.below(from).into_iter().chain([from.to_owned()]) {
            let became = format!("{to}{}", path.strip_prefix(from).unwrap_or_default());
            let now = match (self.now.get(&path), self.before.get(&path)) {
                (Some(Now::Before), Some(Before::Directory)) => Now::Directory,
                (Some(Now::Before), Some(Before::File(content) | Before::Named(content))) => {
                    Now::File(Some(content.clone()))
                }
                (Some(now), _) => now.clone(),
                (None, _) => continue,
            };
            self.set(&became, now);
            self.set(&path, Now::Nothing);
        }
    }

    /// The names in a directory that the session took away.
    pub(super) fn gone_from(&self, directory: &str) -> Vec<String> {
        let gone = self.now.iter().filter(|(_, now)| **now == Now::Nothing);
        gone.filter_map(|(path, _)| name_in(path, directory)).map(str::to_owned).collect()
    }

    /// The value of `files`, a line a name.
    pub(super) fn files(&self) -> Vec<String> {
        self.before.iter().map(|(path, before)| line(path, before)).collect()
    }

    /// The value of `leaves`, a line a name.
    pub(super) fn leaves(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut length = 0;
        for path in &self.touched {
            let left = match self.now.get(path) {
                Some(Now::Nothing) => "absent".to_owned(),
                Some(Now::Directory) => "directory".to_owned(),
                Some(Now::File(Some(content))) => content.written(),
                Some(Now::Before | Now::File(None)) | None => continue,
            };
            let line = format!("  {}: {left}", yaml::text(path));
            length += line.len() + 1;
            if length > LONGEST {
                break;
            }
            lines.push(line);
        }
        lines
    }

    fn below(&self, path: &str) -> Vec<String> {
        let inside = |other: &&String| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        self.now.keys().filter(inside).cloned().collect()
    }

    fn set(&mut self, path: &str, now: Now) {
        if is_name(path) && (self.now.len() < MOST_NAMES || self.now.contains_key(path)) {
            self.now.insert(path.to_owned(), now);
            self.touched.insert(path.to_owned());
        }
    }

    /// Lays something, with the directories above it.
    fn lay(&mut self, path: &str, what: Before) {
        if !is_name(path) || self.before.len() >= MOST_NAMES {
            return;
        }
        let above: Vec<_> = path.match_indices('/').filter_map(|(end, _)| path.get(..end)).collect();
        let is_file = |path: &str| self.referred.contains(path);
        if above.iter().any(|above| is_file(above)) || what == Before::Directory && is_file(path) {
            return;
        }
        for above in above {
            // What the session made itself was not there before.
            match self.now.get(above) {
                Some(Now::Directory | Now::Nothing | Now::File(_)) => return,
                Some(Now::Before) | None => self.put(above, Before::Directory),
            }
        }
        let holds = |other: &String| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let what = if self.before.keys().any(holds) { Before::Directory } else { what };
        self.put(path, what);
    }

    fn put(&mut self, path: &str, what: Before) {
        let length = line(path, &what).len() + 1;
        if self.laid + length > LONGEST {
            return;
        }
        self.laid += length;
        self.before.insert(path.to_owned(), what);
        self.now.insert(path.to_owned(), Now::Before);
    }
}

fn is_name(path: &str) -> bool {
    values::path(path).is_ok() && yaml::quoted(path).len() <= LONGEST_KEY
}

fn name_in<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    let name = if directory.is_empty() { path } else { path.strip_prefix(directory)?.strip_prefix('/')? };
    Some(name).filter(|name| !name.contains('/'))
}

/// A line of `files`.
fn line(path: &str, before: &Before) -> String {
    match before {
        Before::Directory => format!("  {}: {{}}", yaml::text(&format!("{path}/"))),
        Before::File(content) | Before::Named(content) => format!("  {}: {}", yaml::text(path), content.written()),
    }
}
