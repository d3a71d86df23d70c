//! The only part that touches sockets, files and processes.

mod body;
mod case;
mod data;
mod disk;
mod gather;
mod live;
mod probe;
pub mod prove;
mod recorder;
pub mod relay;
mod server_role;
mod stop;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reports::model::{Case, FailKind, Report, Verdict, What};

use self::case::{Ran, unseen};
use self::probe::Probed;
use self::stop::{Cause, Stops};
use crate::judge::grade::Scale;
use crate::judge::play::Facts;
use crate::plan::{Known, Planned, plan};
use crate::scenario::tree::{Action, Data, Expect, Scenario, Step, Within};
use crate::scenario::{Profile, Suite};
use crate::subject::{Health, Role, Running, StartError, Subject};

pub use self::gather::again;

/// How long a reply may take.
pub const REPLY: Duration = Duration::from_secs(10);

/// How long the greeting may take of a subject that gave none when it was tried.
const MUTE: Duration = Duration::from_secs(2);

/// What a run is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many cases run side by side.
    pub jobs: usize,
    /// Whether texts of replies decide.
    pub exact_text: bool,
    /// How long a reply may take.
    pub reply: Duration,
    /// By which readings findings are weighed, and how.
    pub profile: Profile,
}

/// What a run tells while it goes on.
pub trait Progress: Sync {
    /// So many cases will be run.
    fn begins(&self, cases: usize);
    /// This case is judged, all but the form of its replies.
    fn judged(&self, case: &Case);
}

/// Runs the selected cases on the subject.
pub fn run(
    suite: &Suite,
    selected: &[&Scenario],
    subject: &Subject,
    options: &Options,
    progress: &impl Progress,
) -> Report {
    let started = Timestamp::now();
    let begun = Instant::now();
    let given: Vec<_> = selected.iter().map(|scenario| case::given_of(suite, scenario)).collect();
    let Probed { claims, mute, never_started: failed } = probed(selected, subject, options);
    let known = Known { claims: &claims, folder: subject.folder_is_known() };
    let planned = plan(selected, &given, subject, &known);
    let mut facts = facts(suite, subject, options);
    if mute {
        // It had the whole time already when it was tried.
        facts.greeting = facts.greeting.min(MUTE);
    }
    let stops = Stops::default();
    if let Some(error) = &failed {
        stops.everything(never_started(error));
    }
    let floor = Floor {
        suite,
        subject,
        facts: &facts,
        given: &given,
        planned: &planned,
        order: longest_first(&planned, &facts),
        progress,
        stops,
        next: AtomicUsize::new(0),
    };
    progress.begins(planned.iter().filter(|planned| planned.skip.is_none()).count());
    let jobs = if subject.is_attached() { 1 } else { options.jobs.max(1) };
    let mut ran = floor.all(jobs.min(planned.len().max(1)));
    ran.sort_by_key(|(at, _)| *at);
    let ran = ran.into_iter().map(|(_, ran)| ran).collect();
    let mut report = gather::report(suite, subject, options, &claims, ran);
    report.started = started.to_string();
    report.duration = recorder::millis(begun.elapsed());
    report
}

/// What the subject says it can do, or else what it can be seen to do.
fn probed(selected: &[&Scenario], subject: &Subject, options: &Options) -> Probed {
    let needs: BTreeSet<_> =
        selected.iter().flat_map(|scenario| &scenario.needs).map(|need| need.value.as_str()).collect();
    if subject.says_what_it_claims() || needs.is_empty() {
        return Probed::of(subject.claims.clone());
    }
    match runtime() {
        Ok(runtime) => runtime.block_on(probe::probe(subject, &needs, options.reply)),
        Err(error) => {
            tracing::error!(%error, "the subject cannot be tried");
            Probed::default()
        }
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// What a play must know of this subject in this run.
pub(crate) fn facts(suite: &Suite, subject: &Subject, options: &Options) -> Facts {
    Facts {
        user: subject.login.user.clone(),
        password: subject.login.password.clone(),
        after_login: subject.login.after.clone(),
        timers: subject.timers.clone(),
        exact_text: options.exact_text,
        reply: options.reply,
        scale: Scale::of(&options.profile, suite),
        greeting: options.reply,
    }
}

/// Where the workers take their cases.
struct Floor<'a, P> {
    suite: &'a Suite,
    subject: &'a Subject,
    facts: &'a Facts,
    given: &'a [Vec<&'a Scenario>],
    planned: &'a [Planned<'a>],
    /// The order in which the cases are begun.
    order: Vec<usize>,
    progress: &'a P,
    stops: Stops,
    next: AtomicUsize,
}

