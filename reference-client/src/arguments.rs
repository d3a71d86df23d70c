//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::target::{ServerName, Target};

/// A client for FTP: one task of the list below, or lines of a shell that are typed, piped, or given with -c.
#[derive(Debug, Parser)]
#[command(name = "reference-client", version, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Option<Task>,

    /// Server for the shell to open and log in to: `host`, `host:port`, or `ftp://user:password@host:port/directory`.
    #[arg(conflicts_with = "script")]
    pub(crate) target: Option<Target>,

    /// Run this line of the shell instead of reading lines from standard input; may be repeated.
    #[arg(short, long = "command", value_name = "LINE", conflicts_with = "script")]
    pub(crate) commands: Vec<String>,

    /// Directory that local names of the shell are relative to.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "script")]
    pub(crate) directory: Option<PathBuf>,

    /// Say NOOP when the shell was idle for so long, in seconds; 0 never does.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = idle, conflicts_with = "script")]
    keep_alive: f64,

    /// Read the instructions of a harness from standard input instead of lines of the shell.
    #[arg(long, requires = "connect")]
    pub(crate) script: bool,

    /// The server to connect to in script mode.
    #[arg(long, value_name = "HOST:PORT", requires = "script")]
    pub(crate) connect: Option<ServerName>,

    #[command(flatten)]
    pub(crate) connecting: Connecting,
}

const AFTER_HELP: &str = "Say `help` in the shell for its commands. Passwords are best kept in ~/.netrc.

A URL is ftp://, ftps:// (TLS from the beginning) or ftpes:// (TLS by AUTH), then [USER[:PASSWORD]@]HOST[:PORT]/PATH[;type=a|i|d]. \
Its path begins where the login leads; %2F at its beginning is the root.

Exit codes: 0 done, 2 wrong arguments, 3 no connection, 4 login refused, 5 refused (5yz), 6 not now (4yz), 7 local file, \
8 too late, 9 TLS, 10 the server breaks the protocol, 11 connection lost, 12 not what was sent, 13 some of several files \
failed, 130 interrupted, 1 anything else.";

impl Arguments {
    pub(crate) fn keep_alive(&self) -> Option<Duration> {
        (self.keep_alive > 0.0).then(|| Duration::from_secs_f64(self.keep_alive))
    }

    /// What only the shell and the harness want, given beside a task.
    pub(crate) fn stray(&self) -> Option<&'static str> {
        let given = [
            (self.target.is_some(), "a server in front of the task"),
            (!self.commands.is_empty(), "-c"),
            (self.directory.is_some(), "--directory"),
            (self.script, "--script"),
        ];
        let (_, name) = given.into_iter().find(|(given, _)| self.task.is_some() && *given)?;
        Some(name)
    }
}

/// How servers are approached, and how much is said about it.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Connecting {
    /// How long to wait for the server each time, in seconds. Said twice, the last counts.
    #[arg(
        long, value_name = "SECONDS", default_value_t = 30.0, value_parser = seconds, global = true, overrides_with = "timeout"
    )]
    timeout: f64,

    /// Log in under TLS only (AUTH TLS, then PBSZ 0 and PROT P), also with ftp://.
    #[arg(long, global = true)]
    pub(crate) tls: bool,

    /// File (PEM) of the authorities that vouch for servers, in place of those of the system.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ca_file: Option<PathBuf>,

    /// Take any certificate: whoever is in between can read everything.
    #[arg(long, global = true, conflicts_with = "ca_file")]
    pub(crate) insecure: bool,

    /// Listen for data connections (EPRT, then PORT) instead of connecting to the server (EPSV, then PASV).
    #[arg(long, global = true)]
    pub(crate) active: bool,

    /// Say PASV and PORT at once, without trying EPSV and EPRT.
    #[arg(long, global = true)]
    pub(crate) no_epsv: bool,

    /// Connect where the reply to PASV says, and not where the server is.
    #[arg(long, global = true)]
    pub(crate) trust_pasv_address: bool,

    /// The account, where a server wants one (ACCT).
    #[arg(long, value_name = "ACCOUNT", global = true)]
    pub(crate) account: Option<String>,

    /// File of users and passwords, instead of ~/.netrc.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) netrc_file: Option<PathBuf>,

    /// Show each command and reply; passwords are shown as ****.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,

    /// Say nothing but what was asked for, and what failed.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Tell the result of a task as JSON, one object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Connecting {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }
}

