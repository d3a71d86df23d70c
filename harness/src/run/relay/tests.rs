//! A relay between sockets that the tests hold.

use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockRef, Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::*;
use crate::run::live::say_urgent;
use crate::scenario::rule::{DataChange, Fits, Forward, OctetChange, ReplyChange, Rule, Segments, TlsChange, Trigger};
use crate::scenario::tree::Span;
use crate::wire::address::six_numbers;

/// Long enough for every machine; what must not come is not waited for.
const SOON: Duration = Duration::from_secs(20);

/// A client and a server, and the relay between them.
struct Between {
    client: TcpStream,
    server: TcpStream,
    _relay: Relay,
}

async fn between(deviations: Deviations) -> Between {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Relay::open(listener.local_addr().unwrap(), Arc::new(deviations)).await.unwrap();
    let client = TcpStream::connect(relay.address()).await.unwrap();
    let (server, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    Between { client, server, _relay: relay }
}

fn rule(verb: &str) -> Rule {
    Rule {
        span: Span { file: "t.yaml".into(), line: 1, column: 1, width: 1 },
        on: Trigger::Command(Fits { verbs: vec![verb.to_owned()], ..Fits::default() }),
        forward: Forward::Same,
        says: Vec::new(),
        first: Vec::new(),
        also: Vec::new(),
        replies: ReplyChange::default(),
        data: DataChange::default(),
        tls: TlsChange::default(),
        close: None,
    }
}

/// What arrives up to and with the next LF.
async fn line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        let octet = timeout(SOON, stream.read_u8()).await.unwrap().unwrap();
        line.push(octet);
    }
    String::from_utf8(line).unwrap()
}

impl Between {
    async fn greeted(mut self) -> Self {
        self.server.write_all(b"220 Ready.\r\n").await.unwrap();
        assert_eq!(line(&mut self.client).await, "220 Ready.\r\n");
        self
    }

    async fn says(&mut self, command: &str) -> String {
        self.client.write_all(command.as_bytes()).await.unwrap();
        line(&mut self.server).await
    }

    async fn answers(&mut self, reply: &str) -> String {
        self.server.write_all(reply.as_bytes()).await.unwrap();
        line(&mut self.client).await
    }
}

#[tokio::test]
async fn what_no_rule_speaks_of_passes_as_it_is() {
    let mut between = between(Deviations::default()).await.greeted().await;
    for command in ["noop\r\n", "\n", "SITE \u{1b}[2J\r\n", "PORT 1,2,3\r\n", "EPRT |9|x|\r\n"] {
        assert_eq!(between.says(command).await, command);
        assert_eq!(between.answers("200:odd\n").await, "200:odd\n");
    }
    drop(between.server);
    assert_eq!(timeout(SOON, between.client.read(&mut [0; 1])).await.unwrap().unwrap(), 0);
}

/// An address of another host is for the server to refuse; so is a port of the system (RFC 2577 section 3).
#[tokio::test]
async fn an_address_that_is_not_the_client_s_is_left_alone() {
    let mut between = between(Deviations::default()).await.greeted().await;
    for command in ["PORT 127,0,0,2,200,1\r\n", "PORT 127,0,0,1,0,25\r\n", "EPRT |1|10.0.0.1|51201|\r\n"] {
        assert_eq!(between.says(command).await, command);
        between.answers("500 No.\r\n").await;
    }
}

#[tokio::test]
async fn data_pass_through_the_relay_both_ways_of_connecting() {
    let cut = DataChange { octets: vec![OctetChange::Cut(1)], ..DataChange::default() };
    let deviations = Deviations { rules: vec![Rule { data: cut, ..rule("RETR") }], clients: None };
    let mut between = between(deviations).await.greeted().await;
    for verb in ["PASV", "PORT"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let [high, low] = listener.local_addr().unwrap().port().to_be_bytes();
        let (mut client, mut server) = if verb == "PASV" {
            between.says("PASV\r\n").await;
            let reply = between.answers(&format!("227 Here (127,0,0,1,{high},{low}).\r\n")).await;
            let (address, _) = six_numbers(reply.as_bytes()).unwrap();
            assert_ne!(address, listener.local_addr().unwrap());
            let client = TcpStream::connect(address).await.unwrap();
            (client, timeout(SOON, listener.accept()).await.unwrap().unwrap().0)
        } else {
            let command = between.says(&format!("PORT 127,0,0,1,{high},{low}\r\n")).await;
            let (address, _) = six_numbers(command.as_bytes()).unwrap();
            assert_ne!(address, listener.local_addr().unwrap());
            between.answers("200 Fine.\r\n").await;
            let server = TcpStream::connect(address).await.unwrap();
            (timeout(SOON, listener.accept()).await.unwrap().unwrap().0, server)
        };
        between.says("RETR body\r\n").await;
        server.write_all(b"octets").await.unwrap();
        drop(server);
        let mut body = Vec::new();
        timeout(SOON, client.read_to_end(&mut body)).await.unwrap().unwrap();
        assert_eq!(body, b"octet", "{verb}");
        between.answers("226 Done.\r\n").await;
    }
}

/// So many octets, without the urgent one.
async fn octets(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    while octets.len() < length {
        octets.push(timeout(SOON, stream.read_u8()).await.unwrap().unwrap());
    }
    octets
}

/// Waits for urgent data, and takes it.
fn urgent_octets(socket: &Socket) -> usize {
    let mut asked = [PollFd::new(socket, PollFlags::PRI)];
    let soon = Timespec { tv_sec: 20, tv_nsec: 0 };
    assert_eq!(poll(&mut asked, Some(&soon)).unwrap(), 1, "no urgent data came");
    socket.recv_out_of_band(&mut [MaybeUninit::new(0)]).unwrap()
}

