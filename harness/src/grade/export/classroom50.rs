//! Classroom 50: `result.json` of an `autograder.py`.
//!
//! Its scores are whole, never negative, and no test has more than it is worth; so each group is a test, and what crashes
//! and checks cost is spread over the groups. The tests always sum to the score.

use std::fmt::Write as _;

use serde::Serialize;
use thiserror::Error;

use super::bounded::block;
use super::sheet::{Item, Part, Sheet, Standing};
use crate::grade::record::Status;
use crate::scenario::rubric::Points;

/// How long the text on a group may be. The file may have 10 MiB.
const OUTPUT: usize = 128 * 1024;

/// Whose submission it is, as the runner of Classroom 50 says it in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classroom {
    name: String,
    assignment: String,
    assignment_type: String,
    owner: String,
    submission: String,
    commit: String,
    release: String,
    review: String,
    datetime: String,
}

/// A variable of the environment is not there, or holds what it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "classroom50 needs the variable {name} in the environment: {what}. Its runner sets it; docs/grading/classroom50.md shows how"
)]
pub struct MissingVariable {
    /// Its name.
    pub name: &'static str,
    /// What it should say.
    pub what: &'static str,
}

impl Classroom {
    /// As the variables say, by their names.
    ///
    /// # Errors
    /// One that must be there is not, or is not of its form.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, MissingVariable> {
        let read = |name: &'static str, what: &'static str| {
            variable(name).filter(|value| !value.trim().is_empty()).ok_or(MissingVariable { name, what })
        };
        let datetime = read("SUBMITTED_AT", "when the commit was made, as 2026-01-31T23:59:59Z")?;
        if !is_instant(&datetime) {
            return Err(MissingVariable {
                name: "SUBMITTED_AT",
                what: "when the commit was made, as 2026-01-31T23:59:59Z",
            });
        }
        let submission = read("SUBMISSION_TAG", "the tag of the submission, which begins with submit/")?;
        if !submission.starts_with("submit/") {
            return Err(MissingVariable {
                name: "SUBMISSION_TAG",
                what: "the tag of the submission, which begins with submit/",
            });
        }
        let commit = read("COMMIT_URL", "the address of the commit")?;
        let kind = variable("ASSIGNMENT_TYPE").or_else(|| variable("MODE"));
        Ok(Self {
            name: read("CLASSROOM", "the short name of the classroom")?,
            assignment: read("ASSIGNMENT", "the name of the assignment")?,
            assignment_type: kind.filter(|kind| kind == "group").unwrap_or_else(|| "individual".to_owned()),
            owner: read("USERNAME", "whose repository it is")?,
            submission,
            release: read("RELEASE_URL", "the address of the release")?,
            review: variable("REVIEW_URL").filter(|url| !url.is_empty()).unwrap_or_else(|| commit.clone()),
            commit,
            datetime,
        })
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
fn is_instant(text: &str) -> bool {
    const FORM: &str = "0000-00-00T00:00:00Z";
    text.len() == FORM.len()
        && text.bytes().zip(FORM.bytes()).all(
            |(octet, form)| {
                if form == b'0' { octet.is_ascii_digit() } else { octet == form }
            },
        )
}

#[derive(Serialize)]
struct Outcome<'a> {
    schema: &'static str,
    classroom: &'a str,
    assignment: &'a str,
    assignment_type: &'a str,
    owner: &'a str,
    submission: &'a str,
    commit: &'a str,
    release: &'a str,
    review: &'a str,
    datetime: &'a str,
    score: i32,
    #[serde(rename = "max-score")]
    max_score: i32,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    #[serde(rename = "test-name")]
    name: String,
    passed: bool,
    score: i32,
    #[serde(rename = "max-score")]
    max_score: i32,
    output: String,
}

pub(super) fn render(sheet: &Sheet<'_>, classroom: &Classroom) -> Result<String, serde_json::Error> {
    // What could not be graded is no zero: there was nothing to be had.
    let max_score = if sheet.record.status.is_judged() { whole(sheet.record.of) } else { 0 };
    let score = whole(sheet.record.points).clamp(0, max_score);
    let outcome = Outcome {
        schema: "classroom50/result/v1",
        classroom: &classroom.name,
        assignment: &classroom.assignment,
        assignment_type: &classroom.assignment_type,
        owner: &classroom.owner,
        submission: &classroom.submission,
        commit: &classroom.commit,
        release: &classroom.release,
        review: &classroom.review,
        datetime: &classroom.datetime,
        score,
        max_score,
        tests: tests(sheet, score, max_score),
    };
    Ok(serde_json::to_string_pretty(&outcome)? + "\n")
}

