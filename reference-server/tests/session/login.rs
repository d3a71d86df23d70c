//! Wrong passwords: counted for an address, and answered late.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client::{Client, PATIENCE, Server};

const WRONG: [(&str, &str); 2] = [("USER u", "331"), ("PASS x", "530")];

fn shut_out(client: &mut Client) {
    client.say_all(&[("USER u", "331"), ("PASS x", "421")]);
    assert_eq!(client.reply(), "");
}

#[test]
fn an_address_is_shut_out_over_all_of_its_sessions() {
    let server = Server::with(&["--login-attempts", "3", "--login-delay", "0"]);
    let (mut first, mut second, mut third) = (server.connect(), server.connect(), server.connect());
    let mut inside = server.login();
    first.say_all(&WRONG);
    second.say_all(&WRONG);
    shut_out(&mut first);
    // Nobody has one guess more who was there before, not even the right one.
    third.say_all(&[("USER u", "331"), ("PASS p", "421")]);
    let mut greeting = String::new();
    let mut late = TcpStream::connect(server.address).unwrap();
    late.set_read_timeout(Some(PATIENCE)).unwrap();
    late.read_to_string(&mut greeting).unwrap();
    assert_eq!(greeting, "421 Too many wrong passwords from your address; try again later.\r\n");
    // Who is logged in stays.
    inside.say_all(&[("NOOP", "200")]);
}

#[test]
fn without_a_limit_nobody_is_shut_out() {
    let server = Server::with(&["--login-attempts", "0", "--login-delay", "0"]);
    for _ in 0..4 {
        let mut client = server.connect();
        for _ in 0..4 {
            client.say_all(&WRONG);
        }
    }
    server.login().say_all(&[("NOOP", "200")]);
}

#[test]
fn the_second_wrong_password_is_answered_late() {
    let server = Server::start();
    let mut client = server.connect();
    client.say_all(&WRONG);
    client.say_all(&[("USER u", "331")]);
    let begun = Instant::now();
    client.send(b"PASS x\r\nNOOP\r\n");
    client.expect("530");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    client.expect("200");
}

#[test]
fn nobody_else_waits_and_a_server_that_ends_does_not_either() {
    let server = Server::with(&["--login-delay", "3600"]);
    let mut client = server.connect();
    client.say_all(&WRONG);
    client.say_all(&[("USER u", "331")]);
    client.send(b"PASS x\r\n");
    let mut other = server.login();
    other.store("STOR meanwhile", b"x");
    client.stream.set_nonblocking(true).unwrap();
    assert!(client.stream.peek(&mut [0]).is_err(), "it was answered at once");
    client.stream.set_nonblocking(false).unwrap();
    server.terminate();
    client.expect("421");
    assert!(server.exit().success());
}
