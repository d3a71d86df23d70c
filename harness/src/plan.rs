//! What is run and what is not, and why.

pub mod client;
pub mod filter;

use std::collections::BTreeSet;

use crate::scenario::tree::{Peer, Scenario};
use crate::subject::{Role, Subject};

/// One case of a plan.
#[derive(Debug, Clone)]
pub struct Planned<'a> {
    /// The case.
    pub scenario: &'a Scenario,
    /// Why it is not run, if it is not.
    pub skip: Option<String>,
}

/// What is known before a run.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// What the subject claims, by its file or by the probe.
    pub claims: &'a BTreeSet<String>,
    /// Whether files can be laid where the server serves them.
    pub folder: bool,
}

/// Which of the selected cases are run on this subject.
pub fn plan<'a>(
    selected: &[&'a Scenario],
    given: &[Vec<&'a Scenario>],
    subject: &Subject,
    known: &Known<'_>,
) -> Vec<Planned<'a>> {
    selected
        .iter()
        .zip(given)
        .map(|(&scenario, given)| Planned { scenario, skip: reason(scenario, given, subject, known) })
        .collect()
}

/// Whether a scenario is of the kind that this subject plays: a server plays no tasks, and a client those that its file
/// has words for.
pub fn is_for(scenario: &Scenario, subject: &Subject) -> bool {
    match subject.role {
        Role::Server => scenario.errand.is_none(),
        Role::Client if scenario.errand.is_some() => subject.tasks.is_some(),
        Role::Client => subject.drive.is_some(),
    }
}

fn reason(scenario: &Scenario, given: &[&Scenario], subject: &Subject, known: &Known<'_>) -> Option<String> {
    if let Some(need) = scenario.needs.iter().find(|need| !known.claims.contains(&need.value)) {
        return Some(format!("the subject does not claim {}", need.value));
    }
    if scenario.connections.values().any(|peer| *peer == Peer::Second) {
        return Some("needs a second server".to_owned());
    }
    if let Some(errand) = &scenario.errand {
        return match subject.role {
            Role::Server => Some("it is for clients, and the subject is a server".to_owned()),
            Role::Client => subject.cannot_perform(&client::asked(errand)),
        };
    }
    match subject.role {
        Role::Server => {
            let needs_folder = given.iter().chain([&scenario]).any(|part| !part.files.is_empty());
            (needs_folder && !known.folder)
                .then(|| "needs files on the server, and its folder is not known: say --root".to_owned())
        }
        Role::Client if subject.drive.is_none() => {
            Some("the client cannot be told line by line what to say".to_owned())
        }
        Role::Client => client::cannot(scenario, given),
    }
}
