//! How a client is asked to do something: a command with the words that it has for each task.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::Login;
use super::launch::Launch;
use super::performing::Performing;
use super::placeholder::{Template, Values};
use super::start_error::StartError;
use super::words;

/// The words that a client has for tasks.
#[derive(Debug, Clone)]
pub struct Tasks {
    /// The command, its files and its variables.
    pub(super) launch: Launch,
    /// What it reads.
    pub(super) input: Option<Template>,
    /// What the words of several tasks are parted by in a text.
    pub(super) between: String,
    /// The words for passive and active; `usual` is what stands there where nothing is said.
    pub(super) modes: BTreeMap<String, Vec<Template>>,
    /// The words for none, explicit and verified TLS.
    pub(super) tls: BTreeMap<String, Vec<Template>>,
    /// The words for each task.
    pub(super) verbs: BTreeMap<String, Vec<Template>>,
    /// What it prints when a task failed, where its exit code does not tell.
    pub(super) failure: Vec<String>,
    /// Whether it can be asked only one thing in a session.
    pub(super) only_one: bool,
    /// Characters that no operand may hold, since the client would take them for its own.
    pub(super) unspeakable: String,
}

/// What a client is asked to do.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Each task, and its operands by name.
    pub tasks: Vec<(&'a str, &'a BTreeMap<&'static str, String>)>,
    /// `usual`, `passive` or `active`.
    pub mode: &'a str,
    /// `none`, `explicit` or `verified`.
    pub tls: &'a str,
    /// Words behind those of its command.
    pub words: &'a [String],
}

impl Tasks {
    /// Why it cannot be asked, if it cannot.
    pub(super) fn cannot(&self, asked: &Asked<'_>) -> Option<String> {
        if asked.mode != "usual" && !self.modes.contains_key(asked.mode) {
            return Some(format!("the client has no way to be told: {}", asked.mode));
        }
        if asked.tls != "none" && !self.tls.contains_key(asked.tls) {
            return Some(format!("the client has no way to be told: TLS, {}", asked.tls));
        }
        if self.only_one && asked.tasks.len() > 1 {
            return Some("the client can be asked one thing in a session, and not several".to_owned());
        }
        for (name, operands) in &asked.tasks {
            if !self.verbs.contains_key(*name) {
                return Some(format!("the client cannot be asked to {name}"));
            }
            let odd = operands.values().flat_map(|operand| operand.chars());
            if let Some(odd) = odd.into_iter().find(|character| self.unspeakable.contains(*character)) {
                return Some(format!("the client cannot be asked for a name with {}", odd.escape_default()));
            }
        }
        None
    }

    pub(super) async fn prepare(
        &self,
        asked: &Asked<'_>,
        server: SocketAddr,
        login: &Login,
    ) -> Result<Performing, StartError> {
        let (running, values) = self.launch.workplace(login, server).await?;
        let no_words = Vec::new();
        let mode = self.modes.get(asked.mode).unwrap_or(&no_words);
        let tls = self.tls.get(asked.tls).unwrap_or(&no_words);
        let mut spoken = Spoken { mode: filled(mode, &values), tls: filled(tls, &values), tasks: Vec::new() };
        for (name, operands) in &asked.tasks {
            let values = with_operands(&values, operands);
            spoken.tasks.push(filled(self.verbs.get(*name).unwrap_or(&no_words), &values));
        }
        let mut values = values;
        let text: Vec<_> = spoken.tasks.iter().map(|words| words.join(" ")).collect();
        values.set("task", text.join(&self.between));
        values.set("mode", spoken.mode.join(" "));
        values.set("tls", spoken.tls.join(" "));
        let own = self.launch.command.iter().flat_map(|word| spoken.words(word, &values));
        let command: Vec<String> = own.chain(asked.words.iter().cloned()).collect();
        let input = self.input.as_ref().map(|input| input.filled(&values));
        let process = self.launch.client_command(&command, &values, &running);
        Ok(Performing::new(running, process, input, words::join(&command), self.failure.clone()))
    }
}

/// The words of what is asked.
struct Spoken {
    mode: Vec<String>,
    tls: Vec<String>,
    tasks: Vec<Vec<String>>,
}

impl Spoken {
    /// The words that a word of the command stands for: one, or all those of a placeholder that stands alone.
    fn words(&self, word: &Template, values: &Values) -> Vec<String> {
        if word.is("task") {
            self.tasks.concat()
        } else if word.is("mode") {
            self.mode.clone()
        } else if word.is("tls") {
            self.tls.clone()
        } else {
            vec![word.filled(values)]
        }
    }
}

fn filled(words: &[Template], values: &Values) -> Vec<String> {
    words.iter().map(|word| word.filled(values)).collect()
}

fn with_operands(values: &Values, operands: &BTreeMap<&'static str, String>) -> Values {
    let mut values = values.clone();
    for (name, operand) in operands {
        values.set(name, operand.clone());
        match *name {
            "remote" => values.set("remote-url", for_url(operand)),
            "directory" => {
                let url = for_url(operand);
                // Where a URL ends in a slash, it names a directory; the one of the login has no name.
                values.set("listed-url", if url.is_empty() { String::new() } else { format!("{url}/") });
                values.set("directory-url", url);
            }
            _ => {}
        }
    }
    values
}

/// A pathname as it stands in a URL (RFC 3986 §2): what is neither a letter, a digit nor one of `-._~/` is encoded.
fn for_url(path: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet);
    let written = |octet: u8| if plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") };
    let url: String = path.bytes().map(written).collect();
    // An absolute pathname begins behind the slash of the host (RFC 1738 §3.2.2).
    url.strip_prefix('/').map(|rest| format!("%2F{rest}")).unwrap_or(url)
}
