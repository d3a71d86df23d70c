//! The ports that listen for data connections.

use std::fs;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, TcpListener};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// The ports that may listen for a data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ports {
    /// Any that the kernel has.
    Any,
    /// One of these.
    Among(RangeInclusive<u16>),
}

/// The ports that the kernel gives to whoever asks for any (`ip(7)`).
#[derive(Debug, PartialEq, Eq)]
struct OfKernel {
    range: RangeInclusive<u16>,
    /// Those that it does not.
    reserved: Vec<RangeInclusive<u16>>,
}

/// As they were when the server began: behind landlock nobody can read them.
static OF_KERNEL: LazyLock<Option<OfKernel>> = LazyLock::new(|| {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok();
    OfKernel::parse(&read("ip_local_port_range")?, &read("ip_local_reserved_ports")?)
});

impl Ports {
    /// Looks up what must be known before the process is kept to its files.
    pub(crate) fn look_up() {
        LazyLock::force(&OF_KERNEL);
    }

    /// Which one, nobody can foretell (RFC 2577 §5.1): the search begins anywhere.
    pub(super) fn listen(&self, host: IpAddr) -> io::Result<TcpListener> {
        match self {
            Self::Any => listen_on_any(host),
            Self::Among(ports) => {
                let mut last = io::Error::from(ErrorKind::AddrInUse);
                for port in ports.clone().cycle().skip(anywhere(ports)).take(ports.len()) {
                    match TcpListener::bind((host, port)) {
                        Err(error) if error.kind() == ErrorKind::AddrInUse => last = error,
                        bound => return bound,
                    }
                }
                Err(last)
            }
        }
    }
}

/// The kernel looks for a port that nobody has, and with thousands of connections that have just ended that takes it longer than
/// the transfer of a small file. To try some that are probably free takes it nothing.
fn listen_on_any(host: IpAddr) -> io::Result<TcpListener> {
    const TRIES: usize = 4;
    if let Some(kernel) = &*OF_KERNEL {
        for port in (0..TRIES).filter_map(|_| kernel.range.clone().nth(anywhere(&kernel.range))) {
            if !kernel.is_reserved(port)
                && let Ok(listener) = TcpListener::bind((host, port))
            {
                return Ok(listener);
            }
        }
    }
    TcpListener::bind((host, 0))
}

/// A place in a range that nobody can foretell.
fn anywhere(ports: &RangeInclusive<u16>) -> usize {
    let count = u64::from(ports.end().saturating_sub(*ports.start())) + 1;
    usize::try_from(RandomState::new().build_hasher().finish() % count).unwrap_or_default()
}

impl OfKernel {
    /// Takes the two lines of the kernel: `32768 60999`, and `8080,9148-9150`.
    fn parse(range: &str, reserved: &str) -> Option<Self> {
        let (first, last) = range.trim().split_once(char::is_whitespace)?;
        let between = |first: &str, last: &str| Some(first.trim().parse().ok()?..=last.trim().parse().ok()?);
        let range =
            between(first, last).filter(|range: &RangeInclusive<u16>| !range.is_empty() && *range.start() > 0)?;
        let parts = reserved.trim().split(',').filter(|part| !part.is_empty());
        let reserved =
            parts.map(|part| part.split_once('-').map_or_else(|| between(part, part), |(a, b)| between(a, b)));
        Some(Self { range, reserved: reserved.collect::<Option<_>>()? })
    }

    fn is_reserved(&self, port: u16) -> bool {
        self.reserved.iter().any(|reserved| reserved.contains(&port))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::Ipv4Addr;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("32768\t60999\n", "\n", Some((32768..=60999, vec![])))]
    #[case("1024 65535\n", "8080,9148-9150\n", Some((1024..=65535, vec![8080..=8080, 9148..=9150])))]
    #[case("60999 32768\n", "\n", None)]
    #[case("0 100\n", "\n", None)]
    #[case("32768\n", "\n", None)]
    #[case("32768 60999\n", "8080-x\n", None)]
    #[case("32768 99999\n", "", None)]
    fn what_the_kernel_says(
        #[case] range: &str,
        #[case] reserved: &str,
        #[case] expected: Option<(RangeInclusive<u16>, Vec<RangeInclusive<u16>>)>,
    ) {
        assert_eq!(OfKernel::parse(range, reserved), expected.map(|(range, reserved)| OfKernel { range, reserved }));
    }

    #[test]
    fn what_is_reserved_is_left_alone() {
        let kernel = OfKernel::parse("1024 65535", "8080,9148-9150").unwrap();
        let found: Vec<u16> = (8079..=8081).chain(9147..=9151).filter(|port| !kernel.is_reserved(*port)).collect();
        assert_eq!(found, [8079, 8081, 9147, 9151]);
    }

    #[test]
    fn any_port_is_one_of_the_kernel_and_none_is_like_the_other() {
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let open: Vec<TcpListener> = (0..64).map(|_| Ports::Any.listen(host).unwrap()).collect();
        let ports: BTreeSet<u16> = open.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        assert_eq!(ports.len(), 64);
        let steps: BTreeSet<u16> = open
            .windows(2)
            .map(|two| {
                let [one, other] = two else { unreachable!() };
                other.local_addr().unwrap().port().wrapping_sub(one.local_addr().unwrap().port())
            })
            .collect();
        assert!(steps.len() > 32, "{steps:?}");
        if let Some(kernel) = &*OF_KERNEL {
            assert!(ports.iter().all(|port| kernel.range.contains(port)), "{ports:?}");
        }
    }
}
