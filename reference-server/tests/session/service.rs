//! A server that a service manager has started.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rstest::rstest;
use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

use crate::client::{PATIENCE, PROGRAM, Server};

/// A command that starts the program as systemd would: with these as its first descriptors behind the three, which nobody but the
/// program itself may take.
fn with_descriptors(names: &str, first: impl Into<OwnedFd>, second: impl Into<OwnedFd>) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec 3<&0 4<&1 </dev/null >/dev/null; LISTEN_PID=$$ exec \"$@\"", "sh", PROGRAM])
        .env("LISTEN_FDS", names.split(':').count().to_string())
        .env("LISTEN_FDNAMES", names)
        .stdin(Stdio::from(first.into()))
        .stdout(Stdio::from(second.into()));
    command
}

fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn connected() -> OwnedFd {
    TcpStream::connect(port().local_addr().unwrap()).unwrap().into()
}

/// A directory to serve, in a directory of its own.
fn root() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("robots.txt"), "User-agent: *\nDisallow: /\n").unwrap();
    (directory, root)
}

#[test]
fn ports_that_are_handed_over_are_served() {
    let (_directory, root) = root();
    let (clear, implicit) = (port(), port());
    let addresses = [clear.local_addr().unwrap(), implicit.local_addr().unwrap()];
    // Who connects before the server is there is served when it is.
    let mut early = TcpStream::connect(addresses[0]).unwrap();
    let launcher = with_descriptors("tls:ftp.socket", implicit, clear);
    // A port of its own it takes neither.
    let mut server = Server::launched(launcher, &root, &["--tls-generate", "--tls-port", "0"]);
    assert_eq!([server.address, server.implicit_address()], addresses);
    assert_eq!(server.login().retrieve("robots.txt").len(), 26);
    server.terminate();
    assert!(!server.rest_of_messages().contains("error"));
    let mut greeting = [0; 4];
    early.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"220 ");
    assert!(server.exit().success());
}

#[test]
fn what_is_handed_over_to_another_process_is_let_alone() {
    let (_directory, root) = root();
    let kept = port();
    let mut launcher = Command::new(PROGRAM);
    launcher.env("LISTEN_FDS", "1").env("LISTEN_PID", "1").stdin(Stdio::from(OwnedFd::from(kept.try_clone().unwrap())));
    let server = Server::launched(launcher, &root, &[]);
    assert_ne!(server.address, kept.local_addr().unwrap());
    server.login();
}

