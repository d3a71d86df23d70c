//! The numbers for Prometheus.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use rstest::rstest;

use crate::client::{PATIENCE, Server, read_all};

fn server_with_metrics() -> (Server, SocketAddr) {
    let mut server = Server::with(&["--metrics", "127.0.0.1:0", "--login-delay", "0"]);
    let said = server.message();
    let address = said.trim().strip_prefix("metrics at http://").and_then(|rest| rest.strip_suffix("/metrics"));
    let address = address.unwrap().parse().unwrap();
    (server, address)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What is answered to these octets.
fn answer(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    String::from_utf8(read_all(stream)).unwrap()
}

fn metrics(address: SocketAddr) -> String {
    let answer = answer(address, b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
    assert!(head.contains("Content-Type: text/plain; version=0.0.4"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    body.to_owned()
}

#[test]
fn what_happened_is_counted() {
    let (server, address) = server_with_metrics();
    let mut client = server.login();
    client.store("STOR new", b"12345");
    assert_eq!(client.retrieve("new"), b"12345");
    client.say_all(&[("RETR none", "550"), ("XYZZY \"}", "500"), ("USER u", "331"), ("PASS wrong", "530")]);
    let mut other = server.connect();
    other.say_all(&[("QUIT", "221")]);
    assert_eq!(other.reply(), "");
    let text = metrics(address);
    for line in [
        "ftp_sessions_total 2",
        "ftp_logins_total{role=\"user\"} 1",
        "ftp_failed_logins_total 1",
        "ftp_transfers_total{direction=\"sent\",end=\"complete\"} 1",
        "ftp_transfers_total{direction=\"received\",end=\"complete\"} 1",
        "ftp_transferred_octets_total{direction=\"received\"} 5",
        "ftp_data_connections_total 2",
        "ftp_commands_total{verb=\"RETR\"} 2",
        "ftp_commands_total{verb=\"PASV\"} 2",
        "ftp_commands_total{verb=\"unknown\"} 1",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("XYZZY"), "{text}");
}

#[rstest]
#[case::elsewhere(b"GET / HTTP/1.1\r\n\r\n", "HTTP/1.0 404 ")]
#[case::another_method(b"POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.0 405 ")]
#[case::no_http(b"USER u\r\n\r\n", "HTTP/1.0 400 ")]
#[case::too_long(&[b'x'; 10_000], "HTTP/1.0 431 ")]
fn what_else_is_asked_is_refused(#[case] request: &[u8], #[case] expected: &str) {
    let (_server, address) = server_with_metrics();
    let answer = answer(address, request);
    assert!(answer.starts_with(expected), "{answer}");
}

/// As many as are answered at a time, and each is silent.
#[test]
fn who_asks_and_says_nothing_stops_nobody_for_long() {
    let (server, address) = server_with_metrics();
    let silent: Vec<TcpStream> = (0..4).map(|_| connect(address)).collect();
    let mut client = server.login();
    client.say_all(&[("NOOP", "200")]);
    assert!(metrics(address).contains("ftp_sessions 1\n"));
    for mut stream in silent {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
}

#[test]
fn a_port_that_is_taken_is_an_error_at_the_start() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["--memory", "--port", "0", "--metrics", &address])
        .timeout(PATIENCE)
        .assert()
        .failure()
        .stderr(predicates::str::starts_with(format!("error: cannot show the metrics at {address}")));
}
