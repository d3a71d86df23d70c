//! What a person types. One variant and one module a subcommand.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use reports::model::Report;

use crate::builtin;
use crate::plan::filter::{Filter, Last};
use crate::scenario::diagnostic::escape;
use crate::scenario::tree::Scenario;
use crate::scenario::{Diagnostic, LoadError, Select, Suite};

mod bench;
mod check;
mod compare;
mod confined;
mod course;
mod coverage;
mod doctor;
mod explain;
mod export;
mod grade;
mod judge;
mod list;
mod man;
mod observe;
mod prove;
mod record;
mod report;
mod run;

/// A wrong command line, or a wrong scenario.
const USAGE: u8 = 2;

/// Runs FTP scenarios against a server or a client and says where it leaves the specifications.
#[derive(Debug, Parser)]
#[command(name = "ftpspec", version, max_term_width = 100)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios against a server or a client and judge it.
    Run(Box<run::Run>),
    /// Grade a folder of submissions by a rubric.
    Grade(Box<grade::Grade>),
    /// Write the results of `grade` as grading platforms want them.
    Export(export::Export),
    /// Take limits upon this process, and become a command.
    #[command(hide = true)]
    Confined(confined::Confined),
    /// Judge a transcript again, without a network.
    Judge(judge::Judge),
    /// Prove the suite: each scenario is red on a server with the fault that it is for.
    Prove(prove::Prove),
    /// Write down what a client and a live server say, as a scenario that replays.
    Record(record::Record),
    /// Watch any client at its work, and say which requirements it kept and which it broke.
    Observe(observe::Observe),
    /// Look at a subject before it is judged: whether it starts, what it can do, what would be skipped.
    Doctor(doctor::Doctor),
    /// Compare two reports: what regressed, what is fixed, what is new, gone or otherwise changed.
    Compare(compare::Compare),
    /// Show reports that were kept; several beside each other, by requirement.
    Report(report::Show),
    /// Measure how fast servers are, beside each other and beside bare sockets.
    Bench(bench::Bench),
    /// Start the reference server (`ftpspec serve --help`).
    #[command(disable_help_flag = true)]
    Serve(Rest),
    /// Write the users of the reference server, with hashed passwords, into a file (`ftpspec passwd --help`).
    #[command(disable_help_flag = true)]
    Passwd(Rest),
    /// Start the reference client (`ftpspec client --help`).
    #[command(disable_help_flag = true)]
    Client(Rest),
    /// List scenarios: their ids and what they are for.
    List(list::List),
    /// Check scenario files without running them.
    Check(check::Check),
    /// Show what the suite tests, and what it does not, with the reason.
    Coverage(coverage::Coverage),
    /// Explain a scenario or a requirement in words.
    Explain(explain::Explain),
    /// Write the manual page of this program, or of a subcommand, to standard output.
    Man(man::Page),
}

