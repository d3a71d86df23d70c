//! Mutants: servers and clients with one deliberate fault, and the scenario that must be red on each.

mod careless;

use std::sync::Arc;

use reports::model::{Axis, Verdict};

use super::diagnostic::{Diagnostic, Diagnostics, nearest};
use super::load::reader::{Fields, Reader, parsed};
use super::load::{Sources, Suite};
use super::rule::Deviations;
use super::tree::Located;
use super::yaml::Node;

pub use self::careless::Careless;

const FILE: &[&str] = &["about", "source", "kills", "for", "axis", "verdict", "clients", "client", "rules"];
const AXES: &[(&str, Axis)] = &[
    ("reply", Axis::Reply),
    ("text", Axis::Text),
    ("command", Axis::Command),
    ("data", Axis::Data),
    ("order", Axis::Order),
    ("framing", Axis::Framing),
    ("lifecycle", Axis::Lifecycle),
    ("files", Axis::Files),
];

/// A server with one fault; or a client, if what it kills is a scenario for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// Its path without the ending: `transfer/early-success`.
    pub id: String,
    /// Its path below the mutants' folder.
    pub file: Arc<str>,
    /// What it does wrong, in a sentence.
    pub about: String,
    /// Where such a fault was seen, or the text it is against.
    pub source: String,
    /// The scenario that must be red: an id, or an id with a row.
    pub kills: Located<String>,
    /// The requirement by which it must be red.
    pub requirement: Located<String>,
    /// What the statement must be about.
    pub axis: Axis,
    /// How red it must be: fail; deviation where the text only advises; pass, with a note, where it only allows.
    pub verdict: Verdict,
    /// What deviates: of a server, or of what passes between a client and the server that it is judged by.
    pub deviations: Arc<Deviations>,
    /// What a client does otherwise than it is asked.
    pub careless: Careless,
}

/// The mutants of these files, in order of id.
///
/// # Errors
/// A file is wrong, or names a scenario or requirement that the suite does not have.
pub fn mutants(mut sources: Sources, suite: &Suite) -> Result<Vec<Mutant>, Diagnostics> {
    let mut faults = std::mem::take(&mut sources.faults);
    let mut mutants = Vec::new();
    for (file, text) in sources.iter() {
        let mutant = parsed(file, text, &mut faults, |reader, node| reader.mutant(file, node));
        if let Some(mutant) = mutant.flatten() {
            faults.extend(names_what_is_there(&mutant, text, suite));
            mutants.push(mutant);
        }
    }
    if faults.is_empty() { Ok(mutants) } else { Err(Diagnostics(faults)) }
}

/// A mutant that names what is not there would never be killed.
fn names_what_is_there(mutant: &Mutant, text: &str, suite: &Suite) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    match suite.select(&[&mutant.kills.value]) {
        Err(error) => faults.push(Diagnostic::new(mutant.kills.span.clone(), text, error.to_string())),
        Ok(named) => {
            let is_server = named.iter().any(|scenario| scenario.errand.is_none());
            if is_server && mutant.careless != Careless::default() {
                let message = format!("\"client\" says what a client does, and {} is for servers", mutant.kills.value);
                let fault = Diagnostic::new(mutant.kills.span.clone(), text, message);
                faults.push(fault.help("name a scenario for clients, or take \"client\" away"));
            }
        }
    }
    if suite.requirement(&mutant.requirement.value).is_none() {
        let id = &mutant.requirement.value;
        let fault = Diagnostic::new(mutant.requirement.span.clone(), text, format!("unknown requirement \"{id}\""));
        let help = match nearest(id, suite.catalogue().iter().map(|known| known.id.as_str())) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "the requirements stand in scenarios/requirements".to_owned(),
        };
        faults.push(fault.help(help));
    }
    faults
}

