//! Who is let in, and where data connections go.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};

use crate::client::{Server, read_all};

#[test]
fn one_session_more_than_there_may_be_is_told_421() {
    let server = Server::with(&["--sessions", "2"]);
    let first = server.connect();
    let _second = server.connect();
    let refused = TcpStream::connect(server.address).unwrap();
    assert_eq!(read_all(refused), b"421 Too many connections; try again later.\r\n");
    drop(first);
    // The place is free when the server has seen the end, and that gives no event.
    while read_first(server.address) != b'2' {}
}

#[test]
fn a_host_has_its_own_limit() {
    let server = Server::with(&["--sessions-per-host", "1"]);
    let _first = server.connect();
    assert_eq!(read_first(server.address), b'4');
}

#[test]
fn passive_ports_are_those_of_the_range() {
    // The port beside it may be somebody's: a range of one port is sure.
    let port = free_port();
    let server = Server::with(&["--passive-ports", &format!("{port}-{port}")]);
    let mut client = server.login();
    assert_eq!(client.passive(), SocketAddr::new(server.address.ip(), port));
    let mut other = server.login();
    assert_eq!(other.say("PASV"), "425 No port can be opened for the data connection.\r\n");
    // The first one gives its port back.
    client.say_all(&[("PORT 127,0,0,1,200,200", "200")]);
    assert_eq!(other.passive(), SocketAddr::new(server.address.ip(), port));
}

#[test]
fn pasv_tells_the_address_that_clients_reach() {
    let server = Server::with(&["--passive-address", "192.0.2.7"]);
    let mut client = server.login();
    let told = client.passive();
    assert_eq!(told.ip(), IpAddr::from([192, 0, 2, 7]));
    let data = TcpStream::connect((server.address.ip(), told.port())).unwrap();
    client.say_all(&[("RETR robots.txt", "150")]);
    assert_eq!(read_all(data), b"User-agent: *\nDisallow: /\n");
    client.expect("226");
}

/// The first octet that the server says to a new client.
fn read_first(address: SocketAddr) -> u8 {
    use std::io::Read as _;

    let mut octet = [0];
    TcpStream::connect(address).unwrap().read_exact(&mut octet).unwrap();
    octet[0]
}

/// A port that was free a moment ago, below those that the kernel gives by itself: no other test gets it.
fn free_port() -> u16 {
    let pid = u16::try_from(std::process::id() % 8000).unwrap();
    (20_000 + pid..32_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
