//! A subject that the harness starts itself.

mod drive;
mod perform;
mod ports;
mod workplace;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use self::ports::FreePort;
pub(super) use self::workplace::{CONFIG, HOME, WORK};

use self::workplace::Workplace;
use super::Login;
use super::confinement::{Confinement, Place};
use super::listening::{self, Listener};
use super::placeholder::{Template, Values};
use super::process::{Exit, Process};
use super::root::Ownership;
use super::running::Running;
use super::start_error::StartError;
use super::subject_error::SubjectError;
use super::words;

/// How long a subject may take until it listens, if its file says nothing. The slowest seen, a JVM, takes 0.2 s.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How long a setup command may take.
const SETUP_WITHIN: Duration = Duration::from_mins(1);
/// How often a free port that somebody snatched is replaced by another.
const TRIES: usize = 3;
/// How many looks in a row must see nobody alive, for a subject to have ended.
const LOOKS: usize = 3;
/// The address that a server shall listen on.
const HOST: &str = "127.0.0.1";

/// How a subject is started.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    /// The program and its arguments; never empty.
    pub(super) command: Vec<Template>,
    /// The working directory; ours, if it is not said.
    pub(super) directory: Option<Template>,
    /// Variables on top of ours.
    pub(super) environment: Vec<(String, Template)>,
    /// The port that is compiled in. Otherwise a free one is chosen.
    pub(super) port: Option<u16>,
    /// How long it may take until it listens.
    pub(super) ready_within: Duration,
    /// What is written into its private folder.
    pub(super) files: Vec<ConfigFile>,
    /// Commands to run before, each to its end.
    pub(super) setup: Vec<Vec<Template>>,
    /// To whom the folder that it serves belongs.
    pub(super) ownership: Ownership,
    /// Whether only root can start it.
    pub(super) needs_root: bool,
    /// How it is kept from doing harm, and the ground on which everything of it stands.
    pub(super) confined: Option<(Arc<Confinement>, PathBuf)>,
}

/// A file written for a subject before each start.
#[derive(Debug, Clone)]
pub(super) struct ConfigFile {
    /// Its name in the private folder.
    pub(super) name: String,
    /// What it holds.
    pub(super) text: Template,
    /// Its permissions.
    pub(super) mode: u32,
}

