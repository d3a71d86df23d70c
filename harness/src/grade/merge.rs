//! The shards of a class, made into one: whose result counts, and whose is missing.

mod read;
mod run;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::record::{Record, SCHEMA, Status};
use crate::scenario::rubric::Points;

pub use self::read::{ReadError, Results, is_head, read};
pub use self::run::{MOST, NoShard, Place, Roll, Run, SCHEMA as RUN_SCHEMA, Shard};

/// The results of one shard, or of one try at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The name that messages call it by.
    pub name: String,
    /// Its first line.
    pub run: Run,
    /// Its results.
    pub records: Vec<Record>,
}

/// A class, merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// A result for each submission of the class, in the class's order.
    pub results: Vec<Kept>,
    /// Who has no result, shard by shard. Their records are ungraded.
    pub gaps: Vec<Gap>,
    /// What should be looked at, and decides nothing.
    pub remarks: Vec<Remark>,
}

/// A result that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The result.
    pub record: Record,
    /// The part that it comes from, by its place; nothing, where there is a gap.
    pub part: Option<usize>,
}

/// Submissions that have no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Their shard.
    pub shard: Shard,
    /// The parts of this shard that there are; none, if the whole shard is missing.
    pub parts: Vec<String>,
    /// Their names.
    pub submissions: Vec<String>,
}

/// What should be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A submission was graded more than once, and not alike.
    Differs {
        /// Its name.
        submission: String,
        /// What counts.
        kept: Seen,
        /// What does not.
        left: Seen,
    },
    /// Submissions were graded more than once, with the same points for other reasons.
    OtherWords {
        /// Their names.
        submissions: Vec<String>,
    },
    /// Not all were kept apart by the same means.
    Sandboxes {
        /// What kept them apart, and how many.
        found: Vec<(String, usize)>,
    },
    /// A shard is missing that holds nobody.
    EmptyShard {
        /// The shard.
        shard: Shard,
    },
}

/// A result in short, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The name of the part.
    pub part: String,
    /// How far it came.
    pub status: Status,
    /// Its points.
    pub points: Points,
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {} points", self.status.word(), self.points)
    }
}

/// Why parts are not of one class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// There is nothing to merge.
    #[error("there is nothing to merge")]
    Nothing,
    /// Two parts are of different runs.
    #[error("{other} is of another run than {one}: {}", differences.join("; "))]
    Runs {
        /// A part.
        one: String,
        /// Another.
        other: String,
        /// What is not the same.
        differences: Vec<String>,
    },
    /// Two parts split the class differently.
    #[error("{one} is {shard}, and {other} is {other_shard}: all must come from one split")]
    Counts {
        /// A part.
        one: String,
        /// Its shard.
        shard: Shard,
        /// Another.
        other: String,
        /// Its shard.
        other_shard: Shard,
    },
    /// A part has a result that is not of its shard.
    #[error("{part} is {shard}, and holds a result of \"{submission}\", which is not of it; copy the file again")]
    Stranger {
        /// The part.
        part: String,
        /// Its shard.
        shard: Shard,
        /// The submission.
        submission: String,
    },
}

/// Merges the parts of a class. Their order decides nothing.
///
/// A final result wins over a waiting one. Of two final ones the one wins that came further: ungraded, partly graded, all
/// others; then the one with more points, since the server did show once that it can.
///
/// # Errors
/// They are not of one class, split in one way.
pub fn merge(parts: &[Part]) -> Result<Merged, Vec<Disagreement>> {
    let Some(first) = usual(parts) else { return Err(vec![Disagreement::Nothing]) };
    let faults: Vec<_> = parts.iter().filter_map(|part| disagreement(first, part)).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let (roll, of) = (&first.run.roll, first.run.shard.of);
    let mut found = found(parts, roll)?;
    let (mut gaps, mut remarks) = (BTreeMap::new(), Vec::new());
    let mut other_words = Vec::new();
    let mut results = Vec::new();
    for (at, place) in roll.submissions.iter().enumerate() {
        let mut own = found.remove(place.folder.as_str()).unwrap_or_default();
        own.sort_by(|one, other| order(parts, *other, *one));
        let best = own.first().copied();
        if let Some((part, record)) = best.filter(|(_, record)| record.status.is_final()) {
            results.push(Kept { record: record.clone(), part: Some(part) });
            differing(parts, &own, &mut remarks, &mut other_words);
            continue;
        }
        let Some(shard) = Shard::holding(at, of) else { continue };
        let gap = gaps.entry(shard).or_insert_with(|| gap(parts, shard));
        gap.submissions.push(place.submission.clone());
        let record = best.map_or_else(|| unknown(roll, place), |(_, record)| record.clone());
        results.push(Kept { record: record.without_points(Status::Ungraded, gap.reason()), part: None });
    }
    if !other_words.is_empty() {
        remarks.push(Remark::OtherWords { submissions: other_words });
    }
    remarks.extend(sandboxes(&results));
    remarks.extend(empty_shards(parts, of, roll.submissions.len()));
    Ok(Merged { results, gaps: gaps.into_values().collect(), remarks })
}

