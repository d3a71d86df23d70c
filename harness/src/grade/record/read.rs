//! Results taken back from their lines.

use serde::Deserialize;
use thiserror::Error;

use super::{Record, SCHEMA};

/// Why results cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The line is of another form, or of a later version.
    #[error(
        "line {line} has the schema {schema:?}, and {SCHEMA} is read; was it written by another version of ftpspec?"
    )]
    Schema {
        /// Which line, from 1.
        line: usize,
        /// What it says it is.
        schema: String,
    },
    /// The line is no result.
    #[error("line {line} is no result of `ftpspec grade`: {source}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// The results in the text of a `results.jsonl`, in its order. Empty lines are passed over.
///
/// # Errors
/// A line is no result, or of another version.
pub fn read(text: &str) -> Result<Vec<Record>, ReadError> {
    #[derive(Deserialize)]
    struct Stamp {
        schema: String,
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let one = |(line, text): (usize, &str)| {
        let wrong = |source| ReadError::Line { line, source };
        let Stamp { schema } = serde_json::from_str(text).map_err(wrong)?;
        if schema != SCHEMA {
            return Err(ReadError::Schema { line, schema });
        }
        serde_json::from_str(text).map_err(wrong)
    };
    lines.map(one).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::read;
    use crate::grade::record::{
        Built, CaseRecord, CheckRecord, DeductionRecord, GroupRecord, Record, SCHEMA, Status, lines,
    };
    use crate::scenario::rubric::Points;

    /// A result in which every field has a value of its own.
    fn full(submission: &str) -> Record {
        let points = Points::hundredths;
        Record {
            schema: SCHEMA.to_owned(),
            submission: submission.to_owned(),
            status: Status::PartlyGraded,
            reason: Some("1.05 points could not be judged".to_owned()),
            points: points(9_635),
            of: points(10_000),
            ungraded: points(105),
            rubric: "ssast".to_owned(),
            graded_by: "ssast 0123".to_owned(),
            groups: vec![GroupRecord {
                name: "Login".to_owned(),
                part: "robustness".to_owned(),
                visibility: "hidden".to_owned(),
                extra: true,
                points: points(1),
                of: points(334),
                ungraded: points(2),
            }],
            deductions: vec![DeductionRecord {
                kind: "crash".to_owned(),
                cause: "the program ended by itself at USER".to_owned(),
                points: points(300),
                cases: 38,
            }],
            checks: vec![CheckRecord {
                name: "No warnings".to_owned(),
                points: points(-400),
                of: Points::ZERO,
                holds: Some(false),
            }],
            cases: vec![CaseRecord {
                id: "rfc959/login/user-pass".to_owned(),
                group: 0,
                visibility: "after-due-date".to_owned(),
                outcome: "sometimes".to_owned(),
                reason: Some("it passed in 1 of 3 runs".to_owned()),
                points: points(-5),
                of: points(1999),
            }],
            build: Some(Built { well: true, ended: "`make` ended".to_owned(), printed: vec!["cc".to_owned()] }),
            attempts: vec!["never listened".to_owned()],
            launch: Some("./server {port}".to_owned()),
            sandbox: "bubblewrap".to_owned(),
            folder: "one".to_owned(),
            duration: 12_345,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let hostile = "a\u{1b}[31m\r\n\u{7f}\u{202e}\"\\\u{10ffff},\u{2028}=cmd()</script>";
        let bare = Record {
            reason: None,
            groups: Vec::new(),
            deductions: Vec::new(),
            checks: Vec::new(),
            cases: Vec::new(),
            build: None,
            attempts: Vec::new(),
            launch: None,
            ..full("bare")
        };
        let records = [full(hostile), bare, full("")];
        let text = lines(&records).unwrap();
        assert!(text.is_ascii() && !text.contains('\u{7f}'), "{text}");
        assert_eq!(text.lines().count(), records.len());
        assert_eq!(read(&text).unwrap(), records);
    }

    #[rstest]
    #[case::not_json("{\"schema\":", "line 1 is no result of `ftpspec grade`: EOF")]
    #[case::of_a_report("\n{\"schema\":\"ftpspec/report/1\"}", "line 2 has the schema \"ftpspec/report/1\"")]
    #[case::cut("{\"schema\":\"ftpspec/grade/1\"}", "line 1 is no result of `ftpspec grade`: missing field")]
    #[case::lone_surrogate("{\"schema\":\"\\ud800\"}", "line 1 is no result")]
    fn what_is_no_result_is_said(#[case] text: &str, #[case] message: &str) {
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
