//! Submitty's `validation_results.json`, by the documented fields of a custom validator.

use harness::grade::export::Platform;
use serde::Deserialize;

use crate::class::{each_is_shown_as_it_is, everyone, is_shown_as_it_is, one, plain, tells_nothing_hidden};

#[derive(Debug, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase", deny_unknown_fields)]
enum Validation {
    Success { data: Data },
    Failure { message: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    score: f64,
    message: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    message: String,
    status: Status,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Status {
    Information,
    Failure,
    Warning,
    Success,
}

fn validation(text: &str) -> Validation {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_submission_has_a_valid_result() {
    for record in everyone() {
        match validation(&one(Platform::Submitty, &record)) {
            Validation::Success { data } => {
                assert_eq!((data.score * 5000.0).round().to_string(), record.points.in_hundredths().to_string());
                assert!(data.message.iter().all(|message| !message.message.is_empty()));
                let first = if record.build.is_some() || !record.attempts.is_empty() {
                    Status::Failure
                } else {
                    Status::Information
                };
                assert_eq!(data.message[0].status, first);
            }
            // The validator failed, not the student.
            Validation::Failure { message } => assert!(message.starts_with("Not graded."), "{message}"),
        }
    }
}

#[test]
fn what_could_not_be_graded_is_no_zero() {
    let failed = |record| matches!(validation(&one(Platform::Submitty, record)), Validation::Failure { .. });
    assert_eq!(plain().iter().map(failed).collect::<Vec<_>>(), [false, false, false, false, false, true, true]);
}

#[test]
fn what_a_submission_says_is_text_and_nothing_else() {
    for record in everyone() {
        let text = one(Platform::Submitty, &record);
        is_shown_as_it_is(&text);
        tells_nothing_hidden(&text);
        each_is_shown_as_it_is(&text);
    }
}
