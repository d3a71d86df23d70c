//! `ftpspec check`: everything that is wrong in scenario files, all at once.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::{Failure, SuiteFolder, USAGE};
use crate::scenario::diagnostic::Paint;
use crate::scenario::{LoadError, Sources, Suite};

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
        for path in &self.files {
            sources.add_path(path).map_err(LoadError::from)?;
        }
        let (suite, mut faults) = Suite::read_all(sources);
        let named = suite.sources().named();
        if !named.is_empty() {
            // The suite around them has its own check.
            faults.retain(|fault| suite.sources().is_from_disk(&fault.span.file));
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

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
