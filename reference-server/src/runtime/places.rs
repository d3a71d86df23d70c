//! How many sessions there may be.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many sessions there may be at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) in_all: usize,
    pub(crate) per_host: usize,
}

/// The places that are taken.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    by_host: BTreeMap<IpAddr, usize>,
}

/// A place of one session. It is free again when this goes.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    host: IpAddr,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, taken: Mutex::default() })
    }

    /// A place for a client from this host, if there is one.
    pub(super) fn take(self: &Arc<Self>, host: IpAddr) -> Option<Place> {
        let host = host.to_canonical();
        let mut taken = self.taken();
        let of_host = taken.by_host.get(&host).copied().unwrap_or_default();
        if taken.in_all >= self.limits.in_all || of_host >= self.limits.per_host {
            return None;
        }
        taken.in_all += 1;
        taken.by_host.insert(host, of_host + 1);
        Some(Place { places: Arc::clone(self), host })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.in_all = taken.in_all.saturating_sub(1);
        // A host that is gone leaves nothing behind: there are more of them than memory.
        match taken.by_host.get_mut(&self.host) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(taken.by_host.remove(&self.host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_share_and_all_have_the_whole() {
        let places = Places::new(Limits { in_all: 3, per_host: 2 });
        let [here, there, mapped] = ["10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1"].map(|host| host.parse().unwrap());
        let first = places.take(here).unwrap();
        let _second = places.take(mapped).unwrap();
        assert!(places.take(here).is_none());
        let _third = places.take(there).unwrap();
        assert!(places.take(there).is_none());
        drop(first);
        assert!(places.take(here).is_some());
        assert_eq!(places.taken().by_host.len(), 2);
    }
}
