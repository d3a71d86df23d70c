//! A scenario in words, for people who read no YAML.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tree::{
    Action, Break, Charset, Closed, CodePattern, Content, Data, DataSeen, Ending, Entries, Entry, EntryPattern, Exit,
    Expect, Fact, FactPattern, FactValue, Failure, Form, Left, LinePattern, Listened, Located, Method, Mode, Piece,
    Read, ReadKind, ReadUse, ReplyPattern, Representation, Rule, Say, Seen, Sent, SentBody, Session, Silence, Step,
    Structure, Task, Template, Tls, Wire, Within,
};

/// What a step does, in a sentence or two.
pub fn step(step: &Step) -> String {
    let words = match &step.action {
        Action::Say(said) => say(said),
        Action::Expect(expected) => expect(expected),
        Action::Login => "the client logs in".to_owned(),
        Action::Data(data) => data_step(data),
        Action::Silence { on, during } => {
            let place = match on {
                Listened::Control => "the control connection",
                Listened::Data => "the data connection",
                Listened::Both => "both connections",
            };
            format!("nothing arrives on {place} for {}", time(*during))
        }
        Action::Closed(Closed { how, within, last, not_applicable }) => {
            let how = match how {
                Ending::Any => "",
                Ending::Fin => " in order",
            };
            let last =
                if last.is_empty() { String::new() } else { format!("; the last reply before is {}", codes(last)) };
            let skipped = if not_applicable.is_empty() {
                String::new()
            } else {
                format!("; {} shows that the case does not arise", codes(not_applicable))
            };
            format!("the server closes the control connection{how}{}{last}{skipped}", deadline(within))
        }
        Action::MayClose => {
            "from here on the server may close the control connection, and the case has passed then".to_owned()
        }
        Action::HangUp(Break::Fin) => "the client ends the control connection".to_owned(),
        Action::HangUp(Break::Reset) => "the client resets the control connection".to_owned(),
        Action::Tls(tls) => secured(tls),
        Action::Switch(name) => format!("from here on connection {name}"),
        Action::Unpredictable(names) => {
            let names: Vec<_> = names.iter().map(|name| format!("{{{}}}", name.value)).collect();
            format!("the ports {} tell nothing about the next one", names.join(", "))
        }
    };
    match &step.requirement {
        Some(requirement) => format!("{words} (for {requirement})"),
        None => words,
    }
}

/// What a client is asked to do.
pub fn task(task: &Task) -> String {
    let operands: Vec<_> = task.operands.iter().map(|(name, operand)| format!("{name} \"{operand}\"")).collect();
    if operands.is_empty() { task.name.to_owned() } else { format!("{}: {}", task.name, operands.join(", ")) }
}

/// What must be seen of a client.
pub fn fact(fact: &Fact) -> String {
    let words = match &fact.what {
        Seen::Said(line) => format!("the client says {}", lines(line)),
        Seen::InOrder(all) => {
            format!("in this order the client says {}", all.iter().map(lines).collect::<Vec<_>>().join(", then "))
        }
        Seen::Followed(first, second) => format!("right behind {} comes {}", lines(first), lines(second)),
        Seen::Never(line) => format!("the client never says {}", lines(line)),
        Seen::AtMost(times, line) => format!("the client says {} at most {times} times", lines(line)),
        Seen::Answered(line) => format!("until {} is answered the client says nothing else", lines(line)),
        Seen::Applies(line) => format!("a client that never says {} is skipped", lines(line)),
        Seen::Data(DataSeen::ToServer) => "the client connects to no other host than the server's".to_owned(),
        Seen::Data(DataSeen::Made) => "there is a data connection".to_owned(),
        Seen::Data(DataSeen::None) => "there is no data connection".to_owned(),
        Seen::Data(DataSeen::Listens) => "the client listens before it asks for the transfer".to_owned(),
        Seen::Data(DataSeen::EndsInOrder) => "the client ends what it stores in order".to_owned(),
        Seen::Data(DataSeen::Notified) => {
            "the client ends TLS before it ends the connection on which it stores".to_owned()
        }
        Seen::Data(DataSeen::Secured) => "every data connection is under TLS".to_owned(),
        Seen::Local(tree) => format!("in the client's directory stands {}", stands(tree)),
        Seen::Remote(tree) => format!("on the server stands {}", stands(tree)),
        Seen::Exit(Exit::Ok) => "the client tells that it is done".to_owned(),
        Seen::Exit(Exit::Failure) => "the client tells that it failed".to_owned(),
        Seen::Within(limit) => format!("the client ends within {}", time(*limit)),
        Seen::Prints(texts) => format!("the client prints {}", texts.join(", ")),
        Seen::NeverPrints(texts) => format!("the client never prints {}", texts.join(", ")),
    };
    match &fact.requirement {
        Some(requirement) => format!("{words} (for {requirement})"),
        None => words,
    }
}