impl<P: Progress> Floor<'_, P> {
    /// A thread and a runtime a worker: a body that is digested in one case holds up no other.
    fn all(&self, jobs: usize) -> Vec<(usize, Ran)>
    where
        P: Sync,
    {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| self.worker())).collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn worker(&self) -> Vec<(usize, Ran)> {
        match runtime() {
            Ok(runtime) => runtime.block_on(self.work()),
            Err(error) => {
                // The other workers take its cases. If none can begin, the cases are missing and the caller says so.
                tracing::error!(%error, "a worker cannot begin");
                Vec::new()
            }
        }
    }

    async fn work(&self) -> Vec<(usize, Ran)> {
        let mut ran = Vec::new();
        let mut running = None;
        while let Some(&at) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let (Some(planned), Some(given)) = (self.planned.get(at), self.given.get(at)) else { break };
            if let Some(reason) = &planned.skip {
                ran.push((at, skipped(planned.scenario, reason)));
                continue;
            }
            let done = self.one(planned.scenario, given, &mut running).await;
            self.progress.judged(&done.case);
            ran.push((at, done));
        }
        if let Some(running) = running {
            Running::stop(running).await;
        }
        ran
    }

    async fn one(&self, scenario: &Scenario, given: &[&Scenario], running: &mut Option<Running>) -> Ran {
        if let Some(cause) = self.stops.of(scenario) {
            return blocked(scenario, &cause);
        }
        if self.subject.role == Role::Client {
            return self.one_client(scenario, given).await;
        }
        if running.is_none() {
            match self.subject.start().await {
                Ok(started) => *running = Some(started),
                Err(error) => return self.never_started(scenario, &error),
            }
        }
        let Some(subject) = running else { return skipped(scenario, "no subject") };
        let ran = case::on_server(scenario, given, self.suite, self.facts, subject, None).await;
        if self.subject.is_attached()
            && let Some(cause) = never_reached(&ran, self.subject)
        {
            return blocked(scenario, &self.stops.everything(cause));
        }
        self.stops.heed(scenario, &ran);
        let broken = ran.case.kind.is_some() || subject.health() != Health::Alive;
        if (broken || !self.subject.pool)
            && let Some(running) = running.take()
        {
            running.stop().await;
        }
        ran
    }

    /// A client is a fresh process in every case.
    async fn one_client(&self, scenario: &Scenario, given: &[&Scenario]) -> Ran {
        match server_role::on_client(scenario, given, self.suite, self.facts, self.subject).await {
            Ok(ran) => {
                self.stops.heed(scenario, &ran);
                ran
            }
            Err(error) => self.never_started(scenario, &error),
        }
    }

    fn never_started(&self, scenario: &Scenario, error: &StartError) -> Ran {
        blocked(scenario, &self.stops.everything(never_started(error)))
    }
}

/// The greeting is seen to first. Then the cases that must wait longest begin, so that nobody waits for them at the end.
fn longest_first(planned: &[Planned<'_>], facts: &Facts) -> Vec<usize> {
    let waits: Vec<Duration> = planned.iter().map(|planned| wait(planned.scenario, facts)).collect();
    let mut order: Vec<usize> = (0..planned.len()).collect();
    let greets = |at: usize| planned.get(at).is_some_and(|planned| planned.scenario.id == stop::GREETING);
    order.sort_by_key(|&at| (!greets(at), std::cmp::Reverse(waits.get(at).copied())));
    order
}

/// How long a scenario waits where nothing happens.
fn wait(scenario: &Scenario, facts: &Facts) -> Duration {
    let step = |step: &Step| match &step.action {
        Action::Silence { during, .. } | Action::Data(Data::ExpectNoConnection(during)) => *during,
        Action::Expect(Expect { within: Within::Timer(name), .. }) => {
            facts.timers.get(name).copied().unwrap_or(facts.reply)
        }
        Action::Say(_)
        | Action::Expect(_)
        | Action::Login
        | Action::Data(_)
        | Action::Closed(_)
        | Action::HangUp(_)
        | Action::Switch(_) => Duration::ZERO,
    };
    scenario.steps.iter().map(step).sum()
}

fn never_started(error: &StartError) -> Cause {
    Cause { reason: format!("the subject never started: {error}"), by: None, kind: Some(FailKind::NoStart) }
}

/// A server that we did not start, and that does not even take a connection, is perhaps another than was meant.
fn never_reached(ran: &Ran, subject: &Subject) -> Option<Cause> {
    let What::NotConnected { why } = &ran.case.events.first()?.what else { return None };
    let reason = format!("no connection to the subject, said to be {}: {why}", subject.reached());
    Some(Cause { reason, by: None, kind: Some(FailKind::NoStart) })
}

fn skipped(scenario: &Scenario, reason: &str) -> Ran {
    Ran {
        case: unseen(scenario, Verdict::Skipped, reason.to_owned()),
        framing: Vec::new(),
        identity: Vec::new(),
        short: None,
    }
}

fn blocked(scenario: &Scenario, cause: &Cause) -> Ran {
    let never_run = unseen(scenario, Verdict::Blocked, cause.reason.clone());
    Ran { case: Case { kind: cause.kind, ..never_run }, framing: Vec::new(), identity: Vec::new(), short: None }
}
