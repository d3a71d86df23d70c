//! The flags that say what the operator is told.

use std::path::PathBuf;

use clap::Args;

use super::StartError;
use crate::records::{Destination, Records};

/// What the operator is told.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(super) struct Logs {
    /// Append a line to this file for each transfer that has ended, in the form of xferlog
    #[arg(long, value_name = "FILE")]
    xferlog: Option<PathBuf>,
}

impl Logs {
    /// Opens the files. What is wrong with them is said before anybody is served.
    pub(super) fn open(self) -> Result<Records, StartError> {
        let transfers = self.xferlog.map(open).transpose()?;
        Ok(Records::start(transfers)?)
    }
}

fn open(file: PathBuf) -> Result<Destination, StartError> {
    Destination::append_to(&file).map_err(|error| StartError::Log { file, error })
}
