//! The flags that say what the server lets its users do.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::StartError;
use crate::session::{ForeignHosts, Links, Mount, Settings, VirtualHost, Volume};
use crate::store::{Disk, Fault, Faulty, Memory, Naming, Store};

/// What users may do.
#[derive(Debug, Args)]
pub(super) struct Policy {
    /// Let data connections lead to a third host, for transfers between two servers; a bounce attack needs no more
    #[arg(long)]
    foreign_port: bool,
    /// Let users make symbolic links (SITE SYMLINK). They lead out of the root when they are moved; this server does not follow
    /// them there, but another program that reads the same files may
    #[arg(long)]
    symlinks: bool,
    /// A virtual host that HOST can name, with a directory of its own or not; may be repeated
    #[arg(long = "host", value_name = "NAME[=DIR]", value_parser = name_and_directory)]
    hosts: Vec<(String, Option<PathBuf>)>,
    /// Another directory that SMNT can put in the place of the root; may be repeated
    #[arg(long = "mount", value_name = "NAME=DIR", value_parser = mount)]
    mounts: Vec<(String, PathBuf)>,
    /// How many octets the files below a root may have together
    #[arg(long, value_name = "OCTETS")]
    quota: Option<u64>,
    /// Let a file have its name only when it is whole; until then the one before stays. TRANSFERS.md says what that costs
    #[arg(long)]
    atomic: bool,
    /// A fault of the files, to see what a client makes of it: `full`, `denied`, or `slow=MILLISECONDS`
    #[arg(long, value_name = "FAULT", value_parser = fault)]
    fault: Option<Fault>,
}

impl Policy {
    /// Opens the root, with the quota and the fault that hold for every directory that is served.
    pub(super) fn open_root(&self, root: &Path) -> io::Result<Arc<dyn Store>> {
        let disk = Disk::open(root)?.with_quota(self.quota);
        Ok(self.with_fault(disk.with_naming(self.naming())))
    }

    /// The same, with files in memory in the place of a directory.
    pub(super) fn in_memory(&self, size: u64) -> io::Result<Arc<dyn Store>> {
        Ok(self.with_fault(Memory::new(size)?.with_quota(self.quota).with_naming(self.naming())))
    }

    fn naming(&self) -> Naming {
        if self.atomic { Naming::WhenWhole } else { Naming::AtOnce }
    }

    fn with_fault(&self, store: impl Store + 'static) -> Arc<dyn Store> {
        match self.fault {
            None => Arc::new(store),
            Some(fault) => Arc::new(Faulty::new(store, fault)),
        }
    }

    /// Puts it into the settings.
    pub(super) fn apply(self, settings: &mut Settings) -> Result<(), StartError> {
        settings.foreign_hosts = if self.foreign_port { ForeignHosts::Allowed } else { ForeignHosts::Refused };
        settings.links = if self.symlinks { Links::Allowed } else { Links::Refused };
        for (name, directory) in &self.hosts {
            let volume = directory.as_deref().map(|directory| self.open(directory)).transpose()?;
            settings.hosts.push(VirtualHost { name: name.clone(), volume });
        }
        for (name, directory) in &self.mounts {
            settings.mounts.push(Mount { name: name.clone(), volume: self.open(directory)? });
        }
        Ok(())
    }

    fn open(&self, directory: &Path) -> Result<Volume, StartError> {
        let failed = |error| StartError::Directory { directory: directory.into(), error };
        Ok(Volume(self.open_root(directory).map_err(failed)?))
    }
}

fn fault(text: &str) -> Result<Fault, String> {
    let slow = |milliseconds: &str| milliseconds.parse().map(|number| Fault::Slow(Duration::from_millis(number))).ok();
    match text {
        "full" => Some(Fault::Full),
        "denied" => Some(Fault::Denied),
        _ => text.strip_prefix("slow=").and_then(slow),
    }
    .ok_or_else(|| "write full, denied, or slow=MILLISECONDS, as in slow=500".to_owned())
}

fn mount(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, directory)) if !name.is_empty() && name != "/" => Ok((name.to_owned(), directory.into())),
        Some(_) | None => Err("write NAME=DIR, as in archive=/srv/archive".to_owned()),
    }
}

fn name_and_directory(text: &str) -> Result<(String, Option<PathBuf>), String> {
    let (name, directory) = text.split_once('=').map_or((text, None), |(name, directory)| (name, Some(directory)));
    if name.is_empty() {
        return Err("write NAME or NAME=DIR, as in ftp.example.com=/srv/example".to_owned());
    }
    Ok((name.to_owned(), directory.map(PathBuf::from)))
}
