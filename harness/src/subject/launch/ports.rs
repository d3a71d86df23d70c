//! Ports that nobody uses.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Below are the ports of services that people know.
const LOWEST: u16 = 12_000;

/// The ports that starts of ours are about to use, so that two at one time do not choose the same.
static CHOSEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that was free a moment ago, and that no other start of ours takes while this value lives.
#[derive(Debug)]
pub(super) struct FreePort(u16);

impl FreePort {
    /// Chooses among the ports that the kernel gives to nobody by itself: one that it gives, any connection of any
    /// program may have before the subject binds it. Where there are none, the kernel chooses.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn choose() -> io::Result<Self> {
        let quiet = quiet_ports();
        let start = RandomState::new().hash_one(std::process::id());
        for step in 0..quiet.len() {
            let at = start.wrapping_add(step as u64) % quiet.len() as u64;
            let Some(port) = u16::try_from(at).ok().and_then(|at| quiet.start.checked_add(at)) else { continue };
            if Self::is_free(port) && Self::is_ours(port) {
                return Ok(Self(port));
            }
        }
        loop {
            let port = bind(0)?.local_addr()?.port();
            if Self::is_ours(port) {
                return Ok(Self(port));
            }
        }
    }

    /// The port before it must be free too: a server connects from there (RFC 959 §5.2).
    fn is_free(port: u16) -> bool {
        bind(port).is_ok() && bind(port.saturating_sub(1)).is_ok()
    }

    fn is_ours(port: u16) -> bool {
        let mut chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
        let near = port.saturating_sub(1)..=port.saturating_add(1);
        chosen.range(near).next().is_none() && chosen.insert(port)
    }

    pub(super) fn number(&self) -> u16 {
        self.0
    }

    /// Whether somebody uses it now.
    pub(super) fn is_taken(&self) -> bool {
        bind(self.0).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
    }
}

impl Drop for FreePort {
    fn drop(&mut self) {
        CHOSEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// The ports below those that the kernel gives by itself, without the ones that services are known by.
fn quiet_ports() -> Range<u16> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let lowest = range.split_whitespace().next().and_then(|lowest| lowest.parse().ok()).unwrap_or_default();
    LOWEST..lowest
}

/// Binds every address of both families, for the subject may want any of them.
fn bind(port: u16) -> io::Result<TcpListener> {
    let every_address =
        [SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)), SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))];
    match TcpListener::bind(every_address.as_slice()) {
        // The second is for a kernel without IPv6; it would also hide that the first is in use.
        Ok(listener) if port != 0 && listener.local_addr()?.is_ipv4() && has_ipv6() => {
            Err(io::Error::from(io::ErrorKind::AddrInUse))
        }
        result => result,
    }
}

fn has_ipv6() -> bool {
    std::path::Path::new("/proc/net/tcp6").exists()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::FreePort;

    #[test]
    fn a_port_is_free_until_somebody_takes_it() {
        let port = FreePort::choose().unwrap();
        assert!(!port.is_taken());
        let _listener = TcpListener::bind(("127.0.0.1", port.number())).unwrap();
        assert!(port.is_taken());
    }

    #[test]
    fn two_starts_do_not_get_the_same() {
        let ports: Vec<FreePort> = (0..200).map(|_| FreePort::choose().unwrap()).collect();
        let numbers: std::collections::BTreeSet<u16> = ports.iter().map(FreePort::number).collect();
        assert_eq!(numbers.len(), ports.len());
    }
}
