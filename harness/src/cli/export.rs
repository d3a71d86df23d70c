//! `ftpspec export`: results of a class or of one submission, as grading platforms want them.

mod places;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use self::places::is_safe;
pub(super) use self::places::{Exports, Place, place};
use super::{Failure, SuiteFolder, grade};
use crate::grade::export::Assignment;
use crate::grade::{Outline, Record};
use crate::scenario::Suite;
use crate::scenario::diagnostic::{escape, nearest};

/// How much of a feedback is read.
const FEEDBACK: u64 = 8 << 20;

/// Write the results of `grade` as grading platforms want them.
///
/// A platform takes one submission: name it with --submission, or give a folder (a path that ends in /), which gets a file
/// for each. csv and class hold the whole class. What students read comes from the feedback.md of each submission, where it
/// stands beside the results as `grade --out` puts it.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The results: results.jsonl of `ftpspec grade --out DIR`.
    #[arg(value_name = "RESULTS.jsonl")]
    results: PathBuf,
    /// What is written, and where; may be given several times. The formats are gradescope, classroom50, csv, junit, autolab,
    /// prairielearn, vpl, submitty and class; a file called - is standard output.
    #[arg(long = "to", value_name = "FORMAT=FILE", value_parser = place, required = true)]
    to: Vec<Place>,
    /// Only this submission.
    #[arg(long, value_name = "NAME")]
    submission: Option<String>,
    /// The rubric, for the names of its groups, where no submission came far enough to have any.
    #[arg(long, value_name = "NAME-or-FILE")]
    rubric: Option<String>,
    #[command(flatten)]
    suite: SuiteFolder,
}

impl Export {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let all = records(&self.results)?;
        let suite = Suite::for_patterns(self.suite.scenarios.as_deref(), &[])?;
        let outline = self.outline(&all, &suite)?;
        let records = match &self.submission {
            Some(name) => vec![named(&all, name)?.clone()],
            None => all,
        };
        let exports = Exports::new(&self.to, Assignment::of(&suite, outline))?;
        exports.fit(records.len(), &self.help())?;
        exports.all(&records, &|record| feedback(&self.results, record), out)?;
        Ok(ExitCode::SUCCESS)
    }

    fn help(&self) -> String {
        let shown = escape(&self.results.display().to_string());
        format!("say which of those in {shown} with --submission NAME")
    }

    /// The groups as the rubric has them, if it can be had, else as the results do.
    fn outline(&self, records: &[Record], suite: &Suite) -> Result<Outline, Failure> {
        if let Some(name_or_file) = &self.rubric {
            return Ok(Outline::of_rubric(&grade::rubric(name_or_file, suite)?));
        }
        let outline = Outline::of_records(records);
        if !outline.is_empty() {
            return Ok(outline);
        }
        // Nobody came far enough. A rubric of the instructor's own is not here, and then there is no more to know.
        let carried =
            records.first().filter(|record| suite.source(&format!("rubrics/{}.yaml", record.rubric)).is_some());
        match carried {
            Some(record) => Ok(Outline::of_rubric(&grade::rubric(&record.rubric, suite)?)),
            None => Ok(outline),
        }
    }
}

/// The results in a file, one at least.
fn records(file: &Path) -> Result<Vec<Record>, Failure> {
    let records = grade::earlier(file)?;
    if records.is_empty() {
        return Err(Failure::Usage(format!("{} holds no results", escape(&file.display().to_string()))));
    }
    Ok(records)
}

fn named<'r>(records: &'r [Record], name: &str) -> Result<&'r Record, Failure> {
    let found = records.iter().find(|record| record.submission == name);
    found.or_else(|| records.iter().find(|record| record.folder == name)).ok_or_else(|| {
        let names = || records.iter().map(|record| record.submission.as_str());
        let help = match nearest(name, names()) {
            Some(near) => format!("did you mean \"{}\"?", escape(near)),
            None => format!("there are {}", names().take(20).map(escape).collect::<Vec<_>>().join(", ")),
        };
        Failure::Usage(format!("there is no submission \"{}\" in the results; {help}", escape(name)))
    })
}

/// What the student reads, if it stands beside the results.
fn feedback(results: &Path, record: &Record) -> Option<String> {
    use std::io::Read;
    if !is_safe(&record.folder) {
        return None;
    }
    let file = results.parent()?.join(&record.folder).join("feedback.md");
    let mut octets = Vec::new();
    std::fs::File::open(file).ok()?.take(FEEDBACK).read_to_end(&mut octets).ok()?;
    Some(String::from_utf8_lossy(&octets).into_owned())
}
