//! How the shell behaves, and what is agreed on with the server.

use protocol::transfer::Parameters;
use protocol::{Form, Mode, Structure, Type};

use super::screen::{Commands, Progress};
use super::table::Setting;
use super::verbs::Operands;
use super::{Questions, Shell, ShellError};
use crate::runtime::Local;
use crate::session::operations::agree::Agree;
use crate::session::{Extended, Failure, Manner, Side};

impl Shell {
    pub(super) async fn set(&mut self, setting: Setting, operands: &Operands<'_>) -> Result<(), ShellError> {
        match setting {
            Setting::Active => self.choose_side(Side::Active),
            Setting::Passive => self.choose_side(Side::Passive),
            Setting::Epsv => self.choose_extended(operands),
            Setting::Ascii => self.choose_type(Type::Ascii(Form::NonPrint)).await,
            Setting::Binary => self.choose_type(Type::Image).await,
            Setting::Type => {
                let words = operands.words.join(&b' ');
                let wanted = Type::parse(&words).map_err(|problem| Failure::Parameter { verb: "TYPE", problem })?;
                self.choose_type(wanted).await
            }
            Setting::Structure => {
                let wanted = Structure::parse(operands.first()?);
                let wanted = wanted.map_err(|problem| Failure::Parameter { verb: "STRU", problem })?;
                self.agree(|manner| Agree::on_structure(wanted, manner)).await
            }
            Setting::Mode => {
                let wanted = Mode::parse(operands.first()?);
                let wanted = wanted.map_err(|problem| Failure::Parameter { verb: "MODE", problem })?;
                self.agree(|manner| Agree::on_mode(wanted, manner)).await
            }
            Setting::Verbose => self.toggle_verbose(),
            Setting::Progress => self.toggle_progress(),
            Setting::Prompt => self.toggle_questions(),
            Setting::Status => self.status(),
        }
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

    fn toggle_verbose(&mut self) -> Result<(), ShellError> {
        let (commands, text) = match self.screen.commands {
            Commands::Shown => (Commands::Hidden, "Commands are not shown."),
            Commands::Hidden => (Commands::Shown, "Commands are shown."),
        };
        self.screen.commands = commands;
        Ok(self.screen.line(text)?)
    }

    fn toggle_progress(&mut self) -> Result<(), ShellError> {
        let (progress, text) = match self.screen.progress {
            Progress::Shown => (Progress::Hidden, "Transfers have no bar."),
            Progress::Hidden => (Progress::Shown, "Transfers have a bar, at a terminal."),
        };
        self.screen.progress = progress;
        Ok(self.screen.line(text)?)
    }

    fn toggle_questions(&mut self) -> Result<(), ShellError> {
        let (questions, text) = match self.questions {
            Questions::Asked => (Questions::Spared, "mget, mput and mdelete do not ask."),
            Questions::Spared => (Questions::Asked, "mget, mput and mdelete ask before each file, at a terminal."),
        };
        self.questions = questions;
        Ok(self.screen.line(text)?)
    }
}

/// TYPE, STRU and MODE in a person's words.
fn form(Parameters { representation, structure, mode }: Parameters) -> String {
    format!("TYPE {representation}, STRU {structure}, MODE {mode}")
}
