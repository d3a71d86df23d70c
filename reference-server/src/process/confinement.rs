//! The files that the process reaches: the kernel denies it every other (`landlock(7)`).
//!
//! The store lets no client out of its root. This is for the day when something in here is wrong: whoever gets the process to do what it
//! should not finds no other file that can be read or changed, and nothing that can be executed.

use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, make_bitflags,
};
use thiserror::Error;

/// What the kernel must know to deny: with less than this, files could not be moved between directories (ABI 1), or could be cut that
/// are not ours (ABI 2).
const LEAST: ABI = ABI::V3;
/// What it may know besides.
const MOST: ABI = ABI::V5;

/// What no client can ask for, so that nobody may do it in a directory that is served.
const NEVER: BitFlags<AccessFs> =
    make_bitflags!(AccessFs::{Execute | MakeChar | MakeBlock | MakeSock | MakeFifo | IoctlDev});

/// What is read while clients are served: how far local time is from UTC, for listings. It is read again from time to time.
const READ: [&str; 2] = ["/etc/localtime", "/usr/share/zoneinfo"];
/// What `--fault full` writes to. It keeps nothing.
const WRITTEN: &str = "/dev/full";

/// The kernel cannot deny the process its other files.
#[derive(Debug, Error)]
pub(crate) enum ConfinementError {
    #[error(
        "this kernel cannot keep the server to its files ({0}). It needs Linux 6.2 with landlock; or give --landlock best-effort."
    )]
    Kernel(#[from] RulesetError),
    #[error("this kernel has no landlock, or it is switched off. Switch it on, or give --landlock best-effort.")]
    Missing,
}

/// The files that are opened again while clients are served, when the options are read again (SIGHUP). Whoever changes such a file puts
/// a new one in its place, so the rules are for the directories that they lie in.
#[derive(Debug, Default)]
pub(crate) struct ReadAgain {
    pub(crate) read: Vec<PathBuf>,
    /// Logs: opened to write, and made where somebody has moved them away.
    pub(crate) appended_to: Vec<PathBuf>,
}

/// The directories that a file lies in: the one that it is named in, and where it is a link, as certificates are that are renewed, the
/// one that the link leads to.
fn beside(file: &Path) -> impl Iterator<Item = PathBuf> {
    let directory = |file: &Path| match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let led_to = file.canonicalize().ok();
    std::iter::once(directory(file)).chain(led_to.as_deref().map(directory))
}

