//! What passed by: lines and replies in their order, and what went over data connections. What is kept is bounded.

use std::collections::BTreeMap;

use reports::model::{Body as SeenBody, Channel, Event, What};

use crate::wire::reply::ReplyReader;

/// The most lines and replies that are kept of a session.
const MOST_HAPPENED: usize = 20_000;
/// The most octets that are kept of a session.
const MOST_OCTETS: usize = 4 << 20;
/// So much of a reply is looked at.
const REPLY: usize = 1024;
/// A longer line has no end that is waited for.
const LONGEST_LINE: usize = 64 * 1024;
/// Commands whose argument is a secret (RFC 959 §4.1.1, RFC 2228 §3). It is never kept.
const SECRET: [&str; 6] = ["PASS", "ACCT", "ADAT", "MIC", "CONF", "ENC"];

/// One control connection and its data connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    pub(super) happened: Vec<Happened>,
    /// By the number of the command that asked for it.
    pub(super) bodies: BTreeMap<usize, Carried>,
    octets: usize,
    /// Whether a data connection stands that no command has used.
    stands: bool,
    /// Whether more happened than is kept.
    pub(super) cut: bool,
}

/// Something on the control connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Happened {
    /// The client spoke.
    Said(Said),
    /// The server replied: its code, and the beginning of its lines, joined by LF.
    Replied(u16, Vec<u8>),
    /// TLS began, and what follows is said under it.
    Secured,
    /// One side ended the connection.
    Ended(Ending),
}

/// What the client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) how: Spoken,
    /// The octets with their end; of a secret only its verb.
    pub(super) octets: Vec<u8>,
}

/// How something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// A line with its end.
    Line,
    /// Telnet's octets before a line.
    Telnet,
    /// The same, the last of them as urgent data.
    Urgent,
    /// A piece of a line without end.
    Piece,
}

/// Who ended the control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The client, without waiting for the server's end.
    Client,
    /// The server.
    Server,
}

/// What went over one data connection. It stood, even if nothing went over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// To the server.
    pub(super) stored: Body,
    /// To the client.
    pub(super) retrieved: Body,
}

/// The octets of a body, as far as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// All of them, or none.
    pub(super) kept: Vec<u8>,
    pub(super) length: u64,
    /// How many octets are LF, as far as is known.
    pub(super) lines: u64,
    /// How many of them have no CR before them.
    pub(super) bare: u64,
}

impl Body {
    fn of(seen: &SeenBody) -> Self {
        let kept = seen.octets.as_ref().map(|octets| octets.as_slice().to_vec()).unwrap_or_default();
        if kept.len() as u64 == seen.length {
            return Self::of_octets(kept, seen.length);
        }
        // A long text is taken to be one of lines.
        Self { kept: Vec::new(), length: seen.length, lines: 1, bare: 0 }
    }

    /// These octets; where there are none, as many as were told.
    pub(super) fn of_octets(kept: Vec<u8>, told: u64) -> Self {
        let length = if kept.is_empty() { told } else { kept.len() as u64 };
        let ends = kept.iter().zip([b'\0'].iter().chain(&kept)).filter(|(octet, _)| **octet == b'\n');
        let (lines, bare) =
            ends.fold((0, 0), |(lines, bare), (_, before)| (lines + 1, bare + u64::from(*before != b'\r')));
        Self { kept, length, lines, bare }
    }

    /// Whether every octet is kept.
    pub(super) fn is_whole(&self) -> bool {
        self.length == self.kept.len() as u64
    }
}

impl Session {
    /// What these events of one control connection tell, as a relay wrote them down: what the client said was received.
    pub fn of(events: &[Event]) -> Self {
        let mut session = Self::default();
        let mut lines = Lines::default();
        let mut replies = ReplyReader::default();
        let mut events = events.iter().peekable();
        while let Some(event) = events.next() {
            match (event.channel, &event.what) {
                (Channel::Control, What::Received { octets }) => {
                    let urgent = events.peek().is_some_and(|next| next.what == What::Urgent);
                    for (how, octets) in lines.feed(octets.as_slice(), urgent) {
                        session.said(how, octets);
                    }
                }
                (Channel::Control, What::Sent { octets, .. }) => {
                    for reply in replies.feed(octets.as_slice()) {
                        // What is no reply, a play passes over too.
                        if let Some(code) = reply.code {
                            session.replied(code, &reply.lines.join(&b"\n"[..]));
                        }
                    }
                }
                (Channel::Control, What::Secured { .. }) => session.keep(Happened::Secured),
                (Channel::Control, What::Closed { .. }) => session.ended(Ending::Client),
                (Channel::Control, What::Hung { .. }) => session.ended(Ending::Server),
                (Channel::Data, What::Connected { .. }) => session.opened(),
                (Channel::Data, What::BodyReceived(body)) => {
                    if let Some(carried) = session.body_of(&STORING) {
                        carried.stored = Body::of(body);
                    }
                }
                (Channel::Data, What::BodySent(body)) => {
                    if let Some(carried) = session.body_of(&RETRIEVING) {
                        carried.retrieved = Body::of(body);
                    }
                }
                _ => {}
            }
        }
        session
    }

