//! `S:` what the server may reply.

use super::reader::{Fields, Reader, Wrong};
use super::values::{self, Optional};
use crate::scenario::check::{BUILT_IN, OF_ACCOUNTS};
use crate::scenario::tree::{
    Charset, CodePattern, Expect, FactValue, Located, Read, ReadKind, ReadUse, ReplyPattern, Rule, Silence, Template,
    TextMode, Within,
};
use crate::scenario::yaml::{Node, Value};

/// The keys of the map.
pub(crate) const KEYS: &[&str] = &[
    "pass",
    "any-of",
    "exactly",
    "deviation",
    "not-applicable",
    "enough",
    "because",
    "text",
    "text-mode",
    "contains",
    "says",
    "first-word",
    "features",
    "if-features",
    "without-features",
    "language",
    "charset",
    "entry",
    "capture",
    "reads",
    "within",
];

const READS: &[(&str, ReadKind)] = &[
    ("host-port", ReadKind::HostPort),
    ("port", ReadKind::Port),
    ("path", ReadKind::Path),
    ("time", ReadKind::Time),
    ("size", ReadKind::Size),
    ("name", ReadKind::Name),
    ("sender-marker", ReadKind::SenderMarker),
    ("receiver-marker", ReadKind::ReceiverMarker),
    ("text", ReadKind::Text),
    ("chosen", ReadKind::Chosen),
    ("offered", ReadKind::Offered),
    ("starred", ReadKind::Starred),
];

/// What `deviation` says where it is tolerated that no reply comes.
const SILENCE: &str = "silence";

/// Whether a scenario may not bind it: it means something of its own.
fn is_reserved(name: &str) -> bool {
    name == "host-port" || BUILT_IN.contains(&name) || OF_ACCOUNTS.iter().any(|(_, names)| names.contains(&name))
}

