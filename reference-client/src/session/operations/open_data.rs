//! PASV, EPSV, PORT, EPRT: how a data connection comes to be.

use std::net::SocketAddr;

use protocol::{ExtendedAddress, ExtendedPort, HostPort, Reply, Severity};

use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, Event, Extended, Failure, Manner, Side};

/// The command that announces a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    Pasv,
    Epsv,
    Port,
    Eprt,
}

/// Opens a data connection, or gets ready for the server to do it.
#[derive(Debug)]
pub(crate) struct OpenData {
    opening: Opening,
    fallback: Fallback,
}

/// What a refusal leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fallback {
    /// PASV, if it was EPSV that was refused and the address has room in PASV.
    Pasv,
    /// Failure.
    Nothing,
}

impl OpenData {
    /// By this command and no other.
    pub(crate) fn by(opening: Opening) -> Self {
        Self { opening, fallback: Fallback::Nothing }
    }

    /// As the user wants it: EPSV (then PASV) or PORT with IPv4, EPSV or EPRT with IPv6.
    pub(crate) fn as_wanted(manner: &Manner) -> Self {
        let fallback = if manner.peer.is_ipv4() { Fallback::Pasv } else { Fallback::Nothing };
        let opening = match (manner.side, manner.peer, manner.extended) {
            (Side::Passive, SocketAddr::V4(_), Extended::Off) => Opening::Pasv,
            (Side::Passive, _, _) => Opening::Epsv,
            (Side::Active, SocketAddr::V4(_), _) => Opening::Port,
            (Side::Active, SocketAddr::V6(_), _) => Opening::Eprt,
        };
        Self { opening, fallback }
    }

    fn begin(&self) -> Vec<Action> {
        match self.opening {
            Opening::Pasv => vec![Action::Say(CommandLine::bare("PASV"))],
            Opening::Epsv => vec![Action::Say(CommandLine::bare("EPSV"))],
            Opening::Port | Opening::Eprt => vec![Action::Listen],
        }
    }

    fn announce(&self, here: SocketAddr) -> Result<CommandLine, Failure> {
        match (self.opening, here) {
            (Opening::Port, SocketAddr::V4(here)) => {
                CommandLine::new("PORT", HostPort::from(here).to_string().as_bytes())
            }
            (Opening::Port, SocketAddr::V6(_)) => Err(Failure::Family),
            (Opening::Eprt | Opening::Pasv | Opening::Epsv, here) => {
                CommandLine::new("EPRT", ExtendedAddress::from(here).to_string().as_bytes())
            }
        }
    }

    fn replied(&mut self, reply: Reply, manner: &mut Manner) -> Result<Progress, Failure> {
        match (reply.severity(), self.opening) {
            (Severity::Preliminary, _) => Ok(Progress::Wait(Vec::new())),
            (Severity::Completion, Opening::Pasv) => passive(reply, manner.peer),
            (Severity::Completion, Opening::Epsv) => extended_passive(reply, manner.peer),
            (Severity::Completion, Opening::Port | Opening::Eprt) => Ok(Progress::Done(Vec::new())),
            (Severity::Permanent | Severity::Transient, Opening::Epsv) if self.fallback == Fallback::Pasv => {
                manner.extended = Extended::Off;
                self.opening = Opening::Pasv;
                Ok(Progress::Wait(self.begin()))
            }
            _ => Err(Failure::of(reply)),
        }
    }
}

impl Operation for OpenData {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        match event {
            Event::Begin => Ok(Progress::Wait(self.begin())),
            Event::Listening(here) => Ok(Progress::Wait(vec![Action::Say(self.announce(here)?)])),
            Event::Reply(reply) => self.replied(reply, manner),
            Event::Connected => Ok(Progress::Done(Vec::new())),
            Event::DataFailed(problem) => Err(Failure::Data(problem)),
            Event::DataEnded => Ok(Progress::Wait(Vec::new())),
        }
    }
}

/// RFC 1123 §4.1.2.6: the six numbers are searched for. Their host is not used: a hostile server could name any
/// other machine this client can reach (RFC 2577), so the data connection goes to where the control connection is.
fn passive(reply: Reply, peer: SocketAddr) -> Result<Progress, Failure> {
    let there = match find(&reply, HostPort::find) {
        Err(problem) => return Err(Failure::Address { problem, reply }),
        Ok(there) if there.port == 0 => return Err(Failure::Port0(reply)),
        Ok(there) => there,
    };
    let mut actions = Vec::new();
    if peer.ip() != there.host {
        let named = there.host;
        let used = peer.ip();
        actions.push(Action::Note(format!("The server names the host {named}; the data connection goes to {used}.")));
    }
    actions.push(Action::Connect(with_port(peer, there.port)));
    Ok(Progress::Wait(actions))
}

/// RFC 2428 §3: the network address of the data connection is that of the control connection.
fn extended_passive(reply: Reply, peer: SocketAddr) -> Result<Progress, Failure> {
    match find(&reply, ExtendedPort::find) {
        Err(problem) => Err(Failure::Address { problem, reply }),
        Ok(ExtendedPort(port)) => Ok(Progress::Wait(vec![Action::Connect(with_port(peer, port))])),
    }
}

