//! `ftpspec run`: judges a subject.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::model::{Case, Report, Verdict};
use reports::{Colour, Format, Style, Symbols, Verbosity};

use super::course::Course;
use super::{Failure, Selection};
use crate::plan::is_for;
use crate::run::{Options, Progress, run};
use crate::scenario::diagnostic::{escape, nearest};
use crate::scenario::profile::USUAL;
use crate::scenario::{Profile, Suite};
use crate::subject::{Login, Subject};

/// Run scenarios against a server or a client and judge it.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    target: Target,
    /// Which scenarios are run, how much a deviation weighs, and which of the disputed readings decide.
    #[arg(long, value_name = "NAME", default_value = USUAL)]
    profile: String,
    /// How many cases run side by side [default: eight for each core].
    #[arg(long, short, value_name = "N", default_value_t = jobs(), hide_default_value = true)]
    jobs: usize,
    /// Whether the texts of replies decide, as well as their codes.
    #[arg(long, value_enum, default_value_t)]
    text: Text,
    #[command(flatten)]
    course: Course,
    #[command(flatten)]
    output: Output,
}

/// What is judged. Without any of these, the reference server that this program carries.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// A subject by its name, or a file that describes one. A name that is not known is answered by those there are.
    #[arg(long, value_name = "NAME-or-FILE", conflicts_with_all = ["launch", "server"])]
    subject: Option<String>,
    /// A command that starts a server; {port} and {root} are filled in.
    #[arg(long, value_name = "COMMAND", conflicts_with = "server")]
    launch: Option<String>,
    /// A server that runs already: ftp://user:password@host:port/
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The user to log in as, where the address or file does not say.
    #[arg(long)]
    user: Option<String>,
    /// The user's password.
    #[arg(long, requires = "user")]
    password: Option<String>,
    /// The folder that the server of --server serves. Its content is removed.
    #[arg(long, value_name = "DIR", requires = "server")]
    root: Option<PathBuf>,
}

/// Where the results go.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// Write a report as well; may be given several times.
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = report_file)]
    reports: Vec<(Format, PathBuf)>,
    /// What stands on standard output.
    #[arg(long, value_parser = PossibleValuesParser::new(Format::ALL.map(Format::word)).try_map(|word| word.parse::<Format>()), default_value = "human")]
    format: Format,
    #[command(flatten)]
    look: Look,
}

/// How text for people looks.
#[derive(Debug, Args)]
pub(super) struct Look {
    /// Say less: fails only.
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more: notes, and longer transcripts.
    #[arg(long, short)]
    verbose: bool,
    /// Only ASCII signs.
    #[arg(long)]
    ascii: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Text {
    /// A difference is shown and decides nothing.
    #[default]
    Shown,
    /// A difference is a fail.
    Exact,
}

/// A case waits for its peer nearly all the time, so many of them share a core.
pub(super) fn jobs() -> usize {
    std::thread::available_parallelism().map_or(8, |cores| cores.get() * 8)
}

pub(super) fn report_file(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(|| {
        let known = Format::ALL.map(Format::word).join(", ");
        format!("say FORMAT=FILE, for example html=report.html; the formats are {known}")
    })?;
    Ok((format.parse::<Format>().map_err(|error| error.to_string())?, file.into()))
}

impl Run {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let mut subject = self.target.subject()?;
        let suite = self.selection.load()?;
        let profile = profile(&suite, &self.profile)?;
        let mut selected = self.selection.of(&suite)?;
        selected.retain(|scenario| profile.selects(&suite, scenario) && is_for(scenario, &subject));
        self.output.can_be_written()?;
        let options =
            Options { jobs: self.jobs, exact_text: self.text == Text::Exact, profile, ..self.course.options()? };
        subject.stretch(options.stretch);
        let progress = Shown::new();
        let report = run(&suite, &selected, &subject, &options, &progress);
        progress.end();
        self.output.write(&report, out)?;
        Ok(ExitCode::from(report.exit_code()))
    }
}

