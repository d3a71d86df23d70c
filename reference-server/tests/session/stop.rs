//! How the server ends.

use std::io::ErrorKind;
use std::net::TcpStream;

use crate::client::{Server, exactly, read_all};

const GOODBYE: &str = "421 The server is being stopped; closing the control connection.\r\n";

#[test]
fn a_transfer_comes_to_its_end_and_who_waits_is_told_421() {
    const BODY: usize = 32 << 20;
    let server = Server::start();
    std::fs::write(server.root().join("big"), vec![b'x'; BODY]).unwrap();
    let (mut idle, mut busy) = (server.login(), server.login());
    let mut data = busy.open_passive();
    busy.say_all(&[("RETR big", "150")]);
    exactly(&mut data, 1);
    // Nothing more is begun.
    busy.send(b"RETR big\r\n");
    let address = server.address;
    server.terminate();
    assert_eq!(idle.reply(), GOODBYE);
    assert_eq!(idle.reply(), "");
    // The signal comes to one task and the port is closed by it: nothing else tells that it was.
    while !TcpStream::connect(address).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {}
    assert_eq!(read_all(data).len(), BODY - 1);
    busy.expect("226");
    assert_eq!(busy.reply(), GOODBYE);
    assert!(server.exit().success());
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let server = Server::start();
    std::fs::write(server.root().join("big"), vec![b'x'; 32 << 20]).unwrap();
    let (mut idle, mut busy) = (server.login(), server.login());
    let _data = busy.open_passive();
    busy.say_all(&[("RETR big", "150")]);
    server.terminate();
    assert_eq!(idle.reply(), GOODBYE);
    server.terminate();
    assert!(server.exit().success());
}

#[test]
fn a_server_may_be_ended_as_soon_as_it_says_that_it_listens() {
    for _ in 0..20 {
        let server = Server::start();
        server.terminate();
        assert!(server.exit().success());
    }
}
