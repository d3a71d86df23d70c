//! The written form of rules.

use std::sync::Arc;
use std::time::Duration;

use super::reader::{Fields, Reader, Wrong};
use super::values;
use crate::scenario::rule::{
    Alike, Close, DataChange, DataEnd, DataTls, Deviations, Fits, Forward, Inserted, Letters, Login, Make, OctetChange,
    ReplyChange, Rule, Segments, Telnet, Times, TlsChange, Trigger, When, Which,
};
use crate::scenario::tree::{CodePattern, Piece, Template};
use crate::scenario::yaml::{Node, Value};

const RULE: &[&str] = &[
    "on", "forward", "says", "first", "also", "to", "where", "reply", "raw", "code", "text", "replace", "before",
    "insert", "pad", "append", "line-end", "times", "split", "when", "data", "tls", "close",
];
/// The same where `on` is the key.
const SHORT_RULE: &[&str] = &[
    "forward", "says", "first", "also", "to", "where", "reply", "raw", "code", "text", "replace", "before", "insert",
    "pad", "append", "line-end", "times", "split", "when", "data", "tls", "close",
];
const FITS: &[&str] =
    &["command", "argument", "nth", "after", "since", "login", "letters", "telnet", "connection", "segments"];
const DATA: &[&str] = &["octets", "make", "end", "tls"];
const DATA_ENDS: [(&str, DataEnd); 3] =
    [("never", DataEnd::Never), ("reset", DataEnd::Reset), ("without-notice", DataEnd::WithoutNotice)];
/// So many lines or octets are put into a reply at most.
const MOST_LINES: u64 = 100_000;
const LONGEST_PAD: u64 = 16 << 20;
/// What a text may name.
const GAPS: [&str; 6] = ["argument", "verb", "text", "p1", "p2", "port"];

