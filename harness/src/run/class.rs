//! A class: each submission is copied, built, started, played, scored, and ended to its last process.

mod ledger;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reports::model::{Case, Report, Verdict};

use super::{Options, Progress, recorder, run, runtime};
use crate::grade::{Built, CheckOutcome, Record, Score, Status, score};
use crate::scenario::rubric::{Limits, Rubric, Style};
use crate::scenario::tree::Scenario;
use crate::scenario::{Profile, Suite};
use crate::subject::{
    Bounds, Confinement, CopyError, Done, Ended, Login, Running, Seclusion, StartError, StartStyle, Subject, Submission,
};

pub use self::ledger::{Interrupted, Ledger};

/// How many lines of a build are shown.
const SHOWN: usize = 60;

/// How often a case that could not be judged is asked again.
const AGAIN: usize = 2;

/// What is graded, and how.
#[derive(Debug)]
pub struct Class<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// The rubric.
    pub rubric: &'a Rubric,
    /// The scenarios that it gives points for.
    pub selected: Vec<&'a Scenario>,
    /// The profile whose readings decide.
    pub profile: Profile,
    /// What keeps submissions apart.
    pub seclusion: &'a Seclusion,
    /// The submissions.
    pub entries: Vec<Entry>,
    /// How many are graded side by side.
    pub jobs: usize,
    /// How many cases of one are played side by side.
    pub cases: usize,
}

/// One submission before it is graded.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name, as people read it.
    pub name: String,
    /// Its folder, or its archive.
    pub path: PathBuf,
    /// Its place in the whole class, from 0, in whichever shard it is graded: no two are the same user.
    pub number: u32,
}

/// One submission, graded.
#[derive(Debug)]
pub struct Graded {
    /// The result.
    pub record: Record,
    /// The score and the report it comes from, if it came so far.
    pub judged: Option<(Score, Report)>,
}

