//! The server, a process of its own, and a client of it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server process; it ends with this.
pub(super) struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    pub(super) fn start(root: &Path, options: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_reference-server"))
            .args(["--port", "0", "--user", "u:p", "--root"])
            .arg(root)
            .args(options)
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(messages) = &mut child.stderr {
            BufReader::new(messages).read_line(&mut line)?;
        }
        let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
        let address = address.ok_or_else(|| io::Error::other(format!("the server says {line:?}")))?;
        Ok(Self { child, address })
    }

    /// A connection that says nothing.
    pub(super) fn connect(&self) -> io::Result<TcpStream> {
        let control = TcpStream::connect(self.address)?;
        control.set_nodelay(true)?;
        Ok(control)
    }

    pub(super) fn greeted(&self) -> io::Result<Client<TcpStream>> {
        let mut client = Client::new(self.connect()?, self.address);
        client.expect("220")?;
        Ok(client)
    }

    /// Somebody who is logged in, in TYPE I.
    pub(super) fn login(&self) -> io::Result<Client<TcpStream>> {
        let mut client = self.greeted()?;
        client.login()?;
        Ok(client)
    }

    /// How long it has computed, in ticks of the system, the threads that are gone too.
    pub(super) fn ticks(&self) -> io::Result<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program, in brackets, may hold blanks. Behind it come the fields from the third on.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        Ok(fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum())
    }

    /// A field of `/proc/PID/status`, in KiB.
    pub(super) fn memory(&self, field: &str) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        number.ok_or_else(|| io::Error::other(format!("no {field} in {status}")))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A control connection, in clear or not.
pub(super) struct Client<W: Read + Write> {
    pub(super) control: BufReader<W>,
    server: SocketAddr,
}

impl<W: Read + Write> Client<W> {
    pub(super) fn new(control: W, server: SocketAddr) -> Self {
        Self { control: BufReader::new(control), server }
    }

    /// The same over something else, as under TLS.
    pub(super) fn over<T: Read + Write>(self, change: impl FnOnce(W) -> io::Result<T>) -> io::Result<Client<T>> {
        let server = self.server;
        Ok(Client::new(change(self.control.into_inner())?, server))
    }

    pub(super) fn login(&mut self) -> io::Result<()> {
        for (line, code) in [("USER u", "331"), ("PASS p", "230"), ("TYPE I", "200")] {
            self.say(line, code)?;
        }
        Ok(())
    }

    pub(super) fn expect(&mut self, code: &str) -> io::Result<String> {
        let mut line = String::new();
        self.control.read_line(&mut line)?;
        if line.starts_with(code) { Ok(line) } else { Err(io::Error::other(format!("{code} was expected: {line}"))) }
    }

    pub(super) fn say(&mut self, line: &str, code: &str) -> io::Result<String> {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.expect(code)
    }

    /// Says a transfer command; returns the data connection.
    pub(super) fn begin(&mut self, command: &str) -> io::Result<TcpStream> {
        let reply = self.say("EPSV", "229")?;
        let port = reply.split('|').nth(3).and_then(|port| port.parse::<u16>().ok());
        let port = port.ok_or_else(|| io::Error::other(format!("no port in {reply}")))?;
        let data = TcpStream::connect((self.server.ip(), port))?;
        self.say(command, "150")?;
        Ok(data)
    }
}

/// Reads to the end; returns how many octets came.
pub(super) fn drain(mut data: impl Read) -> io::Result<u64> {
    let (mut octets, mut piece) = (0, vec![0; 256 << 10]);
    loop {
        match data.read(&mut piece)? {
            0 => return Ok(octets),
            length => octets += length as u64,
        }
    }
}
