//! A session in which anything may be said, and every octet that comes back is kept.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::client::Server;

const PATIENCE: Duration = Duration::from_secs(20);
/// No other command is answered so. It shows that all before it is answered, however many commands that was.
const MARK: (&str, &[u8]) = ("SITE IDLE 777\r\n", b"200 The idle limit is 777 seconds.\r\n");

pub(crate) struct Dialogue {
    stream: TcpStream,
    replies: BufReader<TcpStream>,
}

impl Dialogue {
    /// Logged in as a user who may write, in TYPE I.
    pub(crate) fn begin(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut dialogue = Self { replies: BufReader::new(stream.try_clone().unwrap()), stream };
        let heard = dialogue.exchange(b"USER u\r\nPASS p\r\nTYPE I");
        assert!(heard.starts_with(b"220 "), "{}", heard.escape_ascii());
        dialogue
    }

    /// Says it; returns all replies, and all octets of a data connection.
    pub(crate) fn exchange(&mut self, line: &[u8]) -> Vec<u8> {
        let mut data = None;
        let is_transfer = ["RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"]
            .iter()
            .any(|verb| line.windows(4).any(|octets| octets == verb.as_bytes()));
        if is_transfer {
            data = Some(self.open_data());
        }
        self.stream.write_all(&[line, b"\r\n", MARK.0.as_bytes()].concat()).unwrap();
        self.hear(line, data)
    }

    fn hear(&mut self, line: &[u8], mut data: Option<TcpStream>) -> Vec<u8> {
        let mut heard = Vec::new();
        loop {
            let mut reply = Vec::new();
            let end = self.replies.read_until(b'\n', &mut reply);
            assert!(end.is_ok(), "{end:?} behind {}: {}", line.escape_ascii(), heard.escape_ascii());
            assert!(!reply.is_empty(), "the session ended: {}", line.escape_ascii());
            // An option of Telnet is refused, with three octets before the reply.
            while reply.starts_with(b"\xff") {
                heard.extend(reply.drain(..3));
            }
            if reply == MARK.1 {
                return heard;
            }
            heard.extend_from_slice(&reply);
            if reply.starts_with(b"150 ")
                && let Some(data) = data.take()
            {
                heard.extend(transferred(data));
            }
        }
    }

    fn open_data(&mut self) -> TcpStream {
        self.stream.write_all(b"PASV\r\n").unwrap();
        let mut reply = String::new();
        self.replies.read_line(&mut reply).unwrap();
        let numbers = reply.split(['(', ')']).nth(1).unwrap();
        let numbers: Vec<u8> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
        let port = u16::from_be_bytes([numbers[4], numbers[5]]);
        let data = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
        data.set_read_timeout(Some(PATIENCE)).unwrap();
        data
    }
}

/// Sends a little and reads what comes: one of the two is what the server wants. A connection that is closed with octets unread is
/// reset, and what came before is heard all the same.
fn transferred(mut data: TcpStream) -> Vec<u8> {
    let mut octets = Vec::new();
    let result = data
        .write_all(b"written\n")
        .and_then(|()| data.shutdown(Shutdown::Write))
        .and_then(|()| data.read_to_end(&mut octets));
    match result {
        Ok(_) => {}
        Err(error)
            if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::NotConnected) => {
        }
        Err(error) => panic!("{error}"),
    }
    octets
}
