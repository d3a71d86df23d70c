//! The sample submissions, graded by the rubric `ssast`: each has the points and the lost cases of `expected/`, every time.
//!
//! `BLESS=1` writes the expectations anew; `FTPSPEC_ROUNDS=10` grades ten times instead of once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use tempfile::TempDir;

use super::{grounds, is_confined, left_over, lines_of};

/// What the samples are built with.
const TOOLS: [&str; 4] = ["make", "gcc", "python3", "javac"];

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grade")
}

/// The programs that are not installed.
fn missing() -> Vec<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |tool: &&str| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    TOOLS.into_iter().filter(|tool| !has(tool)).collect()
}

/// What one grading came to: of each sample, what is kept in `expected/`.
fn graded() -> Option<BTreeMap<String, String>> {
    let folder = TempDir::new().unwrap();
    let (grounds, out) = (grounds(), folder.path().join("out"));
    let began = Instant::now();
    let child = Command::new(cargo_bin!("ftpspec"))
        .arg("grade")
        .arg(here().join("submissions"))
        .args(["--rubric", "ssast", "--out"])
        .arg(&out)
        .env("TMPDIR", grounds.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let grader = child.id();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    eprintln!("graded in {} s:\n{}", began.elapsed().as_secs(), String::from_utf8_lossy(&output.stdout));
    assert_eq!(left_over(grader, grounds.path()), Vec::<String>::new(), "no process is left");
    assert_eq!(std::fs::read_dir(grounds.path()).unwrap().count(), 0, "no folder is left");
    let results = lines_of(&out.join("results.jsonl"));
    is_confined(&results).then(|| results.iter().map(|(name, record)| (name.clone(), shown(record))).collect())
}

/// The points of a sample, what took them, and every case that did not give all.
fn shown(record: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut shown = format!("{}: {} of {}\n", text(&record["status"]), record["points"], record["of"]);
    for deduction in record["deductions"].as_array().unwrap() {
        _ = writeln!(shown, "-{}: {}", deduction["points"], text(&deduction["cause"]));
    }
    for check in record["checks"].as_array().unwrap() {
        _ = writeln!(shown, "{}: {}", check["points"], text(&check["name"]));
    }
    let cases = record.get("cases").and_then(Value::as_array).cloned().unwrap_or_default();
    // What meets a crash that was told already is not counted, and whether a client is gone before a reply comes is a race.
    for case in cases.iter().filter(|case| case["outcome"] != "earned" && case["outcome"] != "same-cause") {
        let (id, outcome) = (text(&case["id"]), text(&case["outcome"]));
        _ = writeln!(shown, "{} of {}: {id} {outcome}", case["points"], case["of"]);
    }
    shown
}

fn expected(name: &str) -> PathBuf {
    here().join(format!("expected/{name}.txt"))
}

#[test]
fn the_samples_have_the_same_points_every_time() {
    let missing = missing();
    if !missing.is_empty() {
        eprintln!("NOT TRIED: the sample submissions; here is no {}", missing.join(", no "));
        return;
    }
    let rounds = std::env::var("FTPSPEC_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    for round in 1..=rounds {
        let Some(graded) = graded() else { return };
        assert_eq!(graded.len(), 14, "{:?}", graded.keys());
        if std::env::var_os("BLESS").is_some() && round == 1 {
            for (name, shown) in &graded {
                std::fs::write(expected(name), shown).unwrap();
            }
        }
        let different = graded.iter().filter_map(|(name, shown)| {
            let expected = std::fs::read_to_string(expected(name)).unwrap_or_default();
            (expected != *shown).then(|| format!("{name}, expected:\n{expected}and in round {round}:\n{shown}"))
        });
        let different: Vec<_> = different.collect();
        assert!(different.is_empty(), "{}", different.join("\n"));
    }
}
