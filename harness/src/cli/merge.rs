//! `ftpspec merge`: the shards of a class, made into one.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use reports::{Symbols, visible};

use super::Failure;
use super::grade::put;
use super::run::unwritable;
use crate::grade::merge::{Gap, Kept, Merged, Part, Remark, listed, merge, read};
use crate::grade::{Record, record, table};
use crate::scenario::diagnostic::escape;

/// No results are longer: 10,000 submissions with all that can be said of each.
const LONGEST: u64 = 4 << 30;

/// The file of results in a folder.
const RESULTS: &str = "results.jsonl";

/// Merge what `ftpspec grade --shard` wrote on many machines. The exit code is 0 where every submission has a result, and
/// 2 where some have none, or the shards are not of one class.
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// The results of the shards: the folders that --out named, or results.jsonl files. A shard may come several times: a
    /// final result wins over a waiting one, and of two final ones the better.
    #[arg(value_name = "OUT", required = true)]
    shards: Vec<PathBuf>,
    /// Where the results of the class go: results.jsonl, results.csv, and a folder for each submission.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Merge what there is. Who has no result is ungraded.
    #[arg(long)]
    allow_missing: bool,
    /// Link the files in the submissions' folders, instead of copying them. Both must be on one file system.
    #[arg(long)]
    link: bool,
}

/// A part, and the folder in which the folders of its submissions are.
struct Found {
    part: Part,
    folder: PathBuf,
}

