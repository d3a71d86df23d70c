//! What passed by: lines and replies in their order, and what went over data connections. What is kept is bounded.

use std::collections::BTreeMap;

/// The most lines and replies that are kept of a session.
const MOST_HAPPENED: usize = 20_000;
/// The most octets that are kept of a session.
const MOST_OCTETS: usize = 4 << 20;
/// So much of a reply is looked at.
const REPLY: usize = 1024;
/// So much of a body is kept: what a listing needs. Of a longer one only its length counts.
const BODY: usize = 64 * 1024;
/// Commands whose argument is a secret (RFC 959 §4.1.1, RFC 2228 §3). It is never kept.
const SECRET: [&str; 6] = ["PASS", "ACCT", "ADAT", "MIC", "CONF", "ENC"];

/// One control connection and its data connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    pub(super) happened: Vec<Happened>,
    /// By the number of the command that asked for it.
    pub(super) bodies: BTreeMap<usize, Carried>,
    octets: usize,
    /// Whether more happened than is kept.
    pub(super) cut: bool,
}

/// Something on the control connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Happened {
    /// The client spoke.
    Said(Said),
    /// The server replied: its code, 0 where it is no reply, and the beginning of its octets.
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
pub enum Spoken {
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
pub enum Ending {
    /// The client, without waiting for the server's end.
    Client,
    /// The server.
    Server,
}

/// What went over one data connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// To the server.
    pub stored: Body,
    /// To the client.
    pub retrieved: Body,
}

/// The octets of a body, as far as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    pub(super) kept: Vec<u8>,
    pub(super) length: u64,
    /// How many octets are LF.
    pub(super) lines: u64,
    /// How many of them have no CR before them.
    pub(super) bare: u64,
    last: Option<u8>,
}

impl Body {
    /// Takes the next octets.
    pub fn take(&mut self, octets: &[u8]) {
        let room = BODY.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(octets.get(..room).unwrap_or(octets));
        self.length += octets.len() as u64;
        for &octet in octets {
            if octet == b'\n' {
                self.lines += 1;
                self.bare += u64::from(self.last != Some(b'\r'));
            }
            self.last = Some(octet);
        }
    }

    /// Whether every octet is kept.
    pub(super) fn is_whole(&self) -> bool {
        self.length == self.kept.len() as u64
    }
}

impl Session {
    /// The client said this. Gives its number, by which a body is handed in.
    pub fn said(&mut self, how: Spoken, octets: &[u8]) -> usize {
        let (verb, _) = verb_and_argument(octets);
        let hidden = SECRET.contains(&verb.as_str());
        let octets = if hidden { format!("{verb}\r\n").into_bytes() } else { octets.to_vec() };
        self.keep(Happened::Said(Said { how, octets }));
        self.happened.len().saturating_sub(1)
    }

    /// The server replied.
    pub fn replied(&mut self, code: u16, octets: &[u8]) {
        self.keep(Happened::Replied(code, octets.get(..REPLY).unwrap_or(octets).to_vec()));
    }

    /// TLS began on the control connection.
    pub fn secured(&mut self) {
        self.keep(Happened::Secured);
    }

    /// Somebody ended the control connection. The first who did counts.
    pub fn ended(&mut self, by: Ending) {
        if !self.happened.iter().rev().take(8).any(|last| matches!(last, Happened::Ended(_))) {
            self.keep(Happened::Ended(by));
        }
    }

    /// This went over the data connection of a command.
    pub fn carried(&mut self, command: usize, mut carried: Carried) {
        for body in [&mut carried.stored, &mut carried.retrieved] {
            if self.octets + body.kept.len() > MOST_OCTETS {
                body.kept = Vec::new();
            }
            self.octets += body.kept.len();
        }
        if self.bodies.len() < MOST_HAPPENED {
            self.bodies.insert(command, carried);
        }
    }

    /// Whether the client said anything.
    pub fn is_empty(&self) -> bool {
        !self.happened.iter().any(|happened| matches!(happened, Happened::Said(_)))
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

    #[rstest]
    #[case(b"PASS sesame\r\n")]
    #[case(b"pass sesame\n")]
    #[case(b"\xff\xf1PaSs  sesame\r\n")]
    #[case(b"ACCT sesame\r\n")]
    #[case(b"ADAT c2VzYW1l-sesame\r\n")]
    #[case(b"PASS\tsesame\r\n")]
    fn a_secret_is_never_kept(#[case] line: &[u8]) {
        let mut session = Session::default();
        session.said(Spoken::Line, line);
        let kept = format!("{:?}", String::from_utf8_lossy(&format!("{session:?}").into_bytes()));
        assert!(!kept.contains("sesame"), "{kept}");
        let Happened::Said(said) = &session.happened[0] else { panic!("{session:?}") };
        assert!(said.octets.len() == 6, "{said:?}");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut session = Session::default();
        for _ in 0..100 {
            session.said(Spoken::Line, &[b'x'; 64 * 1024]);
            session.replied(200, &[b'x'; 256 * 1024]);
        }
        assert!(session.cut);
        for command in 0..100 {
            let mut body = Body::default();
            (0..100).for_each(|_| body.take(&[b'x'; 64 * 1024]));
            assert_eq!(body.length, 100 * 64 * 1024);
            session.carried(command, Carried { stored: body, ..Carried::default() });
        }
        let bodies: usize = session.bodies.values().map(|carried| carried.stored.kept.len()).sum();
        assert!(session.octets <= MOST_OCTETS && bodies <= MOST_OCTETS, "{} {bodies}", session.octets);
    }

    #[test]
    fn ends_of_lines_are_counted_over_pieces() {
        let mut body = Body::default();
        for piece in [&b"a\r"[..], b"\nb\n", b"\n"] {
            body.take(piece);
        }
        assert_eq!((body.lines, body.bare, body.length), (3, 2, 6));
    }
}
