//! The disputed readings: where the texts can be read in more than one way, and people do.

use super::diagnostic::Diagnostic;
use super::load::Sources;
use super::load::reader::{Fields, Reader, parsed};
use super::tree::{Located, Span};
use super::yaml::Node;

/// The file that holds them.
pub(crate) const FILE: &str = "readings.yaml";

/// Every disputed question, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Readings(Vec<Question>);

/// A question that the texts leave open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its id: `default-data-port`.
    pub id: String,
    /// The question.
    pub question: String,
    /// The requirements that it is about.
    pub requirements: Vec<Located<String>>,
    /// The readings.
    pub answers: Vec<Answer>,
    /// The id of the reading that decides unless a profile takes another.
    pub default: String,
    /// Where it stands.
    pub span: Span,
}

/// One reading of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its id: `letter`.
    pub id: String,
    /// What it says.
    pub says: String,
    /// The texts and programs that hold it.
    pub held_by: Vec<String>,
    /// What a server is that does not do as the text of the requirements asks.
    pub breach: Breach,
}

/// What a breach is under a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// Against the requirement.
    Against,
    /// Tolerated.
    Tolerated,
}

const QUESTION: &[&str] = &["id", "question", "requirements", "answers", "default"];
const ANSWER: &[&str] = &["id", "says", "held-by", "breach"];
const BREACHES: &[(&str, Breach)] = &[("against", Breach::Against), ("tolerated", Breach::Tolerated)];

impl Readings {
    /// Every question.
    pub fn iter(&self) -> impl Iterator<Item = &Question> {
        self.0.iter()
    }

    /// A question by its id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.0.iter().find(|question| question.id == id)
    }

    /// The questions that a requirement is part of.
    pub fn about<'r>(&'r self, requirement: &'r str) -> impl Iterator<Item = &'r Question> {
        self.0.iter().filter(move |question| question.requirements.iter().any(|id| id.value == requirement))
    }

    /// The readings in these texts, none if they hold none.
    pub(crate) fn of(sources: &Sources, faults: &mut Vec<Diagnostic>) -> Self {
        let Some(text) = sources.text(FILE) else { return Self::default() };
        parsed(&FILE.into(), text, faults, |reader, node| Self(reader.readings(node))).unwrap_or_default()
    }
}

impl Question {
    /// A reading by its id.
    pub fn answer(&self, id: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }
}

impl Reader<'_> {
    fn readings(&mut self, node: &Node) -> Vec<Question> {
        let Some(fields) = self.fields(node, "the file", &["readings"]) else { return Vec::new() };
        let list = fields.value("readings").and_then(|list| self.list(list, "readings")).unwrap_or_default();
        let mut questions: Vec<Question> = Vec::new();
        for item in list {
            let Some(question) = self.question(item) else { continue };
            if questions.iter().any(|first| first.id == question.id) {
                self.fault(&question.span, format!("the question \"{}\" is asked twice", question.id));
                continue;
            }
            questions.push(question);
        }
        questions
    }

    fn question(&mut self, node: &Node) -> Option<Question> {
        let fields = self.fields(node, "a question", QUESTION)?;
        let id = self.required(node, &fields, "id");
        let question = self.required(node, &fields, "question");
        let requirements = self.texts_of(node, &fields, "requirements");
        let Some(list) = fields.value("answers") else {
            self.fault(&node.span, "\"answers\" is missing");
            return None;
        };
        let items = self.list(list, "answers")?;
        let answers: Vec<_> = items.iter().filter_map(|item| self.answer(item)).collect();
        let default = self.required(node, &fields, "default")?;
        let known: Vec<_> = answers.iter().map(|answer| answer.id.as_str()).collect();
        if answers.len() == items.len() && !known.contains(&default.as_str()) {
            let span = &fields.value("default").unwrap_or(node).span;
            self.unknown(span, "answer", &default, &known);
        }
        let span = fields.value("id").unwrap_or(node).span.clone();
        Some(Question { id: id?, question: question?, requirements, answers, default, span })
    }

    fn answer(&mut self, node: &Node) -> Option<Answer> {
        let fields = self.fields(node, "an answer", ANSWER)?;
        let id = self.required(node, &fields, "id");
        let says = self.required(node, &fields, "says");
        let held_by = self.texts_of(node, &fields, "held-by").into_iter().map(|text| text.value).collect();
        let Some(breach) = fields.value("breach") else {
            self.fault(&node.span, "\"breach\" is missing");
            return None;
        };
        let breach = self.word(breach, "breach", BREACHES);
        Some(Answer { id: id?, says: says?, held_by, breach: breach? })
    }

    fn texts_of(&mut self, node: &Node, fields: &Fields<'_>, key: &str) -> Vec<Located<String>> {
        let Some(list) = fields.value(key) else {
            if fields.are_known() {
                self.fault(&node.span, format!("\"{key}\" is missing"));
            }
            return Vec::new();
        };
        self.texts(list, key)
    }
}
