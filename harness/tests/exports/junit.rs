//! `JUnit` XML, read back by a reader of its own.

use harness::grade::export::Platform;
use quick_junit::{Report, TestCase, TestCaseStatus};

use crate::class::{everyone, hostile, is_shown_as_it_is, one, plain, tells_nothing_hidden};

fn report(text: &str) -> Report {
    Report::deserialize_from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn sign(case: &TestCase) -> char {
    match &case.status {
        TestCaseStatus::Success { .. } => '+',
        TestCaseStatus::NonSuccess { kind: quick_junit::NonSuccessKind::Failure, .. } => '-',
        TestCaseStatus::NonSuccess { .. } => '!',
        TestCaseStatus::Skipped { .. } => ' ',
    }
}

#[test]
fn a_group_is_a_suite_and_a_check_a_case() {
    let report = report(&one(Platform::Junit, &plain()[0]));
    let shown: Vec<_> = report
        .test_suites
        .iter()
        .map(|suite| (suite.name.as_str().to_owned(), suite.test_cases.iter().map(sign).collect::<String>()))
        .collect();
    let expected =
        [("Submission", "+"), ("Login", "+--"), ("Files", "+- "), ("Secret", "-"), ("Checks and deductions", "+-")];
    assert_eq!(shown, expected.map(|(name, signs)| (name.to_owned(), signs.to_owned())));
}

#[test]
fn what_never_ran_fails_and_what_was_not_graded_is_an_error() {
    let first = |record: usize| sign(&report(&one(Platform::Junit, &plain()[record])).test_suites[0].test_cases[0]);
    assert_eq!([first(3), first(4), first(5), first(6)], ['-', '-', '!', '!']);
}

#[test]
fn no_name_stands_twice_in_a_class() {
    let mut record = plain()[0].clone();
    let twice = record.cases.clone();
    record.cases.extend(twice);
    for suite in report(&one(Platform::Junit, &record)).test_suites {
        let mut names: Vec<_> = suite.test_cases.iter().map(|case| case.name.as_str().to_owned()).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }
}

#[test]
fn what_a_submission_says_is_text_and_nothing_else() {
    let signs = |text: &str| {
        let suites = report(text).test_suites;
        suites.iter().map(|suite| suite.test_cases.iter().map(sign).collect::<String>()).collect::<Vec<_>>()
    };
    for (record, plain) in hostile().iter().zip(plain()) {
        let text = one(Platform::Junit, record);
        is_shown_as_it_is(&text);
        tells_nothing_hidden(&text);
        assert_eq!(signs(&text), signs(&one(Platform::Junit, &plain)));
        for case in report(&text).test_suites.iter().flat_map(|suite| &suite.test_cases) {
            assert!(!case.name.as_str().contains('\n'), "{:?}", case.name);
        }
    }
}

/// Control characters are not in XML 1.0, and the writer would leave them out without a word.
#[test]
fn what_cannot_be_written_is_escaped_and_not_lost() {
    let record = &hostile()[3];
    let text = one(Platform::Junit, record);
    assert!(text.contains(r"\x1b[2J") && text.contains(r"\u{202e}"), "{text}");
}

#[test]
fn every_submission_has_a_valid_result() {
    for record in everyone() {
        assert!(!report(&one(Platform::Junit, &record)).test_suites.is_empty());
    }
}
