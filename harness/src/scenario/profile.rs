//! Profiles: which scenarios are run, how much a deviation weighs, and which disputed reading decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::load::reader::{Reader, parsed};
use super::load::{Sources, Suite, glob};
use super::readings::{Answer, Question};
use super::spoken::Spoken;
use super::tree::{Located, Scenario};
use super::yaml::Node;

/// The folder that holds them.
pub(crate) const FOLDER: &str = "profiles/";

/// The profile of a run that names none.
pub const USUAL: &str = "rfc1123";

const KEYS: &[&str] = &["purpose", "commands", "scenarios", "except", "grades", "readings"];
const GRADES: &[(&str, Grades)] = &[("usual", Grades::Usual), ("strict", Grades::Strict), ("lenient", Grades::Lenient)];

/// What a run is measured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name: the file's, without ending.
    pub name: String,
    /// The file.
    pub file: Arc<str>,
    /// What it is for.
    pub purpose: String,
    /// The commands, some with their argument, that a scenario may say.
    pub commands: Vec<String>,
    /// Globs of scenarios that are run whatever they say.
    pub scenarios: Vec<String>,
    /// Globs of scenarios that are not run.
    pub except: Vec<String>,
    /// How much a deviation weighs.
    pub grades: Grades,
    /// The readings it takes, by question.
    pub readings: BTreeMap<String, Located<String>>,
}

/// How much a deviation weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grades {
    /// As RFC 1123 weighs it: only what is against a must is a fail.
    #[default]
    Usual,
    /// What is not as a must or should asks is a fail, tolerated or not.
    Strict,
    /// Only what is against a must is more than a note.
    Lenient,
}

impl Profile {
    /// Everything, weighed as usual, by the default readings.
    pub fn usual() -> Self {
        Self {
            name: USUAL.to_owned(),
            file: "".into(),
            purpose: String::new(),
            commands: Vec::new(),
            scenarios: Vec::new(),
            except: Vec::new(),
            grades: Grades::Usual,
            readings: BTreeMap::new(),
        }
    }

    /// Whether the profile has this scenario run. The states that it begins with count as part of it.
    pub fn selects(&self, suite: &Suite, scenario: &Scenario) -> bool {
        let matches = |globs: &[String]| globs.iter().any(|pattern| of_glob(pattern, scenario));
        if matches(&self.except) {
            return false;
        }
        if self.commands.is_empty() && self.scenarios.is_empty() || matches(&self.scenarios) {
            return true;
        }
        let given = scenario.given.iter().filter_map(|state| suite.given(&state.value));
        let spoken = Spoken::of(given.chain([scenario]));
        !self.commands.is_empty() && spoken.lines.iter().all(|line| self.allows(line))
    }

    /// The reading that decides a question.
    pub fn reading<'q>(&self, question: &'q Question) -> Option<&'q Answer> {
        question.answer(self.readings.get(&question.id).map_or(&question.default, |answer| &answer.value))
    }

    fn allows(&self, line: &str) -> bool {
        let verb = line.split(' ').next().unwrap_or_default();
        self.commands.iter().any(|command| command == line || command == verb)
    }

    /// Every profile in these texts, by name.
    pub(crate) fn all(sources: &Sources, faults: &mut Vec<Diagnostic>) -> BTreeMap<String, Self> {
        let mut profiles = BTreeMap::new();
        for (file, text) in sources.iter() {
            let Some(name) = file.strip_prefix(FOLDER).and_then(|name| name.strip_suffix(".yaml")) else { continue };
            let profile = parsed(file, text, faults, |reader, node| reader.profile(node, name, file));
            if let Some(profile) = profile.flatten() {
                profiles.insert(name.to_owned(), profile);
            }
        }
        profiles
    }
}

/// A glob of scenario ids; a folder stands for everything below it. The row does not count.
fn of_glob(pattern: &str, scenario: &Scenario) -> bool {
    let id = scenario.id.split('[').next().unwrap_or_default();
    glob(pattern.as_bytes(), id.as_bytes())
        || id.strip_prefix(pattern.trim_end_matches('/')).is_some_and(|below| below.starts_with('/'))
}

impl Reader<'_> {
    fn profile(&mut self, node: &Node, name: &str, file: &Arc<str>) -> Option<Profile> {
        let fields = self.fields(node, "a profile", KEYS)?;
        let purpose = self.required(node, &fields, "purpose");
        let mut texts = |key: &str| -> Vec<String> {
            let list = fields.value(key).map(|list| self.texts(list, key)).unwrap_or_default();
            list.into_iter().map(|text| text.value).collect()
        };
        let (commands, scenarios, except) = (texts("commands"), texts("scenarios"), texts("except"));
        let grades = fields.value("grades").map(|node| self.word(node, "grades", GRADES));
        let mut readings = BTreeMap::new();
        if let Some(chosen) = fields.value("readings").and_then(|node| self.entries(node, "readings")) {
            for (question, answer) in chosen.entries() {
                let (Some(id), Some(text)) = (question.text(), self.text(answer, "an answer")) else { continue };
                readings.insert(id.to_owned(), Located { value: text.to_owned(), span: question.span.clone() });
            }
        }
        Some(Profile {
            name: name.to_owned(),
            file: Arc::clone(file),
            purpose: purpose?,
            commands: commands.iter().map(|command| command.to_ascii_uppercase()).collect(),
            scenarios,
            except,
            grades: grades.unwrap_or(Some(Grades::Usual))?,
            readings,
        })
    }
}