impl Class<'_> {
    /// Grades every submission. `done` is told of each, in the order in which they end.
    ///
    /// # Errors
    /// The results cannot be written.
    pub fn grade(
        &self,
        ledger: &Ledger<'_>,
        deadline: Option<Instant>,
        done: &(dyn Fn(&Graded) + Sync),
    ) -> std::io::Result<()> {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let over = ledger.watch(scope, deadline)?;
            let workers: Vec<_> = (0..self.jobs.clamp(1, self.entries.len().max(1)))
                .map(|_| scope.spawn(|| self.worker(&next, ledger, done)))
                .collect();
            let results = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            let written: std::io::Result<Vec<()>> = results.collect();
            over.notify_one();
            written.map(drop)
        })
    }

    fn worker(&self, next: &AtomicUsize, ledger: &Ledger<'_>, done: &(dyn Fn(&Graded) + Sync)) -> std::io::Result<()> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = self.entries.get(at) else { return Ok(()) };
            let Some(waiting) = ledger.record(at) else { return Ok(()) };
            let begun = Instant::now();
            // A fault of ours in one submission is no fault of the others, nor of the student.
            let graded = catch_unwind(AssertUnwindSafe(|| self.one(entry, waiting.clone())));
            let mut graded = graded.unwrap_or_else(|_| {
                let reason = "the grader itself broke off; please report this";
                Graded { record: waiting.without_points(Status::Ungraded, reason), judged: None }
            });
            graded.record.duration = recorder::millis(begun.elapsed());
            done(&graded);
            ledger.settle(at, graded.record)?;
        }
    }

    fn one(&self, entry: &Entry, mut record: Record) -> Graded {
        let limits = self.rubric.limits;
        let unjudged = |record: Record| Graded { record, judged: None };
        if let Err(error) = self.seclusion.enter_network() {
            return unjudged(record.without_points(Status::Ungraded, format!("no network of its own: {error}")));
        }
        let readable: Vec<PathBuf> = self.rubric.readable.iter().map(PathBuf::from).collect();
        let confinement = self.seclusion.confine(entry.number, bounds(&limits), &readable);
        let submission = match self.copied(entry, confinement) {
            Ok(submission) => submission,
            Err(error) => return unjudged(refused(record, &error)),
        };
        let login = self.login();
        let built = match build(&submission, self.rubric, &login) {
            Ok(built) => built,
            Err(error) => {
                return unjudged(
                    record.without_points(Status::Ungraded, format!("the build could not be run: {error}")),
                );
            }
        };
        let well = built.as_ref().is_none_or(|built| built.well);
        record.build = built;
        if !well {
            return unjudged(record.without_points(Status::NotBuilt, "it does not build"));
        }
        let outcomes: Vec<_> =
            self.rubric.checks.iter().map(|check| checked(&submission, check, &limits, &login)).collect();
        match self.start(&submission, entry, &login) {
            Ok((mut subject, style)) => {
                subject.timers.clone_from(&self.rubric.timers);
                record.launch = Some(style.command.clone());
                self.judged(record, &subject, &style, &outcomes)
            }
            Err(Start::NotListening(tried)) => {
                record.attempts = tried;
                let reason = "it listens in none of the ways to start it";
                unjudged(record.without_points(Status::NotStarted, reason))
            }
            Err(Start::Own(reason)) => unjudged(record.without_points(Status::Ungraded, reason)),
        }
    }

    fn copied(&self, entry: &Entry, confinement: Confinement) -> Result<Submission, CopyError> {
        Submission::copied(&entry.path, &self.rubric.folders(), self.seclusion, confinement)
    }

    fn login(&self) -> Login {
        self.rubric.login.as_ref().map_or_else(Login::anonymous, |login| Login {
            user: login.user.clone(),
            password: login.password.clone(),
            after: login.after.clone(),
        })
    }

    /// The first way to start it in which it listens.
    fn start(&self, submission: &Submission, entry: &Entry, login: &Login) -> Result<(Subject, StartStyle), Start> {
        let runtime = runtime().map_err(|error| Start::Own(error.to_string()))?;
        let mut tried = Vec::new();
        for style in &self.rubric.launch {
            let style = start_style(self.rubric, style);
            let subject = submission.subject(&entry.name, &style, login.clone()).map_err(Start::Own)?;
            let started = runtime.block_on(async {
                let running = subject.start().await?;
                Running::stop(running).await;
                Ok::<_, StartError>(())
            });
            match started {
                Ok(()) => return Ok((subject, style)),
                Err(error @ StartError::Own { .. }) => return Err(Start::Own(error.to_string())),
                Err(error) => tried.push(told(&submission.shown(&error.to_string()))),
            }
        }
        Err(Start::NotListening(tried))
    }

    fn judged(&self, record: Record, subject: &Subject, style: &StartStyle, outcomes: &[CheckOutcome]) -> Graded {
        let limits = self.rubric.limits;
        // Without networks of their own two starts want the same port.
        let alone = style.port.is_some() && !self.seclusion.has_networks();
        let options = Options {
            jobs: if alone { 1 } else { self.cases },
            reply: limits.reply,
            repeat: self.rubric.repeat,
            longest: limits.case,
            until: Some(Instant::now() + limits.all),
            profile: self.profile.clone(),
            ..Options::default()
        };
        let mut report = run(self.suite, &self.selected, subject, &options, &Silent);
        if report.cases.len() < self.selected.len() {
            let reason = "the machine could not play all cases";
            return Graded { record: record.without_points(Status::Ungraded, reason), judged: None };
        }
        for _ in 0..AGAIN {
            self.ask_again(subject, &options, &mut report);
        }
        let score = score(&report, self.rubric, outcomes);
        Graded { record: record.scored(&score), judged: Some((score, report)) }
    }

    /// Plays the cases again that could not be judged, and keeps what they come to then.
    fn ask_again(&self, subject: &Subject, options: &Options, report: &mut Report) {
        let unclear = |case: &&Case| case.verdict == Verdict::Inconclusive;
        let ids: Vec<_> = report.cases.iter().filter(unclear).map(|case| case.id.clone()).collect();
        let selected: Vec<_> = self.selected.iter().copied().filter(|scenario| ids.contains(&scenario.id)).collect();
        if selected.is_empty() {
            return;
        }
        // One after the other: perhaps the machine was too busy.
        let again = run(self.suite, &selected, subject, &Options { jobs: 1, ..options.clone() }, &Silent);
        for case in
            again.cases.into_iter().filter(|case| !matches!(case.verdict, Verdict::Inconclusive | Verdict::Skipped))
        {
            if let Some(place) = report.cases.iter_mut().find(|before| before.id == case.id) {
                *place = case;
            }
        }
        report.sources.extend(again.sources);
        report.requirements.extend(again.requirements);
    }
}

