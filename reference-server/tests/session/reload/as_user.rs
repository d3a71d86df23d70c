//! SIGHUP with `--run-as`: what was opened as root is opened again as the user.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rstest::rstest;
use tempfile::TempDir;

use super::{DONE, REFUSED, passwd, reloaded, write};
use crate::client::Server;
use crate::process::{NOBODY, is_root, who_runs};

/// What the user may read, and nobody else but root.
const FILES: [&str; 4] = ["ftp.toml", "users.toml", "cert.pem", "key.pem"];
const OPTIONS: &str = "users = 'HERE/users.toml'\nlog = 'HERE/log'\n";
const TLS: &str = "tls-certificate = 'HERE/cert.pem'\ntls-key = 'HERE/key.pem'\n";

/// A directory with all files of the options, which belongs to the user. `None` where only root could try it, which is said.
fn prepared() -> Option<(TempDir, PathBuf)> {
    if !is_root("--run-as and SIGHUP") {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(here.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(here.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    passwd(&here.join("users.toml"), "alice");
    let file = here.join("ftp.toml");
    write(&file, OPTIONS);
    give(here);
    Some((directory, file))
}

/// Gives the directory and what is in it to the user, as whoever administers the machine would.
fn give(here: &Path) {
    chown(here, Some(NOBODY.1), Some(NOBODY.1)).unwrap();
    for name in FILES {
        chown(here.join(name), Some(NOBODY.1), Some(NOBODY.1)).unwrap();
        set_permissions(here.join(name), Permissions::from_mode(0o600)).unwrap();
    }
}

fn server_with(file: &Path) -> Server {
    Server::with(&["--config", file.to_str().unwrap(), "--memory", "--run-as", NOBODY.0])
}

fn may_log_in(server: &Server, name: &str, code: &str) {
    server.connect().say_all(&[(&format!("USER {name}"), "331"), ("PASS wonder", code)]);
}

#[test]
fn all_is_read_again_without_root() {
    let Some((directory, file)) = prepared() else { return };
    let mut server = server_with(&file);
    server.connect().say_all(&[("AUTH TLS", "502")]);
    passwd(&directory.path().join("users.toml"), "bob");
    write(&file, &format!("{OPTIONS}{TLS}"));
    give(directory.path());
    assert_eq!(reloaded(&mut server), (String::new(), DONE.to_owned()));
    assert_eq!(who_runs(&server), [format!("{0} {0} {0} {0} / {0} {0} {0} {0} / {0}", NOBODY.1)]);
    server.connect().say_all(&[("AUTH TLS", "234")]);
    may_log_in(&server, "bob", "230");
    // It was made as root, and must be opened as the user.
    let log = directory.path().join("log");
    let metadata = log.metadata().unwrap();
    assert_eq!((metadata.uid(), metadata.mode() & 0o7777), (NOBODY.1, 0o640));
    std::fs::rename(&log, directory.path().join("log.1")).unwrap();
    assert_eq!(reloaded(&mut server).1, DONE);
    assert_eq!(log.metadata().unwrap().uid(), NOBODY.1);
}

#[rstest]
#[case::options("ftp.toml")]
#[case::users("users.toml")]
#[case::certificate("cert.pem")]
#[case::key("key.pem")]
#[case::log("log")]
fn what_the_user_cannot_read_any_more_changes_nothing(#[case] name: &str) {
    let Some((directory, file)) = prepared() else { return };
    write(&file, &format!("{OPTIONS}{TLS}"));
    let mut server = server_with(&file);
    passwd(&directory.path().join("users.toml"), "bob");
    give(directory.path());
    let taken = directory.path().join(name);
    chown(&taken, Some(0), Some(0)).unwrap();
    set_permissions(&taken, Permissions::from_mode(0o600)).unwrap();
    let (said, end) = reloaded(&mut server);
    let is_named = said.starts_with("error: cannot ") && said.contains(taken.to_str().unwrap());
    assert!(is_named && said.contains("ermission denied"), "{said}");
    assert_eq!(end, REFUSED);
    may_log_in(&server, "alice", "230");
    may_log_in(&server, "bob", "530");
    server.connect().say_all(&[("AUTH TLS", "234")]);
    server.terminate();
    assert!(server.exit().success());
    // What was open stays open.
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains(" failed-reload\n") && log.trim_end().ends_with(" stop"), "{log}");
}
