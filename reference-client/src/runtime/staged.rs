//! A local file that gets its name when it is whole. Until then, the one before stays.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

/// A file under a name of its own, beside the one it will have. Dropped before it is whole, it is deleted.
#[derive(Debug)]
pub(crate) struct Staged {
    directory: Rc<Dir>,
    /// The same file that is written.
    file: File,
    temporary: String,
    name: OsString,
    is_whole: bool,
}

/// Whether a file may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    Perhaps,
}

impl Staged {
    /// A new file in a directory; nothing outside of it is touched, whatever links are there.
    pub(super) fn beneath(directory: Rc<Dir>, name: &OsStr, before: Before) -> io::Result<(Self, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let temporary = format!(".ftpspec-{}-{number}.part", std::process::id());
        let file = directory.open_with(&temporary, OpenOptions::new().read(true).write(true).create_new(true))?;
        // Who replaces a file keeps who may read it.
        if before == Before::Perhaps
            && let Ok(before) = directory.symlink_metadata(name)
            && before.is_file()
        {
            file.set_permissions(before.permissions())?;
        }
        let file = file.into_std();
        let staged = Self { directory, file: file.try_clone()?, temporary, name: name.to_owned(), is_whole: false };
        Ok((staged, file))
    }

    /// A new file at a path.
    pub(crate) fn at(path: &Path) -> io::Result<(Self, File)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        Self::beneath(Rc::new(Dir::open_ambient_dir(parent, ambient_authority())?), name, Before::Perhaps)
    }

    /// What was written, to be read from the beginning.
    pub(crate) fn reopened(&self) -> io::Result<File> {
        Ok(self.directory.open(&self.temporary)?.into_std())
    }

    /// Gives the file its name, and a time if there is one.
    pub(crate) fn complete(mut self, modified: Option<i64>) -> io::Result<()> {
        if let Some(seconds) = modified {
            set_modified(&self.file, seconds)?;
        }
        self.directory.rename(&self.temporary, &self.directory, &self.name)?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_whole {
            // What cannot be deleted was not made by us, or is gone.
            let _deleted = self.directory.remove_file(&self.temporary);
        }
    }
}

/// Sets when a file was modified, in seconds after 1970.
pub(crate) fn set_modified(file: &File, seconds: i64) -> io::Result<()> {
    let apart = Duration::from_secs(seconds.unsigned_abs());
    let time =
        if seconds < 0 { SystemTime::UNIX_EPOCH.checked_sub(apart) } else { SystemTime::UNIX_EPOCH.checked_add(apart) };
    file.set_modified(time.ok_or(io::ErrorKind::InvalidInput)?)
}

/// When a file was modified, in seconds after 1970.
pub(crate) fn modified(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_file_before_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let (staged, mut file) = Staged::at(&path).unwrap();
        file.write_all(b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before");
        drop(staged);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
        let (staged, mut file) = Staged::at(&path).unwrap();
        file.write_all(b"after").unwrap();
        staged.complete(Some(897_904_845)).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(modified(metadata.modified().unwrap()), 897_904_845);
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), metadata.permissions().mode() & 0o777),
            (&b"after"[..], 0o600)
        );
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (outside, link) = (folder.path().join("outside"), folder.path().join("link"));
        fs::write(&outside, "mine").unwrap();
        symlink(&outside, &link).unwrap();
        let (staged, mut file) = Staged::at(&link).unwrap();
        file.write_all(b"theirs").unwrap();
        staged.complete(None).unwrap();
        assert_eq!(fs::read(&outside).unwrap(), b"mine");
        assert_eq!(fs::read(&link).unwrap(), b"theirs");
    }
}
