//! What one client that stands still costs 64 others: they retrieve without anybody beside them, then with each kind of stalled client in
//! turn, and so on again.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::program::{Client, Program, drain};
use super::{quartiles, rate, rounds};

const CLIENTS: usize = 64;
const ROUND: Duration = Duration::from_millis(250);
const ROUNDS: usize = 40;
/// What the others retrieve, and what the stalled one does not.
const FILE: u64 = 1 << 20;
const BIG: u64 = 1 << 30;

pub(super) fn measure() -> io::Result<()> {
    let rounds = rounds(ROUNDS)?;
    let root = tempfile::tempdir()?;
    for (name, length) in [("file", FILE), ("big", BIG)] {
        std::fs::File::create(root.path().join(name))?.set_len(length)?;
    }
    let server = Program::start(root.path(), &[])?;
    let mut clients = (0..CLIENTS).map(|_| server.login()).collect::<io::Result<Vec<_>>>()?;
    // The first round warms everything up.
    play(&mut clients)?;
    // The second one shows how far two that are alike come apart.
    let kinds = [None, None, Some(Stalled::Reads), Some(Stalled::Dribbles), Some(Stalled::IsHalfOpen)];
    let mut played = kinds.map(|_| Played::default());
    for round in 0..rounds {
        // Each is the first one as often as any other.
        for place in (0..kinds.len()).map(|place| (place + round) % kinds.len()) {
            let (Some(kind), Some(played)) = (kinds.get(place), played.get_mut(place)) else { continue };
            let beside = kind.map(|kind| Beside::begin(kind, &server)).transpose()?;
            let before = server.ticks()?;
            let (octets, rate) = play(&mut clients)?;
            played.octets += octets;
            played.ticks += server.ticks()? - before;
            played.rates.push(rate);
            drop(beside);
        }
    }
    report(rounds, &kinds, &played)
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
    fn begin(kind: Stalled, server: &Program) -> io::Result<Self> {
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
                connections.extend([client.begin("STOR half")?, server.connect()?]);
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

/// What all rounds of a kind were like.
#[derive(Debug, Default)]
struct Played {
    /// In mebibytes a second.
    rates: Vec<f64>,
    octets: u64,
    /// How long the server has computed.
    ticks: u32,
}

impl Played {
    /// What an octet has cost, in a unit of its own.
    fn cost(&self) -> io::Result<f64> {
        Ok(f64::from(self.ticks) / f64::from(u32::try_from(self.octets >> 20).map_err(io::Error::other)?))
    }
}

/// All retrieve for a while. Returns how many octets they had together, and how many mebibytes a second.
fn play(clients: &mut [Client<TcpStream>]) -> io::Result<(u64, f64)> {
    let begun = Instant::now();
    let octets = thread::scope(|scope| {
        let playing: Vec<_> =
            clients.iter_mut().map(|client| scope.spawn(|| retrieve(client, begun + ROUND))).collect();
        playing.into_iter().try_fold(0, |sum, played| match played.join() {
            Ok(octets) => Ok(sum + octets?),
            Err(_) => Err(io::Error::other("a client panicked")),
        })
    })?;
    Ok((octets, rate(octets, begun.elapsed())?))
}

/// Retrieves the file again and again. Returns how many octets came.
fn retrieve(client: &mut Client<TcpStream>, until: Instant) -> io::Result<u64> {
    let mut octets = 0;
    while Instant::now() < until {
        octets += drain(client.begin("RETR file")?)?;
        client.expect("226")?;
    }
    Ok(octets)
}

fn report(rounds: usize, kinds: &[Option<Stalled>], played: &[Played]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n{CLIENTS} clients that retrieve {FILE} octets, {rounds} rounds of {ROUND:?} of each kind, in turn"
    )?;
    writeln!(out, "{:<24} {:>24} {:>28} {:>22}", "beside them", "MiB/s", "against none", "work of the server")?;
    let Some((alone, _)) = played.split_first() else { return Ok(()) };
    for (kind, played) in kinds.iter().zip(played) {
        let name = match kind {
            None => "nobody",
            Some(Stalled::Reads) => "one that reads nothing",
            Some(Stalled::Dribbles) => "one that dribbles",
            Some(Stalled::IsHalfOpen) => "one that is half-open",
        };
        // Each round is held against the one without anybody of the same turn.
        let turns = played.rates.iter().zip(&alone.rates);
        let change = quartiles(turns.map(|(rate, alone)| (rate / alone - 1.0) * 100.0).collect());
        let rate = quartiles(played.rates.clone());
        let rate = format!("{:.0} ({:.0} to {:.0})", rate.1, rate.0, rate.2);
        let change = format!("{:+.1} % ({:+.1} to {:+.1})", change.1, change.0, change.2);
        let work = (played.cost()? / alone.cost()? - 1.0) * 100.0;
        writeln!(out, "{name:<24} {rate:>24} {change:>28} {work:>+20.1} %")?;
    }
    writeln!(
        out,
        "The middle value, and in brackets the middle half of the rounds. The work is the time that the server has computed for\n\
         an octet, in all rounds. How far the second line is from the first, the others may be by chance."
    )
}
