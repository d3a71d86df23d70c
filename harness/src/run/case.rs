//! One case against one running subject.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use reports::model::{Case, Finding, Grade, Verdict};

use super::disk;
use super::live::Live;
use super::order::wait;
use super::recorder::{Recorder, millis};
use super::stop::GREETING;
use crate::judge::play;
use crate::judge::play::{End, Facts, Played, place};
use crate::scenario::Suite;
use crate::scenario::tree::{Entry, Scenario};
use crate::subject::Running;

/// A case that was run: its report, and what is still to be judged over all cases together.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) case: Case,
    /// What is wrong with the form of replies, before one cause is made one finding.
    pub(super) framing: Vec<Finding>,
    pub(super) identity: Vec<String>,
    /// What the case came short of, if other cases would too.
    pub(super) short: Option<Short>,
}

/// What a case did not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Short {
    /// The greeting.
    OfTheGreeting,
    /// A start state, which the scenario `by` tests.
    Of {
        /// Its name.
        state: String,
        /// The id of the scenario.
        by: String,
    },
}

/// The case without anything that was seen.
pub(super) fn unseen(scenario: &Scenario, verdict: Verdict, reason: String) -> Case {
    Case {
        id: scenario.id.clone(),
        verdict,
        kind: None,
        reason: Some(reason),
        purpose: scenario.purpose.value.clone(),
        covers: scenario.covers.iter().map(|id| id.value.clone()).collect(),
        place: place(&scenario.purpose.span, &scenario.source),
        row: scenario.row.clone(),
        duration: 0,
        findings: Vec::new(),
        events: Vec::new(),
        flaky: false,
        rounds: BTreeMap::new(),
    }
}

/// Runs a case on a server. A service that goes away with 421 is asked once more.
///
/// With a door the client goes through it, as through a relay.
pub(super) async fn on_server(
    scenario: &Scenario,
    given: &[&Scenario],
    suite: &Suite,
    facts: &Facts,
    running: &mut Running,
    door: Option<SocketAddr>,
) -> Ran {
    let ran = once(scenario, given, suite, facts, running, door).await;
    if ran.1 { once(scenario, given, suite, facts, running, door).await.0 } else { ran.0 }
}

async fn once(
    scenario: &Scenario,
    given: &[&Scenario],
    suite: &Suite,
    facts: &Facts,
    running: &mut Running,
    door: Option<SocketAddr>,
) -> (Ran, bool) {
    let begun = Instant::now();
    let files = files_of(scenario, given);
    if let Err(error) = prepare(running, &files).and_then(|()| disk::date(running, &scenario.modified)) {
        let case = unseen(scenario, Verdict::Inconclusive, format!("the files could not be laid: {error}"));
        return (Ran { case, framing: Vec::new(), identity: Vec::new(), short: None }, false);
    }
    let longest = facts.longest.mul_f64(facts.stretch) + wait(scenario, facts);
    let mut live = Live::new(Recorder::new(longest), running, door, &files);
    let played = Box::pin(play(scenario, given, suite.catalogue(), facts, &mut live)).await;
    let events = live.recorder.into_events();
    let gone = played.end == End::ServiceGone;
    let mut ran = judged_server(scenario, played);
    ran.case.events = events;
    ran.case.duration = millis(begun.elapsed());
    (ran, gone)
}

/// What stands on the server before: the files of the given states and those of the scenario.
pub(crate) fn files_of(scenario: &Scenario, given: &[&Scenario]) -> BTreeMap<String, Entry> {
    given.iter().chain([&scenario]).flat_map(|part| part.files.clone()).collect()
}

pub(super) fn prepare(running: &Running, files: &BTreeMap<String, Entry>) -> std::io::Result<()> {
    if running.root().is_none() && files.is_empty() {
        return Ok(());
    }
    running.empty_root()?;
    disk::lay(running, files)
}

/// From a play of a server to a case. Where it gave no greeting, that is why nothing else could be reached.
pub(crate) fn judged_server(scenario: &Scenario, mut played: Played) -> Ran {
    if let End::Blocked { by, .. } = &mut played.end
        && played.identity.is_empty()
    {
        GREETING.clone_into(by);
    }
    judged(scenario, played)
}

/// From a play to a case.
pub(crate) fn judged(scenario: &Scenario, played: Played) -> Ran {
    let mut case = unseen(scenario, Verdict::Pass, String::new());
    case.reason = None;
    case.kind = played.kind;
    case.findings = played.findings;
    let mut short = played.identity.is_empty().then_some(Short::OfTheGreeting);
    match played.end {
        End::Judged => case.verdict = worst(&case.findings),
        End::NotApplicable(why) => {
            case.verdict = worst(&case.findings);
            if case.verdict < Verdict::Inconclusive {
                case.verdict = Verdict::Skipped;
                case.reason = Some(format!("not applicable: {why}"));
            }
        }
        End::Blocked { state, by, why } => {
            case.verdict = Verdict::Blocked;
            case.reason = Some(format!("{by}: {why}"));
            case.findings.clear();
            short = short.or(Some(Short::Of { state, by }));
        }
        End::Unreached(why) => {
            case.verdict = Verdict::Blocked;
            case.reason = Some(why);
            case.findings.clear();
        }
        End::ServiceGone => {
            case.verdict = Verdict::Inconclusive;
            case.reason = Some("the server closed the service with 421, twice".to_owned());
        }
    }
    Ran { case, framing: played.framing, identity: played.identity, short }
}

/// The verdict that the worst finding gives.
pub(crate) fn worst(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.grade).max() {
        None | Some(Grade::Note) => Verdict::Pass,
        Some(Grade::Deviation) => Verdict::Deviation,
        Some(Grade::Inconclusive) => Verdict::Inconclusive,
        Some(Grade::Fail) => Verdict::Fail,
    }
}

/// The given states of a scenario, in order. The loader has seen that they exist.
pub(crate) fn given_of<'a>(suite: &'a Suite, scenario: &Scenario) -> Vec<&'a Scenario> {
    scenario.given.iter().filter_map(|name| suite.given(&name.value)).collect()
}