impl Launch {
    /// A launch that is nothing but a command.
    pub(super) fn new(command: Vec<Template>) -> Self {
        Self {
            command,
            directory: None,
            environment: Vec::new(),
            port: None,
            ready_within: READY_WITHIN,
            files: Vec::new(),
            setup: Vec::new(),
            ownership: Ownership::default(),
            needs_root: false,
            confined: None,
        }
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// It cannot be split, names an unknown placeholder, or does not say where the port stands.
    pub(super) fn of_command(line: &str) -> Result<Self, SubjectError> {
        let words = words::split(line).map_err(|fault| SubjectError::words(line, fault))?;
        let parsed: Result<Vec<Template>, _> = words.iter().map(|word| Template::parse(word)).collect();
        let command = parsed.map_err(|fault| SubjectError::placeholder(line, &fault))?;
        if command.iter().any(|word| word.names("port")) {
            return Ok(Self::new(command));
        }
        let fault = "it says nowhere on which port to listen. Write {port} where the port belongs; for a server whose port \
                     is compiled in, write a subject's file with `port:`";
        Err(SubjectError::Command { command: line.to_owned(), fault: fault.to_owned() })
    }

    /// The command as it was written: placeholders and no passwords.
    pub(super) fn shown(&self) -> String {
        words::join(&self.command.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// It cannot be run, ends, or never listens.
    pub(super) async fn start(&self, login: &Login) -> Result<Running, StartError> {
        self.check_root()?;
        if let Some(port) = self.port {
            return self.start_on_fixed(port, login).await;
        }
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let port = FreePort::choose().map_err(StartError::own("find a free port"))?;
            match self.start_on(port.number(), login).await {
                // Between our choice and the subject's bind, anybody may have taken the port.
                Err(StartError::ExitedAtOnce { .. }) if tries > 0 && port.is_taken() => {}
                result => return result,
            }
        }
    }

    fn check_root(&self) -> Result<(), StartError> {
        if self.needs_root && !rustix::process::geteuid().is_root() {
            return Err(StartError::NeedsRoot { command: self.shown() });
        }
        Ok(())
    }

    async fn start_on_fixed(&self, port: u16, login: &Login) -> Result<Running, StartError> {
        if listening::on(port).map_err(StartError::own("read who listens"))?.is_empty() {
            self.start_on(port, login).await
        } else {
            Err(StartError::PortTaken { command: self.shown(), port })
        }
    }

    async fn start_on(&self, port: u16, login: &Login) -> Result<Running, StartError> {
        let (workplace, values) = self.prepare(HOST, port, login).await?;
        let command = filled(&self.command, &values);
        let process = self
            .run(&command, &values)
            .map_err(|source| StartError::CannotRun { command: words::join(&command), source })?;
        let listener = self.await_listener(&process, port, &command).await?;
        Ok(workplace.become_running(process, listener))
    }

    /// Does everything that comes before the command itself.
    async fn prepare(&self, host: &str, port: u16, login: &Login) -> Result<(Workplace, Values), StartError> {
        let workplace = Workplace::make(self.ownership, self.confined.as_ref().map(|(_, ground)| ground.as_path()))
            .map_err(StartError::own("make a private folder"))?;
        let values = values(host, port, login, &workplace).map_err(StartError::own("find this program"))?;
        workplace.write(&self.files, &values).map_err(StartError::own("write the subject's files"))?;
        for command in &self.setup {
            self.set_up(command, &values).await?;
        }
        Ok((workplace, values))
    }

    async fn set_up(&self, command: &[Template], values: &Values) -> Result<(), StartError> {
        let command = filled(command, values);
        let shown = words::join(&command);
        let process =
            self.run(&command, values).map_err(|source| StartError::CannotRun { command: shown.clone(), source })?;
        let began = Instant::now();
        let exit = loop {
            match process.exit().map_err(StartError::own("watch a setup command"))? {
                Some(exit) => break exit,
                None if began.elapsed() > SETUP_WITHIN => {
                    let log = process.log().tail();
                    return Err(StartError::SetupEndless { command: shown, waited: SETUP_WITHIN, log });
                }
                None => sleep(pause(began)).await,
            }
        };
        process.log().settle();
        match exit {
            Exit { code: Some(0), .. } => Ok(()),
            Exit { code, signal } => {
                Err(StartError::SetupFailed { command: shown, code, signal, log: process.log().tail() })
            }
        }
    }

    /// Waits until the process, or a child of it, listens. The kernel reports no such event, so its table is read again
    /// and again, in short but growing pauses.
    async fn await_listener(&self, process: &Process, port: u16, command: &[String]) -> Result<Listener, StartError> {
        let began = Instant::now();
        // A daemon's parent may end between the listing of the processes and the look at it, and its child be born just
        // behind: so once nobody is seen, more looks must agree.
        let mut looks_left = LOOKS;
        while looks_left > 0 {
            let alive = process.anyone_alive().map_err(StartError::own("watch the subject"))?;
            looks_left = if alive { LOOKS } else { looks_left - 1 };
            if let Some(listener) = own_listener(process, port).map_err(StartError::own("read who listens"))? {
                return Ok(listener);
            }
            if began.elapsed() > self.ready_within {
                return Err(StartError::NeverListened {
                    command: words::join(command),
                    port,
                    waited: self.ready_within,
                    log: process.log().tail(),
                });
            }
            sleep(pause(began)).await;
        }
        Err(exited_at_once(process, port, command))
    }

    fn run(&self, words: &[String], values: &Values) -> std::io::Result<Process> {
        let command = self.command_of(words, values);
        let held = self.confined.as_ref().is_some_and(|(confinement, _)| confinement.holds());
        if held { Process::run_held(command) } else { Process::run(command) }
    }

    fn command_of(&self, words: &[String], values: &Values) -> Command {
        if let Some((confinement, ground)) = &self.confined {
            let environment: Vec<_> =
                self.environment.iter().map(|(name, value)| (name.clone(), value.filled(values))).collect();
            let directory = self.directory.as_ref().map_or_else(|| ground.clone(), |own| own.filled(values).into());
            let place = Place { directory: &directory, writable: &[ground], environment: &environment };
            return confinement.command(words, &place);
        }
        let mut words = words.iter();
        let mut command = Command::new(program(words.next().map(String::as_str).unwrap_or_default()));
        command.args(words);
        command.envs(self.environment.iter().map(|(name, value)| (name, value.filled(values))));
        if let Some(directory) = &self.directory {
            command.current_dir(directory.filled(values));
        }
        command
    }
}

fn own_listener(process: &Process, port: u16) -> std::io::Result<Option<Listener>> {
    for listener in listening::on(port)? {
        if process.holds(listener.inode)? {
            return Ok(Some(listener));
        }
    }
    Ok(None)
}

fn exited_at_once(process: &Process, port: u16, command: &[String]) -> StartError {
    process.log().settle();
    let exit = process.exit().ok().flatten().unwrap_or(Exit { code: None, signal: None });
    let log = process.log().tail();
    StartError::ExitedAtOnce { command: words::join(command), port, code: exit.code, signal: exit.signal, log }
}

fn pause(began: Instant) -> Duration {
    (began.elapsed() / 8).clamp(Duration::from_millis(2), Duration::from_millis(50))
}

/// `./server` is meant from where we are, whatever working directory it is given.
fn program(word: &str) -> PathBuf {
    let path = Path::new(word);
    if path.components().count() > 1 || word.starts_with("./") {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    }
}

fn filled(words: &[Template], values: &Values) -> Vec<String> {
    words.iter().map(|word| word.filled(values)).collect()
}

fn values(host: &str, port: u16, login: &Login, workplace: &Workplace) -> std::io::Result<Values> {
    let mut values = Values::default();
    values.set("port", port.to_string());
    values.set("host", host);
    values.set("root", workplace.root().to_string_lossy());
    values.set("config", workplace.config().to_string_lossy());
    values.set("user", login.user.clone());
    values.set("password", login.password.clone());
    values.set("self", std::env::current_exe()?.to_string_lossy());
    values.set("strangers", super::folder_of("strangers", "FTPSPEC_STRANGERS").to_string_lossy());
    values.set("clients", super::folder_of("clients", "FTPSPEC_CLIENTS").to_string_lossy());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Launch;

    #[rstest]
    #[case("./server -port {prot}", "Did you mean `port`?")]
    #[case("./server", "Write {port} where the port belongs")]
    #[case("./server 'a", "close it")]
    fn a_command_that_cannot_work_is_refused(#[case] command: &str, #[case] message: &str) {
        let error = Launch::of_command(command).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(command), "{error}");
    }
}
