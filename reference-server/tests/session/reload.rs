//! SIGHUP: the options are read again, and nobody is dropped.

mod as_user;

use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::channel;

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::client::{PATIENCE, Server};

const DONE: &str = "the options were read again\n";
const REFUSED: &str = "the options stay as they were\n";

/// What the server says at a SIGHUP, and how it ends.
fn reloaded(server: &mut Server) -> (String, String) {
    server.hang_up();
    let mut said = String::new();
    loop {
        let line = server.message();
        assert!(!line.is_empty(), "the server ended: {said}");
        if [DONE, REFUSED].contains(&line.as_str()) {
            return (said, line);
        }
        said.push_str(&line);
    }
}

/// A file of options, and its directory. `HERE` is that one.
fn file_with(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ftp.toml");
    write(&file, text);
    (directory, file)
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text.replace("HERE", file.parent().unwrap().to_str().unwrap())).unwrap();
}

fn server_with(file: &Path) -> Server {
    Server::with(&["--config", file.to_str().unwrap()])
}

fn passwd(file: &Path, name: &str) {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command.arg("passwd").arg(file).arg(name).write_stdin("wonder\n").assert().success();
}

#[test]
fn who_comes_then_has_the_new_options_and_who_is_there_the_old_ones() {
    let (directory, file) = file_with("users = 'HERE/users.toml'\nanonymous = 'off'\n");
    let users = directory.path().join("users.toml");
    passwd(&users, "alice");
    let mut server = server_with(&file);
    let (mut inside, mut outside) = (server.login(), server.connect());
    passwd(&users, "bob");
    write(&file, "users = 'HERE/users.toml'\nsymlinks = true\nhost = ['other.example']\nlogin-attempts = 1\n");
    assert_eq!(reloaded(&mut server), (String::new(), DONE.to_owned()));
    let mut new = server.connect();
    new.say_all(&[("HOST other.example", "220"), ("USER bob", "331"), ("PASS wonder", "230")]);
    new.say_all(&[("SITE SYMLINK robots.txt link", "200"), ("USER anonymous", "331 Guest"), ("PASS x", "230")]);
    inside.say_all(&[("SITE SYMLINK robots.txt other", "504")]);
    assert_eq!(inside.retrieve("robots.txt"), b"User-agent: *\nDisallow: /\n");
    // Wrong passwords are those of an address, and not of a session.
    outside.say_all(&[("HOST other.example", "504"), ("USER anonymous", "331 User name ok"), ("PASS x", "421")]);
}

#[rstest]
#[case::no_toml("port 0\n", "ftp.toml:1:6: this is no TOML")]
#[case::key("prot = 0\n", "there is no key `prot` here. Did you mean `port`?")]
#[case::users("users = 'HERE/none.toml'\n", "none.toml: No such file")]
#[case::directory("host = ['a=/nonexistent/here']\n", "cannot serve the directory /nonexistent/here")]
#[case::certificate("tls-certificate = 'HERE/c'\ntls-key = 'HERE/k'\n", "cannot read the PEM file")]
#[case::log("log = 'HERE/none/log'\n", "cannot write the log")]
fn with_a_mistake_all_stays(#[case] text: &str, #[case] message: &str) {
    let (directory, file) = file_with("log = 'HERE/log'\nhost = ['one.example']\n");
    let mut server = server_with(&file);
    write(&file, &format!("{text}anonymous = 'off'\n"));
    let (said, end) = reloaded(&mut server);
    assert!(said.contains(message), "{said}");
    assert_eq!(end, REFUSED);
    let mut client = server.connect();
    client.say_all(&[("HOST one.example", "220"), ("USER anonymous", "331 Guest"), ("QUIT", "221")]);
    server.terminate();
    assert!(server.exit().success());
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains(" failed-reload\n") && log.trim_end().ends_with(" stop"), "{log}");
}

