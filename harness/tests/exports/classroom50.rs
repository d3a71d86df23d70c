//! Classroom 50's `result.json`, by its schema `classroom50/result/v1` and the rules that its code has besides.

use harness::grade::export::Platform;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::class::{each_is_shown_as_it_is, everyone, hostile, is_shown_as_it_is, one, plain, tells_nothing_hidden};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    schema: String,
    classroom: String,
    assignment: String,
    assignment_type: AssignmentType,
    owner: String,
    submission: String,
    commit: String,
    release: String,
    review: String,
    datetime: String,
    score: u32,
    #[serde(rename = "max-score")]
    max_score: u32,
    tests: Vec<Test>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum AssignmentType {
    Individual,
    Group,
}

#[derive(Debug, Deserialize)]
struct Test {
    #[serde(rename = "test-name")]
    name: String,
    passed: bool,
    score: u32,
    #[serde(rename = "max-score")]
    max_score: u32,
    #[serde(flatten)]
    _more: Map<String, Value>,
}

fn outcome(text: &str) -> Outcome {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_submission_has_a_valid_result() {
    for record in everyone() {
        let text = one(Platform::Classroom50, &record);
        assert!(text.len() < 10 << 20);
        let outcome = outcome(&text);
        assert_eq!(outcome.schema, "classroom50/result/v1");
        assert_eq!((&*outcome.classroom, &*outcome.assignment, &*outcome.owner), ("cs50", "ftp", "ann"));
        assert_eq!(outcome.assignment_type, AssignmentType::Individual);
        assert!(outcome.submission.starts_with("submit/"));
        assert_eq!(outcome.datetime, "2026-01-31T23:59:59Z");
        assert!([&outcome.commit, &outcome.release, &outcome.review].iter().all(|url| !url.is_empty()));
        assert!(outcome.score <= outcome.max_score);
        assert_eq!(outcome.tests.iter().map(|test| test.score).sum::<u32>(), outcome.score);
        assert_eq!(outcome.tests.iter().map(|test| test.max_score).sum::<u32>(), outcome.max_score);
        let mut names = Vec::new();
        for test in outcome.tests {
            assert!(test.score <= test.max_score, "{test:?}");
            assert!(!test.name.is_empty() && !names.contains(&test.name), "{}", test.name);
            names.push(test.name);
        }
    }
}

#[test]
fn whole_points_are_what_the_parts_sum_to() {
    let outcome = outcome(&one(Platform::Classroom50, &plain()[0]));
    assert_eq!((outcome.score, outcome.max_score), (27, 50));
    let shown: Vec<_> =
        outcome.tests.iter().map(|test| (&*test.name, test.passed, test.score, test.max_score)).collect();
    let expected = [
        ("Submission", true, 0, 0),
        ("Login", false, 14, 22),
        ("Files", false, 13, 22),
        ("Secret", false, 0, 6),
        ("No warnings", true, 0, 0),
        ("Cost of a crash", false, 0, 0),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn no_name_stands_twice() {
    let mut record = plain()[0].clone();
    for group in &mut record.groups {
        "Submission".clone_into(&mut group.name);
    }
    let outcome = outcome(&one(Platform::Classroom50, &record));
    let names: Vec<_> = outcome.tests.iter().take(4).map(|test| &*test.name).collect();
    assert_eq!(names, ["Submission", "Submission 2", "Submission 3", "Submission 4"]);
}

#[test]
fn what_could_not_be_graded_is_no_zero() {
    for record in &plain()[5..] {
        let outcome = outcome(&one(Platform::Classroom50, record));
        assert_eq!((outcome.score, outcome.max_score), (0, 0));
        assert!(!outcome.tests[0].passed);
    }
}

#[test]
fn what_a_submission_says_decides_nothing() {
    for (record, plain) in hostile().iter().zip(plain()) {
        let text = one(Platform::Classroom50, record);
        is_shown_as_it_is(&text);
        each_is_shown_as_it_is(&text);
        tells_nothing_hidden(&text);
        let scores =
            |text: &str| outcome(text).tests.iter().map(|test| (test.score, test.max_score)).collect::<Vec<_>>();
        assert_eq!(scores(&text), scores(&one(Platform::Classroom50, &plain)));
    }
}