    /// Whether the client said anything.
    pub fn is_empty(&self) -> bool {
        !self.happened.iter().any(|happened| matches!(happened, Happened::Said(_)))
    }

    fn said(&mut self, how: Spoken, octets: Vec<u8>) {
        let (verb, _) = verb_and_argument(&octets);
        let octets = match how {
            Spoken::Piece => Vec::new(),
            Spoken::Line | Spoken::Telnet | Spoken::Urgent if SECRET.contains(&verb.as_str()) => {
                format!("{verb}\r\n").into_bytes()
            }
            Spoken::Line | Spoken::Telnet | Spoken::Urgent => octets,
        };
        let transfers = how == Spoken::Line && [&STORING[..], &RETRIEVING].concat().contains(&verb.as_str());
        self.keep(Happened::Said(Said { how, octets }));
        if transfers && std::mem::take(&mut self.stands) {
            self.bodies.insert(self.happened.len().saturating_sub(1), Carried::default());
        }
    }

    fn replied(&mut self, code: u16, octets: &[u8]) {
        self.keep(Happened::Replied(code, octets.get(..REPLY).unwrap_or(octets).to_vec()));
    }

    /// The first who ended it counts.
    fn ended(&mut self, by: Ending) {
        if !self.happened.iter().rev().take(8).any(|last| matches!(last, Happened::Ended(_))) {
            self.keep(Happened::Ended(by));
        }
    }

    /// A data connection stands: for the transfer that was asked for, or for the next one.
    fn opened(&mut self) {
        self.stands = true;
        if let Some(number) =
            self.transfer(&[&STORING[..], &RETRIEVING].concat()).filter(|number| !self.bodies.contains_key(number))
        {
            self.stands = false;
            self.bodies.insert(number, Carried::default());
        }
    }

    /// Where a body belongs that goes this way.
    fn body_of(&mut self, verbs: &[&str]) -> Option<&mut Carried> {
        let number = self.transfer(verbs)?;
        Some(self.bodies.entry(number).or_default())
    }

    /// The last command with one of these verbs: a body comes before the client asks for the next.
    fn transfer(&self, verbs: &[&str]) -> Option<usize> {
        let is_one = |happened: &Happened| match happened {
            Happened::Said(Said { how: Spoken::Line, octets }) => verbs.contains(&verb_and_argument(octets).0.as_str()),
            Happened::Said(_) | Happened::Replied(..) | Happened::Secured | Happened::Ended(_) => false,
        };
        self.happened.iter().rposition(is_one)
    }

    fn keep(&mut self, happened: Happened) {
        let octets = match &happened {
            Happened::Said(Said { octets, .. }) | Happened::Replied(_, octets) => octets.len(),
            Happened::Secured | Happened::Ended(_) => 0,
        };
        if self.cut || self.happened.len() >= MOST_HAPPENED || self.octets + octets > MOST_OCTETS {
            self.cut = true;
            return;
        }
        self.octets += octets;
        self.happened.push(happened);
    }
}

/// Commands that move data to the server, and to the client.
const STORING: [&str; 3] = ["STOR", "STOU", "APPE"];
const RETRIEVING: [&str; 4] = ["RETR", "LIST", "NLST", "MLSD"];

/// Cuts what a client says into Telnet's octets and lines.
#[derive(Debug, Default)]
struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    /// Takes what one read gave, and whether it began with an urgent octet.
    fn feed(&mut self, segment: &[u8], urgent: bool) -> Vec<(Spoken, Vec<u8>)> {
        self.pending.extend_from_slice(segment);
        let mut said = Vec::new();
        loop {
            let telnet = telnet_length(&self.pending);
            if telnet > 0 {
                let how = if urgent { Spoken::Urgent } else { Spoken::Telnet };
                said.push((how, self.pending.drain(..telnet).collect()));
            }
            match self.pending.iter().position(|octet| *octet == b'\n') {
                Some(at) => said.push((Spoken::Line, self.pending.drain(..=at).collect())),
                None if self.pending.len() > LONGEST_LINE => {
                    said.push((Spoken::Piece, std::mem::take(&mut self.pending)));
                }
                None => return said,
            }
        }
    }
}

