//! The suite, judged: on a server or a client with one fault the scenario named must be red for the reason named.
//!
//! Every case is played through a relay in front of the reference server, with a folder, a door and counters of its own; or by the
//! reference client, through a relay in front of the one that writes down what is seen of it.

mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reports::model::{Axis, Case, FailKind, Grade, Verdict};

use super::case::{Ran, Short};
use super::order::wait;
use super::relay::Relay;
use super::{Options, Progress, case, gather, runtime};
use crate::judge::Facts;
use crate::plan::{Known, plan};
use crate::scenario::profile::Profile;
use crate::scenario::rule::{Deviations, Trigger};
use crate::scenario::spoken::Spoken;
use crate::scenario::tree::{Content, Entry, Scenario};
use crate::scenario::{Mutant, Suite};
use crate::subject::{Health, Role, Running, StartError, Subject};

/// How long a reply may take. The server is ours and on this machine.
pub const REPLY: Duration = Duration::from_secs(4);
/// A scenario with a larger file, or one that waits, is no quick relative.
const LARGE: u64 = 1 << 20;

/// What is tried.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The scenarios to be proven.
    pub scenarios: Vec<&'a Scenario>,
    /// The mutants.
    pub mutants: Vec<&'a Mutant>,
    /// How many scenarios each mutant meets.
    pub breadth: Breadth,
}

/// How many scenarios each mutant meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// The one that it names.
    Named,
    /// The one that it names, and a row of each quick one that covers a requirement which that one covers too.
    Relatives,
    /// The one that it names, and a row of every quick one.
    All,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// How many cases the control run had.
    pub controls: usize,
    /// Where the relay alone changed a verdict, or the server without a fault was not green.
    pub strange: Vec<Strange>,
    /// Each mutant.
    pub mutants: Vec<Tried>,
    /// The scenarios, by their file without its ending, and the mutants on which they were red.
    pub reds: BTreeMap<String, Vec<String>>,
    /// How long it took.
    pub duration: Duration,
}

/// A case that a server without a fault does not pass alike with the relay and without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strange {
    /// Its id.
    pub case: String,
    /// What it came to without the relay.
    pub direct: Seen,
    /// What it came to with the relay.
    pub relayed: Seen,
}

/// A mutant, and what it met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Its id.
    pub mutant: String,
    /// Whether it was killed as it says.
    pub outcome: Outcome,
    /// The cases that were red on it.
    pub reds: BTreeMap<String, Seen>,
    /// How many cases it met.
    pub met: usize,
}

/// Whether a mutant was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// By the scenario named, for the reason named.
    Killed,
    /// The scenario named came to this instead.
    Otherwise(Vec<Seen>),
}

/// What a case came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is skipped or blocked.
    pub reason: Option<String>,
    /// What was found.
    pub findings: Vec<Reason>,
}

/// A finding, as far as a mutant can name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The requirement.
    pub requirement: Option<String>,
    /// What it is about.
    pub axis: Axis,
    /// What it weighs.
    pub grade: Grade,
    /// The statement.
    pub message: String,
}

impl Proof {
    /// The scenarios that nothing turned red.
    pub fn unproven(&self) -> Vec<&str> {
        self.reds.iter().filter(|(_, mutants)| mutants.is_empty()).map(|(id, _)| id.as_str()).collect()
    }

    /// Whether everything is as it should be.
    pub fn holds(&self) -> bool {
        let killed = self.mutants.iter().all(|tried| tried.outcome == Outcome::Killed);
        killed && self.strange.is_empty() && self.unproven().is_empty()
    }
}

impl Seen {
    /// Whether something was found that a requirement measures. Where the text only allows, that is a note.
    pub fn is_red(&self) -> bool {
        match self.verdict {
            Verdict::Fail | Verdict::Deviation => true,
            Verdict::Pass => self.findings.iter().any(|found| found.requirement.is_some()),
            Verdict::Inconclusive | Verdict::Skipped | Verdict::Blocked | Verdict::Known => false,
        }
    }

    fn of(case: Case) -> Self {
        let findings = case.findings.into_iter().map(|finding| Reason {
            requirement: finding.requirement,
            axis: finding.axis,
            grade: finding.grade,
            message: finding.message,
        });
        Self { verdict: case.verdict, reason: case.reason, findings: findings.collect() }
    }