fn lines(pattern: &LinePattern) -> String {
    join(&pattern.0, "or")
}

fn stands(tree: &BTreeMap<String, Located<Left>>) -> String {
    tree.iter().map(|(name, left)| format!("{name}: {}", self::left(&left.value))).collect::<Vec<_>>().join(", ")
}

/// The codes of a reply: `226 or 250`.
pub fn codes(patterns: &[CodePattern]) -> String {
    join(&patterns.iter().map(code).collect::<Vec<_>>(), "or")
}

/// A sequence of replies: `125 or 150 (may be left out), then 226 or 250`.
pub fn sequence(replies: &[ReplyPattern]) -> String {
    let one = |reply: &ReplyPattern| {
        let codes = codes(&reply.codes);
        if reply.optional { format!("{codes} (may be left out)") } else { codes }
    };
    replies.iter().map(one).collect::<Vec<_>>().join(", then ")
}

/// A code as the language writes it.
pub fn code(pattern: &CodePattern) -> String {
    match pattern {
        CodePattern::Code(code) => code.to_string(),
        CodePattern::Class(first) => format!("{first}yz"),
        CodePattern::Group(first, second) => format!("{first}{second}z"),
    }
}

/// Octets as a quoted text, with its gaps in braces and everything that is not printable escaped.
pub fn template(template: &Template) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Octets(octets) => octets.escape_ascii().to_string(),
        Piece::Capture(name) => format!("{{{name}}}"),
    };
    format!("\"{}\"", template.0.iter().map(piece).collect::<String>())
}

/// What a content is, in short.
pub fn content(content: &Content) -> String {
    match content {
        Content::Octets(octets) if octets.len() <= 60 => format!("\"{}\"", octets.escape_ascii()),
        Content::Octets(octets) => format!("{} octets", octets.len()),
        Content::Generated { size, seed } => format!("{size} octets, generated from seed {seed}"),
        Content::Repeated { unit, times, end } if **unit == [0] => {
            format!("{times} octets of zero, then \"{}\"", end.escape_ascii())
        }
        Content::Repeated { unit, times, end } if end.is_empty() => {
            format!("\"{}\" {times} times", unit.escape_ascii())
        }
        Content::Repeated { unit, times, end } => {
            format!("\"{}\" {times} times, then \"{}\"", unit.escape_ascii(), end.escape_ascii())
        }
        Content::Fixture { name, from: 0 } => format!("the file {name}"),
        Content::Fixture { name, from } => format!("the file {name} without its first {from} octets"),
    }
}

/// What stands at a path before.
pub fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Directory => "a directory".to_owned(),
        Entry::File(content) => self::content(content),
        Entry::Link(target) => format!("a symbolic link to {target}"),
    }
}

/// What must stand at a path afterwards.
pub fn left(left: &Left) -> String {
    match left {
        Left::Absent => "nothing".to_owned(),
        Left::Directory => "a directory".to_owned(),
        Left::File(content) => self::content(content),
    }
}

fn say(said: &Say) -> String {
    let segments: Vec<_> = said.segments.iter().map(spoken).collect();
    let urgent = if said.urgent { ", the last octet as urgent data" } else { "" };
    match segments.as_slice() {
        [one] => format!("C: {one}{urgent}"),
        several => format!("C: in {} writes: {}{urgent}", several.len(), several.join(", ")),
    }
}

/// A command line as people write it: without its CRLF, where that is its end and the only one.
fn spoken(segment: &Template) -> String {
    let quoted = template(segment);
    let bare = quoted.strip_prefix('"').and_then(|text| text.strip_suffix("\\r\\n\""));
    match bare {
        Some(line) if !line.contains('\\') => line.to_owned(),
        _ => quoted,
    }
}