impl Reader<'_> {
    /// The rules of a file, and how many clients are served.
    pub(crate) fn deviations(&mut self, fields: &Fields<'_>) -> Deviations {
        let clients = fields.value("clients").and_then(|node| self.count(node, "clients"));
        let rules = fields.value("rules").and_then(|node| self.list(node, "rules")).unwrap_or_default();
        let rules = rules.iter().filter_map(|node| self.rule(node)).collect();
        Deviations { rules, clients: clients.and_then(|clients| usize::try_from(clients).ok()) }
    }

    /// `PASV: "227 …"`, or a map with the keys of a rule but `on`.
    pub(crate) fn short_rule(&mut self, key: &Node, value: &Node) -> Option<Rule> {
        let on = self.trigger(key)?;
        if !matches!(value.value, Value::Map(_)) {
            let whole = self.gapped(value, "a reply")?;
            let replies = ReplyChange { whole: Some(whole), ..ReplyChange::default() };
            return Some(Rule { replies, ..Rule::nothing(key.span.clone(), on) });
        }
        let fields = self.fields(value, "a rule", SHORT_RULE)?;
        Some(self.rule_of(key, on, &fields))
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        let fields = self.fields(node, "a rule", RULE)?;
        let Some(on) = fields.value("on") else {
            if fields.are_known() {
                self.fault_with_help(
                    &node.span,
                    "\"on\" is missing",
                    "say what the rule is for: on: DELE, on: greeting",
                );
            }
            return None;
        };
        if fields.entries().count() == 1 && !matches!(on.value, Value::Map(_)) {
            self.fault_with_help(
                &node.span,
                "this rule changes nothing",
                "say what deviates: code: 200, forward: NOOP, data: { octets: { cut: 1 } }",
            );
        }
        let on = self.trigger(on)?;
        Some(self.rule_of(node, on, &fields))
    }

    fn rule_of(&mut self, node: &Node, on: Trigger, fields: &Fields<'_>) -> Rule {
        Rule {
            span: node.span.clone(),
            on,
            forward: fields.value("forward").map(|node| self.forward(node)).unwrap_or_default(),
            says: self.commands(fields, "says"),
            first: self.commands(fields, "first"),
            also: self.commands(fields, "also"),
            replies: self.replies(fields),
            data: fields.value("data").map(|node| self.data_change(node)).unwrap_or_default(),
            tls: fields
                .value("tls")
                .and_then(|node| self.word(node, "tls", &[("kept", TlsChange::Kept), ("never", TlsChange::Never)]))
                .unwrap_or_default(),
            close: fields.value("close").and_then(|node| {
                let words = [("fin", Close::Fin), ("reset", Close::Reset), ("everything", Close::Everything)];
                self.word(node, "close", &words)
            }),
        }
    }

    fn trigger(&mut self, node: &Node) -> Option<Trigger> {
        match &node.value {
            Value::Scalar { text, .. } if text == "greeting" => Some(Trigger::Greeting),
            Value::Scalar { .. } => {
                let text = self.text(node, "on")?;
                let (verb, argument) = match text.split_once(' ') {
                    Some((verb, argument)) => (verb, Some(argument.to_owned())),
                    None => (text, None),
                };
                let verbs = self.verb(node, verb)?;
                Some(Trigger::Command(Fits { verbs, argument, ..Fits::default() }))
            }
            Value::List(items) => {
                let verbs: Option<Vec<_>> = items.iter().map(|item| self.verb_of(item)).collect();
                Some(Trigger::Command(Fits { verbs: verbs?.concat(), ..Fits::default() }))
            }
            Value::Map(_) => self.fits(node),
        }
    }

    fn fits(&mut self, node: &Node) -> Option<Trigger> {
        let fields = self.fields(node, "on", FITS)?;
        if let Some(segments) = fields.value("segments") {
            let words = [
                ("are-commands", Segments::AreCommands),
                ("first-line", Segments::FirstLine),
                ("in-band", Segments::InBand),
                ("are-replies", Segments::AreReplies),
                ("first-reply", Segments::FirstReply),
                ("crlf-only", Segments::CrLf),
            ];
            return self.word(segments, "segments", &words).map(Trigger::Segments);
        }
        let verbs = match fields.value("command") {
            None => Vec::new(),
            Some(Node { value: Value::List(items), .. }) => {
                items.iter().map(|item| self.verb_of(item)).collect::<Option<Vec<_>>>()?.concat()
            }
            Some(one) => self.verb_of(one)?,
        };
        let argument = fields.value("argument").and_then(|node| self.text(node, "argument")).map(str::to_owned);
        let verb = |reader: &mut Self, key: &str| {
            let node = fields.value(key)?;
            reader.verb_of(node)?.into_iter().next()
        };
        let login = [("before", Login::Before), ("after", Login::After)];
        let telnet = [("some", Telnet::Some), ("none", Telnet::None)];
        Some(Trigger::Command(Fits {
            verbs,
            argument,
            nth: fields.value("nth").and_then(|node| self.count(node, "nth")),
            after: verb(self, "after"),
            since: verb(self, "since"),
            login: fields.value("login").and_then(|node| self.word(node, "login", &login)),
            letters: fields.value("letters").and_then(|node| self.word(node, "letters", &[("small", Letters::Small)])),
            telnet: fields.value("telnet").and_then(|node| self.word(node, "telnet", &telnet)),
            connection: fields.value("connection").and_then(|node| self.count(node, "connection")),
        }))
    }

    fn verb_of(&mut self, node: &Node) -> Option<Vec<String>> {
        let text = self.text(node, "a verb")?;
        self.verb(node, text)
    }

    /// A verb in capitals; none for `any`.
    fn verb(&mut self, node: &Node, word: &str) -> Option<Vec<String>> {
        if word == "any" {
            return Some(Vec::new());
        }
        if !word.is_empty() && word.bytes().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit()) {
            return Some(vec![word.to_owned()]);
        }
        self.fault_with_help(
            &node.span,
            format!("\"{word}\" is not a verb"),
            "write a verb in capitals, any, or greeting: on: RETR, on: \"CWD missing\"",
        );
        None
    }

    fn forward(&mut self, node: &Node) -> Forward {
        if let Value::Map(_) = node.value {
            return self.written(node).unwrap_or_default();
        }
        match self.text(node, "forward") {
            Some("nothing") => Forward::Nothing,
            Some(_) => self.gapped(node, "forward").map(Forward::Instead).unwrap_or_default(),
            None => Forward::Same,
        }
    }

    /// A line with the octets before and behind it.
    fn written(&mut self, node: &Node) -> Option<Forward> {
        let fields = self.fields(node, "forward", &["before", "line", "end"])?;
        let octets = |reader: &mut Self, key: &str, usual: &[u8]| match fields.value(key) {
            None => Some(Arc::from(usual)),
            Some(node) => reader.octets(node, key),
        };
        let before = octets(self, "before", b"");
        let end = octets(self, "end", b"\r\n");
        let Some(line) = fields.value("line") else {
            self.fault(&node.span, "\"line\" is missing");
            return None;
        };
        Some(Forward::Written { before: before?, line: self.gapped(line, "line")?, end: end? })
    }

    /// A code, or a text that stands in the reply.
    fn alike(&mut self, node: &Node) -> Option<Alike> {
        let text = self.text(node, "where")?;
        if text.len() == 3 && text.bytes().all(|octet| octet.is_ascii_digit()) {
            return self.code(node).map(Alike::Code);
        }
        Some(Alike::Holds(text.to_owned()))
    }

    fn commands(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Template> {
        match fields.value(key) {
            None => Vec::new(),
            Some(Node { value: Value::List(items), .. }) => {
                items.iter().filter_map(|item| self.gapped(item, key)).collect()
            }
            Some(one) => self.gapped(one, key).into_iter().collect(),
        }
    }

    fn replies(&mut self, fields: &Fields<'_>) -> ReplyChange {
        let which = [("final", Which::Final), ("preliminary", Which::Preliminary), ("each", Which::Each)];
        let times = [("never", Times::Never), ("once", Times::Once), ("twice", Times::Twice)];
        ReplyChange {
            which: fields.value("to").and_then(|node| self.word(node, "to", &which)).unwrap_or_default(),
            only: fields.value("where").and_then(|node| self.alike(node)),
            whole: fields.value("reply").and_then(|node| self.gapped(node, "reply")),
            raw: fields.value("raw").and_then(|node| self.octets(node, "raw")),
            code: fields.value("code").and_then(|node| self.code(node)),
            text: fields.value("text").and_then(|node| self.gapped(node, "text")),
            replace: fields.value("replace").map(|node| self.replacements(node)).unwrap_or_default(),
            before: fields.value("before").and_then(|node| self.gapped(node, "before")),
            insert: fields.value("insert").and_then(|node| self.inserted(node)),
            pad: fields
                .value("pad")
                .and_then(|node| self.octet_count(node, "pad"))
                .map_or(0, |octets| usize::try_from(octets.min(LONGEST_PAD)).unwrap_or_default()),
            append: fields.value("append").and_then(|node| self.gapped(node, "append")),
            line_end: fields.value("line-end").and_then(|node| self.octets(node, "line-end")),
            times: fields.value("times").and_then(|node| self.word(node, "times", &times)).unwrap_or_default(),
            split: fields
                .value("split")
                .and_then(|node| self.count(node, "split"))
                .and_then(|octets| usize::try_from(octets).ok()),
            when: fields.value("when").and_then(|node| self.when(node)).unwrap_or_default(),
        }
    }

    fn inserted(&mut self, node: &Node) -> Option<Inserted> {
        if !matches!(node.value, Value::Map(_)) {
            return Some(Inserted { line: self.gapped(node, "insert")?, times: 1 });
        }
        let fields = self.fields(node, "insert", &["line", "times"])?;
        let line = self.gapped(fields.value("line")?, "line")?;
        let times = fields.value("times").and_then(|node| self.count(node, "times")).unwrap_or(1);
        Some(Inserted { line, times: times.min(MOST_LINES) })
    }

    fn when(&mut self, node: &Node) -> Option<When> {
        match self.text(node, "when")? {
            "next-command" => Some(When::NextCommand),
            "early" => Some(When::Early),
            "with-next" => Some(When::WithNext),
            _ => self.late(node, "early, next-command, with-next, or a time: late by 300ms").map(When::Late),
        }
    }

    fn data_change(&mut self, node: &Node) -> DataChange {
        let Some(fields) = self.fields(node, "data", DATA) else { return DataChange::default() };
        let protections = [
            ("clear", DataTls::Clear),
            ("private", DataTls::Private),
            ("other-certificate", DataTls::OtherCertificate),
            ("in-clear", DataTls::InClear),
        ];
        DataChange {
            tls: fields.value("tls").and_then(|node| self.word(node, "tls", &protections)).unwrap_or_default(),
            octets: fields.value("octets").map(|node| self.octet_changes(node)).unwrap_or_default(),
            make: fields.value("make").and_then(|node| self.make(node)).unwrap_or_default(),
            end: fields.value("end").and_then(|node| self.data_end(node)).unwrap_or_default(),
        }
    }

    fn make(&mut self, node: &Node) -> Option<Make> {
        match self.text(node, "make")? {
            "never" => Some(Make::Never),
            "at-once" => Some(Make::AtOnce),
            "elsewhere" => Some(Make::Elsewhere),
            "from-any-port" => Some(Make::FromAnyPort),
            "for-anybody" => Some(Make::ForAnybody),
            "as-told" => Some(Make::AsTold),
            _ => {
                let words = "never, at-once, elsewhere, from-any-port, for-anybody, as-told, or a time: late by 300ms";
                self.late(node, words).map(Make::Late)
            }
        }
    }

    fn late(&mut self, node: &Node, help: &str) -> Option<Duration> {
        let text = self.text(node, "a time")?;
        let time = match text.strip_prefix("late by ") {
            Some(time) => values::duration(time),
            None => Err(Wrong::new(format!("\"{text}\" is not known here"), format!("known: {help}"))),
        };
        self.or_fault(node, time)
    }

    fn data_end(&mut self, node: &Node) -> Option<DataEnd> {
        if let Value::Map(_) = node.value {
            let fields = self.fields(node, "end", &["stall"])?;
            return fields.value("stall").and_then(|node| self.octet_count(node, "stall")).map(DataEnd::Stall);
        }
        self.word(node, "end", &DATA_ENDS)
    }

    fn octet_changes(&mut self, node: &Node) -> Vec<OctetChange> {
        let known = ["cut", "skip", "keep", "add", "front", "flip", "instead", "replace", "replace-hex"];
        let Some(fields) = self.fields(node, "octets", &known) else { return Vec::new() };
        fields.entries().flat_map(|(key, value)| self.octet_change(key.text().unwrap_or_default(), value)).collect()
    }

    fn octet_change(&mut self, key: &str, node: &Node) -> Vec<OctetChange> {
        let number = |reader: &mut Self| reader.octet_count(node, key);
        let one = match key {
            "cut" => number(self).and_then(|count| usize::try_from(count).ok()).map(OctetChange::Cut),
            "skip" => number(self).map(OctetChange::Skip),
            "keep" => number(self).map(OctetChange::Keep),
            "flip" => number(self).map(OctetChange::Flip),
            "add" => self.octets(node, key).map(OctetChange::Add),
            "front" => self.octets(node, key).map(OctetChange::Front),
            "instead" => self.octets(node, key).map(OctetChange::Instead),
            "replace-hex" => {
                let pairs = self.replacements_in_hexadecimal(node).into_iter();
                return pairs.map(|(from, to)| OctetChange::Replace(from, to)).collect();
            }
            _ => {
                let pairs = self.replacements(node).into_iter();
                return pairs.map(|(from, to)| OctetChange::Replace(from, to)).collect();
            }
        };
        one.into_iter().collect()
    }

    /// A map from octets to others.
    fn replacements(&mut self, node: &Node) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Some(fields) = self.entries(node, "replace") else { return Vec::new() };
        let pairs = fields.entries().filter_map(|(key, value)| {
            let from = key.text().unwrap_or_default();
            if from.is_empty() {
                self.fault(&key.span, "nothing cannot be replaced");
                return None;
            }
            Some((from.as_bytes().to_vec(), self.octets(value, "the other octets")?.to_vec()))
        });
        pairs.collect()
    }

    /// The same in hexadecimal; "" is nothing.
    fn replacements_in_hexadecimal(&mut self, node: &Node) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Some(fields) = self.entries(node, "replace-hex") else { return Vec::new() };
        let pairs = fields.entries().filter_map(|(key, value)| {
            let from = self.or_fault(key, values::hexadecimal(key.text()?))?;
            let written = self.text(value, "the other octets")?;
            let to = if written.is_empty() { Ok(Vec::new()) } else { values::hexadecimal(written) };
            Some((from, self.or_fault(value, to)?))
        });
        pairs.collect()
    }

    /// Octets: a text, or `{ hex: "0d 0a" }`.
    pub(crate) fn octets(&mut self, node: &Node, what: &str) -> Option<Arc<[u8]>> {
        if let Value::Map(_) = node.value {
            let fields = self.fields(node, what, &["hex"])?;
            let hex = fields.value("hex")?;
            let text = self.text(hex, "hex")?;
            return self.or_fault(hex, values::hexadecimal(text)).map(Arc::from);
        }
        self.text(node, what).map(|text| text.as_bytes().into())
    }

    fn code(&mut self, node: &Node) -> Option<u16> {
        let text = self.text(node, "code")?;
        match self.or_fault(node, values::code(text))? {
            CodePattern::Code(code) => Some(code),
            CodePattern::Class(_) | CodePattern::Group(..) => {
                self.fault(&node.span, format!("{text} is a class; write one code"));
                None
            }
        }
    }

    fn count(&mut self, node: &Node, what: &str) -> Option<u64> {
        let text = self.text(node, what)?;
        let count = self.or_fault(node, values::number(text))?;
        if count == 0 {
            self.fault(&node.span, format!("{what} is at least 1"));
            return None;
        }
        Some(count)
    }

    fn octet_count(&mut self, node: &Node, what: &str) -> Option<u64> {
        let text = self.text(node, what)?;
        self.or_fault(node, values::size(text))
    }

    /// A text that may name parts of what it stands for.
    fn gapped(&mut self, node: &Node, what: &str) -> Option<Template> {
        let text = self.text(node, what)?;
        let template = self.or_fault(node, values::template(text))?;
        for piece in &template.0 {
            if let Piece::Capture(name) = piece
                && !GAPS.contains(&name.as_str())
            {
                self.unknown(&node.span, "name in braces", name, &GAPS);
            }
        }
        Some(template)
    }
}