/// RFC 854: the Data Mark of a Synch is urgent. RFC 959 section 4.1 lets a client say it before ABOR.
#[tokio::test]
async fn urgent_data_stay_urgent() {
    let mut between = between(Deviations::default()).await.greeted().await;
    // The second time the mark stands where the last one was read.
    for _ in 0..2 {
        say_urgent(&mut between.client, b"\xff\xf4\xff\xf2").await.unwrap();
        let own = SockRef::from(&between.server).try_clone().unwrap();
        assert_eq!(tokio::task::spawn_blocking(move || urgent_octets(&own)).await.unwrap(), 1);
        between.client.write_all(b"ABOR\r\n").await.unwrap();
        assert_eq!(octets(&mut between.server, 9).await, b"\xff\xf4\xffABOR\r\n");
        between.answers("226 Done.\r\n").await;
    }
}

#[tokio::test]
async fn urgency_can_be_taken_away() {
    let in_band = Rule { on: Trigger::Segments(Segments::InBand), ..rule("ABOR") };
    let mut between = between(Deviations { rules: vec![in_band], clients: None }).await.greeted().await;
    say_urgent(&mut between.client, b"\xff\xf4\xff\xf2").await.unwrap();
    between.client.write_all(b"ABOR\r\n").await.unwrap();
    assert_eq!(octets(&mut between.server, 10).await, b"\xff\xf4\xff\xf2ABOR\r\n");
}

#[tokio::test]
async fn a_rule_counts_behind_one_that_is_used() {
    let reply = |rule: Rule, nth, text: &[u8]| Rule {
        on: Trigger::Command(Fits { verbs: vec!["NOOP".to_owned()], nth, ..Fits::default() }),
        forward: Forward::Nothing,
        replies: ReplyChange { raw: Some(Arc::from(text)), ..ReplyChange::default() },
        ..rule
    };
    let rules = vec![
        reply(rule("NOOP"), Some(1), b"200 one\r\n"),
        reply(rule("NOOP"), Some(2), b"200 two\r\n"),
        reply(rule("NOOP"), None, b"200 many\r\n"),
    ];
    let mut between = between(Deviations { rules, clients: None }).await.greeted().await;
    for said in ["200 one\r\n", "200 two\r\n", "200 many\r\n"] {
        between.client.write_all(b"NOOP\r\n").await.unwrap();
        assert_eq!(line(&mut between.client).await, said);
    }
}

#[tokio::test]
async fn what_the_relay_answers_itself_waits_for_its_turn() {
    let whole = ReplyChange { raw: Some(Arc::from(&b"250 Mine.\r\n"[..])), ..ReplyChange::default() };
    let dele = Rule { forward: Forward::Nothing, replies: whole, ..rule("DELE") };
    let mut between = between(Deviations { rules: vec![dele], clients: None }).await.greeted().await;
    between.client.write_all(b"PWD\r\nDELE x\r\nNOOP\r\n").await.unwrap();
    assert_eq!(line(&mut between.server).await, "PWD\r\n");
    assert_eq!(line(&mut between.server).await, "NOOP\r\n");
    assert_eq!(between.answers("257-a\r\n257 b\r\n200 c\r\n").await, "257-a\r\n");
    assert_eq!(line(&mut between.client).await, "257 b\r\n");
    assert_eq!(line(&mut between.client).await, "250 Mine.\r\n");
    assert_eq!(line(&mut between.client).await, "200 c\r\n");
}

#[tokio::test]
async fn a_flood_of_either_side_is_passed_on_and_not_kept() {
    let mut between = between(Deviations::default()).await.greeted().await;
    let (mut from_client, mut to_client) = between.client.split();
    let (mut from_server, mut to_server) = between.server.split();
    let flood = vec![b'x'; 4 << 20];
    let counted = async |stream: &mut tokio::net::tcp::ReadHalf<'_>| {
        // The last piece of a line stays, in case it ends.
        let mut left = flood.len() - 300 * 1024;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            left = left.saturating_sub(timeout(SOON, stream.read(&mut buffer)).await.unwrap().unwrap());
        }
    };
    let (said, answered, ..) = tokio::join!(
        to_client.write_all(&flood),
        to_server.write_all(&flood),
        counted(&mut from_server),
        counted(&mut from_client),
    );
    said.and(answered).unwrap();
}

#[tokio::test]
async fn a_relay_that_is_dropped_ends_its_connections() {
    let between = between(Deviations::default()).await.greeted().await;
    let Between { mut client, server: _server, _relay: relay } = between;
    let address = relay.address();
    drop(relay);
    let end = timeout(SOON, client.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert!(TcpStream::connect(address).await.is_err());
}

/// A client that is answered before the server is would call a negotiation a success that the server refused.
#[tokio::test]
async fn a_server_that_refuses_tls_refuses_it_to_the_client() {
    let mut between = between(Deviations::default()).await.greeted().await;
    assert_eq!(between.says("AUTH TLS\r\n").await, "AUTH TLS\r\n");
    assert_eq!(between.answers("234 Go on.\r\n").await, "234 Go on.\r\n");
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let sessions = crate::run::trust::Sessions::new().unwrap();
    let mut hello = Vec::new();
    rustls::ClientConnection::new(sessions.shared, name).unwrap().write_tls(&mut hello).unwrap();
    between.client.write_all(&hello).await.unwrap();
    // The relay's own hello has come: the server hangs up.
    assert_eq!(timeout(SOON, between.server.read_u8()).await.unwrap().unwrap(), 22);
    drop(between.server);
    let end = timeout(SOON, between.client.read(&mut [0; 100])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
}
