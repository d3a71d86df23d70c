//! Tasks: what is done from end to end, and the exit code that tells what was not.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;
use tempfile::tempdir;

use crate::fake_server::{FakeServer, Peer, client, take_all};

/// A task; URL stands for the server and its user.
fn task(here: &Path, server: &FakeServer, words: &[&str]) -> Command {
    let mut command = client(here, "");
    let url = format!("ftp://u:sesame@{}", server.address);
    command.args(words.iter().map(|word| word.replace("URL", &url))).arg("--no-epsv");
    command
}

/// Serves a file of seven octets, whose size is told as `size`.
fn serve_file(peer: &mut Peer, size: &str) {
    peer.log_in();
    peer.answer("TYPE I", "200 image");
    peer.answer("SIZE f", size);
    let data = peer.answer_pasv();
    peer.answer("RETR f", "150 comes");
    data.accept().unwrap().0.write_all(b"content").unwrap();
    peer.say("226 done");
}

#[test]
fn a_file_comes_directory_by_directory() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("CWD /etc", "250 ok");
        peer.answer("CWD a b", "250 ok");
        peer.answer("TYPE A", "200 ascii");
        let data = peer.answer_pasv();
        peer.answer("RETR f", "150 comes");
        data.accept().unwrap().0.write_all(b"a\r\nb\r\n").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "URL/%2Fetc/a%20b/f;type=a", "-o", "-"]).assert().success().stdout("a\nb\n");
    server.end();
}

#[test]
fn the_result_is_told_as_json() {
    let server = FakeServer::play(|peer| {
        serve_file(peer, "213 7");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "URL/f", "g", "--json"])
        .assert()
        .success()
        .stdout(contains(r#""task":"get""#).and(contains(r#""octets":7"#)));
    server.end();
    assert_eq!(fs::read(here.path().join("g")).unwrap(), b"content");
}

#[rstest]
#[case::too_little("213 9", "has 9 octets, and 7 came")]
#[case::too_much("213 3", "has 3 octets, and 7 came")]
fn a_file_of_another_size_is_no_file(#[case] size: &'static str, #[case] message: &str) {
    let server = FakeServer::play(move |peer| {
        serve_file(peer, size);
        peer.rest();
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "before").unwrap();
    task(here.path(), &server, &["get", "URL/f"]).assert().code(12).stderr(contains(message));
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"before");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1, "nothing is left over");
}

#[test]
fn what_is_missing_is_fetched() {
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
    task(here.path(), &server, &["get", "-C", "URL/f"]).assert().success();
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"content");
}

#[rstest]
#[case::smaller("213 2", "3 octets of f are here already, and the server has only 2")]
#[case::unknown("550 no", "the server does not tell the size of f")]
fn a_file_that_cannot_be_the_same_is_not_gone_on_with(#[case] size: &'static str, #[case] message: &str) {
    let server = FakeServer::play(move |peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", size);
        assert_eq!(peer.rest(), "");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "con").unwrap();
    task(here.path(), &server, &["get", "-C", "URL/f"]).assert().code(12).stderr(contains(message));
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"con");
}

#[test]
fn what_came_is_kept_where_it_will_be_gone_on_with() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        let data = peer.answer_pasv();
        peer.answer("RETR f", "150 comes");
        data.accept().unwrap().0.write_all(b"con").unwrap();
        peer.say("426 broken");
        peer.rest();
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "-C", "URL/f"]).assert().code(6);
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"con");
}

#[test]
fn a_file_goes_and_its_size_is_looked_at() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        let data = peer.answer_pasv();
        peer.answer("STOR f", "150 go");
        assert_eq!(take_all(data.accept().unwrap().0), b"content");
        peer.say("226 done");
        peer.answer("SIZE f", "213 4");
        peer.rest();
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "content").unwrap();
    task(here.path(), &server, &["put", "f", "URL/"])
        .assert()
        .code(12)
        .stderr(contains("the server has 4 octets of f now, and there should be 7"));
    server.end();
}

#[rstest]
#[case::by_rest("211-ok\r\n REST STREAM\r\n211 end", &["REST 3"], "STOR f")]
#[case::by_append("502 no", &[], "APPE f")]
fn the_rest_of_a_file_goes(
    #[case] features: &'static str,
    #[case] restart: &'static [&str],
    #[case] command: &'static str,
) {
    let server = FakeServer::play(move |peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 3");
        peer.answer("FEAT", features);
        let data = peer.answer_pasv();
        for line in restart {
            peer.answer(line, "350 go on");
        }
        peer.answer(command, "150 go");
        assert_eq!(take_all(data.accept().unwrap().0), b"tent");
        peer.say("226 done");
        peer.answer("SIZE f", "213 7");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "content").unwrap();
    task(here.path(), &server, &["put", "-C", "f", "URL/"]).assert().success();
    server.end();
}

