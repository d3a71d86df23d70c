//! TYPE, STRU and MODE over real sockets. The octets of the wire are typed from RFC 959 §3.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use protocol::restart::Position;
use protocol::transfer::{Parameters, Sender};
use protocol::{Level, Mode, Type};
use rstest::rstest;

use crate::client::{Client, Server, exactly, is_at_end};

fn set(client: &mut Client, parameters: &[&str]) {
    for line in parameters {
        client.say_all(&[(line, "200")]);
    }
}

/// A session with these parameters, and a data connection.
fn begun(parameters: &[&str]) -> (Server, Client, TcpStream) {
    let server = Server::start();
    let mut client = server.login();
    set(&mut client, parameters);
    let data = client.open_passive();
    (server, client, data)
}

#[rstest]
#[case::ebcdic(&["TYPE E"], b"\xC1\x40\xF1\x15", b"A 1\n")]
#[case::carriage_control(&["TYPE A C"], b"1top\r\n", b"1top\n")]
#[case::words(&["TYPE L 36"], b"\x12\x34\x56\x78\x9F\xFF\xFF\xFF\xFF", b"\x12\x34\x56\x78\x9F\xFF\xFF\xFF\xFF")]
#[case::records(&["TYPE A", "STRU R"], b"a\xFF\x01\xFF\x01b\xFF\x01\xFF\x02", b"a\n\nb\n")]
#[case::ebcdic_records(&["TYPE E", "STRU R"], b"\xC1\xFF\x01\xFF\x02", b"A\n")]
#[case::blocks(&["MODE B"], b"\x40\x00\x03a\nb", b"a\nb")]
#[case::text_blocks(&["TYPE A", "MODE B"], b"\x40\x00\x03a\r\n", b"a\n")]
#[case::record_blocks(&["TYPE A", "STRU R", "MODE B"], b"\x80\x00\x01a\xC0\x00\x01b", b"a\nb\n")]
#[case::empty_block(&["MODE B"], b"\x40\x00\x00", b"")]
#[case::compressed(&["MODE C"], b"\x01a\x00\x40\xC5", b"a\0\0\0\0\0")]
#[case::compressed_text(&["TYPE A", "MODE C"], b"\x01a\x00\x40\xC5", b"a     ")]
#[case::compressed_records(&["TYPE A", "STRU R", "MODE C"], b"\x00\x80\x01a\x00\xC0\x01b", b"a\nb\n")]
#[case::records_of_octets(&["STRU R"], b"\xFF\xFF\xFF\x01\xFF\x01\n\xFF\x01\xFF\x02",
    b"FTPRECS\n\x80\x00\x01\xFF\x80\x00\x00\x80\x00\x01\n")]
#[case::blocks_of_records_of_octets(&["STRU R", "MODE B"], b"\xC0\x00\x01\xFF", b"FTPRECS\n\x80\x00\x01\xFF")]
#[case::pages(&["STRU P"], b"\x04\x07\x02\x01ab\x04\x00\x00\x00",
    b"FTPPAGE\x08\x04\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01ab\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
fn a_file_goes_there_and_back(#[case] parameters: &[&str], #[case] wire: &[u8], #[case] local: &[u8]) {
    let (server, mut client, mut data) = begun(parameters);
    client.say_all(&[("STOR file", "150")]);
    data.write_all(wire).unwrap();
    let has_end = parameters.iter().any(|line| line.starts_with("MODE") || matches!(*line, "STRU R" | "STRU P"));
    if !has_end {
        drop(data);
    }
    // Where the end is said the reply does not wait for the close.
    client.expect("2");
    assert_eq!(std::fs::read(server.root().join("file")).unwrap(), local);
    client.say_all(&[("SIZE file", &format!("213 {}\r\n", wire.len()))]);
    let mut data = client.open_passive();
    client.say_all(&[("RETR file", "150")]);
    assert_eq!(exactly(&mut data, wire.len()), wire);
    client.expect("2");
}