    /// Whether it is what the mutant says.
    fn is_as_named(&self, mutant: &Mutant) -> bool {
        let grade = match mutant.verdict {
            Verdict::Deviation => Grade::Deviation,
            Verdict::Pass => Grade::Note,
            Verdict::Fail | Verdict::Inconclusive | Verdict::Skipped | Verdict::Blocked | Verdict::Known => Grade::Fail,
        };
        self.verdict == mutant.verdict
            && self.findings.iter().any(|found| {
                found.requirement.as_ref() == Some(&mutant.requirement.value)
                    && found.axis == mutant.axis
                    && found.grade == grade
            })
    }
}

/// The id of a case without its row.
pub fn without_row(id: &str) -> &str {
    id.split('[').next().unwrap_or(id)
}

/// Whether a mutant means this case.
pub fn is_meant(mutant: &Mutant, case: &str) -> bool {
    let kills = mutant.kills.value.as_str();
    case == kills || without_row(case) == kills
}

impl Asked<'_> {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self { scenarios: Vec::new(), mutants: Vec::new(), breadth: Breadth::Named }
    }

    /// Adds what else was asked.
    pub fn add(&mut self, other: Self) {
        self.scenarios.extend(other.scenarios);
        self.mutants.extend(other.mutants);
    }

    /// What servers play, and what clients do.
    pub fn by_kind(&self, suite: &Suite) -> (Self, Self) {
        let clients: BTreeSet<&str> = suite
            .scenarios()
            .iter()
            .filter(|scenario| scenario.errand.is_some())
            .map(|scenario| without_row(&scenario.id))
            .collect();
        let (of_servers, of_clients) = self.scenarios.iter().copied().partition(|scenario| scenario.errand.is_none());
        let is_server = |mutant: &&Mutant| !clients.contains(without_row(&mutant.kills.value));
        let (servers, client_mutants) = self.mutants.iter().copied().partition(is_server);
        (
            Self { scenarios: of_servers, mutants: servers, breadth: self.breadth },
            Self { scenarios: of_clients, mutants: client_mutants, breadth: self.breadth },
        )
    }

    /// What this subject can play, and what it cannot.
    pub fn parted(&self, suite: &Suite, subject: &Subject) -> (Self, Self) {
        let runnable = runnable(suite, subject);
        let ids: BTreeSet<&str> = runnable.iter().map(|scenario| scenario.id.as_str()).collect();
        let plays = |scenario: &&Scenario| ids.contains(scenario.id.as_str());
        let shows = |mutant: &&Mutant| runnable.iter().any(|scenario| is_meant(mutant, &scenario.id));
        let (scenarios, other_scenarios) = self.scenarios.iter().copied().partition(plays);
        let (mutants, other_mutants) = self.mutants.iter().copied().partition(shows);
        let here = Self { scenarios, mutants, breadth: self.breadth };
        (here, Self { scenarios: other_scenarios, mutants: other_mutants, breadth: Breadth::Named })
    }
}

impl Proof {
    /// Adds what came of another part of what was asked.
    pub fn add(&mut self, other: Self) {
        self.controls += other.controls;
        self.strange.extend(other.strange);
        self.mutants.extend(other.mutants);
        self.reds.extend(other.reds);
        self.duration += other.duration;
    }
}

/// Whether this machine can be reached at `::1`.
pub fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// Tries the mutants.
///
/// # Errors
/// The server does not start.
pub fn prove(
    suite: &Suite,
    asked: &Asked<'_>,
    subject: &Subject,
    jobs: usize,
    progress: &impl Progress,
) -> Result<Proof, StartError> {
    let begun = Instant::now();
    let options = Options { jobs, reply: REPLY, profile: Profile::usual(), ..Options::default() };
    let facts = match subject.role {
        Role::Server => super::facts(suite, subject, &options),
        Role::Client => client::facts(super::facts(suite, subject, &client::options(options))),
    };
    let server = client::server_of(subject)?;
    let runnable = runnable(suite, subject);
    let trials = trials(suite, asked, &runnable, &facts);
    progress.begins(trials.len());
    let floor = Floor {
        suite,
        asked,
        subject,
        server: &server,
        facts: &facts,
        trials: &trials,
        progress,
        next: AtomicUsize::new(0),
        silences: Mutex::default(),
    };
    let seen = floor.all(jobs.clamp(1, trials.len().max(1)))?;
    let mut proof = gathered(asked, &trials, seen);
    proof.duration = begun.elapsed();
    Ok(proof)
}