impl Reader<'_> {
    /// The value of `S:`.
    pub(crate) fn expect(&mut self, node: &Node) -> Option<Expect> {
        match &node.value {
            Value::Scalar { .. } => self.expect_short(node),
            Value::List(_) => Some(Expect::of(vec![self.sequence(node)?], Rule::Tiers)),
            Value::Map(_) => self.expect_map(node),
        }
    }

    fn expect_short(&mut self, node: &Node) -> Option<Expect> {
        let written = self.text(node, "the reply")?;
        let Some((code, text)) = code_and_text(written) else {
            return Some(Expect::of(vec![self.sequence(node)?], Rule::Tiers));
        };
        let code = self.or_fault(node, values::code(code))?;
        let mut expected = Expect::of(vec![vec![ReplyPattern { codes: vec![code], optional: false }]], Rule::Tiers);
        expected.text = Some(self.reply_text(node, text, &expected.pass)?);
        Some(expected)
    }

    fn expect_map(&mut self, node: &Node) -> Option<Expect> {
        let fields = self.fields(node, "S", KEYS)?;
        let (pass, rule) = self.accepted(node, &fields);
        let mut expected = Expect::of(pass.unwrap_or_default(), Rule::Tiers);
        expected.rule = rule;
        if let Some(node) = fields.value("deviation") {
            (expected.deviation, expected.silence) = self.tolerated(node);
        }
        expected.not_applicable =
            fields.value("not-applicable").and_then(|node| self.code_set(node, "not-applicable")).unwrap_or_default();
        expected.enough = fields.value("enough").and_then(|node| self.code_set(node, "enough")).unwrap_or_default();
        expected.because = fields.value("because").and_then(|node| self.text(node, "because")).map(str::to_owned);
        expected.text = fields.value("text").and_then(|node| {
            let written = self.text(node, "text")?;
            self.reply_text(node, written, &expected.pass)
        });
        let modes = [("exact", TextMode::Exact), ("shown", TextMode::Shown)];
        expected.text_mode = fields.value("text-mode").and_then(|node| self.word(node, "text-mode", &modes));
        expected.contains = fields.value("contains").map(|node| self.contained(node)).unwrap_or_default();
        expected.says = fields.value("says").map(|node| self.contained(node)).unwrap_or_default();
        let words = fields.value("first-word").map(|node| self.texts(node, "first-word")).unwrap_or_default();
        expected.first_word = words.into_iter().map(|word| word.value).collect();
        expected.features = fields.value("features").map(|node| self.features(node));
        expected.if_features =
            fields.value("if-features").map(|node| self.texts(node, "if-features")).unwrap_or_default();
        expected.without_features =
            fields.value("without-features").map(|node| self.texts(node, "without-features")).unwrap_or_default();
        expected.language = fields.value("language").and_then(|node| self.template(node, "language"));
        let charsets = [("utf-8", Charset::Utf8)];
        expected.charset =
            fields.value("charset").and_then(|node| self.word(node, "charset", &charsets)).unwrap_or_default();
        expected.entry = fields.value("entry").and_then(|node| self.entry(node));
        expected.reads = self.reads(&fields);
        expected.within = fields.value("within").and_then(|node| self.within(node)).unwrap_or_default();
        if let (Some((key, _)), None) = (fields.entry("text-mode"), fields.value("text")) {
            self.fault(&key.span, "text-mode needs a text beside it");
        }
        Some(expected)
    }

    /// The accepted sequences, and the rule for everything else.
    fn accepted(&mut self, node: &Node, fields: &Fields<'_>) -> (Option<Vec<Vec<ReplyPattern>>>, Rule) {
        let said: Vec<_> = ["pass", "any-of", "exactly"].into_iter().filter_map(|key| fields.entry(key)).collect();
        let explicit = fields.value("exactly").is_some() || fields.value("deviation").is_some();
        let rule = if explicit { Rule::Explicit } else { Rule::Tiers };
        let Some((key, value)) = said.first() else {
            if !fields.are_known() {
                return (None, rule);
            }
            self.fault_with_help(&node.span, "nothing says which reply is accepted", "add pass, any-of or exactly");
            return (None, rule);
        };
        if let Some((second, _)) = said.get(1) {
            let words = (key.text().unwrap_or_default(), second.text().unwrap_or_default());
            self.fault(&second.span, format!("\"{}\" and \"{}\" exclude each other", words.0, words.1));
        }
        let lists =
            matches!(&value.value, Value::List(items) if items.iter().any(|item| matches!(item.value, Value::List(_))));
        match (key.text(), lists) {
            (Some("any-of"), _) => (self.any_of(value), rule),
            (Some("pass"), true) => {
                self.fault_with_help(&value.span, "pass is one sequence", "a list of sequences is said by any-of");
                (None, rule)
            }
            _ => (self.sequences(value), rule),
        }
    }

    fn any_of(&mut self, node: &Node) -> Option<Vec<Vec<ReplyPattern>>> {
        let items = self.list(node, "any-of")?;
        items.iter().map(|item| self.sequence(item)).collect()
    }

    /// One sequence, or a list of sequences.
    fn sequences(&mut self, node: &Node) -> Option<Vec<Vec<ReplyPattern>>> {
        match &node.value {
            Value::List(items) if items.iter().any(|item| matches!(item.value, Value::List(_))) => self.any_of(node),
            Value::List(_) | Value::Scalar { .. } | Value::Map(_) => Some(vec![self.sequence(node)?]),
        }
    }

    /// What is tolerated: sequences, and that nothing comes.
    fn tolerated(&mut self, node: &Node) -> (Vec<Vec<ReplyPattern>>, Silence) {
        let Value::Scalar { text, .. } = &node.value else {
            return (self.sequences(node).unwrap_or_default(), Silence::Against);
        };
        let (silent, codes): (Vec<_>, Vec<_>) = text.split('|').map(str::trim).partition(|word| *word == SILENCE);
        if silent.is_empty() {
            return (self.sequences(node).unwrap_or_default(), Silence::Against);
        }
        if codes.is_empty() {
            return (Vec::new(), Silence::Tolerated);
        }
        let read = self.or_fault(node, values::codes(&codes.join(" | ")));
        let Some((codes, optional)) = read else { return (Vec::new(), Silence::Tolerated) };
        if optional == Optional::MayBeLeftOut {
            self.fault(&node.span, "? has no meaning beside silence");
        }
        (vec![vec![ReplyPattern { codes, optional: false }]], Silence::Tolerated)
    }

    fn sequence(&mut self, node: &Node) -> Option<Vec<ReplyPattern>> {
        let sequence = match &node.value {
            Value::List(_) => {
                let items = self.list(node, "the sequence of replies")?;
                items.iter().map(|item| self.reply(item)).collect::<Option<Vec<_>>>()?
            }
            Value::Scalar { .. } | Value::Map(_) => vec![self.reply(node)?],
        };
        if sequence.iter().all(|reply| reply.optional) {
            let help = "? is for a reply before another one: [125? | 150?, 226 | 250]";
            self.fault_with_help(&node.span, "every reply of the sequence may be left out", help);
            return None;
        }
        Some(sequence)
    }

    fn reply(&mut self, node: &Node) -> Option<ReplyPattern> {
        let text = self.text(node, "a code")?;
        if let Some((code, _)) = code_and_text(text) {
            let help = format!("write the code here ({code}), and the text behind `text:`");
            self.fault_with_help(&node.span, "a code with its text cannot stand here", help);
            return None;
        }
        let (codes, optional) = self.or_fault(node, values::codes(text))?;
        Some(ReplyPattern { codes, optional: optional == Optional::MayBeLeftOut })
    }

    /// Codes, any of which.
    pub(crate) fn code_set(&mut self, node: &Node, what: &str) -> Option<Vec<CodePattern>> {
        let text = self.text(node, what)?;
        let (codes, optional) = self.or_fault(node, values::codes(text))?;
        if optional == Optional::MayBeLeftOut {
            self.fault(&node.span, "? has no meaning here");
            return None;
        }
        Some(codes)
    }

    /// Lines of FEAT. Where none is named, only the form of the reply is judged.
    fn features(&mut self, node: &Node) -> Vec<Located<String>> {
        if node.value == Value::List(Vec::new()) { Vec::new() } else { self.texts(node, "features") }
    }

    fn contained(&mut self, node: &Node) -> Vec<Located<Template>> {
        let one = std::slice::from_ref(node);
        let items = match &node.value {
            Value::List(_) => self.list(node, "contains").unwrap_or_default(),
            Value::Scalar { .. } | Value::Map(_) => one,
        };
        let found = items.iter().filter_map(|item| {
            let text = self.text(item, "contains")?;
            let value = self.or_fault(item, values::template(text))?;
            Some(Located { value, span: item.span.clone() })
        });
        found.collect()
    }

    fn reads(&mut self, fields: &Fields<'_>) -> Vec<Read> {
        let mut found = Vec::new();
        let captured = fields.value("capture").and_then(|node| self.entries(node, "capture"));
        let compared = fields.value("reads").and_then(|node| self.entries(node, "reads"));
        for (key, value) in captured.iter().flat_map(Fields::entries) {
            let Some(kind) = self.word(key, "value of a reply", READS) else { continue };
            let Some(text) = self.text(value, "the name") else { continue };
            let Some(name) = self.or_fault(value, values::name(text)) else { continue };
            if is_reserved(&name) {
                self.fault(&value.span, format!("{{{name}}} has a meaning of its own; choose another name"));
            }
            found.push(Read { kind, use_: ReadUse::Bind(name), span: super::reader::both(key, value) });
        }
        for (key, value) in compared.iter().flat_map(Fields::entries) {
            let Some(kind) = self.word(key, "value of a reply", READS) else { continue };
            let use_ = match self.value(value) {
                Some(FactValue::Is(template)) => ReadUse::Equal(template),
                Some(FactValue::Differs(template)) => ReadUse::Differ(template),
                None => continue,
            };
            found.push(Read { kind, use_, span: super::reader::both(key, value) });
        }
        found
    }

    /// The value of `within:`.
    pub(crate) fn within(&mut self, node: &Node) -> Option<Within> {
        if let Value::Map(_) = node.value {
            let fields = self.fields(node, "within", &["timer"])?;
            let Some(timer) = fields.value("timer") else {
                if !fields.are_known() {
                    return None;
                }
                self.fault_with_help(&node.span, "within is a time or a timer", "write 5s, or { timer: data }");
                return None;
            };
            let name = self.text(timer, "timer")?;
            return Some(Within::Timer(self.or_fault(timer, values::name(name))?));
        }
        let text = self.text(node, "within")?;
        Some(Within::Time(self.or_fault(node, values::duration(text))?))
    }

    /// The text of a reply, without the codes that may stand before its lines.
    pub(crate) fn reply_text(
        &mut self,
        node: &Node,
        written: &str,
        pass: &[Vec<ReplyPattern>],
    ) -> Option<Located<Template>> {
        let bare = bare_lines(written, pass);
        let value = self.or_fault(node, values::template(&bare))?;
        Some(Located { value, span: node.span.clone() })
    }
}

