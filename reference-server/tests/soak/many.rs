//! Many sessions, and what the server is like meanwhile and behind them.

use std::collections::BTreeMap;
use std::env;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::chance::Chance;
use super::client::Client;
use super::server::Server;
use super::vitals::{Course, Vitals, verdict_on_crowds};
use super::worker::Worker;

/// How many sessions are busy at a time.
const BUSY: usize = 200;
/// How many others are logged in all the while, and say nothing.
const QUIET: usize = 20;
/// How many times the vitals are looked at in a run, however long it is.
const SAMPLES: u32 = 100;

/// A file that takes a while.
pub(super) const BIG: &str = "/big";
/// Where each worker has a file that all others look at.
pub(super) const SHARED: &str = "/shared";

fn asked<T: std::str::FromStr<Err: std::fmt::Debug>>(variable: &str, default: T) -> T {
    env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// A client of the test and a session of the server take a descriptor each, and the server has the limit from here.
fn allow_many_files() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

#[test]
fn the_server_is_as_it_was_after_many_sessions() {
    allow_many_files();
    let lasting = Duration::from_secs(asked("FTPSPEC_SOAK", 4));
    let idle = asked("FTPSPEC_SOAK_IDLE", 300);
    let options = env::var("FTPSPEC_SOAK_SERVER").unwrap_or_default();
    // Those who say nothing stay for the whole of it.
    let idle_timeout = format!("--idle-timeout={}", lasting.as_secs() + 900);
    let options: Vec<_> = options.split_whitespace().chain([idle_timeout.as_str()]).collect();
    let server = Server::start(&options, idle.max(BUSY + QUIET) + 10);
    let chance = Chance::from_environment();
    tell(&format!("seed {}", chance.seed));
    let mut client = Client::login(&server, None);
    client.say_all(&[(&format!("MKD {SHARED}"), "257")]);
    client.store(&format!("STOR {BIG}"), &vec![b'x'; 8 << 20]);
    client.quit();
    let before = server.vitals_at_rest(None);

    let mut course = Course::new(lasting);
    let mut workers: Vec<Worker<'_>> =
        (0..BUSY).map(|number| Worker::new(number, chance.seed.wrapping_add(number as u64 + 1), &server)).collect();
    let quiet: Vec<Client> = (0..QUIET).map(|_| Client::login(&server, None)).collect();
    soak(&mut workers, &mut course, &server);
    leave(quiet);
    let after = server.vitals_at_rest(Some(before));
    check(&mut workers);
    let mut tally = BTreeMap::new();
    workers.iter().flat_map(Worker::tally).for_each(|(deed, count)| *tally.entry(deed).or_insert(0_u64) += count);
    tell(&format!("{course}\nwhat was done: {tally:?}"));
    tell(&format!("at rest before: {before}\nat rest after:  {after}"));
    assert_eq!(course.verdict(), Ok(()), "{course}");

    let first = crowd(&server, idle, "the first time");
    let again = crowd(&server, idle, "the second time");
    server.vitals_at_rest(Some(before));
    assert_eq!(verdict_on_crowds(first, again), Ok(()));
    assert!(server.ends_when_asked().success());
}

/// Lets them work until the time is up, and looks at the server meanwhile.
fn soak(workers: &mut [Worker<'_>], course: &mut Course, server: &Server) {
    let (until, is_over) = (Instant::now() + course.lasting, AtomicBool::new(false));
    let (busy, idle) = mpsc::channel::<()>();
    thread::scope(|scope| {
        for worker in workers {
            let (busy, is_over) = (busy.clone(), &is_over);
            scope.spawn(move || {
                let end = EndOfAll(is_over);
                worker.work(until, is_over);
                std::mem::forget(end);
                drop(busy);
            });
        }
        drop(busy);
        while idle.recv_timeout(course.lasting / SAMPLES) == Err(RecvTimeoutError::Timeout) {
            course.add(server.vitals());
        }
    });
}

/// One that fails makes the others end too.
struct EndOfAll<'flag>(&'flag AtomicBool);

impl Drop for EndOfAll<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Each looks at its files, when all is quiet.
fn check(workers: &mut [Worker<'_>]) {
    thread::scope(|scope| {
        for some in workers.chunks_mut(BUSY / 8) {
            scope.spawn(|| some.iter_mut().for_each(Worker::check));
        }
    });
}

/// So many log in, and say nothing; then they leave. Returns what the server was like with them.
fn crowd(server: &Server, size: usize, when: &str) -> Vitals {
    let begun = Instant::now();
    let crowd: Vec<Client> = (0..size).map(|_| Client::login(server, None)).collect();
    let vitals = server.vitals();
    tell(&format!("{size} that are logged in, {when}, within {:?}: {vitals}", begun.elapsed()));
    leave(crowd);
    vitals
}

/// Nobody has been put out meanwhile.
fn leave(clients: Vec<Client>) {
    for mut client in clients {
        client.say_all(&[("NOOP", "200")]);
        client.quit();
    }
}

fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").unwrap();
}
