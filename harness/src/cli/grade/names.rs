//! The names of submissions. Students choose them, and they may hold anything that a file system takes.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::super::Failure;
use crate::run::class::Entry;
use crate::subject::stem;

/// A submission, and the folder of its results.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) entry: Entry,
    /// A name that is safe in a path, on any system and in a shell.
    pub(super) folder: String,
}

/// Every folder and archive of a folder, in order of name.
pub(super) fn entries(folder: &Path) -> Result<Vec<Named>, Failure> {
    let shown = folder.display();
    let listed = std::fs::read_dir(folder)
        .map_err(|error| Failure::Usage(format!("cannot read the submissions in {shown}: {error}")))?;
    let mut paths = Vec::new();
    for entry in listed {
        let entry =
            entry.map_err(|error| Failure::Usage(format!("cannot read the submissions in {shown}: {error}")))?;
        let name = entry.file_name();
        // A link could lead anywhere, to the submission of another too.
        let is_one =
            entry.file_type().is_ok_and(|kind| kind.is_dir() || (kind.is_file() && stem(name.as_bytes()).is_some()));
        if is_one && !name.as_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    if paths.is_empty() {
        let message = format!("there is no submission in {shown}: each folder, zip or tar.gz in it would be one");
        return Err(Failure::Usage(message));
    }
    Ok(all_named(&paths))
}

/// One folder or archive.
pub(super) fn one(path: &Path) -> Result<Vec<Named>, Failure> {
    let unreadable = |error| Failure::Usage(format!("cannot read the submission {}: {error}", path.display()));
    let real = path.canonicalize().map_err(unreadable)?;
    if !real.is_dir() && stem(real.as_os_str().as_bytes()).is_none() {
        let message = format!(
            "{} is neither a folder nor an archive; a submission is the folder with its sources, or a zip or tar.gz of it",
            path.display()
        );
        return Err(Failure::Usage(message));
    }
    Ok(all_named(&[real]))
}

/// An archive is called as the folder would be that it stands for, unless another has that name.
fn all_named(paths: &[PathBuf]) -> Vec<Named> {
    let whole = |path: &Path| path.file_name().unwrap_or_default().as_bytes().to_owned();
    let short = |path: &Path| {
        let whole = whole(path);
        if path.is_dir() { whole } else { stem(&whole).unwrap_or(&whole).to_owned() }
    };
    let mut uses: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for path in paths {
        *uses.entry(short(path)).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let name = |(at, path): (usize, &PathBuf)| {
        let short = short(path);
        let is_alone = uses.get(&short).is_none_or(|uses| *uses == 1);
        let named = named(path, &if is_alone { short } else { whole(path) }, &mut taken);
        Named { entry: Entry { number: u32::try_from(at).unwrap_or_default(), ..named.entry }, ..named }
    };
    paths.iter().enumerate().map(name).collect()
}

fn named(path: &Path, name: &[u8], taken: &mut BTreeSet<String>) -> Named {
    let mut folder = safe(name);
    // Two names may come to the same where a file system takes a for A.
    if !taken.insert(folder.to_lowercase()) {
        folder = format!("{folder}-{}", digest(name));
        taken.insert(folder.to_lowercase());
    }
    Named { entry: Entry { name: shown(name), path: path.to_owned(), number: 0 }, folder }
}

/// The name as text: octets that are none are escaped.
fn shown(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|octet| format!("\\x{octet:02x}")));
    }
    text
}

/// Letters, digits, and `.`, `_`, `-` within. What is more gets a digest, so that names stay apart.
fn safe(name: &[u8]) -> String {
    const MOST: usize = 100;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-');
    let clean: String =
        name.iter().take(MOST).map(|octet| if plain(*octet) { char::from(*octet) } else { '_' }).collect();
    let is_same = clean.as_bytes() == name && !clean.starts_with(['.', '-']) && !clean.is_empty();
    if is_same && !clean.to_lowercase().starts_with("results.") {
        return clean;
    }
    format!("{}-{}", clean.trim_start_matches(['.', '-']), digest(name))
}

fn digest(name: &[u8]) -> String {
    let number = Sha256::digest(name).iter().take(4).fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
    format!("{number:08x}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{entries, safe, shown};

    #[test]
    fn folders_and_archives_are_submissions() {
        let folder = tempfile::TempDir::new().unwrap();
        for name in ["ann", "bob", ".git"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in ["bob.zip", "cy.tar.gz", "dan.ZIP", "eve.rar", "grades.csv", ".zip", ".f.zip"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("/etc", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.zip")).unwrap();
        let found = entries(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|named| (named.entry.name.as_str(), named.folder.as_str())).collect();
        // Two Bobs, and each keeps what is his.
        let expected = ["ann", "bob", "bob.zip", "cy", "dan", "eve"].map(|name| (name, name));
        assert_eq!(names, expected);
    }

    #[rstest]
    #[case(b"ann", "ann")]
    #[case(b"group_7.b-2", "group_7.b-2")]
    #[case(b"results.jsonl", "results.jsonl-")]
    #[case(b"..", "-")]
    #[case(b"../x", "_x-")]
    #[case(b"-rf", "rf-")]
    #[case(b"a\nb", "a_b-")]
    #[case(b"=cmd()", "_cmd__-")]
    #[case(b"\xff", "_-")]
    fn a_folder_is_safe(#[case] name: &[u8], #[case] begins: &str) {
        let folder = safe(name);
        assert!(folder.starts_with(begins), "{folder}");
        assert!(folder == begins || folder.len() == begins.len() + 8, "{folder}");
        assert!(folder.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._-".contains(&octet)), "{folder}");
    }

    #[test]
    fn two_names_have_two_folders() {
        assert_ne!(safe(b"a b"), safe(b"a\tb"));
        assert_ne!(safe(&[b'a'; 200]), safe(&[b'a'; 201]));
    }

    #[test]
    fn a_name_is_text() {
        assert_eq!(shown(b"a\xffb"), "a\\xffb");
    }
}
