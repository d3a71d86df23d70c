//! What is wrong with a subject's file, shown with its line and a caret.

use serde_yaml::Error;

use crate::subject::SubjectError;
use crate::subject::similar_name::did_you_mean;

/// The message of the YAML reader, in our words where they are better.
pub(super) fn of_yaml(file: &str, text: &str, error: &Error) -> SubjectError {
    let error = error.without_snippet();
    let place = error.location().map(|location| (number(location.line()), number(location.column())));
    shown(file, text, place.unwrap_or((1, 1)), &message(error))
}

/// A contradiction that was found when everything was read, at the first line that has this key.
pub(super) fn at_key(file: &str, text: &str, key: &str, message: &str) -> SubjectError {
    let has_key = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let found = text.lines().enumerate().find(|(_, line)| has_key(line));
    let place = found.map_or((1, 1), |(at, line)| (at + 1, line.len() - line.trim_start().len() + 1));
    shown(file, text, place, message)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the reader has many errors, and words of its own for each")]
fn message(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let hint = did_you_mean(field, expected.iter().copied());
            format!("`{field}` is no key here.{hint} The keys are {}", listed(expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let hint = did_you_mean(variant, expected.iter().copied());
            format!("`{variant}` is not known here.{hint} It is one of {}", listed(expected))
        }
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        Error::Message { msg, .. } => msg.clone(),
        other => {
            let whole = other.to_string();
            whole.split(" at line ").next().unwrap_or_default().to_owned()
        }
    }
}

fn listed(names: &[&str]) -> String {
    names.join(", ")
}

fn number(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(1).max(1)
}

fn shown(file: &str, text: &str, (line, column): (usize, usize), message: &str) -> SubjectError {
    let source = text.lines().nth(line - 1).unwrap_or_default();
    let width = source.chars().skip(column - 1).take_while(|character| !" :,]}".contains(*character)).count().max(1);
    let margin = " ".repeat(line.to_string().len());
    let blank = " ".repeat(column - 1);
    let caret = "^".repeat(width);
    SubjectError::File(format!("{file}:{line}:{column}: {message}\n{line} | {source}\n{margin} | {blank}{caret}"))
}
