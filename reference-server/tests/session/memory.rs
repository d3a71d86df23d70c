//! Files in memory.

use std::io::Write;

use rstest::rstest;

use crate::client::{Server, exactly, read_all};

#[test]
fn a_file_goes_there_and_back() {
    let server = Server::with(&["--memory"]);
    let mut client = server.login();
    client.say_all(&[("SIZE robots.txt", "550"), ("MKD d", "257"), ("CWD d", "250")]);
    let body: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    client.store("STOR new", &body);
    assert!(client.retrieve("new") == body);
    client.store("APPE new", b"tail");
    client.say_all(&[("SIZE new", "213 3145732\r\n"), ("RNFR new", "350"), ("RNTO old", "250"), ("CDUP", "250")]);
    let data = client.open_passive();
    client.say_all(&[("NLST d", "150")]);
    assert_eq!(read_all(data), b"d/old\r\n");
    client.expect("226");
    assert_eq!(std::fs::read_dir(server.root()).unwrap().count(), 1);
}

/// Each has its own place in the file, though `sendfile` moves it.
#[test]
fn two_retrieve_one_file_at_once() {
    let server = Server::with(&["--memory"]);
    let body: Vec<u8> = (0..=250).cycle().take(20 << 20).collect();
    let (mut one, mut other) = (server.login(), server.login());
    one.store("STOR f", &body);
    let (mut to_one, to_other) = (one.open_passive(), other.open_passive());
    one.say_all(&[("RETR f", "150")]);
    let first = exactly(&mut to_one, 1 << 20);
    other.say_all(&[("RETR f", "150")]);
    assert!(read_all(to_other) == body);
    other.expect("226");
    assert!([first, read_all(to_one)].concat() == body);
    one.expect("226");
}

#[test]
fn a_file_is_replaced_while_it_is_retrieved() {
    let server = Server::with(&["--memory"]);
    let body = vec![1; 20 << 20];
    let (mut one, mut other) = (server.login(), server.login());
    one.store("STOR f", &body);
    let mut data = one.open_passive();
    one.say_all(&[("RETR f", "150")]);
    exactly(&mut data, 1);
    other.store("STOR g", b"new");
    other.say_all(&[("RNFR g", "350"), ("RNTO f", "250")]);
    assert_eq!(other.retrieve("f"), b"new");
    assert_eq!(read_all(data).len(), body.len() - 1);
    one.expect("226");
    assert_eq!(one.retrieve("f"), b"new");
}

#[rstest]
#[case::size(&["--memory", "1000"], "452", "552 No space left")]
#[case::quota(&["--memory", "2000", "--quota", "1000"], "552", "552 More came than you may store")]
fn no_more_fits(#[case] arguments: &[&str], #[case] allo: &str, #[case] stor: &str) {
    let server = Server::with(arguments);
    let mut client = server.login();
    client.say_all(&[("AVBL /", "213 1000\r\n"), ("ALLO 1000", "200"), ("ALLO 1001", allo)]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR f", "150")]);
    data.write_all(&[0; 1001]).unwrap();
    drop(data);
    client.expect(stor);
    client.say_all(&[
        ("SIZE f", "213 1000\r\n"),
        ("AVBL /", "213 0\r\n"),
        ("DELE f", "250"),
        ("AVBL /", "213 1000\r\n"),
    ]);
    client.store("STOR f", &[0; 1000]);
}

#[test]
fn it_can_be_set_when_a_file_was_made() {
    let server = Server::with(&["--memory"]);
    let mut client = server.login();
    assert!(client.say("FEAT").contains("\r\n MFCT\r\n"));
    client.store("STOR f", b"1");
    client.say_all(&[("OPTS MLST Create;", "200"), ("MFCT 20010101000000 f", "213 Create=20010101000000; f\r\n")]);
    client.say_all(&[("MLST f", "250-Facts follow:\r\n Create=20010101000000; /f\r\n")]);
}

#[test]
fn links_and_other_directories_are_as_they_are_with_a_root() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("own"), "123").unwrap();
    let mount = format!("archive={}", directory.path().display());
    let server = Server::with(&["--memory", "--symlinks", "--mount", &mount]);
    let mut client = server.login();
    client.store("STOR f", b"1234");
    client.say_all(&[("SITE SYMLINK f l", "200"), ("SIZE l", "213 4\r\n")]);
    client.say_all(&[
        ("SMNT archive", "250"),
        ("SIZE own", "213 3\r\n"),
        ("SIZE f", "550"),
        ("SMNT /", "250"),
        ("SIZE f", "213"),
    ]);
}
