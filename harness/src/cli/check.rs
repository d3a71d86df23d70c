//! `ftpspec check`: everything that is wrong in scenario files, all at once.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::{Failure, SuiteFolder, USAGE};
use crate::scenario::diagnostic::{Diagnostic, Paint};
use crate::scenario::{LoadError, Rubric, Sources, Suite};

/// Check scenario files without running them.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files, or folders of them. The suite of the program, if there is none.
    files: Vec<PathBuf>,
    #[command(flatten)]
    suite: SuiteFolder,
}

impl Check {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        let mut sources = Sources::embedded();
        if let Some(folder) = &self.suite.scenarios {
            sources.add_folder(folder).map_err(LoadError::from)?;
        }
        let rubrics: Vec<_> = self.files.iter().filter(|path| is_rubric(path)).collect();
        for path in self.files.iter().filter(|path| !is_rubric(path)) {
            sources.add_path(path).map_err(LoadError::from)?;
        }
        let (suite, mut faults) = Suite::read_all(sources);
        let named = suite.sources().named();
        if !named.is_empty() {
            // The suite around them has its own check.
            faults.retain(|fault| suite.sources().is_from_disk(&fault.span.file));
        }
        faults.extend(rubric_faults(&suite, &rubrics));
        if faults.is_empty() && !rubrics.is_empty() && rubrics.len() == self.files.len() {
            writeln!(out, "no errors in {}", plural(rubrics.len(), "rubric"))?;
            return Ok(ExitCode::SUCCESS);
        }
        if faults.is_empty() {
            let checked = |file: &str| named.is_empty() || named.contains(file);
            let scenarios = suite.scenarios().iter().filter(|scenario| checked(&scenario.file)).count();
            let files = suite.sources().iter().filter(|(file, _)| checked(file)).count();
            let given = suite.givens().values().filter(|given| checked(&given.file)).count();
            let requirements = suite.catalogue().iter().filter(|known| checked(&known.span.file)).count();
            let time = begun.elapsed().as_millis();
            let found = [(scenarios, "scenario"), (given, "given state"), (requirements, "requirement")];
            let found = found.map(|(count, word)| plural(count, word)).join(", ");
            writeln!(out, "no errors in {}: {found} ({time} ms)", plural(files, "file"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut errors = anstream::stderr().lock();
        for fault in &faults {
            writeln!(errors, "{}", fault.render(Paint::Coloured))?;
        }
        let files: BTreeSet<_> = faults.iter().map(|fault| &fault.span.file).collect();
        writeln!(errors, "{} in {}", plural(faults.len(), "error"), plural(files.len(), "file"))?;
        Ok(ExitCode::from(USAGE))
    }
}

/// Whether a file is meant to be a rubric. One that cannot be read is left to those who read scenarios, and say so.
fn is_rubric(path: &Path) -> bool {
    path.is_file() && std::fs::read_to_string(path).is_ok_and(|text| Rubric::is_meant(&text))
}

/// What is wrong in the rubrics that are named; or in those of the suite, where nothing is named.
fn rubric_faults(suite: &Suite, named: &[&PathBuf]) -> Vec<Diagnostic> {
    let read = |file: &str, text: &str| super::grade::read(file, text, suite).err().map(|faults| faults.0);
    let carried = suite.sources().iter().filter(|(file, _)| named.is_empty() && file.starts_with("rubrics/"));
    let carried = carried.filter_map(|(file, text)| read(file, text));
    let own = named.iter().filter_map(|path| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        read(&path.to_string_lossy(), &text)
    });
    carried.chain(own).flatten().collect()
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
