//! What each command of the shell does.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::PoisonError;

use super::screen::listing;
use super::table::{ROWS, Row, Verb};
use super::words::{after_first_word, words};
use super::{Next, Shell, ShellError, password};
use crate::caller::log_in;
use crate::escape::{escaped, escaped_path};
use crate::files::Storing;
use crate::runtime::Local;
use crate::session::Failure;
use crate::session::command::{CommandLine, Secret};
use crate::session::operations::exchange::Exchange;
use crate::session::operations::rename::Rename;
use crate::session::operations::transfer::Transfer;
use crate::target::{Target, TargetError, User};

/// The words behind the name of a command.
pub(super) struct Operands<'a> {
    /// At least as many as the row of the command says.
    pub(super) words: &'a [Vec<u8>],
    pub(super) usage: &'static str,
}

impl<'a> Operands<'a> {
    pub(super) fn first(&self) -> Result<&'a [u8], ShellError> {
        self.optional(0).ok_or(ShellError::Usage(self.usage))
    }

    fn second(&self) -> Result<&'a [u8], ShellError> {
        self.optional(1).ok_or(ShellError::Usage(self.usage))
    }

    fn optional(&self, place: usize) -> Option<&'a [u8]> {
        self.words.get(place).map(Vec::as_slice)
    }
}

impl Shell {
    /// Runs one line. An empty one, and one that begins with `#`, says nothing.
    pub(super) async fn execute(&mut self, line: &[u8]) -> Result<Next, ShellError> {
        if matches!(line.trim_ascii_start(), [] | [b'#', ..]) {
            return Ok(Next::Line);
        }
        let words = match words(line) {
            // What is quoted stands as it is typed; a single " in it is fine.
            Err(_) if line.trim_ascii_start().starts_with(b"quote ") => vec![b"quote".to_vec()],
            words => words?,
        };
        let Some((name, words)) = words.split_first() else { return Ok(Next::Line) };
        let row = Row::named(name).ok_or_else(|| ShellError::Unknown(escaped(name)))?;
        if !row.arguments.contains(&words.len()) {
            return Err(ShellError::Usage(row.usage));
        }
        let operands = Operands { words, usage: row.usage };
        if row.verb == Verb::Quit {
            if self.connection.is_some() {
                // Whatever the server makes of QUIT, it is the last line.
                let quit = self.quit().await;
                self.record(quit)?;
            }
            return Ok(Next::End);
        }
        if row.verb == Verb::Quote {
            self.quote(after_first_word(line)).await?;
        } else {
            self.verb(row.verb, &operands).await?;
        }
        Ok(Next::Line)
    }

    async fn verb(&mut self, verb: Verb, operands: &Operands<'_>) -> Result<(), ShellError> {
        match verb {
            Verb::Open => self.open_typed(operands.first()?).await,
            Verb::Login => self.login_typed(operands).await,
            Verb::List => self.show(Transfer::list(operands.optional(0))).await,
            Verb::NameList => self.show(Transfer::name_list(operands.optional(0))).await,
            Verb::ChangeDirectory => self.exchange(CommandLine::new("CWD", operands.first()?)).await,
            Verb::ChangeToParent => self.exchange(Ok(CommandLine::bare("CDUP"))).await,
            Verb::PrintDirectory => self.exchange(Ok(CommandLine::bare("PWD"))).await,
            Verb::ChangeLocalDirectory => self.change_local_directory(operands.optional(0)),
            Verb::MakeDirectory => self.exchange(CommandLine::new("MKD", operands.first()?)).await,
            Verb::RemoveDirectory => self.exchange(CommandLine::new("RMD", operands.first()?)).await,
            Verb::Get => self.get(operands.first()?, operands.optional(1)).await,
            Verb::Resume => self.resume(operands.first()?, operands.optional(1)).await,
            Verb::Newer => self.newer(operands.first()?, operands.optional(1)).await,
            Verb::Put => self.put(operands.first()?, operands.optional(1), Storing::New).await,
            Verb::Append => self.put(operands.first()?, operands.optional(1), Storing::Append).await,
            Verb::ResumePut => self.put(operands.first()?, operands.optional(1), Storing::Rest).await,
            Verb::PutUnique => self.put(operands.first()?, None, Storing::Unique).await,
            Verb::GetMany => self.get_many(operands.words).await,
            Verb::PutMany => self.put_many(operands.words).await,
            Verb::DeleteMany => self.delete_many(operands.words).await,
            Verb::Delete => self.exchange(CommandLine::new("DELE", operands.first()?)).await,
            Verb::Rename => self.perform(Rename::new(operands.first()?, operands.second()?)?, Local::Nothing).await,
            Verb::Setting(setting) => self.set(setting, operands).await,
            Verb::Site => self.exchange(CommandLine::new("SITE", &operands.words.join(&b' '))).await,
            Verb::ChangeMode => {
                let argument = [b"CHMOD ", operands.first()?, b" ", operands.second()?].concat();
                self.exchange(CommandLine::new("SITE", &argument)).await
            }
            Verb::Mask => self.exchange(CommandLine::new("SITE", &[b"UMASK ", operands.first()?].concat())).await,
            Verb::System => self.exchange(Ok(CommandLine::bare("SYST"))).await,
            Verb::Features => self.exchange(Ok(CommandLine::bare("FEAT"))).await,
            Verb::RemoteHelp => self.exchange(CommandLine::with_optional("HELP", operands.optional(0))).await,
            Verb::RemoteStatus => self.exchange(CommandLine::with_optional("STAT", operands.optional(0))).await,
            Verb::Account => self.exchange(CommandLine::secret("ACCT", &Secret::new(operands.first()?))).await,
            Verb::LocalList => self.local_list(operands.optional(0)),
            Verb::Size => self.exchange(CommandLine::new("SIZE", operands.first()?)).await,
            Verb::Time => self.exchange(CommandLine::new("MDTM", operands.first()?)).await,
            Verb::Help => self.help(operands.optional(0)),
            Verb::Close => self.quit().await,
            // Both need more than words, and are dealt with before.
            Verb::Quote | Verb::Quit => Ok(()),
        }
    }

