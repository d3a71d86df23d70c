//! `ftpspec prove`: whether the scenarios can fail, and fail for the right reason.

mod shown;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::Failure;
use super::run::{Shown, jobs, replace, unwritable};
use crate::run::prove::{Asked, Breadth, Proof, has_ipv6, is_meant, prove};
use crate::scenario::{LoadError, Mutant, Select, Sources, Suite, mutants};
use crate::subject::{StartError, Subject};

/// Prove the suite: each scenario is red on a server, or a client, with the fault that it is for.
#[derive(Debug, Args)]
pub(super) struct Prove {
    /// Mutants (`transfer/early-success`), folders of them, or scenarios to be proven. Everything, if there is none.
    ids: Vec<String>,
    /// How many cases run side by side [default: eight for each core].
    #[arg(long, short, value_name = "N", default_value_t = jobs(), hide_default_value = true)]
    jobs: usize,
    /// Let each mutant meet every quick scenario that says one of its commands, and not only those near to the one that it
    /// names. It takes about six minutes on two cores.
    #[arg(long)]
    all: bool,
    /// What stands on standard output.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write the result in JSON as well.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A folder of mutants that are added to those of the program, or replace those of the same name.
    #[arg(long, value_name = "DIR")]
    mutants: Option<PathBuf>,
    /// A folder of scenarios that are added to the suite, or replace those of the same name.
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
}

/// The reference client as its mutants are played: what it cannot be asked by lines, it is asked in one command.
const CLIENTS: [&str; 2] = ["reference-client", "reference-client-once"];
/// The reference server; and where it is reached over IPv6, for what it cannot be asked else.
const SERVERS: [&str; 2] = ["reference-server", "reference-server-ipv6"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Human,
    /// One object.
    Json,
}

impl Prove {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let suite = Suite::for_patterns(self.scenarios.as_deref(), &[])?;
        let mut sources = Sources::mutants();
        if let Some(folder) = &self.mutants {
            sources.add_folder(folder).map_err(LoadError::from)?;
        }
        let mutants = mutants(sources, &suite).map_err(LoadError::from)?;
        let asked = self.asked(&suite, &mutants)?;
        let progress = Shown::new();
        let proof = self.prove(&suite, &asked, &progress);
        progress.end();
        let (proof, asked) = proof?;
        if let Some(file) = &self.report {
            let json = format!("{:#}\n", shown::json(&proof, &asked));
            replace(file, json.as_bytes()).map_err(|error| unwritable(file, &error))?;
        }
        match self.format {
            Format::Human => shown::human(&proof, &asked, out)?,
            Format::Json => writeln!(out, "{:#}", shown::json(&proof, &asked))?,
        }
        Ok(if proof.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Proves on the reference server, and over IPv6 what it cannot play elsewhere; and on the reference client, told by lines or in
    /// one command.
    fn prove<'a>(&self, suite: &Suite, asked: &Asked<'a>, progress: &Shown) -> Result<(Proof, Asked<'a>), Failure> {
        let servers = if has_ipv6() { &SERVERS[..] } else { SERVERS.get(..1).unwrap_or_default() };
        let (of_servers, of_clients) = asked.by_kind(suite);
        let (mut proof, mut done) = self.chain(suite, servers, of_servers, progress)?;
        let (of_clients, clients) = self.chain(suite, &CLIENTS, of_clients, progress)?;
        proof.add(of_clients);
        done.add(clients);
        Ok((proof, done))
    }

    /// Proves on each of these subjects what none before can play. The last one takes what is left: so it is told what was not run.
    fn chain<'a>(
        &self,
        suite: &Suite,
        subjects: &[&str],
        asked: Asked<'a>,
        progress: &Shown,
    ) -> Result<(Proof, Asked<'a>), Failure> {
        let (mut proof, mut done) = (Proof::default(), Asked::nothing());
        let mut rest = asked;
        for (at, name) in subjects.iter().enumerate() {
            let subject = Subject::named(name).map_err(|error| Failure::Usage(error.to_string()))?;
            let is_last = at + 1 == subjects.len();
            let (here, left) = if is_last { (rest, Asked::nothing()) } else { rest.parted(suite, &subject) };
            rest = left;
            if here.mutants.is_empty() && here.scenarios.is_empty() {
                continue;
            }
            let failed = |error: StartError| Failure::Usage(format!("{name} does not start: {error}"));
            proof.add(prove(suite, &here, &subject, self.jobs, progress).map_err(failed)?);
            done.add(here);
        }
        Ok((proof, done))
    }

    /// What the ids name: mutants, or else scenarios and the mutants that name them.
    fn asked<'a>(&self, suite: &'a Suite, mutants: &'a [Mutant]) -> Result<Asked<'a>, Select> {
        let breadth = if self.all { Breadth::All } else { Breadth::Relatives };
        if self.ids.is_empty() {
            let scenarios = suite.scenarios().iter().collect();
            return Ok(Asked { scenarios, mutants: mutants.iter().collect(), breadth });
        }
        let mut chosen = BTreeSet::new();
        let mut scenarios = Vec::new();
        for id in &self.ids {
            let named = mutants.iter().filter(|mutant| is_below(&mutant.id, id)).map(|mutant| &mutant.id);
            let before = chosen.len();
            chosen.extend(named);
            if chosen.len() == before {
                let found = suite.select(&[id])?;
                let meant = |mutant: &&Mutant| found.iter().any(|scenario| is_meant(mutant, &scenario.id));
                chosen.extend(mutants.iter().filter(meant).map(|mutant| &mutant.id));
                scenarios.extend(found);
            }
        }
        let mutants = mutants.iter().filter(|mutant| chosen.contains(&mutant.id)).collect();
        Ok(Asked { scenarios, mutants, breadth })
    }
}

/// Whether an id is this one, or stands in this folder.
fn is_below(id: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    id.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
