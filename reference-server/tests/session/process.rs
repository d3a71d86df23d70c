//! What the process may do while it serves.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use landlock::{AccessFs, Ruleset, RulesetAttr, RulesetStatus};
use rstest::rstest;
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::client::{PROGRAM, Server, read_all};

/// A user that every machine has, and its number.
pub(crate) const NOBODY: (&str, u32) = ("nobody", 65_534);

/// Whether this is root; if not, it is said what was not tested.
pub(crate) fn is_root(what: &str) -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        // Standard error itself, which the test program does not catch.
        writeln!(io::stderr(), "NOT TESTED: {what}: only root can try it").unwrap();
    }
    is_root
}

/// A directory to serve, with a file that only root may read, in a directory that all may search.
fn root() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("secret"), "of root").unwrap();
    std::fs::set_permissions(root.join("secret"), PermissionsExt::from_mode(0o600)).unwrap();
    (directory, root)
}

fn owned_by_nobody() -> (TempDir, PathBuf) {
    let (directory, root) = root();
    chown(&root, Some(NOBODY.1), Some(NOBODY.1)).unwrap();
    (directory, root)
}

#[test]
fn all_is_opened_as_root_and_served_as_the_user() {
    if !is_root("--run-as") {
        return;
    }
    let (directory, root) = owned_by_nobody();
    let logs = directory.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    std::fs::set_permissions(&logs, PermissionsExt::from_mode(0o700)).unwrap();
    let log = logs.join("log");
    let server = Server::serving(&root, &["--run-as", NOBODY.0, "--log", log.to_str().unwrap()]);
    let mut client = server.login();
    client.store("STOR new", b"12345");
    let new = root.join("new").metadata().unwrap();
    assert_eq!((new.uid(), new.gid()), (NOBODY.1, NOBODY.1));
    client.say_all(&[("EPSV", "229"), ("RETR secret", "550")]);
    assert_eq!(who_runs(&server), [format!("{0} {0} {0} {0} / {0} {0} {0} {0} / {0}", NOBODY.1)]);
    server.terminate();
    assert!(server.exit().success());
    assert!(std::fs::read_to_string(&log).unwrap().contains("octets=5 "));
}

/// They are opened through `/proc/self/fd`, of which a process that was another user's is not the owner.
#[test]
fn files_in_memory_are_those_of_the_user_too() {
    if !is_root("--run-as and files in memory") {
        return;
    }
    let server = Server::with(&["--run-as", NOBODY.0, "--memory"]);
    let mut client = server.login();
    client.store("STOR new", b"12345");
    assert_eq!(client.retrieve("new"), b"12345");
    client.say_all(&[("SITE CHMOD 600 new", "200"), ("DELE new", "250")]);
}

/// The numbers of the users, the groups and the other groups of all threads, each once.
pub(crate) fn who_runs(server: &Server) -> Vec<String> {
    told_of_threads(server, &["Uid:", "Gid:", "Groups:"])
}

/// These lines of the system, of all threads, each once.
fn told_of_threads(server: &Server, keys: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir(format!("/proc/{}/task", server.process()))
        .unwrap()
        .map(|thread| {
            let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
            let line = |key: &&str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            let words = |key| line(key).split_whitespace().collect::<Vec<_>>().join(" ");
            keys.iter().map(words).collect::<Vec<_>>().join(" / ")
        })
        .collect();
    found.dedup();
    found
}

/// What landlock denies holds for each thread on its own. It is not told of a thread, but what must come before it is.
#[rstest]
#[case::unless_it_is_switched_off(&[], "1")]
#[case::switched_off(&["--landlock", "off"], "0")]
fn all_threads_are_kept_to_the_files(#[case] options: &[&str], #[case] expected: &str) {
    let (_directory, root) = root();
    let log = root.join("log");
    let server = Server::serving(&root, &[&["--log", log.to_str().unwrap()], options].concat());
    let mut client = server.login();
    client.store("STOR new", b"12345");
    if expected == "1" && !has_landlock() {
        writeln!(io::stderr(), "NOT TESTED: landlock: this kernel has it not").unwrap();
        return;
    }
    assert_eq!(told_of_threads(&server, &["NoNewPrivs:"]), [expected]);
}

