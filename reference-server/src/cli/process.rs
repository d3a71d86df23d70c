//! The flags that say what the process may do.

use clap::{Args, ValueEnum};

use super::StartError;
use super::again::Unchanged;
use crate::process::{ReadAgain, RunAs, confine};
use crate::session::Settings;
use crate::store::{Location, Store};

/// What the process may do.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Process")]
pub(super) struct Process {
    /// Go on as this user of the machine, once the ports and all files are open. The server must be started as root then
    #[arg(long, value_name = "NAME")]
    run_as: Option<String>,
    /// Whether the kernel keeps the process to the directories that it serves
    #[arg(long, value_name = "WHEN", default_value = "best-effort")]
    landlock: Landlock,
}

/// Whether the kernel keeps the process to its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Landlock {
    /// If it can
    BestEffort,
    /// Else the server does not start
    Required,
    /// It does not
    Off,
}

/// What is done to the process before anybody is served.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    run_as: Option<RunAs>,
    landlock: Landlock,
}

impl Process {
    /// What is wrong with them is said before anything is opened.
    pub(super) fn bounds(&self) -> Result<Bounds, StartError> {
        Ok(Bounds { run_as: self.run_as.as_deref().map(RunAs::find).transpose()?, landlock: self.landlock })
    }

    /// Puts back what cannot change: there is no way back to root, nor to other files.
    pub(super) fn keep(&mut self, running: &Self, unchanged: &mut Unchanged) {
        unchanged.keep("run-as", &mut self.run_as, &running.run_as);
        unchanged.keep("landlock", &mut self.landlock, &running.landlock);
    }
}

impl Bounds {
    pub(super) fn run_as(&self) -> Option<&RunAs> {
        self.run_as.as_ref()
    }

    /// Sets them, for good: for this thread and those that it starts from now on.
    pub(super) fn set(&self, root: &dyn Store, settings: &Settings, again: &ReadAgain) -> Result<(), StartError> {
        let served = served(root, settings);
        if let Some(run_as) = &self.run_as {
            run_as.take_over()?;
            self.enter_all(&served)?;
        }
        let directories: Vec<_> = served.iter().filter_map(|(_, store)| store.directory()).collect();
        match self.landlock {
            Landlock::Off => {}
            Landlock::Required => confine(&directories, again)?,
            Landlock::BestEffort => {
                if let Err(error) = confine(&directories, again) {
                    tracing::warn!(%error, "the process is not kept to its files");
                }
            }
        }
        Ok(())
    }

    /// Whether all that is served can be entered within them.
    pub(super) fn try_all(&self, root: &dyn Store, settings: &Settings) -> Result<(), StartError> {
        self.enter_all(&served(root, settings))
    }

    fn enter_all(&self, served: &[(String, &dyn Store)]) -> Result<(), StartError> {
        for (what, store) in served {
            let entered = store.enter(&Location::root());
            entered.map_err(|error| match &self.run_as {
                Some(run_as) => {
                    let (what, user) = (what.clone(), run_as.name().to_owned());
                    StartError::Unreachable { what, user, error }
                }
                None => StartError::NotEntered { what: what.clone(), error },
            })?;
        }
        Ok(())
    }
}

/// All that is served, as messages call it.
fn served<'a>(root: &'a dyn Store, settings: &'a Settings) -> Vec<(String, &'a dyn Store)> {
    let mut served = vec![("the files of --root".to_owned(), root)];
    for host in &settings.hosts {
        served.extend(
            host.volume.iter().map(|volume| (format!("the files of the host {}", host.name), volume.0.as_ref())),
        );
    }
    let mounts = settings.mounts.iter();
    served.extend(mounts.map(|mount| (format!("the files of the mount {}", mount.name), mount.volume.0.as_ref())));
    let homes = settings.homes.iter();
    let home = |name: &[u8]| format!("the files of the user {}", String::from_utf8_lossy(name));
    served.extend(homes.map(|(name, volume)| (home(name), volume.0.as_ref())));
    served
}
