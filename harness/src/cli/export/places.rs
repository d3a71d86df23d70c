//! Where exports go: a file, a folder with one for each submission, or standard output.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::Failure;
use super::super::run::{replace, unwritable};
use crate::grade::export::{Assignment, Classroom, Platform, Submission, export};
use crate::grade::{Record, Status};
use crate::scenario::diagnostic::escape;

/// What is written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Place {
    platform: Platform,
    file: PathBuf,
}

/// Reads `FORMAT=FILE`.
pub(in super::super) fn place(text: &str) -> Result<Place, String> {
    let (platform, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(|| {
        let known = Platform::ALL.map(Platform::word).join(", ");
        format!("say FORMAT=FILE, for example gradescope=results.json; the formats are {known}")
    })?;
    Ok(Place { platform: platform.parse::<Platform>().map_err(|error| error.to_string())?, file: file.into() })
}

impl Place {
    fn is_output(&self) -> bool {
        self.file.as_os_str() == "-"
    }

    fn is_folder(&self) -> bool {
        self.file.as_os_str().as_encoded_bytes().ends_with(b"/") || self.file.is_dir()
    }

    /// The file for a submission.
    fn of(&self, record: &Record) -> io::Result<PathBuf> {
        if !self.is_folder() {
            return Ok(self.file.clone());
        }
        if !is_safe(&record.folder) {
            let folder = escape(&record.folder);
            return Err(io::Error::other(format!("the results name a folder \"{folder}\", which could lead anywhere")));
        }
        Ok(self.file.join(format!("{}.{}", record.folder, self.platform.ending())))
    }
}

/// Whether a name is one part of a path, as `grade` makes them.
pub(super) fn is_safe(folder: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-');
    !folder.is_empty() && !folder.starts_with('.') && folder.bytes().all(plain)
}

/// The exports of a class.
#[derive(Debug)]
pub(in super::super) struct Exports<'a> {
    places: &'a [Place],
    assignment: Assignment<'a>,
    /// How each submission stood when it was written last.
    written: Mutex<BTreeMap<String, (Status, u64)>>,
}

impl<'a> Exports<'a> {
    /// # Errors
    /// A folder cannot be made.
    pub(in super::super) fn new(places: &'a [Place], assignment: Assignment<'a>) -> Result<Self, Failure> {
        for place in places.iter().filter(|place| place.is_folder() && !place.is_output()) {
            std::fs::create_dir_all(&place.file).map_err(|error| unwritable(&place.file, &error))?;
        }
        Ok(Self { places, assignment, written: Mutex::default() })
    }

    /// Whether there are none.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether one goes to standard output.
    pub(in super::super) fn has_output(&self) -> bool {
        self.places.iter().any(Place::is_output)
    }

    /// Whether so many submissions find their places, and all is there that a platform asks for.
    ///
    /// # Errors
    /// A file would hold several, and its platform takes one.
    pub(in super::super) fn fit(&self, submissions: usize, help: &str) -> Result<(), Failure> {
        for place in self.places {
            let platform = place.platform;
            if submissions != 1 && !place.is_folder() && !platform.holds_a_class() {
                let (word, ending) = (platform.word(), platform.ending());
                return Err(Failure::Usage(format!(
                    "{word} takes one submission a file, and here are {submissions}: {help}, or give a folder, \
                     --to {word}=FOLDER/, and each gets its file there, NAME.{ending}"
                )));
            }
            if platform == Platform::Classroom50 {
                classroom().map_err(|error| Failure::Usage(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Writes everything.
    pub(in super::super) fn all(
        &self,
        records: &[Record],
        feedback: &dyn Fn(&Record) -> Option<String>,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        for place in self.places {
            let chunks = if place.platform.holds_a_class() { vec![records] } else { records.chunks(1).collect() };
            for chunk in chunks {
                let text = self.text(place.platform, chunk, feedback).map_err(|error| failure(&error))?;
                match chunk.first() {
                    _ if place.is_output() => out.write_all(text.as_bytes())?,
                    Some(record) if !place.platform.holds_a_class() => {
                        let file = place.of(record).map_err(|error| failure(&error))?;
                        put(&file, &text).map_err(|error| unwritable(&file, &error))?;
                    }
                    _ => put(&place.file, &text).map_err(|error| unwritable(&place.file, &error))?,
                }
            }
        }
        Ok(())
    }

    /// Writes what has changed since the last time. A table of the class is written in the beginning, and when all is done.
    pub(in super::super) fn changed(
        &self,
        records: &[Record],
        feedback: &dyn Fn(&Record) -> Option<String>,
    ) -> io::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = written.is_empty();
        let now = |record: &Record| (record.status, record.duration);
        let is_new = |record: &&Record| written.get(&record.folder) != Some(&now(record));
        let changed: Vec<&Record> = records.iter().filter(is_new).collect();
        for place in self.places {
            if place.platform.holds_a_class() {
                if is_first || records.iter().all(|record| record.status.is_final()) {
                    put(&place.file, &self.text(place.platform, records, feedback)?)?;
                }
                continue;
            }
            for record in &changed {
                put(&place.of(record)?, &self.text(place.platform, std::slice::from_ref(*record), feedback)?)?;
            }
        }
        written.extend(records.iter().map(|record| (record.folder.clone(), now(record))));
        Ok(())
    }

    fn text(
        &self,
        platform: Platform,
        records: &[Record],
        feedback: &dyn Fn(&Record) -> Option<String>,
    ) -> io::Result<String> {
        let texts: Vec<Option<String>> =
            records.iter().map(|record| if platform.holds_a_class() { None } else { feedback(record) }).collect();
        let submissions: Vec<Submission<'_>> = records
            .iter()
            .zip(&texts)
            .map(|(record, feedback)| Submission { record, feedback: feedback.as_deref() })
            .collect();
        export(platform, &submissions, &self.assignment, &classroom).map_err(io::Error::other)
    }
}

fn classroom() -> Result<Classroom, crate::grade::export::MissingVariable> {
    Classroom::read(|name| std::env::var(name).ok())
}

fn failure(error: &io::Error) -> Failure {
    Failure::Usage(error.to_string())
}

/// A reader never finds half a file.
fn put(file: &Path, text: &str) -> io::Result<()> {
    if !file.exists() {
        std::fs::write(file, [])?;
    }
    replace(file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{is_safe, place};

    #[rstest]
    #[case("ann", true)]
    #[case("group_7.b-2", true)]
    #[case("", false)]
    #[case("..", false)]
    #[case("../x", false)]
    #[case("/etc", false)]
    #[case("a\0b", false)]
    fn a_folder_leads_nowhere_else(#[case] folder: &str, #[case] safe: bool) {
        assert_eq!(is_safe(folder), safe);
    }

    #[rstest]
    #[case("gradescope", "say FORMAT=FILE")]
    #[case("gradescope=", "say FORMAT=FILE")]
    #[case("moodle=x", "there is no format \"moodle\"; the formats are gradescope, classroom50, csv, junit")]
    fn a_wrong_place_is_explained(#[case] text: &str, #[case] message: &str) {
        let error = place(text).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}
