//! Lines at a terminal: editing, history, and completion of commands and of names on both sides.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Editor, Helper};

use super::table::{ROWS, Row, Side};
use crate::escape::escaped;
use crate::runtime::input::{Names, Source, next_line};

/// Where local names begin, as the shell and its completion know it.
pub(super) type Place = Arc<Mutex<PathBuf>>;

/// The source of lines at a terminal.
pub(super) struct Terminal {
    editor: Editor<Completion, DefaultHistory>,
}

/// What completes a line.
pub(super) struct Completion {
    place: Place,
    /// Set while a line is typed.
    names: Option<Names>,
}

impl Terminal {
    pub(super) fn new(place: Place) -> io::Result<Self> {
        let config = Config::builder().auto_add_history(false).build();
        let mut editor = Editor::with_config(config).map_err(io::Error::other)?;
        editor.set_helper(Some(Completion { place, names: None }));
        Ok(Self { editor })
    }
}

impl Source for Terminal {
    fn line(&mut self, names: &Names) -> io::Result<Option<Vec<u8>>> {
        if let Some(helper) = self.editor.helper_mut() {
            helper.names = Some(names.clone());
        }
        loop {
            match self.editor.readline("ftp> ") {
                Ok(line) => {
                    // A password is not kept, and not shown again.
                    let first = line.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
                    if !matches!(first.as_str(), "login" | "user" | "open" | "quote" | "account") {
                        self.editor.add_history_entry(line.as_str()).map_err(io::Error::other)?;
                    }
                    return Ok(Some(line.into_bytes()));
                }
                // What was typed is thrown away.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(ReadlineError::Io(error)) => return Err(error),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn plain_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        next_line(&mut io::stdin().lock())
    }
}

impl Helper for Completion {}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Hinter for Completion {
    type Hint = String;
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _context: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..at).unwrap_or_default();
        let begin = word_begin(typed);
        let word = typed.get(begin..).unwrap_or_default();
        let before = typed.get(..begin).unwrap_or_default().trim();
        let Some(name) = before.split_whitespace().next() else {
            return Ok((begin, commands(word)));
        };
        let side =
            Row::named(name.as_bytes()).map_or(Side::Neither, |row| row.completes(before.split_whitespace().count()));
        let (directory, start) = match word.rfind('/') {
            Some(slash) => word.split_at(slash + 1),
            None => ("", word),
        };
        let found = match side {
            Side::Neither => Vec::new(),
            Side::Here => self.here(&plain(directory)),
            Side::There => self.names.as_ref().map(|names| names.of(plain(directory).as_bytes())).unwrap_or_default(),
        };
        let start = plain(start);
        let fitting = found.iter().filter(|name| name.starts_with(start.as_bytes()));
        // A name that is no text cannot be typed either.
        let texts = fitting.filter_map(|name| std::str::from_utf8(name).ok());
        Ok((begin, texts.map(|name| pair(directory, name)).collect()))
    }
}

impl Completion {
    fn here(&self, directory: &str) -> Vec<Vec<u8>> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).join(directory);
        let place = if place.as_os_str().is_empty() { PathBuf::from(".") } else { place };
        let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
        entries.flatten().map(|entry| entry.file_name().as_bytes().to_vec()).collect()
    }
}

fn commands(word: &str) -> Vec<Pair> {
    let names = ROWS.iter().flat_map(|row| row.names.iter());
    let fitting = names.filter(|name| name.starts_with(word));
    fitting.map(|name| Pair { display: (*name).to_owned(), replacement: format!("{name} ") }).collect()
}

fn pair(directory: &str, name: &str) -> Pair {
    let mut replacement = directory.to_owned();
    for character in name.chars() {
        if matches!(character, ' ' | '\\' | '"') {
            replacement.push('\\');
        }
        replacement.push(character);
    }
    Pair { display: escaped(name.as_bytes()), replacement }
}

/// Where the last word begins: behind the last space that no backslash stands before.
fn word_begin(typed: &str) -> usize {
    let mut begin = 0;
    let mut is_escaped = false;
    for (at, character) in typed.char_indices() {
        if character == ' ' && !is_escaped {
            begin = at + 1;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    begin
}

/// The word without its backslashes.
fn plain(word: &str) -> String {
    let mut text = String::new();
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("get a", 4, "a")]
    #[case(r"get a\ b", 4, "a b")]
    #[case("ge", 0, "ge")]
    #[case("put x y", 6, "y")]
    fn last_words(#[case] typed: &str, #[case] begin: usize, #[case] word: &str) {
        assert_eq!(word_begin(typed), begin);
        assert_eq!(plain(&typed[begin..]), word);
    }

    #[test]
    fn names_are_typed_so_that_they_are_one_word() {
        let pair = pair("d/", "a b\"c");
        assert_eq!(pair.replacement, "d/a\\ b\\\"c");
        let words = super::super::words::words(pair.replacement.as_bytes()).unwrap();
        assert_eq!(words, [b"d/a b\"c".to_vec()]);
    }

    #[test]
    fn commands_are_completed() {
        let found: Vec<_> = commands("reg").into_iter().map(|pair| pair.replacement).collect();
        assert_eq!(found, ["reget "]);
    }
}