/// Lets this thread, and those that it starts from now on, reach what is below these directories and a few files of the system. What is
/// open stays open.
///
/// # Errors
/// The kernel cannot do it. Then nothing is denied.
pub(crate) fn confine(served: &[BorrowedFd<'_>], again: &ReadAgain) -> Result<(), ConfinementError> {
    let least = AccessFs::from_all(LEAST);
    let most = AccessFs::from_all(MOST);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(least)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(most)?
        .create()?;
    for directory in served {
        rules = rules.add_rule(PathBeneath::new(directory, most & !NEVER))?;
    }
    let zones = std::env::var_os("TZDIR");
    for path in READ.iter().map(Path::new).chain(zones.as_deref().map(Path::new)) {
        rules = allowed(rules, path, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    rules = allowed(rules, Path::new(WRITTEN), AccessFs::WriteFile.into())?;
    for directory in again.read.iter().flat_map(|file| beside(file)) {
        rules = allowed(rules, &directory, AccessFs::ReadFile.into())?;
    }
    for directory in again.appended_to.iter().flat_map(|file| beside(file)) {
        rules = allowed(rules, &directory, AccessFs::WriteFile | AccessFs::MakeReg)?;
    }
    enough(&rules.restrict_self()?.ruleset)
}

/// Whether this is what was asked for. What the server can do without ([`MOST`]) may be missing; then it is a part.
fn enough(enforced: &RulesetStatus) -> Result<(), ConfinementError> {
    match enforced {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err(ConfinementError::Missing),
    }
}

/// Adds a rule for a path, if there is such a one.
fn allowed(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    match PathFd::new(path) {
        Ok(opened) => rules.add_rule(PathBeneath::new(opened, access)),
        Err(_) => Ok(rules),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{self, ErrorKind, Write};
    use std::os::fd::AsFd;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use rstest::rstest;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    /// On a thread that ends with it: the others of the test program are to go on.
    fn confined(served: &Path, tried: impl FnOnce() + Send) {
        let directory = File::open(served).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| match confine(&[directory.as_fd()], &ReadAgain::default()) {
                Ok(()) => tried(),
                // Standard error itself, which the test program does not catch.
                Err(error) => writeln!(io::stderr(), "NOT TESTED: landlock: {error}").unwrap(),
            });
        });
    }

    fn refused<T>(result: io::Result<T>) {
        assert_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::PermissionDenied));
    }

    #[rstest]
    #[case(RulesetStatus::FullyEnforced, None)]
    #[case(RulesetStatus::PartiallyEnforced, None)]
    #[case(RulesetStatus::NotEnforced, Some("this kernel has no landlock, or it is switched off."))]
    fn a_kernel_that_denies_nothing_is_an_error(#[case] enforced: RulesetStatus, #[case] expected: Option<&str>) {
        match (enough(&enforced), expected) {
            (Ok(()), None) => {}
            (Err(error), Some(expected)) => assert!(error.to_string().starts_with(expected), "{error}"),
            (other, expected) => panic!("{expected:?} was expected: {other:?}"),
        }
    }

    #[test]
    fn what_is_served_is_reached_and_nothing_else() {
        let (served, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("secret"), "secret").unwrap();
        let open = File::open(other.path().join("secret")).unwrap();
        confined(served.path(), || {
            let (own, outside) = (|name: &str| served.path().join(name), |name: &str| other.path().join(name));
            fs::write(own("a"), "a").unwrap();
            fs::create_dir(own("d")).unwrap();
            fs::rename(own("a"), own("d/b")).unwrap();
            symlink("d/b", own("link")).unwrap();
            File::options().write(true).open(own("link")).unwrap().set_len(0).unwrap();
            assert_eq!(fs::read_dir(own("d")).unwrap().count(), 1);
            fs::remove_file(own("d/b")).unwrap();
            fs::remove_dir(own("d")).unwrap();
            refused(fs::read(outside("secret")));
            refused(fs::read_dir(other.path()));
            refused(fs::write(outside("new"), "new"));
            refused(fs::remove_file(outside("secret")));
            refused(fs::read("/etc/passwd"));
            // What is open stays so.
            assert_eq!(io::read_to_string(&open).unwrap(), "secret");
        });
    }

    /// The loader of programs needs no other to load it: it would run, where it may.
    fn loader() -> PathBuf {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        maps.split_whitespace().find(|word| word.contains("/ld-")).unwrap().into()
    }

    #[test]
    fn nothing_is_executed_and_no_device_is_made() {
        let served = tempfile::tempdir().unwrap();
        let program = served.path().join("program");
        fs::copy(loader(), &program).unwrap();
        confined(served.path(), || {
            // Nothing but the program itself is to be opened for it.
            let said = File::create(served.path().join("said")).unwrap();
            refused(Command::new(&program).arg("--help").stdin(Stdio::inherit()).stdout(said).status());
            let pipe = served.path().join("pipe");
            refused(mknodat(CWD, pipe, FileType::Fifo, Mode::RUSR, 0).map_err(io::Error::from));
        });
    }

    #[test]
    fn listings_still_know_the_local_time() {
        confined(tempfile::tempdir().unwrap().path(), || {
            for place in READ.iter().filter(|place| Path::new(place).exists()) {
                File::open(place).unwrap();
            }
            File::options().write(true).open(WRITTEN).unwrap();
        });
    }
}
