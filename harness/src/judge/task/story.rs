//! What was seen of a client, in the order in which it happened.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use reports::model::{Body, Channel, CloseKind, Event, What};

use crate::judge::play::verb;
use crate::scenario::tree::LinePattern;
use crate::wire::reply::{ReplyReader, SeenReply};

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// The command lines, in order.
    pub(super) lines: Vec<Line>,
    /// The data connections, in order.
    pub(super) data: Vec<DataConnection>,
    /// Where a data connection could not be made to the client: the event.
    pub(super) unreached: Option<usize>,
    /// Telnet commands that the client said, each with its event.
    pub(super) telnet: Vec<(u8, usize)>,
    /// `Exited` or `Deadline`.
    pub(super) end: Option<What>,
    /// Whether the client told that it failed, if it ended.
    pub(super) failed: Option<bool>,
    /// What it printed at its end.
    pub(super) printed: Vec<String>,
    /// The number of the last event.
    pub(super) last: usize,
    /// Why the harness could not go on.
    pub(super) fault: Option<String>,
    open: BTreeMap<String, Conversation>,
}

/// A command line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its control connection.
    pub(super) connection: String,
    /// All its octets, with what ends it.
    pub(super) octets: Vec<u8>,
    /// The verb in capitals, and the rest as it was said.
    pub(super) text: Vec<u8>,
    /// In capitals.
    pub(super) verb: String,
    /// The event that brought the end of it.
    pub(super) event: usize,
    /// Whether the greeting was said by then.
    pub(super) greeted: bool,
    /// The verb of a command that had no final reply by then.
    pub(super) waits_for: Option<String>,
    /// Whether ABOR was said before on this connection.
    pub(super) after_abort: bool,
    /// The code of its final reply.
    pub(super) answered: Option<u16>,
}

/// A data connection.
#[derive(Debug)]
pub(super) struct DataConnection {
    /// The end of the server.
    pub(super) local: Option<SocketAddr>,
    /// Whether the client made it.
    pub(super) passive: bool,
    /// What came from the client.
    pub(super) stored: Option<Body>,
    /// How the client ended it.
    pub(super) closed: Option<CloseKind>,
    /// Whether the client announced the end of TLS on it.
    pub(super) notified: Option<bool>,
    /// Whether it was under TLS.
    pub(super) secured: bool,
    /// The event.
    pub(super) event: usize,
    connection: String,
}

/// One control connection on its way.
#[derive(Debug, Default)]
struct Conversation {
    heard: Vec<u8>,
    reader: ReplyReader,
    greeted: bool,
    aborted: bool,
    /// The lines without a final reply.
    owed: VecDeque<usize>,
    /// The host of the server, as the client sees it.
    local: Option<SocketAddr>,
    /// The ports where the client may connect to.
    listening: Vec<u16>,
}

impl Story {
    pub(super) fn of(events: &[Event]) -> Self {
        let mut story = Self { last: events.len().saturating_sub(1), ..Self::default() };
        for (at, event) in events.iter().enumerate() {
            story.take(at, event);
        }
        story
    }

    fn take(&mut self, at: usize, event: &Event) {
        match (event.channel, &event.what) {
            (Channel::Control, What::Connected { local, .. }) => {
                self.conversation(&event.connection).local = local.parse().ok();
            }
            (Channel::Control, What::Received { octets }) => self.hear(at, event, octets.as_slice()),
            (Channel::Control, What::Sent { octets, .. }) => self.reply(&event.connection, octets.as_slice()),
            (Channel::Data, what) => self.data(at, &event.connection, what),
            (Channel::Subject, What::Exited { log, .. }) => {
                self.printed.clone_from(log);
                self.end = Some(event.what.clone());
            }
            (Channel::Subject, What::Deadline { .. }) => self.end = Some(event.what.clone()),
            (Channel::Subject, What::Outcome { failed }) => self.failed = Some(*failed),
            (Channel::Subject, What::Fault { why }) => self.fault = Some(why.clone()),
            (Channel::Control | Channel::Subject, _) => {}
        }
    }

    fn conversation(&mut self, name: &str) -> &mut Conversation {
        self.open.entry(name.to_owned()).or_default()
    }

