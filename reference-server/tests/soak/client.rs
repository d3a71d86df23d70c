//! A client of its own, in clear or under TLS.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use protocol::Mode;
use protocol::restart::Position;
use protocol::transfer::{Parameters, Progress, Receiver, Sender, Stored};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::SockRef;

use super::server::{PATIENCE, Server};

/// A connection.
pub(super) enum Wire {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    fn secured(stream: TcpStream, configuration: &Arc<ClientConfig>) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(configuration), name).unwrap(), stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        Self::Tls(Box::new(stream))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// What was said and not read is thrown away, on both sides.
    pub(super) fn reset(self) {
        SockRef::from(self.socket()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Says that no more comes.
    fn close(mut self) {
        if let Self::Tls(stream) = &mut self {
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// How a data connection comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Passive,
    Active,
}

/// Somebody who is logged in.
pub(super) struct Client {
    control: BufReader<Wire>,
    tls: Option<Arc<ClientConfig>>,
    parameters: Parameters,
    pub(super) route: Route,
}

impl Client {
    /// Under TLS where there is a configuration for it.
    pub(super) fn login(server: &Server, tls: Option<Arc<ClientConfig>>) -> Self {
        let stream = connected(server.address);
        stream.set_nodelay(true).unwrap();
        let parameters = Parameters::default();
        let control = BufReader::with_capacity(512, Wire::Clear(stream));
        let mut client = Self { control, tls, parameters, route: Route::Passive };
        client.expect("220");
        if let Some(configuration) = client.tls.clone() {
            client.say_all(&[("AUTH TLS", "234")]);
            let stream = client.control.get_ref().socket().try_clone().unwrap();
            client.control = BufReader::with_capacity(512, Wire::secured(stream, &configuration));
            client.say_all(&[("PBSZ 0", "200"), ("PROT P", "200")]);
        }
        client.say_all(&[("USER u", "331"), ("PASS p", "230")]);
        client
    }

    /// QUIT, and the end of the connection.
    pub(super) fn quit(mut self) {
        self.say_all(&[("QUIT", "221")]);
        assert_eq!(self.reply(), "", "something was said behind 221");
    }

    /// Leaves without a word.
    pub(super) fn vanish(self, is_reset: bool) {
        let wire = self.control.into_inner();
        if is_reset {
            wire.reset();
        }
    }

    pub(super) fn send(&mut self, octets: &[u8]) {
        self.control.get_mut().write_all(octets).unwrap();
    }

    /// One reply, all its lines. Empty at the end of the connection.
    pub(super) fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let begin = reply.len();
            self.control.read_line(&mut reply).unwrap();
            let (line, code) = (&reply[begin..], &reply[..reply.len().min(3)]);
            if line.is_empty() || (line.starts_with(code) && line.as_bytes().get(3) == Some(&b' ')) {
                return reply;
            }
        }
    }

    pub(super) fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Each line is answered with a reply that begins so.
    pub(super) fn say_all(&mut self, dialogue: &[(&str, &str)]) {
        for (line, code) in dialogue {
            let reply = self.say(line);
            assert!(reply.starts_with(code), "{line}: {reply:?}");
        }
    }

    pub(super) fn expect(&mut self, code: &str) {
        let reply = self.reply();
        assert!(reply.starts_with(code), "{code} was expected: {reply:?}");
    }

    /// TYPE and MODE, where they are others now.
    pub(super) fn set(&mut self, parameters: Parameters) {
        if parameters.representation != self.parameters.representation {
            self.say_all(&[(&format!("TYPE {}", parameters.representation), "200")]);
        }
        if parameters.mode != self.parameters.mode {
            self.say_all(&[(&format!("MODE {}", parameters.mode), "200")]);
        }
        self.parameters = parameters;
    }

    /// Says a transfer command; returns the data connection.
    pub(super) fn begin(&mut self, command: &str) -> Wire {
        let stream = match self.route {
            Route::Passive => {
                let stream = connected(self.passive());
                self.say_all(&[(command, "150")]);
                stream
            }
            Route::Active => {
                let listener = self.active();
                self.say_all(&[(command, "150")]);
                let (stream, _) = listener.accept().unwrap();
                patient(stream)
            }
        };
        match &self.tls {
            Some(configuration) => Wire::secured(stream, configuration),
            None => Wire::Clear(stream),
        }
    }

    /// Where PASV says that the server listens.
    pub(super) fn passive(&mut self) -> SocketAddr {
        let reply = self.say("PASV");
        let numbers = reply.split(['(', ')']).nth(1).unwrap();
        let numbers: Vec<u8> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
        let port = u16::from_be_bytes([numbers[4], numbers[5]]);
        SocketAddr::from(([numbers[0], numbers[1], numbers[2], numbers[3]], port))
    }

    fn active(&mut self) -> TcpListener {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let [high, low] = listener.local_addr().unwrap().port().to_be_bytes();
        self.say_all(&[(&format!("PORT 127,0,0,1,{high},{low}"), "200")]);
        listener
    }

    /// The file as it is here, whatever it was on the wire.
    pub(super) fn retrieve(&mut self, command: &str) -> Vec<u8> {
        let (mut data, mut wire) = (self.begin(command), vec![0; 32 * 1024]);
        let mut receiver = Receiver::new(self.parameters, Position::default()).unwrap();
        let mut stored = Stored::default();
        let mut octets = Vec::new();
        loop {
            let length = data.read(&mut wire).unwrap();
            if length == 0 {
                receiver.close(&mut stored).unwrap();
                break;
            }
            let mut piece = &wire[..length];
            if receive(&mut receiver, &mut piece, &mut stored, &mut octets) == Progress::Ended {
                break;
            }
        }
        octets.append(&mut stored.octets);
        // Where the end is said in clear, the server leaves the connection open; the next PASV or PORT ends it.
        if self.parameters.mode != Mode::Block || self.tls.is_some() {
            assert_eq!(data.read(&mut wire).unwrap(), 0);
        }
        self.expect("2");
        octets
    }

    pub(super) fn store(&mut self, command: &str, octets: &[u8]) {
        let wire = self.encoded(octets);
        let mut data = self.begin(command);
        data.write_all(&wire).unwrap();
        data.close();
        self.expect("2");
    }

    /// What goes over the wire for a file.
    pub(super) fn encoded(&self, octets: &[u8]) -> Vec<u8> {
        let (mut sender, mut wire) = (Sender::new(self.parameters, Position::default()).unwrap(), Vec::new());
        sender.send(octets, &mut wire).unwrap();
        sender.finish(&mut wire).unwrap();
        wire
    }
}

/// Takes a piece to its end.
fn receive(receiver: &mut Receiver, piece: &mut &[u8], stored: &mut Stored, octets: &mut Vec<u8>) -> Progress {
    loop {
        let progress = receiver.receive(piece, stored).unwrap();
        octets.append(&mut stored.octets);
        if matches!(progress, Progress::NeedsMore | Progress::Ended) {
            return progress;
        }
    }
}

fn connected(address: SocketAddr) -> TcpStream {
    patient(TcpStream::connect(address).unwrap())
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}