    pub(super) async fn connect(&mut self, target: &Target) -> Result<(), ShellError> {
        if self.connection.is_some() {
            return Err(ShellError::Connected);
        }
        self.connection = Some(self.caller.open(target, &mut self.screen).await?);
        Ok(())
    }

    pub(super) async fn login(&mut self, user: &User) -> Result<(), ShellError> {
        let connection = self.connection.as_mut().ok_or(ShellError::NotConnected)?;
        connection.show_surplus(&mut self.screen).await?;
        Ok(log_in(connection, user, &mut self.screen).await?)
    }

    async fn open_typed(&mut self, operand: &[u8]) -> Result<(), ShellError> {
        let text = std::str::from_utf8(operand).map_err(|_| TargetError::Host)?;
        let target = text.parse::<Target>()?;
        if text.contains("://") {
            return self.open(&target).await;
        }
        self.connect(&target).await
    }

    async fn login_typed(&mut self, operands: &Operands<'_>) -> Result<(), ShellError> {
        if self.connection.is_none() {
            return Err(ShellError::NotConnected);
        }
        let Some(name) = operands.optional(0) else { return self.login(&User::anonymous()).await };
        let password = match operands.optional(1) {
            Some(password) => Some(Secret::new(password)),
            None => password::ask(&mut self.input, &self.screen).await.map_err(ShellError::Password)?,
        };
        let account = operands.optional(2).map(Secret::new);
        self.login(&User { name: name.to_vec(), password, account }).await
    }

    async fn show(&mut self, transfer: Result<Transfer, Failure>) -> Result<(), ShellError> {
        self.perform(transfer?, Local::Show(listing())).await
    }

    async fn quote(&mut self, line: &[u8]) -> Result<(), ShellError> {
        self.perform(Exchange::quoted(CommandLine::typed(line)?), Local::Nothing).await
    }

    fn change_local_directory(&mut self, operand: Option<&[u8]>) -> Result<(), ShellError> {
        if let Some(operand) = operand {
            let directory = self.directory.join(path_of(operand)?);
            if !directory.is_dir() {
                return Err(ShellError::NoDirectory(directory));
            }
            self.directory.clone_from(&directory);
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = directory;
        }
        let shown =
            std::path::absolute(if self.directory.as_os_str().is_empty() { Path::new(".") } else { &self.directory })?;
        Ok(self.screen.line(&format!("Local files are in {}.", escaped_path(&shown)))?)
    }

    fn help(&mut self, name: Option<&[u8]>) -> Result<(), ShellError> {
        let rows = match name {
            None => ROWS,
            Some(name) => std::slice::from_ref(Row::named(name).ok_or_else(|| ShellError::Unknown(escaped(name)))?),
        };
        for row in rows {
            self.screen.line(&format!("{:34} {}", row.usage, row.help))?;
        }
        Ok(())
    }
}

/// A local path as the user typed it.
pub(super) fn path_of(octets: &[u8]) -> Result<PathBuf, ShellError> {
    if octets.is_empty() || octets.contains(&0) {
        return Err(ShellError::LocalName(escaped(octets)));
    }
    Ok(path_from_octets(octets))
}

/// The last part of a remote pathname, as a name in the local directory and nowhere else.
pub(super) fn name_here(remote: &[u8]) -> Result<PathBuf, ShellError> {
    let last = path_from_octets(remote.rsplit(|&octet| octet == b'/').next().unwrap_or(remote));
    let mut components = last.components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(name)), None) if name == last && !remote.contains(&0) => Ok(last),
        _ => Err(ShellError::LocalName(escaped(remote))),
    }
}

fn path_from_octets(octets: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"f", Some("f"))]
    #[case(b"/etc/f", Some("f"))]
    #[case(b"../../f", Some("f"))]
    #[case(b"a b", Some("a b"))]
    #[case(b"..", None)]
    #[case(b"a/..", None)]
    #[case(b"a/.", None)]
    #[case(b"a/", None)]
    #[case(b"", None)]
    #[case(b"a\0b", None)]
    fn a_fetched_file_stays_here(#[case] remote: &[u8], #[case] local: Option<&str>) {
        assert_eq!(name_here(remote).ok(), local.map(PathBuf::from));
    }
}
