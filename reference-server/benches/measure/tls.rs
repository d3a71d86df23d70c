//! Transfers under TLS, beside what rustls moves over a connection of its own with the same cipher.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::program::{Client, Program, drain};
use super::{quartiles, rate, rounds};

const FILE: u64 = 256 << 20;
const PIECE: usize = 256 << 10;

type Secured = StreamOwned<ClientConnection, TcpStream>;

pub(super) fn measure() -> io::Result<()> {
    let (root, keys, rounds) = (tempfile::tempdir()?, tempfile::tempdir()?, rounds(10)?);
    std::fs::File::create(root.path().join("file"))?.set_len(FILE)?;
    let (client, server) = configurations(keys.path())?;
    let file = |name: &str| keys.path().join(name).display().to_string();
    let program =
        Program::start(root.path(), &["--tls-certificate", &file("cert.pem"), "--tls-key", &file("key.pem")])?;
    let mut session = secured_session(&program, &client)?;
    let mut all: [Vec<f64>; 4] = Default::default();
    for _ in 0..rounds {
        let rates = [
            retrieve(&mut session, &client)?,
            alone(&client, &server, Direction::Down)?,
            store(&mut session, &client)?,
            alone(&client, &server, Direction::Up)?,
        ];
        all.iter_mut().zip(rates).for_each(|(all, rate)| all.push(rate));
    }
    let mut out = io::stdout().lock();
    writeln!(out, "\n{FILE} octets under TLS 1.3, {rounds} rounds in turn:")?;
    for (name, rates) in ["RETR", "rustls alone, down", "STOR", "rustls alone, up"].iter().zip(all) {
        let (from, middle, to) = quartiles(rates);
        writeln!(out, "{name:<20} {middle:>8.0} MiB/s ({from:.0} to {to:.0})")?;
    }
    Ok(())
}

fn configurations(directory: &Path) -> io::Result<(Arc<ClientConfig>, Arc<ServerConfig>)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
    std::fs::write(directory.join("cert.pem"), made.cert.pem())?;
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok((Arc::new(client), Arc::new(server)))
}

fn secured(stream: TcpStream, configuration: &Arc<ClientConfig>) -> io::Result<Secured> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::clone(configuration), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn secured_session(program: &Program, configuration: &Arc<ClientConfig>) -> io::Result<Client<Secured>> {
    let mut client = program.greeted()?;
    client.say("AUTH TLS", "234")?;
    let mut client = client.over(|stream| secured(stream, configuration))?;
    client.login()?;
    client.say("PBSZ 0", "200")?;
    client.say("PROT P", "200")?;
    Ok(client)
}

fn retrieve(session: &mut Client<Secured>, configuration: &Arc<ClientConfig>) -> io::Result<f64> {
    let data = secured(session.begin("RETR file")?, configuration)?;
    let begun = Instant::now();
    let octets = drain(data)?;
    session.expect("226")?;
    rate(octets, begun.elapsed())
}

fn store(session: &mut Client<Secured>, configuration: &Arc<ClientConfig>) -> io::Result<f64> {
    let mut data = secured(session.begin("STOR new")?, configuration)?;
    let begun = Instant::now();
    pour(&mut data)?;
    data.conn.send_close_notify();
    data.flush()?;
    drop(data);
    session.expect("226")?;
    rate(FILE, begun.elapsed())
}

fn pour(mut stream: impl Write) -> io::Result<()> {
    let piece = vec![0; PIECE];
    let mut left = FILE;
    while left > 0 {
        stream.write_all(&piece)?;
        left = left.saturating_sub(piece.len() as u64);
    }
    stream.flush()
}

/// From the server's side to the client's, or the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

/// Nothing but a connection, a thread at each end, and rustls.
fn alone(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, direction: Direction) -> io::Result<f64> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let server = Arc::clone(server);
    let other = thread::spawn(move || {
        let connection = ServerConnection::new(server).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, listener.accept()?.0);
        if direction == Direction::Down {
            pour(&mut stream)?;
        } else {
            drain_exactly(&mut stream)?;
            // The client hears that it is all there.
            stream.write_all(b"x")?;
        }
        stream.conn.send_close_notify();
        stream.flush()
    });
    let mut stream = secured(TcpStream::connect(address)?, client)?;
    let begun = Instant::now();
    if direction == Direction::Down {
        drain(&mut stream)?;
    } else {
        pour(&mut stream)?;
        stream.read_exact(&mut [0])?;
    }
    let lasting = begun.elapsed();
    other.join().map_err(|_| io::Error::other("the other end panicked"))??;
    rate(FILE, lasting)
}

fn drain_exactly(stream: impl Read) -> io::Result<()> {
    let octets = drain(stream.take(FILE))?;
    if octets == FILE { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
