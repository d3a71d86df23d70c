//! What the server tells its operator.
//!
//! ```text
//!   a session ──► Records::tell ──► Queue (bounded) ──► a thread ──► files
//! ```
//!
//! Sessions only put what happened into the queue. The thread makes lines of it and writes them, so that a slow disk slows nobody. What
//! does not fit into the queue is counted, and the count is told.
//!
//! What happens is counted too, whether it is logged or not ([`metrics`]).
//!
//! Everything that comes from a client goes through [`word`], which leaves nothing that could end a line, or a field, or steer a terminal.

mod destination;
mod event;
mod event_log;
mod metrics;
mod queue;
mod transfer_log;
mod word;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use destination::Destination;
use event::Entry;
pub(crate) use event::{Client, Direction, Event, Moved, Refusal};
pub(crate) use event_log::Style;
use metrics::Metrics;
pub(crate) use metrics::Tally;
use queue::{Batch, Queue};

/// How long the end of the server waits for a slow disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where all that happens is told.
#[derive(Debug)]
pub(crate) struct Records {
    queue: Arc<Queue>,
    /// Whether there is a log.
    is_logged: AtomicBool,
    /// How many clients there were.
    clients: AtomicU64,
    metrics: Arc<Metrics>,
}

/// What is to be written, and where.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    pub(crate) transfers: Option<Destination>,
    pub(crate) events: Option<(Destination, Style)>,
}

impl Logs {
    fn are_wanted(&self) -> bool {
        self.transfers.is_some() || self.events.is_some()
    }
}

impl Records {
    /// Begins to write.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(logs: Logs) -> io::Result<Self> {
        let (queue, metrics) = (Arc::<Queue>::default(), Arc::<Metrics>::default());
        let is_logged = AtomicBool::new(logs.are_wanted());
        let writer = Writer { logs, zone: TimeZone::system(), metrics: Arc::clone(&metrics) };
        let source = Arc::clone(&queue);
        std::thread::Builder::new().name("logs".to_owned()).spawn(move || writer.write_all(&source))?;
        Ok(Self { queue, is_logged, clients: AtomicU64::new(0), metrics })
    }

    /// Goes on in these: with what is told from now on, and nothing that was told before.
    pub(crate) fn go_on_in(&self, logs: Logs) {
        self.is_logged.store(logs.are_wanted(), Ordering::Relaxed);
        self.queue.change(logs);
    }

    /// A client that is new.
    pub(crate) fn client(&self, peer: SocketAddr) -> Client {
        Client::new(self.clients.fetch_add(1, Ordering::Relaxed) + 1, peer)
    }

    /// Tells what has happened, now, and to whom. This never waits.
    pub(crate) fn tell(&self, client: Option<Client>, event: Event) {
        self.metrics.count(&event);
        if self.is_logged.load(Ordering::Relaxed) {
            self.queue.put(Entry { time: Timestamp::now(), client, event });
        }
    }

    /// Counts what no log tells.
    pub(crate) fn count(&self, tally: Tally) {
        self.metrics.tally(tally);
    }

    /// What was counted, as Prometheus reads it.
    pub(crate) fn metrics(&self) -> String {
        self.metrics.text()
    }

    /// Waits until all is written; for a disk that stands still, only some seconds.
    pub(crate) fn close(&self) {
        if !self.queue.close(PATIENCE) {
            complain("the last lines of the logs could not be written in time");
        }
    }
}

/// What the thread has.
#[derive(Debug)]
struct Writer {
    logs: Logs,
    zone: TimeZone,
    metrics: Arc<Metrics>,
}

impl Writer {
    fn write_all(mut self, queue: &Queue) {
        while let Some(Batch { entries, lost, logs }) = queue.take() {
            for entry in entries {
                self.write(&entry);
            }
            if lost > 0 {
                self.metrics.count(&Event::Lost { count: lost });
                self.write(&Entry { time: Timestamp::now(), client: None, event: Event::Lost { count: lost } });
                complain(&format!("{lost} events were not logged: they came faster than the logs can be written"));
            }
            self.logs = logs.unwrap_or(self.logs);
        }
    }

    fn write(&mut self, entry: &Entry) {
        if let Some(log) = &mut self.logs.transfers
            && let Some(line) = transfer_log::line(entry, &self.zone)
        {
            log.write(&line);
        }
        if let Some((log, style)) = &mut self.logs.events {
            log.write(&event_log::line(entry, *style));
        }
    }
}

/// Says on standard error what is wrong with the logs. When nobody reads it, there is nobody left to tell.
fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "warning: {what}");
}