fn tests(sheet: &Sheet<'_>, score: i32, max_score: i32) -> Vec<Test> {
    let mut tests = vec![Test {
        name: "Submission".to_owned(),
        passed: matches!(sheet.record.status, Status::Graded | Status::PartlyGraded),
        // Where no group is known, all there is to have is had or lost here.
        score: if sheet.groups.is_empty() { score } else { 0 },
        max_score: if sheet.groups.is_empty() { max_score } else { 0 },
        output: sheet.whole.clone(),
    }];
    let worth = shared(max_score, &sheet.groups.iter().map(|part| part.of).collect::<Vec<_>>(), None);
    let scores = shared(score, &sheet.groups.iter().map(|part| part.points).collect::<Vec<_>>(), Some(&worth));
    for ((part, max_score), score) in sheet.groups.iter().zip(worth).zip(scores) {
        let passed = part.points >= part.of;
        tests.push(Test { name: unique(&tests, &part.name), passed, score, max_score, output: told(part) });
    }
    for item in &sheet.others {
        let output = format!("{} points, spread over the groups.\n{}", item.points, item.text);
        let passed = item.standing == Standing::Passed;
        tests.push(Test { name: unique(&tests, &item.name), passed, score: 0, max_score: 0, output });
    }
    tests
}

/// The name, with a number behind it where another test has it already.
fn unique(tests: &[Test], name: &str) -> String {
    let name = if name.is_empty() { "group" } else { name };
    let is_free = |name: &str| tests.iter().all(|test| test.name != name);
    if is_free(name) {
        return name.to_owned();
    }
    let numbered = (2..).map(|number: usize| format!("{name} {number}"));
    numbered.into_iter().find(|name| is_free(name)).unwrap_or_default()
}

fn whole(points: Points) -> i32 {
    (points.in_hundredths() + 50).div_euclid(100)
}

/// So many whole points over parts, by weight and to the last one. None gets more than it is worth; what it cannot take
/// goes to those before it that can, and then to those behind.
fn shared(points: i32, weights: &[Points], most: Option<&[i32]>) -> Vec<i32> {
    let weight = |points: &Points| u64::try_from(points.in_hundredths()).unwrap_or_default();
    let mut weights: Vec<u64> = weights.iter().map(weight).collect();
    if weights.iter().all(|weight| *weight == 0) {
        weights.fill(1);
    }
    let parts = Points::hundredths(points).shared_out(&weights);
    let mut parts: Vec<i32> = parts.into_iter().map(Points::in_hundredths).collect();
    let Some(most) = most else { return parts };
    let mut over = 0;
    for (part, most) in parts.iter_mut().zip(most) {
        over += (*part - most).max(0);
        *part = (*part).min(*most);
    }
    for (part, most) in parts.iter_mut().zip(most) {
        let more = over.min(most - *part);
        *part += more;
        over -= more;
    }
    parts
}

/// What became of a group, and each check that gave less than it is worth.
fn told(part: &Part) -> String {
    let mut text = format!("{} of {} points.\n", part.points, part.of);
    let short = |item: &&Item| matches!(item.standing, Standing::Short | Standing::NotJudged);
    for item in part.items.iter().filter(short) {
        _ = write!(text, "\n{} ({} of {} points)\n{}", item.name, item.points, item.of, item.text);
    }
    block(&text, OUTPUT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn environment(name: &str) -> Option<String> {
        Some(match name {
            "CLASSROOM" => "cs50".to_owned(),
            "ASSIGNMENT" => "ftp".to_owned(),
            "USERNAME" => "ann".to_owned(),
            "SUBMISSION_TAG" => "submit/2026-01-31T23-59-59Z-abc".to_owned(),
            "COMMIT_URL" => "https://example.org/commit/abc".to_owned(),
            "RELEASE_URL" => "https://example.org/releases/1".to_owned(),
            "SUBMITTED_AT" => "2026-01-31T23:59:59Z".to_owned(),
            _ => return None,
        })
    }

    #[test]
    fn the_review_is_the_commit_where_nothing_else_is_said() {
        let classroom = Classroom::read(environment).unwrap();
        assert_eq!((&*classroom.review, &*classroom.assignment_type), ("https://example.org/commit/abc", "individual"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let without = |name: &'static str| move |asked: &str| environment(asked).filter(|_| asked != name);
        for name in
            ["CLASSROOM", "ASSIGNMENT", "USERNAME", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "SUBMITTED_AT"]
        {
            assert_eq!(Classroom::read(without(name)).unwrap_err().name, name);
        }
        let wrong = |name: &str| if name == "SUBMITTED_AT" { Some("yesterday".to_owned()) } else { environment(name) };
        assert_eq!(Classroom::read(wrong).unwrap_err().name, "SUBMITTED_AT");
    }

    proptest! {
        #[test]
        fn parts_sum_and_fit(
            groups in prop::collection::vec((1..3_000_i32).prop_flat_map(|of| (0..=of, Just(of))), 1..12),
            lost in 0..500_i32,
        ) {
            let points: Vec<_> = groups.iter().map(|(points, _)| Points::hundredths(*points)).collect();
            let of: Vec<_> = groups.iter().map(|(_, of)| Points::hundredths(*of)).collect();
            let max_score = whole(of.iter().copied().sum());
            let score = whole(points.iter().copied().sum::<Points>() - Points::hundredths(lost)).clamp(0, max_score);
            let worth = shared(max_score, &of, None);
            let scores = shared(score, &points, Some(&worth));
            prop_assert_eq!(worth.iter().sum::<i32>(), max_score);
            prop_assert_eq!(scores.iter().sum::<i32>(), score);
            prop_assert!(scores.iter().zip(&worth).all(|(score, worth)| (0..=*worth).contains(score)), "{scores:?} {worth:?}");
        }
    }
}
