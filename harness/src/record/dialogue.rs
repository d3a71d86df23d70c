//! What was said, as commands with the replies to each.

use super::session::{Carried, Ending, Happened, Said, Session, Spoken, verb_and_argument};

/// A session as a client sees it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dialogue {
    /// What the server said first.
    pub(super) greeting: Vec<Reply>,
    pub(super) exchanges: Vec<Exchange>,
    /// Who ended it.
    pub(super) end: Option<Ending>,
    /// Whether it went on, and was not kept.
    pub(super) cut: bool,
    /// The commands before this one are answered.
    answered: usize,
}

/// A command and what came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    /// Telnet's octets before it, and whether the last of them was urgent.
    pub(super) telnet: Option<(Vec<u8>, bool)>,
    /// Its line, with the end.
    pub(super) line: Vec<u8>,
    /// In capitals.
    pub(super) verb: String,
    pub(super) argument: Vec<u8>,
    pub(super) replies: Vec<Reply>,
    /// What went over its data connection.
    pub(super) body: Option<Carried>,
    /// Whether the client waited for every reply before it.
    pub(super) waited: bool,
    /// Whether it was said while a transfer went on.
    pub(super) meanwhile: bool,
    /// Whether TLS began behind it.
    pub(super) secures: bool,
    /// What the server said behind it without being asked.
    pub(super) unasked: Vec<u16>,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// Its first octets.
    pub(super) octets: Vec<u8>,
}

impl Exchange {
    /// The code of its last reply, where that is no preliminary one.
    pub(super) fn code(&self) -> Option<u16> {
        self.replies.last().map(|reply| reply.code).filter(|code| code / 100 != 1)
    }

    /// Whether it was done.
    pub(super) fn is_done(&self) -> bool {
        self.code().is_some_and(|code| code / 100 == 2)
    }

    /// The first octets of its last reply.
    pub(super) fn told(&self) -> &[u8] {
        self.replies.last().map(|reply| reply.octets.as_slice()).unwrap_or_default()
    }

    /// Its argument as a text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.argument).unwrap_or_default()
    }
}

impl Dialogue {
    /// Which reply answers what: the oldest command, and a preliminary reply leaves it open. STAT may be answered while a
    /// transfer goes on (RFC 959 §4.1.3).
    pub(super) fn of(session: &Session) -> Self {
        let mut dialogue = Self { cut: session.cut, ..Self::default() };
        let mut telnet: Option<(Vec<u8>, bool)> = None;
        let mut greeted = false;
        for (number, happened) in session.happened.iter().enumerate() {
            match happened {
                Happened::Said(Said { how: how @ (Spoken::Telnet | Spoken::Urgent), octets }) => {
                    let (said, urgent) = telnet.get_or_insert_default();
                    said.extend_from_slice(octets);
                    *urgent = *how == Spoken::Urgent;
                }
                Happened::Said(Said { how: Spoken::Piece, .. }) => {
                    dialogue.cut = true;
                    break;
                }
                Happened::Said(Said { how: Spoken::Line, octets }) => {
                    let body = session.bodies.get(&number).cloned();
                    dialogue.said(octets, telnet.take(), body, greeted);
                }
                Happened::Replied(code, octets) => {
                    let reply = Reply { code: *code, octets: octets.clone() };
                    if greeted {
                        dialogue.replied(reply);
                    } else {
                        greeted = code / 100 != 1;
                        dialogue.greeting.push(reply);
                    }
                }
                Happened::Secured => {
                    if let Some(last) = dialogue.exchanges.last_mut() {
                        last.secures = true;
                    }
                }
                Happened::Ended(by) => dialogue.end = Some(*by),
            }
        }
        dialogue
    }

    fn said(&mut self, line: &[u8], telnet: Option<(Vec<u8>, bool)>, body: Option<Carried>, greeted: bool) {
        let oldest = self.exchanges.iter().skip(self.answered).find(|exchange| exchange.code().is_none());
        let waited = greeted && oldest.is_none();
        let meanwhile = oldest.is_some_and(|oldest| !oldest.replies.is_empty());
        let (verb, argument) = verb_and_argument(line);
        let argument = argument.to_vec();
        let line = line.to_vec();
        self.exchanges.push(Exchange { telnet, line, verb, argument, body, waited, meanwhile, ..Exchange::default() });
    }

    fn replied(&mut self, reply: Reply) {
        let mut owed = self.exchanges.iter_mut().skip(self.answered).filter(|exchange| exchange.code().is_none());
        let oldest = owed.next();
        let begun = oldest.as_ref().is_some_and(|oldest| !oldest.replies.is_empty());
        let status = owed.find(|later| later.verb == "STAT" && begun && matches!(reply.code, 211..=213));
        match (status, oldest) {
            (Some(exchange), _) | (None, Some(exchange)) => exchange.replies.push(reply),
            (None, None) => {
                if let Some(last) = self.exchanges.last_mut() {
                    last.unasked.push(reply.code);
                }
            }
        }
        let open = |exchange: &&Exchange| exchange.code().is_some();
        self.answered += self.exchanges.iter().skip(self.answered).take_while(open).count();
    }
}
