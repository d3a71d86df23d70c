//! What platforms read from standard output: Autolab its last line, VPL its grade and comments.

use harness::grade::Record;
use harness::grade::export::Platform;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::class::{everyone, hostile, is_shown_as_it_is, one, plain, tells_nothing_hidden};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scores {
    scores: BTreeMap<String, f64>,
    #[serde(default)]
    scoreboard: Vec<f64>,
}

/// As Autolab reads: the last line is the scores.
fn autolab(text: &str) -> Scores {
    let last = text.trim_end().lines().last().unwrap();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
}

#[test]
fn autolab_finds_the_scores_in_the_last_line() {
    let scores = autolab(&one(Platform::Autolab, &plain()[0]));
    let expected = [
        ("Cost of a crash", -5.0),
        ("Files", 13.25),
        ("Login", 14.2),
        ("No warnings", 5.0),
        ("Secret", 0.0),
        ("total", 27.45),
    ];
    assert_eq!(scores.scores, expected.map(|(name, points)| (name.to_owned(), points)).into());
    assert_eq!(scores.scoreboard, [27.45]);
}

#[test]
fn nothing_a_submission_says_is_a_line_of_scores() {
    for record in everyone() {
        let text = one(Platform::Autolab, &record);
        is_shown_as_it_is(&text);
        tells_nothing_hidden(&text);
        let total = autolab(&text).scores.get("total").map(f64::to_string);
        // What could not be graded is no zero.
        assert_eq!(total, record.status.is_judged().then(|| record.points.number().to_string()));
        let begins = |line: &&str| line.starts_with(['{', '[', '"']);
        assert_eq!(text.lines().filter(begins).count(), 1, "{text}");
    }
}

#[test]
fn no_group_is_taken_for_the_total() {
    let mut record = plain()[0].clone();
    "total".clone_into(&mut record.groups[0].name);
    assert_eq!(autolab(&one(Platform::Autolab, &record)).scores["total"].to_string(), "27.45");
}

/// What VPL makes of an output.
#[derive(Debug, PartialEq, Eq)]
struct Evaluation {
    /// Behind the last line that begins so, wherever it stands.
    grade: Option<String>,
    titles: Vec<String>,
    /// What is shown as it is.
    quoted: Vec<String>,
    /// What is neither, and what stands outside the comment.
    others: Vec<String>,
}

/// As VPL reads: a comment is what stands between the two marks, or behind `Comment :=>>`.
fn vpl(text: &str) -> Evaluation {
    let mut found = Evaluation { grade: None, titles: Vec::new(), quoted: Vec::new(), others: Vec::new() };
    let mut is_inside = false;
    for line in text.lines() {
        if let Some(grade) = line.strip_prefix("Grade :=>>") {
            found.grade = Some(grade.trim().to_owned());
        }
        match line.trim() {
            "<|--" if !is_inside => is_inside = true,
            "--|>" if is_inside => is_inside = false,
            _ if line.starts_with("Grade :=>>") && !is_inside => {}
            _ if is_inside && line.starts_with('-') => found.titles.push(line.to_owned()),
            _ if is_inside && line.starts_with('>') => found.quoted.push(line.to_owned()),
            _ => found.others.push(line.to_owned()),
        }
    }
    found
}

fn graded(record: &Record) -> Evaluation {
    vpl(&one(Platform::Vpl, record))
}

#[test]
fn vpl_finds_the_grade_and_a_title_for_each_group() {
    let found = graded(&plain()[0]);
    assert_eq!(found.grade.as_deref(), Some("27.45"));
    let titles = [
        "- Result.",
        "- Login: 14.2 of 20.",
        "- Files: 13.25 of 20.",
        "- Secret: 0 of 5.",
        "- No warnings: 5 points.",
        "- Cost of a crash: -5 points.",
    ];
    assert_eq!(found.titles, titles);
    assert!(found.quoted.iter().any(|line| line == ">It passed in 2 of 3 runs."), "{found:?}");
}

#[test]
fn nothing_a_submission_says_is_a_grade_or_a_comment() {
    for (record, plain) in hostile().iter().zip(plain()) {
        let text = one(Platform::Vpl, record);
        is_shown_as_it_is(&text);
        tells_nothing_hidden(&text);
        let found = vpl(&text);
        // What could not be graded is no zero.
        assert_eq!(found.grade, record.status.is_judged().then(|| record.points.to_string()), "{text}");
        assert_eq!(found.others, Vec::<String>::new(), "{text}");
        assert_eq!(found.titles.len(), graded(&plain).titles.len(), "{text}");
        // What stands in brackets at the end of a title takes points.
        assert!(found.titles.iter().all(|title| !title.ends_with(')')), "{:?}", found.titles);
    }
}
