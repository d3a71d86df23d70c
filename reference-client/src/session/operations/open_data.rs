//! PASV, EPSV, PORT, EPRT: how a data connection comes to be.

use std::collections::VecDeque;
use std::net::SocketAddr;

use protocol::{ExtendedAddress, ExtendedPort, HostPort, Reply, Severity};

use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, Event, Extended, Failure, Manner, PassiveHost, Side};

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
    /// What refusals lead to, in this order: the command that RFC 2428 replaced, and where the server does not listen at all, that
    /// this client does (RFC 1579).
    fallbacks: VecDeque<Opening>,
    /// Where this client listens.
    here: Option<SocketAddr>,
}

impl OpenData {
    /// By this command and no other.
    pub(crate) fn by(opening: Opening) -> Self {
        Self { opening, fallbacks: VecDeque::new(), here: None }
    }

    /// As the user wants it: EPSV or EPRT, and with IPv4 then PASV or PORT.
    pub(crate) fn as_wanted(manner: &Manner) -> Self {
        let (opening, fallbacks): (_, &[Opening]) = match (manner.side, manner.peer, manner.extended) {
            (Side::Passive, SocketAddr::V6(_), _) => (Opening::Epsv, &[Opening::Eprt]),
            (Side::Passive, SocketAddr::V4(_), Extended::Tried) => (Opening::Epsv, &[Opening::Pasv, Opening::Port]),
            (Side::Passive, SocketAddr::V4(_), Extended::Off) => (Opening::Pasv, &[Opening::Port]),
            (Side::Active, SocketAddr::V6(_), _) => (Opening::Eprt, &[]),
            (Side::Active, SocketAddr::V4(_), Extended::Tried) => (Opening::Eprt, &[Opening::Port]),
            (Side::Active, SocketAddr::V4(_), Extended::Off) => (Opening::Port, &[]),
        };
        Self { opening, fallbacks: fallbacks.iter().copied().collect(), here: None }
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
            (Severity::Completion, Opening::Pasv) => passive(reply, manner),
            (Severity::Completion, Opening::Epsv) => extended_passive(reply, manner.peer),
            (Severity::Completion, Opening::Port | Opening::Eprt) => Ok(Progress::Done(Vec::new())),
            (Severity::Permanent, _) if speaks_of_the_command(&reply) => match self.fallbacks.pop_front() {
                Some(next) => self.fall_back(next, manner),
                None => Err(Failure::of(reply)),
            },
            _ => Err(Failure::of(reply)),
        }
    }

    /// Tries the next command, and it first from then on.
    fn fall_back(&mut self, next: Opening, manner: &mut Manner) -> Result<Progress, Failure> {
        self.opening = next;
        match next {
            Opening::Pasv | Opening::Port => manner.extended = Extended::Off,
            Opening::Epsv | Opening::Eprt => {}
        }
        let mut actions = Vec::new();
        if matches!(next, Opening::Port | Opening::Eprt) && manner.side == Side::Passive {
            manner.side = Side::Active;
            actions.push(Action::Note("The server does not listen for data connections; this client does.".to_owned()));
        }
        match self.here {
            Some(here) => actions.push(Action::Say(self.announce(here)?)),
            None => actions.extend(self.begin()),
        }
        Ok(Progress::Wait(actions))
    }
}

impl Operation for OpenData {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        match event {
            Event::Begin => Ok(Progress::Wait(self.begin())),
            Event::Listening(here) => {
                self.here = Some(here);
                Ok(Progress::Wait(vec![Action::Say(self.announce(here)?)]))
            }
            Event::Reply(reply) => self.replied(reply, manner),
            Event::Connected => Ok(Progress::Done(Vec::new())),
            Event::DataFailed(problem) => Err(Failure::Data(problem)),
            Event::Interrupted => Err(Failure::Interrupted),
            Event::DataEnded | Event::Secured | Event::Silence => Ok(Progress::Wait(Vec::new())),
        }
    }
}

/// Whether a refusal may mean that the server does not know the command, or cannot do it: 500, 501, 502, 504, 522. Who is not
/// logged in (530) is told so whatever is tried.
fn speaks_of_the_command(reply: &Reply) -> bool {
    matches!(reply.code().number(), 500..=504 | 522)
}

