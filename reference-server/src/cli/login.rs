//! The flags that say who may log in.

use std::collections::HashMap;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::policy::Policy;
use super::{StartError, say};
use crate::accounts::{Access, Accounts, Secret, User};
use crate::document::exposed;
use crate::runtime::Penalties;
use crate::session::{Changes, Settings, Volume};
use crate::users::{self, Listed};

/// Who may log in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Users")]
pub(super) struct Login {
    /// A user who may read and write; may be repeated
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = name_and_password)]
    user: Vec<(String, String)>,
    /// A file of users with hashed passwords, as `passwd` writes it. A user of --user goes before one of the same name there
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// What guests (USER anonymous) may do
    #[arg(long, value_name = "ACCESS", default_value = "read-only")]
    anonymous: Anonymous,
    /// Let nobody change the files, whoever may do so otherwise
    #[arg(long, conflicts_with = "atomic")]
    read_only: bool,
    /// The account that a user must give to log in; may be repeated
    #[arg(long, value_name = "NAME:ACCOUNT", value_parser = name_and_password)]
    account: Vec<(String, String)>,
    /// The account that a user must give before storing files; may be repeated
    #[arg(long, value_name = "NAME:ACCOUNT", value_parser = name_and_password)]
    store_account: Vec<(String, String)>,
    /// After so many wrong passwords an address is told 421 and shut out, for ten minutes from the last one; 0 for no limit
    #[arg(long = "login-attempts", value_name = "N", default_value_t = 10)]
    attempts: u32,
    /// How long the reply to the second wrong password of an address takes; it doubles with each one more, up to eight times. 0
    /// for no delay
    #[arg(long = "login-delay", value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=3600))]
    delay: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Anonymous {
    ReadWrite,
    ReadOnly,
    Off,
}

impl Login {
    /// The file of users.
    pub(super) fn users(&self) -> Option<&Path> {
        self.users.as_deref()
    }

    pub(super) fn penalties(&self) -> Penalties {
        Penalties { limit: NonZero::new(self.attempts), delay: Duration::from_secs(self.delay) }
    }

    /// Puts it into the settings. `root` is that of the server, if it is on a disk.
    pub(super) fn apply(self, settings: &mut Settings, root: Option<&Path>, policy: &Policy) -> Result<(), StartError> {
        settings.accounts.anonymous = match self.anonymous {
            Anonymous::ReadWrite => Some(Access::ReadWrite),
            Anonymous::ReadOnly => Some(Access::ReadOnly),
            Anonymous::Off => None,
        };
        settings.changes = if self.read_only { Changes::Refused } else { Changes::Allowed };
        let listed = self.users.as_deref().map(users::read).transpose()?.unwrap_or_default();
        if let Some(warning) = self.users.as_deref().and_then(exposed) {
            say(&warning);
        }
        let names = self.user.iter().map(|(name, _)| name);
        if let Some(name) = names
            .chain(listed.iter().map(|listed| &listed.name))
            .find(|name| settings.accounts.is_guest(name.as_bytes()))
        {
            return Err(StartError::Guest { name: name.clone() });
        }
        for listed in listed {
            if !self.user.iter().any(|(name, _)| *name == listed.name) {
                admit(listed, settings, root, policy)?;
            }
        }
        for (name, password) in self.user {
            let secret = Secret::Plain(password.into_bytes());
            settings.accounts.admit(name.into_bytes(), User { secret, access: Access::ReadWrite });
        }
        let Accounts { of_login, of_storing, .. } = &mut settings.accounts;
        of_login.extend(octets(self.account));
        of_storing.extend(octets(self.store_account));
        Ok(())
    }
}

fn admit(listed: Listed, settings: &mut Settings, root: Option<&Path>, policy: &Policy) -> Result<(), StartError> {
    let Listed { name, user, root: home, account, store_account } = listed;
    if let Some(home) = home {
        let opened = directory(&home, root).and_then(|directory| policy.open_root(&directory));
        let failed = |error| StartError::Home { name: name.clone(), directory: home, error };
        settings.homes.insert(name.clone().into_bytes(), Volume(opened.map_err(failed)?));
    }
    let insert = |accounts: &mut HashMap<Vec<u8>, Vec<u8>>, account: Option<String>| {
        accounts.extend(account.map(|account| (name.clone().into_bytes(), account.into_bytes())));
    };
    insert(&mut settings.accounts.of_login, account);
    insert(&mut settings.accounts.of_storing, store_account);
    settings.accounts.admit(name.into_bytes(), user);
    Ok(())
}

/// A relative directory is below the root of the server, and no link of some user's leads it elsewhere.
fn directory(home: &Path, root: Option<&Path>) -> io::Result<PathBuf> {
    if home.is_absolute() {
        return Ok(home.to_owned());
    }
    let root =
        root.ok_or_else(|| io::Error::other("files in memory have no directory for one user"))?.canonicalize()?;
    let directory = root.join(home).canonicalize()?;
    if !directory.starts_with(&root) {
        return Err(io::Error::other("it is a link that leads out of the root of the server"));
    }
    Ok(directory)
}

fn octets(pairs: Vec<(String, String)>) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    pairs.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes()))
}

fn name_and_password(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.to_owned(), password.to_owned())),
        Some(_) | None => Err("write NAME:PASSWORD, as in alice:secret".to_owned()),
    }
}
