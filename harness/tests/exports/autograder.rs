//! The autograder folders of docs/grading, run as their platforms run them, in folders of the test.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

const RUBRIC: &str = r#"
title: A small trial
login: { user: anonymous, password: student@example.org }
readable: [BIN]
build: { command: make }
launch: [{ command: "./server -port {port} -root {root}", ready-within: 5s }]
groups:
  - { name: Login, points: 20, scenarios: [rfc959/control/greeting, rfc959/login/user-pass] }
  - { name: Secret, points: 10, visibility: hidden, scenarios: [rfc959/errors/unknown-verb] }
"#;

/// The reference server, wherever a submission finds it.
const SERVER: &str = "#!/bin/sh\nif [ -x /run/ftpspec ]; then F=/run/ftpspec; else F=BIN; fi\n\
                      exec $F serve --anonymous read-write --login-delay 0 --login-attempts 0 \"$@\"\n";

fn program() -> PathBuf {
    cargo_bin!("ftpspec").to_owned()
}

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/grading").join(file)
}

fn write(file: PathBuf, text: &str) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text.replace("BIN", &program().to_string_lossy())).unwrap();
}

/// A submission that is right.
fn submission(folder: &Path) {
    write(folder.join("Makefile"), "all:\n\tchmod +x server\n");
    write(folder.join("server"), SERVER);
}

fn succeeded(output: &Output) {
    let said = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// Some hand in their files, others a folder with them.
#[rstest]
#[case("submission")]
#[case("submission/my server")]
fn gradescope_gets_its_result(#[case] place: &str) {
    let autograder = TempDir::new().unwrap();
    submission(&autograder.path().join(place));
    write(autograder.path().join("source/rubric.yaml"), RUBRIC);
    std::fs::copy(docs("gradescope/run_autograder"), autograder.path().join("run_autograder")).unwrap();
    let mut run = Command::new(autograder.path().join("run_autograder"));
    run.current_dir(autograder.path()).env("AUTOGRADER", autograder.path()).env("FTPSPEC", program());
    succeeded(&run.output().unwrap());
    let results = json(&autograder.path().join("results/results.json"));
    assert_eq!(results["score"], 30.0, "{results:#}");
    assert_eq!(results["tests"].as_array().unwrap().last().unwrap()["visibility"], "hidden");
    let mode = std::fs::metadata(autograder.path().join("results")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "submissions do not reach the results");
}

#[test]
fn gradescope_shows_what_the_build_said() {
    let autograder = TempDir::new().unwrap();
    write(autograder.path().join("submission/Makefile"), "all:\n\t@echo 'server.c:1: no such thing'; exit 2\n");
    write(autograder.path().join("source/rubric.yaml"), RUBRIC);
    let mut run = Command::new(docs("gradescope/run_autograder"));
    run.current_dir(autograder.path()).env("AUTOGRADER", autograder.path()).env("FTPSPEC", program());
    succeeded(&run.output().unwrap());
    let results = json(&autograder.path().join("results/results.json"));
    assert_eq!(results["score"], 0.0);
    assert!(results["output"].as_str().unwrap().contains("    server.c:1: no such thing"), "{results:#}");
}

#[test]
fn gradescope_installs_the_program() {
    let autograder = TempDir::new().unwrap();
    std::fs::create_dir(autograder.path().join("source")).unwrap();
    std::fs::copy(program(), autograder.path().join("source/ftpspec")).unwrap();
    let mut setup = Command::new(docs("gradescope/setup.sh"));
    setup.env("AUTOGRADER", autograder.path()).env("BIN", autograder.path()).env("INSTALL", "");
    let output = setup.output().unwrap();
    succeeded(&output);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("ftpspec "), "{output:?}");
}

#[test]
fn github_gets_a_summary() {
    let folder = TempDir::new().unwrap();
    let repository = folder.path().join("repository");
    submission(&repository);
    write(folder.path().join("rubric.yaml"), RUBRIC);
    let mut run = Command::new(docs("github-actions/grade.sh"));
    run.current_dir(&repository).env("FTPSPEC", program()).env("RUBRIC", folder.path().join("rubric.yaml"));
    run.env("RESULTS", folder.path().join("results")).env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"));
    let output = run.output().unwrap();
    succeeded(&output);
    let summary = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(summary.starts_with("# repository: 30 of 30 points\n"), "{summary}");
    assert!(folder.path().join("results/junit.xml").is_file());
    let said = String::from_utf8(output.stdout).unwrap();
    let word = said.lines().next().unwrap().strip_prefix("::stop-commands::").unwrap().to_owned();
    assert_eq!(said.lines().last(), Some(&*format!("::{word}::")), "{said}");
}

/// The workflow runs this script, and no other.
#[test]
fn the_workflow_runs_the_script() {
    let workflow = std::fs::read_to_string(docs("github-actions/grade.yml")).unwrap();
    let steps: Value = serde_yaml::from_str(&workflow).unwrap();
    let steps = steps["jobs"]["grade"]["steps"].as_array().unwrap();
    let runs: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert!(runs.iter().any(|run| run.contains("sh .github/grade.sh")), "{runs:?}");
}

#[test]
fn classroom_gets_its_result() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("NOT TRIED: docs/grading/classroom50/autograder.py; there is no python3 here");
        return;
    }
    let folder = TempDir::new().unwrap();
    let checkout = folder.path().join("checkout");
    submission(&checkout);
    write(folder.path().join("bundle/rubric.yaml"), RUBRIC);
    let mut run = Command::new("python3");
    run.arg(docs("classroom50/autograder.py")).current_dir(&checkout);
    run.env("CLASSROOM50_BUNDLE_DIR", folder.path().join("bundle")).env("FTPSPEC", program());
    run.env("CLASSROOM", "cs50")
        .env("ASSIGNMENT", "ftp")
        .env("USERNAME", "ann")
        .env("SUBMITTED_AT", "2026-01-31T23:59:59Z");
    run.env("SUBMISSION_TAG", "submit/1")
        .env("COMMIT_URL", "https://example.org/c")
        .env("RELEASE_URL", "https://example.org/r");
    succeeded(&run.output().unwrap());
    let result = json(&checkout.join("result.json"));
    assert_eq!((&result["score"], &result["max-score"]), (&Value::from(30), &Value::from(30)), "{result:#}");
    assert!(std::fs::read_to_string(checkout.join("release-body.md")).unwrap().starts_with("# checkout: 30 of 30"));
    assert!(checkout.join("classroom50-release-assets/feedback.html").is_file());
}
