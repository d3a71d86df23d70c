//! Failed logins, counted for each address over all of its sessions (RFC 2577 §5, §6).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::session::Standing;

/// Behind the last failure an address is remembered for so long.
const MEMORY: Duration = Duration::from_mins(10);
/// So many addresses are remembered.
const MOST_HOSTS: usize = 10_000;
/// A delay does not grow beyond so many times the first.
const MOST_DELAYS: u32 = 8;

/// What failed logins lead to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Penalties {
    /// After so many an address is shut out; without a limit, never.
    pub(crate) limit: Option<NonZero<u32>>,
    /// How long the reply to the second one takes. It doubles with each one more.
    pub(crate) delay: Duration,
}

/// The addresses that failed.
#[derive(Debug)]
pub(crate) struct Failures {
    penalties: Mutex<Penalties>,
    by_host: Mutex<BTreeMap<IpAddr, Failed>>,
}

#[derive(Debug, Clone, Copy)]
struct Failed {
    times: u32,
    last: Instant,
}

/// What one more failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Penalty {
    /// The reply takes so long.
    pub(super) delay: Duration,
    pub(super) standing: Standing,
}

impl Failures {
    pub(crate) fn new(penalties: Penalties) -> Self {
        Self { penalties: Mutex::new(penalties), by_host: Mutex::default() }
    }

    /// From now on failed logins lead to this. Those that were counted still are.
    pub(crate) fn punish(&self, penalties: Penalties) {
        *self.penalties.lock().unwrap_or_else(PoisonError::into_inner) = penalties;
    }

    /// Counts a failure of this host.
    pub(super) fn count(&self, host: IpAddr, now: Instant) -> Penalty {
        let penalties = self.penalties();
        if penalties.limit.is_none() && penalties.delay.is_zero() {
            return Penalty { delay: Duration::ZERO, standing: Standing::MayTryAgain };
        }
        let mut by_host = self.by_host();
        let host = counted_as(host);
        let before = by_host.get(&host).filter(|failed| failed.is_remembered(now)).map_or(0, |failed| failed.times);
        if by_host.len() >= MOST_HOSTS && !by_host.contains_key(&host) {
            forget_some(&mut by_host, now);
        }
        let times = before.saturating_add(1);
        by_host.insert(host, Failed { times, last: now });
        Penalty { delay: penalties.delay(times), standing: penalties.standing(times) }
    }

    /// Whether this host has failed too often.
    pub(super) fn standing_of(&self, host: IpAddr, now: Instant) -> Standing {
        let failed = self.by_host().get(&counted_as(host)).copied();
        failed
            .filter(|failed| failed.is_remembered(now))
            .map_or(Standing::MayTryAgain, |failed| self.penalties().standing(failed.times))
    }

    fn penalties(&self) -> Penalties {
        *self.penalties.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn by_host(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Failed>> {
        self.by_host.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Penalties {
    /// Anyone mistypes once; so the first time costs nothing.
    fn delay(self, times: u32) -> Duration {
        let doublings = match times.checked_sub(2) {
            None => 0,
            Some(exponent) => 2_u32.saturating_pow(exponent).min(MOST_DELAYS),
        };
        self.delay * doublings
    }

    fn standing(self, times: u32) -> Standing {
        if self.limit.is_some_and(|limit| times >= limit.get()) { Standing::ShutOut } else { Standing::MayTryAgain }
    }
}

impl Failed {
    fn is_remembered(self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) < MEMORY
    }
}

/// Who has one address of IPv6 has the 2^64 beside it as well.
fn counted_as(host: IpAddr) -> IpAddr {
    match host.to_canonical() {
        IpAddr::V6(host) => IpAddr::V6(Ipv6Addr::from_bits(host.to_bits() >> 64 << 64)),
        host @ IpAddr::V4(_) => host,
    }
}

/// Makes room: for those whose time is over, and else for the older half. Half of them at once, so that many hosts that fail do
/// not cost a search each.
fn forget_some(by_host: &mut BTreeMap<IpAddr, Failed>, now: Instant) {
    by_host.retain(|_, failed| failed.is_remembered(now));
    if by_host.len() >= MOST_HOSTS {
        let mut times: Vec<Instant> = by_host.values().map(|failed| failed.last).collect();
        let middle = times.len() / 2;
        let middle = *times.select_nth_unstable(middle).1;
        by_host.retain(|_, failed| failed.last > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const SECOND: Duration = Duration::from_secs(1);

    fn failures(limit: u32, delay: Duration) -> Failures {
        Failures::new(Penalties { limit: NonZero::new(limit), delay })
    }

    fn host(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_delay_grows_and_then_the_address_is_shut_out() {
        let (failures, now) = (failures(7, SECOND), Instant::now());
        let penalties: Vec<Penalty> = (0..8).map(|_| failures.count(host("10.0.0.1"), now)).collect();
        let delays: Vec<u64> = penalties.iter().map(|penalty| penalty.delay.as_secs()).collect();
        assert_eq!(delays, [0, 1, 2, 4, 8, 8, 8, 8]);
        let shut_out: Vec<bool> = penalties.iter().map(|penalty| penalty.standing == Standing::ShutOut).collect();
        assert_eq!(shut_out, [false, false, false, false, false, false, true, true]);
    }

    #[test]
    fn it_is_forgotten_after_ten_minutes_and_no_sooner() {
        let (failures, then) = (failures(1, SECOND), Instant::now());
        let here = host("10.0.0.1");
        failures.count(here, then);
        assert_eq!(failures.standing_of(here, then + MEMORY.saturating_sub(SECOND)), Standing::ShutOut);
        assert_eq!(failures.standing_of(here, then + MEMORY), Standing::MayTryAgain);
        assert_eq!(failures.count(here, then + MEMORY).delay, Duration::ZERO);
    }

    #[rstest]
    #[case::itself("10.0.0.1", Standing::ShutOut)]
    #[case::mapped("::ffff:10.0.0.1", Standing::ShutOut)]
    #[case::the_next("10.0.0.2", Standing::MayTryAgain)]
    #[case::the_same_net("2001:db8::2:1", Standing::ShutOut)]
    #[case::another_net("2001:db8:0:1::1", Standing::MayTryAgain)]
    fn whom_it_is_counted_for(#[case] other: &str, #[case] expected: Standing) {
        let (failures, now) = (failures(1, SECOND), Instant::now());
        failures.count(host("10.0.0.1"), now);
        failures.count(host("2001:db8::1"), now);
        assert_eq!(failures.standing_of(host(other), now), expected);
    }

    #[test]
    fn without_limit_and_delay_nothing_is_remembered() {
        let (failures, now) = (failures(0, Duration::ZERO), Instant::now());
        for _ in 0..100 {
            let penalty = failures.count(host("10.0.0.1"), now);
            assert_eq!(penalty, Penalty { delay: Duration::ZERO, standing: Standing::MayTryAgain });
        }
        assert!(failures.by_host().is_empty());
    }

    #[test]
    fn the_table_is_bounded_and_the_newest_stay() {
        let (failures, begin) = (failures(1, SECOND), Instant::now());
        let hosts = u32::try_from(MOST_HOSTS).unwrap() * 2;
        for number in 0..hosts {
            let now = begin + Duration::from_micros(number.into());
            failures.count(std::net::Ipv4Addr::from_bits(number).into(), now);
        }
        assert!(failures.by_host().len() <= MOST_HOSTS);
        let last = std::net::Ipv4Addr::from_bits(hosts - 1).into();
        assert_eq!(failures.standing_of(last, begin + SECOND), Standing::ShutOut);
    }
}