/// The code and everything behind it, if there is a text: `220 ready`, and `220-Welcome` with more lines.
pub(crate) fn code_and_text(written: &str) -> Option<(&str, &str)> {
    let (code, behind) = written.split_at_checked(3)?;
    let digits = code.bytes().all(|octet| octet.is_ascii_digit());
    match behind.as_bytes().first() {
        Some(b'-') if digits => Some((code, written)),
        Some(b' ') if digits && !behind.trim_start().starts_with('|') && !behind.trim().is_empty() => {
            Some((code, written))
        }
        _ => None,
    }
}

/// The lines of a reply as the tree holds them: joined by LF, none with its code.
///
/// RFC 959 §4.2 lets the lines between the first and the last stand without a code, so those stay as they are.
fn bare_lines(written: &str, pass: &[Vec<ReplyPattern>]) -> String {
    let lines: Vec<_> = written.strip_suffix('\n').unwrap_or(written).split('\n').collect();
    let last = pass.iter().filter_map(|sequence| sequence.last());
    let codes: Vec<_> = last.flat_map(|reply| &reply.codes).collect();
    let ends = lines.last().is_some_and(|line| matches!(prefix(line), Some((code, ' ')) if accepts(&codes, code)));
    if !ends {
        return lines.join("\n");
    }
    let code = lines.last().and_then(|line| prefix(line)).map(|(code, _)| code);
    let bare = lines.iter().map(|line| match prefix(line) {
        Some((found, _)) if Some(found) == code => line.get(4..).unwrap_or_default(),
        _ => line,
    });
    bare.collect::<Vec<_>>().join("\n")
}

