//! The program, as a person uses it: output, messages, exit codes.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

#[cfg(test)]
#[path = "cli/client_tasks.rs"]
mod client_tasks;
#[cfg(test)]
#[path = "cli/runner.rs"]
mod runner;
#[cfg(test)]
#[path = "cli/small_server.rs"]
mod small_server;

const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite");
const RETRIEVE: &str = "example/retrieve[open=PASV,size=0]";

fn ftpspec(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    command.args(arguments).env("NO_COLOR", "1");
    command
}

fn in_suite(path: &str) -> PathBuf {
    Path::new(SUITE).join(path)
}

#[test]
fn list_prints_ids_and_purposes() {
    let listed = ftpspec(&["list", "--scenarios", SUITE, "example/retrieve"]).assert().code(0).stderr(is_empty());
    let line = format!("{RETRIEVE}       RETR sends the octets of a file of 0 octets.\n");
    listed.stdout(contains(line).and(contains("\n").count(4)));
}

#[test]
fn files_and_folders_on_disk_are_patterns() {
    let row = format!("{}[open=PORT]", in_suite("example/retrieve.yaml").display());
    let listed = ftpspec(&["list", &row]).assert().code(0).stderr(is_empty());
    listed.stdout(contains("\n").count(2).and(contains("[open=PASV").not()));
    let listed = ftpspec(&["list", "./example/"]).current_dir(SUITE).assert().code(0).stderr(is_empty());
    listed.stdout(contains("\n").count(6));
    let listed = ftpspec(&["list", "example"]).current_dir(SUITE).assert().code(2);
    listed.stderr(contains("no scenario matches \"example\""));
}

#[test]
fn list_prints_json() {
    let listed = ftpspec(&["list", "--scenarios", SUITE, "--format", "json", RETRIEVE]).assert().code(0);
    let list: serde_json::Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    let expected = serde_json::json!([{
        "id": RETRIEVE,
        "file": "example/retrieve.yaml",
        "purpose": "RETR sends the octets of a file of 0 octets.",
        "covers": ["example-retrieve"],
        "given": ["example-login"],
        "needs": [],
        "row": { "open": "PASV", "size": "0" },
    }]);
    assert_eq!(list, expected);
}

#[test]
fn coverage_is_written_in_every_form() {
    let shown = ftpspec(&["coverage"]).assert().code(0).stderr(is_empty());
    shown.stdout(contains("Neither").and(contains("RFC 959")).and(contains("\u{1b}").not()));
    let begins = [("markdown", "# Coverage\n"), ("html", "<!DOCTYPE html>"), ("json", "{\n")];
    for (format, begin) in begins {
        let shown = ftpspec(&["coverage", "--format", format]).assert().code(0).stderr(is_empty());
        shown.stdout(predicates::str::starts_with(begin));
    }
    ftpspec(&["coverage", "--format", "pdf"]).assert().code(2).stderr(contains("human, markdown, json, html"));
}

#[test]
fn a_pattern_that_selects_nothing_is_an_error() {
    let listed = ftpspec(&["list", "--scenarios", SUITE, "example/user-and-pasword"]).assert().code(2);
    let message =
        "error: no scenario matches \"example/user-and-pasword\"; did you mean \"example/user-and-password\"?\n";
    listed.stderr(message).stdout(is_empty());
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    ftpspec(&["list", "--scenarios", "/nowhere"]).assert().code(2).stderr(contains("cannot read /nowhere: "));
}

#[test]
fn an_unknown_subcommand_is_an_error() {
    ftpspec(&["lost"]).assert().code(2).stderr(contains("list"));
    ftpspec(&[]).assert().code(2);
    ftpspec(&["--help"]).assert().code(0).stdout(contains("check").and(contains("explain")));
    ftpspec(&["--version"]).assert().code(0).stdout(contains("ftpspec 0."));
}

#[test]
fn check_says_what_it_checked() {
    let checked = ftpspec(&["check", in_suite("example/retrieve.yaml").to_str().unwrap()]).assert().code(0);
    checked.stdout(contains("no errors in 1 file: 4 scenarios, 0 given states, 0 requirements (")).stderr(is_empty());
    let checked = ftpspec(&["check", SUITE]).assert().code(0);
    checked.stdout(contains("no errors in 5 files: 6 scenarios, 1 given state, 3 requirements ("));
}

