//! A class for the tests: every status, hidden cases, a stopped group, crashes; and the same with hostile words in it.

use std::sync::LazyLock;

use harness::grade::export::{Assignment, Classroom, ExportError, MissingVariable, Platform, Submission, export};
use harness::grade::{Outline, Record};
use harness::scenario::Suite;
use serde_json::{Value, json};

pub(crate) static SUITE: LazyLock<Suite> = LazyLock::new(|| Suite::embedded().unwrap());

/// The case that students may not see, and what it is for.
pub(crate) const HIDDEN: &str = "rfc959/errors/unknown-verb";
/// The case that they see later.
pub(crate) const LATER: &str = "rfc959/control/noop";

/// What each platform would take for its own, and what terminals and browsers obey.
pub(crate) const HOSTILE: &str = "\"}]}\nGrade :=>> 100\n--|>\nGrade :=>> 100\n<|--\nComment :=>> forged\n- forged (-50)\n\
    {\"scores\":{\"total\":100},\"scoreboard\":[100]}\n</script><script>alert(1)</script><!-- ]]> '&lt; </failure>\
    =cmd()|' /C calc'!A0 \x1b[2J\x1b]8;;http://x\x07\u{9b}31m\x7f\0\r\n::error::forged\r::stop-commands::x\n\
    ```\n# forged\n\u{202e}\u{2066}\u{200b}\u{2028}\u{ffff}\u{e000}";

fn case(id: &str, group: usize, outcome: &str, points: f64, of: f64) -> Value {
    let visibility = match id {
        HIDDEN => "hidden",
        LATER => "after-due-date",
        _ => "visible",
    };
    let reason = match outcome {
        "earned" | "deviates" | "lost" => Value::Null,
        "sometimes" => json!("it passed in 2 of 3 runs"),
        "same-cause" => json!(format!("the same as in {HIDDEN}, and counted there")),
        "unreached" => json!(format!("{HIDDEN} failed before")),
        _ => json!("the machine was too slow"),
    };
    json!({ "id": id, "group": group, "visibility": visibility, "outcome": outcome, "reason": reason, "points": points, "of": of })
}

fn group(name: &str, visibility: &str, points: f64, of: f64) -> Value {
    json!({ "name": name, "part": "functionality", "visibility": visibility, "extra": false, "points": points, "of": of, "ungraded": 0.0 })
}

fn bare(submission: &str, status: &str) -> Value {
    json!({
        "schema": "ftpspec/grade/1", "submission": submission, "status": status, "points": 0.0, "of": 50.0, "ungraded": 0.0,
        "rubric": "ssast", "graded_by": "ssast 0123", "groups": [], "deductions": [], "checks": [],
        "sandbox": "bubblewrap", "folder": submission, "duration": 61_250,
    })
}

fn with(mut record: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    record.as_object_mut().unwrap().extend(more);
    record
}

/// One who has most of it.
fn ann() -> Value {
    with(
        bare("ann", "graded"),
        json!({
            "points": 27.45,
            "launch": "./server -port {port}",
            "groups": [group("Login", "visible", 14.2, 20.0), group("Files", "visible", 13.25, 20.0), group("Secret", "hidden", 0.0, 5.0)],
            "cases": [
                case("rfc959/control/greeting", 0, "earned", 10.0, 10.0),
                case("rfc959/login/user-pass", 0, "sometimes", 4.2, 5.0),
                case(LATER, 0, "lost", 0.0, 5.0),
                case("rfc959/transfer/retrieve[open=PASV]", 1, "earned", 13.25, 13.25),
                case("rfc959/transfer/retrieve[open=PORT]", 1, "unreached", 0.0, 6.75),
                case("rfc959/transfer/store", 1, "same-cause", 0.0, 0.0),
                case(HIDDEN, 2, "lost", 0.0, 5.0),
            ],
            "checks": [{ "name": "No warnings", "points": 5.0, "of": 5.0, "holds": true }],
            "deductions": [{ "kind": "crash", "cause": format!("the program ended by itself at {HIDDEN}: signal 11"), "points": 5.0, "cases": 3 }],
        }),
    )
}

fn others() -> Vec<Value> {
    let stopped = json!({
        "points": 0.0,
        "groups": [group("Login", "visible", 0.0, 20.0), group("Files", "visible", 0.0, 20.0)],
        "cases": [
            case("rfc959/control/greeting", 0, "earned", 10.0, 10.0),
            case("rfc959/login/user-pass", 0, "lost", 0.0, 10.0),
            case("rfc959/transfer/store", 1, "missing", 0.0, 20.0),
        ],
        "checks": [{ "name": "No warnings", "points": -2.0, "of": 0.0, "holds": false }],
    });
    let partly = json!({
        "points": 10.0, "ungraded": 20.0, "reason": "20 points could not be judged; grade it again",
        "groups": [group("Login", "visible", 10.0, 20.0)],
        "cases": [case("rfc959/control/greeting", 0, "deviates", 10.0, 10.0), case("rfc959/login/user-pass", 0, "ungraded", 0.0, 10.0)],
        "checks": [{ "name": "No warnings", "points": 0.0, "of": 5.0, "holds": null }],
    });
    let not_built = json!({
        "reason": "it does not build",
        "build": { "well": false, "ended": "`make` ended with exit code 2", "printed": ["$ make", "server.c:1: no such thing"] },
    });
    let not_started = json!({ "reason": "it listens in none of the ways to start it", "attempts": ["it ended with exit code 1\nno port"] });
    vec![
        with(bare("ben", "graded"), stopped),
        with(bare("cem", "partly-graded"), partly),
        with(bare("dan", "not-built"), not_built),
        with(bare("eve", "not-started"), not_started),
        with(
            bare("fay", "ungraded"),
            json!({ "reason": "the deadline passed before it was graded", "ungraded": 50.0 }),
        ),
        bare("gus", "waiting"),
    ]
}

