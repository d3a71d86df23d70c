//! A report taken back from the forms that hold all of it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, error::Category};
use thiserror::Error;

use crate::model::{Case, Report, SCHEMA};
use crate::render::{End, Line};

/// A text that is not a whole report.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is nothing in it.
    #[error("the report is empty")]
    Empty,
    /// It is JSON, but no report.
    #[error("this is JSON, but not a report: it has neither a member \"schema\" nor a first line {{\"report\": …}}")]
    NoReport,
    /// It was written in a version of the model that this program does not know.
    #[error("the report has the schema {found:?}, and this program reads {SCHEMA:?}; use the program that wrote it")]
    Schema {
        /// The schema it names.
        found: String,
    },
    /// It is not the JSON of a report.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1 in octets; 0 where only the line is known.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It ends before its last line, or in the middle of one.
    #[error("the report is cut off after {cases} cases: its last line is not {{\"end\": …}}; the run did not finish")]
    Truncated {
        /// How many cases are whole.
        cases: usize,
    },
    /// Its last line counts other cases than the ones before it.
    #[error("the last line counts {said} cases, and {found} stand before it, or their verdicts differ; lines are lost")]
    Count {
        /// How many there should be.
        said: usize,
        /// How many there are.
        found: usize,
    },
    /// A line stands where it does not belong.
    #[error("line {line}: {what} does not belong here; were two reports written to one file?")]
    Order {
        /// The line, counted from 1.
        line: usize,
        /// What it is.
        what: &'static str,
    },
}

/// Reads a report from its JSON form, or from its JSON lines; which of them it is, is seen.
///
/// # Errors
///
/// [`ReadError`] where the text is not a whole report of this version of the model.
pub fn read(text: &[u8]) -> Result<Report, ReadError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty);
    }
    // A JSON document in the pretty form is no value in its first line, so this is the first line of JSON lines or none.
    let first = text.split(|&octet| octet == b'\n').next().unwrap_or_default();
    match serde_json::from_slice::<Probe>(first) {
        Ok(Probe { report: Some(_), .. }) => lines(text),
        Ok(_) | Err(_) => document(text),
    }
}

/// What is enough to see the form and the version. Everything else in it is skipped.
#[derive(Deserialize)]
struct Probe {
    schema: Option<Value>,
    report: Option<IgnoredAny>,
}

fn document(text: &[u8]) -> Result<Report, ReadError> {
    let probe: Probe = serde_json::from_slice(text).map_err(|error| wrong(&error, 0))?;
    known(probe.schema.as_ref())?;
    serde_json::from_slice(text).map_err(|error| wrong(&error, 0))
}

fn lines(text: &[u8]) -> Result<Report, ReadError> {
    let mut report: Option<Report> = None;
    let mut end: Option<End> = None;
    for (number, line) in (1..).zip(text.split_inclusive(|&octet| octet == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let parsed = match serde_json::from_slice::<Line<Case>>(line) {
            Ok(parsed) => parsed,
            // A run that was killed leaves half a line, and half a line has no line end.
            Err(_) if !line.ends_with(b"\n") => {
                return Err(ReadError::Truncated { cases: report.map_or(0, |report| report.cases.len()) });
            }
            Err(error) => return Err(wrong(&error, number - 1)),
        };
        match (parsed, report.as_mut(), end.is_some()) {
            (Line::Report(head), None, false) => report = Some(head_of(head, number)?),
            (Line::Case(case), Some(report), false) => report.cases.push(case),
            (Line::End(last), Some(_), false) => end = Some(last),
            (Line::Report(_), _, _) => return Err(ReadError::Order { line: number, what: "a second first line" }),
            (Line::Case(_), _, _) => return Err(ReadError::Order { line: number, what: "a case after the end" }),
            (Line::End(_), _, _) => return Err(ReadError::Order { line: number, what: "a second end" }),
        }
    }
    let report = report.ok_or(ReadError::Truncated { cases: 0 })?;
    let cases = report.cases.len();
    match end {
        Some(end) if end == End::of(&report) => Ok(report),
        Some(end) => Err(ReadError::Count { said: end.cases, found: cases }),
        None => Err(ReadError::Truncated { cases }),
    }
}

fn head_of(mut head: serde_json::Map<String, Value>, line: usize) -> Result<Report, ReadError> {
    known(head.get("schema"))?;
    head.insert("cases".to_owned(), Value::Array(Vec::new()));
    serde_json::from_value(Value::Object(head)).map_err(|error| ReadError::Json {
        line,
        column: 0,
        message: error.to_string(),
    })
}

fn known(schema: Option<&Value>) -> Result<(), ReadError> {
    match schema {
        Some(Value::String(schema)) if schema == SCHEMA => Ok(()),
        Some(Value::String(schema)) => Err(ReadError::Schema { found: schema.clone() }),
        Some(_) | None => Err(ReadError::NoReport),
    }
}

fn wrong(error: &serde_json::Error, lines_before: usize) -> ReadError {
    let message = match error.classify() {
        Category::Eof => "the text ends in the middle of the report".to_owned(),
        Category::Io | Category::Syntax | Category::Data => {
            let whole = error.to_string();
            whole.rsplit_once(" at line ").map_or_else(|| whole.clone(), |(message, _)| message.to_owned())
        }
    };
    ReadError::Json { line: lines_before + error.line(), column: error.column(), message }
}
