//! TLS, with servers that do it right, do it wrong, and with somebody in between.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;
use rustls::HandshakeKind;
use tempfile::tempdir;

use crate::fake_server::{FakeServer, Identity, Peer, Stream, client};

/// A task with --tls; the certificate stands in the directory.
fn secured(here: &Path, server: &FakeServer, task: &[&str]) -> Command {
    let mut command = client(here, "");
    let url = format!("ftp://u:sesame@{}", server.address);
    let words = task.iter().map(|word| word.replace("URL", &url));
    command.args(words).args(["--tls", "--ca-file", "ca.pem"]);
    command
}

fn begin(peer: &mut Peer, identity: &Identity) {
    peer.say("220 ready");
    peer.answer("AUTH TLS", "234 go");
    peer.begin_tls(identity);
    peer.answer("USER u", "331 password");
    peer.answer("PASS sesame", "230 in");
    peer.answer("PBSZ 0", "200 PBSZ=0");
    peer.answer("PROT P", "200 private");
}

fn epsv(peer: &mut Peer) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    peer.answer("EPSV", &format!("229 ok (|||{}|)", listener.local_addr().unwrap().port()));
    listener
}

fn kind(stream: &Stream) -> Option<HandshakeKind> {
    match stream {
        Stream::Tls(stream) => stream.conn.handshake_kind(),
        Stream::Clear(_) => None,
    }
}

#[test]
fn files_travel_under_tls_and_data_connections_resume_its_session() {
    let identity = Identity::new();
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), &identity.pem).unwrap();
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&kinds);
    let server = FakeServer::play(move |peer| {
        begin(peer, &identity);
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        let data = epsv(peer);
        peer.answer("RETR f", "150 comes");
        let mut data = identity.secure(data.accept().unwrap().0);
        data.write_all(b"content").unwrap();
        data.announce_end();
        seen.lock().unwrap().push(kind(&data));
        drop(data);
        peer.say("226 done");
        peer.answer("QUIT", "221 bye");
    });
    secured(here.path(), &server, &["get", "URL/f"]).assert().success();
    server.end();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), b"content");
    assert_eq!(*kinds.lock().unwrap(), [Some(HandshakeKind::Resumed)]);
}

#[test]
fn an_upload_ends_with_close_notify() {
    let identity = Identity::new();
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), &identity.pem).unwrap();
    fs::write(here.path().join("f"), "content").unwrap();
    let server = FakeServer::play(move |peer| {
        begin(peer, &identity);
        peer.answer("TYPE I", "200 image");
        let data = epsv(peer);
        peer.answer("STOR f", "150 go");
        let mut data = identity.secure(data.accept().unwrap().0);
        let mut came = Vec::new();
        data.read_to_end(&mut came).expect("an end without close_notify is an error");
        assert_eq!(came, b"content");
        drop(data);
        peer.say("226 done");
        peer.answer("SIZE f", "213 7");
        peer.answer("QUIT", "221 bye");
    });
    secured(here.path(), &server, &["put", "f", "URL/"]).assert().success();
    server.end();
}

#[test]
fn a_download_without_close_notify_is_cut() {
    let identity = Identity::new();
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), &identity.pem).unwrap();
    let server = FakeServer::play(move |peer| {
        begin(peer, &identity);
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "500 what?");
        let data = epsv(peer);
        peer.answer("RETR f", "150 comes");
        let mut data = identity.secure(data.accept().unwrap().0);
        data.write_all(b"half").unwrap();
        data.socket().shutdown(std::net::Shutdown::Write).unwrap();
        // The server, or who is in between, is content with it.
        peer.say("226 done");
        peer.rest();
    });
    secured(here.path(), &server, &["get", "URL/f"])
        .assert()
        .code(9)
        .stderr(contains("without the close_notify of TLS"));
    server.end();
    assert!(!here.path().join("f").exists());
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1, "nothing is left over");
}

