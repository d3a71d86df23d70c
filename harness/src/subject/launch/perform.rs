//! A client that is started to do something.

use std::net::SocketAddr;

use super::workplace::Workplace;
use super::{Launch, values};
use crate::subject::placeholder::Values;
use crate::subject::start_error::StartError;
use crate::subject::{Login, Running};

/// Variables that would lead a client elsewhere.
const MISLEADING: [&str; 8] =
    ["ftp_proxy", "FTP_PROXY", "http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NETRC"];

impl Launch {
    /// Makes the directory of a client and what else comes before it, and hands it over with what placeholders stand for.
    ///
    /// # Errors
    /// Something of it fails.
    pub(in crate::subject) async fn workplace(
        &self,
        login: &Login,
        server: SocketAddr,
    ) -> Result<(Running, Values), StartError> {
        let workplace = Workplace::for_client().map_err(StartError::own("make a private folder"))?;
        let host = server.ip().to_string();
        let mut values =
            values(&host, server.port(), login, &workplace).map_err(StartError::own("find this program"))?;
        values.set("home", workplace.home().to_string_lossy());
        workplace.write(&self.files, &values).map_err(StartError::own("write the subject's files"))?;
        for command in &self.setup {
            self.set_up(command, &values).await?;
        }
        Ok((workplace.become_client_to_be(server), values))
    }

    /// The command of a client, in its directory and with its own home.
    pub(in crate::subject) fn client_command(
        &self,
        words: &[String],
        values: &Values,
        running: &Running,
    ) -> std::process::Command {
        let mut command = self.command_of(words, values);
        for name in MISLEADING {
            command.env_remove(name);
        }
        if let Some(home) = values.value("home") {
            command
                .env("HOME", home)
                .env("XDG_CONFIG_HOME", home)
                .env("XDG_CACHE_HOME", home)
                .env("XDG_DATA_HOME", home);
        }
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env("TERM", "dumb");
        command.envs(self.environment.iter().map(|(name, value)| (name, value.filled(values))));
        if let (None, Some(root)) = (&self.directory, running.root()) {
            command.current_dir(root);
        }
        command
    }
}
