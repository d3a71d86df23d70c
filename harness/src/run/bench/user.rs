//! A user that does no more than is measured.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;
use crate::subject::Login;
use crate::wire::address::host_port;

/// A control connection.
#[derive(Debug)]
pub(super) struct User {
    control: TcpStream,
    replies: BufReader<TcpStream>,
}

/// The longest reply.
const LONGEST: usize = 1 << 20;

impl User {
    /// Connects, and reads the greeting.
    pub(super) fn connect(address: SocketAddr) -> io::Result<Self> {
        let control = TcpStream::connect(address)?;
        control.set_nodelay(true)?;
        control.set_read_timeout(Some(PATIENCE))?;
        let mut user = Self { replies: BufReader::new(control.try_clone()?), control };
        user.expect("the greeting", b'2')?;
        Ok(user)
    }

    /// Connects and logs in, in TYPE I.
    pub(super) fn login(address: SocketAddr, login: &Login) -> io::Result<Self> {
        let mut user = Self::connect(address)?;
        let (code, _) = user.ask(&format!("USER {}", login.user))?;
        if code == 331 {
            user.say(&format!("PASS {}", login.password), b'2')?;
        }
        for line in login.after.iter().map(String::as_str).chain(["TYPE I"]) {
            user.say(line, b'2')?;
        }
        Ok(user)
    }

    /// Says a line. Gives the code of the reply and its last line.
    fn ask(&mut self, line: &str) -> io::Result<(u16, Vec<u8>)> {
        self.control.write_all(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// Says a line, and wants a reply of this class.
    pub(super) fn say(&mut self, line: &str, class: u8) -> io::Result<Vec<u8>> {
        self.control.write_all(format!("{line}\r\n").as_bytes())?;
        let verb = line.split(' ').next().unwrap_or_default().to_owned();
        self.expect(&verb, class)
    }

    /// Wants a reply of this class.
    pub(super) fn expect(&mut self, to: &str, class: u8) -> io::Result<Vec<u8>> {
        let (_, line) = self.reply()?;
        if line.first() == Some(&class) {
            return Ok(line);
        }
        let said = String::from_utf8_lossy(&line).trim_end().to_owned();
        Err(io::Error::other(format!("the reply to {to} was {said}")))
    }

    /// Connects for data: PASV, and the connection.
    pub(super) fn passive(&mut self) -> io::Result<TcpStream> {
        let reply = self.say("PASV", b'2')?;
        let address = host_port(reply.get(4..).unwrap_or_default())
            .ok_or_else(|| io::Error::other("there is no address in the reply to PASV"))?;
        let data = TcpStream::connect(SocketAddr::new(self.control.peer_addr()?.ip(), address.port()))?;
        data.set_read_timeout(Some(PATIENCE))?;
        data.set_write_timeout(Some(PATIENCE))?;
        Ok(data)
    }

    fn reply(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let first = self.line()?;
        let code = first.get(..3).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
        let code: u16 = code.ok_or_else(|| io::Error::other("a reply without a code"))?;
        if first.get(3) != Some(&b'-') {
            return Ok((code, first));
        }
        let end = format!("{code} ").into_bytes();
        let mut length = 0;
        loop {
            let line = self.line()?;
            length += line.len();
            if line.starts_with(&end) {
                return Ok((code, line));
            }
            if length > LONGEST {
                return Err(io::Error::other("a reply without an end"));
            }
        }
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        io::Read::take(&mut self.replies, LONGEST as u64).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line)
    }
}
