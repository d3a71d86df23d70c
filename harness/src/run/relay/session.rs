//! One control connection through the relay.

mod hearing;
mod saying;
mod securing;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

use reports::model::{Channel, CloseKind, What};

use self::hearing::{Read, heard, pass_on};
use super::Shared;
use super::lines::{CommandLine, Heard, Lines};
use super::passage::{Belongings, Direction, Passage, Sockets, somebody_listens};
use super::replies::{Gaps, Replies, Reply, changed, filled};
use super::secrets::{Protection, Secrets};
use crate::run::socket::Socket;
use crate::run::witness::Witness;
use crate::scenario::rule::{
    Alike, DataChange, Fits, Forward, Letters, Login, Make, ReplyChange, Rule, Telnet, Trigger, When, Which,
};
use crate::wire::address::{extended_address, port_of_229, six_numbers};

/// The most commands that may wait for their replies. A client that says more is not heard until some came.
const MOST_OWED: usize = 1000;
/// The most different verbs that are remembered, and their longest.
const MOST_VERBS: usize = 100;
const LONGEST_VERB: usize = 16;

/// One control connection.
#[derive(Debug)]
pub(super) struct Session {
    shared: Arc<Shared>,
    /// Counted from 1.
    number: u64,
    client: Socket,
    server: Socket,
    /// What there is for TLS, once AUTH was accepted.
    secrets: Option<Arc<Secrets>>,
    protection: Protection,
    lines: Lines,
    replies: Replies,
    /// The commands whose replies are still to come.
    owed: VecDeque<Owed>,
    /// What is said when the next command comes.
    held: Vec<Vec<u8>>,
    /// What is said in one write with the next reply.
    joined: Vec<u8>,
    /// What the client said while a late reply was waited for.
    early: VecDeque<(Vec<u8>, Option<usize>)>,
    greeted: bool,
    login: Login,
    /// The verb before.
    previous: String,
    said: BTreeSet<String>,
    telnet: bool,
    passage: Option<Passage>,
    witness: Witness,
}

/// A command whose reply is still to come.
#[derive(Debug)]
struct Owed {
    rule: Option<usize>,
    kind: Kind,
    /// The verb that the server got.
    verb: String,
    gaps: Gaps,
    /// Whether its first reply came.
    begun: bool,
    /// Whether its last reply was said before its time.
    answered: bool,
    /// What PROT asks for.
    level: Option<Protection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The client's.
    Client,
    /// The relay's: its replies are kept back.
    Hidden,
    /// The client's, and the server never got it.
    Kept,
}

/// Whether the session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Go,
    End,
}

