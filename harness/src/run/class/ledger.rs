//! The results so far. They are whole at every moment: before the first case, behind each submission, at the end.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::Instant;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use crate::grade::{Record, Status};
use crate::subject::sweep;

/// The results of a class, and how they are kept.
pub struct Ledger<'a> {
    records: Mutex<Vec<Record>>,
    save: &'a (dyn Fn(&[Record]) -> io::Result<()> + Sync),
    interrupted: &'a (dyn Fn(Interrupted, &[Record]) + Sync),
}

/// Why grading ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    /// `--deadline` passed.
    Deadline,
    /// A signal came, of this number.
    Signal(i32),
}

impl std::fmt::Debug for Ledger<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Ledger").field("records", &self.records).finish_non_exhaustive()
    }
}

impl<'a> Ledger<'a> {
    /// A ledger of submissions that wait. `save` keeps it; `interrupted` says to people what became of it.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn open(
        records: Vec<Record>,
        save: &'a (dyn Fn(&[Record]) -> io::Result<()> + Sync),
        interrupted: &'a (dyn Fn(Interrupted, &[Record]) + Sync),
    ) -> io::Result<Self> {
        save(&records)?;
        Ok(Self { records: Mutex::new(records), save, interrupted })
    }

    /// The results.
    pub fn records(&self) -> Vec<Record> {
        self.locked().clone()
    }

    /// The result of a submission, by its place.
    pub(super) fn record(&self, at: usize) -> Option<Record> {
        self.locked().get(at).cloned()
    }

    /// Keeps the result of a submission.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(super) fn settle(&self, at: usize, record: Record) -> io::Result<()> {
        let mut records = self.locked();
        if let Some(place) = records.get_mut(at) {
            *place = record;
        }
        (self.save)(&records)
    }

    /// Watches for signals and the deadline until it is told that all is over. Either ends the program, with every result
    /// that there is.
    ///
    /// # Errors
    /// Signals cannot be watched for.
    pub(super) fn watch<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        deadline: Option<Instant>,
    ) -> io::Result<Arc<Notify>> {
        let over = Arc::new(Notify::new());
        let told = Arc::clone(&over);
        let runtime = super::runtime()?;
        let signals = {
            let _inside = runtime.enter();
            [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()]
                .map(|kind| Ok((kind, signal(kind)?)))
        };
        let signals: io::Result<Vec<_>> = signals.into_iter().collect();
        let [(term, mut terminated), (int, mut broken), (hup, mut hung)]: [_; 3] =
            signals?.try_into().map_err(|_| io::Error::other("three signals"))?;
        scope.spawn(move || {
            let why = runtime.block_on(async {
                let late = async {
                    match deadline {
                        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = told.notified() => None,
                    () = late => Some(Interrupted::Deadline),
                    _ = terminated.recv() => Some(Interrupted::Signal(term.as_raw_value())),
                    _ = broken.recv() => Some(Interrupted::Signal(int.as_raw_value())),
                    _ = hung.recv() => Some(Interrupted::Signal(hup.as_raw_value())),
                }
            });
            if let Some(why) = why {
                self.end(why);
            }
        });
        Ok(over)
    }

    /// Whoever has no result yet has none by no fault of their own.
    fn end(&self, why: Interrupted) {
        let mut records = self.locked();
        let reason = match why {
            Interrupted::Deadline => "the deadline passed before it was graded",
            Interrupted::Signal(_) => "grading was ended before it was graded",
        };
        for record in records.iter_mut().filter(|record| !record.status.is_final()) {
            *record = record.clone().without_points(Status::Ungraded, reason);
        }
        let code = match ((self.save)(&records), why) {
            (Err(_), _) => 2,
            (Ok(()), Interrupted::Deadline) => 0,
            (Ok(()), Interrupted::Signal(number)) => 128 + number,
        };
        (self.interrupted)(why, &records);
        // The submissions end with their parent; the folders that they had are removed here.
        sweep();
        std::process::exit(code);
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