fn has_landlock() -> bool {
    let server = Command::new(PROGRAM)
        .args(["--memory", "--port", "0", "--landlock", "required"])
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|mut server| {
            let mut said = String::new();
            BufReader::new(server.stderr.take().unwrap()).read_line(&mut said)?;
            server.kill()?;
            server.wait()?;
            Ok(said)
        });
    server.unwrap().starts_with("listening")
}

/// On a thread where landlock denies nothing more: a kernel has a limit to how often a process may ask. One without landlock does not
/// even come so far.
fn where_landlock_is_refused<T: Send>(tried: impl FnOnce() -> T + Send) -> T {
    /// More than the kernel takes.
    const LAYERS: usize = 17;
    let deny_devices = || Ruleset::default().handle_access(AccessFs::MakeChar)?.create()?.restrict_self();
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let asked = (0..LAYERS).map(|_| deny_devices().map(|status| status.ruleset));
                let refused = asked.filter(|answer| !matches!(answer, Ok(RulesetStatus::FullyEnforced))).count();
                assert!(refused > 0, "this kernel takes more");
                tried()
            })
            .join()
            .unwrap()
    })
}

#[test]
fn what_is_required_of_the_kernel_and_refused_is_an_error_at_the_start() {
    let mut command = Command::new(PROGRAM);
    command.args(["--memory", "--landlock", "required"]);
    where_landlock_is_refused(|| refused(command, "this kernel cannot keep the server to its files ("));
    let server = where_landlock_is_refused(|| Server::with(&["--landlock", "best-effort"]));
    assert_eq!(server.login().retrieve("robots.txt").len(), 26);
}

/// The local time is looked up while clients are served.
#[test]
fn listings_have_the_local_time() {
    let (directory, root) = root();
    let zones = directory.path().join("zones");
    std::fs::create_dir(&zones).unwrap();
    // RFC 9636, version 2: no transitions, one type, and what holds behind them.
    let header = |version: u8| [b"TZif", &[version][..], &[0; 15], &[0; 16], &[0, 0, 0, 1, 0, 0, 0, 4]].concat();
    let kind = [&[0, 0, 0x7e, 0x90, 0, 0][..], b"JST\0"].concat();
    let zone = [header(b'2'), kind.clone(), header(b'2'), kind, b"\nJST-9\n".to_vec()].concat();
    std::fs::write(zones.join("Here"), zone).unwrap();
    let file = std::fs::File::create(root.join("old")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_000_064_000)).unwrap();
    let mut launcher = Command::new(PROGRAM);
    launcher.env("TZ", "Here").env("TZDIR", &zones);
    let server = Server::launched(launcher, &root, &["--landlock", "best-effort"]);
    let mut client = server.login();
    let data = client.open_passive();
    client.say_all(&[("LIST old", "150")]);
    let listing = String::from_utf8(read_all(data)).unwrap();
    // 2001-09-09 19:33:20 UTC.
    assert!(listing.contains("Sep 10  2001"), "{listing}");
}

fn refused(mut command: Command, expected: &str) {
    let mut child = command.args(["--port", "0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    if !said.starts_with("error") {
        child.kill().unwrap();
    }
    assert!(!child.wait().unwrap().success());
    assert!(said.starts_with("error: ") && said.contains(expected), "{said}");
}

#[rstest]
#[case::unknown("no-such-user", "there is no user no-such-user on this machine")]
#[case::root("root", "root is the user root")]
fn nobody_to_run_as(#[case] name: &str, #[case] expected: &str) {
    let mut command = Command::new(PROGRAM);
    command.args(["--memory", "--run-as", name]);
    refused(command, expected);
}

#[test]
fn who_is_not_root_cannot_become_another() {
    let mut command = Command::new(PROGRAM);
    command.args(["--memory", "--run-as"]);
    if geteuid().is_root() {
        command.arg("daemon").uid(NOBODY.1).gid(NOBODY.1);
    } else {
        command.arg(NOBODY.0);
    }
    refused(command, "cannot become the user");
}

#[test]
fn files_that_the_user_cannot_enter_are_an_error_at_the_start() {
    if !is_root("--run-as and files of others") {
        return;
    }
    let (_directory, root) = root();
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o700)).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["--run-as", NOBODY.0, "--memory", "--mount"]).arg(format!("archive={}", root.display()));
    refused(command, "the files of the mount archive cannot be entered by the user nobody");
}
