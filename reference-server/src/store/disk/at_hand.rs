//! Opening a file without waiting for the disk, where the kernel has in memory all that leads to it.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat2};

/// The plain file, open to be read, and its size. `None`: it must be opened by a way that may wait, which also says what is wrong with it.
///
/// Links are followed as far as they stay below the root, as cap-std follows them; the kernel refuses those that do not.
pub(super) fn open(root: impl AsFd, path: &Path) -> Option<(File, u64)> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::CACHED;
    let opened = |flags| openat2(&root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve).ok();
    // Only looked at: a pipe or a device must not even be opened.
    size_of_plain(opened(OFlags::PATH)?)?;
    // Should a pipe have the name by now, nobody waits for its other end; nor for one who holds a lease on the file.
    let file = File::from(opened(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?);
    let size = size_of_plain(&file)?;
    Some((file, size))
}

fn size_of_plain(file: impl AsFd) -> Option<u64> {
    let status = fstat(file).ok()?;
    let is_plain = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile;
    is_plain.then(|| u64::try_from(status.st_size).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use rstest::rstest;
    use rustix::fs::{CWD, mknodat};
    use tempfile::TempDir;

    use super::*;

    /// A root in `in`, and something outside of it.
    fn world() -> (TempDir, File) {
        let world = tempfile::tempdir().unwrap();
        let path = |name: &str| world.path().join(name);
        std::fs::create_dir_all(path("in/sub")).unwrap();
        for name in ["secret", "in/file", "in/sub/inner"] {
            std::fs::write(path(name), name).unwrap();
        }
        for (link, to) in
            [("file", "file"), ("sub", "sub/inner"), ("up", "../secret"), ("absolute", "/etc/passwd"), ("nowhere", "x")]
        {
            symlink(to, path("in").join(format!("to-{link}"))).unwrap();
        }
        symlink("../file", path("in/sub/back")).unwrap();
        symlink(path("in/file"), path("in/to-own-absolute")).unwrap();
        symlink(path("in"), path("in/to-root")).unwrap();
        for (name, kind) in [("socket", FileType::Socket), ("pipe", FileType::Fifo)] {
            mknodat(CWD, path("in").join(name), kind, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }
        let root = File::open(path("in")).unwrap();
        (world, root)
    }

    #[rstest]
    #[case("file", "in/file")]
    #[case("sub/inner", "in/sub/inner")]
    #[case("to-file", "in/file")]
    #[case("to-sub", "in/sub/inner")]
    #[case("sub/back", "in/file")]
    fn what_was_looked_at_is_opened(#[case] name: &str, #[case] expected: &str) {
        let (world, root) = world();
        // Whatever the kernel has forgotten of it, it knows again.
        std::fs::metadata(world.path().join("in").join(name)).unwrap();
        let mut text = String::new();
        let (mut file, size) = open(&root, Path::new(name)).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), size), (expected, expected.len() as u64));
    }

    /// Where the way is in memory and leads out of the root, or to no plain file.
    #[rstest]
    #[case::up("to-up")]
    #[case::absolute("to-absolute")]
    #[case::absolute_though_inside("to-own-absolute")]
    #[case::absolute_on_the_way("to-root/file")]
    #[case::dots("../secret")]
    #[case::dots_behind_a_name("sub/../../secret")]
    #[case::from_the_top("/etc/passwd")]
    #[case::nowhere("to-nowhere")]
    #[case::missing("missing")]
    #[case::no_directory("file/x")]
    #[case::directory("sub")]
    #[case::root(".")]
    #[case::socket("socket")]
    #[case::pipe("pipe")]
    fn all_else_is_left_to_the_other_way(#[case] name: &str) {
        let (world, root) = world();
        let looked = std::fs::metadata(world.path().join("in").join(name));
        assert!(open(&root, Path::new(name)).is_none(), "{looked:?}");
    }
}
