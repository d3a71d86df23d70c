//! One case of a client that is asked to do something: the reference server, the relay in front of it, and the client.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use reports::model::{Channel, Event, What};
use tokio::time::timeout;

use super::case::{Ran, judged, prepare};
use super::disk;
use super::recorder::{Recorder, millis};
use super::relay::Relay;
use super::witness::Witness;
use crate::judge::play::Facts;
use crate::judge::task::{Act, PATIENCE, Stage, play};
use crate::plan::client::asked;
use crate::scenario::Suite;
use crate::scenario::mutant::Careless;
use crate::scenario::rule::Deviations;
use crate::scenario::tree::{Entry, Scenario};
use crate::subject::{Asked, Health, Login, Performing, Running, StartError, Subject};

/// The subject's file of the server that clients are judged with.
pub(super) const SERVER: &str = "reference-server-for-clients";
/// What is claimed of a client whose adapter was seen to tell failure.
pub const TELLS_FAILURE: &str = "tells-failure";
/// The most time that one case may take, besides what its client is given.
const LONGEST: Duration = Duration::from_mins(2);
/// How long the connections of a client that ended may take to end.
const SETTLING: Duration = Duration::from_secs(2);

/// What makes a client another one: what lies between it and the server that it is judged by, and what it does of its own accord.
pub(super) struct Otherwise<'a> {
    /// What becomes of what it says and hears.
    pub(super) deviations: Arc<Deviations>,
    /// What it does otherwise than it is asked.
    pub(super) careless: &'a Careless,
}

/// How a client is changed.
#[derive(Clone, Copy, Default)]
pub(super) struct Changed<'a> {
    /// Words behind those of its command.
    pub(super) words: &'a [String],
    /// Its fault.
    pub(super) otherwise: Option<&'a Otherwise<'a>>,
}

/// Runs a case on a client: a fresh process, which connects to a relay of its own.
///
/// # Errors
/// The client cannot be started.
pub(super) async fn on_client(
    scenario: &Scenario,
    suite: &Suite,
    facts: &Facts,
    subject: &Subject,
    server: &Running,
    login: &Login,
    changed: Changed<'_>,
) -> Result<Ran, StartError> {
    let begun = Instant::now();
    let Some(errand) = scenario.errand.as_deref() else {
        return Err(StartError::Own { doing: format!("play {}", scenario.id), source: io::Error::other("no task") });
    };
    let own = |doing: &str| {
        let doing = doing.to_owned();
        move |source| StartError::Own { doing, source }
    };
    prepare(server, &scenario.files).map_err(own("lay the files of the server"))?;
    disk::date(server, &scenario.modified).map_err(own("date the files of the server"))?;
    let witness = Witness::new(Recorder::new(LONGEST.mul_f64(facts.stretch) + PATIENCE));
    let relay = Relay::witnessed(server.address(), Arc::clone(&errand.deviations), witness.clone()).await;
    let relay = relay.map_err(own("open a relay"))?;
    let between = match changed.otherwise {
        None => None,
        Some(otherwise) => {
            let between = Relay::open(relay.address(), Arc::clone(&otherwise.deviations)).await;
            Some(between.map_err(own("open a second relay"))?)
        }
    };
    let reached = between.as_ref().unwrap_or(&relay).address();
    let careless = changed.otherwise.map(|otherwise| otherwise.careless);
    let errand_done = careless.map_or_else(|| errand.clone(), |careless| careless.instead_of(errand));
    let words = [changed.words, careless.map(|careless| careless.words.as_slice()).unwrap_or_default()].concat();
    let client = subject.prepare(&Asked { words: &words, ..asked(&errand_done) }, reached, login).await?;
    disk::lay(client.running(), &errand.files).map_err(own("lay the files of the client"))?;
    let mut stage = Counterpart {
        witness: witness.clone(),
        relay: Some(relay),
        between,
        client,
        careless,
        password: &facts.password,
        server,
        scenario,
    };
    let played = Box::pin(play(scenario, suite.catalogue(), facts, &mut stage)).await;
    stage.client.stop().await;
    let mut ran = judged(scenario, played);
    ran.short = None;
    ran.case.events = witness.events();
    ran.case.duration = millis(begun.elapsed());
    Ok(ran)
}

