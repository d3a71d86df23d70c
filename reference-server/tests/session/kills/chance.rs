//! Numbers at random, the same ones for the same seed.

use std::env;
use std::hash::{BuildHasher, RandomState};

pub(super) struct Chance {
    pub(super) seed: u64,
    state: u64,
}

impl Chance {
    /// With the seed of `FTPSPEC_SEED`, or another one each time.
    pub(super) fn from_environment() -> Self {
        let seed =
            env::var("FTPSPEC_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().unwrap());
        Self::of(seed)
    }

    pub(super) fn of(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// The next number, as `SplitMix64` makes them.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn among<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    /// So many octets at most, no two alike near each other; small ones are as likely as large ones.
    pub(super) fn octets(&mut self, most: u64) -> Vec<u8> {
        let bits = 1 + self.below(u64::from(most.ilog2()));
        let length = usize::try_from(self.below(1 << bits)).unwrap() + 1;
        let mut octets = Vec::with_capacity(length + 8);
        while octets.len() < length {
            octets.extend_from_slice(&self.next().to_le_bytes());
        }
        octets.truncate(length);
        octets
    }
}
