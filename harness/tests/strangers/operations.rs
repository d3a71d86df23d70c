//! What the reference client can do, done with the servers of others: each operation that both have, and the octets compared.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use harness::subject::Subject;
use rstest::rstest;
use tempfile::TempDir;

use super::strangers::can_be_met;

const PATIENCE: Duration = Duration::from_secs(100);

/// A directory here, and one that is served.
struct World {
    here: TempDir,
    root: PathBuf,
    address: SocketAddr,
}

/// All octets there are, and more than go in one piece.
fn body(length: usize) -> Vec<u8> {
    (0..=255).rev().cycle().take(length).collect()
}

impl World {
    fn url(&self, path: &str) -> String {
        format!("ftp://test:test1234@{}/{path}", self.address)
    }

    fn here(&self, name: &str) -> String {
        self.here.path().join(name).to_str().unwrap().to_owned()
    }

    /// Lets the client do something, and gives what it prints.
    fn client(&self, how: &[&str], arguments: &[&str]) -> String {
        let done = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"))
            .current_dir(self.here.path())
            .arg("client")
            .args(how)
            .args(arguments)
            .env("NO_COLOR", "1")
            .timeout(PATIENCE)
            .assert();
        let output = done.get_output();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Somebody else's process serves the file, and may do so as somebody else.
    fn serve(&self, name: &str, octets: &[u8]) {
        let path = self.root.join(name);
        fs::write(&path, octets).unwrap();
        open_to_all(&path);
    }
}

fn open_to_all(path: &Path) {
    let mode = if path.is_dir() { 0o777 } else { 0o666 };
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// All that is below a directory: names to octets, and to nothing for a directory.
fn tree(directory: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut tree = BTreeMap::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let octets = if path.is_dir() { None } else { Some(fs::read(&path).unwrap()) };
            if octets.is_none() {
                left.push(path.clone());
            }
            tree.insert(path.strip_prefix(directory).unwrap().to_owned(), octets);
        }
    }
    tree
}

/// A small tree with names that are not quite usual.
fn grow(directory: &Path) {
    for sub in ["", "sub", "sub/deeper", "empty"] {
        fs::create_dir_all(directory.join(sub)).unwrap();
        open_to_all(&directory.join(sub));
    }
    for (name, length) in [("nothing", 0), ("a name with spaces", 10), ("sub/one", 1), ("sub/deeper/many", 100_000)] {
        fs::write(directory.join(name), body(length)).unwrap();
        open_to_all(&directory.join(name));
    }
}

type Operation = fn(&World, &[&str]);

const OPERATIONS: [(&str, Operation); 8] = [
    ("ls", |world, how| {
        world.serve("robots.txt", b"User-agent: *\n");
        let listed = world.client(how, &["ls", "--names", &world.url("")]);
        assert_eq!(listed.trim(), "robots.txt");
    }),
    ("get", |world, how| {
        world.serve("file", &body(1_000_000));
        world.client(how, &["get", &world.url("file"), &world.here("got")]);
        assert!(fs::read(world.here("got")).unwrap() == body(1_000_000));
    }),
    ("put", |world, how| {
        fs::write(world.here("mine"), body(1_000_000)).unwrap();
        world.client(how, &["put", &world.here("mine"), &world.url("stored")]);
        assert!(fs::read(world.root.join("stored")).unwrap() == body(1_000_000));
    }),
    ("resume get", |world, how| {
        world.serve("file", &body(100_000));
        fs::write(world.here("part"), body(33_333)).unwrap();
        world.client(how, &["get", "-C", &world.url("file"), &world.here("part")]);
        assert!(fs::read(world.here("part")).unwrap() == body(100_000));
    }),
    ("resume put", |world, how| {
        world.serve("part", &body(33_333));
        fs::write(world.here("mine"), body(100_000)).unwrap();
        world.client(how, &["put", "-C", &world.here("mine"), &world.url("part")]);
        assert!(fs::read(world.root.join("part")).unwrap() == body(100_000));
    }),
    ("append", |world, how| {
        world.serve("log", b"one\n");
        fs::write(world.here("more"), b"two\n").unwrap();
        world.client(how, &["put", "--append", &world.here("more"), &world.url("log")]);
        assert_eq!(fs::read(world.root.join("log")).unwrap(), b"one\ntwo\n");
    }),
    ("mkdir, mv, rm", |world, how| {
        world.client(how, &["mkdir", &world.url("made")]);
        assert!(world.root.join("made").is_dir());
        world.serve("old", b"x");
        world.client(how, &["mv", &world.url("old"), "new"]);
        assert_eq!(fs::read(world.root.join("new")).unwrap(), b"x");
        world.client(how, &["rm", &world.url("new"), &world.url("made/")]);
        assert!(tree(&world.root).is_empty());
    }),
    ("mirror, both ways", |world, how| {
        grow(&world.root.join("there"));
        open_to_all(&world.root);
        let there = world.url("there");
        world.client(how, &["mirror", &there, &world.here("copy")]);
        assert_eq!(tree(&world.here.path().join("copy")), tree(&world.root.join("there")));
        world.client(how, &["mirror", &world.here("copy"), &world.url("back")]);
        assert_eq!(tree(&world.root.join("back")), tree(&world.root.join("there")));
    }),
];

/// How a client may be told to go about it.
fn manners(has_tls: bool) -> Vec<&'static [&'static str]> {
    let mut manners: Vec<&[&str]> = vec![&[], &["--no-epsv"], &["--active"], &["--active", "--no-epsv"]];
    if has_tls {
        manners.extend([&["--tls", "--insecure"][..], &["--tls", "--insecure", "--active"]]);
    }
    manners
}

#[rstest]
#[case::vsftpd("vsftpd")]
#[case::proftpd("proftpd")]
#[case::pure_ftpd("pure-ftpd")]
#[case::inetutils_ftpd("inetutils-ftpd")]
#[case::pyftpdlib("pyftpdlib")]
#[tokio::test(flavor = "multi_thread")]
async fn the_client_does_what_both_can(#[case] name: &str) {
    if !can_be_met(name) {
        return;
    }
    let subject = Subject::named(name).unwrap();
    let running = subject.start().await.unwrap_or_else(|error| panic!("{error}"));
    let (address, root) = (running.address(), running.root().unwrap().to_owned());
    let has_tls = subject.claims.contains("TLS");
    for how in manners(has_tls) {
        for (operation, perform) in OPERATIONS {
            let world = World { here: tempfile::tempdir().unwrap(), root: root.clone(), address };
            println!("{name}: {operation} {}", how.join(" "));
            tokio::task::block_in_place(|| perform(&world, how));
            running.empty_root().unwrap();
        }
    }
    running.stop().await;
}