/// Whether the client tells that a task failed: it is asked for a file that is not there.
///
/// # Errors
/// The client cannot be started.
pub(super) async fn tells_failure(subject: &Subject, server: &Running, login: &Login) -> Result<bool, StartError> {
    let own = |source| StartError::Own { doing: "see whether the client tells failure".to_owned(), source };
    server.empty_root().map_err(own)?;
    let bogus = bogus(&NO_SUCH_FILE);
    if subject.cannot_perform(&bogus).is_some() {
        return Ok(false);
    }
    let relay = Relay::open(server.address(), Arc::new(Deviations::default())).await.map_err(own)?;
    let mut client = subject.prepare(&bogus, relay.address(), login).await?;
    client.begin()?;
    let failed = match timeout(PATIENCE, client.ended()).await {
        Ok(Ok(Health::Exited { code, .. })) => client.has_failed(code, &client.running().log_tail()),
        Ok(_) | Err(_) => false,
    };
    client.stop().await;
    Ok(failed)
}

/// The operands of a get that cannot succeed.
pub(super) static NO_SUCH_FILE: LazyLock<BTreeMap<&'static str, String>> =
    LazyLock::new(|| BTreeMap::from([("remote", "no-such-file".to_owned()), ("local", "no-such-file".to_owned())]));

/// A get with these operands.
pub(super) fn bogus<'a>(operands: &'a BTreeMap<&'static str, String>) -> Asked<'a> {
    Asked { tasks: vec![("get", operands)], mode: "usual", tls: "none", words: &[] }
}

/// The server's side, and the client's process.
struct Counterpart<'a> {
    witness: Witness,
    relay: Option<Relay>,
    /// What lies between the client and that relay.
    between: Option<Relay>,
    client: Performing,
    careless: Option<&'a Careless>,
    password: &'a str,
    server: &'a Running,
    scenario: &'a Scenario,
}

impl Stage for Counterpart<'_> {
    async fn act(&mut self, act: Act<'_>) -> Vec<Event> {
        let first = self.witness.recorder().map_or(0, |mut recorder| recorder.begin(0, "a"));
        match act {
            Act::Perform { within } => self.perform(within).await,
            Act::Local { wanted } => {
                let files = self.files(false);
                self.note(disk::look(self.client.running(), &files, wanted));
            }
            Act::Remote { wanted } => {
                let files = self.files(true);
                self.note(disk::look(self.server, &files, wanted));
            }
            Act::Outside => {
                let what = match self.client.outside() {
                    Ok(names) => What::Files { found: unlooked(names) },
                    Err(error) => What::Fault { why: error.to_string() },
                };
                self.note(what);
            }
        }
        self.witness.recorder().map(|mut recorder| recorder.end(first)).unwrap_or_default()
    }
}

impl Counterpart<'_> {
    fn note(&self, what: What) {
        self.witness.note(Channel::Subject, what);
    }

    async fn perform(&mut self, within: Duration) {
        if let Err(error) = self.client.begin() {
            return self.note(What::Fault { why: error.to_string() });
        }
        match timeout(within, self.client.ended()).await {
            Ok(Ok(Health::Exited { code, signal })) => {
                if let Some(relay) = &self.relay {
                    relay.settled(SETTLING).await;
                }
                let mut log = self.client.running().log_tail();
                let code = match self.misbehaved(&mut log) {
                    Ok(instead) => instead.or(code),
                    Err(error) => return self.note(What::Fault { why: error.to_string() }),
                };
                let failed = self.client.has_failed(code, &log);
                self.note(What::Exited { code, signal, log });
                self.note(What::Outcome { failed });
            }
            Ok(Ok(Health::Alive | Health::NotListening)) => {
                self.note(What::Fault { why: "the client ended and lives".to_owned() });
            }
            Ok(Err(error)) => self.note(What::Fault { why: error.to_string() }),
            Err(_) => self.note(What::Deadline { waited: millis(within) }),
        }
        // What comes later is not this act's any more.
        self.between = None;
        self.relay = None;
    }

    /// What the client does at its end of its own accord; gives the code with which it then ends.
    fn misbehaved(&self, log: &mut Vec<String>) -> io::Result<Option<i32>> {
        let (Some(careless), Some(directory)) = (self.careless, self.client.running().root()) else { return Ok(None) };
        for (name, octets) in &careless.writes {
            std::fs::write(directory.join(name), octets)?;
        }
        for name in &careless.deletes {
            match std::fs::remove_file(directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        log.extend(careless.prints.iter().map(|text| text.replace("{password}", self.password)));
        Ok(careless.exit)
    }

    /// The files that contents may name: those of the other side before those of the own.
    fn files(&self, remote: bool) -> BTreeMap<String, Entry> {
        let server = &self.scenario.files;
        let client = self.scenario.errand.as_ref().map(|errand| errand.files.clone()).unwrap_or_default();
        let (mut all, other) = if remote { (server.clone(), client) } else { (client, server.clone()) };
        all.extend(other);
        all
    }
}

fn unlooked(names: BTreeSet<String>) -> BTreeMap<String, Option<reports::model::Body>> {
    names.into_iter().map(|name| (name, None)).collect()
}