/// A case, played once.
#[derive(Debug, Clone, Copy)]
struct Trial<'a> {
    scenario: &'a Scenario,
    door: Door,
}

/// How the client reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// The server's own.
    Direct,
    /// The relay, with no rules.
    Relayed,
    /// The relay, with the rules of this mutant.
    Mutant(usize),
}

/// The scenarios that run on this subject.
fn runnable<'a>(suite: &'a Suite, subject: &Subject) -> Vec<&'a Scenario> {
    let all: Vec<&Scenario> = suite.scenarios().iter().collect();
    let given: Vec<_> = all.iter().map(|scenario| case::given_of(suite, scenario)).collect();
    let known = Known { claims: &subject.claims, folder: subject.folder_is_known() };
    let planned = plan(&all, &given, subject, &known).into_iter();
    let is_for = |scenario: &Scenario| scenario.errand.is_some() == (subject.role == Role::Client);
    planned
        .filter(|planned| planned.skip.is_none() && is_for(planned.scenario))
        .map(|planned| planned.scenario)
        .collect()
}

/// Everything that is played, what takes long first.
fn trials<'a>(suite: &'a Suite, asked: &Asked<'a>, runnable: &[&'a Scenario], facts: &Facts) -> Vec<Trial<'a>> {
    let quick = quick(runnable, facts);
    let verbs: BTreeMap<&str, BTreeSet<String>> =
        runnable.iter().map(|&scenario| (scenario.id.as_str(), verbs(suite, scenario))).collect();
    let mut trials = Vec::new();
    let mut controls: BTreeSet<&str> = asked.scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
    for (at, mutant) in asked.mutants.iter().enumerate() {
        let covered: BTreeSet<&str> = runnable
            .iter()
            .filter(|scenario| is_meant(mutant, &scenario.id))
            .flat_map(|&scenario| covers(scenario))
            .collect();
        for &scenario in runnable {
            let near = match asked.breadth {
                Breadth::Named => false,
                // A client is a fresh process in every case, and its scenarios have relatives by the dozen.
                Breadth::Relatives => scenario.errand.is_none() && covers(scenario).any(|id| covered.contains(id)),
                Breadth::All => true,
            };
            // What a client will say, nobody knows before.
            let meets = || {
                scenario.errand.is_some()
                    || verbs.get(scenario.id.as_str()).is_some_and(|verbs| may_show(mutant, verbs))
            };
            if is_meant(mutant, &scenario.id) || near && quick.contains(scenario.id.as_str()) && meets() {
                trials.push(Trial { scenario, door: Door::Mutant(at) });
                controls.insert(&scenario.id);
            }
        }
    }
    for &scenario in runnable.iter().filter(|scenario| controls.contains(scenario.id.as_str())) {
        trials.extend([Door::Direct, Door::Relayed].map(|door| Trial { scenario, door }));
    }
    let length = |scenario: &Scenario| (client::waits(scenario), wait(scenario, facts), is_large(scenario));
    trials.sort_by_key(|trial| std::cmp::Reverse(length(trial.scenario)));
    client::mixed(trials)
}

/// The first row of each scenario that takes no time.
fn quick<'a>(runnable: &[&'a Scenario], facts: &Facts) -> BTreeSet<&'a str> {
    let mut files = BTreeSet::new();
    let is_quick =
        |scenario: &Scenario| wait(scenario, facts).is_zero() && !client::waits(scenario) && !is_large(scenario);
    let quick = runnable.iter().filter(|scenario| is_quick(scenario));
    quick.filter(|scenario| files.insert(without_row(&scenario.id))).map(|scenario| scenario.id.as_str()).collect()
}

/// What the client says in a case: the harness ends each with QUIT.
fn verbs(suite: &Suite, scenario: &Scenario) -> BTreeSet<String> {
    let mut verbs = Spoken::of(case::given_of(suite, scenario).into_iter().chain([scenario])).verbs;
    verbs.insert("QUIT".to_owned());
    verbs
}

