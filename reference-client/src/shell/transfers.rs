//! The commands of the shell that move files.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::pattern::fits;
use super::verbs::{name_here, path_of};
use super::{Questions, Shell, ShellError};
use crate::escape::escaped;
use crate::files::{self, Size, Storing};
use crate::listing::{Kind, local_name};
use crate::runtime::{Staged, modified};
use crate::session::command::CommandLine;
use crate::tasks::list::read;

impl Shell {
    pub(super) async fn get(&mut self, remote: &[u8], local: Option<&[u8]>) -> Result<(), ShellError> {
        let path = self.local_path(remote, local)?;
        let unwritable = |problem| ShellError::Write { path: path.clone(), problem };
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            // A device cannot be replaced.
            let file = OpenOptions::new().write(true).open(&path).map_err(unwritable)?;
            return self.fetch(remote, file, 0).await;
        }
        let (staged, file) = Staged::at(&path).map_err(unwritable)?;
        self.fetch(remote, file, 0).await?;
        staged.complete(None).map_err(unwritable)
    }

    pub(super) async fn resume(&mut self, remote: &[u8], local: Option<&[u8]>) -> Result<(), ShellError> {
        let path = self.local_path(remote, local)?;
        let opened = OpenOptions::new().append(true).open(&path);
        let there = opened.and_then(|file| Ok((file.metadata()?.len(), file)));
        match there {
            Ok((octets, file)) => self.fetch(remote, file, octets).await,
            Err(problem) => Err(ShellError::Read { path, problem }),
        }
    }

    pub(super) async fn newer(&mut self, remote: &[u8], local: Option<&[u8]>) -> Result<(), ShellError> {
        let path = self.local_path(remote, local)?;
        if let Ok(here) = path.metadata().and_then(|metadata| metadata.modified()) {
            let connection = self.connection.as_mut().ok_or(ShellError::NotConnected)?;
            let there = files::modified(connection, remote, &mut self.screen).await?;
            if there.is_some_and(|there| there <= modified(here)) {
                return Ok(self.screen.line("The local file is as new.")?);
            }
        }
        self.get(remote, local).await
    }

    async fn fetch(&mut self, remote: &[u8], file: File, there: u64) -> Result<(), ShellError> {
        let connection = self.connection.as_mut().ok_or(ShellError::NotConnected)?;
        connection.show_surplus(&mut self.screen).await?;
        files::fetch(connection, remote, Size::Asked, file, there, &mut self.screen).await?;
        Ok(())
    }

    pub(super) async fn put(
        &mut self,
        local: &[u8],
        remote: Option<&[u8]>,
        storing: Storing,
    ) -> Result<(), ShellError> {
        let path = self.directory.join(path_of(local)?);
        let last = local.rsplit(|&octet| octet == b'/').next().unwrap_or(local);
        // What is no file, and what cannot be said, is told before anything is said.
        let remote = remote.unwrap_or(last);
        CommandLine::new("STOR", remote)?;
        let file = File::open(&path).map_err(|problem| ShellError::Read { path: path.clone(), problem })?;
        let connection = self.connection.as_mut().ok_or(ShellError::NotConnected)?;
        connection.show_surplus(&mut self.screen).await?;
        let stored = files::store(connection, &path, file, remote, storing, &mut self.screen).await?;
        if storing == Storing::Unique {
            self.screen.line(&format!("The server calls it {}.", escaped(&stored.name)))?;
        }
        Ok(())
    }

    pub(super) async fn get_many(&mut self, patterns: &[Vec<u8>]) -> Result<(), ShellError> {
        for name in self.fitting_there(patterns).await? {
            if local_name(&name).is_none() {
                self.screen.line(&format!("\"{}\" is no name of a file here; it is left out.", escaped(&name)))?;
            } else if self.is_wanted("mget", &name).await? {
                let got = self.get(&name, None).await;
                self.record(got)?;
            }
        }
        Ok(())
    }

    pub(super) async fn delete_many(&mut self, patterns: &[Vec<u8>]) -> Result<(), ShellError> {
        for name in self.fitting_there(patterns).await? {
            if self.is_wanted("mdelete", &name).await? {
                let deleted = self.exchange(CommandLine::new("DELE", &name)).await;
                self.record(deleted)?;
            }
        }
        Ok(())
    }

    pub(super) async fn put_many(&mut self, patterns: &[Vec<u8>]) -> Result<(), ShellError> {
        let mut names = Vec::new();
        for pattern in patterns {
            let slash = pattern.iter().rposition(|&octet| octet == b'/').map_or(0, |at| at + 1);
            let (directory, pattern) = pattern.split_at(slash);
            let fitting = self.local_names(directory)?.into_iter().filter(|name| fits(pattern, name));
            names.extend(fitting.map(|name| [directory, &name].concat()));
        }
        if names.is_empty() {
            return Err(ShellError::NothingFits);
        }
        for name in names {
            let path = self.directory.join(OsStr::from_bytes(&name));
            if path.is_file() && self.is_wanted("mput", &name).await? {
                let put = self.put(&name, None, Storing::New).await;
                self.record(put)?;
            }
        }
        Ok(())
    }

    pub(super) fn local_list(&mut self, directory: Option<&[u8]>) -> Result<(), ShellError> {
        for name in self.local_names(directory.unwrap_or_default())? {
            self.screen.line(&escaped(&name))?;
        }
        Ok(())
    }

    /// Where a fetched file goes: where the user says, else under its own name.
    fn local_path(&self, remote: &[u8], local: Option<&[u8]>) -> Result<PathBuf, ShellError> {
        CommandLine::new("RETR", remote)?;
        let path = self.directory.join(local.map_or_else(|| name_here(remote), path_of)?);
        // Into a directory it goes under its own name.
        if path.is_dir() { Ok(path.join(name_here(remote)?)) } else { Ok(path) }
    }

    fn local_names(&self, directory: &[u8]) -> Result<Vec<Vec<u8>>, ShellError> {
        let path = self.directory.join(OsStr::from_bytes(directory));
        let path = if path.as_os_str().is_empty() { Path::new(".").to_owned() } else { path };
        let names = fs::read_dir(&path).and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().as_bytes().to_vec())).collect::<io::Result<Vec<_>>>()
        });
        let mut names = names.map_err(|problem| ShellError::Read { path, problem })?;
        names.sort();
        Ok(names)
    }

    /// The files in the directory on the server whose names fit.
    async fn fitting_there(&mut self, patterns: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, ShellError> {
        let connection = self.connection.as_mut().ok_or(ShellError::NotConnected)?;
        connection.show_surplus(&mut self.screen).await?;
        let listing = read(connection, None, &mut self.screen).await?;
        let files = listing.entries.into_iter().filter(|entry| entry.kind == Kind::File).map(|entry| entry.name);
        let fitting: Vec<_> = files.filter(|name| patterns.iter().any(|pattern| fits(pattern, name))).collect();
        if fitting.is_empty() { Err(ShellError::NothingFits) } else { Ok(fitting) }
    }

    async fn is_wanted(&mut self, verb: &str, name: &[u8]) -> Result<bool, ShellError> {
        if self.questions == Questions::Spared {
            return Ok(true);
        }
        self.screen.ask(&format!("{verb} {}? [y/n] ", escaped(name)))?;
        let answer = self.input.next_or_interrupted().await.map_err(ShellError::Password)?;
        Ok(answer.is_some_and(|answer| {
            answer.trim_ascii_start().first().is_some_and(|first| first.eq_ignore_ascii_case(&b'y'))
        }))
    }
}
