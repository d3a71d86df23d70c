//! The flags that say what the operator is told.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::again::Unchanged;
use super::{StartError, say};
use crate::process::RunAs;
use crate::records::{Destination, Logs as Lines, Style};

/// What the operator is told.
#[derive(Debug, Clone, Args)]
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
    /// Answer GET /metrics at this address, in the form of Prometheus. Whoever reaches it may read them: take 127.0.0.1
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
}

impl Logs {
    /// Where metrics are shown.
    pub(super) fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Opens the files. What is wrong with them is said before anybody is served.
    /// Those that are made are given to the user that the server goes on as, who has to open them again.
    pub(super) fn open(&self, run_as: Option<&RunAs>) -> Result<Lines, StartError> {
        let open = |file: &Path| open(file, run_as);
        let transfers = self.xferlog.as_deref().map(open).transpose()?;
        let events = match self.log.as_deref() {
            Some(file) if file.as_os_str() == "-" => Some(Destination::standard_output()?),
            file => file.map(open).transpose()?,
        };
        Ok(Lines { transfers, events: events.map(|log| (log, self.log_format)) })
    }

    /// The files.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let log = self.log.as_deref().filter(|file| file.as_os_str() != "-");
        log.into_iter().chain(self.xferlog.as_deref())
    }

    /// Puts back what cannot change.
    pub(super) fn keep(&mut self, running: &Self, unchanged: &mut Unchanged) {
        unchanged.keep("metrics", &mut self.metrics, &running.metrics);
    }

    /// Whether the files can be opened; none is made, which would be root's where root only asks.
    pub(super) fn check(&self) -> Result<(), StartError> {
        let log = self.log.as_ref().filter(|file| file.as_os_str() != "-");
        self.xferlog.iter().chain(log).try_for_each(|file| {
            may_append(file).map_err(|error| StartError::Log { file: file.clone(), error: error.into() })
        })
    }
}

fn may_append(file: &Path) -> rustix::io::Result<()> {
    let directory =
        file.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    match access(file, Access::WRITE_OK) {
        Ok(()) if file.is_dir() => Err(Errno::ISDIR),
        Err(Errno::NOENT) => access(directory, Access::WRITE_OK | Access::EXEC_OK),
        result => result,
    }
}

fn open(file: &Path, run_as: Option<&RunAs>) -> Result<Destination, StartError> {
    let give = |made: &File| {
        if let Some(run_as) = run_as
            && let Err(error) = run_as.give(made)
        {
            let (file, user) = (file.display(), run_as.name());
            say(&format!(
                "warning: the log {file} cannot be given to the user {user}: {error}. Do so, or SIGHUP cannot open it again."
            ));
        }
    };
    Destination::append_to(file, give).map_err(|error| StartError::Log { file: file.into(), error })
}
