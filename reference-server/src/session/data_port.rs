//! Where the next data connection comes from or goes to.

use std::net::{IpAddr, SocketAddr};

use super::interface::{Action, Route};
use super::{ForeignHosts, Session};

/// What PORT, PASV, EPRT and EPSV have arranged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DataPort {
    pub(super) arranged: Arranged,
    /// What PORT or EPRT has said. It is a parameter and keeps its value until the next PORT, PASV or REIN (RFC 959 §4.1.2);
    /// clients send it each time all the same (RFC 1123 §4.1.2.5).
    named: Option<SocketAddr>,
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
    /// The transfer before left its data connection open (RFC 959 §3.3).
    Open,
}

impl DataPort {
    /// What is arranged when nothing listens and nothing is open.
    fn of_user(self) -> Arranged {
        self.named.map_or(Arranged::Default, Arranged::Active)
    }
}

impl Session {
    /// Takes what is arranged for a transfer. In MODE S each needs a new connection (RFC 959 §3.4.1); in the other modes the
    /// connection itself may stay, and is what is arranged for the next one. What PASV opened is for one connection: the port is
    /// closed when the connection is there (RFC 2577 §8).
    pub(super) fn take_route(&mut self) -> Route {
        match self.data_port.arranged {
            Arranged::Default => Route::Active(self.peer),
            Arranged::Active(address) => Route::Active(address),
            Arranged::Passive => {
                self.data_port.arranged = Arranged::Default;
                Route::Passive { from: self.who_may_connect() }
            }
            Arranged::Open => {
                self.data_port.arranged = self.data_port.of_user();
                Route::Open(self.peer)
            }
        }
    }

    /// Arranges something new. RFC 959 §3.2: a change of the port closes what was open for the one before.
    pub(super) fn arrange(&mut self, arranged: Arranged) {
        match self.data_port.arranged {
            Arranged::Passive if arranged != Arranged::Passive => self.actions.push(Action::StopListening),
            Arranged::Open if arranged != Arranged::Open => self.actions.push(Action::CloseData),
            Arranged::Default | Arranged::Active(_) | Arranged::Passive | Arranged::Open => {}
        }
        self.data_port.arranged = arranged;
        self.data_port.named = match arranged {
            Arranged::Active(address) => Some(address),
            Arranged::Open => self.data_port.named,
            Arranged::Default | Arranged::Passive => None,
        };
    }

    /// Closes what listens or is open. The port of the user stays what it is.
    pub(super) fn arrange_nothing(&mut self) {
        self.arrange(self.data_port.of_user());
    }

    /// Whether the transfer before left its data connection open, so that 125 is said of the next one (RFC 959 §4.2.1).
    pub(super) fn is_data_open(&self) -> bool {
        self.data_port.arranged == Arranged::Open
    }

    /// Whether a port listens for the next transfer.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn listens(&self) -> bool {
        self.data_port.arranged == Arranged::Passive
    }

    /// Only the host of the user: who comes first could steal the file, or put one in its place (RFC 2577 §8). Where foreign
    /// hosts are allowed the other server may come instead, and nobody knows its address.
    pub(crate) fn who_may_connect(&self) -> Option<IpAddr> {
        match self.settings.foreign_hosts {
            ForeignHosts::Refused => Some(self.peer_host()),
            ForeignHosts::Allowed => None,
        }
    }

    pub(super) fn peer_host(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }
}
