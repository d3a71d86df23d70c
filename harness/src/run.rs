//! The only part that touches sockets, files and processes.

pub mod bench;
mod body;
mod case;
pub mod class;
mod data;
mod disk;
pub mod door;
mod examine;
mod gather;
mod known;
mod live;
mod order;
mod probe;
pub mod prove;
mod recorder;
pub mod relay;
mod rounds;
mod secure;
mod server_role;
mod socket;
mod source;
mod stop;
pub mod task;
mod trust;
mod unread;
mod witness;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reports::model::{Case, FailKind, Grade, Report, Verdict, What};
use tokio::sync::Semaphore;

use self::case::{Ran, unseen};
use self::known::is_unexcused;
use self::probe::{Patience, Probed};
use self::rounds::Rounds;
use self::stop::{Cause, Stops};
use crate::judge::grade::Scale;
use crate::judge::play::Facts;
use crate::plan::{Known, Planned, plan};
use crate::scenario::tree::Scenario;
use crate::scenario::{Profile, Suite};
use crate::subject::{Health, Known as Excuse, Role, Running, StartError, Subject};

pub use self::examine::{Examined, Feature, Met, examine};
pub use self::gather::{again, observed};
pub use self::order::Order;

/// How long a reply may take.
pub const REPLY: Duration = Duration::from_secs(10);

/// The most time that one case may take, besides what it is told to wait.
pub const LONGEST: Duration = Duration::from_secs(90);

/// How long the greeting may take of a subject that gave none when it was tried.
const MUTE: Duration = Duration::from_secs(2);

/// What a run is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many cases run side by side.
    pub jobs: usize,
    /// Whether texts of replies decide.
    pub exact_text: bool,
    /// How long a reply may take, stretched already.
    pub reply: Duration,
    /// By how much the deadlines of scenarios are stretched: one of [`STRETCHES`].
    pub stretch: f64,
    /// By which readings findings are weighed, and how.
    pub profile: Profile,
    /// How often every case is run.
    pub repeat: usize,
    /// In which order cases are begun.
    pub order: Order,
    /// Whether the first fail that is not known is the end.
    pub fail_fast: bool,
    /// How long one case may take, besides what it is told to wait.
    pub longest: Duration,
    /// When no other case is begun: those that are left are skipped.
    pub until: Option<Instant>,
    /// What is known besides what the subject's file says. An entry that holds no more is said.
    pub baseline: Vec<Excuse>,
}

/// By how much deadlines can be stretched.
pub const STRETCHES: RangeInclusive<f64> = 0.1..=100.0;

impl Default for Options {
    /// Every case once, one after the other, by the usual profile.
    fn default() -> Self {
        Self {
            jobs: 1,
            exact_text: false,
            reply: REPLY,
            stretch: 1.0,
            profile: Profile::usual(),
            repeat: 1,
            order: Order::default(),
            fail_fast: false,
            longest: LONGEST,
            until: None,
            baseline: Vec::new(),
        }
    }
}

impl Options {
    /// Whether no other case is begun.
    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
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
    let Probed { mut claims, mute, never_started: failed } = probed(selected, subject, options);
    if subject.tasks.is_some() && selected.iter().any(|scenario| scenario.errand.is_some()) && tells_failure(subject) {
        claims.insert(task::TELLS_FAILURE.to_owned());
    }
    let known = Known { claims: &claims, folder: subject.folder_is_known() };
    let planned = plan(selected, &given, subject, &known);
    let mut facts = facts(suite, subject, options);
    facts.tells_failure = claims.contains(task::TELLS_FAILURE);
    if mute {
        // It had the whole time already when it was tried.
        facts.greeting = facts.greeting.min(MUTE);
    }
    let jobs = if subject.is_attached() { 1 } else { options.jobs.max(1) };
    let failed_at = OnceLock::new();
    let repeat = options.repeat.max(1);
    progress.begins(planned.iter().filter(|planned| planned.skip.is_none()).count() * repeat);
    let mut rounds = Rounds::default();
    for round in 0..repeat {
        let stops = Stops::default();
        if let Some(error) = &failed {
            stops.everything(never_started(error));
        }
        let floor = Floor {
            suite,
            subject,
            options,
            facts: &facts,
            given: &given,
            planned: &planned,
            order: options.order.of(&planned, &facts, round),
            progress,
            stops,
            failed_at: &failed_at,
            starts: Semaphore::new(starts_at_once()),
            next: AtomicUsize::new(0),
        };
        rounds.add(floor.all(jobs.min(planned.len().max(1))));
        if failed_at.get().is_some() || options.is_over() {
            break;
        }
    }
    if let Some(id) = failed_at.get() {
        let reason = format!("not run: {id} failed, and --fail-fast ends the run there");
        rounds.fill(&planned, &reason);
    } else if options.is_over() {
        rounds.fill(&planned, "not run: the time for all cases was used up");
    }
    let mut report = gather::report(suite, subject, options, &claims, rounds);
    report.started = started.to_string();
    report.duration = recorder::millis(begun.elapsed());
    report
}

