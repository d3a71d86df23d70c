//! The shell against servers that lie, fall silent, or want more than they should get.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};

use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;
use socket2::{Domain, Socket, Type};
use tempfile::tempdir;

use crate::fake_server::{FakeServer, Peer, client, url};

#[test]
fn listings_and_replies_cannot_speak_to_the_terminal() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        let data = peer.answer_pasv();
        peer.answer("LIST", "150 comes \x1b[31m");
        data.accept().unwrap().0.write_all(b"-rw a\x1b[2J\r\n").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "epsv off\nls\n")
        .arg(url(&server))
        .assert()
        .success()
        .stdout(contains(r"-rw a\x1b[2J").and(contains(r"150 comes \x1b[31m")).and(contains("\x1b").not()));
    server.end();
}

#[test]
fn does_not_go_where_a_hostile_227_sends_it() {
    let elsewhere = TcpListener::bind("127.0.0.9:0").unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    let server = FakeServer::play(move |peer| {
        let data = TcpListener::bind(("127.0.0.1", port)).unwrap();
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        peer.answer("PASV", &format!("227 Entering Passive Mode (127,0,0,9,{},{})", port >> 8, port & 255));
        peer.answer("RETR f", "150 comes");
        data.accept().unwrap().0.write_all(b"content").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "epsv off\nget f\n")
        .arg(url(&server))
        .assert()
        .success()
        .stdout(contains("The server names the host 127.0.0.9; the data connection goes to 127.0.0.1."));
    server.end();
    elsewhere.set_nonblocking(true).unwrap();
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn takes_the_data_connection_of_the_server_only() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        let there = peer.answer_port();
        // Somebody else is there first.
        let thief = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        thief.bind(&"127.0.0.9:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        thief.connect(&there.into()).unwrap();
        (&thief).write_all(b"stolen").unwrap();
        peer.answer("RETR f", "150 comes");
        TcpStream::connect(there).unwrap().write_all(b"content").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "active\nget f\n").arg(url(&server)).assert().success();
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"content");
}

#[rstest]
#[case("delete \"a\rDELE b\"\n", "DELE is not sent: a pathname cannot hold CR")]
#[case("get a\0b x\n", "RETR is not sent: a pathname cannot hold NUL")]
#[case("rename a \"b\\\rc\"\n", "RNTO is not sent: a pathname cannot hold CR")]
#[case("quote NOOP\rDELE b\n", "a command cannot hold CR, LF or NUL")]
#[case("login a\rb c\n", "USER is not sent: a pathname cannot hold CR")]
#[case("login a b\rc\n", "PASS is not sent: a pathname cannot hold CR")]
fn one_line_typed_is_one_line_on_the_wire(#[case] input: &str, #[case] message: &str) {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), input).arg(url(&server)).assert().code(1).stderr(contains(message));
    server.end();
}

#[test]
fn a_carriage_return_in_a_url_is_refused() {
    let server = FakeServer::play(|peer| {
        peer.say("220 ready");
        peer.until_closed();
    });
    let here = tempdir().unwrap();
    let url = format!("ftp://u%0d%0aDELE%20f:p@{}", server.address);
    client(here.path(), "").arg(url).assert().code(1).stderr(contains("USER is not sent"));
    server.end();
}

/// The points where a server may go mute, each after all before it went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mute {
    Greeting,
    User,
    Password,
    Type,
    Size,
    Passive,
    Retrieve,
    Data,
    FinalReply,
    Quit,
}

#[rstest]
#[case(Mute::Greeting, "did not reply within")]
#[case(Mute::User, "did not reply within")]
#[case(Mute::Password, "did not reply within")]
#[case(Mute::Type, "did not reply within")]
#[case(Mute::Size, "did not reply within")]
#[case(Mute::Passive, "did not reply within")]
#[case(Mute::Retrieve, "did not reply within")]
#[case(Mute::Data, "did not reply within")]
#[case(Mute::FinalReply, "did not reply within")]
#[case(Mute::Quit, "did not reply within")]
fn a_mute_server_is_not_waited_for_without_end(#[case] mute: Mute, #[case] message: &str) {
    let server = FakeServer::play(move |peer| {
        mute_from(mute, peer);
        let mut rest = peer.line();
        while !rest.is_empty() {
            rest = peer.line();
        }
    });
    let here = tempdir().unwrap();
    client(here.path(), "epsv off\nget f\nquit\n")
        .args(["--timeout", "0.3", &url(&server)])
        .assert()
        .code(1)
        .stderr(contains(message));
    server.end();
}

