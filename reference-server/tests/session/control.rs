//! The control connection.

use std::io::{Read, Write};
use std::net::Shutdown;

use rstest::rstest;
use socket2::SockRef;

use crate::client::{Server, is_at_end};

#[test]
fn the_farewell_of_the_assignment() {
    let server = Server::with(&["--anonymous", "read-write"]);
    let mut client = server.connect();
    client.say_all(&[
        ("USER anonymous", "331"),
        ("PASS dangfan@163.com", "230-\r\n230-Welcome to\r\n"),
        ("TYPE I", "200"),
    ]);
    for _ in 0..2 {
        assert_eq!(client.retrieve("robots.txt"), b"User-agent: *\nDisallow: /\n");
    }
    let farewell = client.say("QUIT");
    assert!(farewell.starts_with("221-You have transferred 52 bytes in 2 files.\r\n221-Total traffic"), "{farewell}");
    assert!(
        farewell.ends_with("221-Thank you for using the FTP service on ftp.ssast.org.\r\n221 Goodbye.\r\n"),
        "{farewell}"
    );
    assert_eq!(client.reply(), "", "the server closes");
}

#[test]
fn commands_in_one_write_and_in_many() {
    let server = Server::start();
    let mut client = server.login();
    client.send(b"NOOP\r\nPWD\r\nSYST\r\n");
    for code in ["200", "257", "215"] {
        client.expect(code);
    }
    for octet in b"noop\r\n" {
        client.send(&[*octet]);
    }
    client.expect("200");
}

#[rstest]
#[case::long(vec![b'x'; 64 * 1024], "500")]
#[case::very_long(vec![b'x'; 1024 * 1024], "500")]
#[case::nul(b"RETR a\0b".to_vec(), "501")]
#[case::not_ascii(vec![0x80, 0x81, 0xfe], "500")]
#[case::empty(vec![], "500")]
#[case::path_that_fits([b"CWD ".to_vec(), vec![b'a'; 4000]].concat(), "550")]
fn bad_lines_have_one_reply(#[case] line: Vec<u8>, #[case] code: &str) {
    let server = Server::start();
    let mut client = server.login();
    client.send(&line);
    client.send(b"\r\n");
    client.expect(code);
    client.say_all(&[("SYST", "215"), ("NOOP", "200")]);
}

#[test]
fn options_of_telnet_are_refused() {
    let server = Server::start();
    let mut client = server.login();
    client.send(b"\xff\xfb\x18\xff\xfd\x01\xff\xf6NOOP\r\n");
    assert_eq!(client.octets(6), b"\xff\xfe\x18\xff\xfc\x01");
    client.expect("200");
}

#[test]
fn a_doubled_iac_is_an_octet_of_a_name() {
    let server = Server::start();
    let mut client = server.login();
    client.send(b"MKD \xff\xff\r\n");
    assert_eq!(client.octets(b"257 \"/\xff\xff\"".len()), b"257 \"/\xff\xff\"");
    let names: Vec<_> = std::fs::read_dir(server.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().any(|name| name.as_encoded_bytes() == b"\xff"), "{names:?}");
}

#[rstest]
#[case::plain(b"ABOR\r\n", b"")]
#[case::interrupt_and_synch_in_band(b"\xff\xf4\xff\xf2ABOR\r\n", b"")]
#[case::urgent(b"ABOR\r\n", b"\xff\xf4\xff\xf2")]
fn abor_during_a_transfer(#[case] in_band: &[u8], #[case] urgent: &[u8]) {
    let server = Server::start();
    std::fs::File::create(server.root().join("big")).unwrap().set_len(64 << 20).unwrap();
    let mut client = server.login();
    let mut data = client.open_passive();
    client.say_all(&[("RETR big", "150"), ("STAT", "211-")]);
    if !urgent.is_empty() {
        SockRef::from(&client.stream).send_out_of_band(urgent).unwrap();
    }
    client.send(in_band);
    client.expect("426");
    client.expect("226");
    let mut rest = Vec::new();
    // A reset is an end too; what counts is that it comes.
    drop(data.read_to_end(&mut rest));
    assert!(rest.len() < 64 << 20);
    client.say_all(&[("NOOP", "200")]);
    assert_eq!(client.retrieve("robots.txt").len(), 26);
}

