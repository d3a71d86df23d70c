//! The commands and reply codes of a scenario.

use std::collections::BTreeSet;

use super::tree::{
    Action, CodePattern, Data, Expect, Fact, LinePattern, Method, Piece, ReplyPattern, Say, Scenario, Seen, Step,
};

/// What is said in a scenario, and what is accepted.
#[derive(Debug, Default)]
pub struct Spoken {
    /// The first words of the lines that the client says, in capitals.
    pub verbs: BTreeSet<String>,
    /// The lines that the client says, in capitals, without what ends them.
    pub lines: BTreeSet<String>,
    /// The codes that are accepted as required.
    pub required: BTreeSet<u16>,
    /// The codes that are tolerated, or say that a feature is absent.
    pub tolerated: BTreeSet<u16>,
}

impl Spoken {
    /// What is said in these scenarios and given states, without the states that they begin with.
    pub fn of<'s>(parts: impl IntoIterator<Item = &'s Scenario>) -> Self {
        let mut spoken = Self::default();
        for part in parts {
            part.steps.iter().chain(&part.finally).for_each(|step| spoken.step(step));
            part.errand.iter().flat_map(|errand| &errand.facts).for_each(|fact| spoken.fact(fact));
        }
        spoken
    }

    /// What a client must say.
    fn fact(&mut self, fact: &Fact) {
        match &fact.what {
            Seen::Said(pattern) => self.pattern(pattern),
            Seen::InOrder(patterns) => patterns.iter().for_each(|pattern| self.pattern(pattern)),
            Seen::Followed(first, second) => [first, second].into_iter().for_each(|pattern| self.pattern(pattern)),
            Seen::Never(_)
            | Seen::AtMost(..)
            | Seen::Answered(_)
            | Seen::Applies(_)
            | Seen::Data(_)
            | Seen::Local(_)
            | Seen::Remote(_)
            | Seen::Exit(_)
            | Seen::Within(_)
            | Seen::Prints(_)
            | Seen::NeverPrints(_) => {}
        }
    }

    fn pattern(&mut self, pattern: &LinePattern) {
        pattern.0.iter().for_each(|line| self.lines(line.as_bytes()));
    }

    fn step(&mut self, step: &Step) {
        match &step.action {
            Action::Say(say) => self.say(say),
            Action::Expect(expect) => self.expect(expect),
            Action::Login => self.lines(b"USER\nPASS"),
            Action::Data(Data::Open { method, .. }) => {
                let (verb, code) = opened(*method);
                self.lines(verb.as_bytes());
                self.required.insert(code);
            }
            Action::Closed(closed) => self.required.extend(closed.last.iter().copied().filter_map(code)),
            Action::Data(_)
            | Action::Tls(_)
            | Action::Silence { .. }
            | Action::MayClose
            | Action::HangUp(_)
            | Action::Switch(_)
            | Action::Unpredictable(_) => {}
        }
    }

    fn say(&mut self, say: &Say) {
        // A command may be split into segments, and a segment may hold several commands.
        let mut octets = Vec::new();
        for piece in say.segments.iter().flat_map(|segment| &segment.0) {
            match piece {
                Piece::Octets(said) => octets.extend_from_slice(said),
                Piece::Capture(_) => octets.push(b'?'),
            }
        }
        self.lines(&octets);
    }

    fn lines(&mut self, octets: &[u8]) {
        for line in octets.split(|octet| *octet == b'\n') {
            // Telnet signals may stand before a command.
            let line: Vec<u8> = line.iter().copied().skip_while(|octet| !octet.is_ascii_alphabetic()).collect();
            let line = String::from_utf8_lossy(&line).trim().to_ascii_uppercase();
            let verb: String = line.chars().take_while(char::is_ascii_alphabetic).collect();
            if !verb.is_empty() {
                self.verbs.insert(verb);
                self.lines.insert(line);
            }
        }
    }

    fn expect(&mut self, expect: &Expect) {
        self.required.extend(codes(&expect.pass));
        self.tolerated.extend(codes(&expect.deviation));
        self.tolerated.extend(expect.not_applicable.iter().chain(&expect.enough).copied().filter_map(code));
    }
}

/// What a harness says to agree on a data connection, and what answers it.
fn opened(method: Method) -> (&'static str, u16) {
    match method {
        Method::Pasv => ("PASV", 227),
        Method::Port => ("PORT", 200),
        Method::Epsv => ("EPSV", 229),
        Method::Eprt => ("EPRT", 200),
    }
}

fn codes(sequences: &[Vec<ReplyPattern>]) -> impl Iterator<Item = u16> {
    sequences.iter().flatten().flat_map(|reply| reply.codes.iter().copied().filter_map(code))
}

/// A class of codes names none of them.
fn code(pattern: CodePattern) -> Option<u16> {
    match pattern {
        CodePattern::Code(code) => Some(code),
        CodePattern::Class(_) | CodePattern::Group(..) => None,
    }
}
