//! Where the next data connection comes from or goes to.

use std::net::{IpAddr, SocketAddr};

use super::Session;
use super::interface::{Action, Route};

/// What PORT, PASV, EPRT and EPSV have arranged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DataPort {
    pub(super) arranged: Arranged,
    /// EPSV ALL came: every other command that arranges a data connection is refused from then on (RFC 2428 §4).
    pub(super) only_epsv: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Arranged {
    /// Nothing. RFC 959 §3.2, §5.2: then the data port of the user is the port its control connection comes from.
    #[default]
    Default,
    /// PORT or EPRT named this address.
    Active(SocketAddr),
    /// PASV or EPSV opened a port.
    Passive,
}

impl Session {
    /// Takes what is arranged for a transfer. In MODE S each needs a new connection (RFC 959 §3.4.1). PORT is a parameter and
    /// keeps its value until the next PORT, PASV or REIN (RFC 959 §4.1.2); clients send it each time all the same (RFC 1123
    /// §4.1.2.5). What PASV opened is for one connection: the port is closed when the connection is there (RFC 2577 §8).
    pub(super) fn take_route(&mut self) -> Route {
        match self.data_port.arranged {
            Arranged::Default => Route::Active(self.peer),
            Arranged::Active(address) => Route::Active(address),
            Arranged::Passive => {
                self.data_port.arranged = Arranged::Default;
                Route::Passive
            }
        }
    }

    /// Arranges something new. RFC 959 §3.2: a change of the port closes what was open for the one before.
    pub(super) fn arrange(&mut self, arranged: Arranged) {
        if self.data_port.arranged == Arranged::Passive && arranged != Arranged::Passive {
            self.actions.push(Action::StopListening);
        }
        self.data_port.arranged = arranged;
    }

    pub(super) fn peer_host(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }
}