    fn hear(&mut self, at: usize, event: &Event, octets: &[u8]) {
        let conversation = self.open.entry(event.connection.clone()).or_default();
        conversation.heard.extend_from_slice(octets);
        while let Some(end) = conversation.heard.iter().position(|octet| *octet == b'\n') {
            let rest = conversation.heard.split_off(end + 1);
            let octets = std::mem::replace(&mut conversation.heard, rest);
            self.telnet.extend(telnet(&octets).into_iter().map(|command| (command, at)));
            let line = Line {
                connection: event.connection.clone(),
                text: text(&octets),
                verb: verb(&octets),
                octets,
                event: at,
                greeted: conversation.greeted,
                waits_for: conversation
                    .owed
                    .front()
                    .and_then(|owed| self.lines.get(*owed))
                    .map(|line| line.verb.clone()),
                after_abort: conversation.aborted,
                answered: None,
            };
            conversation.aborted |= line.verb == "ABOR";
            conversation.owed.push_back(self.lines.len());
            self.lines.push(line);
        }
    }

    fn reply(&mut self, connection: &str, octets: &[u8]) {
        let conversation = self.open.entry(connection.to_owned()).or_default();
        for SeenReply { code, .. } in conversation.reader.feed(octets) {
            let Some(code) = code.filter(|code| code / 100 != 1) else { continue };
            if !std::mem::replace(&mut conversation.greeted, true) {
                continue;
            }
            let owed = conversation.owed.pop_front().and_then(|owed| self.lines.get_mut(owed));
            if let Some(line) = owed {
                line.answered = Some(code);
            }
        }
    }

    fn data(&mut self, at: usize, connection: &str, what: &What) {
        match what {
            What::Listening { local } => {
                let port = local.parse().ok().map(|local: SocketAddr| local.port());
                self.conversation(connection).listening.extend(port);
            }
            What::Connected { local, .. } => {
                let local: Option<SocketAddr> = local.parse().ok();
                let passive =
                    local.is_some_and(|local| self.conversation(connection).listening.contains(&local.port()));
                self.data.push(DataConnection {
                    local,
                    passive,
                    stored: None,
                    closed: None,
                    notified: None,
                    secured: false,
                    event: at,
                    connection: connection.to_owned(),
                });
            }
            What::NotConnected { .. } => self.unreached = Some(at),
            What::Secured { .. } => self.on_last(connection, |data| data.secured = true),
            What::BodyReceived(body) => self.on_last(connection, |data| data.stored = Some(body.clone())),
            What::TlsEnded { notified } => self.on_last(connection, |data| data.notified = Some(*notified)),
            What::Closed { how } => self.on_last(connection, |data| data.closed = Some(*how)),
            What::Sent { .. }
            | What::Received { .. }
            | What::Urgent
            | What::NotSecured { .. }
            | What::BodySent(_)
            | What::Hung { .. }
            | What::Deadline { .. }
            | What::Quiet { .. }
            | What::Exited { .. }
            | What::Outcome { .. }
            | What::Files { .. }
            | What::Fault { .. } => {}
        }
    }

    fn on_last(&mut self, connection: &str, change: impl FnOnce(&mut DataConnection)) {
        if let Some(last) = self.data.iter_mut().rev().find(|data| data.connection == connection) {
            change(last);
        }
    }

    /// The host that the client reached on the control connection of this data connection.
    pub(super) fn server_of(&self, data: &DataConnection) -> Option<SocketAddr> {
        self.open.get(&data.connection)?.local
    }

    /// What was said without an end on a control connection.
    pub(super) fn unended(&self) -> impl Iterator<Item = &[u8]> {
        self.open.values().map(|conversation| conversation.heard.as_slice()).filter(|heard| !heard.is_empty())
    }

    /// The first line like this.
    pub(super) fn first(&self, pattern: &LinePattern) -> Option<&Line> {
        self.lines.iter().find(|line| line.is(pattern))
    }

    /// The line behind this one on the same control connection.
    pub(super) fn behind(&self, at: usize) -> Option<&Line> {
        let line = self.lines.get(at)?;
        self.lines.iter().skip(at + 1).find(|next| next.connection == line.connection)
    }
}

