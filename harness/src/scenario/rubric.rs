//! Rubrics: how a class is graded. What is built and started, which scenarios give how many points, what a crash costs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::diagnostic::{Diagnostic, Diagnostics, nearest};
use super::load::reader::parsed;
use super::load::{Sources, Suite, glob};
use super::tree::Located;

mod points;
mod read;
mod schema;

pub use self::points::Points;
pub use self::schema::schema;

/// The folder of the suite that holds them.
pub(crate) const FOLDER: &str = "rubrics/";

/// How submissions are built, started and graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rubric {
    /// Its name: the file's, without ending.
    pub name: String,
    /// The file.
    pub file: Arc<str>,
    /// What the assignment is called.
    pub title: String,
    /// The profile whose readings decide.
    pub profile: String,
    /// How the scenarios log in.
    pub login: Option<Login>,
    /// How long the timers of a submission may take, by name.
    pub timers: BTreeMap<String, Duration>,
    /// How a submission is built.
    pub build: Build,
    /// Files written before each start, by name.
    pub files: BTreeMap<String, String>,
    /// Commands run before each start.
    pub setup: Vec<Located<String>>,
    /// The ways in which a submission may want to be started, in the order in which they are tried. Never empty.
    pub launch: Vec<Style>,
    /// Folders that a submission may read besides the system's.
    pub readable: Vec<String>,
    /// What a submission may use up.
    pub limits: Limits,
    /// What a command costs that is not there.
    pub missing: Missing,
    /// How often each case is run.
    pub repeat: usize,
    /// What gives points.
    pub groups: Vec<Group>,
    /// What a crash costs, whatever it was met in.
    pub crash: Option<Deduction>,
    /// What silence costs, whatever it was met in.
    pub hang: Option<Deduction>,
    /// What a command finds out in the folder of the submission.
    pub checks: Vec<StaticCheck>,
}

/// How the scenarios log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// What USER says.
    pub user: String,
    /// What PASS says, where it is asked for.
    pub password: String,
    /// Commands that follow the login.
    pub after: Vec<String>,
}

/// How a submission is built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Build {
    /// What takes away that was built before; it may fail.
    pub clean: Vec<Located<String>>,
    /// The commands that build it. Nothing is built without them.
    pub commands: Vec<Located<String>>,
}

/// A way to start a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// The command line, with placeholders.
    pub command: Located<String>,
    /// The working directory, with placeholders; the folder of the submission, if it is not said.
    pub directory: Option<String>,
    /// Variables of its environment, with placeholders.
    pub environment: BTreeMap<String, String>,
    /// The port that is compiled in.
    pub port: Option<u16>,
    /// How long it may take until it listens.
    pub ready_within: Duration,
}

/// What a submission may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Processes and threads at one time.
    pub processes: u64,
    /// Octets of memory of one process.
    pub memory: u64,
    /// Seconds of processor time of one process.
    pub cpu: Duration,
    /// Octets of one file.
    pub file: u64,
    /// Octets of all that it writes.
    pub disk: u64,
    /// How long the build may take.
    pub build: Duration,
    /// How long a reply may take.
    pub reply: Duration,
    /// How long one case may take, besides what it waits for.
    pub case: Duration,
    /// How long all cases of a submission may take. Then no other is begun.
    pub all: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            processes: 128,
            memory: 1 << 30,
            cpu: Duration::from_mins(1),
            file: 64 << 20,
            disk: 256 << 20,
            build: Duration::from_mins(2),
            reply: Duration::from_secs(10),
            case: Duration::from_secs(90),
            all: Duration::from_mins(15),
        }
    }
}

/// What a command costs that the submission does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// The points of every case that needs it.
    #[default]
    Lost,
    /// Nothing: the case is not asked.
    LeftOut,
}

/// A group of cases that share points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name, and where it stands.
    pub name: Located<String>,
    /// What it is worth.
    pub points: Points,
    /// Which scenarios.
    pub scenarios: Vec<Part>,
    /// Globs of scenarios that are left out.
    pub except: Vec<Located<String>>,
    /// Whether all cases must pass for any point.
    pub all: bool,
    /// Globs of its scenarios that must pass for any point.
    pub gate: Vec<Located<String>>,
    /// Whether it is about what a server does, or what it bears.
    pub part: PartOfGrade,
    /// Whether its points come on top.
    pub extra: bool,
    /// How many percent of its points a case gives that deviates in a tolerated way.
    pub deviation: u8,
    /// Who may see it.
    pub visibility: Visibility,
    /// What a student may try who loses points here.
    pub hint: Option<String>,
}

/// Some scenarios of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A glob of scenario ids; a folder stands for everything below it.
    pub pattern: Located<String>,
    /// How much each of them weighs.
    pub weight: u32,
    /// Who may see them, if not as the group.
    pub visibility: Option<Visibility>,
    /// What a student may try.
    pub hint: Option<String>,
}

/// The two parts of a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartOfGrade {
    /// What a server does for a client that does as it should.
    #[default]
    Functionality,
    /// What a server bears.
    Robustness,
}

/// Who may see a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Visibility {
    /// Everybody.
    #[default]
    Visible,
    /// Students after the due date.
    AfterDueDate,
    /// Staff alone.
    Hidden,
}