/// RFC 1123 §4.1.2.6: the six numbers are searched for. Their host is not used: a hostile server could name any
/// other machine this client can reach (RFC 2577), so the data connection goes to where the control connection is.
fn passive(reply: Reply, manner: &Manner) -> Result<Progress, Failure> {
    let peer = manner.peer;
    let there = match find(&reply, HostPort::find) {
        Err(problem) => return Err(Failure::Address { problem, reply }),
        Ok(there) if there.port == 0 => return Err(Failure::Port0(reply)),
        Ok(there) => there,
    };
    let mut actions = Vec::new();
    if manner.passive_host == PassiveHost::AsTold && !there.host.is_unspecified() {
        return Ok(Progress::Wait(vec![Action::Connect(there.into())]));
    }
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
    use crate::session::Session;
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
    #[case::v4("127.0.0.1:21", &["500 what?", "502 no"], "PORT")]
    #[case::v6("[::1]:21", &["502 no"], "EPRT")]
    fn a_server_that_does_not_listen_connects(#[case] peer: &str, #[case] refusals: &[&str], #[case] verb: &str) {
        let peer: SocketAddr = peer.parse().unwrap();
        let mut session = Session::new(peer, peer);
        let mut actions = session.begin(Box::new(OpenData::as_wanted(&session.manner.clone())));
        for refusal in refusals {
            actions = session.hear(&mut format!("{refusal}\r\n").as_bytes());
        }
        assert_eq!(actions.last(), Some(&Action::Listen), "{actions:?}");
        let actions = session.tell(Event::Listening(SocketAddr::new(peer.ip(), 1025)));
        assert!(
            matches!(&actions[..], [Action::Say(line)] if line.octets().starts_with(verb.as_bytes())),
            "{actions:?}"
        );
        assert_eq!(session.manner.side, Side::Active, "and it is not asked again");
    }

    #[rstest]
    #[case::unknown("500 what?", true)]
    #[case::arguments("501 what?", true)]
    #[case::not_implemented("502 no", true)]
    #[case::other_family("522 use (2)", true)]
    #[case::not_logged_in("530 who?", false)]
    #[case::not_now("425 no", false)]
    fn what_leads_back(
        #[case] refusal: &str,
        #[case] falls_back: bool,
        #[values(Side::Passive, Side::Active)] side: Side,
    ) {
        let manner = Manner { side, ..Manner::new(peer_v4(), peer_v4()) };
        let (script, classic) = match side {
            Side::Passive => (vec![refusal], "C: PASV"),
            Side::Active => (vec!["listening", refusal], "C: PORT 127,0,0,1,4,1"),
        };
        let open = OpenData::as_wanted(&manner);
        let mut session = Session::new(manner.local, manner.peer);
        session.manner.side = side;
        let mut said = session.begin(Box::new(open));
        for line in script {
            said = match line {
                "listening" => session.tell(Event::Listening("127.0.0.1:1025".parse().unwrap())),
                line => session.hear(&mut format!("{line}\r\n").as_bytes()),
            };
        }
        let said = format!("{said:?}");
        assert_eq!(said.contains(classic.trim_start_matches("C: ")), falls_back, "{said}");
        assert_eq!(session.manner.extended == Extended::Off, falls_back);
    }

    #[rstest]
    #[case::elsewhere("227 (127,0,0,9,4,1)", "127.0.0.9:1025")]
    #[case::nowhere("227 (0,0,0,0,4,1)", "127.0.0.1:1025")]
    fn the_host_of_227_when_the_user_trusts_it(#[case] reply: &str, #[case] there: &str) {
        let mut session = Session::new(peer_v4(), peer_v4());
        session.manner.passive_host = PassiveHost::AsTold;
        session.begin(Box::new(OpenData::by(Opening::Pasv)));
        let actions = session.hear(&mut format!("{reply}\r\n").as_bytes());
        assert!(actions.contains(&Action::Connect(there.parse().unwrap())), "{actions:?}");
    }

    #[rstest]
    #[case("127.0.0.1:21", Side::Passive, Extended::Off, Opening::Pasv)]
    #[case("127.0.0.1:21", Side::Active, Extended::Tried, Opening::Eprt)]
    #[case("127.0.0.1:21", Side::Active, Extended::Off, Opening::Port)]
    #[case("[::1]:21", Side::Passive, Extended::Off, Opening::Epsv)]
    #[case("[::1]:21", Side::Active, Extended::Tried, Opening::Eprt)]
    fn wanted(#[case] peer: &str, #[case] side: Side, #[case] extended: Extended, #[case] opening: Opening) {
        let peer = peer.parse().unwrap();
        let manner = Manner { side, extended, ..Manner::new(peer, peer) };
        assert_eq!(OpenData::as_wanted(&manner).opening, opening);
    }
}