/// Plays a whole session as far as `mute`.
fn mute_from(mute: Mute, peer: &mut Peer) {
    let replies = [
        (Mute::Greeting, None, "220 ready"),
        (Mute::User, Some("USER u"), "331 password"),
        (Mute::Password, Some("PASS sesame"), "230 in"),
        (Mute::Type, Some("TYPE I"), "200 image"),
        (Mute::Size, Some("SIZE f"), "500 what?"),
    ];
    for (point, command, reply) in replies {
        if let Some(command) = command {
            peer.hear(command);
        }
        if mute == point {
            return;
        }
        peer.say(reply);
    }
    if mute == Mute::Passive {
        return peer.hear("PASV");
    }
    let data = peer.answer_pasv();
    peer.hear("RETR f");
    if mute == Mute::Retrieve {
        return;
    }
    peer.say("150 comes");
    let (stream, _) = data.accept().unwrap();
    if mute == Mute::Data {
        // The data connection stays open and silent until the client gives up the control connection.
        while !peer.line().is_empty() {}
        return;
    }
    drop(stream);
    if mute == Mute::FinalReply {
        return;
    }
    peer.say("226 done");
    peer.hear("QUIT");
}

#[test]
fn a_server_that_never_connects_the_data_connection_is_not_waited_for_without_end() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        peer.answer_port();
        peer.answer("RETR f", "150 comes");
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "active\nget f\n")
        .args(["--timeout", "0.5", &url(&server)])
        .assert()
        .code(1)
        .stderr(contains("the server did not open the data connection within 0.5 seconds"));
    server.end();
}

#[rstest]
#[case("../../evil")]
#[case("/etc/evil")]
fn a_fetched_file_stays_in_the_directory(#[case] name: &'static str) {
    let server = FakeServer::play(move |peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer(&format!("SIZE {name}"), "213 1");
        let data = peer.answer_pasv();
        peer.answer(&format!("RETR {name}"), "150 comes");
        data.accept().unwrap().0.write_all(b"x").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let above = tempdir().unwrap();
    let here = above.path().join("a/b");
    fs::create_dir_all(&here).unwrap();
    client(&here, &format!("epsv off\nget {name}\n")).arg(url(&server)).assert().success();
    server.end();
    assert!(here.join("evil").exists());
    assert!(!above.path().join("evil").exists());
}

#[test]
fn a_reply_nobody_asked_for_does_not_pass_for_the_next_one() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.hear("DELE f");
        peer.say("250 gone\r\n550 surplus");
        peer.answer("PWD", "257 \"/\"");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "delete f\npwd\n")
        .arg(url(&server))
        .assert()
        .success()
        .stdout(contains("though nothing was asked:\n550 surplus\n257 \"/\""));
    server.end();
}

#[test]
fn a_password_is_never_shown() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("PASS sesame", "503 no");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "quote PASS sesame\n")
        .args(["--verbose", &url(&server)])
        .assert()
        .code(1)
        .stdout(contains("---> PASS ****").and(contains("sesame").not()))
        .stderr(contains("sesame").not());
    server.end();
}

#[test]
fn the_end_of_the_connection_is_said_and_later_lines_fail() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.hear("PWD");
        peer.say("257-never ending");
    });
    let here = tempdir().unwrap();
    client(here.path(), "pwd\npwd\n")
        .arg(url(&server))
        .assert()
        .code(1)
        .stderr(contains("in the middle of a reply").and(contains("no connection is open")));
    server.end();
}
