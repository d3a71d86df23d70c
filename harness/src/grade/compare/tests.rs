use reports::Symbols;

use super::{compare, human};
use crate::grade::Audience;
use crate::grade::record::{CaseRecord, CheckRecord, DeductionRecord, GroupRecord, Record, SCHEMA, Status};
use crate::scenario::rubric::Points;

fn record(name: &str, status: Status, points: i32) -> Record {
    Record {
        schema: SCHEMA.to_owned(),
        submission: name.to_owned(),
        status,
        reason: None,
        points: Points::hundredths(points),
        of: Points::hundredths(10_000),
        ungraded: Points::ZERO,
        rubric: "ssast".to_owned(),
        graded_by: "ssast 01".to_owned(),
        groups: vec![GroupRecord {
            name: "Login".to_owned(),
            part: "functionality".to_owned(),
            visibility: "visible".to_owned(),
            extra: false,
            points: Points::hundredths(points),
            of: Points::hundredths(10_000),
            ungraded: Points::ZERO,
        }],
        deductions: Vec::new(),
        checks: Vec::new(),
        cases: Vec::new(),
        build: None,
        attempts: Vec::new(),
        launch: None,
        sandbox: "bubblewrap".to_owned(),
        folder: name.to_owned(),
        duration: 1,
    }
}

fn case(id: &str, visibility: &str, outcome: &str, points: i32) -> CaseRecord {
    CaseRecord {
        id: id.to_owned(),
        group: 0,
        visibility: visibility.to_owned(),
        outcome: outcome.to_owned(),
        reason: None,
        points: Points::hundredths(points),
        of: Points::hundredths(500),
    }
}

fn told(old: &[Record], new: &[Record], audience: Audience) -> String {
    human(&compare(old, new), "old.jsonl", audience, Symbols::Unicode)
}

#[test]
fn what_is_the_same_is_only_counted() {
    let old = [record("ann", Status::Graded, 9_000), record("bob", Status::NotBuilt, 0)];
    let mut new = old.clone();
    // How long it took, and in what order they stand, is no change.
    new[0].duration = 2;
    new.reverse();
    assert_eq!(told(&old, &new, Audience::Staff), "compared with old.jsonl: 0 changed, 2 as before\n");
}

#[test]
fn each_change_is_said_once() {
    let mut old = [
        record("ann", Status::Graded, 9_000),
        record("bob", Status::NotBuilt, 0),
        record("cy", Status::Ungraded, 0),
        record("gone", Status::PartlyGraded, 4_000),
    ];
    old[0].cases = vec![
        case("a/one", "visible", "earned", 500),
        case("a/same", "visible", "lost", 0),
        case("a/left", "visible", "earned", 500),
    ];
    old[0].checks = vec![CheckRecord {
        name: "No warnings".to_owned(),
        points: Points::hundredths(-400),
        of: Points::ZERO,
        holds: Some(false),
    }];
    old[0].deductions = vec![DeductionRecord {
        kind: "crash".to_owned(),
        cause: "it ended at USER".to_owned(),
        points: Points::hundredths(300),
        cases: 2,
    }];
    let mut new = [
        record("ann", Status::Graded, 8_750),
        record("bob", Status::Graded, 10_000),
        record("cy", Status::Ungraded, 0),
        record("new", Status::NotStarted, 0),
    ];
    new[0].cases = vec![case("a/same", "visible", "lost", 0), case("a/one", "visible", "sometimes", 250)];
    // Every case of somebody who had none is no news.
    new[1].cases = vec![case("a/one", "visible", "earned", 500)];
    new[0].checks =
        vec![CheckRecord { name: "No warnings".to_owned(), points: Points::ZERO, of: Points::ZERO, holds: Some(true) }];
    for record in &mut new {
        record.graded_by = "ssast 02".to_owned();
    }
    let expected = "\
compared with old.jsonl: 4 changed, 1 as before
  graded by another rubric or suite: ssast 01 before, ssast 02 now
ann: 90 of 100 before, 87.5 of 100 now
  a/left: 5 of 5 (earned) before, none now
  a/one: 5 of 5 (earned) before, 2.5 of 5 (sometimes) now
  No warnings: -4 (it does not hold) before, 0 (it holds) now
  it ended at USER: -3 before, none now
bob: not built before, 100 of 100 now
gone: 40 of 100, partly graded before, not there now
new: not there before, not started now
";
    assert_eq!(told(&old, &new, Audience::Staff), expected);
}

#[test]
fn students_read_no_hidden_name_and_no_cause() {
    let (mut old, mut new) = (record("ann", Status::Graded, 9_000), record("ann", Status::Graded, 8_500));
    old.cases = vec![case("a/hidden", "hidden", "earned", 500), case("a/open", "visible", "earned", 500)];
    new.cases = vec![case("a/hidden", "hidden", "lost", 0), case("a/open", "visible", "lost", 0)];
    new.deductions = vec![DeductionRecord {
        kind: "crash".to_owned(),
        cause: "it ended at SECRET".to_owned(),
        points: Points::hundredths(300),
        cases: 1,
    }];
    let text = told(&[old], &[new], Audience::Student);
    assert!(text.contains("a/open: 5 of 5 (earned) before") && text.contains("  and 2 that are not shown\n"), "{text}");
    assert!(!text.contains("a/hidden") && !text.contains("SECRET"), "{text}");
}

#[test]
fn a_hostile_name_stays_text_on_its_line() {
    let name = "x\u{1b}[2J\r\n::error::\u{202e}";
    let text = told(&[], &[record(name, Status::Graded, 1)], Audience::Staff);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']), "{text:?}");
}

#[test]
fn a_long_list_is_cut() {
    let (mut old, new) = (record("ann", Status::Graded, 1), record("ann", Status::Graded, 1));
    old.cases = (0..23).map(|number| case(&format!("a/{number:02}"), "visible", "lost", 0)).collect();
    let text = told(&[old], &[new], Audience::Staff);
    assert!(text.contains("  a/19: ") && !text.contains("a/20") && text.ends_with("  and 3 more\n"), "{text}");
}
