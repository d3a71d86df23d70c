//! What is judged: how it is started or reached, what it claims, and what is already known of it.

mod accounts;
mod address;
mod attach;
mod confinement;
mod driven;
mod embedded;
mod file;
mod known;
mod launch;
mod listening;
mod log;
mod performing;
mod placeholder;
mod process;
mod root;
mod running;
mod similar_name;
mod start_error;
mod subject_error;
mod submission;
mod tasks;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use self::accounts::{Account, Accounts};
pub(crate) use self::confinement::enter_own_network;
pub use self::confinement::{Bounds, Confinement, Kind, Seclusion, Step, become_confined, sweep};
pub use self::driven::Driven;
pub use self::known::Known;
pub(crate) use self::listening::is_listened_on;
pub use self::performing::Performing;
pub use self::root::{Found, Placed};
pub use self::running::{Health, Running};
pub use self::start_error::StartError;
pub use self::subject_error::SubjectError;
pub use self::submission::{CopyError, Done, Ended, StartStyle, Submission, check_command, stem};
pub use self::tasks::{Asked, Tasks};

use self::attach::Attach;
use self::launch::Launch;

/// What is judged.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its name: that of its file, or the command or address it was given by.
    pub name: String,
    /// Which side of the conversation it is.
    pub role: Role,
    /// What it says it can do: the words that a scenario's `needs` asks for.
    pub claims: BTreeSet<String>,
    /// The timers it owns, and how long each takes.
    pub timers: BTreeMap<String, Duration>,
    /// What is known to deviate, and why.
    pub known: Vec<Known>,
    /// How the scenarios log in.
    pub login: Login,
    /// Who needs an account.
    pub accounts: Accounts,
    /// Whether one process bears many cases, one after the other. Otherwise each case has a fresh one.
    pub pool: bool,
    /// How it is told what to do, if it is a client.
    pub drive: Option<Drive>,
    /// How it is asked to do something, if it is a client that can be asked.
    pub tasks: Option<Tasks>,
    way: Way,
}

/// A side of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It listens on the control connection.
    Server,
    /// It connects, and says the commands.
    Client,
}

/// How a client is told what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drive {
    /// Line by line on its standard input, in the words of the reference client's `--script`.
    Script,
}

/// How the scenarios log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// What USER says.
    pub user: String,
    /// What PASS says, where it is asked for.
    pub password: String,
    /// Commands that this server wants after the login.
    pub after: Vec<String>,
}

impl Login {
    /// The login that every public server of the RFC's time knew (RFC 1635).
    pub fn anonymous() -> Self {
        Self { user: "anonymous".to_owned(), password: "ftpspec@example.org".to_owned(), after: Vec::new() }
    }
}

/// How it comes to be there.
#[derive(Debug, Clone)]
enum Way {
    Launched(Launch),
    Attached(Attach),
}

impl Subject {
    /// The subject of this name that the program carries, or the one described by the file at this path.
    ///
    /// # Errors
    /// There is neither, or the file is not a subject's file.
    pub fn named(name_or_file: &str) -> Result<Self, SubjectError> {
        embedded::find(name_or_file)
    }

