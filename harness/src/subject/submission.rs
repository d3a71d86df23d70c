//! A submission: a copy of what a student handed in, built and ready to be started again and again.

mod archive;
mod copy;
mod handed;
mod style;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::archive::stem;
pub use self::copy::CopyError;
pub use self::style::{StartStyle, check_command};

use super::Login;
use super::confinement::{Confinement, Ground, Place, Seclusion};
use super::placeholder::Values;
use super::process::{Exit, Process};
use super::words;

/// A copy of what a student handed in.
#[derive(Debug)]
pub struct Submission {
    confinement: Arc<Confinement>,
    ground: Ground,
}

/// How a command of a submission ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How.
    pub ended: Ended,
    /// What it printed, as far as it is kept: the end of it.
    pub printed: Vec<String>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was ended, since it took too long.
    TooLong(Duration),
}

impl Ended {
    /// Whether the command did what it should.
    pub fn is_well(self) -> bool {
        self == Self::Code(0)
    }
}

impl Submission {
    /// Copies what was handed in, a folder or an archive, into a folder of its own. A folder that is all that stands in
    /// another is taken for the submission, unless it has one of the names that are `kept`.
    ///
    /// # Errors
    /// It cannot be read, holds too much or what could do harm, or there is no room.
    pub fn copied(
        handed_in: &Path,
        kept: &BTreeSet<String>,
        seclusion: &Seclusion,
        confinement: Confinement,
    ) -> Result<Self, CopyError> {
        let ground = Ground::make(seclusion, &confinement).map_err(CopyError::Own)?;
        let most = confinement.bounds().disk / 2;
        let from = handed::unwrapped(handed_in, kept, ground.path(), most)?;
        copy::folder(&from.folder, &ground.path().join(FOLDER), confinement.owner(), most)?;
        from.clear()?;
        Ok(Self { confinement: Arc::new(confinement), ground })
    }

    /// Runs a command in it, to its end.
    ///
    /// # Errors
    /// The command cannot be read, or this machine cannot run it.
    pub fn run(&self, line: &str, within: Duration, login: &Login) -> io::Result<Done> {
        let words = self.words(line, login).map_err(io::Error::other)?;
        let (folder, own) = (self.folder(), self.ground.path());
        let place = Place { directory: &folder, writable: &[own], environment: &[] };
        let command = self.confinement.command(&words, &place);
        let process = if self.confinement.holds() { Process::run_held(command)? } else { Process::run(command)? };
        let began = Instant::now();
        let exit = loop {
            match process.exit()? {
                Some(exit) => break Some(exit),
                None if began.elapsed() > within => break None,
                None => process.wait(within.saturating_sub(began.elapsed()).max(Duration::from_millis(1)))?,
            }
        };
        process.log().settle();
        let ended = match exit {
            Some(Exit { signal: Some(signal), .. }) => Ended::Signal(signal),
            Some(Exit { code, .. }) => Ended::Code(code.unwrap_or(-1)),
            None => Ended::TooLong(within),
        };
        Ok(Done { ended, printed: process.log().kept() })
    }

    /// Keeps what the build printed, for `{build-log}`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_build_log(&self, printed: &[String]) -> io::Result<()> {
        std::fs::write(self.ground.path().join(BUILD_LOG), printed.join("\n") + "\n")
    }

    /// A text of ours on it, as its student can read it: the folder is theirs, and ours is not named.
    pub fn shown(&self, text: &str) -> String {
        let ground = self.ground.path().to_string_lossy();
        text.replace(&format!("{ground}/{FOLDER}/"), "./").replace(&*ground, "/…")
    }

    fn folder(&self) -> PathBuf {
        self.ground.path().join(FOLDER)
    }

    /// The words of a command line, with every placeholder filled in.
    fn words(&self, line: &str, login: &Login) -> Result<Vec<String>, String> {
        let words = words::split(line).map_err(|fault| fault.to_string())?;
        let mut values = Values::default();
        values.set("user", login.user.clone());
        values.set("password", login.password.clone());
        let templates = style::templates(&words, Some(self.ground.path()))?;
        Ok(templates.iter().map(|word| word.filled(&values)).collect())
    }
}

/// The folder of the submission on its ground.
const FOLDER: &str = "s";
/// What the build printed.
const BUILD_LOG: &str = "build.log";

/// Files written before each start, by name.
pub(super) type StartFiles = BTreeMap<String, String>;