impl Reader<'_> {
    fn mutant(&mut self, file: &Arc<str>, node: &Node) -> Option<Mutant> {
        let fields = self.fields(node, "a mutant", FILE)?;
        let about = self.needed(node, &fields, "about");
        let source = self.needed(node, &fields, "source");
        let kills = self.needed(node, &fields, "kills");
        let requirement = self.needed(node, &fields, "for");
        let axis = self.needed(node, &fields, "axis");
        let axis = axis.and_then(|_| self.word(fields.value("axis")?, "axis", AXES));
        let verdict = match fields.value("verdict") {
            None => Some(Verdict::Fail),
            Some(node) => {
                let words = [("fail", Verdict::Fail), ("deviation", Verdict::Deviation), ("note", Verdict::Pass)];
                self.word(node, "verdict", &words)
            }
        };
        let says = ["rules", "clients", "client"].into_iter().any(|key| fields.value(key).is_some());
        if !says && fields.are_known() {
            self.fault_with_help(
                &node.span,
                "\"rules\" is missing",
                "say what deviates: rules: [{ on: NOOP, code: 250 }]",
            );
        }
        let deviations = self.deviations(&fields);
        let careless = fields.value("client").map(|node| self.careless(node)).unwrap_or_default();
        Some(Mutant {
            id: file.strip_suffix(".yaml").unwrap_or(file).to_owned(),
            file: Arc::clone(file),
            about: about?.value,
            source: source?.value,
            kills: kills?,
            requirement: requirement?,
            axis: axis?,
            verdict: verdict?,
            deviations: Arc::new(deviations),
            careless,
        })
    }

    fn needed(&mut self, node: &Node, fields: &Fields<'_>, key: &str) -> Option<Located<String>> {
        let Some(value) = fields.value(key) else {
            if fields.are_known() {
                self.fault(&node.span, format!("\"{key}\" is missing"));
            }
            return None;
        };
        let text = self.text(value, key)?;
        Some(Located { value: text.trim().to_owned(), span: value.span.clone() })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::scenario::rule::{Forward, Trigger};

    const HEAD: &str =
        "about: A trial.\nsource: this test\nkills: rfc959/control/noop\nfor: rfc959-4.1.3-noop\naxis: reply\n";

    fn read(text: &str) -> Result<Vec<Mutant>, Diagnostics> {
        let suite = Suite::embedded().unwrap();
        mutants(Sources::of([("trial/one.yaml".to_owned(), text.to_owned())]), &suite)
    }

    #[test]
    fn a_mutant_is_read() {
        let mutants =
            read(&format!("{HEAD}rules:\n  - {{ on: NOOP, forward: nothing, reply: \"250 Fine.\" }}\n")).unwrap();
        let [mutant] = &mutants[..] else { panic!("{mutants:?}") };
        assert_eq!((mutant.id.as_str(), mutant.axis, mutant.verdict), ("trial/one", Axis::Reply, Verdict::Fail));
        let rule = &mutant.deviations.rules[0];
        assert!(matches!(&rule.on, Trigger::Command(fits) if fits.verbs == ["NOOP"] && fits.argument.is_none()));
        assert_eq!(rule.forward, Forward::Nothing);
    }

    #[rstest]
    #[case("clients: 1\nrules: [{ on: NOOP, code: 250 }, { code: 200 }]", 7, "\"on\" is missing")]
    #[case("rules: [{ on: noop, code: 250 }]", 6, "\"noop\" is not a verb")]
    #[case("rules: [{ on: NOOP }]", 6, "this rule changes nothing")]
    #[case("rules: []", 6, "rules is empty")]
    #[case("rules: [{ on: NOOP, code: 2yz }]", 6, "2yz is a class")]
    #[case("rules: [{ on: NOOP, code: 999 }]", 6, "\"999\" is not a reply code")]
    #[case("rules: [{ on: NOOP, reply: \"250 {nothing}\" }]", 6, "unknown name in braces \"nothing\"")]
    #[case("rules: [{ on: NOOP, when: soon }]", 6, "\"soon\" is not known here")]
    #[case("rules: [{ on: NOOP, when: late by 3 }]", 6, "\"3\" is not a time")]
    #[case("rules: [{ on: NOOP, times: thrice }]", 6, "unknown times \"thrice\"")]
    #[case("rules: [{ on: RETR, data: { octets: { cutt: 1 } } }]", 6, "unknown key \"cutt\"")]
    #[case("rules: [{ on: RETR, data: { end: sometime } }]", 6, "unknown end \"sometime\"")]
    #[case("rules: [{ on: { command: RETR, nth: 0 }, code: 250 }]", 6, "nth is at least 1")]
    #[case("rules: [{ on: { segments: halves } }]", 6, "unknown segments \"halves\"")]
    #[case("rules: [{ on: RETR, raw: { hex: f } }]", 6, "\"f\" is not hexadecimal")]
    #[case("rules: [{ on: RETR, close: gently }]", 6, "unknown close \"gently\"")]
    #[case("verdict: bad\nrules: [{ on: NOOP, code: 250 }]", 6, "unknown verdict \"bad\"")]
    #[case("client: { exit: 256 }", 6, "\"256\" is not an exit code")]
    #[case("client: { writes: { ../../../a: x } }", 6, "is not near the client's directory")]
    #[case("client: { exit: 0 }", 3, "rfc959/control/noop is for servers")]
    #[case("rules: [{ on: RETR, forward: { end: x } }]", 6, "\"line\" is missing")]
    #[case("", 1, "\"rules\" is missing")]
    fn what_is_wrong_is_said_with_its_line(#[case] rest: &str, #[case] line: usize, #[case] message: &str) {
        let Diagnostics(faults) = read(&format!("{HEAD}{rest}\n")).unwrap_err();
        let found = faults.iter().find(|fault| fault.message.contains(message));
        let found = found.unwrap_or_else(|| panic!("{faults:?}"));
        assert_eq!((found.span.file.as_ref(), found.span.line), ("trial/one.yaml", line));
    }

    #[rstest]
    #[case("kills: rfc959/control/noop", "kills: rfc959/control/nop", "did you mean \"rfc959/control/noop\"?", 3)]
    #[case("kills: rfc959/control/noop", "kills: rfc959/control/letter-case[verb=x]", "has no row", 3)]
    #[case("for: rfc959-4.1.3-noop", "for: rfc959-4.1.3-nop", "unknown requirement \"rfc959-4.1.3-nop\"", 4)]
    #[case("axis: reply", "axis: replies", "unknown axis \"replies\"", 5)]
    #[case("axis: reply\n", "", "\"axis\" is missing", 1)]
    #[case("about: A trial.", "abuot: A trial.", "unknown key \"abuot\"", 1)]
    fn what_is_named_must_be_there(#[case] from: &str, #[case] to: &str, #[case] message: &str, #[case] line: usize) {
        let text = format!("{HEAD}rules: [{{ on: NOOP, code: 250 }}]\n").replace(from, to);
        let Diagnostics(faults) = read(&text).unwrap_err();
        let found = faults.iter().find(|fault| fault.message.contains(message));
        let found = found.unwrap_or_else(|| panic!("{faults:?}"));
        assert_eq!(found.span.line, line);
    }
}
