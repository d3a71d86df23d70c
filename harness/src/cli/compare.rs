//! `ftpspec compare`: what changed from one report to another.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use reports::{CompareFormat, compare, render_comparison};

use super::run::Look;
use super::{Failure, report};

/// Compare two reports, in JSON or JSON lines. The exit code is 1 where something regressed, and else 0.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// The report before.
    before: PathBuf,
    /// The report after.
    after: PathBuf,
    /// How it is written.
    #[arg(long, value_parser = PossibleValuesParser::new(CompareFormat::ALL.map(CompareFormat::word)).try_map(|word| word.parse::<CompareFormat>()), default_value = "human")]
    format: CompareFormat,
    #[command(flatten)]
    look: Look,
}

impl Compare {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let comparison = compare(&report(&self.before)?, &report(&self.after)?);
        let written = render_comparison(&comparison, self.format, &self.look.style())
            .map_err(|error| Failure::Usage(format!("the comparison cannot be written: {error}")))?;
        out.write_all(&written)?;
        Ok(ExitCode::from(comparison.exit_code()))
    }
}
