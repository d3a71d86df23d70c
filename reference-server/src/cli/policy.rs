//! The flags that say what the server lets its users do.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::StartError;
use crate::session::{ForeignHosts, Settings, VirtualHost, Volume};
use crate::store::Disk;

/// What users may do.
#[derive(Debug, Args)]
pub(super) struct Policy {
    /// Let data connections lead to a third host, for transfers between two servers; a bounce attack needs no more
    #[arg(long)]
    foreign_port: bool,
    /// A virtual host that HOST can name, with a directory of its own or not; may be repeated
    #[arg(long = "host", value_name = "NAME[=DIR]", value_parser = name_and_directory)]
    hosts: Vec<(String, Option<PathBuf>)>,
}

impl Policy {
    /// Puts it into the settings.
    pub(super) fn apply(self, settings: &mut Settings) -> Result<(), StartError> {
        settings.foreign_hosts = if self.foreign_port { ForeignHosts::Allowed } else { ForeignHosts::Refused };
        for (name, directory) in self.hosts {
            let volume = directory.as_deref().map(open).transpose()?;
            settings.hosts.push(VirtualHost { name, volume });
        }
        Ok(())
    }
}

fn open(directory: &Path) -> Result<Volume, StartError> {
    let disk = Disk::open(directory)
        .map_err(|error: io::Error| StartError::Directory { directory: directory.into(), error })?;
    Ok(Volume(Arc::new(disk)))
}

fn name_and_directory(text: &str) -> Result<(String, Option<PathBuf>), String> {
    let (name, directory) = text.split_once('=').map_or((text, None), |(name, directory)| (name, Some(directory)));
    if name.is_empty() {
        return Err("write NAME or NAME=DIR, as in ftp.example.com=/srv/example".to_owned());
    }
    Ok((name.to_owned(), directory.map(PathBuf::from)))
}