impl Gap {
    /// Why there are no results, for the record of each.
    fn reason(&self) -> String {
        if self.parts.is_empty() {
            format!("{} is missing", self.shard)
        } else {
            format!("{} ended before it was graded", self.shard)
        }
    }
}

type Candidate<'a> = (usize, &'a Record);

/// A part of the run and the split that most parts are of: what is said is said of the others.
fn usual(parts: &[Part]) -> Option<&Part> {
    let key = |part: &Part| (part.run.run.clone(), part.run.shard.of);
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for part in parts {
        *counts.entry(key(part)).or_default() += 1;
    }
    let count = |part: &Part| counts.get(&key(part)).copied().unwrap_or_default();
    parts.iter().max_by(|one, other| count(one).cmp(&count(other)).then_with(|| other.name.cmp(&one.name)))
}

/// Why a part is not of the same class as another.
fn disagreement(first: &Part, part: &Part) -> Option<Disagreement> {
    if first.run.run != part.run.run {
        let differences = differences(&first.run.roll, &part.run.roll);
        return Some(Disagreement::Runs { one: first.name.clone(), other: part.name.clone(), differences });
    }
    (first.run.shard.of != part.run.shard.of).then(|| Disagreement::Counts {
        one: first.name.clone(),
        shard: first.run.shard,
        other: part.name.clone(),
        other_shard: part.run.shard,
    })
}

/// What is not the same in two rolls, in words.
fn differences(one: &Roll, other: &Roll) -> Vec<String> {
    const HASH: usize = 12;
    let short = |hash: &str| hash.chars().take(HASH).collect::<String>();
    let texts = [
        ("the version of ftpspec", one.program.clone(), other.program.clone()),
        ("the suite", short(&one.suite), short(&other.suite)),
        ("the rubric", one.rubric.clone(), other.rubric.clone()),
        ("the text of the rubric, or --only", short(&one.rubric_text), short(&other.rubric_text)),
    ];
    let texts = texts.into_iter().filter(|(_, one, other)| one != other);
    let mut all: Vec<String> = texts.map(|(what, one, other)| format!("{what} is {other}, and not {one}")).collect();
    let names =
        |roll: &Roll| -> BTreeSet<String> { roll.submissions.iter().map(|place| place.submission.clone()).collect() };
    let (mine, others) = (names(one), names(other));
    let more: Vec<_> = others.difference(&mine).cloned().collect();
    let fewer: Vec<_> = mine.difference(&others).cloned().collect();
    for (what, names) in [("it knows besides", more), ("it does not know", fewer)] {
        if !names.is_empty() {
            all.push(format!("{what} the submissions {}", listed(&names)));
        }
    }
    if all.is_empty() {
        all.push("the groups, the checks or the folders of the submissions are not the same".to_owned());
    }
    all
}

