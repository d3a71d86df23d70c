//! What must not be reached.

use std::io::Read;
use std::net::TcpStream;

use rstest::rstest;

use crate::client::{Server, from_another_host, read_all};

#[rstest]
#[case("../canary")]
#[case("/../canary")]
#[case("sub/../../canary")]
#[case("..//canary")]
#[case("link")]
#[case("up/canary")]
fn nothing_outside_of_the_root(#[case] pathname: &str) {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("canary"), "secret").unwrap();
    let server = Server::start();
    std::fs::create_dir(server.root().join("sub")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("canary"), server.root().join("link")).unwrap();
    std::os::unix::fs::symlink(outside.path(), server.root().join("up")).unwrap();
    let mut client = server.login();
    client.say_all(&[
        (&format!("RETR {pathname}"), "550"),
        (&format!("SIZE {pathname}"), "550"),
        (&format!("MDTM {pathname}"), "550"),
        (&format!("CWD {pathname}"), "550"),
        (&format!("STOR {pathname}"), "55"),
        (&format!("MKD {pathname}"), "55"),
    ]);
    let listed = client.say(&format!("LIST {pathname}/"));
    assert!(["450", "550"].contains(&&listed[..3]), "{listed}");
    assert_eq!(std::fs::read(outside.path().join("canary")).unwrap(), b"secret");
}

#[test]
fn a_stranger_cannot_take_the_data_connection() {
    let server = Server::start();
    let mut client = server.login();
    let there = client.passive();
    let mut stranger = from_another_host(there);
    let data = TcpStream::connect(there).unwrap();
    client.say_all(&[("RETR robots.txt", "150")]);
    assert_eq!(read_all(data).len(), 26);
    client.expect("226");
    let mut stolen = Vec::new();
    drop(stranger.read_to_end(&mut stolen));
    assert_eq!(stolen, b"");
}

/// What FXP needs: with the flag, the other server may be any host.
#[test]
fn a_third_host_may_take_it_where_that_is_allowed() {
    let server = Server::with(&["--foreign-port"]);
    let mut client = server.login();
    let there = client.passive();
    let third = from_another_host(there);
    client.say_all(&[("RETR robots.txt", "150")]);
    assert_eq!(read_all(third).len(), 26);
    client.expect("226");
}