#[test]
fn a_longer_file_on_the_server_is_another() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 70");
        assert_eq!(peer.rest(), "");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "content").unwrap();
    task(here.path(), &server, &["put", "-C", "f", "URL/"]).assert().code(12).stderr(contains("has 70 octets"));
    server.end();
}

#[test]
fn the_server_tells_the_unique_name() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        let data = peer.answer_pasv();
        peer.answer("STOU", "150 FILE: f.1");
        take_all(data.accept().unwrap().0);
        peer.say("226 done");
        peer.answer("SIZE f.1", "213 7");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("f"), "content").unwrap();
    task(here.path(), &server, &["put", "-u", "f", "URL/"]).assert().success().stderr(contains("calls it f.1"));
    server.end();
}

#[rstest]
#[case::same("ED7002B439E9AC845F22357D822BAC1444730FBDB6016D3EC9432297B9EC9F73", 0)]
#[case::another("00000000000000000000000000000000000000000000000000000000000000ff", 12)]
#[case::none("sorry", 12)]
fn a_hash_is_compared(#[case] hash: &'static str, #[case] code: i32) {
    let server = FakeServer::play(move |peer| {
        serve_file(peer, "213 7");
        peer.answer("FEAT", "211-ok\r\n HASH MD5*;SHA-256\r\n211 end");
        peer.answer("OPTS HASH SHA-256", "200 ok");
        peer.answer("HASH f", &format!("213 SHA-256 0-7 {hash} f"));
        if code == 0 {
            peer.answer("QUIT", "221 bye");
        }
        peer.rest();
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "--verify", "URL/f"]).assert().code(code);
    server.end();
    assert_eq!(here.path().join("f").exists(), code == 0);
}

#[test]
fn times_are_kept_in_utc() {
    let server = FakeServer::play(|peer| {
        serve_file(peer, "213 7");
        peer.answer("MDTM f", "213 19980615100045");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "-t", "URL/f"]).env("TZ", "Asia/Tokyo").assert().success();
    server.end();
    let modified = fs::metadata(here.path().join("f")).unwrap().modified().unwrap();
    assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 897_904_845);
}

#[rstest]
#[case::unknown(&["530 no"], 4)]
#[case::full(&["421 full"], 6)]
fn logins_that_fail(#[case] replies: &'static [&str], #[case] code: i32) {
    let server = FakeServer::play(move |peer| {
        peer.say("220 ready");
        peer.answer("USER u", replies[0]);
        peer.rest();
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "URL/f"]).assert().code(code);
    server.end();
}

#[rstest]
#[case::refused("550 none", 5)]
#[case::not_now("450 busy", 6)]
#[case::leaving("421 bye", 6)]
#[case::not_a_reply("hello", 10)]
#[case::does_not_fit("350 more", 10)]
fn deletions_that_fail(#[case] reply: &'static str, #[case] code: i32) {
    let server = FakeServer::play(move |peer| {
        peer.log_in();
        peer.answer("DELE f", reply);
        peer.rest();
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["rm", "URL/f"]).assert().code(code);
    server.end();
}

#[test]
fn a_421_within_a_transfer_is_told() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        let data = peer.answer_pasv();
        peer.answer("RETR f", "150 comes");
        let (mut data, _) = data.accept().unwrap();
        data.write_all(b"con").unwrap();
        peer.say("421 shutting down");
        peer.rest();
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "URL/f"])
        .assert()
        .code(6)
        .stderr(contains("the server closes the connection, and says: 421 shutting down"));
    server.end();
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}

#[test]
fn nobody_waits_for_data_behind_a_refusal() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "550 none");
        let data = peer.answer_pasv();
        peer.answer("RETR f", "550 none");
        // The data connection stays open.
        let _data = data.accept().unwrap();
        peer.rest();
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "URL/f"]).assert().code(5);
    server.end();
}

