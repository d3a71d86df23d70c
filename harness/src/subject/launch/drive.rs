//! A client that is started to be spoken to.

use std::net::SocketAddr;

use super::{Launch, filled};
use crate::subject::Login;
use crate::subject::driven::Driven;
use crate::subject::process::Process;
use crate::subject::start_error::StartError;
use crate::subject::words;

impl Launch {
    /// Starts a client that connects to this server and takes its instructions line by line.
    ///
    /// # Errors
    /// It cannot be run.
    pub(in crate::subject) async fn drive(&self, login: &Login, server: SocketAddr) -> Result<Driven, StartError> {
        self.check_root()?;
        let host = server.ip().to_string();
        let (workplace, values) = self.prepare(&host, server.port(), login).await?;
        let command = filled(&self.command, &values);
        let cannot_run = |source| StartError::CannotRun { command: words::join(&command), source };
        let mut process = self.command_of(&command, &values);
        if self.directory.is_none() {
            // Its files stand in an empty folder of its own.
            process.current_dir(workplace.root());
        }
        let (process, input, output) = Process::converse(process).map_err(cannot_run)?;
        Driven::new(workplace.become_driven(process, server), input, output)
            .map_err(StartError::own("speak to the client"))
    }
}