/// RFC 959 §3.3, §3.2: 250 leaves the connection open, and a new port closes it.
#[test]
fn one_connection_for_many_files() {
    let (server, mut client, mut data) = begun(&["MODE B"]);
    client.say_all(&[("RETR robots.txt", "150")]);
    let blocks = b"\x40\x00\x1AUser-agent: *\nDisallow: /\n";
    assert_eq!(exactly(&mut data, blocks.len()), blocks);
    client.expect("250");
    client.say_all(&[("STOR one", "125")]);
    // Two files in one segment: what is behind the first is the second.
    data.write_all(b"\x40\x00\x011\x00\x00\x012").unwrap();
    client.expect("250");
    client.say_all(&[("STOR two", "125")]);
    data.write_all(b"\x40\x00\x00").unwrap();
    client.expect("250");
    assert_eq!(std::fs::read(server.root().join("one")).unwrap(), b"1");
    assert_eq!(std::fs::read(server.root().join("two")).unwrap(), b"2");
    let reply = client.say("STAT");
    assert!(reply.contains("TYPE: I; STRU: F; MODE: B") && reply.contains("Open from"), "{reply}");
    client.passive();
    assert!(is_at_end(&mut data));
}

#[test]
fn a_connection_that_the_client_closed_is_not_used_again() {
    let (_server, mut client, mut data) = begun(&["MODE B"]);
    client.say_all(&[("STOR one", "150")]);
    data.write_all(b"\x40\x00\x011").unwrap();
    client.expect("250");
    drop(data);
    // The default data port, where nobody listens.
    client.say_all(&[("RETR one", "125")]);
    client.expect("425");
    let mut data = client.open_passive();
    client.say_all(&[("RETR one", "150")]);
    assert_eq!(exactly(&mut data, 4), b"\x40\x00\x011");
    client.expect("250");
}

#[rstest]
#[case::blocks(&["MODE B"], b"\x00\x00\x03abc", b"abc", "426")]
#[case::half_a_block(&["MODE B"], b"\x40\x00\x03ab", b"ab", "426")]
#[case::compressed(&["MODE C"], b"\x03abc", b"abc", "426")]
#[case::records(&["TYPE A", "STRU R"], b"abc\xFF\x01", b"abc\n", "426")]
#[case::no_descriptor(&["MODE B"], b"\x00\x00\x01a\x01", b"a", "426")]
#[case::page_type(&["STRU P"], b"\x04\x07\x02\x09", b"FTPPAGE\x08", "551")]
fn a_file_that_is_cut_short_is_no_success(
    #[case] parameters: &[&str],
    #[case] wire: &[u8],
    #[case] local: &[u8],
    #[case] code: &str,
) {
    let (server, mut client, mut data) = begun(parameters);
    client.say_all(&[("STOR file", "150")]);
    data.write_all(wire).unwrap();
    drop(data);
    client.expect(code);
    // What came is kept, as it is when a connection breaks.
    assert_eq!(std::fs::read(server.root().join("file")).unwrap(), local);
}

/// RFC 1123 §4.1.3.4, with a marker between CR and LF.
#[test]
fn an_upload_goes_on_at_a_marker() {
    let (server, mut client, mut data) = begun(&["TYPE A", "MODE B"]);
    client.say_all(&[("STOR file", "150")]);
    data.write_all(b"\x00\x00\x04one\r\x10\x00\x06abc123\x00\x00\x05\nlost").unwrap();
    client.expect("110 MARK abc123 = 3c\r\n");
    drop(data);
    client.expect("426");
    let mut data = client.open_passive();
    client.say_all(&[("REST 3c", "350"), ("STOR file", "150")]);
    data.write_all(b"\x40\x00\x04\ntwo").unwrap();
    client.expect("250");
    assert_eq!(std::fs::read(server.root().join("file")).unwrap(), b"one\ntwo");
}

#[test]
fn a_download_goes_on_at_a_marker() {
    const MARKED: usize = 1 << 20;
    let server = Server::start();
    let body: Vec<u8> = (0..=250).cycle().take(MARKED + 3).collect();
    std::fs::write(server.root().join("file"), &body).unwrap();
    let mut client = server.login();
    set(&mut client, &["MODE B"]);
    let mut data = client.open_passive();
    client.say_all(&[("RETR file", "150")]);
    let (mut got, mut marker) = (Vec::new(), Vec::new());
    loop {
        let header = exactly(&mut data, 3);
        let block = exactly(&mut data, usize::from(u16::from_be_bytes([header[1], header[2]])));
        match header[0] {
            0 => got.extend(block),
            16 => marker = block,
            64 => {
                got.extend(block);
                break;
            }
            other => panic!("descriptor {other}"),
        }
    }
    assert!(got == body);
    assert_eq!(marker, b"1048576");
    client.expect("250");
    client.say_all(&[("REST 1048576", "350"), ("RETR file", "125")]);
    assert_eq!(exactly(&mut data, 6), [b"\x40\x00\x03".as_slice(), &body[MARKED..]].concat());
    client.expect("250");
}

