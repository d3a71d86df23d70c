//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::target::{ServerName, Target};

/// A client for FTP, driven by lines: typed, piped, or given with -c.
#[derive(Debug, Parser)]
#[command(name = "reference-client", version, after_help = "Say `help` in the client for its commands.")]
pub(crate) struct Arguments {
    /// Server to open and log in to: `host`, `host:port`, or `ftp://user:password@host:port/directory`.
    #[arg(conflicts_with = "script")]
    pub(crate) target: Option<Target>,

    /// Run this line of the shell instead of reading lines from standard input; may be repeated.
    #[arg(short, long = "command", value_name = "LINE", conflicts_with = "script")]
    pub(crate) commands: Vec<String>,

    /// How long to wait for the server each time, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = seconds)]
    timeout: f64,

    /// Directory that local names are relative to.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "script")]
    pub(crate) directory: Option<PathBuf>,

    /// Show each command that is sent; passwords are shown as ****.
    #[arg(short, long, conflicts_with = "script")]
    pub(crate) verbose: bool,

    /// Read the instructions of a harness from standard input instead of lines of the shell.
    #[arg(long, requires = "connect")]
    pub(crate) script: bool,

    /// The server to connect to in script mode.
    #[arg(long, value_name = "HOST:PORT", requires = "script")]
    pub(crate) connect: Option<ServerName>,
}

impl Arguments {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=86_400.0).contains(&seconds) => Ok(seconds),
        Ok(_) | Err(_) => Err("give seconds, more than 0 and at most 86400, for example 30".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use rstest::rstest;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[rstest]
    #[case(&["--script"])]
    #[case(&["--connect", "127.0.0.1:21"])]
    #[case(&["--timeout", "0"])]
    #[case(&["--timeout", "NaN"])]
    #[case(&["--timeout", "-1"])]
    #[case(&["--script", "--connect", "127.0.0.1:21", "host"])]
    fn refused(#[case] arguments: &[&str]) {
        assert!(Arguments::try_parse_from([&["reference-client"], arguments].concat()).is_err());
    }
}