#[rstest]
#[case::refused("502 no", "the server does not begin TLS; nobody was logged in")]
#[case::not_now("431 no", "the server does not begin TLS; nobody was logged in")]
#[case::more_wanted("334 go on", "the server does not begin TLS; nobody was logged in")]
fn nobody_logs_in_without_the_tls_that_was_asked_for(#[case] reply: &'static str, #[case] message: &str) {
    let heard = Arc::new(Mutex::new(String::new()));
    let rest = Arc::clone(&heard);
    let server = FakeServer::play(move |peer| {
        peer.say("220 ready");
        peer.answer("AUTH TLS", reply);
        *rest.lock().unwrap() = peer.rest();
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), Identity::new().pem).unwrap();
    secured(here.path(), &server, &["get", "URL/f"]).assert().code(9).stderr(contains(message));
    server.end();
    assert!(!heard.lock().unwrap().contains("USER") && !heard.lock().unwrap().contains("sesame"));
}

#[test]
fn what_stands_in_clear_behind_the_reply_to_auth_is_refused() {
    let server = FakeServer::play(|peer| {
        peer.say("220 ready");
        peer.answer("AUTH TLS", "234 go\r\n230 you are in");
        let rest = peer.rest();
        assert!(!rest.contains("USER"), "{rest}");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), Identity::new().pem).unwrap();
    secured(here.path(), &server, &["get", "URL/f"])
        .assert()
        .code(9)
        .stderr(contains("in clear behind its reply to AUTH"));
    server.end();
}

#[test]
fn a_certificate_of_somebody_else_is_refused_before_the_password() {
    let identity = Identity::new();
    let server = FakeServer::play(move |peer| {
        peer.say("220 ready");
        peer.answer("AUTH TLS", "234 go");
        peer.begin_tls(&identity);
        assert_eq!(peer.rest(), "");
    });
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), Identity::new().pem).unwrap();
    secured(here.path(), &server, &["get", "URL/f"])
        .assert()
        .code(9)
        .stderr(contains("certificate is not to be trusted").and(contains("--insecure")));
    server.end();
}

#[test]
fn insecure_takes_any_certificate_and_says_so() {
    let identity = Identity::new();
    let server = FakeServer::play(move |peer| {
        begin(peer, &identity);
        peer.answer("MKD d", "257 \"/d\"");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    client(here.path(), "")
        .args(["mkdir", &format!("ftpes://u:sesame@{}/d", server.address), "--insecure"])
        .assert()
        .success()
        .stderr(contains("is not checked"));
    server.end();
}

#[test]
fn tls_from_the_beginning() {
    let identity = Identity::new();
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), &identity.pem).unwrap();
    let server = FakeServer::play(move |peer| {
        peer.begin_tls(&identity);
        peer.log_in();
        peer.answer("PBSZ 0", "200 ok");
        peer.answer("PROT P", "200 ok");
        peer.answer("DELE f", "250 gone");
        peer.answer("QUIT", "221 bye");
    });
    client(here.path(), "")
        .args(["rm", &format!("ftps://u:sesame@{}/f", server.address), "--ca-file", "ca.pem"])
        .assert()
        .success();
    server.end();
}

#[test]
fn nothing_travels_where_data_are_not_protected() {
    let identity = Identity::new();
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), &identity.pem).unwrap();
    let server = FakeServer::play(move |peer| {
        peer.say("220 ready");
        peer.answer("AUTH TLS", "234 go");
        peer.begin_tls(&identity);
        peer.answer("USER u", "230 in");
        peer.answer("PBSZ 0", "200 ok");
        peer.answer("PROT P", "536 no");
        let rest = peer.rest();
        assert!(!rest.contains("RETR"), "{rest}");
    });
    secured(here.path(), &server, &["get", "URL/f"])
        .assert()
        .code(9)
        .stderr(contains("does not protect data connections"));
    server.end();
}

#[rstest]
#[case::before_tls(Silence::Handshake)]
#[case::data(Silence::DataHandshake)]
fn silent_servers_are_not_waited_for_without_end(#[case] silence: Silence) {
    let identity = Identity::new();
    let here = tempdir().unwrap();
    fs::write(here.path().join("ca.pem"), &identity.pem).unwrap();
    let server = FakeServer::play(move |peer| {
        if silence == Silence::Handshake {
            peer.say("220 ready");
            peer.answer("AUTH TLS", "234 go");
            peer.rest();
            return;
        }
        begin(peer, &identity);
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        let data = epsv(peer);
        peer.answer("RETR f", "150 comes");
        let _data = data.accept().unwrap();
        peer.rest();
    });
    secured(here.path(), &server, &["get", "URL/f", "--timeout", "0.4"]).assert().code(8);
    server.end();
}

/// Where a server falls silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    Handshake,
    DataHandshake,
}