/// The class as it is.
pub(crate) fn plain() -> Vec<Record> {
    records(std::iter::once(ann()).chain(others()))
}

/// The class with hostile words before and behind every text in which anybody has a word.
pub(crate) fn hostile() -> Vec<Record> {
    records(std::iter::once(ann()).chain(others()).map(|mut record| {
        worsen("", &mut record);
        record
    }))
}

fn records(values: impl Iterator<Item = Value>) -> Vec<Record> {
    values.map(|value| serde_json::from_value(value).unwrap()).collect()
}

/// Words of the form itself stay, and ids of cases: what is hidden is known by them.
fn worsen(key: &str, value: &mut Value) {
    const OURS: [&str; 8] = ["schema", "status", "visibility", "outcome", "kind", "part", "id", "folder"];
    match value {
        Value::String(text) if !OURS.contains(&key) => *text = format!("={HOSTILE}{text}{HOSTILE}"),
        Value::Array(values) => values.iter_mut().for_each(|value| worsen(key, value)),
        Value::Object(members) => members.iter_mut().for_each(|(key, value)| worsen(key, value)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a student of this class reads: a section on one check.
pub(crate) fn feedback() -> String {
    let quoted = HOSTILE.escape_debug().to_string();
    format!(
        "# ann\n\n## Login: 14.2 of 20\n\n### USER is answered (4.2 of 5 points)\n\nCheck: `rfc959/login/user-pass`\n\n\
         It passed in 2 of 3 runs.\n\n- Came: {quoted}\n\n    S: {quoted}\n    {{\"scores\":{{\"total\":100}}}}\n    Grade :=>> 100\n\n---\n"
    )
}

/// One submission in a form.
pub(crate) fn one(platform: Platform, record: &Record) -> String {
    let feedback = feedback();
    let submission = Submission { record, feedback: Some(&feedback) };
    written(platform, &[submission]).unwrap()
}

/// A class in a form.
pub(crate) fn all(platform: Platform, records: &[Record]) -> String {
    let submissions: Vec<_> = records.iter().map(|record| Submission { record, feedback: None }).collect();
    written(platform, &submissions).unwrap()
}

pub(crate) fn written(platform: Platform, submissions: &[Submission<'_>]) -> Result<String, ExportError> {
    let outline = Outline::of_records(submissions.iter().map(|submission| submission.record));
    export(platform, submissions, &Assignment::of(&SUITE, outline), &classroom)
}

/// What the runner of Classroom 50 says.
fn classroom() -> Result<Classroom, MissingVariable> {
    Classroom::read(|name| {
        Some(match name {
            "CLASSROOM" => "cs50".to_owned(),
            "ASSIGNMENT" => "ftp".to_owned(),
            "USERNAME" => "ann".to_owned(),
            "SUBMISSION_TAG" => "submit/2026-01-31T23-59-59Z-abc".to_owned(),
            "COMMIT_URL" | "RELEASE_URL" | "REVIEW_URL" => "https://example.org/x".to_owned(),
            "SUBMITTED_AT" => "2026-01-31T23:59:59Z".to_owned(),
            _ => return None,
        })
    })
}

/// Both classes, one submission after the other.
pub(crate) fn everyone() -> Vec<Record> {
    plain().into_iter().chain(hostile()).collect()
}

/// Nothing hides, and nothing moves a cursor. Line ends are the form's own.
pub(crate) fn is_shown_as_it_is(text: &str) {
    let hidden = |character: &char| {
        (character.is_control() && *character != '\n')
            || matches!(*character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{ffff}')
    };
    let found: Vec<char> = text.chars().filter(hidden).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// The same for every text in a JSON document.
pub(crate) fn each_is_shown_as_it_is(json: &str) {
    fn texts(value: &Value) -> Vec<&str> {
        match value {
            Value::String(text) => vec![text],
            Value::Array(values) => values.iter().flat_map(texts).collect(),
            Value::Object(members) => members.values().flat_map(texts).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
        }
    }
    for text in texts(&serde_json::from_str(json).unwrap()) {
        is_shown_as_it_is(text);
    }
}

/// No word of what students may not see.
pub(crate) fn tells_nothing_hidden(text: &str) {
    for id in [HIDDEN, LATER] {
        assert!(!text.contains(id), "{id} in {text}");
        let purpose =
            SUITE.scenarios().iter().find(|scenario| scenario.id.starts_with(id)).unwrap().purpose.value.clone();
        assert!(!text.contains(purpose.trim_end_matches('.')), "{purpose} in {text}");
    }
}
