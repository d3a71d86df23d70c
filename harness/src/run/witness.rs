//! What a relay sees of the client, written down: several connections share one clock and one list.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reports::model::{Body, Channel, CloseKind, Event, Octets, What};

use super::body::Tally;
use super::recorder::Recorder;

/// More of one write is not kept whole: its beginning and its end are.
const KEPT: usize = 32 * 1024;
/// So many events are kept. A client that makes more has run wild.
const MOST_EVENTS: usize = 20_000;
/// So many octets are kept, in all events together.
const MOST_OCTETS: usize = 32 << 20;

/// Writes down what is seen of one control connection and its data connections; or nothing, where nobody asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness {
    log: Option<Arc<Mutex<Recorder>>>,
    /// The control connection, counted from 1.
    number: u64,
    /// How many octets are kept.
    octets: Arc<AtomicUsize>,
}

impl Witness {
    /// Writes into this list.
    pub(super) fn new(recorder: Recorder) -> Self {
        Self { log: Some(Arc::new(Mutex::new(recorder))), number: 1, octets: Arc::default() }
    }

    /// The same list for the n-th control connection.
    pub(super) fn of(&self, number: u64) -> Self {
        Self { log: self.log.clone(), number, octets: Arc::clone(&self.octets) }
    }

    /// Whether anything is written down.
    pub(super) fn is_there(&self) -> bool {
        self.log.is_some()
    }

    /// Something happened.
    pub(super) fn note(&self, channel: Channel, what: What) {
        let Some(mut recorder) = self.recorder() else { return };
        let octets = if let What::Received { octets } | What::Sent { octets, .. } = &what {
            octets.as_slice().len()
        } else if let What::BodyReceived(body) | What::BodySent(body) = &what {
            body.octets.as_ref().map_or(0, |octets| octets.as_slice().len())
        } else {
            0
        };
        let kept = self.octets.fetch_add(octets, Ordering::Relaxed);
        if recorder.count() < MOST_EVENTS && kept < MOST_OCTETS {
            recorder.note_on(&name(self.number), channel, what);
        }
    }

    /// The client said this.
    pub(super) fn heard(&self, octets: &[u8], urgent: bool) {
        if self.log.is_some() {
            self.note(Channel::Control, What::Received { octets: kept(octets) });
            if urgent {
                self.note(Channel::Control, What::Urgent);
            }
        }
    }

    /// The client was told this.
    pub(super) fn told(&self, octets: &[u8]) {
        if self.log.is_some() && !octets.is_empty() {
            self.note(Channel::Control, What::Sent { octets: kept(octets), urgent: false });
        }
    }

    /// Watches what goes one way over a data connection.
    pub(super) fn lane(&self, way: Way) -> Lane {
        Lane { witness: self.clone(), way, tally: self.log.as_ref().map(|_| Tally::new(None)), is_open: true }
    }

    /// The list, for as long as it is held.
    pub(super) fn recorder(&self) -> Option<MutexGuard<'_, Recorder>> {
        Some(self.log.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everything that happened.
    pub(super) fn events(&self) -> Vec<Event> {
        self.recorder().map(|recorder| recorder.events().to_vec()).unwrap_or_default()
    }
}

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client.
    FromClient,
    /// To it.
    ToClient,
}

/// One way of a data connection.
pub(super) struct Lane {
    witness: Witness,
    way: Way,
    tally: Option<Tally>,
    is_open: bool,
}

impl Lane {
    /// These octets went over it.
    pub(super) fn passed(&mut self, octets: &[u8]) {
        if let Some(tally) = &mut self.tally {
            tally.take(octets);
        }
    }

    fn body(&self, body: Body) {
        let what = if self.way == Way::FromClient { What::BodyReceived(body) } else { What::BodySent(body) };
        self.witness.note(Channel::Data, what);
    }

    /// It ended.
    pub(super) fn ended(&mut self, how: CloseKind) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        if let Some(tally) = self.tally.take().filter(|tally| tally.length() > 0) {
            self.body(tally.finish(true));
        }
        let what = if self.way == Way::FromClient { What::Closed { how } } else { What::Hung { how } };
        self.witness.note(Channel::Data, what);
    }
}

impl Drop for Lane {
    /// It broke off: what went over it before was seen too.
    fn drop(&mut self) {
        if let Some(tally) = self.tally.take().filter(|tally| self.is_open && tally.length() > 0) {
            self.body(tally.finish(false));
        }
    }
}

/// What of a write is kept.
fn kept(octets: &[u8]) -> Octets {
    let (head, tail) = (octets.get(..KEPT), octets.get(octets.len().saturating_sub(KEPT)..));
    match (head, tail) {
        (Some(head), Some(tail)) if octets.len() > 2 * KEPT => Octets::from([head, tail].concat()),
        _ => Octets::from(octets),
    }
}

/// What a report calls the n-th control connection: a, b, … and behind z c27, c28, …
pub(super) fn name(number: u64) -> String {
    match u8::try_from(number) {
        Ok(small @ 1..=26) => char::from(b'a' + small - 1).to_string(),
        _ => format!("c{number}"),
    }
}
