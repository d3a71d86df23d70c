//! Gradescope: `/autograder/results/results.json`.
//!
//! It shows a text as it is where `output_format` is `text`; `html` and `md` would let a submission write the page.
//! Visibility is its own: hidden tests are in the file, and students do not see them.

use serde::Serialize;

use super::sheet::{Item, Sheet, Standing};
use crate::scenario::rubric::Visibility;

#[derive(Serialize)]
struct Results<'a> {
    score: f64,
    execution_time: f64,
    output: &'a str,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: &'static str,
    /// What the program prints while it grades is for staff.
    stdout_visibility: &'static str,
    tests: Vec<Test<'a>>,
}

#[derive(Serialize)]
struct Test<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    name: String,
    number: String,
    output: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    visibility: &'static str,
}

pub(super) fn render(sheet: &Sheet<'_>) -> Result<String, serde_json::Error> {
    let mut tests = Vec::new();
    for (group, part) in (1..).zip(&sheet.groups) {
        for (at, item) in (1..).zip(&part.items) {
            let name = format!("{}: {}", part.name, item.name);
            tests.push(Test { tags: vec![&part.name], ..test(item, name, format!("{group}.{at}")) });
        }
    }
    let next = sheet.groups.len() + 1;
    for (at, item) in (1..).zip(&sheet.others) {
        tests.push(test(item, item.name.clone(), format!("{next}.{at}")));
    }
    let results = Results {
        // It overrides the sum of the tests, which knows no rounding, no stopped groups and no least of nothing.
        score: sheet.record.points.number(),
        execution_time: execution_time(sheet.record.duration),
        output: &sheet.whole,
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        visibility: "visible",
        stdout_visibility: "hidden",
        tests,
    };
    Ok(serde_json::to_string_pretty(&results)? + "\n")
}

fn test(item: &Item, name: String, number: String) -> Test<'_> {
    // Without scores a test is a remark, and is shown without a colour.
    let counts = matches!(item.standing, Standing::Passed | Standing::Short)
        && !(item.visibility == Visibility::Hidden && item.id.is_none());
    Test {
        score: counts.then(|| item.points.number()),
        max_score: counts.then(|| item.of.number()),
        status: counts.then_some(if item.standing == Standing::Passed { "passed" } else { "failed" }),
        name,
        number,
        output: &item.text,
        tags: Vec::new(),
        visibility: match item.visibility {
            Visibility::Visible => "visible",
            Visibility::AfterDueDate => "after_due_date",
            Visibility::Hidden => "hidden",
        },
    }
}

/// Seconds.
fn execution_time(milliseconds: u64) -> f64 {
    f64::from(u32::try_from(milliseconds).unwrap_or(u32::MAX)) / 1000.0
}
