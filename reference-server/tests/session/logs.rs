//! What the operator is told.

use std::io::{Read, Write};
use std::path::PathBuf;

use crate::client::Server;

/// A place for a log.
fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log");
    (directory, file)
}

fn ended(server: Server) {
    server.terminate();
    assert!(server.exit().success());
}

#[test]
fn each_transfer_of_a_file_is_a_line_of_the_transfer_log() {
    let (_directory, file) = place();
    let server = Server::with(&["--xferlog", file.to_str().unwrap()]);
    let mut client = server.login();
    client.retrieve("robots.txt");
    client.store("STOR a \u{1b}[2J%\tb", b"12345");
    let mut data = client.open_passive();
    client.say_all(&[("NLST", "150")]);
    data.read_to_end(&mut Vec::new()).unwrap();
    client.expect("226");
    client.say_all(&[("TYPE A", "200"), ("DELE nothing", "550"), ("DELE robots.txt", "250")]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR half", "150")]);
    data.write_all(b"123").unwrap();
    client.send(b"ABOR\r\n");
    client.expect("426");
    client.expect("226");
    ended(server);
    let log = std::fs::read_to_string(&file).unwrap();
    let words: Vec<Vec<&str>> = log.lines().map(|line| line.split_ascii_whitespace().skip(6).collect()).collect();
    let expected = [
        "127.0.0.1 26 /robots.txt b _ o r u ftp 0 * c",
        "127.0.0.1 5 /a%20%1B[2J%25%09b b _ i r u ftp 0 * c",
        "127.0.0.1 0 /robots.txt b _ d r u ftp 0 * c",
        "/half a _ i r u ftp 0 * i",
    ];
    let shown: Vec<String> = words.iter().map(|words| words.join(" ")).collect();
    assert_eq!(shown.len(), expected.len(), "{log}");
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown.ends_with(expected), "{shown}");
    }
}

#[test]
fn a_log_is_appended_to() {
    let (_directory, file) = place();
    std::fs::write(&file, "before\n").unwrap();
    let server = Server::with(&["--xferlog", file.to_str().unwrap()]);
    server.login().retrieve("robots.txt");
    ended(server);
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(log.starts_with("before\n"), "{log}");
    assert_eq!(log.lines().count(), 2, "{log}");
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing_and_is_said_once() {
    let mut server = Server::with(&["--xferlog", "/dev/full"]);
    let mut client = server.login();
    client.retrieve("robots.txt");
    client.store("STOR new", b"12345");
    client.say_all(&[("QUIT", "221")]);
    server.terminate();
    let said = server.rest_of_messages();
    assert_eq!(said.matches("cannot write the log /dev/full").count(), 1, "{said}");
    assert!(server.exit().success());
}

#[test]
fn a_log_in_no_directory_is_an_error_at_the_start() {
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["--memory", "--port", "0", "--xferlog", "/nowhere/log"])
        .assert()
        .failure()
        .stderr(predicates::str::contains("cannot write the log /nowhere/log"));
}
