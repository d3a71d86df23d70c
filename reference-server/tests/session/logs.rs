//! What the operator is told.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::pipe::fcntl_setpipe_size;

use crate::client::{PATIENCE, PROGRAM, Server};

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

#[test]
fn a_log_may_go_to_standard_output() {
    let (mut log, output) = std::io::pipe().unwrap();
    let (directory, mut launcher) = (tempfile::tempdir().unwrap(), Command::new(PROGRAM));
    launcher.stdout(output);
    let server = Server::launched(launcher, directory.path(), &["--log", "-"]);
    let mut client = server.login();
    client.say_all(&[("QUIT", "221")]);
    assert_eq!(client.reply(), "");
    ended(server);
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    let shown = events(&text);
    let (farewell, rest): (Vec<_>, Vec<_>) = shown.iter().partition(|line| line.starts_with("disconnect"));
    assert_eq!(rest, ["start", "connect session=1", "login session=1 user=u role=user", "stop"], "{text}");
    assert_eq!(farewell.len(), 1, "{text}");
}

/// A pipe, as a place for a log.
fn pipe() -> (tempfile::TempDir, PathBuf) {
    let (directory, file) = place();
    mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    (directory, file)
}

#[test]
fn a_pipe_that_nobody_reads_is_an_error_at_the_start() {
    let (_directory, file) = pipe();
    assert_cmd::Command::new(PROGRAM)
        .args(["--memory", "--port", "0", "--log"])
        .arg(&file)
        .timeout(PATIENCE)
        .assert()
        .code(1)
        .stderr(predicates::str::contains("it is a pipe that nobody reads. Start its reader first"));
}

/// Neither do sessions wait for the reader, nor, for longer than some seconds, the end of the server.
#[test]
fn a_reader_of_the_log_that_stands_still_stops_nobody() {
    // More than a pipe of a page, what the thread has taken, and the queue hold together.
    const LOGINS: usize = 2500;
    const AT_ONCE: usize = 50;
    let (_directory, file) = pipe();
    // Both ends, so that no side waits until the other opens it.
    let mut reader = OpenOptions::new().read(true).write(true).open(&file).unwrap();
    fcntl_setpipe_size(&reader, 4096).unwrap();
    let mut server = Server::with(&["--log", file.to_str().unwrap()]);
    let mut client = server.login();
    for _ in 0..LOGINS / AT_ONCE {
        client.send("USER u\r\nPASS p\r\n".repeat(AT_ONCE).as_bytes());
        for _ in 0..AT_ONCE {
            client.expect("331");
            client.expect("230");
        }
    }
    server.terminate();
    let said = server.rest_of_messages();
    assert!(said.contains("the last lines of the logs could not be written in time"), "{said}");
    assert!(server.exit().success());
    let mut begin = [0; 64];
    reader.read_exact(&mut begin).unwrap();
    assert!(String::from_utf8_lossy(&begin).contains(" start address="));
}
