//! `ftpspec bench`: how fast subjects are, beside each other.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use reports::{BenchmarkFormat, Style, render_benchmark};

use super::Failure;
use super::run::colour;
use crate::run::bench::{Plan, Work, bench};
use crate::subject::Subject;

/// Measure how fast servers are, beside each other and beside bare sockets.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// A subject by its name, or a file that describes one; may be repeated.
    #[arg(long = "subject", value_name = "SUBJECT", required = true)]
    subjects: Vec<String>,
    /// What is measured: retrieve, store, small-files, sessions-1, sessions-16, sessions-256, list, idle. All of it, if nothing is said.
    #[arg(value_name = "WORK", value_parser = work)]
    works: Vec<Work>,
    /// How often each figure is taken, in turns.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// The size of the large file, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65536))]
    size: u32,
    /// How many small files.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    files: u32,
    /// How many names are listed.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    names: u32,
    /// How many sessions idle.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    idle: u32,
    /// Write it into a file: json=FILE or html=FILE; may be repeated.
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = target)]
    reports: Vec<(BenchmarkFormat, String)>,
}

fn work(word: &str) -> Result<Work, String> {
    let found = Work::ALL.into_iter().find(|work| work.word() == word);
    let words = || Work::ALL.map(Work::word).join(", ");
    found.ok_or_else(|| format!("there is no such work; there are {}", words()))
}

fn target(text: &str) -> Result<(BenchmarkFormat, String), String> {
    let (format, file) = text.split_once('=').ok_or("write FORMAT=FILE, as in html=bench.html")?;
    Ok((format.parse().map_err(|error: reports::UnknownBenchmarkFormat| error.to_string())?, file.to_owned()))
}

impl Bench {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let subjects = self.subjects.iter().map(|name| Subject::named(name)).collect::<Result<Vec<_>, _>>();
        let subjects = subjects.map_err(|error| Failure::Usage(error.to_string()))?;
        let plan = Plan {
            rounds: usize::from(self.rounds),
            large: self.size,
            small: self.files,
            names: self.names,
            idle: self.idle,
            works: if self.works.is_empty() { Work::ALL.to_vec() } else { self.works.clone() },
        };
        // Who watches sees where it is; the report stands apart.
        let told = bench(&subjects, &plan, |next| {
            let _ = writeln!(io::stderr(), "{next}");
        });
        let benchmark = told.map_err(|error| Failure::Usage(format!("it cannot be measured: {error}")))?;
        let style = Style { colour: colour(), ..Style::default() };
        let written = |format| {
            render_benchmark(&benchmark, format, &style)
                .map_err(|error| Failure::Usage(format!("the figures cannot be written: {error}")))
        };
        for (format, file) in &self.reports {
            std::fs::write(file, written(*format)?)
                .map_err(|error| Failure::Usage(format!("cannot write {file}: {error}")))?;
        }
        out.write_all(&written(BenchmarkFormat::Human)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