#[rstest]
#[case::long_line(vec![b'x'; 1 << 20])]
#[case::endless(b"line\r\n".repeat(200_000))]
fn a_huge_reply_is_read_and_not_kept(#[case] middle: Vec<u8>) {
    let server = FakeServer::play(move |peer| {
        peer.log_in();
        peer.hear("DELE f");
        peer.say_octets(b"250-begin\r\n");
        peer.say_octets(&middle);
        peer.say("\r\n250 gone");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["rm", "URL/f"]).assert().success();
    server.end();
}

#[test]
fn a_transient_refusal_is_tried_again() {
    let busy = |peer: &mut Peer| {
        peer.say("421 too many");
        peer.rest();
    };
    let then = |peer: &mut Peer| {
        serve_file(peer, "213 7");
        peer.answer("QUIT", "221 bye");
    };
    let server = FakeServer::play_again(vec![Box::new(busy), Box::new(then)]);
    let here = tempdir().unwrap();
    task(here.path(), &server, &["get", "--retries", "2", "URL/f"]).assert().success().stderr(contains("Trying again"));
    server.end();
}

#[test]
fn the_netrc_knows_the_password() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("DELE f", "250 gone");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    let netrc = here.path().join("netrc");
    fs::write(&netrc, "machine 127.0.0.1 login u password sesame\n").unwrap();
    fs::set_permissions(&netrc, fs::Permissions::from_mode(0o644)).unwrap();
    let url = format!("ftp://{}/f", server.address);
    let remove = || {
        let mut command = client(here.path(), "");
        command.args(["rm", &url, "--netrc-file", "netrc"]);
        command
    };
    remove().assert().code(7).stderr(contains("chmod 600").and(contains("sesame").not()));
    fs::set_permissions(&netrc, fs::Permissions::from_mode(0o600)).unwrap();
    remove().assert().success();
    server.end();
}

#[rstest]
#[case::no_name(&["get", "ftp://h/"], 2, "names no file")]
#[case::directory(&["get", "ftp://h/d;type=d"], 2, "names a directory")]
#[case::second_line(&["get", "ftp://u:p@127.0.0.1:1/a%0d%0aDELE%20b", "x"], 3, "cannot be reached")]
#[case::no_file(&["put", "nothing", "ftp://h/"], 7, "the file cannot be read")]
#[case::two_urls(&["mirror", "ftp://a", "ftp://b"], 2, "one of FROM and TO is a URL")]
#[case::nobody_there(&["ls", "ftp://127.0.0.1:1"], 3, "cannot be reached")]
#[case::not_alone(&["-c", "pwd", "ls", "ftp://h"], 2, "cannot stand beside a task")]
#[case::no_authority(&["ls", "ftpes://127.0.0.1:1", "--ca-file", "nothing"], 9, "--ca-file")]
fn mistakes_are_explained(#[case] words: &[&str], #[case] code: i32, #[case] message: &str) {
    let here = tempdir().unwrap();
    client(here.path(), "").args(words).assert().code(code).stderr(contains(message));
}

#[test]
fn one_argument_is_one_line_on_the_wire() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        assert_eq!(peer.rest(), "");
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["rm", "URL/a%0d%0aDELE%20b"]).assert().code(2).stderr(contains("cannot hold CR"));
    server.end();
}

#[test]
fn listings_fall_back_to_list() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("CWD d", "250 ok");
        let _data = peer.answer_pasv();
        peer.answer("MLSD", "502 no");
        let data = peer.answer_pasv();
        peer.answer("LIST", "150 comes");
        data.accept().unwrap().0.write_all(b"total 4\r\n-rw-r--r-- 1 u g 17 Jan  1  2020 a\x1b b\r\n").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    task(here.path(), &server, &["ls", "URL/d"])
        .assert()
        .success()
        .stdout("-           17 2020-01-01           a\\x1b b\n");
    server.end();
}

#[test]
fn two_servers_copy_a_file_between_them() {
    let target = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("PASV", "227 ok (127,0,0,1,9,9)");
        peer.answer("STOR f", "150 go");
        peer.say("226 done");
        peer.answer("SIZE f", "500 what?");
        peer.answer("QUIT", "221 bye");
    });
    let source = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        peer.answer("PORT 127,0,0,1,9,9", "200 ok");
        peer.answer("RETR f", "150 goes");
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    let urls = [&source, &target].map(|server| format!("ftp://u:sesame@{}/", server.address));
    client(here.path(), "").args(["copy", &format!("{}f", urls[0]), &urls[1]]).assert().success();
    source.end();
    target.end();
}

#[test]
fn the_man_page_and_completions_tell_of_every_task() {
    let here = tempdir().unwrap();
    client(here.path(), "").arg("man").assert().success().stdout(contains("mirror").and(contains("ca\\-file")));
    client(here.path(), "").args(["completions", "bash"]).assert().success().stdout(contains("mirror"));
}

#[test]
fn active_transfers_try_eprt_first() {
    let server = FakeServer::play(|peer| {
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 1");
        let line = peer.line();
        let port: u16 = line.strip_prefix("EPRT |1|127.0.0.1|").unwrap().strip_suffix('|').unwrap().parse().unwrap();
        peer.say("200 ok");
        peer.answer("RETR f", "150 comes");
        TcpStream::connect(("127.0.0.1", port)).unwrap().write_all(b"x").unwrap();
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    let url = format!("ftp://u:sesame@{}/f", server.address);
    client(here.path(), "").args(["get", &url, "--active"]).assert().success();
    server.end();
}
