//! Gradescope's `results.json`, by its documented fields.

use harness::grade::export::{Platform, Submission};
use serde::Deserialize;

use crate::class::{HIDDEN, LATER, everyone, hostile, is_shown_as_it_is, one, plain, written};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Results {
    score: Option<f64>,
    #[serde(rename = "execution_time")]
    _execution_time: Option<f64>,
    output: Option<String>,
    output_format: Option<Form>,
    test_output_format: Option<Form>,
    test_name_format: Option<Form>,
    #[serde(rename = "visibility")]
    _visibility: Option<Visibility>,
    stdout_visibility: Option<Visibility>,
    #[serde(default)]
    tests: Vec<Test>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    score: Option<f64>,
    max_score: Option<f64>,
    status: Option<Status>,
    name: Option<String>,
    number: Option<String>,
    output: Option<String>,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
    visibility: Option<Visibility>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Form {
    Text,
    Html,
    SimpleFormat,
    Md,
    Ansi,
}

#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Visibility {
    Visible,
    Hidden,
    AfterDueDate,
    AfterPublished,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Status {
    Passed,
    Failed,
}

fn results(text: &str) -> Results {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_submission_has_a_valid_result() {
    for record in everyone() {
        let results = results(&one(Platform::Gradescope, &record));
        assert_eq!(results.score, Some(record.points.number()));
        assert!(!results.output.unwrap().is_empty());
        // What is hidden from students must not come by another way.
        assert_eq!(results.stdout_visibility, Some(Visibility::Hidden));
        assert!(results.tests.iter().all(|test| test.score.is_some() == test.max_score.is_some()));
    }
}

#[test]
fn each_case_is_a_test_with_its_points_and_its_visibility() {
    let results = results(&one(Platform::Gradescope, &plain()[0]));
    let shown: Vec<_> = results
        .tests
        .iter()
        .map(|test| (test.number.as_deref().unwrap(), test.score, test.max_score, test.visibility.unwrap()))
        .collect();
    let visible = Visibility::Visible;
    let expected = [
        ("1.1", Some(10.0), Some(10.0), visible),
        ("1.2", Some(4.2), Some(5.0), visible),
        ("1.3", Some(0.0), Some(5.0), Visibility::AfterDueDate),
        ("2.1", Some(13.25), Some(13.25), visible),
        ("2.2", Some(0.0), Some(6.75), visible),
        ("2.3", None, None, visible),
        ("3.1", Some(0.0), Some(5.0), Visibility::Hidden),
        ("4.1", Some(5.0), Some(5.0), visible),
        ("4.2", None, None, Visibility::Hidden),
        ("4.3", Some(-5.0), Some(0.0), visible),
    ];
    assert_eq!(shown, expected);
    assert_eq!((&results.tests[0].status, &results.tests[1].status), (&Some(Status::Passed), &Some(Status::Failed)));
}

#[test]
fn what_a_student_sees_names_nothing_hidden() {
    for record in everyone() {
        let results = results(&one(Platform::Gradescope, &record));
        assert!(!results.output.unwrap().contains(HIDDEN));
        for test in results.tests.iter().filter(|test| test.visibility == Some(Visibility::Visible)) {
            let told = format!("{} {}", test.name.as_deref().unwrap(), test.output.as_deref().unwrap());
            assert!(!told.contains(HIDDEN) && !told.contains(LATER), "{told}");
        }
    }
}

#[test]
fn a_test_tells_what_the_feedback_says_of_it() {
    let results = results(&one(Platform::Gradescope, &plain()[0]));
    let told = results.tests[1].output.as_deref().unwrap();
    assert!(told.contains("It passed in 2 of 3 runs.") && told.contains("    Grade :=>> 100"), "{told}");
    // Without feedback, the clause.
    let told = results.tests[0].output.as_deref().unwrap();
    assert!(told.contains("It passed.") && told.contains("RFC 959 §"), "{told}");
}

#[test]
fn what_a_submission_says_is_text_and_nothing_else() {
    for record in hostile() {
        let text = one(Platform::Gradescope, &record);
        let results = results(&text);
        assert_eq!(results.output_format, Some(Form::Text));
        assert_eq!((&results.test_output_format, &results.test_name_format), (&Some(Form::Text), &Some(Form::Text)));
        let mut texts = vec![results.output.unwrap()];
        for test in results.tests {
            assert!(!test.name.as_deref().unwrap().contains('\n'));
            texts.extend(test.name);
            texts.extend(test.output);
        }
        for text in &texts {
            is_shown_as_it_is(text);
        }
        is_shown_as_it_is(&text);
    }
}

#[test]
fn a_stopped_group_gives_nothing_for_what_passed_in_it() {
    let results = results(&one(Platform::Gradescope, &plain()[1]));
    let greeting = &results.tests[0];
    assert_eq!((greeting.score, greeting.max_score, &greeting.status), (Some(0.0), Some(10.0), &Some(Status::Failed)));
    assert!(greeting.output.as_deref().unwrap().contains("Nothing in this group counts"), "{greeting:?}");
}

#[test]
fn there_is_an_end_to_what_is_told() {
    let mut record = plain()[3].clone();
    let long = "x".repeat(100_000);
    record.build.as_mut().unwrap().printed = vec![long.clone(); 20];
    record.reason = Some(long.clone());
    record.submission = long;
    let text = one(Platform::Gradescope, &record);
    assert!(text.len() < 100_000, "{}", text.len());
    assert!(results(&text).output.unwrap().contains("(the rest is not shown)"));
}

#[test]
fn a_file_holds_one_submission() {
    let records = plain();
    let submissions: Vec<_> = records.iter().map(|record| Submission { record, feedback: None }).collect();
    let error = written(Platform::Gradescope, &submissions).unwrap_err();
    assert_eq!(error.to_string(), "gradescope takes one submission, and here are 7");
}