#[rstest]
#[case::ebcdic(&["TYPE E"], b"\x99\x96\x82\x96\xA3\xA2\x4B\xA3\xA7\xA3\x15")]
#[case::records(&["TYPE A", "STRU R"], b"robots.txt\xFF\x01\xFF\x02")]
#[case::blocks(&["TYPE I", "MODE B"], b"\x40\x00\x0Crobots.txt\r\n")]
#[case::compressed(&["TYPE A", "MODE C"], b"\x00\x40\x0Crobots.txt\r\n")]
#[case::pages(&["STRU P"], b"robots.txt\r\n")]
#[case::deflated(&["MODE Z", "OPTS MODE Z LEVEL 0"], b"\x78\x01\x01\x0C\x00\xF3\xFFrobots.txt\r\n")]
fn listings(#[case] parameters: &[&str], #[case] wire: &[u8]) {
    let (_server, mut client, mut data) = begun(parameters);
    client.say_all(&[("NLST", "150")]);
    assert_eq!(exactly(&mut data, wire.len()), wire);
    client.expect("2");
}

/// RFC 3659 §7.2 has MODE S for MLSD, and draft-preston-ftpext-deflate §3.1 has MODE Z for all transfers.
#[rstest]
#[case::blocks("MODE B", b"Type=")]
#[case::deflated("MODE Z", b"\x78\x9C")]
fn facts(#[case] mode: &str, #[case] front: &[u8]) {
    let server = Server::start();
    let mut client = server.login();
    set(&mut client, &["TYPE A", "STRU R", mode]);
    let mut data = client.open_passive();
    client.say_all(&[("MLSD", "150")]);
    assert!(exactly(&mut data, front.len()).eq_ignore_ascii_case(front));
    let mut rest = Vec::new();
    data.read_to_end(&mut rest).unwrap();
    client.expect("226");
}

/// A client that sends markers and reads no replies can be stopped all the same.
#[test]
fn abor_among_many_markers() {
    let (_server, mut client, mut data) = begun(&["MODE B"]);
    client.say_all(&[("STOR file", "150")]);
    let markers = b"\x10\x00\x01m".repeat(500);
    data.write_all(&markers).unwrap();
    client.send(b"ABOR\r\n");
    let mut codes = Vec::new();
    while codes.last().map(String::as_str) != Some("226") {
        codes.push(client.reply()[..3].to_owned());
    }
    codes.retain(|code| code != "110");
    assert_eq!(codes, ["426", "226"]);
    // The server is gone from the connection.
    data.set_nonblocking(false).unwrap();
    let closed = data.read(&mut [0]).map_err(|error| error.kind());
    assert!(matches!(closed, Ok(0) | Err(ErrorKind::ConnectionReset)), "{closed:?}");
}

/// A stored block of RFC 1951 shows its data: the header, the last block, its length and the complement of it, the data, and the
/// checksum of RFC 1950.
const AB_LINES: &[u8] = b"\x78\x01\x01\x06\x00\xF9\xFFa\r\nb\r\n\x03\xFF\x00\xF2";

