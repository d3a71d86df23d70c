//! Which scenarios a person means: ids, globs, files on disk, rows in brackets.

use std::collections::BTreeSet;
use std::path::Path;

use super::Suite;
use crate::scenario::diagnostic::{escape, nearest};
use crate::scenario::tree::Scenario;

/// A pattern that selects nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Select {
    /// No scenario has that id.
    #[error("no scenario matches \"{}\"{}", escape(.pattern), did_you_mean(.near.as_ref()))]
    Nothing {
        /// The pattern.
        pattern: String,
        /// An id or a glob that is written nearly so.
        near: Option<String>,
    },
    /// The scenario is there, and has no such row.
    #[error("{id} has no row \"{}\"; its rows: {}", escape(.row), .rows.join(" "))]
    Row {
        /// The id without row.
        id: String,
        /// What was asked for.
        row: String,
        /// The rows it has.
        rows: Vec<String>,
    },
}

fn did_you_mean(near: Option<&String>) -> String {
    near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default()
}

impl Suite {
    /// The scenarios that the patterns name, in the order of the suite; all of them without a pattern.
    ///
    /// A pattern is an id, an id with a row (`a/b[open=PASV]`, which selects every row where `open` is PASV), a folder, a glob (`*` within a name,
    /// `**` over several), or the path of a file or folder on disk that the suite was loaded with.
    ///
    /// # Errors
    /// A pattern selects nothing.
    pub fn select<P: AsRef<str>>(&self, patterns: &[P]) -> Result<Vec<&Scenario>, Select> {
        let patterns: Vec<Pattern<'_>> = patterns.iter().map(|pattern| self.pattern(pattern.as_ref())).collect();
        for pattern in &patterns {
            if !self.scenarios().iter().any(|scenario| pattern.matches(scenario)) {
                return Err(self.nothing(pattern));
            }
        }
        let chosen =
            |scenario: &&Scenario| patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(scenario));
        Ok(self.scenarios().iter().filter(chosen).collect())
    }

    fn pattern<'p>(&'p self, written: &'p str) -> Pattern<'p> {
        let (path, row) = split_row(written);
        let files = if names_disk(written) { self.sources().on_disk(path) } else { BTreeSet::new() };
        let path = path.strip_prefix("./").unwrap_or(path);
        let path = path.strip_prefix("scenarios/").unwrap_or(path);
        let path = path.strip_suffix(".yaml").unwrap_or(path);
        Pattern { written, path: path.trim_end_matches('/'), row, files }
    }

    fn nothing(&self, pattern: &Pattern<'_>) -> Select {
        let of_path = || self.scenarios().iter().filter(|scenario| parts(scenario).0 == pattern.path);
        if let (Some(row), Some(_)) = (pattern.row, of_path().next()) {
            let rows = of_path().map(|scenario| format!("[{}]", parts(scenario).1)).collect();
            return Select::Row { id: pattern.path.to_owned(), row: row.to_owned(), rows };
        }
        // `*` stays within a name, and is the first thing that everybody tries.
        let wide = pattern.path.replace("**", "*").replace('*', "**");
        if wide != pattern.path && self.scenarios().iter().any(|own| glob(wide.as_bytes(), parts(own).0.as_bytes())) {
            return Select::Nothing { pattern: pattern.written.to_owned(), near: Some(wide) };
        }
        let paths = || self.scenarios().iter().map(|scenario| parts(scenario).0);
        let last = |path: &str| path.rsplit('/').next().map(str::to_owned).unwrap_or_default();
        let same_name = || paths().find(|path| last(path) == last(pattern.path));
        let same_folder = |path: &&str| {
            path.rsplit_once('/').map(|(folder, _)| folder) == pattern.path.rsplit_once('/').map(|(folder, _)| folder)
        };
        let near = nearest(pattern.path, paths().filter(same_folder))
            .or_else(|| nearest(pattern.path, paths()))
            .or_else(same_name);
        Select::Nothing { pattern: pattern.written.to_owned(), near: near.map(str::to_owned) }
    }
}