#[rstest]
#[case::sockets(
    &[],
    "listen = '127.0.0.2'\nsessions = 5\ntls-generate = true\ntls-port = 0\nmetrics = '127.0.0.1:0'\n",
    "listen,sessions,tls-port,metrics"
)]
#[case::memory(&["--memory", "1000"], "quota = 5\natomic = true\n", "quota,atomic")]
fn what_cannot_change_is_told(#[case] line: &[&str], #[case] text: &str, #[case] unchanged: &str) {
    let (directory, file) = file_with("log = 'HERE/log'\n");
    let mut server = Server::with(&[&["--config", file.to_str().unwrap()], line].concat());
    server.login().store("STOR kept", b"12345678");
    write(&file, &format!("log = 'HERE/log'\n{text}"));
    let (said, end) = reloaded(&mut server);
    let names = unchanged.replace(',', ", ");
    assert_eq!(said, format!("warning: what is new of {names} holds when the server is started again\n"));
    assert_eq!(end, DONE);
    server.login().say_all(&[("SIZE kept", "213 8")]);
    server.terminate();
    assert!(server.exit().success());
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains(&format!(" reload unchanged={unchanged}\n")), "{log}");
}

/// As logrotate does it without `copytruncate`.
#[test]
fn logs_are_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let (log, transfers) = (place("log"), place("xferlog"));
    let mut server = Server::with(&["--log", log.to_str().unwrap(), "--xferlog", transfers.to_str().unwrap()]);
    let mut client = server.login();
    client.store("STOR first", b"1");
    std::fs::rename(&log, place("log.1")).unwrap();
    std::fs::rename(&transfers, place("xferlog.1")).unwrap();
    assert_eq!(reloaded(&mut server).1, DONE);
    client.store("STOR second", b"22");
    client.say_all(&[("QUIT", "221")]);
    server.terminate();
    assert!(server.exit().success());
    for (name, has_first) in [("log.1", true), ("xferlog.1", true), ("log", false), ("xferlog", false)] {
        let text = std::fs::read_to_string(place(name)).unwrap();
        assert_eq!((text.contains("/first"), text.contains("/second")), (has_first, !has_first), "{name}: {text}");
    }
}

/// As certificates are renewed: the link stays where it is, and leads to a new file beside the old one.
#[test]
fn files_behind_links_are_read_again() {
    let (directory, file) =
        file_with("users = 'HERE/users.toml'\nlog = 'HERE/log'\nanonymous = 'off'\nlandlock = 'best-effort'\n");
    let elsewhere = tempfile::tempdir().unwrap();
    let (users, log) = (directory.path().join("users.toml"), directory.path().join("log"));
    passwd(&elsewhere.path().join("first"), "alice");
    symlink(elsewhere.path().join("first"), &users).unwrap();
    std::fs::write(elsewhere.path().join("log"), "").unwrap();
    symlink(elsewhere.path().join("log"), &log).unwrap();
    let mut server = server_with(&file);
    passwd(&elsewhere.path().join("second"), "bob");
    std::fs::remove_file(&users).unwrap();
    symlink(elsewhere.path().join("second"), &users).unwrap();
    std::fs::rename(elsewhere.path().join("log"), elsewhere.path().join("log.1")).unwrap();
    assert_eq!(reloaded(&mut server), (String::new(), DONE.to_owned()));
    server.connect().say_all(&[("USER bob", "331"), ("PASS wonder", "230"), ("QUIT", "221")]);
    server.terminate();
    assert!(server.exit().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("user=bob"), "{log}");
}

/// A terminal that is closed is no reason to read anything.
#[test]
fn a_server_whose_terminal_hangs_up_ends() {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let other_end = std::fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["--memory", "--port", "0"])
        .stderr(Stdio::from(other_end))
        .spawn()
        .unwrap();
    let mut terminal = std::fs::File::from(terminal);
    let mut said = Vec::new();
    while !said.ends_with(b"\n") {
        let mut octet = [0];
        terminal.read_exact(&mut octet).unwrap();
        said.extend(octet);
    }
    drop(terminal);
    let process = Pid::from_child(&server);
    kill_process(process, Signal::HUP).unwrap();
    let (tell, told) = channel();
    let waiting = std::thread::spawn(move || tell.send(server.wait().unwrap().success()));
    let is_success = told.recv_timeout(PATIENCE);
    if is_success.is_err() {
        kill_process(process, Signal::KILL).unwrap();
    }
    waiting.join().unwrap().unwrap();
    assert_eq!(is_success, Ok(true));
}
