//! `ftpspec list`: ids and purposes.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Failure, Selection};
use crate::scenario::diagnostic::escape;
use crate::scenario::tree::Scenario;

/// List scenarios: their ids and what they are for.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    selection: Selection,
    /// How the list is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// One line a scenario.
    #[default]
    Human,
    /// An array of objects.
    Json,
}

/// Longer ids push their purposes to the right.
const WIDEST: usize = 60;

impl List {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let suite = self.selection.load()?;
        let scenarios = self.selection.of(&suite)?;
        match self.format {
            Format::Human => human(&scenarios, out)?,
            Format::Json => {
                let list: Vec<_> = scenarios.iter().map(|scenario| object(scenario)).collect();
                writeln!(out, "{:#}", serde_json::Value::Array(list))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn human(scenarios: &[&Scenario], out: &mut dyn Write) -> std::io::Result<()> {
    let widest = scenarios.iter().map(|scenario| scenario.id.chars().count()).max().unwrap_or(0).min(WIDEST);
    let bold = anstyle::Style::new().bold();
    for scenario in scenarios {
        let id = escape(&scenario.id);
        let room = widest.saturating_sub(id.chars().count());
        writeln!(out, "{bold}{id}{bold:#}{:room$}  {}", "", escape(&scenario.purpose.value))?;
    }
    Ok(())
}

fn object(scenario: &Scenario) -> serde_json::Value {
    let values = |list: &[crate::scenario::tree::Located<String>]| -> Vec<String> {
        list.iter().map(|item| item.value.clone()).collect()
    };
    json!({
        "id": scenario.id,
        "file": scenario.file,
        "purpose": scenario.purpose.value,
        "covers": values(&scenario.covers),
        "given": values(&scenario.given),
        "needs": values(&scenario.needs),
        "row": scenario.row,
    })
}
