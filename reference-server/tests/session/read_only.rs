//! `--read-only`: nobody changes the files.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use protocol::command::TABLE;
use rstest::rstest;

use crate::client::Server;
use crate::escapes::CHANGING;
use crate::escapes::dialogue::Dialogue;

/// All that can change, of everything below it.
fn walk(root: &Path) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
    let (mut all, mut left) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(path) = left.pop() {
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let mut octets = Vec::new();
        if metadata.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            octets = std::fs::read(&path).unwrap();
        }
        // Nobody can set the time of the last change.
        all.insert(path, (metadata.mode(), metadata.ctime(), metadata.ctime_nsec(), octets));
    }
    all
}

fn server(more: &[&str]) -> Server {
    let server = Server::with(&[&["--read-only", "--symlinks", "--anonymous", "read-write"], more].concat());
    std::fs::create_dir(server.root().join("box")).unwrap();
    server
}

#[test]
fn every_command_that_changes_something_is_refused() {
    let server = server(&[]);
    let before = walk(server.root());
    let mut dialogue = Dialogue::begin(&server);
    for name in ["robots.txt", "box", "new", "box/new"] {
        for command in CHANGING {
            let line = command.replace("{}", name);
            let heard = String::from_utf8(dialogue.exchange(line.as_bytes())).unwrap();
            // REST is no change, and behind a refused RNFR there is no RNTO. What FEAT and SITE HELP do not tell is not there.
            let expected = match command.split(['\r', ' ']).next().unwrap() {
                "MFMT" | "MFF" => "502",
                "SITE" => "504",
                _ => "550",
            };
            for reply in heard.lines().filter(|line| !line.starts_with("350") && !line.starts_with("503")) {
                assert!(reply.starts_with(expected), "{line}: {heard}");
            }
            assert!(heard.contains(expected), "{line}: {heard}");
        }
    }
    assert_eq!(walk(server.root()), before);
}

/// Those that nobody thought of too.
#[test]
fn no_command_at_all_changes_anything() {
    /// They end the session, or the login.
    const ENDING: [&str; 5] = ["QUIT", "REIN", "USER", "PASS", "HOST"];
    let server = server(&[]);
    let before = walk(server.root());
    let mut dialogue = Dialogue::begin(&server);
    for verb in TABLE.iter().map(|row| row.name).filter(|name| !ENDING.contains(name)) {
        for argument in ["", " robots.txt", " box", " new", " 20010101000000 robots.txt", " Modify=20010101000000; box"]
        {
            let line = format!("{verb}{argument}");
            let heard = dialogue.exchange(line.as_bytes());
            assert!(walk(server.root()) == before, "{line}: {}", heard.escape_ascii());
        }
    }
}

#[rstest]
#[case::user("USER u", "331", "PASS p")]
#[case::guest("USER anonymous", "331", "PASS a@b")]
fn what_is_left_is_told(#[case] user: &str, #[case] code: &str, #[case] password: &str) {
    let server = server(&[]);
    let mut client = server.connect();
    client.say_all(&[(user, code), (password, "230"), ("TYPE I", "200"), ("OPTS MLST Perm;", "200")]);
    let features = client.say("FEAT");
    assert!(features.contains("\r\n MLST ") && !features.contains("\r\n MF"), "{features}");
    client.say_all(&[
        ("MLST robots.txt", "250-Facts follow:\r\n Perm=r; /robots.txt\r\n"),
        ("MLST box", "250-Facts follow:\r\n Perm=el; /box\r\n"),
    ]);
    let help = client.say("SITE HELP");
    assert!(help.contains("IDLE") && !["CHMOD", "UTIME", "SYMLINK"].iter().any(|name| help.contains(name)), "{help}");
    assert_eq!(client.retrieve("robots.txt").len(), 26);
}

/// Files of a host, and those of a user who has a root of their own.
#[test]
fn it_holds_for_every_root() {
    let own = tempfile::tempdir().unwrap();
    std::fs::write(own.path().join("own"), "12345").unwrap();
    let (host, mount) = (format!("own.example={}", own.path().display()), format!("other={}", own.path().display()));
    let server = server(&["--host", &host, "--mount", &mount]);
    let mut client = server.connect();
    client.say_all(&[("HOST own.example", "220"), ("USER u", "331"), ("PASS p", "230"), ("TYPE I", "200")]);
    client.say_all(&[("SIZE own", "213 5"), ("DELE own", "550"), ("SMNT other", "250"), ("DELE own", "550")]);
}
