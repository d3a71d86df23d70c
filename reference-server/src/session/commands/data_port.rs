//! PORT and PASV (RFC 959 §4.1.2), EPRT and EPSV (RFC 2428), LPRT and LPSV (RFC 1639).

use std::net::{IpAddr, SocketAddr};

use protocol::address::AddressError;
use protocol::{ExtendedAddress, ExtendedPort, HostPort, LongAddress, Reply};

use crate::session::data_port::Arranged;
use crate::session::replies::reply;
use crate::session::step::Listening;
use crate::session::{ForeignHosts, Session, Step};

pub(super) fn port(session: &mut Session, argument: &[u8]) -> Step {
    if session.data_port.only_epsv {
        return only_epsv();
    }
    match HostPort::parse(argument) {
        Ok(address) => session.connect_to(address.into(), "PORT"),
        Err(error) => reply::<501>(format!("{error}.")).into(),
    }
}

pub(super) fn eprt(session: &mut Session, argument: &[u8]) -> Step {
    if session.data_port.only_epsv {
        return only_epsv();
    }
    match ExtendedAddress::parse(argument) {
        Ok(address) if !session.is_of_this_family(address.host) => session.unknown_protocol(),
        Ok(address) => session.connect_to(address.into(), "EPRT"),
        Err(AddressError::UnknownProtocol(_)) => session.unknown_protocol(),
        Err(error) => reply::<501>(format!("{error}.")).into(),
    }
}

pub(super) fn lprt(session: &mut Session, argument: &[u8]) -> Step {
    if session.data_port.only_epsv {
        return only_epsv();
    }
    match LongAddress::parse(argument) {
        Ok(address) if !session.is_of_this_family(address.host) => session.unknown_family(),
        Ok(address) => session.connect_to(address.into(), "LPRT"),
        Err(AddressError::UnknownFamily(_)) => session.unknown_family(),
        Err(error) => reply::<501>(format!("{error}.")).into(),
    }
}

/// The family is that of the control connection.
pub(super) fn lpsv(session: &mut Session, _: &[u8]) -> Step {
    if session.data_port.only_epsv { only_epsv() } else { Step::Listen(Listening::Lpsv) }
}

pub(super) fn pasv(session: &mut Session, _: &[u8]) -> Step {
    if session.data_port.only_epsv {
        return only_epsv();
    }
    match session.local.ip().to_canonical() {
        IpAddr::V4(_) => Step::Listen(Listening::Pasv),
        // 227 has room for an IPv4 address only.
        IpAddr::V6(_) => reply::<501>("PASV has no form for IPv6; send EPSV.").into(),
    }
}

pub(super) fn epsv(session: &mut Session, argument: &[u8]) -> Step {
    let is_v4 = session.is_v4();
    match (argument.trim_ascii(), is_v4) {
        (b"", _) | (b"1", true) | (b"2", false) => Step::Listen(Listening::Epsv),
        (all, _) if all.eq_ignore_ascii_case(b"ALL") => {
            session.data_port.only_epsv = true;
            reply::<200>("EPSV ALL command successful; only EPSV from now on.").into()
        }
        // RFC 2428 §3: a protocol that is not served here is 522, anything else no protocol at all.
        (number, _) if number.iter().all(u8::is_ascii_digit) => session.unknown_protocol(),
        _ => reply::<501>("EPSV takes nothing, a protocol number, or ALL.").into(),
    }
}

impl Session {
    /// Remembers where to connect to. The connection is made when a transfer begins (RFC 959 §3.2).
    ///
    /// A foreign host is refused: PORT is how the bounce attack makes a server connect to a third host (RFC 2577 §3). That
    /// RFC leaves the means open; 501 is the listed reply that says it is the parameter that is wrong (RFC 959 §5.4). For a
    /// port below 1024 it names the reply: 504. Who runs the server may allow foreign hosts, for transfers between two servers
    /// (RFC 959 §5.2); without that, they work as long as both are one host.
    fn connect_to(&mut self, address: SocketAddr, verb: &str) -> Step {
        let is_foreign = address.ip().to_canonical() != self.peer_host();
        if is_foreign && self.settings.foreign_hosts == ForeignHosts::Refused {
            return reply::<501>("The host must be the one you are connected from.").into();
        }
        if address.port() < 1024 {
            return reply::<504>("The port must not be below 1024.").into();
        }
        self.arrange(Arranged::Active(address));
        reply::<200>(format!("{verb} command successful.")).into()
    }

    fn is_v4(&self) -> bool {
        self.local.ip().to_canonical().is_ipv4()
    }

    /// Whether there is a way to this host: we have an address of one family, that of the control connection.
    fn is_of_this_family(&self, host: IpAddr) -> bool {
        host.to_canonical().is_ipv4() == self.is_v4()
    }

    /// RFC 2428 §2: 522, with the protocols that can be used.
    fn unknown_protocol(&self) -> Step {
        let protocol = if self.is_v4() { 1 } else { 2 };
        reply::<522>(format!("Network protocol not supported, use ({protocol})")).into()
    }

    /// RFC 1639 §4: 521, with the families that can be used.
    fn unknown_family(&self) -> Step {
        let family = if self.is_v4() { 4 } else { 6 };
        reply::<521>(format!("Supported address families are ({family})")).into()
    }

    /// The port listens, or could not be opened: now PASV or EPSV is answered.
    pub(in crate::session) fn passive(&mut self, command: Listening, address: Option<SocketAddr>) -> Reply {
        let Some(address) = address else {
            self.arrange(Arranged::Default);
            return reply::<425>("No port can be opened for the data connection.");
        };
        self.arrange(Arranged::Passive);
        match (command, address.ip().to_canonical()) {
            (Listening::Pasv, IpAddr::V4(host)) => {
                let host = self.settings.told_host.unwrap_or(host);
                let port = address.port();
                reply::<227>(format!("Entering Passive Mode ({})", HostPort { host, port }))
            }
            (Listening::Lpsv, host) => {
                reply::<228>(format!("Entering Long Passive Mode ({})", LongAddress { host, port: address.port() }))
            }
            (Listening::Pasv | Listening::Epsv, _) => {
                reply::<229>(format!("Entering Extended Passive Mode {}", ExtendedPort(address.port())))
            }
        }
    }
}

/// RFC 2428 §4: after EPSV ALL the server must refuse all other commands that arrange a data connection.
fn only_epsv() -> Step {
    reply::<501>("Only EPSV is allowed after EPSV ALL.").into()
}