/// What the subject says it can do, or else what it can be seen to do.
fn probed(selected: &[&Scenario], subject: &Subject, options: &Options) -> Probed {
    let needs: BTreeSet<_> =
        selected.iter().flat_map(|scenario| &scenario.needs).map(|need| need.value.as_str()).collect();
    if subject.says_what_it_claims() || needs.is_empty() || subject.role == Role::Client {
        return Probed::of(subject.claims.clone());
    }
    match runtime() {
        Ok(runtime) => runtime.block_on(probe::probe(subject, &needs, Patience::of(options))),
        Err(error) => {
            tracing::error!(%error, "the subject cannot be tried");
            Probed::default()
        }
    }
}

/// Whether a client tells that a task failed. Where that cannot be seen, it is taken not to.
fn tells_failure(subject: &Subject) -> bool {
    let seen = runtime().map_err(|source| StartError::Own { doing: "begin to work".to_owned(), source });
    seen.and_then(|runtime| {
        runtime.block_on(async {
            let server = own_server()?;
            let running = server.start().await?;
            let tells = task::tells_failure(subject, &running, &server.login).await;
            running.stop().await;
            tells
        })
    })
    .unwrap_or_else(|error| {
        tracing::error!(%error, "it cannot be seen whether the client tells failure");
        false
    })
}

/// The server that clients are judged with.
fn own_server() -> Result<Subject, StartError> {
    Subject::named(task::SERVER).map_err(|error| StartError::Own {
        doing: "find the server that clients are judged with".to_owned(),
        source: std::io::Error::other(error),
    })
}

/// How many subjects are started at once. Many programs need a processor for the whole of their start, and each is given
/// only so long to listen: thirty interpreters that start together on two processors would all be late.
fn starts_at_once() -> usize {
    4 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// What a play must know of this subject in this run.
pub(crate) fn facts(suite: &Suite, subject: &Subject, options: &Options) -> Facts {
    Facts {
        user: subject.login.user.clone(),
        password: subject.login.password.clone(),
        accounts: subject.accounts.named(),
        after_login: subject.login.after.clone(),
        timers: subject.timers.clone(),
        exact_text: options.exact_text,
        reply: options.reply,
        scale: Scale::of(&options.profile, suite),
        greeting: options.reply,
        longest: options.longest,
        stretch: options.stretch,
        tells_failure: false,
    }
}

/// Where the workers take their cases.
struct Floor<'a, P> {
    suite: &'a Suite,
    subject: &'a Subject,
    options: &'a Options,
    facts: &'a Facts,
    given: &'a [Vec<&'a Scenario>],
    planned: &'a [Planned<'a>],
    /// The order in which the cases are begun.
    order: Vec<usize>,
    progress: &'a P,
    stops: Stops,
    /// The case at which --fail-fast ended the run.
    failed_at: &'a OnceLock<String>,
    /// Places for subjects that are being started.
    starts: Semaphore,
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
        if let Err(error) = self.subject.enter_network() {
            tracing::error!(%error, "a worker has no network of its own");
            return Vec::new();
        }
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
            if self.options.fail_fast && self.failed(&done) {
                // Another worker may have been first.
                let _ = self.failed_at.set(done.case.id.clone());
            }
            ran.push((at, done));
            if self.failed_at.get().is_some() || self.options.is_over() {
                break;
            }
        }
        if let Some(running) = running {
            Running::stop(running).await;
        }
        ran
    }

    /// Whether a case, or the form of its replies, is a fail that nobody knows of.
    fn failed(&self, ran: &Ran) -> bool {
        let mut case = ran.case.clone();
        case.findings.extend(ran.framing.iter().cloned());
        if ran.framing.iter().any(|finding| finding.grade == Grade::Fail) {
            case.verdict = Verdict::Fail;
        }
        is_unexcused(self.subject, &self.options.baseline, &case)
    }

    async fn one(&self, scenario: &Scenario, given: &[&Scenario], running: &mut Option<Running>) -> Ran {
        if let Some(cause) = self.stops.of(scenario) {
            return blocked(scenario, &cause);
        }
        if scenario.errand.is_some() {
            return self.one_task(scenario, running).await;
        }
        if self.subject.role == Role::Client {
            return self.one_client(scenario, given).await;
        }
        if running.is_none() {
            // It is closed by nobody; without a place the subject starts as well.
            let _place = self.starts.acquire().await.ok();
            let mut started = self.subject.start().await;
            // What started before will start again; the machine may be too busy for a moment.
            if started.is_err() && self.stops.has_served() {
                started = self.subject.start().await;
            }
            match started {
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

    /// A client that is asked to do something is a fresh process in every case; the server behind the relay is the worker's.
    async fn one_task(&self, scenario: &Scenario, running: &mut Option<Running>) -> Ran {
        let done = async {
            let server = own_server()?;
            let _place = self.starts.acquire().await.ok();
            let serving = match running.take() {
                Some(serving) => running.insert(serving),
                None => running.insert(server.start().await?),
            };
            task::on_client(scenario, self.suite, self.facts, self.subject, serving, &server.login).await
        };
        match done.await {
            Ok(ran) => ran,
            Err(error) => self.never_started(scenario, &error),
        }
    }

    fn never_started(&self, scenario: &Scenario, error: &StartError) -> Ran {
        blocked(scenario, &self.stops.everything(never_started(error)))
    }
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
