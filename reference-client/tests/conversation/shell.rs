//! The shell, with lines from a pipe.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;
use tempfile::tempdir;

use crate::fake_server::{FakeServer, client, take_all, url};

#[test]
fn gets_a_file_by_pasv_when_epsv_is_refused() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE robots.txt", "213 27");
        peer.answer("EPSV", "500 what?");
        let data = peer.answer_pasv();
        peer.hear("RETR robots.txt");
        peer.say("150 comes");
        data.accept().unwrap().0.write_all(b"User-agent: *\r\nDisallow: /\n").unwrap();
        peer.say("226 done");
        // The second time neither TYPE nor EPSV is tried again.
        peer.answer("SIZE robots.txt", "500 what?");
        let data = peer.answer_pasv();
        peer.hear("RETR robots.txt");
        peer.say("150 comes\r\n226 done");
        data.accept().unwrap().0.write_all(b"second").unwrap();
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    let input = "get robots.txt\nget robots.txt \"a b\"\nquit\n";
    client(here.path(), input).arg(url(&server)).assert().success().stdout(contains("27 bytes received."));
    server.end();
    assert_eq!(fs::read(here.path().join("robots.txt")).unwrap(), b"User-agent: *\r\nDisallow: /\n");
    assert_eq!(fs::read(here.path().join("a b")).unwrap(), b"second");
}

#[test]
fn gets_a_file_by_port() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE A", "200 ascii");
        let there = peer.answer_port();
        peer.answer("RETR f", "150 comes");
        TcpStream::connect(there).unwrap().write_all(b"a\r\nb\r\n").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "active\nascii\nget f\n").arg(url(&server)).assert().success();
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"a\nb\n");
}

#[test]
fn resumes_a_file() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        let data = peer.answer_pasv();
        peer.answer("REST 3", "350 go on");
        peer.answer("RETR f", "150 comes");
        data.accept().unwrap().0.write_all(b"tent").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "con").unwrap();
    client(here.path(), "epsv off\nreget f\n").arg(url(&server)).assert().success();
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"content");
}

#[rstest]
#[case("put f", "STOR f", "SIZE f")]
#[case("put f g", "STOR g", "SIZE g")]
#[case("append f", "APPE f", "SIZE f")]
fn puts_a_file_by_pasv(#[case] line: &str, #[case] command: &'static str, #[case] size: &'static str) {
    let server = FakeServer::play(move |peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        if command.starts_with("APPE") {
            peer.answer(size, "213 2");
        }
        let data = peer.answer_pasv();
        peer.answer(command, "150 go");
        assert_eq!(take_all(data.accept().unwrap().0), b"\xffcontent\n");
        peer.say("226 done");
        peer.answer(size, if command.starts_with("APPE") { "213 11" } else { "213 9" });
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), b"\xffcontent\n").unwrap();
    client(here.path(), &format!("epsv off\n{line}\n")).arg(url(&server)).assert().success();
    server.end();
}

#[test]
fn puts_a_file_by_port() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        let there = peer.answer_port();
        peer.answer("STOR f", "150 go");
        assert_eq!(take_all(TcpStream::connect(there).unwrap()), b"content");
        peer.say("226 done");
        peer.answer("SIZE f", "550 not here");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "content").unwrap();
    client(here.path(), "active\nput f\n").arg(url(&server)).assert().success().stdout(contains("7 bytes sent."));
    server.end();
}

#[test]
fn runs_the_commands_that_need_no_data() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        for (command, reply) in [
            ("CWD d", "250 ok"),
            ("CDUP", "200 ok"),
            ("PWD", "257 \"/\""),
            ("MKD a b", "257 \"/a b\" made"),
            ("RMD a b", "250 ok"),
            ("DELE f", "250 ok"),
            ("RNFR f", "350 to?"),
            ("RNTO g", "250 ok"),
            ("SIZE g", "213 7"),
            ("MDTM g", "213 19851001120000"),
            ("SITE  HELP \\\"x", "214 no"),
            ("QUIT", "221 bye"),
        ] {
            peer.answer(command, reply);
        }
    });
    let input = "# a remark\n\ncd d\ncdup\npwd\nmkdir \"a b\"\nrmdir a\\ b\ndelete f\nrename f g\nsize g\ntime g\nquote SITE  HELP \"x\nstatus\n";
    let here = tempdir().unwrap();
    client(here.path(), input)
        .arg(url(&server))
        .assert()
        .success()
        .stdout(contains("257 \"/a b\" made").and(contains("213 7")).and(contains("Connected to 127.0.0.1:")));
    server.end();
}

