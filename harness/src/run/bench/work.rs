//! What a user does while the clock runs.

use std::fs::File;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::Own;
use super::user::User;
use crate::subject::Login;

/// How much is read at a time.
const PIECE: usize = 1 << 18;

pub(super) fn retrieve(user: &mut User, name: &str, length: u64) -> io::Result<Duration> {
    let begin = Instant::now();
    let data = user.passive()?;
    user.say(&format!("RETR {name}"), b'1')?;
    let came = drain(&data)?;
    data.shutdown(Shutdown::Write)?;
    user.expect("RETR", b'2')?;
    let time = begin.elapsed();
    if came == length { Ok(time) } else { Err(io::Error::other(format!("{came} octets came instead of {length}"))) }
}

pub(super) fn store(user: &mut User, name: &str, source: &Path) -> io::Result<Duration> {
    let file = File::open(source)?;
    let begin = Instant::now();
    let data = user.passive()?;
    user.say(&format!("STOR {name}"), b'1')?;
    send(&file, &data)?;
    data.shutdown(Shutdown::Write)?;
    drop(data);
    user.expect("STOR", b'2')?;
    Ok(begin.elapsed())
}

pub(super) fn small_files(user: &mut User, count: u32) -> io::Result<Duration> {
    let begin = Instant::now();
    for _ in 0..count {
        retrieve(user, Own::SMALL, Own::SMALL_LENGTH as u64)?;
    }
    Ok(begin.elapsed())
}

pub(super) fn list(user: &mut User, names: u32) -> io::Result<Duration> {
    let begin = Instant::now();
    let data = user.passive()?;
    user.say("LIST names", b'1')?;
    let came = drain(&data)?;
    data.shutdown(Shutdown::Write)?;
    user.expect("LIST", b'2')?;
    let time = begin.elapsed();
    // A line has its name and more.
    if came >= u64::from(names) * 10 { Ok(time) } else { Err(io::Error::other("the listing is too short")) }
}

/// Whole sessions: login, one small file, QUIT.
pub(super) fn sessions(address: SocketAddr, login: &Login, count: u32, at_a_time: u32) -> io::Result<Duration> {
    at_once(count, at_a_time, || {
        let mut user = User::login(address, login)?;
        retrieve(&mut user, Own::SMALL, Own::SMALL_LENGTH as u64)?;
        user.say("QUIT", b'2').map(drop)
    })
}

/// Does it so often, so many at a time.
pub(super) fn at_once(count: u32, at_a_time: u32, what: impl Fn() -> io::Result<()> + Sync) -> io::Result<Duration> {
    let next = AtomicU32::new(0);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let worker = || {
            while next.fetch_add(1, Ordering::Relaxed) < count {
                what()?;
            }
            Ok(())
        };
        let workers: Vec<_> = (0..at_a_time).map(|_| scope.spawn(worker)).collect();
        let ends = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(io::Error::other("a thread failed"))));
        ends.collect::<io::Result<Vec<()>>>()
    })?;
    Ok(begin.elapsed())
}

/// Sends a file as the system does it best.
pub(super) fn send(file: &File, stream: &TcpStream) -> io::Result<()> {
    const STRETCH: usize = 1 << 20;
    loop {
        if rustix::fs::sendfile(stream, file, None, STRETCH)? == 0 {
            return Ok(());
        }
    }
}

/// Reads to the end; says how much came.
pub(super) fn drain(mut stream: &TcpStream) -> io::Result<u64> {
    let (mut buffer, mut came) = (vec![0; PIECE], 0);
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(came);
        }
        came += length as u64;
    }
}