/// Whether a pattern is the path of a file on disk, or of a folder that is written as one: `rfc959` alone is a folder of the suite.
pub(super) fn names_disk(pattern: &str) -> bool {
    let (path, _) = split_row(pattern);
    let written_as_folder = path.ends_with('/') || path.starts_with(['/', '.']) || path.starts_with("scenarios/");
    Path::new(path).is_file() || (written_as_folder && Path::new(path).is_dir())
}

/// The pattern without its row in brackets, and the row.
pub(super) fn split_row(pattern: &str) -> (&str, Option<&str>) {
    match pattern.split_once('[') {
        Some((path, row)) => (path, Some(row.strip_suffix(']').unwrap_or(row))),
        None => (pattern, None),
    }
}

struct Pattern<'p> {
    written: &'p str,
    path: &'p str,
    row: Option<&'p str>,
    /// The files, where it names a path on disk.
    files: BTreeSet<&'p str>,
}

impl Pattern<'_> {
    fn matches(&self, scenario: &Scenario) -> bool {
        let (path, row) = parts(scenario);
        let below = path.strip_prefix(self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let named = if self.files.is_empty() {
            below || glob(self.path.as_bytes(), path.as_bytes())
        } else {
            self.files.contains(scenario.file.as_ref())
        };
        named && self.row.is_none_or(|wanted| row_matches(wanted, row))
    }
}

/// The id without its row, and the row.
fn parts(scenario: &Scenario) -> (&str, &str) {
    match scenario.id.split_once('[') {
        Some((path, row)) => (path, row.strip_suffix(']').unwrap_or(row)),
        None => (&scenario.id, ""),
    }
}

/// Whether every cell that is asked for is in the row.
fn row_matches(wanted: &str, row: &str) -> bool {
    wanted == row || wanted.split(',').all(|cell| row.split(',').any(|found| glob(cell.as_bytes(), found.as_bytes())))
}

/// `*` is anything but `/`, `**` is anything, `?` one octet that is not `/`. Works in the product of both lengths at most.
pub(crate) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    if !pattern.iter().any(|octet| matches!(octet, b'*' | b'?')) {
        return pattern == text;
    }
    // Which lengths of the text the pattern so far can match.
    let mut reached: Vec<bool> = std::iter::once(true).chain(text.iter().map(|_| false)).collect();
    let mut rest = pattern;
    while let Some((&octet, behind)) = rest.split_first() {
        let crosses = octet == b'*' && behind.first() == Some(&b'*');
        rest = if crosses { behind.get(1..).unwrap_or_default() } else { behind };
        let mut next = Vec::with_capacity(reached.len());
        let mut before = false;
        let mut run = false;
        for (index, &here) in reached.iter().enumerate() {
            let last = index.checked_sub(1).and_then(|last| text.get(last)).copied();
            let matched = match octet {
                b'*' => {
                    run = here || (run && (crosses || last != Some(b'/')));
                    run
                }
                b'?' => before && last.is_some_and(|octet| octet != b'/'),
                literal => before && last == Some(literal),
            };
            next.push(matched);
            before = here;
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/*", "a/b", true)]
    #[case("a/*", "a/b/c", false)]
    #[case("a/**", "a/b/c", true)]
    #[case("**/c", "a/b/c", true)]
    #[case("*/c", "a/b/c", false)]
    #[case("a*c", "abbc", true)]
    #[case("a*c", "ac", true)]
    #[case("a*c", "abcd", false)]
    #[case("a?c", "abc", true)]
    #[case("a?c", "a/c", false)]
    #[case("", "", true)]
    #[case("*", "", true)]
    #[case("**", "a/b", true)]
    #[case("a*b*c", "a1b2b3c", true)]
    fn globs(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), expected);
    }

    #[test]
    fn a_hostile_glob_ends() {
        assert!(!glob("*a".repeat(200).as_bytes(), "a".repeat(199).as_bytes()));
    }

    #[rstest]
    #[case("open=PASV", "open=PASV,size=0", true)]
    #[case("size=0,open=PASV", "open=PASV,size=0", true)]
    #[case("open=P*", "open=PORT,size=0", true)]
    #[case("open=EPSV", "open=PASV,size=0", false)]
    #[case("empty", "empty", true)]
    fn rows(#[case] wanted: &str, #[case] row: &str, #[case] expected: bool) {
        assert_eq!(row_matches(wanted, row), expected);
    }
}