impl Session {
    pub(super) fn new(client: TcpStream, server: TcpStream, shared: Arc<Shared>, number: u64) -> io::Result<Self> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        // The urgent octet of a Synch stays where it was said.
        SockRef::from(&client).set_out_of_band_inline(true)?;
        let misread = shared.deviations.rules.iter().find_map(|rule| match rule.on {
            Trigger::Segments(segments) => Some(segments),
            Trigger::Greeting | Trigger::Command(_) => None,
        });
        let replies = Replies::new(misread);
        let witness = shared.witness.of(number);
        let (local, peer) = (client.local_addr()?.to_string(), client.peer_addr()?.to_string());
        witness.note(Channel::Control, What::Connected { local, peer });
        Ok(Self {
            witness,
            lines: Lines::new(misread),
            shared,
            number,
            client: Socket::clear(client),
            server: Socket::clear(server),
            secrets: None,
            protection: Protection::default(),
            replies,
            owed: VecDeque::new(),
            held: Vec::new(),
            joined: Vec::new(),
            early: VecDeque::new(),
            greeted: false,
            login: Login::Before,
            previous: String::new(),
            said: BTreeSet::new(),
            telnet: false,
            passage: None,
        })
    }

    /// Relays until both sides are closed.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let mut from_client = vec![0; 16 * 1024];
        let mut from_server = vec![0; 16 * 1024];
        let mut client_speaks = true;
        self.before_the_greeting().await?;
        loop {
            while let Some((segment, urgent)) = self.early.pop_front() {
                if self.hear(&segment, urgent).await? == Next::End {
                    return Ok(());
                }
            }
            let listens = client_speaks && self.owed.len() < MOST_OWED;
            let next = tokio::select! {
                read = heard(&mut self.client, &mut from_client), if listens => match read {
                    Ok(Read { length: 0, .. }) => {
                        client_speaks = false;
                        self.witness.note(Channel::Control, What::Closed { how: CloseKind::Fin });
                        self.client_ends().await?
                    }
                    Ok(Read { length, urgent }) => {
                        self.witness.heard(from_client.get(..length).unwrap_or_default(), urgent.is_some());
                        self.hear(from_client.get(..length).unwrap_or_default(), urgent).await?
                    }
                    Err(error) => {
                        self.witness.note(Channel::Control, What::Closed { how: CloseKind::Reset });
                        reset(self.server.as_stream())?;
                        return Err(error);
                    }
                },
                read = self.server.read(&mut from_server) => match read {
                    Ok(0) => self.server_ends().await?,
                    Ok(length) => self.answers(from_server.get(..length).unwrap_or_default()).await?,
                    Err(error) => {
                        self.witness.note(Channel::Control, What::Hung { how: CloseKind::Reset });
                        reset(self.client.as_stream())?;
                        return Err(error);
                    }
                },
            };
            if next == Next::End {
                return Ok(());
            }
        }
    }

    /// What a client says that waits for no greeting.
    async fn before_the_greeting(&mut self) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let Some(rule) = shared.deviations.rules.iter().find(|rule| rule.on == Trigger::Greeting) else {
            return Ok(());
        };
        for template in &rule.first {
            self.say_hidden(&filled(template, &Gaps::new())).await?;
        }
        Ok(())
    }

    async fn client_ends(&mut self) -> io::Result<Next> {
        let rest = self.lines.rest();
        self.server.write_all(&rest).await?;
        self.server.shutdown().await?;
        Ok(Next::Go)
    }

    async fn server_ends(&mut self) -> io::Result<Next> {
        let rest = self.replies.rest();
        self.tell(&rest).await?;
        self.witness.note(Channel::Control, What::Hung { how: CloseKind::Fin });
        self.client.shutdown().await?;
        Ok(Next::End)
    }

    /// Says octets to the client.
    async fn tell(&mut self, octets: &[u8]) -> io::Result<()> {
        self.witness.told(octets);
        self.client.write_all(octets).await
    }

    async fn hear(&mut self, segment: &[u8], urgent: Option<usize>) -> io::Result<Next> {
        for heard in self.lines.feed(segment, urgent) {
            match heard {
                Heard::Telnet(said) => {
                    self.telnet = true;
                    pass_on(&mut self.server, &said.octets, said.urgent).await?;
                }
                Heard::Piece(said) => pass_on(&mut self.server, &said.octets, said.urgent).await?,
                Heard::Line(said) => {
                    let line = CommandLine { urgent: said.urgent, ..CommandLine::new(said.octets) };
                    if self.command(&line).await? == Next::End {
                        return Ok(Next::End);
                    }
                }
            }
        }
        Ok(Next::Go)
    }

    async fn command(&mut self, line: &CommandLine) -> io::Result<Next> {
        for segment in std::mem::take(&mut self.held) {
            self.tell(&segment).await?;
        }
        let shared = Arc::clone(&self.shared);
        let at = self.rule_for(line);
        let rule = at.and_then(|at| shared.deviations.rules.get(at));
        self.remember(line);
        let gaps = Gaps::from([("argument", line.argument.clone()), ("verb", line.verb.clone().into_bytes())]);
        for template in rule.map(|rule| rule.says.as_slice()).unwrap_or_default() {
            self.say_hidden(&filled(template, &gaps)).await?;
            if self.until_answered().await? == Next::End {
                return Ok(Next::End);
            }
        }
        for template in rule.map(|rule| rule.first.as_slice()).unwrap_or_default() {
            self.say_hidden(&filled(template, &gaps)).await?;
        }
        match rule.map(|rule| &rule.forward) {
            None | Some(Forward::Same) => self.forward(line, at, rule, gaps.clone()).await?,
            Some(Forward::Instead(template)) => {
                let line = CommandLine::new([&filled(template, &gaps), &b"\r\n"[..]].concat());
                self.forward(&line, at, rule, gaps.clone()).await?;
            }
            Some(Forward::Written { before, line: template, end }) => {
                let octets = [before, filled(template, &gaps).as_slice(), end].concat();
                self.owe(at, Kind::Client, CommandLine::new(octets.clone()).verb, gaps.clone());
                self.server.write_all(&octets).await?;
            }
            Some(Forward::Nothing) => self.owe(at, Kind::Kept, line.verb.clone(), gaps.clone()),
        }
        for template in rule.map(|rule| rule.also.as_slice()).unwrap_or_default() {
            self.say_hidden(&filled(template, &gaps)).await?;
        }
        self.settle().await
    }

    fn remember(&mut self, line: &CommandLine) {
        self.telnet = false;
        self.previous.clone_from(&line.verb);
        self.previous.truncate(LONGEST_VERB);
        if self.said.len() < MOST_VERBS {
            self.said.insert(self.previous.clone());
        }
    }

    fn owe(&mut self, rule: Option<usize>, kind: Kind, verb: String, gaps: Gaps) {
        self.owed.push_back(Owed { rule, kind, verb, gaps, begun: false, answered: false, level: None });
    }

    async fn say_hidden(&mut self, line: &[u8]) -> io::Result<()> {
        let line = CommandLine::new([line, b"\r\n"].concat());
        self.owe(None, Kind::Hidden, line.verb, Gaps::new());
        self.server.write_all(&line.octets).await
    }

    /// Waits until nothing that the relay said is unanswered.
    async fn until_answered(&mut self) -> io::Result<Next> {
        let mut from_server = vec![0; 16 * 1024];
        while self.owed.iter().any(|owed| owed.kind == Kind::Hidden) {
            let next = match self.server.read(&mut from_server).await? {
                0 => self.server_ends().await?,
                length => self.answers(from_server.get(..length).unwrap_or_default()).await?,
            };
            if next == Next::End {
                return Ok(next);
            }
        }
        Ok(Next::Go)
    }

    async fn forward(
        &mut self,
        line: &CommandLine,
        at: Option<usize>,
        rule: Option<&Rule>,
        gaps: Gaps,
    ) -> io::Result<()> {
        let unchanged = DataChange::default();
        let data = rule.map_or(&unchanged, |rule| &rule.data);
        let octets = self.readdressed(line, data)?;
        if let Some(direction) = Direction::of(&line.verb) {
            self.default_passage()?;
            if let Some(passage) = &self.passage {
                passage.transfers(data, direction, self.protection).await;
            }
        }
        self.owe(at, Kind::Client, line.verb.clone(), gaps);
        if let Some(owed) = self.owed.back_mut() {
            owed.level = level(line);
        }
        let urgent = line.urgent.filter(|_| octets == line.octets);
        pass_on(&mut self.server, &octets, urgent).await
    }

    /// PORT and EPRT with an address of the relay. An address of somebody else, or a port that belongs to the system, is
    /// for the server to judge.
    fn readdressed(&mut self, line: &CommandLine, agreed: &DataChange) -> io::Result<Vec<u8>> {
        let numbers = if line.verb == "PORT" { six_numbers(&line.octets) } else { None };
        let client = match line.verb.as_str() {
            "PORT" => numbers.as_ref().map(|(address, _)| *address).filter(|_| is_six_numbers(&line.argument)),
            "EPRT" => extended_address(&line.argument),
            _ => None,
        };
        let own_client = self.client.peer_addr()?.ip();
        let Some(client) = client.filter(|client| client.ip() == own_client && client.port() >= 1024) else {
            return Ok(line.octets.clone());
        };
        let own = SocketAddr::new(self.server.local_addr()?.ip(), 0);
        let (passage, own) = Passage::active(&self.shared, own, client, agreed, self.belongings())?;
        self.takes(passage);
        if let Some((_, place)) = numbers {
            return Ok(with(&line.octets, place, &written(own)));
        }
        let family = if own.is_ipv4() { 1 } else { 2 };
        Ok(format!("EPRT |{family}|{}|{}|\r\n", own.ip(), own.port()).into_bytes())
    }

    /// Where nothing was agreed on, a client that listens at its own control port is found there.
    fn default_passage(&mut self) -> io::Result<()> {
        let client = self.client.peer_addr()?;
        if self.passage.is_none() && somebody_listens(client) {
            self.passage =
                Some(Passage::default_port(&self.shared, self.server.local_addr()?, client, self.belongings())?);
        }
        Ok(())
    }

    /// What a data connection has of its control connection.
    fn belongings(&self) -> Belongings {
        Belongings { secrets: self.secrets.clone(), witness: self.witness.clone() }
    }

    fn takes(&mut self, passage: Passage) {
        if let Some(old) = self.passage.replace(passage) {
            old.replaced();
        }
    }

    async fn answers(&mut self, octets: &[u8]) -> io::Result<Next> {
        let was_secured = self.server.is_secured();
        for reply in self.replies.feed(octets) {
            if self.answer(reply).await? == Next::End {
                return Ok(Next::End);
            }
            // What came in clear behind 234 answers nothing under TLS.
            if self.server.is_secured() != was_secured {
                break;
            }
        }
        Ok(Next::Go)
    }

    async fn answer(&mut self, reply: Reply) -> io::Result<Next> {
        let shared = Arc::clone(&self.shared);
        if !self.greeted {
            self.greeted = !reply.is_preliminary();
            let rule = shared.deviations.rules.iter().find(|rule| rule.on == Trigger::Greeting);
            return self.emit(rule, &reply, &Gaps::new()).await;
        }
        let Some(at) = self.owed_for(reply.code) else { return self.emit(None, &reply, &Gaps::new()).await };
        let Some(mut owed) = self.owed.remove(at) else { return Ok(Next::Go) };
        let rule = owed.rule.and_then(|at| shared.deviations.rules.get(at));
        let reply = if owed.kind == Kind::Client { self.relisted(&mut owed, rule, reply)? } else { reply };
        if matches!(reply.code, 230 | 202) {
            self.login = Login::After;
        }
        let preliminary = reply.is_preliminary();
        let fits = |rule: &&Rule| changes(&rule.replies, &reply);
        let mut next = Next::Go;
        if let Some(passage) = &self.passage
            && self.witness.is_there()
            && Direction::of(&owed.verb).is_some()
            && matches!(reply.code, 100..=299)
        {
            passage.catches_up(preliminary).await;
        }
        if owed.kind == Kind::Client && (preliminary || !owed.answered) {
            next = self.emit(rule.filter(fits), &reply, &owed.gaps).await?;
            if next == Next::Go {
                self.protect(&owed, rule, reply.code).await?;
            }
        }
        if preliminary {
            owed.begun = true;
            if next == Next::Go && rule.is_some_and(|rule| rule.replies.when == When::Early) && !owed.answered {
                owed.answered = true;
                next = self.emit(rule, &Reply::of(b"226 Transfer complete."), &owed.gaps).await?;
            }
            self.owed.insert(at, owed);
        }
        if next == Next::End { Ok(next) } else { self.settle().await }
    }

    /// Which command a reply answers: the oldest, but STAT may be answered while a transfer goes on (RFC 959 §4.1.3).
    fn owed_for(&self, code: u16) -> Option<usize> {
        let transfers = self.owed.front().is_some_and(|owed| owed.begun);
        let status = self.owed.iter().position(|owed| owed.verb == "STAT");
        match status {
            Some(status) if transfers && matches!(code, 211..=213) => Some(status),
            Some(_) | None => (!self.owed.is_empty()).then_some(0),
        }
    }

    /// 227 and 229 with an address of the relay.
    fn relisted(&mut self, owed: &mut Owed, rule: Option<&Rule>, reply: Reply) -> io::Result<Reply> {
        let own_host = self.shared.server_host();
        let found = match reply.code {
            227 => six_numbers(&reply.octets),
            229 => port_of_229(&reply.octets).map(|(port, place)| (SocketAddr::new(own_host, port), place)),
            _ => None,
        };
        let Some((told, place)) = found else { return Ok(reply) };
        let agreed = rule.map(|rule| rule.data.clone()).unwrap_or_default();
        let host = self.client.local_addr()?.ip();
        let server = if agreed.make == Make::AsTold { told } else { SocketAddr::new(own_host, told.port()) };
        let socket = Passage::socket(host)?;
        let port = socket.local_addr()?.as_socket().map_or(0, |address| address.port());
        let [high, low] = port.to_be_bytes();
        owed.gaps.extend([
            ("p1", high.to_string().into_bytes()),
            ("p2", low.to_string().into_bytes()),
            ("port", port.to_string().into_bytes()),
        ]);
        let own = if reply.code == 227 { written(SocketAddr::new(host, port)) } else { port.to_string() };
        let reply = Reply { octets: with(&reply.octets, place, &own), code: reply.code };
        let elsewhere = rule.and_then(|rule| foreign(&rule.replies, &reply, &owed.gaps, SocketAddr::new(host, port)));
        let sockets = Sockets { own: socket, elsewhere: elsewhere.and_then(Passage::elsewhere) };
        self.witness.note(Channel::Data, What::Listening { local: SocketAddr::new(host, port).to_string() });
        let passage = Passage::passive(&self.shared, server, sockets, &agreed, self.belongings())?;
        self.takes(passage);
        Ok(reply)
    }

    /// Says what the relay answers itself, where its turn has come.
    async fn settle(&mut self) -> io::Result<Next> {
        let shared = Arc::clone(&self.shared);
        while self.owed.front().is_some_and(|owed| owed.kind == Kind::Kept) {
            let Some(owed) = self.owed.pop_front() else { break };
            let rule = owed.rule.and_then(|at| shared.deviations.rules.get(at));
            let nothing = Reply { octets: Vec::new(), code: 0 };
            if self.emit(rule, &nothing, &owed.gaps).await? == Next::End {
                return Ok(Next::End);
            }
        }
        Ok(Next::Go)
    }

    /// The first rule that fits. Every one that fits but for its number counts.
    fn rule_for(&self, line: &CommandLine) -> Option<usize> {
        let rules = self.shared.deviations.rules.iter().enumerate();
        let fitting = rules.filter_map(|(at, rule)| match &rule.on {
            Trigger::Command(fits) if self.fits(fits, line) => Some((at, fits.nth)),
            Trigger::Command(_) | Trigger::Greeting | Trigger::Segments(_) => None,
        });
        // Each counts, also behind one that is used.
        let counted: Vec<_> = fitting.map(|(at, nth)| (at, nth, self.shared.count(at))).collect();
        counted.into_iter().find(|(_, nth, count)| nth.is_none_or(|nth| nth == *count)).map(|(at, ..)| at)
    }

    fn fits(&self, fits: &Fits, line: &CommandLine) -> bool {
        (fits.verbs.is_empty() || fits.verbs.contains(&line.verb))
            && fits.argument.as_ref().is_none_or(|pattern| like(pattern.as_bytes(), &line.argument))
            && fits.after.as_ref().is_none_or(|verb| *verb == self.previous)
            && fits.since.as_ref().is_none_or(|verb| self.said.contains(verb))
            && fits.login.is_none_or(|login| login == self.login)
            && fits.letters.is_none_or(|Letters::Small| line.small)
            && fits.telnet.is_none_or(|telnet| (telnet == Telnet::Some) == self.telnet)
            && fits.connection.is_none_or(|number| number == self.number)
    }
}

