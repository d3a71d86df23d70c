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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEAD: &str = concat!(
        r#"{"report":{"schema":"ftpspec/report/1","generator":"g","suite":{"version":"1","hash":"h"},"#,
        r#""subject":{"name":"n","role":"server","reached":"r"},"profile":"p","seed":1,"started":"s","duration":0,"#,
        r#""requirements":{},"sources":{}}}"#
    );
    const CASE: &str = concat!(
        r#"{"case":{"id":"a/b","verdict":"pass","purpose":"p","covers":[],"#,
        r#""place":{"file":"a/b.yaml","line":1,"column":1,"width":1,"text":""},"duration":1,"findings":[]}}"#
    );

    fn end(cases: usize, passes: usize) -> String {
        let others = r#""blocked":0,"deviation":0,"fail":0,"inconclusive":0,"known":0"#;
        format!(r#"{{"end":{{"cases":{cases},"verdicts":{{{others},"pass":{passes},"skipped":0}}}}}}"#)
    }

    fn message(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[rstest]
    #[case::unix("\n")]
    #[case::windows("\r\n")]
    #[case::blank_lines("\n\n")]
    fn lines_are_read(#[case] between: &str) {
        let text = [HEAD, CASE, &end(1, 1)].join(between);
        assert_eq!(read(text.as_bytes()).unwrap().cases.len(), 1);
        assert_eq!(read(format!("\u{feff}{text}{between}").as_bytes()).unwrap().cases.len(), 1);
    }

    #[rstest]
    #[case::no_end(&[HEAD, CASE, ""])]
    #[case::half_a_line(&[HEAD, CASE, r#"{"case":{"id":"a/"#])]
    #[case::half_an_end(&[HEAD, CASE, r#"{"end":{"cases":1"#])]
    fn truncation_is_seen(#[case] lines: &[&str]) {
        let error = read(lines.join("\n").as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::Truncated { cases: 1 }), "{error}");
        assert!(error.to_string().starts_with("the report is cut off after 1 cases"), "{error}");
    }

    /// Whatever octet a run was killed after, its report is never taken for whole.
    #[test]
    fn every_truncation_is_seen() {
        let text = [HEAD, CASE, &end(1, 1)].join("\n");
        for length in 1..text.len() {
            let error = read(&text.as_bytes()[..length]).unwrap_err();
            let truncated = matches!(error, ReadError::Truncated { .. });
            // Within the first line it is not yet seen that these are JSON lines.
            assert!(truncated || length < HEAD.len(), "{length}: {error}");
        }
    }

    #[rstest]
    #[case::lost_case(&[HEAD, CASE, &end(2, 2)])]
    #[case::other_verdict(&[HEAD, CASE, &end(1, 0)])]
    fn counts_are_compared(#[case] lines: &[&str]) {
        let error = read(lines.join("\n").as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::Count { found: 1, .. }), "{error}");
    }

    #[rstest]
    #[case::two_reports(&[HEAD, CASE, &end(1, 1), HEAD], "line 4: a second first line does not belong here")]
    #[case::case_after_end(&[HEAD, &end(0, 0), CASE], "line 3: a case after the end does not belong here")]
    #[case::two_ends(&[HEAD, &end(0, 0), &end(0, 0)], "line 3: a second end does not belong here")]
    fn order_is_compared(#[case] lines: &[&str], #[case] expected: &str) {
        assert!(message(&lines.join("\n")).starts_with(expected), "{}", message(&lines.join("\n")));
    }

    #[rstest]
    #[case("", "the report is empty")]
    #[case(" \n", "the report is empty")]
    #[case("{}", "this is JSON, but not a report: it has neither a member \"schema\" nor a first line {\"report\": …}")]
    #[case("hello", "line 1, column 1: expected value")]
    #[case("{\"schema\":\"ftpspec/report/1\",\n\"x\":1}", "line 2, column 3: unknown field `x`, expected one of")]
    #[case("{\"schema\":\"ftpspec/report/1\"", "line 1, column 28: the text ends in the middle of the report")]
    #[case(
        r#"{"schema":"ftpspec/report/2"}"#,
        r#"the report has the schema "ftpspec/report/2", and this program reads"#
    )]
    #[case(r#"{"report":{"schema":"x"}}"#, r#"the report has the schema "x", and this program reads"#)]
    #[case(r#"{"report":{"schema":"ftpspec/report/1"}}"#, "line 1, column 0: missing field")]
    fn errors_say_what_is_wrong(#[case] text: &str, #[case] expected: &str) {
        assert!(message(text).starts_with(expected), "{}", message(text));
    }
}