/// Whether a rule of the mutant can be met by who says these verbs. Where none can, the mutant is the server without fault.
fn may_show(mutant: &Mutant, verbs: &BTreeSet<String>) -> bool {
    let Deviations { rules, clients } = mutant.deviations.as_ref();
    clients.is_some()
        || rules.iter().any(|rule| match &rule.on {
            Trigger::Greeting | Trigger::Segments(_) => true,
            Trigger::Command(fits) => fits.verbs.is_empty() || fits.verbs.iter().any(|verb| verbs.contains(verb)),
        })
}

fn is_large(scenario: &Scenario) -> bool {
    let large = |entry: &Entry| matches!(entry, Entry::File(Content::Generated { size, .. }) if *size > LARGE);
    scenario.files.values().any(large)
}

fn covers(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.covers.iter().map(|id| id.value.as_str())
}

/// Where the workers take their trials.
struct Floor<'a, P> {
    suite: &'a Suite,
    asked: &'a Asked<'a>,
    subject: &'a Subject,
    /// What runs: the subject, or the server that a client is judged with.
    server: &'a Subject,
    facts: &'a Facts,
    trials: &'a [Trial<'a>],
    progress: &'a P,
    next: AtomicUsize,
    /// The mutants that fell silent for every case, or for every case that begins in this state.
    silences: Mutex<BTreeSet<(usize, Option<String>)>>,
}

impl<P: Progress> Floor<'_, P> {
    fn all(&self, jobs: usize) -> Result<BTreeMap<usize, Seen>, StartError> {
        let done: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| self.worker())).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let mut seen = BTreeMap::new();
        for part in done {
            seen.extend(part?);
        }
        Ok(seen)
    }

    fn worker(&self) -> Result<Vec<(usize, Seen)>, StartError> {
        let own = |source| StartError::Own { doing: "begin to work".to_owned(), source };
        runtime().map_err(own)?.block_on(self.work())
    }

    async fn work(&self) -> Result<Vec<(usize, Seen)>, StartError> {
        let mut seen = Vec::new();
        let mut running: Option<Running> = None;
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(trial) = self.trials.get(at) else { break };
            let mut server = match running.take() {
                Some(server) => server,
                None => self.server.start().await?,
            };
            let case = self.one(trial, &mut server).await?;
            self.progress.judged(&case);
            // To look is costly, and the server is ours: it is looked at where a case says that it may be gone.
            let gone = case.kind.is_some() && server.health() != Health::Alive;
            seen.push((at, Seen::of(case)));
            if gone {
                server.stop().await;
            } else {
                running = Some(server);
            }
        }
        if let Some(server) = running {
            server.stop().await;
        }
        Ok(seen)
    }

    /// Plays a case. Where a mutant fell silent for every case alike, only those that it names hear the silence too.
    async fn one(&self, trial: &Trial<'_>, server: &mut Running) -> Result<Case, StartError> {
        if let Some(reason) = self.silent(trial) {
            return Ok(case::unseen(trial.scenario, Verdict::Blocked, reason));
        }
        let ran = match self.subject.role {
            Role::Server => self.on_server(trial, server).await?,
            Role::Client => self.on_client(trial, server).await?,
        };
        let hangs = ran.case.kind == Some(FailKind::Hang);
        if let (true, Door::Mutant(at), Some(short)) = (hangs, trial.door, &ran.short) {
            let state = if let Short::Of { state, .. } = short { Some(state.clone()) } else { None };
            self.silences.lock().unwrap_or_else(PoisonError::into_inner).insert((at, state));
        }
        let only = gather::one_cause_one_finding(vec![ran]).into_iter().next();
        // One case went in, so one comes out.
        Ok(only.unwrap_or_else(|| case::unseen(trial.scenario, Verdict::Inconclusive, "it was lost".to_owned())))
    }

    /// Plays a case on the server, through a relay or not.
    async fn on_server(&self, trial: &Trial<'_>, server: &mut Running) -> Result<Ran, StartError> {
        let deviations = match trial.door {
            Door::Direct => None,
            Door::Relayed => Some(Arc::new(Deviations::default())),
            Door::Mutant(at) => self.asked.mutants.get(at).map(|mutant| Arc::clone(&mutant.deviations)),
        };
        let own = |source| StartError::Own { doing: "open a relay".to_owned(), source };
        let relay = match deviations {
            None => None,
            Some(deviations) => Some(Relay::open(server.address(), deviations).await.map_err(own)?),
        };
        let door = relay.as_ref().map(Relay::address);
        let given = case::given_of(self.suite, trial.scenario);
        Ok(case::on_server(trial.scenario, &given, self.suite, self.facts, server, door).await)
    }
}