impl Merge {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let (found, mut absent) = self.found()?;
        let (parts, folders): (Vec<_>, Vec<_>) = found.into_iter().map(|found| (found.part, found.folder)).unzip();
        let merged = merge(&parts).map_err(|faults| {
            let lines: Vec<_> = absent.drain(..).chain(faults.iter().map(|fault| shown(&fault.to_string()))).collect();
            Failure::Usage(format!("these results cannot be merged:\n  {}", lines.join("\n  ")))
        })?;
        if !self.allow_missing && !merged.gaps.is_empty() {
            return Err(Failure::Usage(incomplete(&merged, &absent)));
        }
        let first = parts.first().map(|part| (part.run.roll.heading(), part.run.roll.outline()));
        let Some((heading, outline)) = first else {
            return Err(Failure::Usage("there is nothing to merge".to_owned()));
        };
        drop(parts);
        warn(&merged, &absent)?;
        std::fs::create_dir_all(&self.out).map_err(|error| unwritable(&self.out, &error))?;
        self.reports(&merged.results, &folders)?;
        let records: Vec<Record> = merged.results.into_iter().map(|kept| kept.record).collect();
        let lines = record::lines(&records).map_err(io::Error::from)?;
        let rows: Vec<&Record> = records.iter().collect();
        for (name, text) in [(RESULTS, lines), ("results.csv", table::csv(&outline, &rows))] {
            let file = self.out.join(name);
            put(&file, text.as_bytes()).map_err(|error| unwritable(&file, &error))?;
        }
        out.write_all(table::human(&heading, &records, Symbols::Unicode).as_bytes())?;
        writeln!(out, "results in {}", escape(&self.out.display().to_string()))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Every part, and what is said of the places where there is none.
    fn found(&self) -> Result<(Vec<Found>, Vec<String>), Failure> {
        let (mut found, mut absent, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for named in &self.shards {
            let files = files(named)?;
            if files.is_empty() {
                absent.push(format!("{} holds no {RESULTS}: was a shard ended before it began?", path(named)));
            }
            for file in files {
                match part(&file) {
                    Ok(part) => found.push(Found { part, folder: above(&file) }),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        let own = self.out.canonicalize().ok();
        let clash = found.iter().find(|found| own.is_some() && found.folder.canonicalize().ok() == own);
        if let Some(found) = clash {
            faults.push(format!("--out is the folder of {}, and would be written over", found.part.name));
        }
        if !faults.is_empty() {
            return Err(Failure::Usage(format!("these results cannot be merged:\n  {}", faults.join("\n  "))));
        }
        Ok((found, absent))
    }

    /// The folders with the reports of the submissions.
    fn reports(&self, results: &[Kept], folders: &[PathBuf]) -> Result<(), Failure> {
        let mut without = Vec::new();
        for Kept { record, part } in results {
            let Some(folder) = part.and_then(|part| folders.get(part)) else { continue };
            let (from, to) = (folder.join(&record.folder), self.out.join(&record.folder));
            if !is_plain(&record.folder) || !from.is_dir() {
                without.push(record.submission.clone());
                continue;
            }
            self.report(&from, &to)
                .map_err(|error| Failure::Usage(format!("cannot copy {} to {}: {error}", path(&from), path(&to))))?;
        }
        if !without.is_empty() {
            let names = shown(&listed(&without));
            writeln!(anstream::stderr(), "warning: the results came without the folders of reports of {names}")?;
        }
        Ok(())
    }

    fn report(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            // The folder holds files and nothing else; a link could lead anywhere.
            if !entry.file_type()?.is_file() {
                continue;
            }
            let file = to.join(entry.file_name());
            // What an earlier merge left may be a link to the file of a shard: it must not be written through.
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            if self.link {
                std::fs::hard_link(entry.path(), &file)?;
            } else {
                std::fs::copy(entry.path(), &file)?;
            }
        }
        Ok(())
    }
}

fn warn(merged: &Merged, absent: &[String]) -> io::Result<()> {
    let mut error = anstream::stderr();
    for remark in &merged.remarks {
        writeln!(error, "warning: {}", words(remark))?;
    }
    if !merged.gaps.is_empty() {
        for line in absent.iter().cloned().chain(merged.gaps.iter().map(gap)) {
            writeln!(error, "warning: {line}")?;
        }
    }
    Ok(())
}

/// The files of results that a person means by a path: it, the one in it, or those of the shards in it.
fn files(named: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::Usage(format!("cannot read {}: {error}", path(named)));
    if !named.metadata().map_err(unreadable)?.is_dir() {
        return Ok(vec![named.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(named).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let file = entry.path().join(RESULTS);
        if entry.file_name().to_string_lossy().starts_with("shard-") && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    let own = named.join(RESULTS);
    if files.is_empty() && own.is_file() {
        files.push(own);
    }
    Ok(files)
}

fn above(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| ".".as_ref()).to_owned()
}

/// The part that a file holds, or what is wrong with it.
fn part(file: &Path) -> Result<Part, String> {
    let name = path(file);
    let mut text = String::new();
    let read_text = File::open(file).and_then(|opened| opened.take(LONGEST).read_to_string(&mut text));
    read_text.map_err(|error| format!("cannot read {name}: {error}"))?;
    let results = read(&text).map_err(|error| shown(&format!("{name}: {error}")))?;
    let Some(run) = results.run else {
        return Err(format!(
            "{name} does not say which shard it is: only results of `ftpspec grade --shard` can be merged"
        ));
    };
    Ok(Part { name, run, records: results.records })
}

/// Why there is no whole class.
fn incomplete(merged: &Merged, absent: &[String]) -> String {
    let missing: usize = merged.gaps.iter().map(|gap| gap.submissions.len()).sum();
    let mut text = format!("{missing} of {} submissions have no result", merged.results.len());
    for line in absent.iter().cloned().chain(merged.gaps.iter().map(gap)) {
        _ = write!(text, "\n  {line}");
    }
    text + "\ngrade these shards again, and merge all; or say --allow-missing, and who has no result is ungraded"
}

fn gap(gap: &Gap) -> String {
    let names = shown(&listed(&gap.submissions));
    if gap.parts.is_empty() {
        format!("{} is missing: {names}", gap.shard)
    } else {
        format!("{} ({}) ended before these were graded: {names}", gap.shard, gap.parts.join(", "))
    }
}

fn words(remark: &Remark) -> String {
    match remark {
        Remark::Differs { submission, kept, left } => shown(&format!(
            "{submission} was graded more than once: {kept} in {}, which counts, and {left} in {}",
            kept.part, left.part
        )),
        Remark::OtherWords { submissions } => {
            shown(&format!("graded more than once, with the same points for other reasons: {}", listed(submissions)))
        }
        Remark::Sandboxes { found } => {
            let found: Vec<_> = found.iter().map(|(words, count)| format!("{words} ({count})")).collect();
            shown(&format!("not all submissions were kept apart by the same means: {}", found.join("; ")))
        }
        Remark::EmptyShard { shard } => format!("{shard} is missing; it holds no submission"),
    }
}

/// Whether a folder's name is one that `ftpspec grade` gives: it leads nowhere else.
fn is_plain(folder: &str) -> bool {
    !folder.is_empty()
        && !folder.starts_with('.')
        && folder.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-'))
}

fn shown(text: &str) -> String {
    visible(text, Symbols::Unicode)
}

fn path(path: &Path) -> String {
    escape(&path.display().to_string())
}
