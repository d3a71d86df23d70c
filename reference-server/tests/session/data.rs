//! Data connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use rstest::rstest;
use socket2::{Domain, SockRef, Socket, Type};

use crate::client::{Server, read_all};

#[test]
fn a_file_goes_there_and_back() {
    let server = Server::start();
    let mut client = server.login();
    let body: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    client.store("STOR new", &body);
    assert!(client.retrieve("new") == body);
    client.store("APPE new", b"tail");
    assert_eq!(std::fs::metadata(server.root().join("new")).unwrap().len(), (3 << 20) + 4);
    client.store("STOR new", b"short");
    assert_eq!(client.retrieve("new"), b"short");
    client.store("STOR empty", b"");
    assert_eq!(client.retrieve("empty"), b"");
}

#[test]
fn text_has_line_ends_of_the_wire() {
    let server = Server::start();
    let mut client = server.login();
    client.say_all(&[("TYPE A", "200"), ("SIZE robots.txt", "213 28")]);
    assert_eq!(client.retrieve("robots.txt"), b"User-agent: *\r\nDisallow: /\r\n");
    client.store("STOR text", b"a\r\nb\rc\r\n");
    assert_eq!(std::fs::read(server.root().join("text")).unwrap(), b"a\nb\rc\n");
    client.say_all(&[("REST 14", "350")]);
    let data = client.open_passive();
    client.say_all(&[("RETR robots.txt", "150")]);
    assert_eq!(read_all(data), b"\nDisallow: /\r\n");
    client.expect("226");
}

#[test]
fn text_crosses_the_pieces_it_is_read_in() {
    let server = Server::start();
    let mut client = server.login();
    client.say_all(&[("TYPE A", "200")]);
    let local: Vec<u8> = b"ab\n".iter().copied().cycle().take(900_000).collect();
    let wire: Vec<u8> = b"ab\r\n".iter().copied().cycle().take(1_200_000).collect();
    client.store("STOR text", &wire);
    assert!(std::fs::read(server.root().join("text")).unwrap() == local);
    assert!(client.retrieve("text") == wire);
}

#[test]
fn active_from_the_default_data_port() {
    let server = Server::start();
    let mut client = server.login();
    let listener = client.open_active();
    client.say_all(&[("RETR robots.txt", "150 Opening BINARY mode data connection for robots.txt (26 bytes).\r\n")]);
    let (data, from) = listener.accept().unwrap();
    assert_eq!(from.ip(), server.address.ip());
    assert_eq!(read_all(data), b"User-agent: *\nDisallow: /\n");
    client.expect("226");
}

#[test]
fn without_port_or_pasv_the_server_connects_to_the_port_of_the_control_connection() {
    let server = Server::start();
    let socket = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket
    };
    let control = socket();
    control.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let user_port = control.local_addr().unwrap();
    control.connect(&server.address.into()).unwrap();
    let mut stream = TcpStream::from(control);
    let listener = socket();
    listener.bind(&user_port).unwrap();
    listener.listen(1).unwrap();
    stream.write_all(b"USER u\r\nPASS p\r\nTYPE I\r\nRETR robots.txt\r\n").unwrap();
    let (data, _) = TcpListener::from(listener).accept().unwrap();
    assert_eq!(read_all(data).len(), 26);
    stream.write_all(b"QUIT\r\n").unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).unwrap();
    assert!(replies.contains("\r\n226 Transfer complete.\r\n"), "{replies}");
}

#[rstest]
#[case("PASV")]
#[case("EPSV")]
fn nobody_connects(#[case] arrange: &str) {
    let server = Server::with(&["--data-timeout", "1"]);
    let mut client = server.login();
    client.say_all(&[(arrange, "22"), ("RETR robots.txt", "150")]);
    client.expect("425");
    client.say_all(&[("STOR robots.txt", "150")]);
    client.expect("425");
    client.say_all(&[("SIZE robots.txt", "213 26")]);
}

#[test]
fn nobody_listens() {
    let server = Server::start();
    let mut client = server.login();
    drop(client.open_active());
    client.say_all(&[("RETR robots.txt", "150")]);
    client.expect("425");
    client.say_all(&[("NOOP", "200")]);
}

#[test]
fn a_client_that_resets_is_noticed() {
    let server = Server::start();
    std::fs::File::create(server.root().join("big")).unwrap().set_len(64 << 20).unwrap();
    let mut client = server.login();
    let mut data = client.open_passive();
    client.say_all(&[("RETR big", "150")]);
    data.read_exact(&mut [0; 1000]).unwrap();
    SockRef::from(&data).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(data);
    client.expect("426");
    client.say_all(&[("NOOP", "200")]);
}

#[rstest]
#[case::nobody_reads("RETR big")]
#[case::nobody_writes("STOR new")]
fn a_transfer_that_stands_still_ends(
    #[case] line: &str,
    #[values(&["--idle-timeout", "1"], &["--stall-timeout", "1"])] limits: &[&str],
) {
    let server = Server::with(limits);
    std::fs::File::create(server.root().join("big")).unwrap().set_len(64 << 20).unwrap();
    let mut client = server.login();
    let data = client.open_passive();
    client.say_all(&[(line, "150")]);
    client.expect("426");
    drop(data);
    client.say_all(&[("NOOP", "200")]);
}