impl<P> Floor<'_, P> {
    /// Why this trial is not worth its wait.
    fn silent(&self, trial: &Trial<'_>) -> Option<String> {
        let Door::Mutant(at) = trial.door else { return None };
        if self.asked.mutants.get(at).is_some_and(|mutant| is_meant(mutant, &trial.scenario.id)) {
            return None;
        }
        let silences = self.silences.lock().unwrap_or_else(PoisonError::into_inner);
        let states = trial.scenario.given.iter().map(|state| Some(state.value.clone()));
        let met = std::iter::once(None).chain(states).any(|state| silences.contains(&(at, state)));
        met.then(|| "this mutant fell silent in another case".to_owned())
    }
}

fn gathered(asked: &Asked<'_>, trials: &[Trial<'_>], mut seen: BTreeMap<usize, Seen>) -> Proof {
    let mut direct = BTreeMap::new();
    let mut relayed = BTreeMap::new();
    let mut met: BTreeMap<usize, Vec<(&str, Seen)>> = BTreeMap::new();
    for (at, trial) in trials.iter().enumerate() {
        let Some(seen) = seen.remove(&at) else { continue };
        let id = trial.scenario.id.as_str();
        match trial.door {
            Door::Direct => drop(direct.insert(id, seen)),
            Door::Relayed => drop(relayed.insert(id, seen)),
            Door::Mutant(mutant) => met.entry(mutant).or_default().push((id, seen)),
        }
    }
    let controls = direct.len();
    let strange = direct.into_iter().filter_map(|(id, direct)| {
        let relayed = relayed.remove(id)?;
        let green = matches!(relayed.verdict, Verdict::Pass | Verdict::Skipped);
        (!green || direct != relayed).then(|| Strange { case: id.to_owned(), direct, relayed })
    });
    let strange: Vec<_> = strange.collect();
    let mut reds: BTreeMap<String, Vec<String>> =
        asked.scenarios.iter().map(|scenario| (without_row(&scenario.id).to_owned(), Vec::new())).collect();
    let mut mutants = Vec::new();
    for (at, mutant) in asked.mutants.iter().enumerate() {
        let tried = tried(mutant, met.remove(&at).unwrap_or_default());
        for file in tried.reds.keys().map(|id| without_row(id)).collect::<BTreeSet<_>>() {
            if let Some(mutants) = reds.get_mut(file) {
                mutants.push(mutant.id.clone());
            }
        }
        mutants.push(tried);
    }
    Proof { controls, strange, mutants, reds, duration: Duration::ZERO }
}

fn tried(mutant: &Mutant, met: Vec<(&str, Seen)>) -> Tried {
    let meant: Vec<_> = met.iter().filter(|(id, _)| is_meant(mutant, id)).map(|(_, seen)| seen).collect();
    let outcome = if meant.iter().any(|seen| seen.is_as_named(mutant)) {
        Outcome::Killed
    } else {
        Outcome::Otherwise(meant.into_iter().cloned().collect())
    };
    let count = met.len();
    let reds = met.into_iter().filter(|(_, seen)| seen.is_red()).map(|(id, seen)| (id.to_owned(), seen)).collect();
    Tried { mutant: mutant.id.clone(), outcome, reds, met: count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Sources, mutants};

    #[test]
    fn a_mutant_shows_where_its_command_is_said() {
        let suite = Suite::embedded().unwrap();
        let mutants = mutants(Sources::mutants(), &suite).unwrap();
        let verbs = verbs(&suite, suite.scenario("rfc959/rename/rnto-without-rnfr").unwrap());
        assert_eq!(verbs.iter().collect::<Vec<_>>(), ["PASS", "QUIT", "RNTO", "USER"]);
        for (mutant, shows) in [
            ("rename/rnto-alone", true),
            ("deletion/deletes-nothing", false),
            ("login/user-200", true),
            ("assignments/session-quit-refused", true),
            ("control/octets-are-commands", true),
            ("control/no-greeting", true),
            ("concurrency/one-client", true),
        ] {
            let mutant = mutants.iter().find(|known| known.id == mutant).unwrap();
            assert_eq!(may_show(mutant, &verbs), shows, "{}", mutant.id);
        }
    }
}
