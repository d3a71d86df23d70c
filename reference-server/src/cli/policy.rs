//! The flags that say what the server lets its users do.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use clap::Args;

use super::StartError;
use super::again::Unchanged;
use crate::session::{ForeignHosts, Links, Mount, Settings, VirtualHost, Volume};
use crate::store::{Disk, Fault, Faulty, Memory, Naming, Store};

/// What users may do.
#[derive(Debug, Clone, Args)]
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
    #[arg(skip)]
    opened: Opened,
}

/// The directories that are open. One that is served twice, or still when the options are read again, is one: else its quota would hold
/// for each.
#[derive(Debug, Clone, Default)]
struct Opened(Arc<Mutex<BTreeMap<Identity, Directory>>>);

type Directory = (Rules, Weak<dyn Store>);

/// The device and the inode.
type Identity = (u64, u64);
/// What holds for a directory that is open.
type Rules = (Option<u64>, bool, Option<Fault>);

impl Policy {
    /// Opens the root, with the quota and the fault that hold for every directory that is served.
    pub(super) fn open_root(&self, root: &Path) -> io::Result<Arc<dyn Store>> {
        let metadata = root.metadata()?;
        let (identity, rules) = ((metadata.dev(), metadata.ino()), (self.quota, self.atomic, self.fault));
        let mut opened = self.opened.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = opened.get(&identity).filter(|(of_it, _)| *of_it == rules).and_then(|(_, store)| store.upgrade());
        if let Some(store) = same {
            return Ok(store);
        }
        let disk = Disk::open(root)?.with_quota(self.quota);
        let store = self.with_fault(disk.with_naming(self.naming()));
        opened.retain(|_, (_, store)| store.strong_count() > 0);
        opened.insert(identity, (rules, Arc::downgrade(&store)));
        Ok(store)
    }

    /// Knows the directories that are open already.
    pub(super) fn go_on_from(&mut self, running: &Self) {
        self.opened = running.opened.clone();
    }

    /// Puts back what cannot change where files are in memory.
    pub(super) fn keep(&mut self, running: &Self, unchanged: &mut Unchanged) {
        unchanged.keep("quota", &mut self.quota, &running.quota);
        unchanged.keep("atomic", &mut self.atomic, &running.atomic);
        unchanged.keep("fault", &mut self.fault, &running.fault);
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
    /// A day.
    const SLOWEST: u64 = 24 * 60 * 60 * 1000;
    let slow = |milliseconds: &str| {
        let number = milliseconds.parse().ok().filter(|number| *number <= SLOWEST);
        number.map(|number| Fault::Slow(Duration::from_millis(number)))
    };
    match text {
        "full" => Some(Fault::Full),
        "denied" => Some(Fault::Denied),
        _ => text.strip_prefix("slow=").and_then(slow),
    }
    .ok_or_else(|| format!("write full, denied, or slow=MILLISECONDS, as in slow=500; at most {SLOWEST}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        policy: Policy,
    }

    fn policy(line: &[&str]) -> Policy {
        Line::parse_from([&["server"], line].concat()).policy
    }

    #[test]
    fn a_directory_is_opened_once_where_the_same_holds_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("a"), directory.path().join("link"));
        std::fs::create_dir(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let first = policy(&["--quota", "5"]);
        let store = first.open_root(&path).unwrap();
        let is_same = |policy: &Policy, path| Arc::ptr_eq(&store, &policy.open_root(path).unwrap());
        assert!(is_same(&first, &path) && is_same(&first, &link) && !is_same(&first, directory.path()));
        for (line, expected) in [(["--quota", "5"], true), (["--quota", "6"], false)] {
            let mut again = policy(&line);
            again.go_on_from(&first);
            assert_eq!(is_same(&again, &path), expected, "{line:?}");
        }
    }
}
