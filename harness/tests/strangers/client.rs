//! As much of a client as these tests need; every reply must be the one that makes it go on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// No server may keep a test waiting for longer.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    control: BufReader<TcpStream>,
}

impl Client {
    /// Connects, logs in, and says TYPE I.
    pub(crate) fn login(server: SocketAddr, user: &str, password: &str) -> Self {
        let control = TcpStream::connect(server).unwrap();
        control.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Self { control: BufReader::new(control) };
        client.expect("220");
        client.command(&format!("USER {user}"), "331");
        client.command(&format!("PASS {password}"), "230");
        client.command("TYPE I", "200");
        client
    }

    pub(crate) fn retrieve_passive(&mut self, name: &str) -> Vec<u8> {
        let data = self.passive();
        self.say(&format!("RETR {name}"));
        self.take(data)
    }

    pub(crate) fn retrieve_active(&mut self, name: &str) -> Vec<u8> {
        let listener = self.active();
        self.say(&format!("RETR {name}"));
        self.take(listener.accept().unwrap().0)
    }

    pub(crate) fn store_passive(&mut self, name: &str, body: &[u8]) {
        let data = self.passive();
        self.say(&format!("STOR {name}"));
        self.give(data, body);
    }

    pub(crate) fn store_active(&mut self, name: &str, body: &[u8]) {
        let listener = self.active();
        self.say(&format!("STOR {name}"));
        self.give(listener.accept().unwrap().0, body);
    }

    pub(crate) fn quit(mut self) {
        self.command("QUIT", "221");
    }

    fn passive(&mut self) -> TcpStream {
        let reply = self.command("PASV", "227");
        let numbers = reply.rsplit_once('(').unwrap().1.split_once(')').unwrap().0;
        let numbers: Vec<u16> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
        let data = TcpStream::connect(("127.0.0.1", numbers[4] * 256 + numbers[5])).unwrap();
        data.set_read_timeout(Some(PATIENCE)).unwrap();
        data
    }

    fn active(&mut self) -> TcpListener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        self.command(&format!("PORT 127,0,0,1,{},{}", port / 256, port % 256), "200");
        listener
    }

    fn take(&mut self, mut data: TcpStream) -> Vec<u8> {
        let mut body = Vec::new();
        data.read_to_end(&mut body).unwrap();
        // ProFTPD waits for this end of the connection before it says 226.
        drop(data);
        self.expect_transfer();
        body
    }

    fn give(&mut self, mut data: TcpStream, body: &[u8]) {
        data.write_all(body).unwrap();
        drop(data);
        self.expect_transfer();
    }

    fn expect_transfer(&mut self) {
        let first = self.reply();
        assert!(first.starts_with("150") || first.starts_with("125"), "{first}");
        self.expect("226");
    }

    fn command(&mut self, line: &str, code: &str) -> String {
        self.say(line);
        self.expect(code)
    }

    fn say(&mut self, line: &str) {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    fn expect(&mut self, code: &str) -> String {
        let reply = self.reply();
        assert!(reply.starts_with(code), "{code} is wanted, not {reply}");
        reply
    }

    /// The last line of the next reply (RFC 959 §4.2: its code is followed by a space).
    fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.control.read_line(&mut line).unwrap() > 0, "the server closed the connection");
            if line.get(..3).is_some_and(|code| code.parse::<u16>().is_ok()) && line.get(3..4) == Some(" ") {
                return line;
            }
        }
    }
}