fn expect(expected: &Expect) -> String {
    let sequences: Vec<_> = expected.pass.iter().map(|replies| sequence(replies)).collect();
    let mut words = format!("S: {}", join(&sequences, "or else"));
    let mut add = |part: String| {
        words.push_str("; ");
        words.push_str(&part);
    };
    if !expected.deviation.is_empty() {
        let tolerated: Vec<_> = expected.deviation.iter().map(|replies| sequence(replies)).collect();
        add(format!("{} is tolerated", join(&tolerated, "or else")));
    }
    if expected.silence == Silence::Tolerated {
        add("that no reply comes is tolerated".to_owned());
    }
    if expected.rule == Rule::Explicit {
        add("anything else fails".to_owned());
    }
    if !expected.not_applicable.is_empty() {
        add(format!("{} says that it has no such feature", codes(&expected.not_applicable)));
    }
    if !expected.enough.is_empty() {
        add(format!("with {} the case is over, and in order", codes(&expected.enough)));
    }
    if let Some(text) = &expected.text {
        add(format!("its text is {}", template(&text.value)));
    }
    for part in &expected.contains {
        add(format!("it contains {}", template(&part.value)));
    }
    if !expected.first_word.is_empty() {
        add(format!("its text begins with {}; another word is tolerated", join(&expected.first_word, "or")));
    }
    if !expected.if_features.is_empty() {
        add(format!("skipped if it does not tell {}", values(&expected.if_features)));
    }
    match expected.features.as_deref() {
        None => {}
        Some([]) => add("it has the form of a list of features".to_owned()),
        Some(features) => add(format!("it tells {}", values(features))),
    }
    if !expected.without_features.is_empty() {
        add(format!("it tells none of {}", values(&expected.without_features)));
    }
    if let Some(language) = &expected.language {
        add(format!("no other language than {} has a star", template(&language.value)));
    }
    if expected.charset == Charset::Utf8 {
        add("its text is in UTF-8".to_owned());
    }
    if let Some(pattern) = &expected.entry {
        add(entry_pattern(pattern));
    }
    expected.reads.iter().for_each(|read| add(self::read(read)));
    if expected.within != Within::Default {
        add(deadline(&expected.within).trim_start().to_owned());
    }
    if let Some(because) = &expected.because {
        add(format!("because {because}"));
    }
    words
}

fn read(read: &Read) -> String {
    let kind = match read.kind {
        ReadKind::HostPort => "host and port",
        ReadKind::Port => "port",
        ReadKind::Path => "pathname",
        ReadKind::Time => "time",
        ReadKind::Size => "size",
        ReadKind::Name => "name",
        ReadKind::SenderMarker => "sender's marker",
        ReadKind::ReceiverMarker => "receiver's marker",
        ReadKind::Text => "text",
        ReadKind::Chosen => "list of chosen facts",
        ReadKind::Offered => "list of offered facts",
        ReadKind::Starred => "list of facts with a star",
    };
    match &read.use_ {
        ReadUse::Bind(name) => format!("its {kind} is kept as {{{name}}}"),
        ReadUse::Equal(value) => format!("its {kind} is {}", template(value)),
        ReadUse::Differ(value) => format!("its {kind} is another than {}", template(value)),
    }
}

fn secured(tls: &Tls) -> String {
    match tls {
        Tls::Negotiate { on, session, failure, server_name } => {
            let on = match on {
                Wire::Control => "control",
                Wire::Data => "data",
            };
            let session = match session {
                Session::Resumed => "",
                Session::Fresh => ", a new session of it",
            };
            let failure = match failure {
                Failure::Against => "",
                Failure::Passes => "; where that fails the case has passed",
            };
            let name = server_name.as_ref().map(|name| format!(", naming {name}")).unwrap_or_default();
            format!("the client begins TLS on the {on} connection{name}{session}{failure}")
        }
        Tls::Leave => "TLS ends on the control connection, which goes on in clear".to_owned(),
        Tls::EndedByNotice => "the server has ended TLS on the data connection by close_notify".to_owned(),
        Tls::SameCertificate => "both connections have the same certificate".to_owned(),
    }
}

fn data_step(data: &Data) -> String {
    match data {
        Data::Open { method, reply, receive_buffer, transfers } => {
            let opened = opened(*method, reply.as_ref().map(|reply| &reply.value), *receive_buffer);
            if *transfers == 1 { opened } else { format!("{opened}; the client listens for {transfers} transfers") }
        }
        Data::DefaultPort => "the client listens at the port of its control connection".to_owned(),
        Data::ConnectFrom(address) => format!("the data connection is made from {address}"),
        Data::AcceptFromDefaultPort => {
            "the client takes the data connection, which comes from the server's default data port".to_owned()
        }
        Data::ExpectNothing => "the server ends the data connection, and sends nothing".to_owned(),
        Data::ServerSends(sent) => format!("the server sends {}, and ends the data connection", self::sent(sent)),
        Data::ClientSends(sent) => format!("the client sends {}, and ends the data connection", self::sent(sent)),
        Data::Read(octets) => format!("the client takes {octets} octets"),
        Data::Write(sent) => format!("the client sends {}, and does not end the data connection", self::sent(sent)),
        Data::Connect => "the client makes the data connection".to_owned(),
        Data::Accept => "the client takes the data connection".to_owned(),
        Data::Shutdown => "the client ends its direction of the data connection".to_owned(),
        Data::Reset => "the client resets the data connection".to_owned(),
        Data::Abandon => "the client gives up the data connection before it is made".to_owned(),
        Data::ExpectEnd => "the server ends the data connection".to_owned(),
        Data::ExpectNoConnection(during) => format!("nobody connects to the client for {}", time(*during)),
    }
}

