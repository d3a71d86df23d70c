//! Ctrl-C.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::tempdir;

use crate::fake_server::{FakeServer, Peer};

fn start(words: &[&str], here: &std::path::Path) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("reference-client"));
    command.args(words).current_dir(here).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

/// A transfer that begins and does not end; `begun` tells when it goes on.
fn hang(peer: &mut Peer, begun: &Sender<()>) -> std::net::TcpStream {
    peer.log_in();
    peer.answer("TYPE I", "200 image");
    peer.answer("SIZE f", "213 1000");
    let data = peer.answer_pasv();
    peer.answer("RETR f", "150 comes");
    let (mut data, _) = data.accept().unwrap();
    data.write_all(b"begin").unwrap();
    begun.send(()).unwrap();
    data
}

#[rstest]
#[case::as_the_text_has_it("426 cut\r\n226 aborted")]
#[case::one_reply("226 aborted")]
#[case::too_late("226 done\r\n225 nothing to abort")]
fn a_transfer_is_aborted_with_a_synch(#[case] replies: &'static str) {
    let (begun, wait): (Sender<()>, Receiver<()>) = channel();
    let server = FakeServer::play(move |peer| {
        peer.take_urgent_data_inline();
        let _data = hang(peer, &begun);
        peer.hear(r"\xff\xf4\xff\xf2ABOR");
        peer.say(replies);
        peer.rest();
    });
    let here = tempdir().unwrap();
    let child = start(&["get", &format!("ftp://u:sesame@{}/f", server.address), "--no-epsv"], here.path());
    wait.recv().unwrap();
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?} {:?}", output.status.signal());
    server.end();
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0, "nothing is left over");
}

/// RFC 854: the DM of a Synch goes as urgent data. Where a server does not read that in band, the mark is not among the rest.
#[test]
fn the_mark_of_a_synch_is_urgent() {
    let (begun, wait): (Sender<()>, Receiver<()>) = channel();
    let server = FakeServer::play(move |peer| {
        let _data = hang(peer, &begun);
        peer.hear(r"\xff\xf4\xffABOR");
        peer.say("426 cut\r\n226 aborted");
        peer.rest();
    });
    let here = tempdir().unwrap();
    let child = start(&["get", &format!("ftp://u:sesame@{}/f", server.address), "--no-epsv"], here.path());
    wait.recv().unwrap();
    interrupt(&child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    server.end();
}

#[test]
fn an_abor_without_an_answer_is_not_waited_for_without_end() {
    let (begun, wait) = channel();
    let server = FakeServer::play(move |peer| {
        peer.take_urgent_data_inline();
        let _data = hang(peer, &begun);
        peer.rest();
    });
    let here = tempdir().unwrap();
    let url = format!("ftp://u:sesame@{}/f", server.address);
    let child = start(&["get", &url, "--no-epsv", "--timeout", "0.5"], here.path());
    wait.recv().unwrap();
    interrupt(&child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(8));
    server.end();
}

#[test]
fn a_second_interruption_waits_for_no_reply() {
    let (begun, wait) = channel();
    let (aborted, abort) = channel();
    let server = FakeServer::play(move |peer| {
        peer.take_urgent_data_inline();
        let _data = hang(peer, &begun);
        peer.hear(r"\xff\xf4\xff\xf2ABOR");
        aborted.send(()).unwrap();
        peer.rest();
    });
    let here = tempdir().unwrap();
    let child = start(&["get", &format!("ftp://u:sesame@{}/f", server.address), "--no-epsv"], here.path());
    wait.recv().unwrap();
    interrupt(&child);
    abort.recv().unwrap();
    interrupt(&child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    server.end();
}

#[test]
fn the_shell_goes_on_with_the_same_session() {
    let (begun, wait) = channel();
    let server = FakeServer::play(move |peer| {
        peer.take_urgent_data_inline();
        peer.log_in();
        peer.answer("TYPE I", "200 image");
        peer.answer("SIZE f", "213 7");
        let data = peer.answer_pasv();
        peer.answer("RETR f", "150 comes");
        let _data = data.accept().unwrap();
        begun.send(()).unwrap();
        peer.hear(r"\xff\xf4\xff\xf2ABOR");
        peer.say("426 cut\r\n226 aborted");
        peer.answer("PWD", "257 \"/\"");
        peer.answer("QUIT", "221 bye");
    });
    let here = tempdir().unwrap();
    let mut child = start(&[&format!("ftp://u:sesame@{}", server.address), "--no-epsv"], here.path());
    child.stdin.as_mut().unwrap().write_all(b"get f\npwd\n").unwrap();
    drop(child.stdin.take());
    wait.recv().unwrap();
    interrupt(&child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
    server.end();
}
