//! How much more may be stored.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::StoreError;

/// How many octets more a file may get.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    store: Option<Arc<AtomicU64>>,
    quota: Option<Arc<AtomicU64>>,
    range: Option<u64>,
    instead: Option<Instead>,
}

/// What a file has taken that is to come in the place of another. It is given back where the file does not come.
#[derive(Debug, Default)]
struct Instead {
    /// How large the other one is.
    before: u64,
    /// What of that counts for the quota, and this one has not used: a user who replaces a file needs no more of the quota than it grows.
    /// The store needs room for both.
    credit: u64,
    of_quota: Taken,
    of_store: Taken,
}

/// What is taken of one limit.
#[derive(Debug, Default)]
struct Taken {
    left: Option<Arc<AtomicU64>>,
    octets: u64,
}

impl Taken {
    fn give_back(&mut self, octets: u64) {
        let octets = octets.min(self.octets);
        self.octets -= octets;
        if let Some(left) = &self.left {
            left.fetch_add(octets, Ordering::Relaxed);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.give_back(u64::MAX);
    }
}

impl Allowance {
    /// No more than so many, either.
    pub(crate) fn at_most(self, octets: Option<u64>) -> Self {
        Self { range: octets, ..self }
    }

    /// For a file that comes in the place of another one of this size.
    pub(super) fn instead_of(self, before: u64) -> Self {
        let of = |left: &Option<Arc<AtomicU64>>| Taken { left: left.clone(), octets: 0 };
        let instead = Instead { before, credit: before, of_quota: of(&self.quota), of_store: of(&self.store) };
        Self { instead: Some(instead), ..self }
    }

    /// The file has come in the place of the other, whose octets are free now.
    pub(crate) fn settle(mut self) {
        let Some(instead) = &mut self.instead else { return };
        // What it has taken, it keeps.
        (instead.of_quota.octets, instead.of_store.octets) = (instead.credit, instead.before);
    }

    /// Takes so many, or as many as are left; says how many.
    pub(crate) fn take(&mut self, octets: usize) -> usize {
        let wanted = self.range.map_or(octets as u64, |left| left.min(octets as u64));
        let from_credit = self.instead.as_ref().map_or(0, |instead| instead.credit.min(wanted));
        let of_quota = take(self.quota.as_deref(), wanted - from_credit);
        let granted = take(self.store.as_deref(), from_credit + of_quota);
        let used_of_quota = granted.saturating_sub(from_credit);
        if let Some(left) = &self.quota {
            left.fetch_add(of_quota - used_of_quota, Ordering::Relaxed);
        }
        if let Some(instead) = &mut self.instead {
            instead.credit -= granted.min(from_credit);
            instead.of_quota.octets += used_of_quota;
            instead.of_store.octets += granted;
        }
        if let Some(left) = &mut self.range {
            *left -= granted;
        }
        usize::try_from(granted).unwrap_or(octets)
    }

    /// Cuts the file to this length. What is cut off becomes free; not before, for whoever waits for a data connection would give others
    /// room that there is not.
    pub(crate) fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        let before = file.metadata()?.len();
        // To cut nothing off costs much: a file system that sees a file cut to nothing may write the new one to the disk before it is
        // closed (ext4 does), so that the old content is not lost for one that is not there yet.
        if before != length {
            file.set_len(length)?;
        }
        if let Some(instead) = &mut self.instead {
            let cut = before.saturating_sub(length);
            instead.of_store.give_back(cut);
            instead.credit += cut.saturating_sub(instead.of_quota.octets);
            instead.of_quota.give_back(cut);
            return Ok(());
        }
        for left in [&self.store, &self.quota].into_iter().flatten() {
            left.fetch_add(before.saturating_sub(length), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether it is the store that has no room left, and not the user who may not have more of it.
    pub(crate) fn is_store_full(&self) -> bool {
        self.store.as_ref().is_some_and(|left| left.load(Ordering::Relaxed) == 0)
    }
}

/// Takes from what is left; without a limit, as many as are wanted.
fn take(left: Option<&AtomicU64>, wanted: u64) -> u64 {
    let Some(left) = left else { return wanted };
    let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(wanted)));
    before.map_or(0, |before| before.min(wanted))
}

/// How many octets more there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// On the disk, or in memory.
    pub(crate) free: u64,
    /// What is left of the quota, if there is one.
    pub(crate) of_quota: Option<u64>,
}

impl Room {
    /// The smaller of the two.
    pub(crate) fn octets(self) -> u64 {
        self.of_quota.unwrap_or(self.free).min(self.free)
    }
}

/// How many octets the files of a store may have together.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// What there is room for, where the store has to count it: a disk does that by itself.
    pub(super) size: Limit,
    /// What the users may have of it.
    pub(super) quota: Limit,
}

impl Limits {
    /// What a file may get.
    pub(super) fn allowance(&self, used: impl Fn() -> Result<u64, StoreError>) -> Result<Allowance, StoreError> {
        Ok(Allowance { store: self.size.share(&used)?, quota: self.quota.share(&used)?, range: None, instead: None })
    }
}

/// How many octets at most.
#[derive(Debug, Clone, Default)]
pub(super) struct Limit {
    most: Option<u64>,
    /// What is left of them, while files are received.
    left: Arc<Mutex<Weak<AtomicU64>>>,
}

impl Limit {
    pub(super) fn of(most: Option<u64>) -> Self {
        Self { most, left: Arc::default() }
    }

    /// How many are left; none if there is no limit.
    pub(super) fn left(&self, used: impl Fn() -> Result<u64, StoreError>) -> Result<Option<u64>, StoreError> {
        self.most.map(|most| Ok(most.saturating_sub(used()?))).transpose()
    }

    /// All files that are received at a time share what was left when the first of them began.
    fn share(&self, used: impl Fn() -> Result<u64, StoreError>) -> Result<Option<Arc<AtomicU64>>, StoreError> {
        if self.most.is_none() {
            return Ok(None);
        }
        let mut last = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = match last.upgrade() {
            Some(left) => left,
            None => Arc::new(AtomicU64::new(self.left(used)?.unwrap_or(u64::MAX))),
        };
        *last = Arc::downgrade(&left);
        Ok(Some(left))
    }
}
