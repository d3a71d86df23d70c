//! The file that describes a subject, `subjects/NAME.yaml` or one of the user's own.

mod fault;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use self::value::{CommandLine, Day, FileText, Mode, Owner, Requirements, Text, Time, Url, Words};
use super::attach::Attach;
use super::launch::{ConfigFile, Launch};
use super::placeholder::Template;
use super::{Account, Accounts, Drive, Known, Login, Role, Subject, SubjectError, Tasks, Way};

/// Reads a subject's file. `file` is the name that messages give it.
///
/// # Errors
/// It is not YAML, has an unknown key, a value of another kind, or contradicts itself.
pub(super) fn read(name: &str, file: &str, text: &str) -> Result<Subject, SubjectError> {
    let written: Written = serde_yaml::from_str(text).map_err(|error| fault::of_yaml(file, text, &error))?;
    written.into_subject(name).map_err(|(key, message)| fault::at_key(file, text, key, &message))
}

/// Reads a file that holds `known` alone.
///
/// # Errors
/// It is not YAML, or has another key.
pub(super) fn read_known(file: &str, text: &str) -> Result<Vec<Known>, SubjectError> {
    let written: KnownAlone = serde_yaml::from_str(text).map_err(|error| fault::of_yaml(file, text, &error))?;
    Ok(written.known.into_iter().map(WrittenKnown::into_known).collect())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KnownAlone {
    known: Vec<WrittenKnown>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    /// What it is, for the reader of the file.
    #[serde(default, rename = "about")]
    _about: String,
    role: WrittenRole,
    #[serde(default)]
    pool: bool,
    drive: Option<WrittenDrive>,
    launch: Option<WrittenLaunch>,
    tasks: Option<WrittenTasks>,
    attach: Option<Url>,
    login: Option<WrittenLogin>,
    #[serde(default)]
    accounts: WrittenAccounts,
    #[serde(default)]
    claims: BTreeSet<String>,
    #[serde(default)]
    timers: BTreeMap<String, Time>,
    #[serde(default)]
    known: Vec<WrittenKnown>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenRole {
    Server,
    Client,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenDrive {
    Script,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenLaunch {
    command: CommandLine,
    directory: Option<Text>,
    #[serde(default)]
    environment: BTreeMap<String, Text>,
    port: Option<u16>,
    ready_within: Option<Time>,
    #[serde(default)]
    files: BTreeMap<String, FileText>,
    #[serde(default)]
    setup: Vec<CommandLine>,
    #[serde(default)]
    root: WrittenRoot,
    #[serde(default)]
    needs_root: bool,
}

/// How a client is asked to do something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenTasks {
    command: CommandLine,
    #[serde(default)]
    environment: BTreeMap<String, Text>,
    #[serde(default)]
    files: BTreeMap<String, FileText>,
    #[serde(default)]
    setup: Vec<CommandLine>,
    input: Option<Text>,
    between: Option<String>,
    #[serde(default)]
    mode: BTreeMap<String, Words>,
    #[serde(default)]
    tls: BTreeMap<String, Words>,
    #[serde(rename = "do")]
    verbs: BTreeMap<String, Words>,
    #[serde(default)]
    fails_with: Vec<String>,
    #[serde(default)]
    one_task_only: bool,
    #[serde(default)]
    never_in_names: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenRoot {
    owner: Option<Owner>,
    directory_mode: Option<Mode>,
    file_mode: Option<Mode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenLogin {
    user: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    after: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenAccounts {
    to_log_in: Option<WrittenAccount>,
    to_store: Option<WrittenAccount>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAccount {
    user: String,
    password: String,
    account: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenKnown {
    pattern: String,
    #[serde(default)]
    requirement: Requirements,
    reason: String,
    link: Option<String>,
    expires: Option<Day>,
    #[serde(default)]
    may_vary: bool,
}

/// A contradiction, and the key at which it stands.
type Contradiction = (&'static str, String);

impl Written {
    fn into_subject(self, name: &str) -> Result<Subject, Contradiction> {
        let role = match self.role {
            WrittenRole::Server => Role::Server,
            WrittenRole::Client => Role::Client,
        };
        let tasks = self.tasks.map(WrittenTasks::into_tasks).transpose()?;
        if role == Role::Server && tasks.is_some() {
            return Err(("tasks", "a server is asked nothing: take `tasks:` away, or write `role: client`".to_owned()));
        }
        let only_tasks = self.launch.is_none() && self.attach.is_none();
        let (way, said_by_url) = match (self.launch, self.attach) {
            (None, None) if tasks.is_some() => {
                let launch = tasks.as_ref().map_or_else(|| Launch::new(Vec::new()), |tasks| tasks.launch.clone());
                (Way::Launched(launch), None)
            }
            (Some(launch), None) => (Way::Launched(launch.into_launch(role)?), None),
            (None, Some(Url(address))) => {
                (Way::Attached(Attach { host: address.host, port: address.port, root: None }), address.login)
            }
            (Some(_), Some(_)) => return Err(("attach", "a subject is launched or attached to, not both".to_owned())),
            (None, None) => {
                let message = "it does not say how the subject is reached: write `launch:` with a command, or `attach:` \
                               with an address";
                return Err(("role", message.to_owned()));
            }
        };
        let drive = if only_tasks { None } else { drive_of(role, self.drive, &way)? };
        let login = self.login.map(WrittenLogin::into_login).or(said_by_url).unwrap_or_else(Login::anonymous);
        let accounts = self.accounts.into_accounts();
        let mut claims = self.claims;
        // Where the file claims nothing, all is tried, and what it says of accounts is known all the same.
        if !claims.is_empty() {
            claims.extend(accounts.claims().map(str::to_owned));
        }
        Ok(Subject {
            name: name.to_owned(),
            role,
            claims,
            timers: self.timers.into_iter().map(|(name, Time(length))| (name, length)).collect(),
            known: self.known.into_iter().map(WrittenKnown::into_known).collect(),
            login,
            accounts,
            pool: self.pool,
            drive,
            tasks,
            way,
        })
    }
}

/// Only a client is driven, and only one that is started.
fn drive_of(role: Role, drive: Option<WrittenDrive>, way: &Way) -> Result<Option<Drive>, Contradiction> {
    match (role, drive, way) {
        (Role::Client, _, Way::Attached(_)) => {
            Err(("attach", "a client is started by the harness: write `launch:` with its command".to_owned()))
        }
        (Role::Server, Some(_), _) => {
            Err(("drive", "a server is not driven: take `drive:` away, or write `role: client`".to_owned()))
        }
        (Role::Client, Some(WrittenDrive::Script) | None, Way::Launched(_)) => Ok(Some(Drive::Script)),
        (Role::Server, None, _) => Ok(None),
    }
}

/// The keys of `mode` and of `tls`.
const MODES: [&str; 3] = ["usual", "passive", "active"];
const TLS: [&str; 3] = ["none", "explicit", "verified"];

impl WrittenTasks {
    fn into_tasks(self) -> Result<Tasks, Contradiction> {
        let mut launch = Launch::new(self.command.0);
        launch.environment = self.environment.into_iter().map(|(name, Text(value))| (name, value)).collect();
        launch.files = config_files(self.files)?;
        launch.setup = self.setup.into_iter().map(|CommandLine(words)| words).collect();
        for (key, written, known) in [("mode", &self.mode, MODES), ("tls", &self.tls, TLS)] {
            if let Some(odd) = written.keys().find(|name| !known.contains(&name.as_str())) {
                return Err((key, format!("`{odd}` is none of {}", known.join(", "))));
            }
        }
        let words = |written: BTreeMap<String, Words>| -> BTreeMap<String, Vec<Template>> {
            written.into_iter().map(|(name, Words(words))| (name, words)).collect()
        };
        Ok(Tasks {
            launch,
            input: self.input.map(|Text(text)| text),
            between: self.between.unwrap_or_else(|| "\n".to_owned()),
            modes: words(self.mode),
            tls: words(self.tls),
            verbs: words(self.verbs),
            failure: self.fails_with,
            only_one: self.one_task_only,
            unspeakable: self.never_in_names,
        })
    }
}

impl WrittenLaunch {
    fn into_launch(self, role: Role) -> Result<Launch, Contradiction> {
        self.check_port(role)?;
        let mut launch = Launch::new(self.command.0);
        launch.directory = self.directory.map(|Text(text)| text);
        launch.environment = self.environment.into_iter().map(|(name, Text(value))| (name, value)).collect();
        launch.port = self.port;
        launch.ready_within = self.ready_within.map_or(launch.ready_within, |Time(length)| length);
        launch.files = config_files(self.files)?;
        launch.setup = self.setup.into_iter().map(|CommandLine(words)| words).collect();
        launch.ownership.owner = self.root.owner.map(|Owner(user, group)| (user, group));
        launch.ownership.directory = self.root.directory_mode.map_or(launch.ownership.directory, |Mode(mode)| mode);
        launch.ownership.file = self.root.file_mode.map_or(launch.ownership.file, |Mode(mode)| mode);
        launch.needs_root = self.needs_root;
        Ok(launch)
    }

    /// A server must learn its port from somewhere.
    fn check_port(&self, role: Role) -> Result<(), Contradiction> {
        let says_port = |template: &Template| template.names("port");
        let is_said = self.command.0.iter().any(says_port)
            || self.environment.values().any(|Text(text)| says_port(text))
            || self.files.values().any(|file| says_port(&file.text));
        if is_said || self.port.is_some() {
            return Ok(());
        }
        let message = match role {
            Role::Server => {
                "the server is not told its port: write {port} in the command or in a file, or, if the port is compiled \
                 in, its number behind `port:`"
            }
            Role::Client => "the client is not told where the server is: write {host} and {port} in the command",
        };
        Err(("command", message.to_owned()))
    }
}

fn config_files(written: BTreeMap<String, FileText>) -> Result<Vec<ConfigFile>, Contradiction> {
    written
        .into_iter()
        .map(|(name, FileText { text, mode })| {
            let below = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
            if below {
                Ok(ConfigFile { name, text, mode })
            } else {
                Err(("files", format!("`{name}` is no name below the private folder, such as `server.conf`")))
            }
        })
        .collect()
}

impl WrittenLogin {
    fn into_login(self) -> Login {
        Login { user: self.user, password: self.password, after: self.after }
    }
}

impl WrittenAccounts {
    fn into_accounts(self) -> Accounts {
        let account = |own: WrittenAccount| Account { user: own.user, password: own.password, account: own.account };
        Accounts { to_log_in: self.to_log_in.map(account), to_store: self.to_store.map(account) }
    }
}

impl WrittenKnown {
    fn into_known(self) -> Known {
        Known {
            pattern: self.pattern,
            requirements: self.requirement.0,
            reason: self.reason,
            link: self.link,
            expires: self.expires.map(|Day(day)| day),
            may_vary: self.may_vary,
        }
    }
}

#[cfg(test)]
mod tests;