fn opened(method: Method, reply: Option<&Template>, receive_buffer: Option<usize>) -> String {
    let method = match method {
        Method::Pasv => "PASV",
        Method::Port => "PORT",
        Method::Epsv => "EPSV",
        Method::Eprt => "EPRT",
    };
    let reply = reply.map(|reply| format!("; the reply's text is {}", template(reply))).unwrap_or_default();
    let buffer = receive_buffer.map(|octets| format!("; the receive buffer is {octets} octets")).unwrap_or_default();
    format!("a data connection is agreed on by {method}{reply}{buffer}")
}

fn sent(sent: &Sent) -> String {
    let body = match &sent.body {
        SentBody::Content(content) => self::content(content),
        SentBody::RestOf(name) => format!("the rest of {name}"),
        SentBody::Behind { name, marker } => format!("what stands in {name} behind the marker {}", marker.value),
        SentBody::Names(names) if names.is_empty() => "no names".to_owned(),
        SentBody::Names(names) => format!("exactly the names {}", names.join(", ")),
        SentBody::Mentions(mentioned, missing) => match (mentioned.as_slice(), missing.as_slice()) {
            (some, []) => format!("lines that name {}", some.join(", ")),
            ([], none) => format!("lines that do not name {}", none.join(", ")),
            (some, none) => format!("lines that name {} and not {}", some.join(", "), none.join(", ")),
        },
        SentBody::Length(length) => format!("so many octets: {}", template(&length.value)),
        SentBody::Entries(entries) => self::entries(entries),
        SentBody::Anything => "anything".to_owned(),
    };
    let marker = sent.marker.as_ref().map(|name| format!(", and its first restart marker is {name}"));
    format!("{body}{}{}", form(sent.form), marker.unwrap_or_default())
}

/// How a body travels, where it is not just its octets.
fn form(form: Form) -> String {
    let representation = match form.representation {
        Representation::Image => "",
        Representation::Ascii if form.structure == Structure::File => ", its lines ending in CRLF",
        Representation::Ascii => ", as ASCII",
        Representation::Ebcdic => ", in EBCDIC",
    };
    let structure = match form.structure {
        Structure::File => "",
        Structure::Records | Structure::Marked => ", as records",
        Structure::Pages => ", as pages",
    };
    let mode = match form.mode {
        Mode::Stream => "",
        Mode::Blocks => ", in blocks",
        Mode::Compressed => ", compressed",
        Mode::Deflated => ", deflated",
    };
    format!("{representation}{structure}{mode}")
}

fn values(texts: &[Located<String>]) -> String {
    texts.iter().map(|text| text.value.as_str()).collect::<Vec<_>>().join(", ")
}

fn entry_pattern(pattern: &EntryPattern) -> String {
    let name = pattern.name.as_ref().map(|name| format!(" for {}", template(name))).unwrap_or_default();
    format!("it holds an entry{name}{}{}", facts(&pattern.facts), only(pattern.only.as_ref()))
}

fn entries(entries: &Entries) -> String {
    let one = |(name, own): (&String, &Vec<FactPattern>)| format!("{name}{}", facts(own));
    let all: Vec<_> = entries.contents.iter().map(one).collect();
    let mut words = if all.is_empty() { "no entries".to_owned() } else { format!("entries for {}", all.join(", ")) };
    words.push_str(&only(entries.only.as_ref()));
    for (kind, name) in [("itself", &entries.listed), ("above", &entries.parent)] {
        if let Some(name) = name {
            words = format!("{words}; the directory {kind} is {}", template(&name.value));
        }
    }
    words
}

fn facts(facts: &[FactPattern]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let one = |fact: &FactPattern| match &fact.value {
        FactValue::Is(value) => format!("{} {}", fact.name, template(value)),
        FactValue::Differs(value) => format!("{} another than {}", fact.name, template(value)),
    };
    format!(" ({})", facts.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn only(only: Option<&Located<Template>>) -> String {
    only.map(|only| format!("; with no other facts than {}", template(&only.value))).unwrap_or_default()
}

fn deadline(within: &Within) -> String {
    match within {
        Within::Default => String::new(),
        Within::Time(limit) => format!(" within {}", time(*limit)),
        Within::Timer(name) => format!(" within the subject's timer {name}"),
    }
}

fn time(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

fn join(words: &[String], last: &str) -> String {
    match words {
        [before @ .., end] if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        _ => words.concat(),
    }
}