/// Whether a rule is for this one of the replies to a command.
fn changes(change: &ReplyChange, reply: &Reply) -> bool {
    let which = match change.which {
        Which::Each => true,
        Which::Final => !reply.is_preliminary(),
        Which::Preliminary => reply.is_preliminary(),
    };
    which
        && match &change.only {
            None => true,
            Some(Alike::Code(code)) => reply.code == *code,
            Some(Alike::Holds(text)) => reply.holds(text.as_bytes()),
        }
}

/// Another address of this machine that the client will be told in 227: somebody listens there too, so that it is seen
/// who believes it.
fn foreign(change: &ReplyChange, reply: &Reply, gaps: &Gaps, own: SocketAddr) -> Option<SocketAddr> {
    let told = changed(change, reply, gaps).concat();
    let (address, _) = if reply.code == 227 { six_numbers(&told)? } else { return None };
    let is_foreign = address.port() == own.port() && address.ip() != own.ip() && address.ip().is_loopback();
    is_foreign.then_some(address)
}

/// The level that PROT asks for.
fn level(line: &CommandLine) -> Option<Protection> {
    let argument = line.argument.trim_ascii();
    (line.verb == "PROT")
        .then(|| if argument.eq_ignore_ascii_case(b"P") { Protection::Private } else { Protection::Clear })
}

/// The octets of an address, as PORT and 227 write them.
fn written(address: SocketAddr) -> String {
    let [high, low] = address.port().to_be_bytes();
    format!("{},{high},{low}", address.ip().to_string().replace('.', ","))
}

/// The line with other octets in that place.
fn with(line: &[u8], place: Range<usize>, octets: &str) -> Vec<u8> {
    let before = line.get(..place.start).unwrap_or_default();
    let behind = line.get(place.end..).unwrap_or_default();
    [before, octets.as_bytes(), behind].concat()
}

/// Whether an argument is six numbers and nothing else.
fn is_six_numbers(argument: &[u8]) -> bool {
    six_numbers(argument).is_some_and(|(_, place)| place == (0..argument.len()))
}

/// Whether an argument is like a pattern, in which `*` is any octets.
fn like(pattern: &[u8], argument: &[u8]) -> bool {
    match pattern.split_first() {
        None => argument.is_empty(),
        Some((b'*', rest)) => (0..=argument.len()).any(|at| like(rest, argument.get(at..).unwrap_or_default())),
        Some((first, rest)) => {
            argument.split_first().is_some_and(|(octet, behind)| octet == first && like(rest, behind))
        }
    }
}

/// The connection is reset when its socket goes.
fn reset(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}
