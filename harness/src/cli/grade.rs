//! `ftpspec grade`: a folder of submissions, graded by a rubric.

mod names;
mod results;
mod shard;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use reports::Symbols;

use self::names::{Named, entries};
use self::results::Results;
pub(super) use self::results::put;
use self::shard::Wanted;
use super::export::{Exports, Place, place};
use super::run::profile;
use super::{Failure, SuiteFolder};
use crate::grade::compare::{self, compare};
use crate::grade::explain::{Found, explain};
use crate::grade::export::Assignment;
use crate::grade::merge::Run;
use crate::grade::table::{self, Heading};
use crate::grade::{Audience, Outline, Record, record};
use crate::run::class::{Class, Graded, Interrupted, Ledger};
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, escape, nearest};
use crate::scenario::rubric::{Group, Rubric, matches};
use crate::scenario::tree::Located;
use crate::scenario::{LoadError, Suite};
use crate::subject::{Kind, Seclusion, check_command, sweep};

/// Grade a folder of submissions by a rubric. Each folder, zip and tar.gz in it is one. The exit code is 0 once every submission has a
/// result, whatever its points.
#[derive(Debug, Args)]
pub(super) struct Grade {
    /// The folder of the submissions.
    #[arg(value_name = "SUBMISSIONS", required_unless_present = "one", conflicts_with = "one")]
    submissions: Option<PathBuf>,
    /// One submission, a folder or an archive, for a student at home: its points and the reasons are printed.
    #[arg(long, value_name = "PATH")]
    one: Option<PathBuf>,
    /// A rubric that the program carries, or a file of your own. A name that is not known is answered by those there are.
    #[arg(long, value_name = "NAME-or-FILE")]
    rubric: String,
    /// How many submissions are graded side by side.
    #[arg(long, short, value_name = "N", default_value_t = side_by_side(), value_parser = at_least_one)]
    jobs: usize,
    /// How many cases of one submission are played side by side.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = at_least_one)]
    cases: usize,
    /// Where the results go: results.jsonl, results.csv, and a folder for each submission.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Grade only a part of the class, the second of four for 2/4, for `ftpspec merge`; `auto` reads it from the variables
    /// of Slurm arrays, Kubernetes Indexed Jobs and GNU parallel, or from `FTPSPEC_SHARD` and `FTPSPEC_SHARDS`.
    #[arg(long, value_name = "k/n|auto", requires = "out", conflicts_with_all = ["one", "compare"])]
    shard: Option<Wanted>,
    /// Write the results for a platform as well, as `ftpspec export` does; may be given several times. A format for one
    /// submission wants a folder (a path that ends in /) where a class is graded.
    #[arg(long = "export", value_name = "FORMAT=FILE", value_parser = place)]
    exports: Vec<Place>,
    /// For whom the results are: students do not see hidden cases. Without it, --one is for students and a class for staff.
    #[arg(long, value_enum)]
    audience: Option<For>,
    /// End after so long, with every result that there is: 9min, 90s. Who was not graded by then is said.
    #[arg(long, value_name = "TIME", value_parser = time)]
    deadline: Option<Duration>,
    /// Only these cases of the rubric; may be given several times. The other cases are left out of the points.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// The results.jsonl of an earlier time: says who has other points now, and by which cases.
    #[arg(long, value_name = "FILE", conflicts_with = "one")]
    compare: Option<PathBuf>,
    /// What keeps submissions apart. The best that there is, if it is not said.
    #[arg(long, value_enum, default_value_t)]
    sandbox: Sandbox,
    #[command(flatten)]
    suite: SuiteFolder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum For {
    Student,
    Staff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Sandbox {
    /// The best that there is.
    #[default]
    Auto,
    /// landlock, limits and another user.
    Landlock,
    /// Limits and another user alone: only for submissions that you trust.
    None,
}

/// Two for each processor: a submission waits more than it computes.
fn side_by_side() -> usize {
    2 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| (1..=1000).contains(number)).ok_or_else(|| "say 1 to 1000".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "say a number and its unit: 90s, 9min, 2h".to_owned();
    let unit = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at_checked(unit).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "min" | "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

impl Grade {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let begun = Instant::now();
        // Before there is any thread: namespaces are taken by a process that has one.
        let seclusion = self.seclusion()?;
        let suite = Suite::for_patterns(self.suite.scenarios.as_deref(), &[])?;
        let rubric = rubric(&self.rubric, &suite)?;
        let rubric = self.narrowed(rubric)?;
        let entries = match (&self.one, &self.submissions) {
            (Some(one), _) => names::one(one)?,
            (None, Some(folder)) => entries(folder)?,
            (None, None) => return Err(Failure::Usage("say which submissions".to_owned())),
        };
        let run = self.of_run(&rubric, &suite, &entries)?;
        let in_shard = |(at, _): &(usize, &Named)| run.as_ref().is_none_or(|run| run.shard.holds(*at));
        let entries: Vec<_> = entries.iter().enumerate().filter(in_shard).map(|(_, named)| named).collect();
        if let Some(warning) = seclusion.warning() {
            writeln!(anstream::stderr(), "warning: the sandbox is {}: {warning}", seclusion.words())?;
        }
        let before = self.compare.as_deref().map(earlier).transpose()?;
        let profile = profile(&suite, &rubric.profile)?;
        let graded = |id: &str| rubric.groups.iter().any(|group| group.part_of(id).is_some());
        let class = Class {
            suite: &suite,
            rubric: &rubric,
            selected: suite
                .scenarios()
                .iter()
                .filter(|scenario| graded(&scenario.id) && profile.selects(&suite, scenario))
                .collect(),
            profile,
            seclusion: &seclusion,
            entries: entries.iter().map(|named| named.entry.clone()).collect(),
            jobs: if seclusion.has_networks() { self.jobs } else { 1 },
            cases: self.cases,
        };
        let graded_by = format!("{} {}", rubric.name, suite.hash());
        let waiting = entries
            .iter()
            .map(|named| Record::waiting(&named.entry.name, &named.folder, &rubric, &graded_by, &seclusion.words()));
        let exports = self.exports(&suite, &rubric, entries.len())?;
        let folder =
            self.out.as_ref().map(|out| run.as_ref().map_or_else(|| out.clone(), |run| out.join(run.shard.folder())));
        let results = Results::new(folder.as_deref(), &rubric, self.audience(), exports)?.of_run(run.as_ref())?;
        let records = self.grade(&class, waiting.collect(), &results, self.deadline.map(|time| begun + time), out)?;
        if let (Some(before), Some(file)) = (before, &self.compare) {
            let comparison = compare(&before, &records);
            let text = compare::human(&comparison, &file.to_string_lossy(), self.audience(), Symbols::Unicode);
            out.write_all(text.as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn grade(
        &self,
        class: &Class<'_>,
        waiting: Vec<Record>,
        results: &Results<'_>,
        deadline: Option<Instant>,
        out: &mut dyn Write,
    ) -> Result<Vec<Record>, Failure> {
        let said = Mutex::new(String::new());
        let failed = Mutex::new(None);
        let done = |graded: &Graded| {
            if let Err(failure) = results.keep(graded)
                && let Ok(mut failed) = failed.lock()
            {
                *failed = Some(failure);
            }
            if self.one.is_some()
                && let Ok(mut said) = said.lock()
            {
                let judged = graded.judged.as_ref().map(|(score, report)| (score, report));
                let found = Found { rubric: class.rubric, record: &graded.record, judged };
                *said = explain(&found, self.audience());
            } else {
                progress(&graded.record);
            }
        };
        let save = |records: &[Record]| results.save(records);
        let interrupted = |why: Interrupted, records: &[Record]| interrupted(class.rubric, why, records);
        let ledger = Ledger::open(waiting, &save, &interrupted)?;
        class.grade(&ledger, deadline, &done)?;
        sweep();
        let records = ledger.records();
        if self.one.is_some() {
            out.write_all(said.lock().map(|said| said.clone()).unwrap_or_default().as_bytes())?;
        } else {
            out.write_all(table::human(&Heading::of(class.rubric), &records, Symbols::Unicode).as_bytes())?;
        }
        if let Some(out_dir) = results.folder().filter(|_| self.one.is_none()) {
            writeln!(out, "results in {}", escape(&out_dir.display().to_string()))?;
        }
        match failed.into_inner().ok().flatten() {
            Some(failure) => Err(failure),
            None => Ok(records),
        }
    }

    /// What is written for platforms, if so many submissions find their places there.
    fn exports<'a>(&'a self, suite: &'a Suite, rubric: &Rubric, submissions: usize) -> Result<Exports<'a>, Failure> {
        let exports = Exports::new(&self.exports, Assignment::of(suite, Outline::of_rubric(rubric)))?;
        if exports.has_output() {
            return Err(Failure::Usage("--export writes files; for standard output type `ftpspec export`".to_owned()));
        }
        exports.fit(submissions, "grade them one by one with --one DIR")?;
        Ok(exports)
    }

    fn seclusion(&self) -> Result<Seclusion, Failure> {
        let wanted = match self.sandbox {
            Sandbox::Auto => None,
            Sandbox::Landlock => Some(Kind::Landlock),
            Sandbox::None => Some(Kind::LimitsOnly),
        };
        Seclusion::begin(wanted).map_err(Failure::Output)
    }

    fn audience(&self) -> Audience {
        match (self.audience, &self.one) {
            (Some(For::Student), _) | (None, Some(_)) => Audience::Student,
            (Some(For::Staff), _) | (None, None) => Audience::Staff,
        }
    }

    /// What all shards have in common, and which this is; nothing, if the class is not split.
    fn of_run(&self, rubric: &Rubric, suite: &Suite, class: &[Named]) -> Result<Option<Run>, Failure> {
        let Some(wanted) = self.shard else { return Ok(None) };
        let (_, text) = written(&self.rubric, suite)?;
        shard::run(wanted.found()?, (rubric, &text, &self.only), suite, class).map(Some)
    }

    /// The rubric with the cases of `--only` alone.
    fn narrowed(&self, mut rubric: Rubric) -> Result<Rubric, Failure> {
        if self.only.is_empty() {
            return Ok(rubric);
        }
        for group in &mut rubric.groups {
            let only = self.only.iter().map(|pattern| {
                let part = group.scenarios.iter().find(|part| matches(&part.pattern.value, pattern));
                let mut part = part.or_else(|| group.scenarios.first())?.clone();
                group.part_of(pattern)?;
                part.pattern.value.clone_from(pattern);
                Some(part)
            });
            group.scenarios = only.flatten().collect();
        }
        rubric.groups.retain(|group| !group.scenarios.is_empty());
        if rubric.groups.is_empty() {
            let message = format!("the rubric {} has no case {}", rubric.name, escape(&self.only.join(", ")));
            return Err(Failure::Usage(message));
        }
        Ok(rubric)
    }
}

/// The results of an earlier time.
pub(super) fn earlier(file: &Path) -> Result<Vec<Record>, Failure> {
    let shown = escape(&file.display().to_string());
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("cannot read the results {shown}: {error}")))?;
    record::read(&text).map_err(|error| Failure::Usage(format!("{shown}: {}", escape(&error.to_string()))))
}

/// A rubric that the suite has, or the one in a file.
pub(super) fn rubric(name_or_file: &str, suite: &Suite) -> Result<Rubric, Failure> {
    let (file, text) = written(name_or_file, suite)?;
    read(&file, &text, suite).map_err(|faults| Failure::Load(LoadError::Wrong(faults)))
}

/// The file of a rubric, and its text.
fn written(name_or_file: &str, suite: &Suite) -> Result<(String, String), Failure> {
    let file = format!("rubrics/{name_or_file}.yaml");
    match suite.source(&file).map(str::to_owned) {
        Some(text) => Ok((file, text)),
        None => Ok((name_or_file.to_owned(), on_disk(name_or_file, suite)?)),
    }
}

fn on_disk(name_or_file: &str, suite: &Suite) -> Result<String, Failure> {
    let path = Path::new(name_or_file);
    if path.is_file() || name_or_file.contains('/') || name_or_file.contains('.') {
        return std::fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("cannot read the rubric {}: {error}", escape(name_or_file))));
    }
    let files = suite.sources().iter().map(|(file, _)| file.as_ref());
    let known: Vec<&str> = files.filter_map(|file| file.strip_prefix("rubrics/")?.strip_suffix(".yaml")).collect();
    let help = match nearest(name_or_file, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("the rubrics are {}; one of your own is given by its file", known.join(", ")),
    };
    Err(Failure::Usage(format!("there is no rubric \"{}\"; {help}", escape(name_or_file))))
}

/// Reads a rubric, its command lines too.
pub(super) fn read(file: &str, text: &str, suite: &Suite) -> Result<Rubric, Diagnostics> {
    let rubric = Rubric::read(file, text, suite)?;
    let mut faults = Vec::new();
    let styles = rubric.launch.iter().map(|style| &style.command);
    let build = rubric.build.clean.iter().chain(&rubric.build.commands);
    let checks = rubric.checks.iter().map(|check| &check.command);
    for Located { value, span } in styles.chain(build).chain(checks).chain(&rubric.setup) {
        if let Err(fault) = check_command(value) {
            faults.push(Diagnostic::new(span.clone(), text, format!("the command cannot be read: {fault}")));
        }
    }
    faults.extend(unasked(&rubric, text, suite));
    if !suite.profiles().contains_key(&rubric.profile) {
        let known = suite.profiles().keys().map(String::as_str);
        let near = nearest(&rubric.profile, known.clone()).map(|near| format!("did you mean \"{near}\"?"));
        let help = near.unwrap_or_else(|| format!("the profiles are {}", known.collect::<Vec<_>>().join(", ")));
        let line = text.lines().position(|line| line.starts_with("profile:")).unwrap_or_default();
        let span = crate::scenario::tree::Span { file: file.into(), line: line + 1, column: 1, width: "profile".len() };
        faults.push(Diagnostic::new(span, text, format!("there is no profile \"{}\"", rubric.profile)).help(help));
    }
    if faults.is_empty() { Ok(rubric) } else { Err(Diagnostics(faults)) }
}

/// The groups of which the profile has no case asked.
fn unasked(rubric: &Rubric, text: &str, suite: &Suite) -> Vec<Diagnostic> {
    let Some(profile) = suite.profiles().get(&rubric.profile) else { return Vec::new() };
    let is_unasked = |group: &&Group| {
        let mut own = suite.scenarios().iter().filter(|scenario| group.part_of(&scenario.id).is_some());
        !own.any(|scenario| profile.selects(suite, scenario))
    };
    let fault = |group: &Group| {
        let message = format!("the profile {} has no scenario of this group run", rubric.profile);
        let help =
            "its scenarios say commands that the profile does not allow: take other scenarios, or another profile";
        Diagnostic::new(group.name.span.clone(), text, message).help(help)
    };
    rubric.groups.iter().filter(is_unasked).map(fault).collect()
}

/// One line a submission, while a class is graded.
fn progress(record: &Record) {
    let name = reports::visible(&record.submission, Symbols::Unicode);
    let points = format!("{} of {}", record.points, record.of);
    // Progress that nobody reads is no fault.
    let _ = writeln!(anstream::stderr(), "{name}: {} ({points}, {} s)", record.status.word(), record.duration / 1000);
}

fn interrupted(rubric: &Rubric, why: Interrupted, records: &[Record]) {
    let why = match why {
        Interrupted::Deadline => "the deadline passed".to_owned(),
        Interrupted::Signal(number) => format!("signal {number} came"),
    };
    let mut error = anstream::stderr();
    let _ = writeln!(error, "{why}: what was not graded by then is ungraded, by no fault of the students");
    // Standard output is held by the thread that waits for the end.
    let _ = write!(error, "{}", table::human(&Heading::of(rubric), records, Symbols::Unicode));
}
