//! What each command of the shell does.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use protocol::transfer::Parameters;
use protocol::{Form, Mode, Structure, Type};

use super::screen::listing;
use super::table::{ROWS, Row, Verb};
use super::words::{after_first_word, words};
use super::{Next, Shell, ShellError, password};
use crate::caller::log_in;
use crate::escape::{escaped, escaped_path};
use crate::runtime::Local;
use crate::session::command::{CommandLine, Secret};
use crate::session::operations::agree::Agree;
use crate::session::operations::exchange::Exchange;
use crate::session::operations::rename::Rename;
use crate::session::operations::transfer::Transfer;
use crate::session::{Extended, Failure, Manner, Side};
use crate::target::{Target, TargetError, User};

/// The words behind the name of a command.
struct Operands<'a> {
    /// At least as many as the row of the command says.
    words: &'a [Vec<u8>],
    usage: &'static str,
}

impl<'a> Operands<'a> {
    fn first(&self) -> Result<&'a [u8], ShellError> {
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
            Verb::Put => self.put(operands.first()?, operands.optional(1), Transfer::store).await,
            Verb::Append => self.put(operands.first()?, operands.optional(1), Transfer::append).await,
            Verb::Delete => self.exchange(CommandLine::new("DELE", operands.first()?)).await,
            Verb::Rename => self.perform(Rename::new(operands.first()?, operands.second()?)?, Local::Nothing).await,
            Verb::Active => self.choose_side(Side::Active),
            Verb::Passive => self.choose_side(Side::Passive),
            Verb::Epsv => self.choose_extended(operands),
            Verb::Ascii => self.choose_type(Type::Ascii(Form::NonPrint)).await,
            Verb::Binary => self.choose_type(Type::Image).await,
            Verb::Type => {
                let words = operands.words.join(&b' ');
                let wanted = Type::parse(&words).map_err(|problem| Failure::Parameter { verb: "TYPE", problem })?;
                self.choose_type(wanted).await
            }
            Verb::Structure => {
                let wanted = Structure::parse(operands.first()?);
                let wanted = wanted.map_err(|problem| Failure::Parameter { verb: "STRU", problem })?;
                self.agree(|manner| Agree::on_structure(wanted, manner)).await
            }
            Verb::Mode => {
                let wanted = Mode::parse(operands.first()?);
                let wanted = wanted.map_err(|problem| Failure::Parameter { verb: "MODE", problem })?;
                self.agree(|manner| Agree::on_mode(wanted, manner)).await
            }
            Verb::Size => self.exchange(CommandLine::new("SIZE", operands.first()?)).await,
            Verb::Time => self.exchange(CommandLine::new("MDTM", operands.first()?)).await,
            Verb::Status => self.status(),
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

    async fn get(&mut self, remote: &[u8], local: Option<&[u8]>) -> Result<(), ShellError> {
        let path = self.local_path(remote, local)?;
        self.perform(Transfer::retrieve(remote)?, Local::Into(path)).await
    }

    async fn resume(&mut self, remote: &[u8], local: Option<&[u8]>) -> Result<(), ShellError> {
        let path = self.local_path(remote, local)?;
        match path.metadata() {
            Ok(there) => self.perform(Transfer::resume(remote, there.len())?, Local::To(open_end(&path)?)).await,
            Err(problem) => Err(ShellError::Read { path, problem }),
        }
    }

    /// Where a fetched file goes: where the user says, else under its own name.
    fn local_path(&self, remote: &[u8], local: Option<&[u8]>) -> Result<PathBuf, ShellError> {
        let name = local.map_or_else(|| name_here(remote), path_of)?;
        Ok(self.directory.join(name))
    }

    async fn put(
        &mut self,
        local: &[u8],
        remote: Option<&[u8]>,
        transfer: fn(&[u8]) -> Result<Transfer, Failure>,
    ) -> Result<(), ShellError> {
        let path = self.directory.join(path_of(local)?);
        let last = local.rsplit(|&octet| octet == b'/').next().unwrap_or(local);
        let transfer = transfer(remote.unwrap_or(last))?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(problem) => return Err(ShellError::Read { path, problem }),
        };
        self.perform(transfer, Local::From(file)).await
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
            self.directory = directory;
        }
        let shown =
            std::path::absolute(if self.directory.as_os_str().is_empty() { Path::new(".") } else { &self.directory })?;
        Ok(self.screen.line(&format!("Local files are in {}.", escaped_path(&shown)))?)
    }

    async fn choose_type(&mut self, representation: Type) -> Result<(), ShellError> {
        self.agree(|manner| Agree::on_type(representation, manner)).await
    }

    async fn agree(&mut self, agree: impl FnOnce(&Manner) -> Agree) -> Result<(), ShellError> {
        let connection = self.connection.as_ref().ok_or(ShellError::NotConnected)?;
        let agree = agree(&connection.session.manner);
        self.perform(agree, Local::Nothing).await
    }

    fn choose_side(&mut self, side: Side) -> Result<(), ShellError> {
        self.connection.as_mut().ok_or(ShellError::NotConnected)?.session.manner.side = side;
        Ok(self.screen.line(match side {
            Side::Active => "This client listens for data connections.",
            Side::Passive => "The server listens for data connections.",
        })?)
    }

    fn choose_extended(&mut self, operands: &Operands<'_>) -> Result<(), ShellError> {
        let extended = match operands.first()? {
            b"on" => Extended::Tried,
            b"off" => Extended::Off,
            _ => return Err(ShellError::Usage(operands.usage)),
        };
        self.connection.as_mut().ok_or(ShellError::NotConnected)?.session.manner.extended = extended;
        Ok(())
    }

    fn status(&mut self) -> Result<(), ShellError> {
        let Some(connection) = &self.connection else { return Ok(self.screen.line("Not connected.")?) };
        let manner = &connection.session.manner;
        let way = match (manner.side, manner.extended) {
            (Side::Active, Extended::Tried) => "this client listens (EPRT, then PORT)",
            (Side::Active, Extended::Off) => "this client listens (PORT)",
            (Side::Passive, Extended::Tried) => "the server listens (EPSV, then PASV)",
            (Side::Passive, Extended::Off) => "the server listens (PASV)",
        };
        let text = format!("Connected to {}. Data connections: {way}. Files: {}.", manner.peer, form(manner.wanted));
        Ok(self.screen.line(&text)?)
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

/// A file to be gone on with.
fn open_end(path: &Path) -> Result<File, ShellError> {
    let opened = File::options().append(true).open(path);
    opened.map_err(|problem| ShellError::Read { path: path.to_owned(), problem })
}

/// TYPE, STRU and MODE in a person's words.
fn form(Parameters { representation, structure, mode }: Parameters) -> String {
    format!("TYPE {representation}, STRU {structure}, MODE {mode}")
}

/// A local path as the user typed it.
fn path_of(octets: &[u8]) -> Result<PathBuf, ShellError> {
    if octets.is_empty() || octets.contains(&0) {
        return Err(ShellError::LocalName(escaped(octets)));
    }
    Ok(path_from_octets(octets))
}

/// The last part of a remote pathname, as a name in the local directory and nowhere else.
fn name_here(remote: &[u8]) -> Result<PathBuf, ShellError> {
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
