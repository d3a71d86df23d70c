//! The texts of a suite: those carried in the program, and those that a folder or a file on disk adds or puts in their place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use super::reader::FileName;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::tree::Span;
use crate::scenario::yaml::MAX_OCTETS;

static SUITE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../scenarios");

static MUTANTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/mutants");

/// What a scenario needs of the suite that it stands in.
const SURROUNDINGS: [&str; 2] = ["given", "requirements"];

/// The YAML files of a suite, by their path below the scenarios' folder.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: BTreeMap<FileName, Arc<str>>,
    /// Which file of the suite a path on disk became.
    disk: BTreeMap<PathBuf, FileName>,
    /// Files that are part of no folder: their names are not ids that the suite keeps.
    loose: BTreeSet<FileName>,
    /// Files and folders that stand in no suite.
    apart: BTreeSet<FileName>,
    /// Files that were asked for by their path.
    named: BTreeSet<FileName>,
    /// Files that came along with those.
    surroundings: BTreeSet<FileName>,
    /// Files that are no text, or cannot be read as one.
    pub(crate) faults: Vec<Diagnostic>,
}

/// A folder or file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {cause}", path.display())]
pub struct Unreadable {
    /// Which.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub cause: std::io::Error,
}

impl Sources {
    /// Those carried in the program.
    pub fn embedded() -> Self {
        let mut sources = Self::default();
        sources.add_embedded(&SUITE);
        sources
    }

    /// The mutants carried in the program.
    pub fn mutants() -> Self {
        let mut sources = Self::default();
        sources.add_embedded(&MUTANTS);
        sources
    }

    /// Texts by file name.
    pub fn of(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = texts.into_iter().map(|(file, text)| (file.into(), text.into())).collect();
        Self { files, ..Self::default() }
    }

    /// Adds every YAML file below a folder. A file of the same name is replaced.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), Unreadable> {
        self.add_below(folder, folder, 0)
    }

    /// Adds a file on disk, or every YAML file below a folder, under the name that it has in the suite it stands in.
    ///
    /// That suite is the nearest folder around it with a `given` or `requirements` folder, which are added too. A file that stands in no
    /// suite has its path below the nearest folder called `scenarios`, else below the working directory.
    ///
    /// # Errors
    /// A folder or file cannot be read.
    pub fn add_path(&mut self, path: &Path) -> Result<(), Unreadable> {
        let absolute = std::path::absolute(path).map_err(|cause| Unreadable { path: path.to_owned(), cause })?;
        let root = absolute.ancestors().find(|folder| SURROUNDINGS.iter().any(|inside| folder.join(inside).is_dir()));
        if let Some(root) = root {
            for inside in SURROUNDINGS.iter().map(|inside| root.join(inside)).filter(|inside| inside.is_dir()) {
                self.add_below(root, &inside, 0)?;
            }
        }
        match (root, path.is_dir()) {
            (Some(root), true) => self.add_below(root, &absolute, 0)?,
            (Some(root), false) => self.read(&absolute, &slashed(absolute.strip_prefix(root).unwrap_or(&absolute)))?,
            (None, true) => {
                self.add_folder(&absolute)?;
                let below = self.disk.iter().filter(|(found, _)| found.starts_with(&absolute));
                self.apart.extend(below.map(|(_, name)| Arc::clone(name)));
            }
            (None, false) => {
                let name = name_of(path, std::env::current_dir().ok().as_deref());
                self.loose.insert(name.as_str().into());
                self.apart.insert(name.as_str().into());
                self.read(&absolute, &name)?;
            }
        }
        for (found, name) in &self.disk {
            let set = if found.starts_with(&absolute) { &mut self.named } else { &mut self.surroundings };
            set.insert(Arc::clone(name));
        }
        Ok(())
    }

    /// Whether a file came from disk.
    pub(crate) fn is_from_disk(&self, file: &str) -> bool {
        self.disk.values().any(|name| name.as_ref() == file)
    }

    /// Whether a file came along with one that was asked for: what it names may have stayed behind.
    pub(crate) fn came_along(&self, file: &str) -> bool {
        self.surroundings.contains(file) && !self.named.contains(file)
    }

    /// The files that [`Sources::add_path`] was asked for.
    pub(crate) fn named(&self) -> &BTreeSet<FileName> {
        &self.named
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> Option<&Arc<str>> {
        self.files.get(file)
    }

    /// The files and their texts, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.files.iter()
    }

    /// Whether the file is part of no folder.
    pub(crate) fn is_loose(&self, file: &str) -> bool {
        self.loose.contains(file)
    }

    /// Whether the file stands in no suite: neither in the program's, nor in a folder with a `given` or `requirements` folder.
    pub(crate) fn is_apart(&self, file: &str) -> bool {
        self.apart.contains(file)
    }

    /// The files of the suite that this path on disk, a file or a folder, became.
    pub(crate) fn on_disk(&self, path: &str) -> BTreeSet<&str> {
        let Ok(absolute) = std::path::absolute(path) else { return BTreeSet::new() };
        let below = self.disk.iter().filter(|(found, _)| found.starts_with(&absolute));
        below.map(|(_, name)| name.as_ref()).collect()
    }

    /// SHA-256 over the names and texts of all files.
    pub fn hash(&self) -> String {
        let mut digest = Sha256::new();
        for (file, text) in &self.files {
            for part in [file, text] {
                // The length keeps two different suites from being the same octets.
                digest.update((part.len() as u64).to_le_bytes());
                digest.update(part.as_bytes());
            }
        }
        let digits = digest.finalize().into_iter().flat_map(|octet| [octet >> 4, octet & 15]);
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
    }

    fn add_embedded(&mut self, dir: &Dir<'_>) {
        for file in dir.files().filter(|file| is_yaml(file.path())) {
            self.insert(slashed(file.path()).into(), file.contents());
        }
        for dir in dir.dirs() {
            self.add_embedded(dir);
        }
    }

    fn add_below(&mut self, root: &Path, folder: &Path, depth: usize) -> Result<(), Unreadable> {
        let unreadable = |cause| Unreadable { path: folder.to_owned(), cause };
        if depth > 16 {
            return Err(unreadable(std::io::Error::other("more than 16 folders in one another")));
        }
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                self.add_below(root, &path, depth + 1)?;
            } else if is_yaml(&path) {
                let name = slashed(path.strip_prefix(root).unwrap_or(&path));
                self.read(&path, &name)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, path: &Path, name: &str) -> Result<(), Unreadable> {
        let unreadable = |cause| Unreadable { path: path.to_owned(), cause };
        let name: FileName = name.into();
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(std::io::Error::other("this is not a file")));
        }
        let length = metadata.len();
        if length > MAX_OCTETS as u64 {
            let message = format!("the file has {length} octets, and at most {MAX_OCTETS} are read");
            self.faults.push(Diagnostic::new(beginning(&name), "", message));
            return Ok(());
        }
        let octets = std::fs::read(path).map_err(unreadable)?;
        self.insert(Arc::clone(&name), &octets);
        self.disk.insert(std::path::absolute(path).map_err(unreadable)?, name);
        Ok(())
    }

    fn insert(&mut self, name: FileName, octets: &[u8]) {
        match std::str::from_utf8(octets) {
            Ok(text) => {
                self.files.insert(name, text.strip_prefix('\u{feff}').unwrap_or(text).into());
            }
            Err(error) => {
                let good = octets.get(..error.valid_up_to()).unwrap_or_default();
                let good = String::from_utf8_lossy(good);
                let line = good.matches('\n').count() + 1;
                let last = good.rsplit('\n').next().unwrap_or_default();
                let span = Span { file: name, line, column: last.chars().count() + 1, width: 1 };
                let octet = octets.get(error.valid_up_to()).copied().unwrap_or_default();
                let fault = Diagnostic::new(span, &good, format!("the octet {octet:02x} here is not UTF-8"));
                self.faults.push(fault.help("save the file as UTF-8; other octets are written { hex: \"e9\" }"));
            }
        }
    }
}

