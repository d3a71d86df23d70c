//! `PrairieLearn`'s `results.json`, by the documented fields of an external grader.

use harness::grade::export::Platform;
use serde::Deserialize;

use crate::class::{each_is_shown_as_it_is, everyone, is_shown_as_it_is, one, plain, tells_nothing_hidden};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Results {
    gradable: bool,
    score: f64,
    #[serde(default)]
    format_errors: Vec<String>,
    message: String,
    output: String,
    tests: Vec<Test>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    name: String,
    description: String,
    points: f64,
    max_points: f64,
    message: String,
    output: String,
}

fn results(text: &str) -> Results {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_submission_has_a_valid_result() {
    for record in everyone() {
        let text = one(Platform::Prairielearn, &record);
        let results = results(&text);
        assert!((0.0..=1.0).contains(&results.score));
        assert_eq!((results.score * 5000.0).round().to_string(), record.points.in_hundredths().to_string());
        assert_eq!(results.gradable, results.format_errors.is_empty());
        assert!(results.tests.iter().all(|test| test.max_points >= 0.0 && !test.name.is_empty()));
        assert!(!results.message.is_empty() && !results.output.is_empty());
    }
}

#[test]
fn what_was_never_asked_costs_no_attempt() {
    let gradable = |record| results(&one(Platform::Prairielearn, record)).gradable;
    assert_eq!(plain().iter().map(gradable).collect::<Vec<_>>(), [true, true, true, false, false, false, false]);
}

#[test]
fn what_students_may_not_see_is_a_sum() {
    let results = results(&one(Platform::Prairielearn, &plain()[0]));
    let login: Vec<_> = results.tests.iter().filter(|test| test.description == "Login").collect();
    assert_eq!(login.len(), 3);
    assert_eq!((&*login[2].name, login[2].points, login[2].max_points), ("1 check that is not shown", 0.0, 5.0));
    assert!(login[2].message.is_empty() && !login[2].output.is_empty());
}

#[test]
fn what_a_submission_says_is_text_and_nothing_else() {
    for record in everyone() {
        let text = one(Platform::Prairielearn, &record);
        is_shown_as_it_is(&text);
        tells_nothing_hidden(&text);
        each_is_shown_as_it_is(&text);
    }
}

/// What is longer is refused as a whole.
#[test]
fn a_result_is_no_longer_than_a_megabyte() {
    let mut record = plain()[1].clone();
    let mut long = record.cases[2].clone();
    long.outcome = "missing".to_owned();
    long.reason = Some("x\"\n".repeat(20_000));
    record.cases.extend(vec![long; 900]);
    let text = one(Platform::Prairielearn, &record);
    assert!((100_000..1_000_000).contains(&text.len()), "{}", text.len());
    assert_eq!(results(&text).tests.len(), 3 + 900 + 1);
}
