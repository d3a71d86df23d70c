//! What was handed in, out of its wrappings. Platforms hand out a folder in a folder, an archive in a folder, a folder in
//! an archive in a folder.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::archive;
use super::copy::CopyError;

/// How many archives may stand in one another.
const ARCHIVES: usize = 3;
/// How many folders may stand in one another, with nothing beside them.
const FOLDERS: usize = 8;

/// The folder that a student meant.
#[derive(Debug)]
pub(super) struct Unwrapped {
    /// Where it stands.
    pub(super) folder: PathBuf,
    /// What was unpacked for it, if anything was.
    unpacked: Option<PathBuf>,
}

impl Unwrapped {
    /// Takes away what was unpacked.
    pub(super) fn clear(&self) -> Result<(), CopyError> {
        self.unpacked.as_ref().map_or(Ok(()), std::fs::remove_dir_all).map_err(CopyError::Own)
    }
}

/// Finds it. Archives are unpacked beneath `ground`, none to more than `most` octets.
pub(super) fn unwrapped(
    handed_in: &Path,
    kept: &BTreeSet<String>,
    ground: &Path,
    most: u64,
) -> Result<Unwrapped, CopyError> {
    let mut now = Unwrapped { folder: alone(handed_in, kept)?, unpacked: None };
    for number in 0..ARCHIVES {
        if now.folder.is_dir() {
            return Ok(now);
        }
        let to = ground.join(format!("unpacked-{number}"));
        archive::unpack(&now.folder, &to, most)?;
        now.clear()?;
        now = Unwrapped { folder: alone(&to, kept)?, unpacked: Some(to) };
    }
    if now.folder.is_dir() { Ok(now) } else { Err(CopyError::Archive("too many archives in one another".to_owned())) }
}

/// The folder or archive that is all that a folder holds, or all that this one holds; else the folder itself.
fn alone(path: &Path, kept: &BTreeSet<String>) -> Result<PathBuf, CopyError> {
    let mut path = path.to_owned();
    for _ in 0..FOLDERS {
        if !path.is_dir() {
            break;
        }
        let unreadable = |source| CopyError::Unreadable { path: path.clone(), source };
        let mut only = None;
        for entry in std::fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            if name.as_bytes().starts_with(b".") || name == "__MACOSX" {
                continue;
            }
            let kind = entry.file_type().map_err(unreadable)?;
            let is_wrapping = kind.is_dir() || (kind.is_file() && archive::stem(name.as_bytes()).is_some());
            if only.is_some() || !is_wrapping || name.to_str().is_some_and(|name| kept.contains(name)) {
                return Ok(path);
            }
            only = Some(entry.path());
        }
        let Some(only) = only else { break };
        path = only;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::{create_dir_all, write};
    use std::path::Path;

    use rstest::rstest;
    use tempfile::TempDir;

    use super::unwrapped;

    #[rstest]
    #[case::as_it_is(&["Makefile"], "")]
    #[case::a_folder_alone(&["ann_123/ftp/Makefile"], "ann_123/ftp")]
    #[case::hidden_beside(&["ftp/Makefile", ".git/config", "__MACOSX/x"], "ftp")]
    #[case::a_file_beside(&["src/server.c", "Makefile"], "")]
    #[case::two_folders(&["src/server.c", "test/a"], "")]
    #[case::kept(&["project/src/server.c"], "project")]
    #[case::nothing_within(&["a/b/.keep"], "a/b")]
    #[case::a_file_alone(&["server.c"], "")]
    fn a_lone_folder_is_meant(#[case] files: &[&str], #[case] meant: &str) {
        let folder = TempDir::new().unwrap();
        let (handed, ground) = (folder.path().join("handed"), folder.path().join("ground"));
        for file in files {
            create_dir_all(handed.join(file).parent().unwrap()).unwrap();
            write(handed.join(file), "").unwrap();
        }
        let kept = BTreeSet::from(["src".to_owned()]);
        let found = unwrapped(&handed, &kept, &ground, 1 << 20).unwrap();
        assert_eq!(found.folder.strip_prefix(&handed).unwrap(), Path::new(meant));
    }

    #[test]
    fn a_link_is_no_wrapping() {
        let folder = TempDir::new().unwrap();
        std::os::unix::fs::symlink("/etc", folder.path().join("out")).unwrap();
        let found = unwrapped(folder.path(), &BTreeSet::new(), folder.path(), 1).unwrap();
        assert_eq!(found.folder, folder.path());
    }
}
