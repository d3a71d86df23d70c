//! Steps: maps of one key, with `for` beside it or not.

use super::reader::{Reader, Wrong, both};
use super::{reply, values};
use crate::scenario::tree::{
    Action, Break, Closed, Data, Ending, Listened, Located, Method, Piece, Say, Sent, Step, Template, Within,
};
use crate::scenario::yaml::{Node, Value};

/// The steps, by their key.
pub(crate) const STEPS: &[&str] =
    &["C", "S", "login", "data", "tls", "silence", "closed", "may-close", "hang-up", "as", "unpredictable"];
const STEP_KEYS: &[&str] =
    &["C", "S", "login", "data", "tls", "silence", "closed", "may-close", "hang-up", "as", "unpredictable", "for"];
/// The keys of the map of `C`.
pub(crate) const SAY: &[&str] = &["bytes", "urgent", "line", "end", "segments"];
/// What `data:` says in one word.
pub(crate) const DATA_WORDS: &[&str] = &[
    "PASV",
    "PORT",
    "EPSV",
    "EPRT",
    "default-port",
    "connect",
    "accept",
    "accept-from-default-port",
    "shutdown",
    "reset",
    "abandon",
    "expect-end",
    "expect-nothing",
];
/// What `data:` says with a map.
pub(crate) const DATA: &[&str] = &[
    "open",
    "reply",
    "receive-buffer",
    "transfers",
    "connect-from",
    "server-sends",
    "client-sends",
    "form",
    "marker",
    "read",
    "write",
    "expect-no-connection",
];
/// The ways to agree on a data connection.
pub(crate) const METHODS: &[(&str, Method)] =
    &[("PASV", Method::Pasv), ("PORT", Method::Port), ("EPSV", Method::Epsv), ("EPRT", Method::Eprt)];