impl Line {
    /// Whether it is like one of these.
    pub(super) fn is(&self, pattern: &LinePattern) -> bool {
        pattern.0.iter().any(|pattern| like(pattern.as_bytes(), &self.text))
    }

    /// What stands behind the verb.
    pub(super) fn argument(&self) -> &[u8] {
        self.text.splitn(2, |octet| *octet == b' ').nth(1).unwrap_or_default()
    }
}

/// The line without Telnet commands before it and what ends it, its verb in capitals.
fn text(octets: &[u8]) -> Vec<u8> {
    let line = octets.strip_suffix(b"\n").unwrap_or(octets);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let begin = line.iter().position(u8::is_ascii_alphabetic).unwrap_or(0);
    let mut line = line.get(begin..).unwrap_or_default().to_vec();
    let verb = line.iter().position(|octet| *octet == b' ').unwrap_or(line.len());
    line.iter_mut().take(verb).for_each(u8::make_ascii_uppercase);
    line
}

/// The Telnet commands in octets (RFC 854): what stands behind IAC. IAC IAC is an octet of text.
fn telnet(octets: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut rest = octets.iter().copied();
    while let Some(octet) = rest.next() {
        if octet == 255 {
            found.extend(rest.next().filter(|command| *command != 255));
        }
    }
    found
}

/// Whether octets are like a pattern, in which `*` is any octets.
pub(super) fn like(pattern: &[u8], octets: &[u8]) -> bool {
    match pattern.split_first() {
        None => octets.is_empty(),
        Some((b'*', [])) => true,
        Some((b'*', rest)) => (0..=octets.len()).any(|at| like(rest, octets.get(at..).unwrap_or_default())),
        Some((first, rest)) => octets.split_first().is_some_and(|(octet, behind)| octet == first && like(rest, behind)),
    }
}

#[cfg(test)]
mod tests {
    use reports::model::Octets;
    use rstest::rstest;

    use super::*;

    fn events(said: &[(bool, &str)]) -> Vec<Event> {
        let event = |(from_client, text): &(bool, &str)| Event {
            at: 0,
            step: 0,
            act: 0,
            connection: "a".to_owned(),
            channel: Channel::Control,
            secured: false,
            what: if *from_client {
                What::Received { octets: Octets::from(text.as_bytes()) }
            } else {
                What::Sent { octets: Octets::from(text.as_bytes()), urgent: false }
            },
        };
        said.iter().map(event).collect()
    }

    #[test]
    fn who_waits_for_what() {
        let story = Story::of(&events(&[
            (true, "FEAT\r\n"),
            (false, "220-a\r\n"),
            (false, "220 b\r\n"),
            (true, "USER a\r\nPA"),
            (true, "SS b\r\n"),
            (false, "331 c\r\n230 d\r\n"),
            (true, "retr x\r\n"),
        ]));
        let seen: Vec<_> =
            story.lines.iter().map(|line| (line.verb.as_str(), line.greeted, line.waits_for.as_deref())).collect();
        assert_eq!(
            seen,
            [
                ("FEAT", false, None),
                ("USER", true, Some("FEAT")),
                ("PASS", true, Some("FEAT")),
                ("RETR", true, Some("PASS"))
            ]
        );
        assert!(story.first(&LinePattern(vec!["RETR x".to_owned()])).is_some());
    }

    #[rstest]
    #[case("RETR *", "RETR a", true)]
    #[case("RETR", "RETR a", false)]
    #[case("LIST*", "LIST -a", true)]
    #[case("*.txt", "RETR a.txt", true)]
    fn patterns(#[case] pattern: &str, #[case] line: &str, #[case] fits: bool) {
        assert_eq!(like(pattern.as_bytes(), line.as_bytes()), fits);
    }

    #[test]
    fn telnet_commands_are_found() {
        assert_eq!(telnet(b"\xff\xf4\xff\xf2ABOR\r\n"), [0xf4, 0xf2]);
        assert_eq!(telnet(b"RETR \xff\xff\r\n"), [] as [u8; 0]);
    }
}