    /// The names of the subjects that the program carries, in order.
    pub fn names() -> Vec<&'static str> {
        embedded::names()
    }

    /// A server started by a command line, as of `--launch`: `./server -port {port} -root {root}`.
    ///
    /// # Errors
    /// The line cannot be split into words, a placeholder is unknown, or `{port}` stands nowhere.
    pub fn launched(command: &str, login: Login) -> Result<Self, SubjectError> {
        Ok(Self::of(command.to_owned(), login, Way::Launched(Launch::of_command(command)?)))
    }

    /// A server that runs already, as of `--server ftp://user:password@host:port/`.
    ///
    /// A login given apart outranks the one in the address. `root` is the folder that the server serves, if it is on
    /// this machine and may be emptied.
    ///
    /// # Errors
    /// The address is not one of FTP.
    pub fn at(url: &str, login: Option<Login>, root: Option<PathBuf>) -> Result<Self, SubjectError> {
        let parsed = address::parse(url)?;
        let login = login.or(parsed.login).unwrap_or_else(Login::anonymous);
        let attach = Attach { host: parsed.host, port: parsed.port, root };
        Ok(Self::of(attach.to_string(), login, Way::Attached(attach)))
    }

    /// How it is reached, without passwords.
    pub fn reached(&self) -> String {
        match &self.way {
            Way::Launched(launch) => format!("launched by `{}`", launch.shown()),
            Way::Attached(attach) => format!("running at {attach}"),
        }
    }

    /// Whether it runs already: then it is one for all cases.
    pub fn is_attached(&self) -> bool {
        matches!(self.way, Way::Attached(_))
    }

    /// Gives this thread, and the processes that it will start, a network of their own, if the subject is confined so.
    ///
    /// # Errors
    /// The kernel gives none.
    pub fn enter_network(&self) -> std::io::Result<()> {
        match &self.way {
            Way::Launched(Launch { confined: Some((confinement, _)), .. }) => confinement.enter_network(),
            Way::Launched(_) | Way::Attached(_) => Ok(()),
        }
    }

    /// Waits longer, or shorter, until it listens.
    pub fn stretch(&mut self, by: f64) {
        if let Way::Launched(launch) = &mut self.way {
            launch.ready_within = launch.ready_within.mul_f64(by);
        }
    }

    /// Whether a file says what it claims. Otherwise it is tried.
    pub fn says_what_it_claims(&self) -> bool {
        !self.claims.is_empty()
    }

    /// Whether the folder that it serves is known.
    pub fn folder_is_known(&self) -> bool {
        match &self.way {
            Way::Launched(_) => true,
            Way::Attached(attach) => attach.root.is_some(),
        }
    }

    /// Starts one process of it, with a folder of its own to serve, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be run, it ends, or it never listens.
    pub async fn start(&self) -> Result<Running, StartError> {
        match &self.way {
            Way::Launched(launch) => launch.start(&self.login).await,
            Way::Attached(attach) => attach.start().await,
        }
    }

    /// Starts a client of it that connects to this server, to be told line by line what to do.
    ///
    /// # Errors
    /// It cannot be run, or is a server that runs elsewhere.
    pub async fn drive(&self, server: SocketAddr) -> Result<Driven, StartError> {
        match &self.way {
            Way::Launched(launch) => launch.drive(&self.login, server).await,
            Way::Attached(_) => {
                let source = std::io::Error::other("only a client that is launched can be told what to do");
                Err(StartError::Own { doing: format!("drive {}", self.name), source })
            }
        }
    }

    /// Why it cannot be asked to do this, if it cannot.
    pub fn cannot_perform(&self, asked: &Asked<'_>) -> Option<String> {
        match &self.tasks {
            Some(tasks) => tasks.cannot(asked),
            None => Some("its file says of no task how it is asked".to_owned()),
        }
    }

    /// A client that is about to be asked: its directory stands and is empty.
    ///
    /// # Errors
    /// Its folder cannot be made, or a command that comes before fails.
    pub async fn prepare(
        &self,
        asked: &Asked<'_>,
        server: SocketAddr,
        login: &Login,
    ) -> Result<Performing, StartError> {
        let Some(tasks) = &self.tasks else {
            let source = std::io::Error::other("its file has no tasks");
            return Err(StartError::Own { doing: format!("ask {}", self.name), source });
        };
        tasks.prepare(asked, server, login).await
    }

    fn of(name: String, login: Login, way: Way) -> Self {
        Self {
            name,
            role: Role::Server,
            claims: BTreeSet::new(),
            timers: BTreeMap::new(),
            known: Vec::new(),
            login,
            accounts: Accounts::default(),
            pool: false,
            drive: None,
            tasks: None,
            way,
        }
    }
}

/// The folder that a script of ours fills: what the variable says, or `target/NAME` in the working directory or in one
/// above it, as tests run in the folder of their package.
fn folder_of(name: &str, variable: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os(variable) {
        return std::path::absolute(&folder).unwrap_or_else(|_| folder.into());
    }
    let here = std::env::current_dir().unwrap_or_default();
    let below = PathBuf::from("target").join(name);
    let found = here.ancestors().map(|above| above.join(&below)).find(|folder| folder.is_dir());
    found.unwrap_or_else(|| here.join(&below))
}
