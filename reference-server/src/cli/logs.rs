//! The flags that say what the operator is told.

use std::path::PathBuf;

use clap::Args;

use super::StartError;
use crate::records::{Destination, Logs as Lines, Style};

/// What the operator is told.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(super) struct Logs {
    /// Append a line to this file for each transfer that has ended, in the form of xferlog
    #[arg(long, value_name = "FILE")]
    xferlog: Option<PathBuf>,
    /// Append a line to this file for all that happens; - is standard output
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// How the lines of --log look
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "log")]
    log_format: Style,
}

impl Logs {
    /// Opens the files. What is wrong with them is said before anybody is served.
    pub(super) fn open(self) -> Result<Lines, StartError> {
        let transfers = self.xferlog.map(open).transpose()?;
        let events = match self.log {
            Some(file) if file.as_os_str() == "-" => Some(Destination::standard_output()?),
            file => file.map(open).transpose()?,
        };
        let events = events.map(|log| (log, self.log_format));
        Ok(Lines { transfers, events })
    }
}

fn open(file: PathBuf) -> Result<Destination, StartError> {
    Destination::append_to(&file).map_err(|error| StartError::Log { file, error })
}
