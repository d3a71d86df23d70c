//! PORT and PASV (RFC 959 §4.1.2), EPRT and EPSV (RFC 2428).

use std::net::{IpAddr, SocketAddr};

use protocol::address::AddressError;
use protocol::{ExtendedAddress, ExtendedPort, HostPort, Reply};

use crate::session::data_port::Arranged;
use crate::session::replies::reply;
use crate::session::step::Listening;
use crate::session::{Session, Step};

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
        Ok(address) => session.connect_to(address.into(), "EPRT"),
        Err(AddressError::UnknownProtocol(_)) => unknown_protocol(),
        Err(error) => reply::<501>(format!("{error}.")).into(),
    }
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
    let is_v4 = session.local.ip().to_canonical().is_ipv4();
    match (argument.trim_ascii(), is_v4) {
        (b"", _) | (b"1", true) | (b"2", false) => Step::Listen(Listening::Epsv),
        (all, _) if all.eq_ignore_ascii_case(b"ALL") => {
            session.data_port.only_epsv = true;
            reply::<200>("EPSV ALL command successful; only EPSV from now on.").into()
        }
        // RFC 2428 §3: a protocol that is not served here is 522, anything else no protocol at all.
        (number, _) if number.iter().all(u8::is_ascii_digit) => unknown_protocol(),
        _ => reply::<501>("EPSV takes nothing, a protocol number, or ALL.").into(),
    }
}

impl Session {
    /// Remembers where to connect to. The connection is made when a transfer begins (RFC 959 §3.2).
    ///
    /// A foreign host is refused: PORT is how the bounce attack makes a server connect to a third host (RFC 2577 §3). That
    /// RFC leaves the means open; 501 is the listed reply that says it is the parameter that is wrong (RFC 959 §5.4). For a
    /// port below 1024 it names the reply: 504. A transfer between two servers works as long as both are one host.
    fn connect_to(&mut self, address: SocketAddr, verb: &str) -> Step {
        if address.ip().to_canonical() != self.peer_host() {
            return reply::<501>("The host must be the one you are connected from.").into();
        }
        if address.port() < 1024 {
            return reply::<504>("The port must not be below 1024.").into();
        }
        self.arrange(Arranged::Active(address));
        reply::<200>(format!("{verb} command successful.")).into()
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
                let port = address.port();
                reply::<227>(format!("Entering Passive Mode ({})", HostPort { host, port }))
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

fn unknown_protocol() -> Step {
    reply::<522>("Network protocol not supported, use (1,2)").into()
}