#[test]
fn a_stalled_transfer_holds_up_nobody_else() {
    let server = Server::start();
    std::fs::File::create(server.root().join("big")).unwrap().set_len(64 << 20).unwrap();
    let mut slow = server.login();
    let stalled = slow.open_passive();
    slow.say_all(&[("RETR big", "150")]);
    let mut other = server.login();
    for _ in 0..20 {
        assert_eq!(other.retrieve("robots.txt").len(), 26);
    }
    other.store("STOR new", b"x");
    assert_eq!(read_all(stalled).len(), 64 << 20);
    slow.expect("226");
}

#[test]
fn a_second_pasv_closes_the_first_port() {
    let server = Server::start();
    let mut client = server.login();
    let first = client.passive();
    let second = client.passive();
    assert_ne!(first, second);
    assert!(TcpStream::connect(first).is_err());
    let data = TcpStream::connect(second).unwrap();
    client.say_all(&[("RETR robots.txt", "150")]);
    assert_eq!(read_all(data).len(), 26);
    client.expect("226");
    assert!(TcpStream::connect(second).is_err(), "a port is for one transfer");
}

#[test]
fn many_transfers_in_one_session() {
    let server = Server::start();
    let mut client = server.login();
    for _ in 0..50 {
        assert_eq!(client.retrieve("robots.txt").len(), 26);
    }
}

#[test]
fn listings_are_text_whatever_the_type_is() {
    let server = Server::start();
    std::fs::create_dir(server.root().join("sub")).unwrap();
    std::fs::write(server.root().join("sub/a b"), "x").unwrap();
    let mut client = server.login();
    let mut listing = |line: &str| {
        let data = client.open_passive();
        client.say_all(&[(line, "150 Opening ASCII mode data connection for file list.\r\n")]);
        let text = String::from_utf8(read_all(data)).unwrap();
        client.expect("226");
        text
    };
    assert_eq!(listing("NLST"), "robots.txt\r\nsub\r\n");
    assert_eq!(listing("NLST sub"), "sub/a b\r\n");
    let long = listing("LIST -la sub");
    assert!(long.starts_with("-rw") && long.ends_with(" a b\r\n"), "{long}");
    assert_eq!(client.retrieve("sub/a b"), b"x");
}

#[test]
fn over_ipv6() {
    let server = Server::with(&["--listen", "::1"]);
    let mut client = server.login();
    client.say_all(&[("PASV", "501")]);
    let reply = client.say("EPSV");
    let port: u16 = reply.split('|').nth(3).unwrap().parse().unwrap();
    let data = TcpStream::connect(("::1", port)).unwrap();
    client.say_all(&[("RETR robots.txt", "150")]);
    assert_eq!(read_all(data).len(), 26);
    client.expect("226");
    let listener = TcpListener::bind(("::1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    client.say_all(&[(&format!("EPRT |2|0:0:0:0:0:0:0:1|{port}|"), "200"), ("RETR robots.txt", "150")]);
    assert_eq!(read_all(listener.accept().unwrap().0).len(), 26);
    client.expect("226");
}

/// draft-bryan-ftp-range §4.3: both ends belong to the range, and nothing outside of it changes.
#[test]
fn a_range_of_a_file() {
    let server = Server::start();
    std::fs::write(server.root().join("digits"), "0123456789").unwrap();
    let mut client = server.login();
    for (range, expected) in [("0 0", "0"), ("3 5", "345"), ("8 99", "89"), ("50 60", "")] {
        client.say_all(&[(&format!("RANG {range}"), "350")]);
        assert_eq!(client.retrieve("digits"), expected.as_bytes(), "{range}");
    }
    client.say_all(&[("RANG 3 5", "350")]);
    client.store("STOR digits", b"abc");
    assert_eq!(std::fs::read(server.root().join("digits")).unwrap(), b"012abc6789");
    client.say_all(&[("RANG 3 5", "350")]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR digits", "150")]);
    data.write_all(b"xyz too much").unwrap();
    drop(data);
    client.expect("552");
    assert_eq!(std::fs::read(server.root().join("digits")).unwrap(), b"012xyz6789");
}

#[test]
fn the_quota_ends_a_transfer() {
    let server = Server::with(&["--quota", "100"]);
    let mut client = server.login();
    client.store("STOR fits", &[b'x'; 74]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR more", "150")]);
    data.write_all(b"x").unwrap();
    drop(data);
    client.expect("552");
    client.store("STOR fits", &[b'y'; 74]);
    client.say_all(&[("ALLO 1", "552"), ("DELE fits", "250"), ("ALLO 74", "200")]);
}

#[test]
fn a_full_disk_ends_a_transfer() {
    let server = Server::with(&["--fault", "full"]);
    let mut client = server.login();
    let mut data = client.open_passive();
    client.say_all(&[("STOR more", "150")]);
    data.write_all(b"x").unwrap();
    drop(data);
    client.expect("552");
    client.say_all(&[("MKD box", "452"), ("ALLO 1", "452"), ("NOOP", "200")]);
}

#[test]
fn a_disk_that_denies_everything_is_550() {
    let server = Server::with(&["--fault", "denied"]);
    std::fs::write(server.root().join("f"), "abc").unwrap();
    let mut client = server.login();
    client.say_all(&[("DELE f", "550"), ("RNFR f", "350"), ("RNTO g", "5"), ("NOOP", "200")]);
    let _data = client.open_passive();
    client.say_all(&[("RETR f", "550")]);
    assert_eq!(std::fs::read(server.root().join("f")).unwrap(), b"abc");
}
