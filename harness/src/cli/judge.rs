//! `ftpspec judge`: the verdict again, without a network.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::run::Output;
use super::{Failure, report};
use crate::run::again;
use crate::scenario::{LoadError, Suite};

/// Judge a transcript again: a report in JSON or JSON lines, with all its cases or one.
#[derive(Debug, Args)]
pub(super) struct Judge {
    /// The report.
    file: PathBuf,
    /// Judge by the suite of this program, not by the scenarios that the report carries.
    #[arg(long)]
    current: bool,
    #[command(flatten)]
    output: Output,
}

impl Judge {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let report = report(&self.file)?;
        let mut suite = Suite::embedded().map_err(LoadError::from)?;
        if !self.current {
            let lasting = ["requirements/", "profiles/", "readings.yaml"];
            let lasting =
                suite.sources().iter().filter(|(file, _)| lasting.iter().any(|begin| file.starts_with(begin)));
            let mut sources: BTreeMap<_, _> =
                lasting.map(|(file, text)| (file.to_string(), text.to_string())).collect();
            sources.extend(report.sources.clone());
            suite = Suite::from_sources(sources).map_err(LoadError::from)?;
        }
        let report = again(&suite, &report);
        self.output.write(&report, out)?;
        Ok(ExitCode::from(report.exit_code()))
    }
}
