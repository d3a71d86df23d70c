//! The words of the protocol: the commands and reply codes that specifications define.

use super::catalogue::{Filing, Said};
use super::diagnostic::Diagnostic;
use super::load::Sources;
use super::load::reader::{Reader, parsed};
use super::yaml::Node;

/// The file that holds them.
pub(crate) const FILE: &str = "vocabulary.yaml";

/// What specifications define.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The commands, in the order of the file.
    pub commands: Vec<DefinedCommand>,
    /// The reply codes, in the order of the file.
    pub replies: Vec<DefinedReply>,
}

/// A command that a specification defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedCommand {
    /// In capitals.
    pub verb: String,
    /// The specification: `RFC 959`.
    pub specification: String,
    /// Why no scenario says it.
    pub filed: Option<Filing>,
}

/// A reply code that a specification defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedReply {
    /// The code.
    pub code: u16,
    /// The specification: `RFC 959`.
    pub specification: String,
    /// What it means, in our words.
    pub meaning: String,
    /// Why no scenario makes a server send it.
    pub filed: Option<Filing>,
}

impl Vocabulary {
    /// The vocabulary in these texts, empty if they hold none.
    pub(crate) fn of(sources: &Sources, faults: &mut Vec<Diagnostic>) -> Self {
        let Some(text) = sources.text(FILE) else { return Self::default() };
        let read = |reader: &mut Reader<'_>, node: &Node| reader.vocabulary(node);
        parsed(&FILE.into(), text, faults, read).unwrap_or_default()
    }
}

impl Reader<'_> {
    fn vocabulary(&mut self, node: &Node) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        let Some(fields) = self.fields(node, "the vocabulary", &["commands", "replies"]) else { return vocabulary };
        for item in fields.value("commands").and_then(|list| self.list(list, "commands")).unwrap_or_default() {
            vocabulary.commands.extend(self.defined_commands(item));
        }
        for item in fields.value("replies").and_then(|list| self.list(list, "replies")).unwrap_or_default() {
            let Some(reply) = self.defined_reply(item) else { continue };
            if vocabulary.replies.iter().any(|first| first.code == reply.code) {
                self.fault(&item.span, format!("the code {} is said twice", reply.code));
                continue;
            }
            vocabulary.replies.push(reply);
        }
        vocabulary
    }

    fn defined_commands(&mut self, node: &Node) -> Vec<DefinedCommand> {
        let Some(fields) = self.fields(node, "commands", &["specification", "verbs", "filed"]) else {
            return Vec::new();
        };
        let specification = self.required(node, &fields, "specification").unwrap_or_default();
        // A reason for several verbs gives way to the scenarios that say one of them.
        let filed = fields.value("filed").and_then(|node| self.filed(node, Said::OfTheFile));
        let Some(verbs) = fields.value("verbs") else {
            self.fault(&node.span, "\"verbs\" is missing");
            return Vec::new();
        };
        let verbs = self.texts(verbs, "verbs").into_iter();
        verbs
            .map(|verb| DefinedCommand { verb: verb.value, specification: specification.clone(), filed: filed.clone() })
            .collect()
    }

    fn defined_reply(&mut self, node: &Node) -> Option<DefinedReply> {
        let fields = self.fields(node, "a reply", &["code", "specification", "means", "filed"])?;
        let specification = self.required(node, &fields, "specification");
        let meaning = self.required(node, &fields, "means");
        let filed = fields.value("filed").and_then(|node| self.filed(node, Said::OfTheEntry));
        let written = self.required(node, &fields, "code")?;
        let Some(code) = written.parse().ok().filter(|code| (100..=659).contains(code)) else {
            let span = &fields.value("code").unwrap_or(node).span;
            self.fault_with_help(span, format!("\"{written}\" is no reply code"), "a code is a number from 100 to 659");
            return None;
        };
        Some(DefinedReply { code, specification: specification?, meaning: meaning?, filed })
    }
}
