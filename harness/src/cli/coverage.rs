//! `ftpspec coverage`: what the suite tests, and what it does not, with the reason.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use reports::{CoverageFormat, Style, render_coverage};

use super::run::colour;
use super::{Failure, SuiteFolder};
use crate::coverage::coverage;
use crate::scenario::Suite;

/// Show what the suite tests, and what it does not, with the reason.
#[derive(Debug, Args)]
pub(super) struct Coverage {
    #[command(flatten)]
    suite: SuiteFolder,
    /// How it is written.
    #[arg(long, value_parser = PossibleValuesParser::new(CoverageFormat::ALL.map(CoverageFormat::word)).try_map(|word| word.parse::<CoverageFormat>()), default_value = "human")]
    format: CoverageFormat,
}

impl Coverage {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let suite = Suite::for_patterns(self.suite.scenarios.as_deref(), &[])?;
        let style = Style { colour: colour(), ..Style::default() };
        let written = render_coverage(&coverage(&suite), self.format, &style)
            .map_err(|error| Failure::Usage(format!("the coverage cannot be written: {error}")))?;
        out.write_all(&written)?;
        Ok(ExitCode::SUCCESS)
    }
}
