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

/// The lines without their times, and what changes from run to run.
fn events(log: &str) -> Vec<String> {
    let keep = |word: &&str| !["peer=", "address=", "milliseconds="].iter().any(|key| word.starts_with(key));
    log.lines().map(|line| line.split(' ').skip(1).filter(keep).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn all_that_happens_is_a_line_and_no_password_is_there() {
    let (_directory, file) = place();
    let server = Server::with(&["--log", file.to_str().unwrap(), "--login-attempts", "2", "--login-delay", "0"]);
    let mut client = server.login();
    client.retrieve("robots.txt");
    client.say_all(&[("DELE robots.txt", "250"), ("USER x\u{1b}[2J y", "331"), ("PASS hush", "530")]);
    client.say_all(&[("USER z", "331"), ("PASS hush", "421")]);
    assert_eq!(client.reply(), "");
    let mut shut_out = std::net::TcpStream::connect(server.address).unwrap();
    shut_out.read_to_end(&mut Vec::new()).unwrap();
    ended(server);
    let log = std::fs::read_to_string(&file).unwrap();
    let shown = events(&log);
    let (farewell, rest): (Vec<_>, Vec<_>) = shown.iter().partition(|line| line.starts_with("disconnect"));
    assert_eq!(
        rest,
        [
            "start",
            "connect session=1",
            "login session=1 user=u role=user",
            "transfer session=1 user=u role=user direction=sent name=/robots.txt type=image octets=26 end=complete",
            "delete session=1 user=u role=user name=/robots.txt",
            "failed-login session=1 user=x%1B[2J%20y",
            "failed-login session=1 user=z",
            "shut-out session=1",
            "turned-away session=2 reason=shut-out",
            "stop",
        ],
        "{log}"
    );
    assert_eq!(farewell.len(), 1, "{log}");
    assert!(!log.contains("hush"), "{log}");
}

#[test]
fn in_json_each_line_is_an_object() {
    let (_directory, file) = place();
    let server = Server::with(&["--log", file.to_str().unwrap(), "--log-format", "json"]);
    let mut client = server.login();
    client.store("STOR \"a\u{9b}\"", b"12345");
    client.say_all(&[("QUIT", "221")]);
    ended(server);
    let log = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["start", "connect", "login", "transfer", "disconnect", "stop"], "{log}");
    let transfer = &lines[3];
    assert_eq!(transfer["name"], "/\"a%C2%9B\"");
    assert_eq!((&transfer["octets"], &transfer["end"]), (&5.into(), &"complete".into()));
    let keys: Vec<&str> = transfer.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "time",
        "event",
        "session",
        "peer",
        "user",
        "role",
        "direction",
        "name",
        "type",
        "octets",
        "milliseconds",
        "end",
    ];
    assert_eq!(keys, expected);
    assert!(lines[4]["octets"].as_u64().unwrap() > 5, "{log}");
}
