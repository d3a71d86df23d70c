//! `ftpspec export`, as an instructor types it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use harness::grade::{Record, record};
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::class::{feedback, plain};

/// The results of the class, with feedback for one of them.
fn results(records: &[Record]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("results.jsonl");
    std::fs::write(&file, record::lines(records).unwrap()).unwrap();
    std::fs::create_dir(folder.path().join("ann")).unwrap();
    std::fs::write(folder.path().join("ann/feedback.md"), feedback()).unwrap();
    (folder, file)
}

fn export(file: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin!("ftpspec"));
    for name in ["CLASSROOM", "ASSIGNMENT", "USERNAME", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "SUBMITTED_AT"] {
        command.env_remove(name);
    }
    command.current_dir(file.parent().unwrap()).arg("export").arg(file).args(more).output().unwrap()
}

fn json(file: PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn one_submission_goes_into_a_file() {
    let (folder, file) = results(&plain());
    let output = export(
        &file,
        &["--submission", "ann", "--to", "gradescope=out.json", "--to", "vpl=-", "--to", "class=class.html"],
    );
    assert!(output.status.success(), "{output:?}");
    let written = json(folder.path().join("out.json"));
    assert_eq!(written["score"], 27.45);
    assert!(written["tests"][1]["output"].as_str().unwrap().contains("It passed in 2 of 3 runs."), "{written}");
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("Grade :=>> 27.45\n"));
    assert!(folder.path().join("class.html").is_file());
}

#[test]
fn a_class_goes_into_a_folder() {
    let (folder, file) = results(&plain());
    let output = export(&file, &["--to", "gradescope=all/", "--to", "junit=all/", "--to", "csv=class.csv"]);
    assert!(output.status.success(), "{output:?}");
    for name in ["ann", "ben", "cem", "dan", "eve", "fay", "gus"] {
        assert!(json(folder.path().join(format!("all/{name}.json")))["score"].is_number());
        assert!(folder.path().join(format!("all/{name}.xml")).is_file());
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("class.csv")).unwrap().lines().count(), 8);
}

#[rstest]
#[case(&["--to", "gradescope=out.json"], "gradescope takes one submission a file, and here are 7: say which")]
#[case(&["--to", "gradescope=out.json", "--submission", "an"], "there is no submission \"an\" in the results; did you mean \"ann\"?")]
#[case(&["--to", "moodle=out.json"], "there is no format \"moodle\"; the formats are gradescope")]
#[case(&["--to", "classroom50=out.json", "--submission", "ann"], "classroom50 needs the variable")]
#[case(&[], "--to <FORMAT=FILE>")]
fn what_cannot_be_written_is_explained(#[case] arguments: &[&str], #[case] message: &str) {
    let (folder, file) = results(&plain());
    let output = export(&file, arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(message), "{said}");
    assert!(!folder.path().join("out.json").exists());
}

#[rstest]
#[case("", "holds no results")]
#[case("{}\n", "line 1 is no result of `ftpspec grade`: missing field `schema`")]
#[case("\n{\"schema\": \"\\ud800\"}\n", "line 2 is no result")]
fn what_are_no_results_is_said(#[case] text: &str, #[case] message: &str) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("results.jsonl");
    std::fs::write(&file, text).unwrap();
    let output = export(&file, &["--to", "csv=-"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(message), "{said}");
}

/// The names in the results come from a file, and a file can be changed.
#[test]
fn no_folder_leads_anywhere_else() {
    let mut records = plain();
    records.truncate(1);
    "../ann".clone_into(&mut records[0].folder);
    let (folder, file) = results(&records);
    let output = export(&file, &["--to", "gradescope=all/"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("could lead anywhere"), "{output:?}");
    assert!(!folder.path().join("ann.json").exists());
}

/// Where nobody came far enough to have groups, the rubric names them.
#[test]
fn the_groups_come_from_the_rubric_where_there_are_no_others() {
    let dan = vec![plain().remove(3)];
    let (_folder, file) = results(&dan);
    let output = export(&file, &["--to", "autolab=-"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(last["scores"]["PORT"], 0.0, "{said}");
    assert_eq!(last["scores"]["total"], 0.0, "{said}");
}
