//! A case of a proof that a client plays: the reference client, with a fault or without.

use std::sync::Arc;

use super::{Door, Floor, Trial};
use crate::judge::Facts;
use crate::run::case::Ran;
use crate::run::task::{self, Changed, Otherwise};
use crate::run::{Options, Progress, own_server};
use crate::scenario::mutant::Careless;
use crate::scenario::rule::Deviations;
use crate::scenario::tree::Scenario;
use crate::subject::{Role, Running, StartError, Subject};

/// By how much the patience with a client is shortened: ours is on this machine, and waits for nothing long.
const STRETCH: f64 = 0.3;
/// What makes our clients wait for nothing long. The last word counts, so a mutant may say otherwise.
const WORDS: [&str; 2] = ["--timeout", "3"];
/// Scenarios in which a client waits: none of them is met by a mutant that does not name it.
const WAITS: &str = "rfc1123-4.1.3.2-client-timeouts";

/// How clients are tried.
pub(super) fn options(options: Options) -> Options {
    Options { stretch: STRETCH, ..options }
}

/// What is known of our clients: their adapters tell failure.
pub(super) fn facts(facts: Facts) -> Facts {
    Facts { tells_failure: true, ..facts }
}

/// Whether a client has to wait in a scenario.
pub(super) fn waits(scenario: &Scenario) -> bool {
    scenario.covers.iter().any(|id| id.value == WAITS)
}

/// Those in which a client waits are mixed with the others: who waits needs no processor.
pub(super) fn mixed(trials: Vec<Trial<'_>>) -> Vec<Trial<'_>> {
    let (waiting, others): (Vec<_>, Vec<_>) = trials.into_iter().partition(|trial| waits(trial.scenario));
    let (mut waiting, mut others) = (waiting.into_iter(), others.into_iter());
    let mut mixed = Vec::new();
    loop {
        let before = mixed.len();
        mixed.extend(waiting.next());
        mixed.extend(others.next());
        if mixed.len() == before {
            return mixed;
        }
    }
}

impl<P: Progress> Floor<'_, P> {
    /// Plays a case on the client, which reaches the server by a relay of its own where it is not itself.
    pub(super) async fn on_client(&self, trial: &Trial<'_>, server: &Running) -> Result<Ran, StartError> {
        let plain = Careless::default();
        let otherwise = match trial.door {
            Door::Direct => None,
            Door::Relayed => Some(Otherwise { deviations: Arc::new(Deviations::default()), careless: &plain }),
            Door::Mutant(at) => self
                .asked
                .mutants
                .get(at)
                .map(|mutant| Otherwise { deviations: Arc::clone(&mutant.deviations), careless: &mutant.careless }),
        };
        let words = WORDS.map(str::to_owned);
        let changed = Changed { words: &words, otherwise: otherwise.as_ref() };
        let login = &self.server.login;
        Box::pin(task::on_client(trial.scenario, self.suite, self.facts, self.subject, server, login, changed)).await
    }
}

/// The server that the subject is tried on: itself, or for a client the one that clients are judged with.
pub(super) fn server_of(subject: &Subject) -> Result<Subject, StartError> {
    match subject.role {
        Role::Server => Ok(subject.clone()),
        Role::Client => own_server(),
    }
}
