//! The flags that say who is let in, and where data connections go.

use std::net::Ipv4Addr;
use std::num::NonZero;
use std::ops::RangeInclusive;

use clap::Args;

use crate::runtime::{Limits, Ports, Rates, SLOWEST};
use crate::session::Settings;

/// Who is let in, and where data connections go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connections")]
pub(super) struct Network {
    /// How many sessions there may be at a time; one more is told 421
    #[arg(long, value_name = "N", default_value = "1000")]
    sessions: NonZero<usize>,
    /// How many of them may come from one host [default: as many as there may be]
    #[arg(long, value_name = "N")]
    sessions_per_host: Option<NonZero<usize>>,
    /// The ports that PASV and EPSV listen at, as a firewall lets them pass [default: any that is free]
    #[arg(long, value_name = "FIRST-LAST", value_parser = ports)]
    passive_ports: Option<RangeInclusive<u16>>,
    /// The address that 227 tells, where clients reach this host by another than its own (NAT)
    #[arg(long, value_name = "IPV4")]
    passive_address: Option<Ipv4Addr>,
    /// How many octets a second the transfers of a session may move: to the client, and from it. 0 is no limit [default: 0/0]
    #[arg(long, value_name = "DOWN/UP", value_parser = rates)]
    rate_limit: Option<Rates>,
}

impl Network {
    pub(super) fn limits(&self) -> Limits {
        let in_all = self.sessions.get();
        Limits { in_all, per_host: self.sessions_per_host.map_or(in_all, NonZero::get) }
    }

    pub(super) fn rates(&self) -> Rates {
        self.rate_limit.unwrap_or_default()
    }

    /// Puts it into the settings, and gives the ports.
    pub(super) fn apply(self, settings: &mut Settings) -> Ports {
        settings.told_host = self.passive_address;
        self.passive_ports.map_or(Ports::Any, Ports::Among)
    }
}

/// Ports below 1024 belong to services.
fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let bounds = text.split_once('-').map(|(first, last)| (first.trim().parse(), last.trim().parse()));
    match bounds {
        Some((Ok(first), Ok(last))) if (1024..=last).contains(&first) => Ok(first..=last),
        Some(_) | None => Err("write FIRST-LAST, both from 1024 on, as in 50000-50100".to_owned()),
    }
}

fn rates(text: &str) -> Result<Rates, String> {
    let rate = |text: &str| text.trim().parse().ok().filter(|rate| *rate == 0 || *rate >= SLOWEST).map(NonZero::new);
    match text.split_once('/').map(|(down, up)| (rate(down), rate(up))) {
        Some((Some(to_client), Some(from_client))) => Ok(Rates { to_client, from_client }),
        Some(_) | None => Err(format!("write DOWN/UP, each 0 or from {SLOWEST} on, as in 1000000/500000")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{NonZero, Rates, ports, rates};

    #[rstest]
    #[case("1000000/5000", Ok((1_000_000, 5000)))]
    #[case("0/1000", Ok((0, 1000)))]
    #[case("0/0", Ok((0, 0)))]
    #[case("1000/999", Err(()))]
    #[case("1000", Err(()))]
    #[case("-1000/1000", Err(()))]
    #[case("", Err(()))]
    fn rates_are_two(#[case] text: &str, #[case] expected: Result<(u64, u64), ()>) {
        let expected =
            expected.map(|(down, up)| Rates { to_client: NonZero::new(down), from_client: NonZero::new(up) });
        assert_eq!(rates(text).map_err(drop), expected);
    }

    #[rstest]
    #[case("50000-50100", Ok(50000..=50100))]
    #[case("50000-50000", Ok(50000..=50000))]
    #[case("50100-50000", Err(()))]
    #[case("1000-2000", Err(()))]
    #[case("50000-70000", Err(()))]
    #[case("50000", Err(()))]
    #[case("", Err(()))]
    fn ports_are_a_range(#[case] text: &str, #[case] expected: Result<std::ops::RangeInclusive<u16>, ()>) {
        assert_eq!(ports(text).map_err(drop), expected);
    }
}