#[test]
fn abor_stops_a_file_that_is_received() {
    let server = Server::start();
    let mut client = server.login();
    let mut data = client.open_passive();
    client.say_all(&[("STOR new", "150")]);
    data.write_all(b"part").unwrap();
    client.send(b"ABOR\r\n");
    client.expect("426");
    client.expect("226");
    assert!(is_at_end(&mut data));
    client.say_all(&[("NOOP", "200")]);
}

#[test]
fn abor_before_there_is_a_data_connection() {
    let server = Server::start();
    let mut client = server.login();
    client.say_all(&[("PASV", "227"), ("RETR robots.txt", "150"), ("ABOR", "426")]);
    client.expect("226");
}

/// Where urgent data ends, a read ends early. What stands behind it must be read all the same.
#[test]
fn a_synch_hides_nothing() {
    let server = Server::start();
    let mut client = server.login();
    for _ in 0..200 {
        client.send(b"NOOP\r\n");
        SockRef::from(&client.stream).send_out_of_band(b"\xff\xf4\xff\xf2").unwrap();
        client.send(b"SYST\r\n");
        client.expect("200");
        client.expect("215");
    }
}

#[test]
fn quit_lets_the_transfer_end() {
    let server = Server::start();
    std::fs::write(server.root().join("big"), vec![b'x'; 16 << 20]).unwrap();
    let mut client = server.login();
    let data = client.open_passive();
    client.say_all(&[("RETR big", "150")]);
    client.send(b"QUIT\r\n");
    assert_eq!(crate::client::read_all(data).len(), 16 << 20);
    client.expect("226");
    client.expect("221-");
    assert_eq!(client.reply(), "");
}

#[test]
fn what_was_asked_before_a_half_close_is_answered() {
    let server = Server::start();
    let mut client = server.connect();
    client.send(b"NOOP\r\nQUIT\r\n");
    client.stream.shutdown(Shutdown::Write).unwrap();
    client.expect("200");
    client.expect("221-");
    assert_eq!(client.reply(), "");
}

#[test]
fn the_loss_of_the_control_connection_closes_the_data_connection() {
    let server = Server::start();
    let mut client = server.login();
    let mut data = client.open_passive();
    client.say_all(&[("STOR new", "150")]);
    drop(client);
    assert!(is_at_end(&mut data));
}

#[test]
fn an_idle_client_is_told() {
    let server = Server::with(&["--idle-timeout", "1"]);
    let mut client = server.connect();
    client.expect("421");
    assert_eq!(client.reply(), "");
}

/// RFC 7151: a host of its own has its own name and its own files.
#[test]
fn a_virtual_host_has_its_own_files() {
    let own = tempfile::tempdir().unwrap();
    std::fs::write(own.path().join("own"), "12345").unwrap();
    let server = Server::with(&["--host", &format!("own.example={}", own.path().display())]);
    let mut client = server.connect();
    client.say_all(&[
        ("HOST own.example", "220 own.example FTP server ready."),
        ("USER u", "331"),
        ("PASS p", "230"),
        ("TYPE I", "200"),
        ("SIZE own", "213 5"),
        ("SIZE robots.txt", "550"),
        ("REIN", "220 ftp.ssast.org"),
        ("USER u", "331"),
        ("PASS p", "230"),
        ("SIZE robots.txt", "213"),
    ]);
}

#[test]
fn accounts_and_mounts_are_configured() {
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("own"), "12345").unwrap();
    let mount = format!("other={}", other.path().display());
    let server = Server::with(&["--account", "u:a", "--store-account", "u:b", "--mount", &mount]);
    let mut client = server.connect();
    client.say_all(&[
        ("USER u", "331"),
        ("PASS p", "332"),
        ("ACCT a", "230"),
        ("TYPE I", "200"),
        ("STOR x", "532"),
        ("ACCT b", "230"),
    ]);
    client.store("STOR x", b"1");
    client.say_all(&[("SMNT other", "250"), ("SIZE own", "213 5"), ("SMNT /", "250"), ("SIZE x", "213 1")]);
}