/// How many octets at the beginning are whole Telnet commands (RFC 854). IAC IAC is an octet of text.
fn telnet_length(octets: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length += match octets.get(length..).unwrap_or_default() {
            [255, 251..=254, _, ..] => 3,
            [255, 240..=250, ..] => 2,
            _ => return length,
        };
    }
}

/// The verb of a line, in capitals, and what stands behind it. Octets of Telnet before it are passed over.
pub(super) fn verb_and_argument(line: &[u8]) -> (String, &[u8]) {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let begin = text.iter().position(u8::is_ascii_alphabetic).unwrap_or(text.len());
    let text = text.get(begin..).unwrap_or_default();
    let letters = text.iter().take_while(|octet| octet.is_ascii_alphanumeric()).count();
    let (verb, rest) = text.split_at(letters);
    let argument = rest.strip_prefix(b" ").unwrap_or(rest);
    (String::from_utf8_lossy(verb).to_ascii_uppercase(), argument)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn events(whats: Vec<(Channel, What)>) -> Vec<Event> {
        let event = |(channel, what)| Event {
            at: 0,
            step: 0,
            act: 0,
            connection: "a".to_owned(),
            channel,
            secured: false,
            what,
        };
        whats.into_iter().map(event).collect()
    }

    fn heard(octets: &[u8]) -> (Channel, What) {
        (Channel::Control, What::Received { octets: octets.into() })
    }

    #[rstest]
    #[case(b"PASS sesame\r\n")]
    #[case(b"pass sesame\n")]
    #[case(b"\xff\xf1PaSs  sesame\r\n")]
    #[case(b" PASS sesame\r\n")]
    #[case(b"ACCT sesame\r\n")]
    #[case(b"ADAT c2VzYW1l-sesame\r\n")]
    #[case(b"PASS\tsesame\r\n")]
    fn a_secret_is_never_kept(#[case] line: &[u8]) {
        for size in 1..=line.len() {
            let session = Session::of(&events(line.chunks(size).map(heard).collect()));
            assert!(!session.is_empty());
            for happened in &session.happened {
                let Happened::Said(said) = happened else { panic!("{session:?}") };
                assert!(!said.octets.windows(6).any(|window| window == b"sesame"), "{said:?}");
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut long = vec![b'x'; 8 * 1024];
        long.extend(b"\r\n");
        let session = Session::of(&events((0..1000).map(|_| heard(&long)).collect()));
        assert!(session.cut && session.octets <= MOST_OCTETS, "{}", session.octets);
        let session = Session::of(&events((0..30_000).map(|_| heard(b"\r\n")).collect()));
        assert!(session.cut && session.happened.len() == MOST_HAPPENED);
        let endless = Session::of(&events((0..100).map(|_| heard(&[b'x'; 8192])).collect()));
        assert!(endless.octets < 100, "{}", endless.octets);
    }

    #[test]
    fn an_urgent_octet_is_seen_before_the_line_behind_it() {
        let urgent = (Channel::Control, What::Urgent);
        let session = Session::of(&events(vec![heard(b"\xff\xf4\xff"), heard(b"\xf2ABOR\r\n"), urgent]));
        let said = |how, octets: &[u8]| Happened::Said(Said { how, octets: octets.to_vec() });
        let expected =
            [said(Spoken::Telnet, b"\xff\xf4"), said(Spoken::Urgent, b"\xff\xf2"), said(Spoken::Line, b"ABOR\r\n")];
        assert_eq!(session.happened, expected);
    }

    #[rstest]
    #[case(b"a\r\nb\n\n", 3, 2)]
    #[case(b"\n", 1, 1)]
    #[case(b"", 0, 0)]
    fn ends_of_lines_are_counted(#[case] octets: &[u8], #[case] lines: u64, #[case] bare: u64) {
        let seen = SeenBody {
            length: octets.len() as u64,
            sha256: String::new(),
            octets: Some(octets.into()),
            differs_at: None,
            there: None,
            ended: true,
            framing: None,
        };
        let body = Body::of(&seen);
        assert_eq!((body.lines, body.bare, body.is_whole()), (lines, bare, true));
    }
}