#[rstest]
#[case::no_port("a", UdpSocket::bind("127.0.0.1:0").unwrap().into(), "the socket 0 that is handed over cannot be taken")]
#[case::two_of_a_kind("a:b", port().into(), "too many sockets are handed over")]
#[case::too_many("a:b:c", port().into(), "too many sockets are handed over")]
#[case::no_tls("tls", port().into(), "a socket with the name `tls` is handed over, and there is no TLS")]
#[case::connected("a", connected(), "the socket 0 that is handed over does not listen")]
fn what_cannot_be_served_on_is_an_error_at_the_start(
    #[case] names: &str,
    #[case] first: OwnedFd,
    #[case] expected: &str,
) {
    let mut launcher = with_descriptors(names, first, port());
    let mut child = launcher.args(["--memory", "--port", "0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.starts_with("error: ") && said.contains(expected), "{said}");
    assert!(!child.wait().unwrap().success());
}

fn heard(socket: &UnixDatagram) -> String {
    let mut octets = [0; 1000];
    let length = socket.recv(&mut octets).unwrap();
    String::from_utf8_lossy(&octets[..length]).into_owned()
}

#[test]
fn the_service_manager_is_told_when_it_is_ready_and_when_it_ends() {
    let (directory, root) = root();
    let name = directory.path().join("notify");
    let socket = UnixDatagram::bind(&name).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut launcher = Command::new(PROGRAM);
    launcher.env("NOTIFY_SOCKET", &name);
    let server = Server::launched(launcher, &root, &[]);
    assert_eq!(heard(&socket), "READY=1");
    let mut client = server.login();
    server.terminate();
    assert_eq!(heard(&socket), "STOPPING=1");
    assert!(client.reply().starts_with("421 "));
    assert!(server.exit().success());
}

/// Microseconds of the clock that all processes share.
fn monotonic() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

#[test]
fn the_service_manager_is_told_when_the_options_are_read_again() {
    let (directory, root) = root();
    let (name, file) = (directory.path().join("notify"), directory.path().join("ftp.toml"));
    std::fs::write(&file, "anonymous = 'off'\n").unwrap();
    let socket = UnixDatagram::bind(&name).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut launcher = Command::new(PROGRAM);
    launcher.env("NOTIFY_SOCKET", &name);
    let server = Server::launched(launcher, &root, &["--config", file.to_str().unwrap()]);
    assert_eq!(heard(&socket), "READY=1");
    for (text, is_read, status) in [
        ("anonymous = 'read-only'\n", true, "The options were read again."),
        ("prot = 1\n", false, "The options stay as they were: something is wrong in the new ones."),
        ("anonymous = 'read-only'\n", true, "The options were read again."),
    ] {
        std::fs::write(&file, text).unwrap();
        let before = monotonic();
        server.hang_up();
        let begun = heard(&socket);
        let time: i64 = begun.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().parse().unwrap();
        assert!((before..=monotonic()).contains(&time), "{begun}");
        let ended = heard(&socket);
        assert!(ended.starts_with(&format!("READY=1\nSTATUS={status}")), "{ended}");
        assert_eq!(ended.lines().count(), 2, "{ended}");
        let expected = if is_read { "331 Guest" } else { "331" };
        server.connect().say_all(&[("USER anonymous", expected)]);
    }
    server.terminate();
    assert_eq!(heard(&socket), "STOPPING=1");
    assert!(server.exit().success());
}

#[test]
fn a_service_manager_that_is_not_there_keeps_nobody_from_being_served() {
    let (directory, root) = root();
    let mut launcher = Command::new(PROGRAM);
    launcher.env("NOTIFY_SOCKET", directory.path().join("none"));
    let mut server = Server::launched(launcher, &root, &[]);
    server.login();
    server.terminate();
    let said = server.rest_of_messages();
    assert!(said.starts_with("warning: nobody can be told that the server is ready"), "{said}");
}

/// The units that the README names, with the program of these tests in the place of one that is installed.
#[test]
fn the_units_are_understood() {
    let directory = tempfile::tempdir().unwrap();
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let mut names = Vec::new();
    for unit in std::fs::read_dir(units).unwrap().map(Result::unwrap) {
        let copy = directory.path().join(unit.file_name());
        if unit.path().is_dir() {
            std::fs::create_dir(&copy).unwrap();
            let drop_in = "older-than-253.conf";
            std::fs::copy(unit.path().join(drop_in), copy.join(drop_in)).unwrap();
            continue;
        }
        let text = std::fs::read_to_string(unit.path()).unwrap();
        std::fs::write(&copy, text.replace("/usr/local/bin/ftpspec", PROGRAM)).unwrap();
        names.push(copy);
    }
    assert_eq!(names.len(), 3);
    match Command::new("systemd-analyze").arg("verify").args(names).output() {
        Ok(ended) => {
            let said = String::from_utf8(ended.stderr).unwrap();
            // An older systemd, for which the line before says what it knows.
            let is_old = |line: &str| line.ends_with("Failed to parse service type, ignoring: notify-reload");
            assert_eq!(said.lines().filter(|line| !is_old(line)).collect::<Vec<_>>(), Vec::<&str>::new());
            assert!(ended.status.success());
        }
        // Standard error itself, which the test program does not catch.
        Err(error) => writeln!(io::stderr(), "NOT TESTED: the units of systemd: systemd-analyze: {error}").unwrap(),
    }
}