/// Why it was not started.
enum Start {
    /// By no fault of ours: it listens in none of the ways.
    NotListening(Vec<String>),
    /// By a fault of the machine or of the rubric.
    Own(String),
}

/// What became of a start, and the last lines that were printed, a line each.
fn told(error: &str) -> String {
    const LINES: usize = 10;
    let (what, printed) = error.split_once(". The last that it printed: ").unwrap_or((error, ""));
    let lines: Vec<&str> = printed.split(" | ").filter(|line| !line.is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LINES));
    std::iter::once(what).chain(last.copied()).collect::<Vec<_>>().join("\n")
}

struct Silent;

impl Progress for Silent {
    fn begins(&self, _: usize) {}

    fn judged(&self, _: &Case) {}
}

fn bounds(limits: &Limits) -> Bounds {
    Bounds {
        processes: limits.processes,
        memory: limits.memory,
        cpu: limits.cpu.as_secs(),
        file: limits.file,
        disk: limits.disk,
    }
}

/// What holds too much, or cannot be read, is the student's to change.
fn refused(record: Record, error: &CopyError) -> Record {
    let status = if matches!(error, CopyError::Own(_)) { Status::Ungraded } else { Status::NotBuilt };
    record.without_points(status, error.to_string())
}

fn build(submission: &Submission, rubric: &Rubric, login: &Login) -> std::io::Result<Option<Built>> {
    for line in &rubric.build.clean {
        submission.run(&line.value, rubric.limits.build, login)?;
    }
    let mut all = Vec::new();
    let mut last = None;
    let until = Instant::now() + rubric.limits.build;
    for line in &rubric.build.commands {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        let Done { ended, printed } = submission.run(&line.value, left, login)?;
        all.push(format!("$ {}", line.value));
        all.extend(printed);
        let shown = all.iter().skip(all.len().saturating_sub(SHOWN)).cloned().collect();
        last = Some(Built { well: ended.is_well(), ended: ending(&line.value, ended), printed: shown });
        if !ended.is_well() {
            break;
        }
    }
    submission.keep_build_log(&all)?;
    Ok(last)
}

fn ending(line: &str, ended: Ended) -> String {
    match ended {
        Ended::Code(code) => format!("`{line}` ended with exit code {code}"),
        Ended::Signal(signal) => format!("`{line}` was ended by signal {signal}"),
        Ended::TooLong(within) => format!("`{line}` was ended, since it took longer than {} s", within.as_secs()),
    }
}

fn checked(
    submission: &Submission,
    check: &crate::scenario::rubric::StaticCheck,
    limits: &Limits,
    login: &Login,
) -> CheckOutcome {
    match submission.run(&check.command.value, limits.build, login) {
        Ok(Done { ended, printed }) => {
            let shown = printed.iter().skip(printed.len().saturating_sub(SHOWN)).cloned().collect();
            CheckOutcome { holds: Some(ended.is_well()), printed: shown }
        }
        Err(error) => CheckOutcome { holds: None, printed: vec![error.to_string()] },
    }
}

fn start_style(rubric: &Rubric, style: &Style) -> StartStyle {
    StartStyle {
        command: style.command.value.clone(),
        directory: style.directory.clone(),
        environment: style.environment.clone(),
        port: style.port,
        ready_within: style.ready_within,
        files: rubric.files.clone(),
        setup: rubric.setup.iter().map(|line| line.value.clone()).collect(),
    }
}
