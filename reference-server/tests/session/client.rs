//! A server of its own for each test, and a client that sees every octet.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

/// How long a reply may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What nobody may get to see: the environment of the server has it, and what is outside of its root.
pub(crate) const SECRET: &str = "nobody-may-see-this-5c2a";

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_reference-server");

/// A server process; it ends with the test.
pub(crate) struct Server {
    child: Child,
    messages: BufReader<ChildStderr>,
    pub(crate) address: SocketAddr,
    implicit: Option<SocketAddr>,
    root: PathBuf,
    /// Where a root of its own is; it goes with the server.
    own: Option<TempDir>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With `--memory` the root is not served.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let own = tempfile::tempdir().unwrap();
        std::fs::write(own.path().join("robots.txt"), "User-agent: *\nDisallow: /\n").unwrap();
        let mut server = Self::serving(own.path(), arguments);
        server.own = Some(own);
        server
    }

    /// One that serves this directory, and is itself in the directory above.
    pub(crate) fn serving(root: &Path, arguments: &[&str]) -> Self {
        Self::launched(Command::new(PROGRAM), root, arguments)
    }

    /// The same, by a command that begins otherwise.
    pub(crate) fn launched(mut launcher: Command, root: &Path, arguments: &[&str]) -> Self {
        let mut served: Vec<&OsStr> = vec!["-root".as_ref(), root.as_os_str()];
        if arguments.contains(&"--memory") {
            served.clear();
        }
        let mut child = launcher
            .args(["-port", "0"])
            .args(served)
            .args(["--site", "ftp.ssast.org", "--user", "u:p"])
            .args(arguments)
            .current_dir(root.parent().unwrap())
            .env("SECRET", SECRET)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        messages.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        let implicit = arguments.contains(&"--tls-port").then(|| {
            let mut line = String::new();
            messages.read_line(&mut line).unwrap();
            line.split([' ', ',']).nth(2).unwrap().parse().unwrap()
        });
        Self { child, messages, address, implicit, root: root.to_owned(), own: None }
    }

    /// Where TLS begins at once, with `--tls-port`.
    pub(crate) fn implicit_address(&self) -> SocketAddr {
        self.implicit.unwrap()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::TERM).unwrap();
    }

    /// Sends SIGKILL, and waits until the process is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The next line that it says on standard error.
    pub(crate) fn message(&mut self) -> String {
        let mut line = String::new();
        self.messages.read_line(&mut line).unwrap();
        line
    }

    /// What it says on standard error until its end.
    pub(crate) fn rest_of_messages(&mut self) -> String {
        let mut rest = String::new();
        self.messages.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Waits until the process has ended by itself.
    pub(crate) fn exit(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// A client that has read the greeting.
    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Client { replies: BufReader::new(stream.try_clone().unwrap()), stream };
        assert_eq!(client.reply(), "220 ftp.ssast.org FTP server ready.\r\n");
        client
    }

    /// A client that is logged in, in TYPE I.
    pub(crate) fn login(&self) -> Client {
        let mut client = self.connect();
        client.say_all(&[("USER u", "331"), ("PASS p", "230"), ("TYPE I", "200")]);
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that is gone already has failed a test by other means.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(self.own.take());
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    replies: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn send(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).unwrap();
    }

    /// One reply, all its lines. Empty at the end of the connection.
    pub(crate) fn reply(&mut self) -> String {
        let mut reply = String::new();
        let mut first = String::new();
        loop {
            let mut line = String::new();
            self.replies.read_line(&mut line).unwrap();
            if first.is_empty() {
                first.push_str(line.get(..3).unwrap_or_default());
            }
            reply.push_str(&line);
            let is_last = line.is_empty() || line.starts_with(&format!("{first} "));
            if is_last {
                return reply;
            }
        }
    }

    pub(crate) fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    pub(crate) fn say_all(&mut self, dialogue: &[(&str, &str)]) {
        for (line, code) in dialogue {
            let reply = self.say(line);
            assert!(reply.starts_with(code), "{line}: {reply}");
        }
    }

    pub(crate) fn expect(&mut self, code: &str) {
        let reply = self.reply();
        assert!(reply.starts_with(code), "{code} was expected: {reply}");
    }

    /// Exactly so many octets that are no reply.
    pub(crate) fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        self.replies.read_exact(&mut octets).unwrap();
        octets
    }

    /// Where PASV says that the server listens.
    pub(crate) fn passive(&mut self) -> SocketAddr {
        let reply = self.say("PASV");
        let numbers = reply.trim_end().strip_prefix("227 Entering Passive Mode (").unwrap().strip_suffix(')').unwrap();
        let numbers: Vec<u8> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
        let port = u16::from_be_bytes([numbers[4], numbers[5]]);
        SocketAddr::from(([numbers[0], numbers[1], numbers[2], numbers[3]], port))
    }

    /// A data connection by PASV, made before the transfer command.
    pub(crate) fn open_passive(&mut self) -> TcpStream {
        let stream = TcpStream::connect(self.passive()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A port for a data connection by PORT.
    pub(crate) fn open_active(&mut self) -> TcpListener {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let [high, low] = listener.local_addr().unwrap().port().to_be_bytes();
        assert_eq!(self.say(&format!("PORT 127,0,0,1,{high},{low}")), "200 PORT command successful.\r\n");
        listener
    }

    pub(crate) fn retrieve(&mut self, name: &str) -> Vec<u8> {
        let data = self.open_passive();
        self.say_all(&[(&format!("RETR {name}"), "150")]);
        let octets = read_all(data);
        self.expect("226");
        octets
    }

    pub(crate) fn store(&mut self, command: &str, octets: &[u8]) {
        let mut data = self.open_passive();
        self.say_all(&[(command, "150")]);
        data.write_all(octets).unwrap();
        drop(data);
        self.expect("226");
    }
}

/// Exactly so many octets.
pub(crate) fn exactly(data: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut octets = vec![0; count];
    data.read_exact(&mut octets).unwrap();
    octets
}

/// A connection that does not come from the host of the clients.
pub(crate) fn from_another_host(address: SocketAddr) -> TcpStream {
    let stranger = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    stranger.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
    stranger.connect(&address.into()).unwrap();
    stranger.into()
}

pub(crate) fn read_all(mut data: impl Read) -> Vec<u8> {
    let mut octets = Vec::new();
    data.read_to_end(&mut octets).unwrap();
    octets
}

/// Whether the server closed. A connection that it had not taken yet, or had not read to the end, is reset.
pub(crate) fn is_at_end(data: &mut TcpStream) -> bool {
    match data.read(&mut [0; 1]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}