/// draft-preston-ftpext-deflate §3.2: the end of the compressed stream is that of the file, and the connection is closed then.
#[rstest]
#[case::image(&["TYPE I"], b"\x78\x01\x01\x02\x00\xFD\xFFab\x01\x26\x00\xC4", b"ab")]
#[case::text(&["TYPE A"], AB_LINES, b"a\nb\n")]
#[case::ebcdic(&["TYPE E"], b"\x78\x01\x01\x04\x00\xFB\xFF\xC1\xF1\x40\x15\x06\x70\x02\x08", b"A1 \n")]
#[case::records(&["TYPE A", "STRU R"], b"\x78\x01\x01\x0A\x00\xF5\xFFa\xFF\x01\xFF\x01b\xFF\x01\xFF\x02\x1B\xBB\x04\xC5", b"a\n\nb\n")]
#[case::empty(&["TYPE I"], b"\x78\x9C\x03\x00\x00\x00\x00\x01", b"")]
fn a_deflated_file_goes_there_and_back(#[case] parameters: &[&str], #[case] wire: &[u8], #[case] local: &[u8]) {
    let server = Server::start();
    let mut client = server.login();
    set(&mut client, parameters);
    set(&mut client, &["MODE Z", "OPTS MODE Z LEVEL 0"]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR file", "150")]);
    data.write_all(wire).unwrap();
    client.expect("226");
    assert!(is_at_end(&mut data));
    assert_eq!(std::fs::read(server.root().join("file")).unwrap(), local);
    let mut data = client.open_passive();
    client.say_all(&[("RETR file", "150")]);
    let mut came = Vec::new();
    data.read_to_end(&mut came).unwrap();
    client.expect("226");
    if local.is_empty() {
        assert_eq!(came, b"\x78\x01\x01\x00\x00\xFF\xFF\x00\x00\x00\x01");
    } else {
        assert_eq!(came, wire);
    }
}

#[rstest]
#[case::nothing(b"", b"")]
#[case::no_checksum(b"\x78\x01\x01\x02\x00\xFD\xFFab", b"ab")]
#[case::no_data(b"\x78\x01\x01\x02\x00\xFD\xFFa", b"a")]
#[case::wrong_checksum(b"\x78\x01\x01\x02\x00\xFD\xFFab\x01\x26\x00\xC5", b"")]
#[case::no_zlib(b"ab", b"")]
fn a_deflated_file_that_is_cut_short_is_no_success(#[case] wire: &[u8], #[case] local: &[u8]) {
    let server = Server::start();
    let mut client = server.login();
    set(&mut client, &["MODE Z"]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR file", "150")]);
    data.write_all(wire).unwrap();
    drop(data);
    client.expect("426");
    assert_eq!(std::fs::read(server.root().join("file")).unwrap(), local);
}

/// What is inflated meets the quota as any octets do, and none of it is kept beside.
#[test]
fn a_bomb_meets_the_quota() {
    let server = Server::with(&["--quota", "1000000"]);
    let mut client = server.login();
    set(&mut client, &["MODE Z"]);
    let zeros =
        Parameters { representation: Type::Image, mode: Mode::Deflate(Level::default()), ..Parameters::default() };
    let (mut sender, mut wire) = (Sender::new(zeros, Position::default()).unwrap(), Vec::new());
    (0..64).for_each(|_| sender.send(&vec![0; 1 << 20], &mut wire).unwrap());
    sender.finish(&mut wire).unwrap();
    assert!(wire.len() < 100_000);
    let mut data = client.open_passive();
    client.say_all(&[("STOR file", "150")]);
    data.write_all(&wire).unwrap();
    client.expect("552");
    let stored = std::fs::metadata(server.root().join("file")).unwrap().len();
    assert!((900_000..=1_000_000).contains(&stored), "{stored}");
}

/// draft-preston-ftpext-deflate §3.7: REST counts what is compressed, and the rest is a stream of its own.
#[test]
fn a_deflated_file_goes_on() {
    let server = Server::start();
    let mut client = server.login();
    std::fs::write(server.root().join("file"), "ab").unwrap();
    set(&mut client, &["MODE Z", "OPTS MODE Z LEVEL 0"]);
    let mut data = client.open_passive();
    client.say_all(&[("REST 1", "350"), ("RETR file", "150")]);
    let mut came = Vec::new();
    data.read_to_end(&mut came).unwrap();
    assert_eq!(came, b"\x78\x01\x01\x01\x00\xFE\xFFb\x00\x63\x00\x63");
    client.expect("226");
    let mut data = client.open_passive();
    client.say_all(&[("REST 1", "350"), ("STOR file", "150")]);
    data.write_all(AB_LINES).unwrap();
    client.expect("226");
    assert_eq!(std::fs::read(server.root().join("file")).unwrap(), b"aa\r\nb\r\n");
    // In TYPE A a line end is two octets, and the place may be between them.
    set(&mut client, &["TYPE A"]);
    std::fs::write(server.root().join("file"), "a\nb\n").unwrap();
    let mut data = client.open_passive();
    client.say_all(&[("REST 3", "350"), ("RETR file", "150")]);
    let mut came = Vec::new();
    data.read_to_end(&mut came).unwrap();
    assert_eq!(came.get(7..came.len() - 4), Some(b"b\r\n".as_slice()));
    client.expect("226");
}