/// What is done without a shell.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Fetch a file.
    Get(Get),
    /// Store a file.
    Put(Put),
    /// List a directory.
    Ls(Ls),
    /// Make a directory as another is, with all that is below it.
    Mirror(Mirror),
    /// Delete a file; with a slash at its end, an empty directory.
    Rm {
        #[arg(value_name = "URL", required = true)]
        urls: Vec<Target>,
    },
    /// Make a directory.
    Mkdir {
        #[arg(value_name = "URL", required = true)]
        urls: Vec<Target>,
        /// Make the directories above it too, and take it for done where it is there.
        #[arg(short, long)]
        parents: bool,
    },
    /// Rename a file.
    Mv {
        #[arg(value_name = "URL")]
        from: Target,
        /// The new name, as the server knows names; a name without `/` stays in the directory.
        #[arg(value_name = "NAME")]
        to: String,
    },
    /// Let one server send a file to another; it does not come here.
    Copy(Copy),
    /// Print what a shell needs to complete this command.
    #[command(hide = true)]
    Completions { shell: Shell },
    /// Print the man page.
    #[command(hide = true)]
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    #[arg(value_name = "URL")]
    pub(crate) url: Target,
    /// File or directory to put it in; `-` is standard output. Without it, a file of the same name here.
    #[arg(value_name = "LOCAL")]
    pub(crate) local: Option<PathBuf>,
    /// The same as LOCAL.
    #[arg(short, long, value_name = "FILE", conflicts_with = "local")]
    pub(crate) output: Option<PathBuf>,
    /// Fetch what is missing at the end of the local file, and keep what came when it breaks.
    #[arg(short = 'C', long = "continue")]
    pub(crate) resume: bool,
    /// Compare both files by a hash; it is an error if the server has none.
    #[arg(long)]
    pub(crate) verify: bool,
    /// Give the local file the time of the remote one.
    #[arg(short, long)]
    pub(crate) times: bool,
    /// Try again so many times where the server is busy or the connection breaks.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retries: u32,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Put {
    /// File to store; `-` is standard input.
    #[arg(value_name = "LOCAL")]
    pub(crate) local: PathBuf,
    /// Where; with a slash at its end, under its own name there.
    #[arg(value_name = "URL")]
    pub(crate) url: Target,
    /// Send what is missing at the end of the remote file.
    #[arg(short = 'C', long = "continue")]
    pub(crate) resume: bool,
    /// Append it to the remote file.
    #[arg(short, long, conflicts_with_all = ["resume", "unique"])]
    pub(crate) append: bool,
    /// Let the server choose a name that no file has (STOU), and tell it.
    #[arg(short, long, conflicts_with = "resume")]
    pub(crate) unique: bool,
    /// Compare both files by a hash; it is an error if the server has none.
    #[arg(long)]
    pub(crate) verify: bool,
    /// Give the remote file the time of the local one (MFMT).
    #[arg(short, long)]
    pub(crate) times: bool,
    /// Try again so many times where the server is busy or the connection breaks.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retries: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    #[arg(value_name = "URL")]
    pub(crate) url: Target,
    /// Names alone.
    #[arg(short = '1', long)]
    pub(crate) names: bool,
    /// LIST at once, without trying MLSD.
    #[arg(long)]
    pub(crate) no_mlsd: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Mirror {
    /// URL or directory that is copied.
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// Directory or URL that becomes like it; one of the two is a URL.
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// So many sessions at once.
    #[arg(short, long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
    /// Try again so many times where the server is busy or a connection breaks.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) retries: u32,
    /// Delete what is in TO and not in FROM.
    #[arg(long)]
    pub(crate) delete: bool,
    /// Tell what would be done, and do nothing.
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// LIST at once, without trying MLSD.
    #[arg(long)]
    pub(crate) no_mlsd: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    #[arg(value_name = "URL")]
    pub(crate) from: Target,
    /// Where; with a slash at its end, under its own name there.
    #[arg(value_name = "URL")]
    pub(crate) to: Target,
}

fn idle(text: &str) -> Result<f64, String> {
    if text == "0" { Ok(0.0) } else { seconds(text) }
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
    #[case(&["get"])]
    #[case(&["get", "http://h/f"])]
    #[case(&["mirror", "-j", "0", "ftp://h", "d"])]
    fn refused(#[case] arguments: &[&str]) {
        assert!(Arguments::try_parse_from([&["reference-client"], arguments].concat()).is_err());
    }

    #[rstest]
    #[case(&["--timeout", "5", "get", "ftp://h/f"], None)]
    #[case(&["get", "ftp://h/f", "--timeout", "5"], None)]
    #[case(&["host", "get", "ftp://h/f"], Some("a server in front of the task"))]
    #[case(&["-c", "pwd", "get", "ftp://h/f"], Some("-c"))]
    fn strays(#[case] arguments: &[&str], #[case] stray: Option<&str>) {
        let arguments = Arguments::try_parse_from([&["reference-client"], arguments].concat()).unwrap();
        assert!(matches!(arguments.task, Some(Task::Get(_))));
        assert_eq!(arguments.stray(), stray);
    }
}