#[test]
fn the_suite_has_no_errors_and_is_checked_at_once() {
    ftpspec(&["check"]).assert().code(0).stdout(contains("no errors in ")).stderr(is_empty());
}

#[test]
fn check_prints_every_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.yaml");
    let text =
        "purpose: Wrong.\ncovers: [nothing-like-it]\nsteps:\n  - S: 9999\n  - C: PORT {there}\n  - expect: 200\n";
    std::fs::write(&file, text).unwrap();
    let checked = ftpspec(&["check", file.to_str().unwrap()]).assert().code(2).stdout(is_empty());
    let errors = String::from_utf8(checked.get_output().stderr.clone()).unwrap();
    assert!(errors.contains("error: \"9999\" is not a reply code\n --> wrong.yaml:4:8\n"), "{errors}");
    assert!(errors.contains("error: unknown step \"expect\"\n --> wrong.yaml:6:5\n"), "{errors}");
    assert!(errors.ends_with("2 errors in 1 file\n"), "{errors}");
    assert!(!errors.contains('\u{1b}'), "{errors}");
    let text = text.replace("9999", "200").replace("expect", "S");
    std::fs::write(&file, text).unwrap();
    let checked = ftpspec(&["check", file.to_str().unwrap()]).assert().code(2);
    checked.stderr(contains("unknown requirement").and(contains("nothing has bound {there}")));
}

#[test]
fn explain_a_scenario() {
    let explained = ftpspec(&["explain", "--scenarios", SUITE, RETRIEVE]).assert().code(0).stderr(is_empty());
    let expected = "\
example/retrieve[open=PASV,size=0]
RETR sends the octets of a file of 0 octets.

Requirements
  example-retrieve: RFC 959 §4.1.3, should, both
    RETR sends the octets of the file.
    when: the server implements RETR
    decided by: The body is compared octet by octet.
    notes: The form that travels depends on TYPE.

Before
  example-login: The user is logged in. (tested by example/user-and-password)
  body: 0 octets, generated from seed 7
  welcome.txt: \"hello\\n\"

Steps
   1  a data connection is agreed on by PASV
   2  C: RETR body
   3  S: 125 or 150 (may be left out), then 226 or 250
   4  the server sends the file body, and ends the data connection

Afterwards
  body: the file body
  welcome.txt: the file welcome.txt
";
    explained.stdout(expected);
}

#[test]
fn explain_a_file() {
    let file = in_suite("example/user-and-password.yaml");
    let explained = ftpspec(&["explain", file.to_str().unwrap()]).assert().code(0).stderr(is_empty());
    explained
        .stdout(predicates::str::starts_with("example/user-and-password\n").and(contains("   2  C: USER {user}\n")));
}

#[test]
fn explain_a_requirement() {
    let explained = ftpspec(&["explain", "--scenarios", SUITE, "example-user"]).assert().code(0);
    explained.stdout(contains("RFC 959 §4.1.1, must, server").and(contains("example/user-and-password  A user")));
    let explained = ftpspec(&["explain", "--scenarios", SUITE, "example-retrieve"]).assert().code(0);
    explained.stdout(
        contains("\n  example/retrieve (4 rows)  RETR sends").and(contains("\n  example/between-two-servers  A file")),
    );
    let explained = ftpspec(&["explain", "--scenarios", SUITE, "example-account"]).assert().code(0);
    explained.stdout(contains("filed as not-observable: No subject asks for it.").and(contains("  none\n")));
    let explained = ftpspec(&["explain", "--scenarios", SUITE, "example-usr"]).assert().code(2);
    explained.stderr(contains("did you mean \"example-user\"?"));
}

