//! What waits to be written.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Logs;
use super::event::Entry;

/// How much may wait. An entry is some kilobytes at most: a pathname, and a name.
const MOST: usize = 1024;

/// What waits to be written, for a thread that takes it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: Vec<Entry>,
    /// How many there was no room for.
    lost: u64,
    /// Where what comes behind so many of these is to be written.
    logs: Option<(usize, Logs)>,
    phase: Phase,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Nothing more comes.
    Closed,
    /// And all is written.
    Written,
}

/// What is to be written now.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    /// How many came behind them for which there was no room.
    pub(super) lost: u64,
    /// Where all else is to be written.
    pub(super) logs: Option<Logs>,
}

impl Queue {
    /// Puts one in, if there is room. The lock is never held while something is written.
    pub(super) fn put(&self, entry: Entry) {
        let mut waiting = self.waiting();
        if waiting.entries.len() < MOST {
            waiting.entries.push(entry);
            self.changed.notify_all();
        } else {
            waiting.lost += 1;
        }
    }

    /// From now on these are the logs.
    pub(super) fn change(&self, logs: Logs) {
        let mut waiting = self.waiting();
        // Of logs that nobody has begun to write, nothing is missed.
        let place = waiting.logs.take().map_or(waiting.entries.len(), |(place, _)| place);
        waiting.logs = Some((place, logs));
        self.changed.notify_all();
    }

    /// Waits for what is to be written; none at the end.
    pub(super) fn take(&self) -> Option<Batch> {
        let has_none = |waiting: &Waiting| waiting.entries.is_empty() && waiting.logs.is_none();
        let is_idle = |waiting: &mut Waiting| has_none(waiting) && waiting.phase == Phase::Open;
        let mut waiting = self.changed.wait_while(self.waiting(), is_idle).unwrap_or_else(PoisonError::into_inner);
        if has_none(&waiting) {
            waiting.phase = Phase::Written;
            self.changed.notify_all();
            return None;
        }
        let (place, logs) = waiting.logs.take().unzip();
        let behind = place.map(|place| waiting.entries.split_off(place)).unwrap_or_default();
        let entries = std::mem::replace(&mut waiting.entries, behind);
        let lost = if waiting.entries.is_empty() { std::mem::take(&mut waiting.lost) } else { 0 };
        Some(Batch { entries, lost, logs })
    }

    /// Lets nothing more come, and waits until all is written. Says whether it is.
    pub(super) fn close(&self, patience: Duration) -> bool {
        let mut waiting = self.waiting();
        if waiting.phase == Phase::Open {
            waiting.phase = Phase::Closed;
            self.changed.notify_all();
        }
        let is_open = |waiting: &mut Waiting| waiting.phase != Phase::Written;
        let (waiting, _) =
            self.changed.wait_timeout_while(waiting, patience, is_open).unwrap_or_else(PoisonError::into_inner);
        waiting.phase == Phase::Written
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::records::Event;

    fn entry() -> Entry {
        Entry { time: Timestamp::UNIX_EPOCH, client: None, event: Event::Connected }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_all_else_comes() {
        let queue = Queue::default();
        (0..MOST + 5).for_each(|_| queue.put(entry()));
        let Batch { entries, lost, .. } = queue.take().unwrap();
        assert_eq!((entries.len(), lost), (MOST, 5));
        queue.put(entry());
        let Batch { entries, lost, .. } = queue.take().unwrap();
        assert_eq!((entries.len(), lost), (1, 0));
    }

    #[test]
    fn new_logs_are_told_though_nothing_is_to_be_written() {
        let queue = Queue::default();
        queue.change(Logs::default());
        let Batch { entries, logs, .. } = queue.take().unwrap();
        assert!(entries.is_empty() && logs.is_some());
        queue.put(entry());
        assert!(queue.take().unwrap().logs.is_none());
    }

    #[test]
    fn what_came_before_new_logs_is_for_the_old_ones_and_nothing_else() {
        let queue = Queue::default();
        (0..2).for_each(|_| queue.put(entry()));
        queue.change(Logs::default());
        queue.put(entry());
        queue.change(Logs::default());
        (0..MOST).for_each(|_| queue.put(entry()));
        let Batch { entries, lost, logs } = queue.take().unwrap();
        assert_eq!((entries.len(), lost, logs.is_some()), (2, 0, true));
        let Batch { entries, lost, logs } = queue.take().unwrap();
        assert_eq!((entries.len(), lost, logs.is_some()), (MOST - 2, 3, false));
    }

    #[test]
    fn what_came_before_the_end_is_taken() {
        let queue = Queue::default();
        queue.put(entry());
        assert!(!queue.close(Duration::ZERO));
        assert_eq!(queue.take().unwrap().entries.len(), 1);
        assert!(queue.take().is_none());
        assert!(queue.close(Duration::ZERO));
    }
}
