//! The ways in which submissions are started.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{BUILD_LOG, FOLDER, StartFiles, Submission};
use crate::subject::launch::{ConfigFile, Launch};
use crate::subject::placeholder::Template;
use crate::subject::root::Ownership;
use crate::subject::{Login, Role, Subject, Way, words};

/// A way in which a submission may want to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartStyle {
    /// The command line.
    pub command: String,
    /// The working directory; the folder of the submission, if it is not said.
    pub directory: Option<String>,
    /// Variables of its environment.
    pub environment: BTreeMap<String, String>,
    /// The port that is compiled in.
    pub port: Option<u16>,
    /// How long it may take until it listens.
    pub ready_within: Duration,
    /// Files written before each start, by name.
    pub files: StartFiles,
    /// Commands run before each start.
    pub setup: Vec<String>,
}

impl Submission {
    /// The subject that this submission is, started in this way.
    ///
    /// # Errors
    /// A command line or a placeholder of the style is wrong.
    pub fn subject(&self, name: &str, style: &StartStyle, login: Login) -> Result<Subject, String> {
        let ground = self.ground.path();
        let one = |text: &str| template(text, Some(ground));
        let mut launch = Launch::new(command(&style.command, Some(ground))?);
        launch.directory = Some(one(style.directory.as_deref().unwrap_or("{submission}"))?);
        let environment = style.environment.iter().map(|(name, value)| Ok((name.clone(), one(value)?)));
        launch.environment = environment.collect::<Result<_, String>>()?;
        launch.port = style.port;
        launch.ready_within = style.ready_within;
        // They are laid by the harness, and read, perhaps changed, by the submission's own user.
        let file =
            |(name, text): (&String, &String)| Ok(ConfigFile { name: name.clone(), text: one(text)?, mode: 0o666 });
        launch.files = style.files.iter().map(file).collect::<Result<_, String>>()?;
        launch.setup = style.setup.iter().map(|line| command(line, Some(ground))).collect::<Result<_, String>>()?;
        launch.ownership = Ownership { owner: self.confinement.owner(), ..Ownership::default() };
        launch.confined = Some((std::sync::Arc::clone(&self.confinement), ground.to_owned()));
        Ok(Subject { role: Role::Server, ..Subject::of(name.to_owned(), login, Way::Launched(launch)) })
    }
}

/// Whether a command line of a rubric can be read: its words, and its placeholders.
///
/// # Errors
/// It cannot; the message says why.
pub fn check_command(line: &str) -> Result<(), String> {
    command(line, None).map(drop)
}

/// The words of a command. A program that is named by a path stands in the folder of the submission.
fn command(line: &str, ground: Option<&Path>) -> Result<Vec<Template>, String> {
    let words = words::split(line).map_err(|fault| fault.to_string())?;
    templates(&words, ground)
}

pub(super) fn templates(words: &[String], ground: Option<&Path>) -> Result<Vec<Template>, String> {
    let place = |(at, word): (usize, &String)| {
        let own = at == 0 && word.contains('/') && !word.starts_with(['/', '{']);
        let word = if own { format!("{{submission}}/{}", word.trim_start_matches("./")) } else { word.clone() };
        template(&word, ground)
    };
    words.iter().enumerate().map(place).collect()
}

fn template(text: &str, ground: Option<&Path>) -> Result<Template, String> {
    let ground = ground.unwrap_or_else(|| Path::new("/"));
    let shown = |name: &str| ground.join(name).to_string_lossy().replace('{', "{{");
    let text = text.replace("{submission}", &shown(FOLDER)).replace("{build-log}", &shown(BUILD_LOG));
    Template::parse(&text).map_err(|fault| fault.to_string())
}
