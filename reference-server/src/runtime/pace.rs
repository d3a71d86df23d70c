//! How fast the octets of a session may go.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many octets a second the transfers of a session may move in each direction; none: as many as can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    pub(crate) to_client: Option<NonZero<u64>>,
    pub(crate) from_client: Option<NonZero<u64>>,
}

/// Octets go in pieces of so much time, one after the other: the client sees them come evenly, and ABOR is heard within one.
const PIECES_A_SECOND: u64 = 20;
/// The least rate: a piece has octets.
pub(crate) const SLOWEST: u64 = 1000;

/// What a session may move. Its transfers share it, so that many small files are no faster than a large one.
#[derive(Debug, Clone, Default)]
pub(super) struct Paces {
    pub(super) to_client: Option<Arc<Pace>>,
    pub(super) from_client: Option<Arc<Pace>>,
}

impl Paces {
    pub(super) fn new(rates: Rates) -> Self {
        let pace = |rate: Option<NonZero<u64>>| rate.map(|rate| Arc::new(Pace::new(rate, Instant::now())));
        Self { to_client: pace(rates.to_client), from_client: pace(rates.from_client) }
    }
}

/// A bucket that a token falls into with each octet's worth of time, and that holds a piece of them.
#[derive(Debug)]
pub(super) struct Pace {
    rate: NonZero<u64>,
    /// When all that was moved is paid for.
    paid_at: Mutex<Instant>,
}

impl Pace {
    fn new(rate: NonZero<u64>, now: Instant) -> Self {
        Self { rate, paid_at: Mutex::new(now) }
    }

    /// The most octets to move at a time.
    fn piece(&self) -> usize {
        usize::try_from(self.rate.get() / PIECES_A_SECOND).unwrap_or(usize::MAX).max(1)
    }

    /// How long nothing may move from now on.
    fn due(&self, now: Instant) -> Duration {
        self.paid_at.lock().unwrap_or_else(PoisonError::into_inner).saturating_duration_since(now)
    }

    fn take(&self, octets: usize, now: Instant) {
        const MOST: Duration = Duration::from_millis(1000 / PIECES_A_SECOND);
        let nanoseconds = octets as u128 * 1_000_000_000 / u128::from(self.rate.get());
        let cost = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has moved nothing for a while has saved up one piece, and no more.
        *paid_at = now.checked_sub(MOST).map_or(now, |earliest| (*paid_at).max(earliest)) + cost;
    }
}

/// Counts the octets of a transfer, and holds them back where there is a limit.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    moved: Arc<AtomicU64>,
    pace: Option<Arc<Pace>>,
}

impl Meter {
    pub(super) fn new(pace: Option<Arc<Pace>>) -> Self {
        Self { moved: Arc::default(), pace }
    }

    /// How many octets were moved.
    pub(super) fn octets(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    pub(super) fn is_limited(&self) -> bool {
        self.pace.is_some()
    }

    /// Waits until something may move; says how many octets of those that are there. For threads that may wait.
    pub(super) fn next(&self, octets: usize) -> usize {
        let Some(pace) = &self.pace else { return octets };
        // The pause is the limit itself, so no event ends it. Each piece is paid for by the pause behind it, and a pause is short: whoever
        // stops a transfer can wait for its end.
        std::thread::sleep(pace.due(Instant::now()));
        octets.min(pace.piece())
    }

    /// So many were moved.
    pub(super) fn count(&self, octets: usize) {
        self.moved.fetch_add(octets as u64, Ordering::Relaxed);
        if let Some(pace) = &self.pace {
            pace.take(octets, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Moves whatever may move, with a clock of its own. Returns what was moved in each tenth of a second.
    fn moved(pace: &Pace, begin: Instant, tenths: u32) -> Vec<usize> {
        let tenth = Duration::from_millis(100);
        let (mut now, mut all) = (begin, vec![0; tenths as usize]);
        while now < begin + tenth * tenths {
            let due = pace.due(now);
            if due.is_zero() {
                all[usize::try_from((now - begin).as_millis()).unwrap() / 100] += pace.piece();
                pace.take(pace.piece(), now);
            }
            now += due;
        }
        all
    }

    #[rstest]
    #[case(1000)]
    #[case(123_456)]
    #[case(1 << 40)]
    fn octets_go_evenly(#[case] rate: u64) {
        let begin = Instant::now();
        let pace = Pace::new(NonZero::new(rate).unwrap(), begin);
        let piece = pace.piece();
        let tenths = moved(&pace, begin, 20);
        let all: usize = tenths.iter().sum();
        let expected = usize::try_from(rate * 2).unwrap();
        assert!(all >= expected - piece && all <= expected + 2 * piece, "{all} of {expected}: {tenths:?}");
        assert!(tenths.iter().all(|tenth| *tenth <= 4 * piece && *tenth >= piece), "{tenths:?}, {piece}");
    }

    /// A pause gives nobody a right to a burst.
    #[test]
    fn what_is_not_used_is_not_saved() {
        let begin = Instant::now();
        let pace = Pace::new(NonZero::new(100_000).unwrap(), begin);
        let later = begin + Duration::from_hours(1);
        assert!(moved(&pace, later, 1)[0] <= 4 * 5000);
    }
}