/// Looks in every line; says of the first what is wrong with it.
fn find<T, E>(reply: &Reply, parse: impl Fn(&[u8]) -> Result<T, E>) -> Result<T, E> {
    parse(reply.text()).or_else(|problem| reply.texts().find_map(|text| parse(text).ok()).ok_or(problem))
}

/// The peer's address with another port; an IPv6 scope stays.
fn with_port(mut peer: SocketAddr, port: u16) -> SocketAddr {
    peer.set_port(port);
    peer
}

#[cfg(test)]
mod tests {
    use super::super::testing::{peer_v4, play, play_from};
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::pasv(Opening::Pasv, &["227 Entering Passive Mode (127,0,0,1,4,1).", "connected"], &["C: PASV", "connect 127.0.0.1:1025", "done"])]
    #[case::without_parentheses(Opening::Pasv, &["227 Entering Passive Mode. 127,0,0,1,4,1", "connected"], &["C: PASV", "connect 127.0.0.1:1025", "done"])]
    #[case::on_the_second_line(Opening::Pasv, &["227-Entering\r\n227 Passive Mode (127,0,0,1,4,1)", "connected"], &["C: PASV", "connect 127.0.0.1:1025", "done"])]
    #[case::foreign_host(Opening::Pasv, &["227 Entering Passive Mode (127,0,0,9,4,1)", "connected"],
        &["C: PASV", "note: The server names the host 127.0.0.9; the data connection goes to 127.0.0.1.", "connect 127.0.0.1:1025", "done"])]
    #[case::no_address(Opening::Pasv, &["227 Entering Passive Mode"],
        &["C: PASV", "failed: no address can be read in the server's reply (the reply holds no address): 227 Entering Passive Mode"])]
    #[case::port_0(Opening::Pasv, &["227 (127,0,0,1,0,0)"],
        &["C: PASV", "failed: the server names port 0, where nothing can listen: 227 (127,0,0,1,0,0)"])]
    #[case::not_reached(Opening::Pasv, &["227 (127,0,0,1,4,1)", "broken"], &["C: PASV", "connect 127.0.0.1:1025", "failed: broken"])]
    #[case::refused(Opening::Pasv, &["502 no"], &["C: PASV", "failed: the server refused: 502 no"])]
    #[case::epsv(Opening::Epsv, &["229 Entering Extended Passive Mode (|||1025|)", "connected"], &["C: EPSV", "connect 127.0.0.1:1025", "done"])]
    #[case::epsv_alone(Opening::Epsv, &["500 no"], &["C: EPSV", "failed: the server refused: 500 no"])]
    #[case::port(Opening::Port, &["listening", "200 ok"], &["listen", "C: PORT 127,0,0,1,4,1", "done"])]
    #[case::eprt(Opening::Eprt, &["listening", "200 ok"], &["listen", "C: EPRT |1|127.0.0.1|1025|", "done"])]
    #[case::eprt_refused(Opening::Eprt, &["listening", "522 no"], &["listen", "C: EPRT |1|127.0.0.1|1025|", "failed: the server refused: 522 no"])]
    fn by_one_command(#[case] opening: Opening, #[case] script: &[&str], #[case] done: &[&str]) {
        assert_eq!(play(OpenData::by(opening), script), done);
    }

    #[rstest]
    #[case(Opening::Epsv, &["229 ok (|||1025|)", "connected"], &["C: EPSV", "connect [::1]:1025", "done"])]
    #[case(Opening::Eprt, &["listening", "200 ok"], &["listen", "C: EPRT |2|::1|1025|", "done"])]
    #[case(Opening::Port, &["listening"], &["listen", "failed: PORT has no room for an IPv6 address; use EPRT"])]
    fn with_ipv6(#[case] opening: Opening, #[case] script: &[&str], #[case] done: &[&str]) {
        let (local, peer) = ("[::1]:40000".parse().unwrap(), "[::1]:2121".parse().unwrap());
        assert_eq!(play_from(local, peer, OpenData::by(opening), script), done);
    }

    #[test]
    fn epsv_falls_back_to_pasv_and_stays_there() {
        let mut manner = Manner::new(peer_v4(), peer_v4());
        let mut open = OpenData::as_wanted(&manner);
        assert_eq!(open.opening, Opening::Epsv);
        let refusal = super::super::testing::reply("500 what?");
        let progress = open.step(Event::Reply(refusal), &mut manner).unwrap();
        assert_eq!(progress, Progress::Wait(vec![Action::Say(CommandLine::bare("PASV"))]));
        assert_eq!(OpenData::as_wanted(&manner).opening, Opening::Pasv);
    }

    #[rstest]
    #[case("127.0.0.1:21", Side::Passive, Extended::Off, Opening::Pasv)]
    #[case("127.0.0.1:21", Side::Active, Extended::Tried, Opening::Port)]
    #[case("[::1]:21", Side::Passive, Extended::Off, Opening::Epsv)]
    #[case("[::1]:21", Side::Active, Extended::Tried, Opening::Eprt)]
    fn wanted(#[case] peer: &str, #[case] side: Side, #[case] extended: Extended, #[case] opening: Opening) {
        let peer = peer.parse().unwrap();
        let manner = Manner { side, extended, ..Manner::new(peer, peer) };
        assert_eq!(OpenData::as_wanted(&manner).opening, opening);
    }
}