/// Everything behind the name of a reference.
#[derive(Debug, Args)]
struct Rest {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

/// Which scenarios.
#[derive(Debug, Args)]
struct Selection {
    /// Ids, folders, globs (`rfc959/**`), rows (`ID[open=PASV]`) or files and folders on disk (`mine.yaml`, `./mine/`). All scenarios, if there is none.
    patterns: Vec<String>,
    /// Of these only what an expression says: rfc(959) and not (command(RETR) or level(may)). There are id, requirement,
    /// rfc, level, command, code, topic and last; `*` stands for any characters.
    #[arg(short = 'E', long = "filter", value_name = "EXPRESSION")]
    filter: Option<String>,
    /// The report of an earlier run, in JSON or JSON lines, for last(fail) in an expression.
    #[arg(long, value_name = "FILE", requires = "filter")]
    last: Option<PathBuf>,
    #[command(flatten)]
    suite: SuiteFolder,
}

/// Where scenarios come from, besides the program itself.
#[derive(Debug, Args)]
struct SuiteFolder {
    /// A folder of scenarios that are added to the suite, or replace those of the same name.
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
}

/// Why a subcommand did not do what it should.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Load(#[from] LoadError),
    #[error("error: {0}")]
    Select(#[from] Select),
    #[error("{0}")]
    Filter(Box<Diagnostic>),
    #[error("error: {0}")]
    Usage(String),
    #[error("error: cannot write the output: {0}")]
    Output(#[from] io::Error),
}

/// Does what the command line asks for. The first argument is the program's name.
pub fn run<A>(arguments: A) -> ExitCode
where
    A: IntoIterator,
    A::Item: Into<OsString> + Clone,
{
    let program = match Program::try_parse_from(arguments) {
        Ok(program) => program,
        Err(error) => {
            // Nobody is left to tell when even this cannot be written.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let mut out = anstream::stdout().lock();
    let done = match program.command {
        Command::Run(run) => run.run(&mut out),
        Command::Grade(grade) => grade.run(&mut out),
        Command::Export(export) => export.run(&mut out),
        Command::Confined(confined) => return confined.run(),
        Command::Judge(judge) => judge.run(&mut out),
        Command::Prove(prove) => prove.run(&mut out),
        Command::Record(record) => record.run(&mut out),
        Command::Observe(observe) => observe.run(&mut out),
        Command::Doctor(doctor) => doctor.run(&mut out),
        Command::Bench(bench) => bench.run(&mut out),
        Command::Compare(compare) => compare.run(&mut out),
        Command::Report(report) => report.run(&mut out),
        Command::Serve(rest) => return builtin::server(rest.called("ftpspec serve")),
        Command::Passwd(rest) => {
            return builtin::server(["ftpspec", "passwd"].map(OsString::from).into_iter().chain(rest.arguments));
        }
        Command::Client(rest) => return builtin::client(rest.called("ftpspec client")),
        Command::List(list) => list.run(&mut out),
        Command::Check(check) => check.run(&mut out),
        Command::Coverage(coverage) => coverage.run(&mut out),
        Command::Explain(explain) => explain.run(&mut out),
        Command::Man(page) => match page.of_server() {
            Some(arguments) => return builtin::server(arguments.map(OsString::from)),
            None => page.run(&mut out),
        },
    };
    match done.and_then(|code| out.flush().map(|()| code).map_err(Failure::Output)) {
        Ok(code) => code,
        // `ftpspec list | head` is no error.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(anstream::stderr(), "{}", failure.to_string().trim_end());
            ExitCode::from(USAGE)
        }
    }
}

impl Rest {
    /// The arguments, with the name by which messages speak of the program.
    fn called(self, name: &str) -> impl Iterator<Item = OsString> + use<> {
        std::iter::once(OsString::from(name)).chain(self.arguments)
    }
}

impl Selection {
    /// The suite with the folder and files that are named.
    fn load(&self) -> Result<Suite, Failure> {
        Ok(Suite::for_patterns(self.suite.scenarios.as_deref(), &self.patterns)?)
    }

    /// The scenarios of the suite that are named.
    fn of<'s>(&self, suite: &'s Suite) -> Result<Vec<&'s Scenario>, Failure> {
        let mut named = suite.select(&self.patterns)?;
        let Some(expression) = &self.filter else { return Ok(named) };
        let last = self.last.as_deref().map(report).transpose()?.as_ref().map(Last::of);
        let filter = Filter::read(expression, suite, last.as_ref()).map_err(Failure::Filter)?;
        named.retain(|scenario| filter.selects(scenario));
        if named.is_empty() {
            let message = format!("no scenario is selected by -E \"{}\"", escape(expression));
            return Err(Failure::Usage(message));
        }
        Ok(named)
    }
}

/// A report that a person names.
fn report(file: &Path) -> Result<Report, Failure> {
    let name = file.display();
    let octets = std::fs::read(file).map_err(|error| Failure::Usage(format!("cannot read {name}: {error}")))?;
    reports::read(&octets).map_err(|error| Failure::Usage(format!("{name}: {error}")))
}
