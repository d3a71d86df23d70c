//! bubblewrap: an own view of files, processes and users, made without privileges.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Confinement, Place, environment};

/// Where the program of the harness stands inside.
pub(super) const STEP: &str = "/run/ftpspec";

/// What a program needs of a system. Nothing of people stands there.
const SYSTEM: [&str; 10] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix"];

/// Files of the system that hold secrets, should the harness run as a user who may read them.
const SECRET: [&str; 4] = ["/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/ssl/private"];

/// Where bubblewrap is, if it is installed.
pub(super) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let usual = ["/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    let mut all = folders.into_iter().chain(usual).map(|folder| folder.join("bwrap"));
    all.find(|program| program.is_absolute() && program.is_file())
}

/// Its arguments, up to the command. The network is that of the caller.
pub(super) fn arguments(confinement: &Confinement, place: &Place<'_>) -> Vec<OsString> {
    let mut all = Arguments(Vec::new());
    all.words(&["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]);
    all.words(&[
        "--as-pid-1",
        "--die-with-parent",
        "--new-session",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "localhost",
    ]);
    for name in SYSTEM {
        all.system(Path::new(name));
    }
    for name in SECRET {
        all.hidden(Path::new(name));
    }
    for folder in &confinement.readable {
        all.words(&["--ro-bind-try"]);
        all.path(folder);
        all.path(folder);
    }
    let size = confinement.bounds.disk.to_string();
    all.words(&["--proc", "/proc", "--dev", "/dev"]);
    all.words(&["--size", &size, "--tmpfs", "/dev/shm", "--size", &size, "--tmpfs", "/tmp", "--dir", "/run"]);
    all.words(&["--ro-bind"]);
    all.path(&confinement.seclusion.program);
    all.words(&[STEP]);
    for folder in place.writable {
        all.words(&["--bind"]);
        all.path(folder);
        all.path(folder);
    }
    all.words(&["--remount-ro", "/", "--clearenv", "--setenv", "HOME", "/tmp"]);
    for (name, value) in environment(place) {
        all.words(&["--setenv", &name, &value]);
    }
    all.words(&["--chdir"]);
    all.path(place.directory);
    all.words(&["--"]);
    all.0
}

struct Arguments(Vec<OsString>);

impl Arguments {
    fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    fn path(&mut self, path: &Path) {
        self.0.push(path.into());
    }

    /// A folder of the system to be read; a link stays a link, as `/bin` is on most.
    fn system(&mut self, name: &Path) {
        if let Ok(target) = std::fs::read_link(name) {
            self.words(&["--symlink"]);
            self.path(&target);
            self.path(name);
        } else if name.is_dir() {
            self.words(&["--ro-bind"]);
            self.path(name);
            self.path(name);
        }
    }

    /// Nothing is seen of it.
    fn hidden(&mut self, name: &Path) {
        if name.is_dir() {
            self.words(&["--tmpfs"]);
            self.path(name);
        } else if name.exists() {
            self.words(&["--ro-bind", "/dev/null"]);
            self.path(name);
        }
    }
}
