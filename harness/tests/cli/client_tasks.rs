//! The tasks of the reference client against the reference server, from end to end.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::{TempDir, tempdir};

/// A server with TLS, whose data connections must resume the session of their control connection.
struct Server {
    process: Child,
    address: String,
    root: TempDir,
}

impl Server {
    fn start() -> Self {
        let root = tempdir().unwrap();
        let mut process = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"))
            .args(["serve", "--port", "0", "--user", "test:sesame", "--tls-generate", "--tls-resume", "--root"])
            .arg(root.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        // What it says later is taken, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, address, root }
    }

    fn url(&self, path: &str) -> String {
        format!("ftp://test:sesame@{}/{path}", self.address)
    }

    /// Runs a task in a directory, and fails with what it said.
    fn task(&self, here: &Path, words: &[&str]) -> String {
        let words = words
            .iter()
            .map(|word| word.strip_prefix("URL/").map_or_else(|| (*word).to_owned(), |path| self.url(path)));
        let done = super::ftpspec(&["client"]).args(words).current_dir(here).assert().success();
        String::from_utf8(done.get_output().stdout.clone()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

const WAYS: [&[&str]; 5] =
    [&[], &["--active"], &["--no-epsv"], &["--tls", "--insecure"], &["--tls", "--insecure", "--active"]];

/// Octets in which no two stretches are the same.
fn octets(length: u32) -> Vec<u8> {
    (0..length).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                all.insert(name, fs::read(path).unwrap());
            }
        }
    }
    all
}

#[test]
fn files_go_and_come_back_in_every_way() {
    let server = Server::start();
    let here = tempdir().unwrap();
    // Long enough for the kernel to move it, and not of a round length.
    let content = octets(700_001);
    fs::write(here.path().join("a b"), &content).unwrap();
    for (number, way) in WAYS.iter().enumerate() {
        let (there, back) = (format!("URL/there%20{number}"), format!("back{number}"));
        server.task(here.path(), &[&["put", "a b", &there, "-t", "--verify"], *way].concat());
        server.task(here.path(), &[&["get", &there, &back, "-t", "--verify"], *way].concat());
        assert!(fs::read(here.path().join(&back)).unwrap() == content, "{way:?}");
        let time = |name: &str| fs::metadata(here.path().join(name)).unwrap().modified().unwrap();
        let apart = time("a b").duration_since(time(&back)).unwrap_or_default();
        assert!(apart.as_secs() < 1, "{way:?}");
    }
}

#[test]
fn what_was_cut_is_gone_on_with() {
    let server = Server::start();
    let here = tempdir().unwrap();
    let content = octets(300_000);
    fs::write(here.path().join("whole"), &content).unwrap();
    fs::write(here.path().join("part"), &content[..500_001]).unwrap();
    fs::write(server.root.path().join("there"), &content[..600_001]).unwrap();
    server.task(here.path(), &["put", "-C", "whole", "URL/there"]);
    assert!(fs::read(server.root.path().join("there")).unwrap() == content);
    server.task(here.path(), &["get", "-C", "URL/there", "part"]);
    assert!(fs::read(here.path().join("part")).unwrap() == content);
}

#[test]
fn mirrors_in_both_directions() {
    let server = Server::start();
    let here = tempdir().unwrap();
    let from = here.path().join("from");
    for directory in 0..4 {
        let directory = from.join(format!("-d {directory}/deep"));
        fs::create_dir_all(&directory).unwrap();
        for file in 0..20 {
            fs::write(directory.join(format!("f {file}")), octets(file * 100)).unwrap();
        }
    }
    for way in [&[][..], &["--tls", "--insecure"], &["--no-mlsd"]] {
        server.task(here.path(), &[&["mirror", "from", "URL/there", "--delete"], way].concat());
        assert_eq!(tree(&from), tree(&server.root.path().join("there")), "{way:?}");
        server.task(here.path(), &[&["mirror", "URL/there", "back", "--delete"], way].concat());
        assert_eq!(tree(&from), tree(&here.path().join("back")), "{way:?}");
        let again = server.task(here.path(), &[&["mirror", "URL/there", "back", "--json"], way].concat());
        assert!(again.contains(r#""files":0"#) && again.contains(r#""up_to_date":80"#), "{way:?}: {again}");
        fs::remove_dir_all(server.root.path().join("there")).unwrap();
        fs::remove_dir_all(here.path().join("back")).unwrap();
    }
}

#[test]
fn two_servers_copy_and_names_change() {
    let (one, other) = (Server::start(), Server::start());
    let here = tempdir().unwrap();
    fs::write(one.root.path().join("f"), "content").unwrap();
    one.task(here.path(), &["mkdir", "-p", "URL/x/y"]);
    one.task(here.path(), &["mv", "URL/f", "x/y/g"]);
    assert_eq!(fs::read(one.root.path().join("x/y/g")).unwrap(), b"content");
    let listed = one.task(here.path(), &["ls", "-1", "URL/x/y"]);
    assert_eq!(listed, "g\n");
    // A server that sends to a third host must be told that it may; here both are the same one.
    one.task(here.path(), &["copy", "URL/x/y/g", &other.url("h")]);
    assert_eq!(fs::read(other.root.path().join("h")).unwrap(), b"content");
    one.task(here.path(), &["rm", "URL/x/y/g", "URL/x/y/"]);
    assert!(!one.root.path().join("x/y").exists());
}
