//! `ftpspec doctor`: whether a subject can be judged, and what would be skipped.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use reports::{Symbols, visible};

use super::run::{Target, profile};
use super::{Failure, SuiteFolder};
use crate::plan::is_for;
use crate::run::{Examined, Feature, Met, Options, examine};
use crate::scenario::Suite;
use crate::scenario::profile::USUAL;
use crate::subject::{Role, Subject};

/// Look at a subject before it is judged: whether it starts and lets the user in, what it claims and what is found,
/// and what a run would skip. The exit code is 0 where a run can begin, and else 3.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// A subject by its name, or a file that describes one. Or say --launch or --server.
    #[arg(value_name = "SUBJECT", conflicts_with_all = ["subject", "launch", "server"])]
    name: Option<String>,
    #[command(flatten)]
    target: Target,
    /// The profile whose scenarios a run would take.
    #[arg(long, value_name = "NAME", default_value = USUAL)]
    profile: String,
    #[command(flatten)]
    suite: SuiteFolder,
}

/// Something is in the way of a run.
const NOT_READY: u8 = 3;

impl Doctor {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let subject = self.target.subject_or(self.name.as_deref())?;
        let suite = Suite::for_patterns(self.suite.scenarios.as_deref(), &[])?;
        let profile = profile(&suite, &self.profile)?;
        let selected: Vec<_> = suite
            .scenarios()
            .iter()
            .filter(|scenario| profile.selects(&suite, scenario) && is_for(scenario, &subject))
            .collect();
        let options = Options { profile, ..Options::default() };
        let examined = examine(&suite, &selected, &subject, &options)
            .map_err(|error| Failure::Usage(format!("the subject cannot be looked at: {error}")))?;
        Shown { out, subject: &subject, examined: &examined }.all(&self.profile)?;
        Ok(ExitCode::from(if examined.is_ready() { 0 } else { NOT_READY }))
    }
}

struct Shown<'a> {
    out: &'a mut dyn Write,
    subject: &'a Subject,
    examined: &'a Examined,
}

impl Shown<'_> {
    fn all(&mut self, profile: &str) -> std::io::Result<()> {
        let subject = self.subject;
        let role = if subject.role == Role::Server { "server" } else { "client" };
        self.row("Subject", &format!("{} ({role}), {}", subject.name, subject.reached()))?;
        self.start()?;
        for line in &self.examined.identity {
            self.row("It says", line)?;
        }
        self.met()?;
        self.features()?;
        let skipped: usize = self.examined.skipped.values().sum();
        let runs = self.examined.runs;
        self.row("A run", &format!("{runs} cases run, {skipped} are skipped, by the profile {profile}"))?;
        let mut reasons: Vec<_> = self.examined.skipped.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in reasons {
            self.row("", &format!("{count:>4}  {reason}"))?;
        }
        if !subject.known.is_empty() {
            self.row("Known", &format!("{} deviations, by its file", subject.known.len()))?;
        }
        Ok(())
    }

    fn start(&mut self) -> std::io::Result<()> {
        let verb = if self.subject.is_attached() { "Reached" } else { "Starts" };
        match &self.examined.started {
            Ok(time) => self.row(verb, &format!("yes, within {} ms", time.as_millis())),
            Err(error) => {
                // Its log comes line by line.
                let said = error.to_string();
                let mut lines = said.lines();
                self.row(verb, &format!("no: {}", lines.next().unwrap_or_default()))?;
                lines.try_for_each(|line| self.row("", line))?;
                self.row("", "No case can run before it starts. Try the command by hand.")
            }
        }
    }

    fn met(&mut self) -> std::io::Result<()> {
        let user = self.subject.login.user.clone();
        let blocked = "every case that logs in will be blocked or fail";
        let (label, said) = match &self.examined.met {
            None => return Ok(()),
            Some(Met::LoggedIn(reply)) => ("Login", format!("{user} is let in: {reply}")),
            Some(Met::Refused(reply)) => {
                ("Login", format!("{user} is not let in: {reply}; {blocked}. Say --user and --password"))
            }
            Some(Met::NoAnswer) => ("Login", format!("the server gives no answer to USER and PASS; {blocked}")),
            Some(Met::Mute) => ("Greeting", "none came in time; no case gets further than that".to_owned()),
            Some(Met::Closed) => {
                let said = "none: no connection could be made, or it was closed at once. Is a server there?";
                ("Greeting", said.to_owned())
            }
            Some(Met::Connected) => ("Connects", "yes".to_owned()),
            Some(Met::NeverConnected) => {
                ("Connects", "no: it ran and made no connection to {host} and {port} in time".to_owned())
            }
        };
        self.row(label, &said)
    }

    fn features(&mut self) -> std::io::Result<()> {
        if self.examined.features.is_empty() {
            return Ok(());
        }
        let claims = match (self.subject.role, self.subject.says_what_it_claims()) {
            (Role::Server, true) => "by its file, which decides; `found` is what a try of each showed",
            (Role::Server, false) => "none by a file, so what is found decides",
            (Role::Client, _) => "by its file; nothing is tried on a client",
        };
        self.row("Claims", claims)?;
        let word = |known: Option<bool>| known.map_or("-", |yes| if yes { "yes" } else { "no" });
        self.row("", &format!("{:<12} {:<6} {:<6} needed by", "", "file", "found"))?;
        for Feature { name, said, found, cases } in &self.examined.features {
            let apart = match (said, found) {
                (Some(true), Some(false)) => "  claimed, and not found",
                (Some(false), Some(true)) => "  found, and not claimed: its cases are skipped",
                _ => "",
            };
            self.row("", &format!("{name:<12} {:<6} {:<6} {cases} cases{apart}", word(*said), word(*found)))?;
        }
        Ok(())
    }

    /// What others wrote is made visible.
    fn row(&mut self, label: &str, said: &str) -> std::io::Result<()> {
        writeln!(self.out, "{}", format!("{label:<9} {}", visible(said, Symbols::Unicode)).trim_end())
    }
}
