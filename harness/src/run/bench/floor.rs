//! What this machine does without FTP: the same connections and the same round trips between bare sockets.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use super::work::{at_once, drain, send};
use super::{Own, Plan, Work, sessions};

/// Lines before and behind the one file of a session: the greeting, USER, PASS, TYPE, QUIT.
const TRIPS: usize = 5;

/// The figure of the floor, if there is one.
pub(super) fn measure(work: Work, plan: &Plan, own: &Own) -> io::Result<Option<f64>> {
    match work {
        Work::Retrieve => retrieve(plan, own).map(Some),
        Work::Store => store(plan, own).map(Some),
        Work::SmallFiles => small_files(plan).map(Some),
        Work::Sessions(at_a_time) => whole_sessions(at_a_time).map(Some),
        Work::List | Work::Idle => Ok(None),
    }
}

/// `sendfile` into a socket that is read.
fn retrieve(plan: &Plan, own: &Own) -> io::Result<f64> {
    let file = File::open(own.large())?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    std::thread::scope(|scope| {
        let server = scope.spawn(move || {
            let (stream, _) = listener.accept()?;
            send(&file, &stream)?;
            stream.shutdown(Shutdown::Write)
        });
        let begin = Instant::now();
        drain(&TcpStream::connect(address)?)?;
        let time = begin.elapsed();
        joined(server)?;
        Ok(plan.megabytes() / time.as_secs_f64())
    })
}

/// A socket that is read into a file.
fn store(plan: &Plan, own: &Own) -> io::Result<f64> {
    let file = File::open(own.large())?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let target = own.path().join("floor");
    let created = target.clone();
    let rate = std::thread::scope(|scope| {
        let server = scope.spawn(move || {
            let (mut stream, _) = listener.accept()?;
            let (mut file, mut buffer) = (File::create(created)?, vec![0; 1 << 18]);
            loop {
                let length = stream.read(&mut buffer)?;
                if length == 0 {
                    return stream.write_all(b".");
                }
                file.write_all(buffer.get(..length).unwrap_or_default())?;
            }
        });
        let begin = Instant::now();
        let mut stream = TcpStream::connect(address)?;
        send(&file, &stream)?;
        stream.shutdown(Shutdown::Write)?;
        stream.read_exact(&mut [0])?;
        let time = begin.elapsed();
        joined(server)?;
        Ok(plan.megabytes() / time.as_secs_f64())
    });
    std::fs::remove_file(target)?;
    rate
}

fn small_files(plan: &Plan) -> io::Result<f64> {
    with_server(1, |address| {
        let mut talk = Talk::begin(address)?;
        let begin = Instant::now();
        for _ in 0..plan.small {
            talk.file()?;
        }
        Ok(f64::from(plan.small) / begin.elapsed().as_secs_f64())
    })
}

fn whole_sessions(at_a_time: u32) -> io::Result<f64> {
    let count = sessions(at_a_time);
    with_server(count, |address| {
        let time = at_once(count, at_a_time, || {
            let mut talk = Talk::begin(address)?;
            for _ in 1..TRIPS {
                talk.trip()?;
            }
            talk.file()
        })?;
        Ok(f64::from(count) / time.as_secs_f64())
    })
}

/// Runs `what` beside a server of so many connections, each on a thread of its own.
fn with_server<T>(connections: u32, what: impl FnOnce(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..connections {
                let Ok((stream, _)) = listener.accept() else { return };
                // What goes wrong here goes wrong at the other end as well, and is told there.
                scope.spawn(move || serve(stream).ok());
            }
        });
        what(address)
    })
}

/// Answers each octet with one: `p` with a port that listens, `r` with a file on it and another octet.
fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b".")?;
    let mut passive = None;
    let mut octet = [0];
    while stream.read(&mut octet)? == 1 {
        match (octet, passive.take()) {
            ([b'p'], _) => {
                let listener = TcpListener::bind(("127.0.0.1", 0))?;
                stream.write_all(&listener.local_addr()?.port().to_be_bytes())?;
                passive = Some(listener);
            }
            ([b'r'], Some(listener)) => {
                stream.write_all(b".")?;
                let (mut data, _) = TcpListener::accept(&listener)?;
                data.write_all(&[0x55; Own::SMALL_LENGTH])?;
                drop(data);
                stream.write_all(b".")?;
            }
            _ => stream.write_all(b".")?,
        }
    }
    Ok(())
}

/// The other end.
struct Talk {
    stream: TcpStream,
}

impl Talk {
    fn begin(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut talk = Self { stream };
        talk.answer()?;
        Ok(talk)
    }

    fn trip(&mut self) -> io::Result<()> {
        self.stream.write_all(b"n")?;
        self.answer()
    }

    fn file(&mut self) -> io::Result<()> {
        self.stream.write_all(b"p")?;
        let mut port = [0; 2];
        self.stream.read_exact(&mut port)?;
        let data = TcpStream::connect((self.stream.peer_addr()?.ip(), u16::from_be_bytes(port)))?;
        self.stream.write_all(b"r")?;
        self.answer()?;
        drain(&data)?;
        data.shutdown(Shutdown::Write)?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<()> {
        self.stream.read_exact(&mut [0])
    }
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, io::Result<T>>) -> io::Result<T> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread failed")))
}
