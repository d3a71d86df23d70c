//! What one client that stands still costs 64 others.
//!
//! `cargo bench -p reference-server --bench stalled` retrieves with 64 clients at a time, round after round: without anybody beside them, then
//! with each kind of stalled client in turn, and so on again. So what else the machine does falls on all alike. `FTPSPEC_ROUNDS=100`
//! plays more of them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 64;
const ROUND: Duration = Duration::from_millis(250);
const ROUNDS: usize = 40;
/// What the others retrieve, and what the stalled one does not.
const FILE: u64 = 1 << 20;
const BIG: u64 = 1 << 30;

fn main() -> io::Result<()> {
    let rounds = match std::env::var("FTPSPEC_ROUNDS") {
        Ok(text) => text.parse().map_err(io::Error::other)?,
        Err(_) => ROUNDS,
    };
    let root = tempfile::tempdir()?;
    for (name, length) in [("file", FILE), ("big", BIG)] {
        std::fs::File::create(root.path().join(name))?.set_len(length)?;
    }
    let server = Server::start(root.path())?;
    let mut clients = (0..CLIENTS).map(|_| server.login()).collect::<io::Result<Vec<_>>>()?;
    // The first round warms everything up.
    play(&mut clients)?;
    let kinds = [None, Some(Stalled::Reads), Some(Stalled::Dribbles), Some(Stalled::IsHalfOpen)];
    let mut rates = kinds.map(|_| Vec::new());
    for round in 0..rounds {
        // Each is the first one as often as any other.
        for place in (0..kinds.len()).map(|place| (place + round) % kinds.len()) {
            let (Some(kind), Some(rates)) = (kinds.get(place), rates.get_mut(place)) else { continue };
            let beside = kind.map(|kind| Beside::begin(kind, &server)).transpose()?;
            rates.push(play(&mut clients)?);
            drop(beside);
        }
    }
    report(rounds, &kinds, &rates)
}

/// What a client does that moves nothing.
#[derive(Debug, Clone, Copy)]
enum Stalled {
    /// It reads nothing more in the middle of a file.
    Reads,
    /// It says an octet of a command each millisecond.
    Dribbles,
    /// It has said that it stores a file, and then nothing; and another connection never says anything.
    IsHalfOpen,
}

/// One of them, for as long as it is there.
struct Beside {
    _connections: Vec<TcpStream>,
    /// The one that dribbles ends when this goes.
    _ends: Option<Sender<()>>,
}

impl Beside {
    fn begin(kind: Stalled, server: &Server) -> io::Result<Self> {
        let mut client = server.login()?;
        let mut connections = vec![client.control.get_ref().try_clone()?];
        let mut ends = None;
        match kind {
            Stalled::Reads => {
                let mut data = client.begin("RETR big")?;
                data.read_exact(&mut [0; 1000])?;
                connections.push(data);
            }
            Stalled::IsHalfOpen => {
                connections.extend([client.begin("STOR half")?, TcpStream::connect(server.address)?]);
            }
            Stalled::Dribbles => {
                let (sender, ended) = mpsc::channel();
                ends = Some(sender);
                thread::spawn(move || {
                    for octet in b"NOOP\r\n".iter().cycle() {
                        let said = client.control.get_mut().write_all(&[*octet]);
                        let tick = ended.recv_timeout(Duration::from_millis(1));
                        if said.is_err() || tick != Err(RecvTimeoutError::Timeout) {
                            break;
                        }
                    }
                });
            }
        }
        Ok(Self { _connections: connections, _ends: ends })
    }
}

/// All retrieve for a while. Returns how many mebibytes a second they had together.
fn play(clients: &mut [Client]) -> io::Result<f64> {
    let begun = Instant::now();
    let octets = thread::scope(|scope| {
        let playing: Vec<_> = clients.iter_mut().map(|client| scope.spawn(|| client.play(begun + ROUND))).collect();
        playing.into_iter().try_fold(0, |sum, played| match played.join() {
            Ok(octets) => Ok(sum + octets?),
            Err(_) => Err(io::Error::other("a client panicked")),
        })
    })?;
    let mebibytes = octets >> 20;
    Ok(f64::from(u32::try_from(mebibytes).map_err(io::Error::other)?) / begun.elapsed().as_secs_f64())
}

