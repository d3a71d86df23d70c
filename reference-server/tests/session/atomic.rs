//! `--atomic`: a file has its name when it is whole.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rstest::rstest;
use socket2::SockRef;

use crate::client::{Server, read_all};

/// What names there are, as the disk has them.
fn names(server: &Server) -> Vec<String> {
    let entries = std::fs::read_dir(server.root()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[rstest]
#[case("STOR robots.txt", "new")]
#[case("APPE robots.txt", "User-agent: *\nDisallow: /\nnew")]
#[case("STOR f", "new")]
fn the_old_file_stays_until_the_new_one_is_whole(#[case] line: &str, #[case] expected: &str) {
    let server = Server::with(&["--atomic"]);
    let (mut client, mut other) = (server.login(), server.login());
    let name = line.split(' ').nth(1).unwrap();
    let before = other.say(&format!("SIZE {name}"));
    for is_cut in [true, false] {
        let mut data = client.open_passive();
        client.say_all(&[(line, "150")]);
        data.write_all(b"new").unwrap();
        assert_eq!(other.say(&format!("SIZE {name}")), before);
        assert_eq!(names(&server).len(), 2, "the file is there, and hidden");
        let list = other.open_passive();
        other.say_all(&[("NLST", "150")]);
        assert_eq!(read_all(list), b"robots.txt\r\n");
        other.expect("226");
        if is_cut {
            SockRef::from(&data).set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(data);
        client.expect(if is_cut { "426" } else { "226" });
        assert!(!is_cut || names(&server) == ["robots.txt"]);
    }
    assert_eq!(other.retrieve(name), expected.as_bytes());
}

/// A stop looks like the end of the file to who receives it in MODE S.
#[test]
fn what_is_aborted_gets_no_name() {
    let server = Server::with(&["--atomic"]);
    let mut client = server.login();
    let mut data = client.open_passive();
    client.say_all(&[("STOR robots.txt", "150")]);
    data.write_all(b"new").unwrap();
    client.say_all(&[("ABOR", "426")]);
    client.expect("226");
    assert_eq!((names(&server), client.retrieve("robots.txt").len()), (vec!["robots.txt".to_owned()], 26));
}

#[rstest]
#[case::disk(&["--atomic"])]
#[case::memory(&["--atomic", "--memory"])]
fn in_every_mode_and_structure(#[case] arguments: &[&str]) {
    let server = Server::with(arguments);
    let mut client = server.login();
    client.store("STOR f", b"old");
    let whole: [(&str, &str, &[u8]); 3] = [
        ("MODE B", "STRU F", b"\x40\0\x03new"),
        ("MODE C", "STRU F", b"\x03new\0\x40"),
        ("MODE S", "STRU R", b"new\xff\x03"),
    ];
    for (mode, structure, octets) in whole {
        client.say_all(&[("MODE S", "200"), ("STRU F", "200"), ("TYPE I", "200")]);
        client.store("STOR f", b"old");
        client.say_all(&[(mode, "200"), (structure, "200"), ("TYPE A", "200")]);
        for length in [octets.len() - 1, octets.len()] {
            let mut data = client.open_passive();
            client.say_all(&[("STOR f", "150")]);
            data.write_all(&octets[..length]).unwrap();
            drop(data);
            client.expect(if length < octets.len() { "426" } else { "2" });
            client.say_all(&[("MODE S", "200"), ("STRU F", "200"), ("TYPE I", "200")]);
            let text = client.retrieve("f");
            let is_old = text == b"old";
            assert_eq!(is_old, length < octets.len(), "{mode}, {structure}, {length}: {}", text.escape_ascii());
            assert!(is_old || text.starts_with(b"new"));
            client.say_all(&[(mode, "200"), (structure, "200"), ("TYPE A", "200")]);
        }
    }
}

/// RFC 959 §3.5 has a marker told so that one can go on there; in a file of which nothing stays nobody can.
#[test]
fn markers_are_not_answered() {
    let server = Server::with(&["--atomic"]);
    let mut client = server.login();
    client.say_all(&[("MODE B", "200")]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR f", "150")]);
    data.write_all(b"\0\0\x01a\x10\0\x011\x40\0\x01b").unwrap();
    client.expect("250");
    assert_eq!(std::fs::read(server.root().join("f")).unwrap(), b"ab");
}

#[test]
fn the_quota_counts_what_has_a_name() {
    let server = Server::with(&["--atomic", "--quota", "100"]);
    let mut client = server.login();
    client.store("STOR f", &[b'x'; 74]);
    client.store("STOR f", &[b'y'; 74]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR f", "150")]);
    data.write_all(&[b'z'; 75]).unwrap();
    drop(data);
    client.expect("552");
    assert_eq!(client.retrieve("f"), [b'y'; 74]);
    client.say_all(&[("ALLO 1", "552"), ("DELE f", "250"), ("ALLO 74", "200")]);
}

#[test]
fn a_range_leaves_what_is_around_it() {
    let server = Server::with(&["--atomic"]);
    let mut client = server.login();
    client.store("STOR digits", b"0123456789");
    client.say_all(&[("RANG 3 5", "350")]);
    client.store("STOR digits", b"abc");
    assert_eq!(client.retrieve("digits"), b"012abc6789");
    client.say_all(&[("REST 4", "350")]);
    client.store("STOR digits", b"x");
    assert_eq!(client.retrieve("digits"), b"012ax");
    client.say_all(&[("SITE UMASK 077", "200")]);
    client.store("STOR new", b"1");
    let metadata = std::fs::metadata(server.root().join("new")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}