/// The code of a line, and the octet behind it.
fn prefix(line: &str) -> Option<(u16, char)> {
    let (code, behind) = line.split_at_checked(3)?;
    let code = if code.bytes().all(|octet| octet.is_ascii_digit()) { code.parse().ok()? } else { return None };
    let separator = behind.chars().next().unwrap_or(' ');
    matches!(separator, ' ' | '-').then_some((code, separator))
}

fn accepts(codes: &[&CodePattern], code: u16) -> bool {
    codes.iter().any(|pattern| match **pattern {
        CodePattern::Code(accepted) => accepted == code,
        CodePattern::Class(first) => code / 100 == u16::from(first),
        CodePattern::Group(first, second) => code / 10 == u16::from(first) * 10 + u16::from(second),
    })
}

/// The text behind the code of a data connection's reply, whose code the command defines.
pub(crate) fn defined_reply(written: &str, code: u16) -> Result<String, Wrong> {
    match prefix(written) {
        Some((found, _)) if found == code => {
            Ok(bare_lines(written, &[vec![ReplyPattern { codes: vec![CodePattern::Code(code)], optional: false }]]))
        }
        _ => Err(Wrong::new(
            format!("the reply begins with {code} here"),
            "write the command and its reply as C: and S: steps to expect something else",
        )),
    }
}
