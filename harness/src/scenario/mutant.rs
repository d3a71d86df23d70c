//! Mutants: servers with one deliberate fault, and the scenario that must be red on each.

use std::sync::Arc;

use reports::model::{Axis, Verdict};

use super::diagnostic::{Diagnostic, Diagnostics, nearest};
use super::load::reader::{Fields, Reader};
use super::load::{Sources, Suite};
use super::rule::Deviations;
use super::tree::Located;
use super::yaml::{self, Node};

const FILE: &[&str] = &["about", "source", "kills", "for", "axis", "verdict", "clients", "rules"];
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

/// A server with one fault.
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
    /// What deviates.
    pub deviations: Arc<Deviations>,
}

/// The mutants of these files, in order of id.
///
/// # Errors
/// A file is wrong, or names a scenario or requirement that the suite does not have.
pub fn mutants(mut sources: Sources, suite: &Suite) -> Result<Vec<Mutant>, Diagnostics> {
    let mut faults = std::mem::take(&mut sources.faults);
    let mut mutants = Vec::new();
    for (file, text) in sources.iter() {
        let node = match yaml::parse(file, text) {
            Ok(node) => node,
            Err(fault) => {
                faults.push(*fault);
                continue;
            }
        };
        let mut reader = Reader::new(text);
        let mutant = reader.mutant(file, &node);
        faults.append(&mut reader.faults);
        if let Some(mutant) = mutant {
            faults.extend(names_what_is_there(&mutant, text, suite));
            mutants.push(mutant);
        }
    }
    if faults.is_empty() { Ok(mutants) } else { Err(Diagnostics(faults)) }
}

/// A mutant that names what is not there would never be killed.
fn names_what_is_there(mutant: &Mutant, text: &str, suite: &Suite) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    if let Err(error) = suite.select(&[&mutant.kills.value]) {
        faults.push(Diagnostic::new(mutant.kills.span.clone(), text, error.to_string()));
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
        let axis = axis.and(fields.value("axis")).and_then(|node| self.word(node, "axis", AXES));
        let verdict = match fields.value("verdict") {
            None => Some(Verdict::Fail),
            Some(node) => {
                let words = [("fail", Verdict::Fail), ("deviation", Verdict::Deviation), ("note", Verdict::Pass)];
                self.word(node, "verdict", &words)
            }
        };
        if fields.value("rules").is_none() && fields.value("clients").is_none() && fields.are_known() {
            self.fault_with_help(
                &node.span,
                "\"rules\" is missing",
                "say what deviates: rules: [{ on: NOOP, code: 250 }]",
            );
        }
        let deviations = self.deviations(&fields);
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