struct Client {
    control: BufReader<TcpStream>,
}

impl Client {
    fn expect(&mut self, code: &str) -> io::Result<String> {
        let mut line = String::new();
        self.control.read_line(&mut line)?;
        if line.starts_with(code) { Ok(line) } else { Err(io::Error::other(format!("{code} was expected: {line}"))) }
    }

    fn say(&mut self, line: &str, code: &str) -> io::Result<String> {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.expect(code)
    }

    /// Says a transfer command; returns the data connection.
    fn begin(&mut self, command: &str) -> io::Result<TcpStream> {
        let reply = self.say("EPSV", "229")?;
        let port = reply.split('|').nth(3).and_then(|port| port.parse::<u16>().ok());
        let port = port.ok_or_else(|| io::Error::other(format!("no port in {reply}")))?;
        let data = TcpStream::connect((self.control.get_ref().peer_addr()?.ip(), port))?;
        self.say(command, "150")?;
        Ok(data)
    }

    /// Retrieves the file again and again. Returns how many octets came.
    fn play(&mut self, until: Instant) -> io::Result<u64> {
        let mut octets = 0;
        while Instant::now() < until {
            let mut data = self.begin("RETR file")?;
            let mut piece = vec![0; 64 << 10];
            loop {
                let length = data.read(&mut piece)?;
                if length == 0 {
                    break;
                }
                octets += length as u64;
            }
            self.expect("226")?;
        }
        Ok(octets)
    }
}

/// The server, a process of its own.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(root: &std::path::Path) -> io::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_reference-server"))
            .args(["--port", "0", "--user", "u:p", "--root"])
            .arg(root)
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

    fn login(&self) -> io::Result<Client> {
        let control = TcpStream::connect(self.address)?;
        control.set_nodelay(true)?;
        let mut client = Client { control: BufReader::new(control) };
        client.expect("220")?;
        for (line, code) in [("USER u", "331"), ("PASS p", "230"), ("TYPE I", "200")] {
            client.say(line, code)?;
        }
        Ok(client)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn report(rounds: usize, kinds: &[Option<Stalled>], rates: &[Vec<f64>]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{CLIENTS} clients that retrieve {FILE} octets, {rounds} rounds of {ROUND:?} of each kind, in turn")?;
    writeln!(out, "{:<26} {:>20} {:>22}", "beside them", "MiB/s (all rounds)", "against none")?;
    let Some((alone, _)) = rates.split_first() else { return Ok(()) };
    for (kind, rates) in kinds.iter().zip(rates) {
        let name = match kind {
            None => "nobody",
            Some(Stalled::Reads) => "one that reads nothing",
            Some(Stalled::Dribbles) => "one that dribbles",
            Some(Stalled::IsHalfOpen) => "one that is half-open",
        };
        // Each round is held against the one without anybody of the same turn.
        let change = rates.iter().zip(alone).map(|(rate, alone)| (rate / alone - 1.0) * 100.0).collect();
        let (rate, change) = (quartiles(rates.clone()), quartiles(change));
        writeln!(
            out,
            "{name:<26} {:>6.0} ({:.0} to {:.0}) {:>+8.1} % ({:+.1} to {:+.1})",
            rate.1, rate.0, rate.2, change.1, change.0, change.2
        )?;
    }
    writeln!(out, "The middle value, and in brackets the middle half of the rounds.")
}

/// The middle value, and what lies a quarter of the values before and behind it.
fn quartiles(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |quarter: usize| values.get((values.len().saturating_sub(1)) * quarter / 4).copied().unwrap_or(f64::NAN);
    (at(1), at(2), at(3))
}