/// Some names, and how many there are besides. The names are as they came.
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// The results of each submission, by its folder: two names may look alike once they are text, two folders never.
fn found<'a>(parts: &'a [Part], roll: &Roll) -> Result<BTreeMap<&'a str, Vec<Candidate<'a>>>, Vec<Disagreement>> {
    let places: BTreeMap<&str, (usize, &Place)> =
        roll.submissions.iter().enumerate().map(|(at, place)| (place.folder.as_str(), (at, place))).collect();
    let mut found: BTreeMap<&str, Vec<Candidate<'_>>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let shard = part.run.shard;
        for record in &part.records {
            let place = places.get(record.folder.as_str());
            if place.is_some_and(|(at, place)| shard.holds(*at) && place.submission == record.submission) {
                found.entry(&record.folder).or_default().push((number, record));
            } else {
                let submission = record.submission.clone();
                faults.push(Disagreement::Stranger { part: part.name.clone(), shard, submission });
            }
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// Which of two results counts: the greater.
fn order(parts: &[Part], one: Candidate<'_>, other: Candidate<'_>) -> Ordering {
    let came = |record: &Record| match record.status {
        Status::Waiting => 0,
        Status::Ungraded => 1,
        Status::PartlyGraded => 2,
        Status::Graded | Status::NotBuilt | Status::NotStarted => 3,
    };
    let key = |record: &Record| (came(record), record.points, Reverse(record.ungraded), Reverse(record.duration));
    let name = |(part, _): Candidate<'_>| parts.get(part).map(|part| part.name.as_str());
    key(one.1)
        .cmp(&key(other.1))
        .then_with(|| format!("{:?}", other.1).cmp(&format!("{:?}", one.1)))
        .then_with(|| name(other).cmp(&name(one)))
}

/// Says where a submission was graded more than once, and not alike. The first is what counts.
fn differing(parts: &[Part], own: &[Candidate<'_>], remarks: &mut Vec<Remark>, other_words: &mut Vec<String>) {
    let Some(best) = own.first() else { return };
    let seen = |(part, record): &Candidate<'_>| Seen {
        part: parts.get(*part).map(|part| part.name.clone()).unwrap_or_default(),
        status: record.status,
        points: record.points,
    };
    let mut has_other_words = false;
    for other in own.iter().skip(1).filter(|(_, record)| record.status.is_final()) {
        let (kept, left) = (seen(best), seen(other));
        if (kept.status, kept.points) != (left.status, left.points) {
            remarks.push(Remark::Differs { submission: best.1.submission.clone(), kept, left });
        } else if timeless(best.1) != timeless(other.1) {
            has_other_words = true;
        }
    }
    if has_other_words {
        other_words.push(best.1.submission.clone());
    }
}

/// A result without what is never the same twice.
fn timeless(record: &Record) -> Record {
    Record { duration: 0, ..record.clone() }
}

fn gap(parts: &[Part], shard: Shard) -> Gap {
    let mut names: Vec<_> = parts.iter().filter(|part| part.run.shard == shard).map(|part| part.name.clone()).collect();
    names.sort();
    Gap { shard, parts: names, submissions: Vec::new() }
}

/// The record of a submission of which nothing is known but its name.
fn unknown(roll: &Roll, place: &Place) -> Record {
    Record {
        schema: SCHEMA.to_owned(),
        submission: place.submission.clone(),
        status: Status::Waiting,
        reason: None,
        points: Points::ZERO,
        of: roll.of,
        ungraded: roll.of,
        rubric: roll.rubric.clone(),
        graded_by: roll.graded_by(),
        groups: Vec::new(),
        deductions: Vec::new(),
        checks: Vec::new(),
        cases: Vec::new(),
        build: None,
        attempts: Vec::new(),
        launch: None,
        sandbox: "not known".to_owned(),
        folder: place.folder.clone(),
        duration: 0,
    }
}

fn sandboxes(results: &[Kept]) -> Option<Remark> {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for kept in results.iter().filter(|kept| kept.part.is_some()) {
        *found.entry(&kept.record.sandbox).or_default() += 1;
    }
    let found: Vec<_> = found.into_iter().map(|(words, count)| (words.to_owned(), count)).collect();
    (found.len() > 1).then_some(Remark::Sandboxes { found })
}

/// The shards that are missing, and hold nobody.
fn empty_shards(parts: &[Part], of: usize, submissions: usize) -> Vec<Remark> {
    let there: BTreeSet<usize> = parts.iter().map(|part| part.run.shard.number).collect();
    let missing = (submissions + 1..=of).filter(|number| !there.contains(number));
    missing.filter_map(|number| Shard::new(number, of)).map(|shard| Remark::EmptyShard { shard }).collect()
}

#[cfg(test)]
mod tests;