/// What each cause of a kind costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deduction {
    /// What one costs.
    pub each: Points,
    /// What all cost together at most.
    pub most: Option<Points>,
}

/// A command that says by its exit code whether something is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticCheck {
    /// Its name.
    pub name: String,
    /// The command line, with placeholders.
    pub command: Located<String>,
    /// What it is worth.
    pub points: Points,
    /// Whether the points are taken away where it fails, instead of given where it does not.
    pub deducts: bool,
    /// What a student may try.
    pub hint: Option<String>,
}

impl Rubric {
    /// The rubric in a text.
    ///
    /// # Errors
    /// It is not YAML, has an unknown key or a wrong value, or names what the suite does not have.
    pub fn read(file: &str, text: &str, suite: &Suite) -> Result<Self, Diagnostics> {
        let mut faults = Vec::new();
        let rubric = Self::parsed(&file.into(), text, suite, &mut faults);
        match rubric {
            Some(rubric) if faults.is_empty() => Ok(rubric),
            Some(_) | None => Err(Diagnostics(faults)),
        }
    }

    /// Every rubric that the suite has, by name.
    pub fn all(sources: &Sources, suite: &Suite, faults: &mut Vec<Diagnostic>) -> BTreeMap<String, Self> {
        let texts = sources.iter().filter(|(file, _)| file.starts_with(FOLDER));
        let read = texts.filter_map(|(file, text)| Self::parsed(file, text, suite, faults));
        read.map(|rubric| (rubric.name.clone(), rubric)).collect()
    }

    /// Whether a text is meant to be a rubric: it has the key that only they have.
    pub fn is_meant(text: &str) -> bool {
        text.lines().any(|line| line.starts_with("groups:"))
    }

    /// The most points that can be had, without those on top.
    pub fn points(&self) -> Points {
        let groups = self.groups.iter().filter(|group| !group.extra).map(|group| group.points);
        let checks = self.checks.iter().filter(|check| !check.deducts).map(|check| check.points);
        groups.chain(checks).sum()
    }

    /// The names of folders that its commands may mean: what stands before a slash, and words that stand alone.
    pub fn folders(&self) -> BTreeSet<String> {
        let styles = self.launch.iter();
        let directories = styles.clone().filter_map(|style| style.directory.as_ref());
        let lines = self.build.clean.iter().chain(&self.build.commands).chain(&self.setup);
        let lines =
            lines.chain(styles.map(|style| &style.command)).chain(self.checks.iter().map(|check| &check.command));
        let mut folders = BTreeSet::new();
        for text in lines.map(|line| &line.value).chain(directories) {
            for word in text.split(|letter: char| letter.is_whitespace() || "'\"=;&|()".contains(letter)) {
                match word.rsplit_once('/') {
                    Some((above, _)) => folders.extend(above.split('/').map(str::to_owned)),
                    None => folders.extend([word.to_owned()]),
                }
            }
        }
        folders
    }

    fn parsed(file: &Arc<str>, text: &str, suite: &Suite, faults: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = faults.len();
        let rubric = parsed(file, text, faults, |reader, node| reader.rubric(node, file)).flatten()?;
        if faults.len() == before {
            faults.extend(rubric.unmatched(text, suite));
        }
        Some(rubric)
    }

    /// The globs that match nothing, the profile that is not there.
    fn unmatched(&self, text: &str, suite: &Suite) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for group in &self.groups {
            let parts = group.scenarios.iter().map(|part| &part.pattern);
            for pattern in parts.chain(&group.gate).chain(&group.except) {
                if suite.scenarios().iter().any(|scenario| matches(&pattern.value, &scenario.id)) {
                    continue;
                }
                let message = format!("no scenario matches \"{}\"", pattern.value);
                let fault = Diagnostic::new(pattern.span.clone(), text, message);
                let ids = suite.scenarios().iter().map(|scenario| plain(&scenario.id));
                faults.push(match nearest(&pattern.value, ids) {
                    Some(near) => fault.help(format!("did you mean \"{near}\"?")),
                    None => fault.help("`ftpspec list` shows the ids; a folder or a glob stands for many"),
                });
            }
        }
        faults
    }
}

impl Group {
    /// The part that a case belongs to, if it is of this group.
    pub fn part_of(&self, id: &str) -> Option<&Part> {
        if self.except.iter().any(|pattern| matches(&pattern.value, id)) {
            return None;
        }
        self.scenarios.iter().find(|part| matches(&part.pattern.value, id))
    }

    /// Whether a case must pass for any point of the group.
    pub fn is_gate(&self, id: &str) -> bool {
        self.gate.iter().any(|pattern| matches(&pattern.value, id))
    }
}

/// The id of a case without its row.
pub fn plain(id: &str) -> &str {
    id.split('[').next().unwrap_or_default()
}

/// Whether a glob is about this case. A folder stands for everything below it; a row, where it is said, must be the same.
pub fn matches(pattern: &str, id: &str) -> bool {
    if pattern.contains('[') {
        return pattern == id;
    }
    let id = plain(id);
    glob(pattern.as_bytes(), id.as_bytes())
        || id.strip_prefix(pattern.trim_end_matches('/')).is_some_and(|below| below.starts_with('/'))
}

#[cfg(test)]
mod tests;
