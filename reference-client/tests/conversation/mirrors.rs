//! Mirrors of directories whose listings lie.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::tempdir;

use crate::fake_server::{FakeServer, Peer, client, take_all};

fn mirror(here: &Path, words: &[&str]) -> Command {
    let mut command = client(here, "");
    command.arg("mirror").args(words).args(["-j", "1", "--retries", "0", "--no-epsv"]);
    command
}

fn url(server: &FakeServer) -> String {
    format!("ftp://u:sesame@{}", server.address)
}

fn list(peer: &mut Peer, command: &str, listing: &str) {
    let data = peer.answer_pasv();
    peer.answer(command, "150 comes");
    data.accept().unwrap().0.write_all(listing.as_bytes()).unwrap();
    peer.say("226 done");
}

fn send(peer: &mut Peer, command: &str, content: &[u8]) {
    let data = peer.answer_pasv();
    peer.answer(command, "150 comes");
    data.accept().unwrap().0.write_all(content).unwrap();
    peer.say("226 done");
}

#[test]
fn names_never_leave_the_directory() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        list(
            peer,
            "MLSD",
            "type=file;size=1;modify=20200101000000; ../evil\r\ntype=file;size=1; /tmp/evil\r\ntype=dir; ..\r\n\
             type=dir; a/../..\r\ntype=file;size=1;modify=20200101000000; link\r\ntype=dir; away\r\ntype=file;size=1;modify=20200101000000; fine\r\n",
        );
        list(peer, "MLSD away", "type=file;size=1;modify=20200101000000; passwd\r\n");
        peer.answer("TYPE I", "200 image");
        send(peer, "RETR link", b"x");
        send(peer, "RETR fine", b"x");
        peer.answer("QUIT", "221 bye");
    });
    let above = tempdir().unwrap();
    let (here, outside) = (above.path().join("here"), above.path().join("outside"));
    fs::create_dir_all(here.join("to")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("mine"), "mine").unwrap();
    // The links lie here already, as somebody may have put them.
    symlink(outside.join("mine"), here.join("to/link")).unwrap();
    symlink(&outside, here.join("to/away")).unwrap();
    mirror(&here, &[&url(&server), "to"]).assert().code(13).stderr(contains("../evil").and(contains("away")));
    server.end();
    assert_eq!(fs::read(outside.join("mine")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(fs::read_dir(above.path()).unwrap().count(), 2);
    assert_eq!(fs::read(here.join("to/fine")).unwrap(), b"x");
}

#[test]
fn what_is_up_to_date_stays_and_the_time_is_kept() {
    const LISTING: &str = "type=file;size=1;modify=20200101000000; same\r\ntype=dir; d\r\n";
    let first = |peer: &mut Peer| {
        peer.log_in();
        list(peer, "MLSD", LISTING);
        list(peer, "MLSD d", "");
        peer.answer("TYPE I", "200 image");
        send(peer, "RETR same", b"x");
        peer.answer("QUIT", "221 bye");
    };
    let second = |peer: &mut Peer| {
        peer.log_in();
        list(peer, "MLSD", LISTING);
        list(peer, "MLSD d", "");
        peer.answer("QUIT", "221 bye");
    };
    let server = FakeServer::play_again(vec![Box::new(first), Box::new(second)]);
    let here = tempdir().unwrap();
    fs::create_dir(here.path().join("to")).unwrap();
    fs::write(here.path().join("to/old"), "").unwrap();
    mirror(here.path(), &[&url(&server), "to"]).assert().success();
    mirror(here.path(), &[&url(&server), "to", "--delete", "--json"])
        .assert()
        .success()
        .stdout(contains(r#""files":0"#).and(contains(r#""up_to_date":1"#)).and(contains(r#""deleted":1"#)));
    server.end();
    assert!(here.path().join("to/d").is_dir() && !here.path().join("to/old").exists());
}

#[test]
fn a_broken_session_is_replaced() {
    let first = |peer: &mut Peer| {
        peer.log_in();
        list(peer, "MLSD", "type=file;size=1;modify=20200101000000; f\r\n");
        peer.answer("TYPE I", "200 image");
        peer.say("421 bye");
        peer.rest();
    };
    let second = |peer: &mut Peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        send(peer, "RETR f", b"x");
        peer.answer("QUIT", "221 bye");
    };
    let server = FakeServer::play_again(vec![Box::new(first), Box::new(second)]);
    let here = tempdir().unwrap();
    let mut command = client(here.path(), "");
    command.args(["mirror", &url(&server), "to", "-j", "1", "--no-epsv"]).assert().success();
    server.end();
    assert_eq!(fs::read(here.path().join("to/f")).unwrap(), b"x");
}

#[test]
fn a_directory_goes_to_the_server() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("CWD up", "550 none");
        peer.answer("MKD up", "257 \"/up\"");
        peer.answer("CWD up", "250 ok");
        list(peer, "MLSD", "type=file;size=1;modify=20380101000000; same\r\n");
        peer.answer("MKD d", "257 \"/up/d\"");
        peer.answer("TYPE I", "200 image");
        let data = peer.answer_pasv();
        peer.answer("STOR d/f", "150 go");
        assert_eq!(take_all(data.accept().unwrap().0), b"content");
        peer.say("226 done");
        peer.answer("SIZE d/f", "213 7");
        peer.answer("FEAT", "211-ok\r\n MFMT\r\n211 end");
        let line = peer.line();
        assert!(line.starts_with("MFMT 20") && line.ends_with(" d/f"), "{line}");
        peer.say("213 ok");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::create_dir_all(here.path().join("from/d")).unwrap();
    fs::write(here.path().join("from/d/f"), "content").unwrap();
    fs::write(here.path().join("from/same"), "x").unwrap();
    symlink("/etc/passwd", here.path().join("from/link")).unwrap();
    mirror(here.path(), &["from", &format!("{}/up", url(&server))]).assert().success();
    server.end();
}

#[test]
fn a_data_connection_that_cannot_be_opened_is_not_tried_for_ever() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("PASV", "227 (127,0,0,1,0,1)");
        peer.rest();
    });
    let here = tempdir().unwrap();
    // Port 1 of the server refuses; the mirror ends, and does not try for ever.
    mirror(here.path(), &[&url(&server), "to"]).assert().code(13);
    server.end();
}
