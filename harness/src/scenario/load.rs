//! The suite: texts made into scenarios.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::catalogue::{Catalogue, Requirement};
use super::check;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::profile::{self, Profile};
use super::readings::{self, Readings};
use super::rubric;
use super::tree::Scenario;
use super::vocabulary::{self, Vocabulary};

pub(crate) mod body;
pub(crate) mod each;
pub(crate) mod entries;
pub(crate) mod file;
pub(crate) mod reader;
pub(crate) mod reply;
pub(crate) mod rule;
mod select;
mod sources;
pub(crate) mod steps;
pub(crate) mod task;
pub(crate) mod tls;
pub(crate) mod values;

pub use select::Select;
pub(crate) use select::glob;
pub use sources::{Sources, Unreadable};

use file::{Filled, Givens};

/// What the scenarios' folder holds besides scenarios.
const OTHER: [&str; 7] =
    ["given/", "requirements/", profile::FOLDER, rubric::FOLDER, "vectors/", readings::FILE, vocabulary::FILE];

/// Every scenario, the given states they begin with, and the catalogue of requirements.
#[derive(Debug)]
pub struct Suite {
    sources: Sources,
    scenarios: Vec<Scenario>,
    givens: Givens,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    readings: Readings,
    profiles: BTreeMap<String, Profile>,
}

/// A suite that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A folder or file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Something in a file is wrong.
    #[error(transparent)]
    Wrong(#[from] Diagnostics),
}

/// What is looked up in other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum References {
    /// Requirements and tests must exist.
    Checked,
    /// They are taken as they are: the suite that had them may be another.
    Trusted,
}

impl Suite {
    /// The suite carried in the program.
    ///
    /// # Errors
    /// A file of it is wrong.
    pub fn embedded() -> Result<Self, Diagnostics> {
        Self::load(Sources::embedded())
    }

    /// The suite carried in the program, and a folder whose files are added or replace those of the same name.
    ///
    /// # Errors
    /// The folder cannot be read, or a file is wrong.
    pub fn with_folder(folder: &Path) -> Result<Self, LoadError> {
        Self::for_patterns(Some(folder), &[])
    }

    /// As [`Suite::with_folder`], and with the files on disk that the patterns name.
    ///
    /// # Errors
    /// A folder or file cannot be read, or a file is wrong.
    pub fn for_patterns(folder: Option<&Path>, patterns: &[String]) -> Result<Self, LoadError> {
        let mut sources = Sources::embedded();
        if let Some(folder) = folder {
            sources.add_folder(folder)?;
        }
        for pattern in patterns.iter().filter(|pattern| select::names_disk(pattern)) {
            sources.add_path(Path::new(select::split_row(pattern).0))?;
        }
        Ok(Self::load(sources)?)
    }

    /// A suite of these texts only. Requirements that they do not hold are taken as they are, so that an old report can be judged again.
    ///
    /// # Errors
    /// A text is wrong.
    pub fn from_sources(texts: BTreeMap<String, String>) -> Result<Self, Diagnostics> {
        complete(Self::read(Sources::of(texts), References::Trusted))
    }

    /// A suite of these files.
    ///
    /// # Errors
    /// A file is wrong.
    pub fn load(sources: Sources) -> Result<Self, Diagnostics> {
        complete(Self::read(sources, References::Checked))
    }

    /// What can be had of a suite, and everything that is wrong with the rest.
    pub fn read_all(sources: Sources) -> (Self, Vec<Diagnostic>) {
        Self::read(sources, References::Checked)
    }

    fn read(mut sources: Sources, references: References) -> (Self, Vec<Diagnostic>) {
        let mut faults = std::mem::take(&mut sources.faults);
        let catalogue = Catalogue::of(&sources, &mut faults);
        let vocabulary = Vocabulary::of(&sources, &mut faults);
        let readings = Readings::of(&sources, &mut faults);
        let profiles = Profile::all(&sources, &mut faults);
        // What a file that cannot be read would have had is not looked for: one fault, not a hundred.
        let whole = faults.is_empty();
        let mut givens = Givens::default();
        for (file, text) in sources.iter() {
            let Some(name) = file.strip_prefix("given/").and_then(|name| name.strip_suffix(".yaml")) else { continue };
            let filled =
                Filled { file: Arc::clone(file), id: name.to_owned(), row: BTreeMap::new(), source: Arc::clone(text) };
            match file::given(filled) {
                Ok(given) => drop(givens.states.insert(name.to_owned(), given)),
                Err(found) => {
                    givens.wrong.insert(name.to_owned());
                    faults.extend(found);
                }
            }
        }
        let mut scenarios = Vec::new();
        for (file, text) in sources.iter().filter(|(file, _)| is_scenario(file)) {
            let (found, wrong) = read_rows(file, text, &givens);
            scenarios.extend(found);
            faults.extend(wrong);
        }
        let suite = Self { sources, scenarios, givens, catalogue, vocabulary, readings, profiles };
        faults.extend(check::suite(&suite, if whole { references } else { References::Trusted }));
        faults.sort_by(|one, other| {
            let key = |fault: &Diagnostic| (Arc::clone(&fault.span.file), fault.span.line, fault.span.column);
            key(one).cmp(&key(other))
        });
        // Every row of a table finds the same fault.
        faults.dedup_by(|one, other| {
            one.span.file == other.span.file && one.span.line == other.span.line && one.message == other.message
        });
        (suite, faults)
    }

    /// Every scenario, in the order of the files' names and the rows.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// A scenario by its whole id.
    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// A given state.
    pub fn given(&self, name: &str) -> Option<&Scenario> {
        self.givens.states.get(name)
    }

    /// Every given state, by name.
    pub fn givens(&self) -> &BTreeMap<String, Scenario> {
        &self.givens.states
    }

    /// The text of a file, as it is written.
    pub fn source(&self, file: &str) -> Option<&str> {
        self.sources.text(file).map(AsRef::as_ref)
    }

    /// The files of the suite.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// SHA-256 over the names and texts of all files, in lower-case hexadecimal.
    pub fn hash(&self) -> String {
        self.sources.hash()
    }

    /// A requirement of the catalogue.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.catalogue.requirement(id)
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The commands and reply codes that specifications define.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The disputed readings.
    pub fn readings(&self) -> &Readings {
        &self.readings
    }

    /// The profiles, by name.
    pub fn profiles(&self) -> &BTreeMap<String, Profile> {
        &self.profiles
    }
}

fn complete((suite, faults): (Suite, Vec<Diagnostic>)) -> Result<Suite, Diagnostics> {
    if faults.is_empty() { Ok(suite) } else { Err(Diagnostics(faults)) }
}

/// Whether a file of the suite is a scenario.
fn is_scenario(file: &str) -> bool {
    !OTHER.iter().any(|other| file.starts_with(other))
}

fn read_rows(file: &Arc<str>, text: &Arc<str>, givens: &Givens) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let id = file.strip_suffix(".yaml").unwrap_or(file);
    let rows = match each::rows(file, id, text) {
        Ok(rows) => rows,
        Err(faults) => return (Vec::new(), faults),
    };
    let mut scenarios = Vec::new();
    let mut faults = Vec::new();
    for row in rows {
        match file::scenario(row, givens) {
            Ok(scenario) => scenarios.push(scenario),
            Err(found) => faults.extend(found),
        }
    }
    (scenarios, faults)
}
