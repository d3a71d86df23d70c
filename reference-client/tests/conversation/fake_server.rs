//! A server that is a closure: it says and hears what the test says, on free loopback ports, in a thread.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use assert_cmd::Command;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Nothing in these tests takes so long. It ends a test that would otherwise hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server does on one control connection.
pub(crate) type Part = Box<dyn FnOnce(&mut Peer) + Send>;

/// The server of one test.
pub(crate) struct FakeServer {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<()>,
}

impl FakeServer {
    /// Takes one control connection and plays `part` on it.
    pub(crate) fn play(part: impl FnOnce(&mut Peer) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || {
            let (control, _) = listener.accept().unwrap();
            part(&mut Peer::new(control));
        });
        Self { address, thread }
    }

    /// Takes one control connection after another, and plays `part` on each.
    pub(crate) fn play_again(parts: Vec<Part>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || {
            for part in parts {
                let (control, _) = listener.accept().unwrap();
                part(&mut Peer::new(control));
            }
        });
        Self { address, thread }
    }

    /// Fails the test where the part failed.
    pub(crate) fn end(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// A connection, in clear or under TLS.
pub(crate) enum Stream {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Ends TLS as it should be ended.
    pub(crate) fn announce_end(&mut self) {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// The certificate of a test, for 127.0.0.1, and what a server makes of it.
pub(crate) struct Identity {
    pub(crate) pem: String,
    pub(crate) configuration: Arc<ServerConfig>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let configuration = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        Self { pem: made.cert.pem(), configuration: Arc::new(configuration) }
    }

    /// TLS as the server of it. The handshake goes on with what is read and written.
    pub(crate) fn secure(&self, stream: TcpStream) -> Stream {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let connection = ServerConnection::new(Arc::clone(&self.configuration)).unwrap();
        Stream::Tls(Box::new(StreamOwned::new(connection, stream)))
    }
}

/// The server's end of the control connection.
pub(crate) struct Peer {
    control: BufReader<Stream>,
}

impl Peer {
    fn new(control: TcpStream) -> Self {
        control.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { control: BufReader::new(Stream::Clear(control)) }
    }

    /// Begins TLS. Nothing of it has been read yet.
    pub(crate) fn begin_tls(&mut self, identity: &Identity) {
        assert!(self.control.buffer().is_empty(), "the client waits for the reply to AUTH");
        let stream = self.control.get_ref().socket().try_clone().unwrap();
        self.control = BufReader::new(identity.secure(stream));
    }

    /// Octets that are no line.
    pub(crate) fn say_octets(&mut self, octets: &[u8]) {
        self.control.get_mut().write_all(octets).unwrap();
    }

    /// Hears all that still comes, until the client closes.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // How it ends, and whether by a reset, is not looked at.
        let _ = self.control.read_to_end(&mut rest);
        rest.escape_ascii().to_string()
    }

    pub(crate) fn say(&mut self, lines: &str) {
        self.control.get_mut().write_all(format!("{lines}\r\n").as_bytes()).unwrap();
    }

    pub(crate) fn hear(&mut self, expected: &str) {
        assert_eq!(self.line(), expected);
    }

    /// Hears a command and answers it.
    pub(crate) fn answer(&mut self, command: &str, reply: &str) {
        self.hear(command);
        self.say(reply);
    }

    /// Urgent data are read where they stand among the others.
    pub(crate) fn take_urgent_data_inline(&mut self) {
        socket2::SockRef::from(self.control.get_ref().socket()).set_out_of_band_inline(true).unwrap();
    }

    /// The next line, which must end with CR LF; empty at the end of the connection.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.control.read_until(b'\n', &mut line).unwrap();
        if line.is_empty() {
            return String::new();
        }
        line.strip_suffix(b"\r\n").expect("a line ends with CR LF").escape_ascii().to_string()
    }

    /// Greets and lets `u` in with the password `sesame`.
    pub(crate) fn log_in(&mut self) {
        self.say("220 ready");
        self.answer("USER u", "331 password");
        self.answer("PASS sesame", "230 in");
    }

    /// Answers PASV; the data connection is expected at what is returned.
    pub(crate) fn answer_pasv(&mut self) -> TcpListener {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        self.answer("PASV", &format!("227 Entering Passive Mode (127,0,0,1,{},{})", port >> 8, port & 255));
        listener
    }

    /// Hears PORT and answers it; returns where the client listens. EPRT, which comes before it, is not known here.
    pub(crate) fn answer_port(&mut self) -> SocketAddr {
        let mut line = self.line();
        if line.starts_with("EPRT ") {
            self.say("500 what?");
            line = self.line();
        }
        let numbers = line.strip_prefix("PORT 127,0,0,1,").expect("PORT with the address of the client");
        let (high, low) = numbers.split_once(',').unwrap();
        let port = high.parse::<u16>().unwrap() * 256 + low.parse::<u16>().unwrap();
        self.say("200 PORT");
        (Ipv4Addr::LOCALHOST, port).into()
    }

    /// The client neither says anything nor closes for so long.
    pub(crate) fn is_open_for(&mut self, silence: Duration) {
        self.control.get_ref().socket().set_read_timeout(Some(silence)).unwrap();
        let error = self.control.read(&mut [0]).expect_err("the client neither speaks nor closes");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }

    /// Waits until the client closes.
    pub(crate) fn until_closed(&mut self) {
        let mut rest = Vec::new();
        self.control.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.escape_ascii().to_string(), "");
    }
}

/// All that comes on a data connection.
pub(crate) fn take_all(mut data: TcpStream) -> Vec<u8> {
    data.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut all = Vec::new();
    data.read_to_end(&mut all).unwrap();
    all
}

/// The program, to be run in a directory with this on standard input.
pub(crate) fn client(directory: &Path, input: &str) -> Command {
    let mut command = Command::cargo_bin("reference-client").unwrap();
    command.current_dir(directory).write_stdin(input).timeout(PATIENCE);
    command
}

/// What the program takes to log in there.
pub(crate) fn url(server: &FakeServer) -> String {
    format!("ftp://u:sesame@{}", server.address)
}
