//! The user that the server goes on as when it has opened what only root may open.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::unix::fs::fchown;

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, getresgid, getresuid, initgroups, setresgid, setresuid, setuid};
use thiserror::Error;

/// A user of this machine.
#[derive(Debug, Clone)]
pub(crate) struct RunAs {
    name: String,
    user: Uid,
    group: Gid,
}

/// The server cannot go on as this user, and must not go on as the one before.
#[derive(Debug, Error)]
pub(crate) enum RunAsError {
    #[error("there is no user {0} on this machine. Give another with --run-as.")]
    Unknown(String),
    #[error("{0} is the user root, or has its number. Give another with --run-as: it is there to leave root.")]
    Root(String),
    #[error(
        "the users of this machine cannot be looked up: {0}. Start the server as the user that it is to run as, without --run-as."
    )]
    Lookup(Errno),
    #[error("cannot become the user {name}: {error}. Start the server as root, or without --run-as.")]
    Refused { name: String, error: Errno },
    #[error(
        "cannot become the user {0}: something of the user before is left. Start the server as that user, without --run-as."
    )]
    Left(String),
}

impl RunAs {
    /// Looks the user up.
    ///
    /// # Errors
    /// There is none of this name, or it is root.
    pub(crate) fn find(name: &str) -> Result<Self, RunAsError> {
        let Some(found) = User::from_name(name).map_err(RunAsError::Lookup)? else {
            return Err(RunAsError::Unknown(name.to_owned()));
        };
        if found.uid.is_root() {
            return Err(RunAsError::Root(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), user: found.uid, group: found.gid })
    }

    /// As messages call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Gives a file to this user and its group.
    ///
    /// # Errors
    /// This may only root, and not on every file system.
    pub(crate) fn give(&self, file: &File) -> io::Result<()> {
        fchown(file, Some(self.user.as_raw()), Some(self.group.as_raw()))
    }

    /// Goes on as this user, in its groups and no others, in all threads. There is no way back: that is tried. Where it is this
    /// user already, nothing is changed.
    ///
    /// # Errors
    /// The system does not let us, or not wholly.
    pub(crate) fn take_over(&self) -> Result<(), RunAsError> {
        let refused = |error| RunAsError::Refused { name: self.name.clone(), error };
        if !self.is_taken_over().map_err(refused)? {
            self.change().map_err(refused)?;
        }
        let is_final = self.is_taken_over().map_err(refused)? && setuid(Uid::from_raw(0)).is_err();
        if is_final { Ok(()) } else { Err(RunAsError::Left(self.name.clone())) }
    }

    /// The groups first: who is not root may not change them.
    fn change(&self) -> Result<(), Errno> {
        let name = CString::new(self.name.as_bytes()).map_err(|_| Errno::EINVAL)?;
        initgroups(&name, self.group)?;
        setresgid(self.group, self.group, self.group)?;
        setresuid(self.user, self.user, self.user)
    }

    fn is_taken_over(&self) -> Result<bool, Errno> {
        let (user, group) = (getresuid()?, getresgid()?);
        let users = [user.real, user.effective, user.saved];
        let groups = [group.real, group.effective, group.saved];
        Ok(users.iter().all(|user| *user == self.user) && groups.iter().all(|group| *group == self.group))
    }
}