fn beginning(file: &FileName) -> Span {
    Span { file: Arc::clone(file), line: 1, column: 1, width: 1 }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml")
}

/// A path with `/` between its names, whatever the system writes, and without those that lead upwards.
fn slashed(path: &Path) -> String {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    });
    names.collect::<Vec<_>>().join("/")
}

/// Below the nearest folder called `scenarios`; else below the working directory; else the name alone.
fn name_of(path: &Path, working: Option<&Path>) -> String {
    let near = working.and_then(|working| path.strip_prefix(working).ok()).unwrap_or(path);
    let slashed = slashed(near);
    match slashed.rsplit_once("scenarios/") {
        Some((before, below)) if before.is_empty() || before.ends_with('/') => below.to_owned(),
        _ if near.is_absolute() => near.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        _ => slashed,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/x/scenarios/rfc959/a.yaml", "rfc959/a.yaml")]
    #[case("scenarios/rfc959/a.yaml", "rfc959/a.yaml")]
    #[case("./mine/a.yaml", "mine/a.yaml")]
    #[case("../myscenarios/a.yaml", "myscenarios/a.yaml")]
    #[case("/base/mine/a.yaml", "mine/a.yaml")]
    #[case("/elsewhere/mine/a.yaml", "a.yaml")]
    fn names_of_files(#[case] path: &str, #[case] name: &str) {
        assert_eq!(name_of(Path::new(path), Some(Path::new("/base"))), name);
    }

    #[test]
    fn what_is_not_utf8_has_a_place() {
        let mut sources = Sources::default();
        sources.insert("a.yaml".into(), b"purpose: x\nC: \xe9\n");
        let fault = &sources.faults[0];
        assert_eq!((fault.span.line, fault.span.column), (2, 4));
        assert!(fault.message.contains("e9"), "{fault}");
    }

    #[test]
    fn the_hash_depends_on_names_and_texts() {
        let hash = |file: &str, text: &str| Sources::of([(file.to_owned(), text.to_owned())]).hash();
        assert_eq!(hash("a", "b").len(), 64);
        assert_ne!(hash("a", "b"), hash("ab", ""));
        assert_ne!(hash("a", "b"), hash("a", "c"));
        assert_eq!(hash("a", "b"), hash("a", "b"));
    }
}
