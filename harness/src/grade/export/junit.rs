//! `JUnit` XML for `CodeGrade`'s unit test step: a suite for each group, and a case for each check.
//!
//! XML 1.0 has no control characters, and the writer drops them without a word; every text comes here with them visible.

use std::collections::BTreeSet;

use quick_junit::{NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::sheet::{Item, Sheet, Standing};
use crate::grade::record::Status;

pub(super) fn render(sheet: &Sheet<'_>) -> Result<String, SerializeError> {
    let mut report = Report::new("ftpspec");
    let mut names = BTreeSet::new();
    let mut submission = TestSuite::new("Submission");
    submission.add_test_case(case("Submission", "it is built, and it listens", graded(sheet)));
    report.add_test_suite(submission);
    for part in &sheet.groups {
        let mut suite = TestSuite::new(free(&mut names, &part.name));
        suite.add_property(Property::new("points", part.points.to_string()));
        suite.add_property(Property::new("of", part.of.to_string()));
        suite.add_test_cases(items(&part.name, &part.items));
        report.add_test_suite(suite);
    }
    if !sheet.others.is_empty() {
        let name = free(&mut names, "Checks and deductions");
        let mut suite = TestSuite::new(name.as_str());
        suite.add_test_cases(items(&name, &sheet.others));
        report.add_test_suite(suite);
    }
    report.to_string()
}

/// Of two cases with one name in a class, readers show the first alone.
fn free(names: &mut BTreeSet<String>, name: &str) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while !names.insert(free.clone()) {
        free = format!("{name} ({number})");
        number += 1;
    }
    free
}

fn items(class: &str, items: &[Item]) -> Vec<TestCase> {
    let mut names = BTreeSet::new();
    items.iter().map(|item| case(class, &free(&mut names, &item.name), status(item)).told(item)).collect()
}

trait Told {
    fn told(self, item: &Item) -> Self;
}

impl Told for TestCase {
    fn told(mut self, item: &Item) -> Self {
        self.add_property(Property::new("points", item.points.to_string()));
        self.add_property(Property::new("of", item.of.to_string()));
        if let Some(id) = &item.id {
            self.add_property(Property::new("id", id.as_str()));
        }
        self
    }
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn graded(sheet: &Sheet<'_>) -> TestCaseStatus {
    let kind = match sheet.record.status {
        Status::Graded | Status::PartlyGraded => return TestCaseStatus::success(),
        Status::NotBuilt | Status::NotStarted => NonSuccessKind::Failure,
        Status::Waiting | Status::Ungraded => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(sheet.record.status.word());
    status.set_description(sheet.whole.as_str());
    status
}

fn status(item: &Item) -> TestCaseStatus {
    let kind = match item.standing {
        Standing::Passed => return TestCaseStatus::success(),
        Standing::NotCounted => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("not counted");
            return status;
        }
        Standing::Short => NonSuccessKind::Failure,
        Standing::NotJudged => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(format!("{} of {} points", item.points, item.of));
    status.set_description(item.text.as_str());
    status
}