pub(super) fn profile(suite: &Suite, name: &str) -> Result<Profile, Failure> {
    suite.profiles().get(name).cloned().ok_or_else(|| {
        let known = suite.profiles().keys().map(String::as_str);
        let help = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("the profiles are {}", known.collect::<Vec<_>>().join(", ")),
        };
        Failure::Usage(format!("there is no profile \"{}\"; {help}", escape(name)))
    })
}

impl Target {
    pub(super) fn subject(&self) -> Result<Subject, Failure> {
        self.subject_or(None)
    }

    /// The subject that is named apart, or else by the options.
    pub(super) fn subject_or(&self, name: Option<&str>) -> Result<Subject, Failure> {
        let login = self.user.as_ref().map(|user| Login {
            user: user.clone(),
            password: self.password.clone().unwrap_or_else(|| Login::anonymous().password),
            after: Vec::new(),
        });
        let named = name.or(self.subject.as_deref());
        let subject = match (named, &self.launch, &self.server) {
            (_, Some(command), _) => Subject::launched(command, login.unwrap_or_else(Login::anonymous)),
            (_, _, Some(url)) => Subject::at(url, login, self.root.clone()),
            (name, None, None) => Subject::named(name.unwrap_or("reference-server")).map(|mut subject| {
                subject.login = login.unwrap_or(subject.login);
                subject
            }),
        };
        subject.map_err(|error| Failure::Usage(error.to_string()))
    }
}

impl Output {
    /// A report that cannot be written is said before the run, not after it.
    fn can_be_written(&self) -> Result<(), Failure> {
        for (_, file) in &self.reports {
            std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .map_err(|error| unwritable(file, &error))?;
        }
        Ok(())
    }

    /// Writes the report in every form that is asked for.
    pub(super) fn write(&self, report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
        let style = self.look.style();
        for (format, file) in &self.reports {
            let octets = rendered(report, *format, &Style::default())?;
            replace(file, &octets).map_err(|error| unwritable(file, &error))?;
        }
        out.write_all(&rendered(report, self.format, &style)?)?;
        Ok(())
    }
}

impl Look {
    pub(super) fn style(&self) -> Style {
        let colour = colour();
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let width = rustix::termios::tcgetwinsize(io::stdout()).map_or(100, |size| usize::from(size.ws_col));
        let symbols = if self.ascii { Symbols::Ascii } else { Symbols::Unicode };
        Style { colour, symbols, width: if width == 0 { 100 } else { width.min(120) }, verbosity }
    }
}

/// Colour where standard output shows it.
pub(super) fn colour() -> Colour {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => Colour::Plain,
        anstream::ColorChoice::Auto | anstream::ColorChoice::AlwaysAnsi | anstream::ColorChoice::Always => Colour::Ansi,
    }
}

fn rendered(report: &Report, format: Format, style: &Style) -> Result<Vec<u8>, Failure> {
    reports::render(report, format, style)
        .map_err(|error| Failure::Usage(format!("the report cannot be made: {error}")))
}

/// A reader never finds half a report: it is written beside, then put in its place.
pub(super) fn replace(file: &std::path::Path, octets: &[u8]) -> io::Result<()> {
    if !file.metadata().is_ok_and(|there| there.is_file()) {
        return std::fs::write(file, octets);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| ".".as_ref());
    let mut beside = tempfile::Builder::new().prefix(".ftpspec-").tempfile_in(folder)?;
    beside.write_all(octets)?;
    std::fs::set_permissions(beside.path(), file.metadata()?.permissions())?;
    beside.persist(file).map(drop).map_err(|error| error.error)
}

pub(super) fn unwritable(file: &std::path::Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot write {}: {error}", file.display()))
}

/// The progress on standard error: a bar on a terminal, nothing elsewhere.
pub(super) struct Shown {
    bar: ProgressBar,
}

impl Shown {
    pub(super) fn new() -> Self {
        let target =
            if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Nothing of it stays on the terminal.
    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Shown {
    fn begins(&self, cases: usize) {
        self.bar.set_length(cases as u64);
    }

    fn judged(&self, case: &Case) {
        if matches!(case.verdict, Verdict::Fail | Verdict::Inconclusive) {
            self.bar.set_message(format!("{} {}", case.verdict.word(), case.id));
        }
        self.bar.inc(1);
    }
}
