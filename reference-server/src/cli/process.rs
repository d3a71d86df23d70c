//! The flags that say what the process may do.

use clap::Args;

use super::StartError;
use super::again::Unchanged;
use crate::process::RunAs;
use crate::session::Settings;
use crate::store::{Location, Store};

/// What the process may do.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Process")]
pub(super) struct Process {
    /// Go on as this user of the machine, once the ports and all files are open. The server must be started as root then
    #[arg(long, value_name = "NAME")]
    run_as: Option<String>,
}

/// What is done to the process before anybody is served.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    run_as: Option<RunAs>,
}

impl Process {
    /// What is wrong with them is said before anything is opened.
    pub(super) fn bounds(&self) -> Result<Bounds, StartError> {
        Ok(Bounds { run_as: self.run_as.as_deref().map(RunAs::find).transpose()? })
    }

    /// Puts back what cannot change: there is no way back to root.
    pub(super) fn keep(&mut self, running: &Self, unchanged: &mut Unchanged) {
        unchanged.keep("run-as", &mut self.run_as, &running.run_as);
    }
}

impl Bounds {
    /// Sets them, for good.
    pub(super) fn set(&self, root: &dyn Store, settings: &Settings) -> Result<(), StartError> {
        if let Some(run_as) = &self.run_as {
            run_as.take_over()?;
        }
        self.try_all(root, settings)
    }

    /// Whether all that is served can be entered within them.
    pub(super) fn try_all(&self, root: &dyn Store, settings: &Settings) -> Result<(), StartError> {
        let Some(run_as) = &self.run_as else { return Ok(()) };
        for (what, store) in served(root, settings) {
            let user = run_as.name().to_owned();
            store.enter(&Location::root()).map_err(|error| StartError::Unreachable { what, user, error })?;
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
