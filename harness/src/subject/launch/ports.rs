//! Ports that nobody uses.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};

/// The ports that starts of ours are about to use, so that two at one time do not choose the same.
static CHOSEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that was free a moment ago, and that no other start of ours takes while this value lives.
#[derive(Debug)]
pub(super) struct FreePort(u16);

impl FreePort {
    /// Lets the kernel choose one, and gives it back for the subject to take.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn choose() -> io::Result<Self> {
        loop {
            let port = bind(0)?.local_addr()?.port();
            if CHOSEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
                return Ok(Self(port));
            }
        }
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
