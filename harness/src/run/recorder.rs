//! One clock and one list for everything that happens in a case.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reports::model::{Channel, Event, What};

/// The most octets of control connections that one case keeps. A peer that sends more is flooding.
const MOST_OCTETS: usize = 256 << 10;

/// Writes down what happens.
#[derive(Debug)]
pub(super) struct Recorder {
    begun: Instant,
    until: Instant,
    events: Vec<Event>,
    octets: usize,
    step: usize,
    act: usize,
    connection: String,
    /// What is under TLS now: a control connection by its name, and its data connection.
    secured: BTreeSet<(String, Secured)>,
}

/// Which channel is under TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Secured {
    Control,
    Data,
}

impl Recorder {
    /// A clock that begins now. After so long nothing is waited for any more.
    pub(super) fn new(at_most: Duration) -> Self {
        let begun = Instant::now();
        Self {
            begun,
            until: begun + at_most,
            events: Vec::new(),
            octets: 0,
            step: 0,
            act: 0,
            connection: String::new(),
            secured: BTreeSet::new(),
        }
    }

    /// The next act begins. Gives the number of the first event it will make.
    pub(super) fn begin(&mut self, step: usize, connection: &str) -> usize {
        self.step = step;
        self.connection.clear();
        self.connection.push_str(connection);
        self.events.len()
    }

    /// The act ended. Gives what it made.
    pub(super) fn end(&mut self, first: usize) -> Vec<Event> {
        self.act += 1;
        self.events.get(first..).unwrap_or_default().to_vec()
    }

    /// Something happened.
    pub(super) fn note(&mut self, channel: Channel, what: What) {
        if let What::Received { octets } = &what {
            self.octets += octets.len();
        }
        let connection = self.connection.clone();
        self.write(connection, channel, what);
    }

    /// Something happened on this control connection.
    pub(super) fn note_on(&mut self, connection: &str, channel: Channel, what: What) {
        connection.clone_into(&mut self.connection);
        self.note(channel, what);
    }

    fn write(&mut self, connection: String, channel: Channel, what: What) {
        let at = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let secured = self.is_secured(channel, &what);
        self.events.push(Event { at, step: self.step, act: self.act, connection, channel, secured, what });
    }

    /// Whether this is said under TLS. What begins and ends TLS is kept in mind.
    fn is_secured(&mut self, channel: Channel, what: &What) -> bool {
        let kind = match channel {
            Channel::Control => Secured::Control,
            Channel::Data => Secured::Data,
            Channel::Subject => return false,
        };
        let key = (self.connection.clone(), kind);
        match what {
            What::Secured { .. } => {
                self.secured.insert(key);
                false
            }
            What::TlsEnded { .. } | What::Connected { .. } => {
                self.secured.remove(&key);
                false
            }
            What::Sent { .. } | What::Received { .. } | What::BodySent(_) | What::BodyReceived(_) => {
                self.secured.contains(&key)
            }
            What::NotConnected { .. }
            | What::Listening { .. }
            | What::NotSecured { .. }
            | What::Closed { .. }
            | What::Hung { .. }
            | What::Deadline { .. }
            | What::Quiet { .. }
            | What::Exited { .. }
            | What::Urgent
            | What::Outcome { .. }
            | What::Files { .. }
            | What::Fault { .. } => false,
        }
    }

    /// Whether the last thing that happened is the end of a connection.
    pub(super) fn last_ended(&self) -> bool {
        self.events.last().is_some_and(|event| matches!(event.what, What::Closed { .. }))
    }

    /// Whether a peer floods the control connection.
    pub(super) fn is_flooded(&self) -> bool {
        self.octets > MOST_OCTETS
    }

    /// How long is really waited: `within`, and never longer than the case may last.
    pub(super) fn patience(&self, within: Duration) -> Duration {
        within.min(self.until.saturating_duration_since(Instant::now()))
    }

    /// When to stop waiting: after `within`, and never later than the end of the case.
    pub(super) fn deadline(&self, within: Duration) -> tokio::time::Instant {
        (Instant::now() + self.patience(within)).into()
    }

    /// How many events there are.
    pub(super) fn count(&self) -> usize {
        self.events.len()
    }

    /// Everything that happened so far.
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Everything that happened.
    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }
}

/// Milliseconds, as events keep them.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_waited_for_behind_the_end_of_a_case() {
        let long = Recorder::new(Duration::from_hours(1));
        assert_eq!(long.patience(Duration::from_secs(105)), Duration::from_secs(105));
        let short = Recorder::new(Duration::from_mins(1)).patience(Duration::from_secs(105));
        assert!((Duration::from_secs(30)..=Duration::from_mins(1)).contains(&short), "{short:?}");
        assert_eq!(Recorder::new(Duration::ZERO).patience(Duration::from_secs(105)), Duration::ZERO);
    }
}
