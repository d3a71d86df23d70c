//! Script mode, as the harness uses it.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use predicates::str::{contains, starts_with};
use rstest::rstest;
use tempfile::tempdir;

use crate::fake_server::{FakeServer, Peer, client, take_all};

fn script(server: &FakeServer, directory: &Path, input: &str) -> Command {
    let mut command = client(directory, input);
    command.args(["--script", "--timeout", "5", "--connect", &server.address.to_string()]);
    command
}

#[test]
fn a_whole_session() {
    let server = FakeServer::play(|peer| {
        peer.say("220-hello \x1b \\\r\n220 ready");
        peer.answer("USER u ", "230 in");
        let data = peer.answer_pasv();
        peer.hear("RETR f");
        peer.say("150 comes");
        data.accept().unwrap().0.write_all(b"a\r\nb").unwrap();
        peer.say("226 done");
        let there = peer.answer_port();
        peer.answer("STOR f", "150 go");
        assert_eq!(take_all(TcpStream::connect(there).unwrap()), b"a\r\nb");
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    let input = "reply\nC USER u \nreply\nopen PASV\nC RETR f\nreply\nreceive f\nreply\nopen PORT\nC STOR f\nreply\nsend f\nreply\nC QUIT\nreply\nclose\n";
    let output = script(&server, here.path(), input).assert().success().get_output().stdout.clone();
    server.end();
    let output = String::from_utf8(output).unwrap();
    let lines: Vec<&str> = output.lines().filter(|line| !line.starts_with("S 227")).collect();
    assert_eq!(
        lines,
        [
            r"S 220-hello \x1b \\",
            "S 220 ready",
            ".",
            "S 230 in",
            ".",
            ".",
            "S 150 comes",
            ".",
            "received 4",
            "S 226 done",
            ".",
            "S 200 PORT",
            ".",
            "S 150 go",
            ".",
            "sent 4",
            "S 226 done",
            ".",
            "S 221 bye",
            ".",
        ]
    );
}

#[test]
fn lines_go_as_they_are_and_replies_wait_until_they_are_wanted() {
    let server = FakeServer::play(|peer| {
        // Two commands are said before the first reply is looked at.
        peer.hear(r"\xff\xf4abor \x00");
        peer.hear("");
        peer.say("220 ready\r\n226 a\r\n500 b");
    });
    let here = tempdir().unwrap();
    let mut command = Command::cargo_bin("reference-client").unwrap();
    command.current_dir(here.path()).args(["--script", "--connect", &server.address.to_string()]);
    command.write_stdin(b"C \xff\xf4abor \0\nC \nreply\nreply\nreply\n".to_vec());
    command.assert().success().stdout("S 220 ready\n.\nS 226 a\n.\nS 500 b\n.\n");
    server.end();
}

#[rstest]
#[case::epsv("open EPSV")]
#[case::eprt("open EPRT")]
fn the_extended_forms(#[case] open: &str) {
    let server = FakeServer::play(|peer| {
        let line = peer.line();
        let stream = if line == "EPSV" {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            peer.say(&format!("229 Extended Passive Mode (|||{}|)", listener.local_addr().unwrap().port()));
            listener.accept().unwrap().0
        } else {
            let port = line.strip_prefix("EPRT |1|127.0.0.1|").unwrap().strip_suffix('|').unwrap();
            let stream = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
            peer.say("200 ok");
            stream
        };
        assert_eq!(take_all(stream), b"content");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "content").unwrap();
    script(&server, here.path(), &format!("{open}\nsend f\n")).assert().success().stdout(contains("sent 7\n"));
    server.end();
}

#[rstest]
#[case::no_instruction("dance\n", "error \"dance\" is no instruction")]
#[case::file_outside("receive ../f\n", "error \"../f\" is not the name of a file in the current directory")]
#[case::file_missing("send f\n", "error the file f cannot be read")]
#[case::no_data_connection("receive f\n", "error no data connection is open")]
#[case::closed("reply\n", "error the server closed the control connection")]
fn what_fails_is_said_and_ends_the_client(#[case] input: &str, #[case] message: &'static str) {
    let server = FakeServer::play(|_| ());
    let here = tempdir().unwrap();
    script(&server, here.path(), input).assert().code(1).stdout(starts_with(message));
    server.end();
}

#[test]
fn a_refused_open_is_shown_and_fails() {
    let server = FakeServer::play(|peer| peer.answer("EPSV", "522 no\x1b"));
    let here = tempdir().unwrap();
    script(&server, here.path(), "open EPSV\n")
        .assert()
        .code(1)
        .stdout("S 522 no\\x1b\n.\nerror the server refused: 522 no\\x1b\n");
    server.end();
}

#[test]
fn a_mute_server_fails_in_time() {
    let server = FakeServer::play(Peer::until_closed);
    let here = tempdir().unwrap();
    client(here.path(), "reply\n")
        .args(["--script", "--timeout", "0.3", "--connect", &server.address.to_string()])
        .assert()
        .code(1)
        .stdout("error the server did not reply within 0.3 seconds\n");
    server.end();
}

#[test]
fn close_does_not_wait_for_the_server() {
    let server = FakeServer::play(Peer::until_closed);
    let here = tempdir().unwrap();
    script(&server, here.path(), "close\nreply\n").assert().success().stdout("");
    server.end();
}

#[test]
fn the_end_of_the_input_waits_for_the_server_to_close() {
    let server = FakeServer::play(|peer| {
        peer.hear("QUIT");
        peer.is_open_for(Duration::from_millis(200));
        peer.say("221 bye");
    });
    let here = tempdir().unwrap();
    script(&server, here.path(), "C QUIT\n").assert().success().stdout("");
    server.end();
}
