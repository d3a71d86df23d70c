//! `--rate-limit`. That nothing goes faster than it may can be tested; that it goes as fast, only where nobody else uses the machine.

use std::io::Write;
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::client::{Client, Server, exactly, read_all};

/// At 100,000 octets a second.
const LENGTH: usize = 50_000;
/// What may come at once: a piece that was saved up, and one that is paid for afterwards.
const AT_ONCE: usize = 10_000;

fn server(limit: &str) -> Server {
    let server = Server::with(&["--rate-limit", limit]);
    std::fs::write(server.root().join("file"), "octet by octet.\n".repeat(LENGTH / 16)).unwrap();
    server
}

fn retrieve(client: &mut Client, parameters: &[&str]) {
    for line in parameters {
        client.say_all(&[(line, "200")]);
    }
    let mut data = client.open_passive();
    client.say_all(&[("RETR file", "150")]);
    if parameters.contains(&"MODE B") {
        exactly(&mut data, LENGTH + 3);
    } else {
        assert!(read_all(data).len() >= LENGTH);
    }
    client.expect("2");
}

fn lasting(moved: usize) -> Duration {
    Duration::from_secs_f64(f64::from(u32::try_from(moved - AT_ONCE).unwrap()) / 100_000.0)
}

#[rstest]
#[case::octets(&[])]
#[case::text(&["TYPE A"])]
#[case::blocks(&["MODE B"])]
fn a_file_is_sent_no_faster(#[case] parameters: &[&str]) {
    let server = server("100000/0");
    let mut client = server.login();
    let begun = Instant::now();
    retrieve(&mut client, parameters);
    assert!(begun.elapsed() >= lasting(LENGTH), "{:?}", begun.elapsed());
}

#[rstest]
#[case::octets(&[], b"")]
#[case::text(&["TYPE A"], b"")]
#[case::blocks(&["MODE B"], b"\x40\xc3\x50")]
fn a_file_is_received_no_faster(#[case] parameters: &[&str], #[case] head: &[u8]) {
    let server = server("0/100000");
    let mut client = server.login();
    for line in parameters {
        client.say_all(&[(line, "200")]);
    }
    let begun = Instant::now();
    let mut data = client.open_passive();
    client.say_all(&[("STOR new", "150")]);
    data.write_all(head).unwrap();
    data.write_all(&vec![b'x'; LENGTH]).unwrap();
    drop(data);
    client.expect("2");
    assert!(begun.elapsed() >= lasting(LENGTH), "{:?}", begun.elapsed());
    assert_eq!(std::fs::metadata(server.root().join("new")).unwrap().len(), LENGTH as u64);
}

/// Each of them would go at once.
#[rstest]
#[case::octets("TYPE I")]
#[case::text("TYPE A")]
fn many_small_files_are_no_faster_than_a_large_one(#[case] representation: &str) {
    let server = server("100000/0");
    std::fs::write(server.root().join("small"), [b'x'; 2500]).unwrap();
    let mut client = server.login();
    client.say_all(&[(representation, "200")]);
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(client.retrieve("small").len(), 2500);
    }
    assert!(begun.elapsed() >= lasting(LENGTH), "{:?}", begun.elapsed());
}

/// It would take a minute.
#[test]
fn a_transfer_that_is_held_back_can_be_aborted() {
    let server = server("1000/1000");
    let mut client = server.login();
    let begun = Instant::now();
    let mut data = client.open_passive();
    client.say_all(&[("RETR file", "150")]);
    // A connection that the server has not taken yet when ABOR comes is reset.
    exactly(&mut data, 1);
    client.say_all(&[("STAT", "211"), ("ABOR", "426")]);
    client.expect("226");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(read_all(data).len() < LENGTH);
}
