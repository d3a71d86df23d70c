//! `ftpspec report`: results that were kept, shown again; several beside each other.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use reports::{Format, MatrixFormat, Style, matrix, render, render_matrix};

use super::run::{Look, replace, unwritable};
use super::{Failure, report};

/// Show reports that were kept, in JSON or JSON lines. Several are shown beside each other, by requirement.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The reports.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Whether a report is shown by case or by requirement. Several are shown by requirement.
    #[arg(long)]
    by: Option<By>,
    /// How it is written. By case: human, json, jsonl, junit, html, markdown, tap, ctrf, github, badge, csv. By requirement: human, markdown, html, json.
    #[arg(long, default_value = "human")]
    format: String,
    /// Where it is written; standard output, if nothing is said.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    look: Look,
}

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Each case, as a run shows it.
    Case,
    /// Each requirement, and the cases that tell of it.
    Requirement,
}

impl Show {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let several = self.files.len() > 1;
        let by = self.by.unwrap_or(if several { By::Requirement } else { By::Case });
        if by == By::Case && several {
            return Err(Failure::Usage("one report is shown by case; give one, or --by requirement".to_owned()));
        }
        let style = if self.output.is_some() { Style::default() } else { self.look.style() };
        let written = match by {
            By::Case => self.by_case(&style)?,
            By::Requirement => self.by_requirement(&style)?,
        };
        match &self.output {
            Some(file) => replace(file, &written).map_err(|error| unwritable(file, &error))?,
            None => out.write_all(&written)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn by_case(&self, style: &Style) -> Result<Vec<u8>, Failure> {
        let format: Format = self.format.parse().map_err(usage)?;
        let mut written = Vec::new();
        for file in &self.files {
            written.extend(render(&report(file)?, format, style).map_err(usage)?);
        }
        Ok(written)
    }

    fn by_requirement(&self, style: &Style) -> Result<Vec<u8>, Failure> {
        let format: MatrixFormat = self.format.parse().map_err(usage)?;
        let reports = self.files.iter().map(|file| report(file)).collect::<Result<Vec<_>, _>>()?;
        render_matrix(&matrix(&reports), &reports, format, style).map_err(usage)
    }
}

fn usage(error: impl std::error::Error) -> Failure {
    Failure::Usage(error.to_string())
}