#[test]
fn a_refused_file_leaves_the_local_one() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "550 none");
        let _data = peer.answer_pasv();
        peer.answer("RETR f", "550 none");
        // The session goes on, and the exit code still tells.
        peer.answer("PWD", "257 \"/\"");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "before").unwrap();
    client(here.path(), "epsv off\nget f\npwd\n")
        .arg(url(&server))
        .assert()
        .code(1)
        .stderr(contains("the server refused: 550 none"));
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"before");
}

#[rstest]
#[case(&[], "frobnicate\n", 1, "`frobnicate` is no command")]
#[case(&[], "rename a\n", 1, "rename FROM TO")]
#[case(&[], "get \"a\n", 1, "is not closed")]
#[case(&[], "pwd\n", 1, "no connection is open")]
#[case(&["-c", "pwd"], "", 1, "no connection is open")]
#[case(&["--script"], "", 2, "--connect")]
#[case(&["ftp://u:sesame@h:x"], "", 2, "port")]
fn mistakes_are_explained(#[case] arguments: &[&str], #[case] input: &str, #[case] code: i32, #[case] message: &str) {
    let here = tempdir().unwrap();
    client(here.path(), input).args(arguments).assert().code(code).stderr(contains(message));
}

#[test]
fn help_lists_the_commands() {
    let here = tempdir().unwrap();
    client(here.path(), "")
        .args(["-c", "help", "-c", "help rename"])
        .assert()
        .success()
        .stdout(contains("rename FROM TO").count(2));
}

#[test]
fn many_files_by_a_pattern_and_none_outside() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        let data = peer.answer_pasv();
        peer.answer("MLSD", "150 comes");
        let listing = "type=file; a.txt\r\ntype=file; b\r\ntype=file; x/../../evil.txt\r\ntype=dir; d.txt\r\n";
        data.accept().unwrap().0.write_all(listing.as_bytes()).unwrap();
        peer.say("226 done");
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE a.txt", "213 1");
        let data = peer.answer_pasv();
        peer.answer("RETR a.txt", "150 comes");
        data.accept().unwrap().0.write_all(b"x").unwrap();
        peer.say("226 done");
        let data = peer.answer_pasv();
        peer.answer("STOR a.txt", "150 go");
        assert_eq!(take_all(data.accept().unwrap().0), b"x");
        peer.say("226 done");
        peer.answer("SIZE a.txt", "213 1");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "epsv off\nmget *.txt\nmput a.*\n")
        .arg(url(&server))
        .assert()
        .success()
        .stdout(contains("\"x/../../evil.txt\" is no name of a file here"));
    server.end();
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
}

#[test]
fn every_form_of_files_is_agreed_on_and_travels() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE E", "200 ebcdic");
        peer.answer("STRU R", "200 records");
        peer.answer("MODE B", "200 blocks");
        let data = peer.answer_pasv();
        peer.answer("RETR f", "125 comes");
        // A record of text, and the end of the file.
        data.accept().unwrap().0.write_all(b"\xC0\x00\x02\xC1\xC2").unwrap();
        peer.say("250 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "epsv off\ntype e\nstruct r\nmode b\nget f\n").arg(url(&server)).assert().success();
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"AB\n");
}

#[test]
fn an_idle_session_is_kept_alive_and_its_replies_pass_for_no_others() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("NOOP", "200 still here");
        peer.answer("NOOP", "200 still here");
        peer.say("421 too long");
        peer.rest();
    });
    let here = tempdir().unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("reference-client"))
        .args([&url(&server), "--keep-alive", "0.1"])
        .current_dir(here.path())
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The input stays open until the server has ended it.
    server.end();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(failed.contains("the server closes the connection, and says: 421 too long"), "{failed}");
    assert!(!said.contains("still here"), "{said}");
}

#[test]
fn a_resumed_file_that_is_longer_here_is_refused() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 2");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "con").unwrap();
    client(here.path(), "reget f\n").arg(url(&server)).assert().code(1).stderr(contains("the server has only 2"));
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"con");
}