#[test]
fn an_expression_filters() {
    let list = |expression: &str| ftpspec(&["list", "--scenarios", SUITE, "example", "-E", expression]).assert();
    list("command(RETR)").code(0).stdout(contains("\n").count(5)).stderr(is_empty());
    list("command(RETR) and not id(example/retrieve)").code(0).stdout(contains("\n").count(1));
    list("requirement(example-usr)").code(2).stdout(is_empty()).stderr(
        contains("error: no scenario has the requirement \"example-usr\"\n --> -E:1:13\n")
            .and(contains("1 | requirement(example-usr)\n  |             ^^^^^^^^^^^\n"))
            .and(contains("did you mean requirement(example-user)?")),
    );
    list("command(RETR) and not command(RETR)").code(2).stderr(contains("no scenario is selected by -E"));
    list("last(fail)").code(2).stderr(contains("--last FILE"));
}

fn kept(name: &str) -> String {
    format!("{}/../reports/gallery/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn one_report_is_shown_again_and_several_by_requirement() {
    let (clean, faulty) = (kept("clean"), kept("faulty"));
    let shown = ftpspec(&["report", &clean]).assert().code(0).stderr(is_empty());
    shown.stdout(contains("Exit 0: everything that was judged conforms\n"));
    let shown = ftpspec(&["report", &clean, "--by", "requirement"]).assert().code(0);
    shown.stdout(contains("0 of 5 requirements that were not wholly kept"));
    let shown = ftpspec(&["report", &clean, &faulty]).assert().code(0);
    shown.stdout(contains("4 of 15 requirements in which they differ"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("matrix.html");
    let written = ftpspec(&["report", &clean, &faulty, "--format", "html", "-o", file.to_str().unwrap()]).assert();
    written.code(0).stdout(is_empty()).stderr(is_empty());
    assert!(std::fs::read_to_string(file).unwrap().starts_with("<!DOCTYPE html>"));
}

#[test]
fn reports_that_cannot_be_shown_are_errors() {
    let (clean, faulty) = (kept("clean"), kept("faulty"));
    let refused = |arguments: &[&str], message: &str| {
        ftpspec(arguments).assert().code(2).stdout(is_empty()).stderr(contains(message));
    };
    refused(&["report", &clean, &faulty, "--by", "case"], "one report is shown by case");
    refused(&["report", &clean, &faulty, "--format", "junit"], "the formats are human, markdown, html, json");
    refused(&["report", &clean, "--format", "pdf"], "the formats are human, json, jsonl, junit, html");
    refused(&["report", "none.json"], "cannot read none.json");
    refused(&["report", &in_suite("example/retrieve.yaml").display().to_string()], "retrieve.yaml");
}

#[test]
fn manual_pages_are_written_for_the_program_and_its_subcommands() {
    let page = |arguments: &[&str]| {
        let written = ftpspec(arguments).assert().code(0).stderr(is_empty());
        String::from_utf8(written.get_output().stdout.clone()).unwrap()
    };
    let (whole, run) = (page(&["man"]), page(&["man", "run"]));
    assert!(whole.starts_with(".TH ftpspec 1 \"\" \"ftpspec "), "{whole}");
    for word in
        ["ftpspec\\-run(1)\n", "ftpspec\\-serve(8)\n", "ftpspec client\n", ".SH EXIT STATUS\n", ".SH EXAMPLES\n"]
    {
        assert!(whole.contains(word), "{word}: {whole}");
    }
    assert!(run.starts_with(".TH ftpspec\\-run 1 "), "{run}");
    assert!(run.contains("\\fBftpspec run\\fR") && run.contains("\\fB\\-\\-fail\\-fast\\fR"), "{run}");
    // How many cores there are here is nothing that a page may know.
    assert!(run.contains("\\fB\\-\\-jobs\\fR \\fI<N>\\fR\n"), "{run}");
    let server = page(&["man", "serve"]);
    assert!(
        server.starts_with(".TH ftpspec\\-serve 8 ") && server.contains("\nftpspec passwd users.toml alice\n"),
        "{server}"
    );
    assert_eq!(server, page(&["serve", "--man"]));
    ftpspec(&["man", "client"]).assert().code(2).stderr(contains("Type `ftpspec client --help`"));
    ftpspec(&["man", "rnu"]).assert().code(2).stderr(contains("Take one of: run, grade"));
}
