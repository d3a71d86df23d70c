//! The start of a client: nothing is waited for, for it comes to us.

use std::net::SocketAddr;

use super::{Launch, Workplace, filled, values};
use crate::subject::client::ClientProcess;
use crate::subject::process::Process;
use crate::subject::start_error::StartError;
use crate::subject::{Login, words};

impl Launch {
    /// Starts it in an empty working directory of its own, and tells it where the server is.
    ///
    /// # Errors
    /// It cannot be run.
    pub(in crate::subject) async fn start_client(
        &self,
        connect: SocketAddr,
        login: &Login,
    ) -> Result<ClientProcess, StartError> {
        if self.needs_root && !rustix::process::geteuid().is_root() {
            return Err(StartError::NeedsRoot { command: self.shown() });
        }
        let workplace = Workplace::make(self.ownership).map_err(StartError::own("make a private folder"))?;
        let mut values = values(connect.port(), login, &workplace).map_err(StartError::own("find this program"))?;
        values.set("host", connect.ip().to_string());
        workplace.write(&self.files, &values).map_err(StartError::own("write the subject's files"))?;
        for command in &self.setup {
            self.set_up(command, &values).await?;
        }
        let words = filled(&self.command, &values);
        let mut command = self.command_of(&words, &values);
        if self.directory.is_none() {
            command.current_dir(workplace.root());
        }
        let (process, input, output) = Process::talking(command)
            .map_err(|source| StartError::CannotRun { command: words::join(&words), source })?;
        let (root, folder) = workplace.into_folders();
        ClientProcess::new(process, (input, output), root, folder).map_err(StartError::own("talk with the client"))
    }
}
