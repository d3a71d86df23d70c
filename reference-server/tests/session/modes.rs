//! TYPE, STRU and MODE over real sockets. The octets of the wire are typed from RFC 959 §3.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

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
fn listings(#[case] parameters: &[&str], #[case] wire: &[u8]) {
    let (_server, mut client, mut data) = begun(parameters);
    client.say_all(&[("NLST", "150")]);
    assert_eq!(exactly(&mut data, wire.len()), wire);
    client.expect("2");
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