impl Reader<'_> {
    /// A list of steps.
    pub(crate) fn steps(&mut self, node: &Node, what: &str) -> Vec<Step> {
        let items = self.list(node, what).unwrap_or_default();
        items.iter().filter_map(|item| self.step(item)).collect()
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let fields = self.entries(node, "a step")?;
        for (key, _) in fields.entries() {
            let name = key.text().unwrap_or_default();
            if !STEP_KEYS.contains(&name) {
                self.unknown_step(key, name);
            }
        }
        let mut actions = fields.entries().filter(|(key, _)| key.text() != Some("for"));
        let Some((key, value)) = actions.next() else {
            self.fault_with_help(
                &node.span,
                "this step does nothing",
                format!("a step is one of {}", STEPS.join(", ")),
            );
            return None;
        };
        if let Some((second, _)) = actions.next() {
            let words = (key.text().unwrap_or_default(), second.text().unwrap_or_default());
            self.fault_with_help(
                &second.span,
                format!("\"{}\" and \"{}\" in one step", words.0, words.1),
                format!("a step does one thing; put a - before {}", words.1),
            );
        }
        let requirement = fields.value("for").and_then(|node| self.text(node, "for")).map(str::to_owned);
        let action = self.action(key, value)?;
        Some(Step { span: both(key, value), requirement, action })
    }

    fn unknown_step(&mut self, key: &Node, name: &str) {
        let help = match name.to_lowercase().as_str() {
            "expect" | "recv" | "receive" | "reply" | "server" => "what the server replies is written S",
            "send" | "command" | "cmd" | "client" => "what the client says is written C",
            "sleep" | "wait" | "delay" => {
                "there are no sleeps: a reply has `within`, and `silence` says that nothing comes"
            }
            _ => return self.unknown(&key.span, "step", name, STEPS),
        };
        self.fault_with_help(&key.span, format!("unknown step \"{name}\""), help);
    }

    fn action(&mut self, key: &Node, value: &Node) -> Option<Action> {
        match key.text()? {
            "C" => self.say(value).map(Action::Say),
            "S" => self.expect(value).map(|expect| Action::Expect(Box::new(expect))),
            "login" => {
                self.nothing(value, "login");
                Some(Action::Login)
            }
            "data" => self.data(value).map(Action::Data),
            "tls" => self.tls(value).map(Action::Tls),
            "silence" => self.silence(value),
            "closed" => self.closed(value).map(Action::Closed),
            "may-close" => {
                self.nothing(value, "may-close");
                Some(Action::MayClose)
            }
            "hang-up" => {
                let words = [("fin", Break::Fin), ("reset", Break::Reset)];
                self.word(value, "end of a connection", &words).map(Action::HangUp)
            }
            "as" => self.switch(value),
            "unpredictable" => self.unpredictable(value),
            _ => None,
        }
    }

    fn say(&mut self, node: &Node) -> Option<Say> {
        let segments = match &node.value {
            Value::Scalar { .. } => vec![self.command_line(node, b"\r\n")?],
            Value::List(_) => {
                let items = self.list(node, "C")?;
                let lines = items.iter().map(|item| self.command_line(item, b"\r\n")).collect::<Option<Vec<_>>>()?;
                vec![Template(lines.into_iter().flat_map(|line| line.0).collect())]
            }
            Value::Map(_) => return self.say_map(node),
        };
        Some(Say { segments, urgent: false })
    }

    fn say_map(&mut self, node: &Node) -> Option<Say> {
        let fields = self.fields(node, "C", SAY)?;
        let forms: Vec<_> = ["bytes", "line", "segments"].into_iter().filter_map(|key| fields.entry(key)).collect();
        let &[(form, value)] = forms.as_slice() else {
            self.fault(&node.span, "C is a line, a list of lines, or a map with one of bytes, line and segments");
            return None;
        };
        for (key, beside) in [("urgent", "bytes"), ("end", "line")] {
            if let Some((found, _)) = fields.entry(key).filter(|_| form.text() != Some(beside)) {
                self.fault(&found.span, format!("\"{key}\" stands beside \"{beside}\" only"));
            }
        }
        let urgent =
            fields.value("urgent").and_then(|node| self.word(node, "urgent", &[("true", true), ("false", false)]));
        let segments = match form.text()? {
            "bytes" => {
                let written = self.text(value, "bytes")?;
                let octets = self.or_fault(value, values::hexadecimal(written))?;
                vec![Template(vec![Piece::Octets(octets)])]
            }
            "line" => {
                let ends: &[(&str, &[u8])] = &[("crlf", b"\r\n"), ("lf", b"\n"), ("cr", b"\r"), ("none", b"")];
                let end = fields.value("end").and_then(|node| self.word(node, "end", ends)).unwrap_or(b"\r\n");
                vec![self.command_line(value, end)?]
            }
            _ => {
                let items = self.list(value, "segments")?;
                let read = items.iter().map(|item| {
                    let text = self.text(item, "a segment")?;
                    self.or_fault(item, values::template(text))
                });
                read.collect::<Option<Vec<_>>>()?
            }
        };
        Some(Say { segments, urgent: urgent.unwrap_or(false) })
    }

    fn command_line(&mut self, node: &Node, end: &[u8]) -> Option<Template> {
        let text = self.text(node, "the command line")?;
        if text.contains(['\r', '\n']) {
            let help = "several lines are a list: [NOOP, NOOP]; other octets are { segments: [\"NO\\rOP\\r\\n\"] }";
            self.fault_with_help(&node.span, "a command line has no line end inside", help);
            return None;
        }
        let Template(mut pieces) = self.or_fault(node, values::template(text))?;
        match pieces.last_mut() {
            Some(Piece::Octets(octets)) => octets.extend_from_slice(end),
            Some(Piece::Capture(_)) | None => pieces.push(Piece::Octets(end.to_vec())),
        }
        Some(Template(pieces))
    }

    fn silence(&mut self, node: &Node) -> Option<Action> {
        let fields = self.fields(node, "silence", &["on", "for"])?;
        let (Some(on), Some(during)) = (fields.value("on"), fields.value("for")) else {
            let message = "a silence is on a connection and for a time";
            self.fault_with_help(&node.span, message, "write silence: { on: control, for: 500ms }");
            return None;
        };
        let words = [("control", Listened::Control), ("data", Listened::Data), ("both", Listened::Both)];
        let on = self.word(on, "connection", &words);
        let time = self.text(during, "the time")?;
        let during = self.or_fault(during, values::duration(time))?;
        Some(Action::Silence { on: on?, during })
    }

    fn unpredictable(&mut self, node: &Node) -> Option<Action> {
        let names = self.texts(node, "unpredictable");
        if names.len() < FEWEST_PORTS {
            let help = format!("name at least {FEWEST_PORTS} captures: fewer ports are in a row by chance");
            self.fault_with_help(&node.span, "too few ports", help);
            return None;
        }
        Some(Action::Unpredictable(names))
    }

    fn closed(&mut self, node: &Node) -> Option<Closed> {
        if let Value::Scalar { .. } = node.value {
            self.fault_with_help(
                &node.span,
                "closed is a map",
                "write closed: {}, or closed: { how: fin, within: 5s }",
            );
            return None;
        }
        let fields = self.fields(node, "closed", CLOSED)?;
        let words = [("any", Ending::Any), ("fin", Ending::Fin)];
        let how = fields.value("how").and_then(|node| self.word(node, "how", &words)).unwrap_or_default();
        let within = fields.value("within").and_then(|node| self.within(node)).unwrap_or(Within::Default);
        let last = fields.value("last").and_then(|node| self.code_set(node, "last")).unwrap_or_default();
        let not_applicable =
            fields.value("not-applicable").and_then(|node| self.code_set(node, "not-applicable")).unwrap_or_default();
        if let (Some((key, _)), true) = (fields.entry("not-applicable"), last.is_empty()) {
            self.fault(&key.span, "not-applicable needs \"last\" beside it");
        }
        Some(Closed { how, within, last, not_applicable })
    }

    fn switch(&mut self, node: &Node) -> Option<Action> {
        let name = self.text(node, "as")?;
        if !self.connections.iter().any(|known| known == name) {
            let known = self.connections.clone();
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            self.unknown(&node.span, "connection", name, &known);
            return None;
        }
        Some(Action::Switch(name.to_owned()))
    }

    fn data(&mut self, node: &Node) -> Option<Data> {
        if let Value::Map(_) = node.value {
            return self.data_map(node);
        }
        let word = self.text(node, "data")?;
        if let Some((_, method)) = METHODS.iter().find(|(name, _)| *name == word) {
            return Some(Data::Open { method: *method, reply: None, receive_buffer: None, transfers: 1 });
        }
        match word {
            "connect" => Some(Data::Connect),
            "accept" => Some(Data::Accept),
            "default-port" => Some(Data::DefaultPort),
            "accept-from-default-port" => Some(Data::AcceptFromDefaultPort),
            "expect-nothing" => Some(Data::ExpectNothing),
            "shutdown" => Some(Data::Shutdown),
            "reset" => Some(Data::Reset),
            "abandon" => Some(Data::Abandon),
            "expect-end" => Some(Data::ExpectEnd),
            other => {
                let known: Vec<_> = DATA_WORDS.iter().chain(DATA).copied().collect();
                self.unknown(&node.span, "data step", other, &known);
                None
            }
        }
    }

    fn data_map(&mut self, node: &Node) -> Option<Data> {
        let fields = self.fields(node, "data", DATA)?;
        let beside = ["reply", "receive-buffer", "transfers", "form", "marker"];
        let mut actions = fields.entries().filter(|(key, _)| !beside.contains(&key.text().unwrap_or_default()));
        let Some((key, value)) = actions.next() else {
            self.fault(&node.span, "this data step does nothing");
            return None;
        };
        if let Some((second, _)) = actions.next() {
            self.fault_with_help(&second.span, "two things in one data step", "make it a step of its own");
        }
        let action = key.text()?;
        let opens = &["open"][..];
        let placed = [
            ("reply", opens),
            ("receive-buffer", opens),
            ("transfers", opens),
            ("form", SENDING),
            ("marker", &["server-sends"][..]),
        ];
        for (extra, allowed) in placed {
            if let Some((found, _)) = fields.entry(extra).filter(|_| !allowed.contains(&action)) {
                self.fault(&found.span, format!("\"{extra}\" stands beside {} only", allowed.join(", ")));
            }
        }
        match action {
            "open" => {
                let method = self.word(value, "way to open a data connection", METHODS)?;
                let reply = fields.value("reply").and_then(|node| self.open_reply(node, method));
                let receive_buffer = fields.value("receive-buffer").and_then(|node| self.receive_buffer(node));
                let transfers = fields.value("transfers").and_then(|node| self.transfers(node, method)).unwrap_or(1);
                Some(Data::Open { method, reply, receive_buffer, transfers })
            }
            "server-sends" => {
                let sent = self.sent(value, fields.value("form"))?;
                let marker = fields.value("marker").and_then(|node| self.text(node, "marker")).map(str::to_owned);
                Some(Data::ServerSends(Sent { marker, ..sent }))
            }
            "client-sends" => Some(Data::ClientSends(self.sent(value, fields.value("form"))?)),
            "write" => Some(Data::Write(self.sent(value, fields.value("form"))?)),
            "connect-from" => {
                let written = self.text(value, "connect-from")?;
                let address = written.parse();
                let wrong = || Wrong::new(format!("\"{written}\" is not an address"), "write connect-from: 127.0.0.2");
                Some(Data::ConnectFrom(self.or_fault(value, address.map_err(|_| wrong()))?))
            }
            "read" => Some(Data::Read(self.size(value)?)),
            "expect-no-connection" => {
                let time = self.text(value, "the time")?;
                Some(Data::ExpectNoConnection(self.or_fault(value, values::duration(time))?))
            }
            _ => None,
        }
    }

    fn transfers(&mut self, node: &Node, method: Method) -> Option<u32> {
        let written = self.text(node, "transfers")?;
        let number = values::number(written).ok().and_then(|number| u32::try_from(number).ok());
        let transfers = number.filter(|number| (1..=9).contains(number));
        if !matches!(method, Method::Port | Method::Eprt) {
            let help = "after PASV and EPSV the server listens, and the client connects once";
            self.fault_with_help(&node.span, "transfers stands beside PORT and EPRT only", help);
        }
        self.or_fault(node, transfers.ok_or_else(|| Wrong::new("not a number of transfers", "from 1 to 9")))
    }

    fn receive_buffer(&mut self, node: &Node) -> Option<usize> {
        let size = self.size(node)?;
        let octets = usize::try_from(size).ok().filter(|octets| (1..=16 << 20).contains(octets));
        self.or_fault(node, octets.ok_or_else(|| Wrong::new("not a receive buffer", "from 1 to 16 MiB")))
    }

    fn open_reply(&mut self, node: &Node, method: Method) -> Option<Located<Template>> {
        let written = self.text(node, "reply")?;
        // RFC 959 §5.4 for PASV and PORT, RFC 2428 §2 and §3 for EPRT and EPSV.
        let code = match method {
            Method::Pasv => 227,
            Method::Port | Method::Eprt => 200,
            Method::Epsv => 229,
        };
        let text = self.or_fault(node, reply::defined_reply(written, code))?;
        let value = self.or_fault(node, values::template(&text))?;
        Some(Located { value, span: node.span.clone() })
    }
}

/// The keys of the map of `closed`.
pub(crate) const CLOSED: &[&str] = &["how", "within", "last", "not-applicable"];
/// Fewer ports rise in equal steps by chance.
const FEWEST_PORTS: usize = 5;
const SENDING: &[&str] = &["server-sends", "client-sends", "write"];
