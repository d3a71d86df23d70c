//! The commands and reply codes of a scenario.

use std::collections::BTreeSet;

use crate::scenario::tree::{Action, CodePattern, Data, Expect, Method, Piece, ReplyPattern, Say, Scenario, Step};

/// What is said in a scenario, and what is accepted.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// The first words of the lines that the client says, in capitals.
    pub(super) verbs: BTreeSet<String>,
    /// The codes that are accepted as required.
    pub(super) required: BTreeSet<u16>,
    /// The codes that are tolerated, or say that a feature is absent.
    pub(super) tolerated: BTreeSet<u16>,
}

impl Spoken {
    /// What is said in these rows. What their given states say is tested elsewhere.
    pub(super) fn of(rows: &[Scenario]) -> Self {
        let mut spoken = Self::default();
        for step in rows.iter().flat_map(|row| row.steps.iter().chain(&row.finally)) {
            spoken.step(step);
        }
        spoken
    }

    fn step(&mut self, step: &Step) {
        match &step.action {
            Action::Say(say) => self.say(say),
            Action::Expect(expect) => self.expect(expect),
            Action::Login => self.verbs.extend(["USER", "PASS"].map(str::to_owned)),
            Action::Data(Data::Open { method, .. }) => {
                let (verb, code) = opened(*method);
                self.verbs.insert(verb.to_owned());
                self.required.insert(code);
            }
            Action::Data(_) | Action::Silence { .. } | Action::Closed(_) | Action::Switch(_) => {}
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
        self.verbs.extend(octets.split(|octet| *octet == b'\n').map(verb).filter(|verb| !verb.is_empty()));
    }

    fn expect(&mut self, expect: &Expect) {
        self.required.extend(codes(&expect.pass));
        self.tolerated.extend(codes(&expect.deviation));
        self.tolerated.extend(expect.not_applicable.iter().copied().filter_map(code));
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

/// The first word of a line. Telnet signals may stand before it.
fn verb(line: &[u8]) -> String {
    let word =
        line.iter().skip_while(|octet| !octet.is_ascii_alphabetic()).take_while(|octet| octet.is_ascii_alphabetic());
    word.map(|octet| char::from(octet.to_ascii_uppercase())).collect()
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
