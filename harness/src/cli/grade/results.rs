//! The files of a class: the results of all, and a folder for each submission.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use reports::model::Report;
use reports::{Format, Style};

use super::super::Failure;
use super::super::export::Exports;
use super::super::run::{replace, unwritable};
use crate::grade::explain::{Found, explain};
use crate::grade::score::Score;
use crate::grade::{Audience, Outline, Record, record, table};
use crate::run::class::Graded;
use crate::scenario::Rubric;

/// Where results go.
#[derive(Debug)]
pub(super) struct Results<'a> {
    out: Option<PathBuf>,
    rubric: &'a Rubric,
    audience: Audience,
    exports: Exports<'a>,
    /// What students read, by folder, for the exports.
    feedback: Mutex<BTreeMap<String, String>>,
}

impl<'a> Results<'a> {
    /// Makes the folder.
    pub(super) fn new(
        out: Option<&Path>,
        rubric: &'a Rubric,
        audience: Audience,
        exports: Exports<'a>,
    ) -> Result<Self, Failure> {
        if let Some(out) = out {
            std::fs::create_dir_all(out).map_err(|error| unwritable(out, &error))?;
        }
        Ok(Self { out: out.map(Path::to_owned), rubric, audience, exports, feedback: Mutex::default() })
    }

    /// Writes the results of all, each file in one blow.
    pub(super) fn save(&self, records: &[Record]) -> io::Result<()> {
        if let Some(out) = &self.out {
            put(&out.join("results.jsonl"), record::lines(records)?.as_bytes())?;
            let rows: Vec<&Record> = records.iter().collect();
            put(&out.join("results.csv"), table::csv(&Outline::of_rubric(self.rubric), &rows).as_bytes())?;
        }
        let mut feedback = self.feedback.lock().unwrap_or_else(PoisonError::into_inner);
        self.exports.changed(records, &|record| feedback.get(&record.folder).cloned())?;
        // Each is written once, and there may be thousands. Others may have come meanwhile that have no result yet.
        for record in records.iter().filter(|record| record.status.is_final()) {
            feedback.remove(&record.folder);
        }
        Ok(())
    }

    /// Writes what a submission's folder holds: what its student may read, and for staff the whole.
    pub(super) fn keep(&self, graded: &Graded) -> Result<(), Failure> {
        let judged = graded.judged.as_ref().map(|(score, report)| (score, report));
        let found = Found { rubric: self.rubric, record: &graded.record, judged };
        if !self.exports.is_empty() {
            let mut feedback = self.feedback.lock().unwrap_or_else(PoisonError::into_inner);
            feedback.insert(graded.record.folder.clone(), explain(&found, Audience::Student));
        }
        let Some(out) = &self.out else { return Ok(()) };
        let folder = out.join(&graded.record.folder);
        std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        let write = |name: &str, octets: &[u8]| {
            let file = folder.join(name);
            put(&file, octets).map_err(|error| unwritable(&file, &error))
        };
        write("feedback.md", explain(&found, Audience::Student).as_bytes())?;
        if let Some((score, report)) = judged {
            write("feedback.html", &rendered(report, score, Audience::Student, Format::Html)?)?;
        }
        if self.audience == Audience::Staff {
            write("staff.md", explain(&found, Audience::Staff).as_bytes())?;
            if let Some((score, report)) = judged {
                write("report.jsonl", &rendered(report, score, Audience::Staff, Format::Jsonl)?)?;
            }
        }
        Ok(())
    }
}

fn rendered(report: &Report, score: &Score, audience: Audience, format: Format) -> Result<Vec<u8>, Failure> {
    reports::render(&audience.report(report, score), format, &Style::default())
        .map_err(|error| Failure::Usage(format!("the report cannot be made: {error}")))
}

/// A reader never finds half a file, and none that somebody else has put a link in the place of.
fn put(file: &Path, octets: &[u8]) -> io::Result<()> {
    if !file.exists() {
        std::fs::write(file, [])?;
    }
    replace(file, octets)
}
