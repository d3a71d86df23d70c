//! Submissions that mean well, and those that do not.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use super::{grounds, is_confined, left_over, lines_of};

/// A class in a folder of its own.
struct Class {
    folder: TempDir,
    grounds: TempDir,
}

/// Some cases that take little time.
const RUBRIC: &str = r#"
title: A small trial
login: { user: anonymous, password: student@example.org }
readable: [BIN]
build: { clean: make clean, command: make }
launch:
  - { command: "./server -port {port} -root {root}", ready-within: 3s }
  - { command: "./server -root {root}", port: 21, ready-within: 3s }
groups:
  - { name: Login, points: 20, scenarios: [rfc959/control/greeting, rfc959/login/user-pass, rfc959/control/noop] }
  - { name: Files, points: 70, scenarios: [rfc959/transfer/retrieve, rfc959/transfer/store] }
  - { name: Secret, points: 10, part: robustness, visibility: hidden, scenarios: [rfc959/errors/unknown-verb] }
crash: { each: 5, most: 20 }
limits: { reply: 5s, processes: 40, disk: 32 MiB }
"#;

/// The reference server, wherever a submission finds it.
const SERVE: &str = "if [ -x /run/ftpspec ]; then F=/run/ftpspec; else F=BIN; fi\n\
                     exec $F serve --anonymous read-write --login-delay 0 --login-attempts 0 --data-timeout 1";

fn program() -> PathBuf {
    cargo_bin!("ftpspec").to_owned()
}

fn filled(text: &str) -> String {
    text.replace("BIN", &program().to_string_lossy())
}

impl Class {
    fn new() -> Self {
        let class = Self { folder: TempDir::new().unwrap(), grounds: grounds() };
        std::fs::create_dir(class.path("subs")).unwrap();
        std::fs::write(class.path("rubric.yaml"), filled(RUBRIC)).unwrap();
        class
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A submission whose server is this script.
    fn script(&self, name: impl AsRef<OsStr>, server: &str) -> PathBuf {
        let folder = self.built(name, "all:\n\tchmod +x server\n");
        std::fs::write(folder.join("server"), format!("#!/bin/sh\n{}\n", filled(server))).unwrap();
        folder
    }

    /// A submission with this Makefile.
    fn built(&self, name: impl AsRef<OsStr>, makefile: &str) -> PathBuf {
        let folder = self.path("subs").join(name.as_ref());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("Makefile"), filled(makefile)).unwrap();
        folder
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("grade").arg(self.path("subs")).arg("--rubric").arg(self.path("rubric.yaml"));
        command.arg("--out").arg(self.path("out")).args(more);
        command.env("TMPDIR", self.grounds.path());
        command
    }

    fn grade(&self, more: &[&str]) -> Output {
        let output = self.command(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// The results by submission.
    fn results(&self) -> BTreeMap<String, Value> {
        lines_of(&self.path("out/results.jsonl"))
    }

    fn feedback(&self, record: &Value) -> String {
        let folder = record["folder"].as_str().unwrap();
        std::fs::read_to_string(self.path("out").join(folder).join("feedback.md")).unwrap()
    }
}

/// The points of a result, as people write them.
fn points(record: &Value) -> String {
    record["points"].as_f64().unwrap().to_string()
}

/// Waits until a condition holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_mins(1), "{what} never came");
        std::thread::yield_now();
    }
}

#[test]
fn a_class_is_graded() {
    let class = Class::new();
    class.script("good", &format!("{SERVE} \"$@\""));
    class.script("fixed", &format!("{SERVE} --port 21 -root \"$4$2\""));
    class.built("broken", "all:\n\t@echo 'server.c:1: no such thing'; exit 2\n");
    class.script("deaf", "sleep 100");
    let output = class.grade(&["--jobs", "2"]);
    let results = class.results();
    let shown = |name: &str| (results[name]["status"].as_str().unwrap().to_owned(), points(&results[name]));
    let came_to = |status: &str, points: &str| (status.to_owned(), points.to_owned());
    assert_eq!(shown("good"), came_to("graded", "100"), "{}", class.feedback(&results["good"]));
    assert_eq!(shown("broken"), came_to("not-built", "0"));
    assert_eq!(shown("deaf"), came_to("not-started", "0"));
    assert!(class.feedback(&results["broken"]).contains("    server.c:1: no such thing"));
    assert!(class.feedback(&results["deaf"]).contains("does not listen on port"));
    if is_confined(&results) {
        assert_eq!(shown("fixed"), came_to("graded", "100"), "{}", class.feedback(&results["fixed"]));
    }
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("not started: it listens in none of the ways") && table.contains("1 not built"), "{table}");
}

#[test]
fn students_do_not_see_what_is_hidden() {
    let class = Class::new();
    // Nothing can be stored, and that is asked in secret: 10 points of 100.
    class.script("one", &format!("{} \"$@\"", SERVE.replace("read-write", "read-only")));
    let rubric = filled(RUBRIC)
        .replace(", rfc959/transfer/store]", "]")
        .replace("rfc959/errors/unknown-verb", "rfc959/transfer/store");
    std::fs::write(class.path("rubric.yaml"), rubric).unwrap();
    class.grade(&[]);
    let record = &class.results()["one"];
    assert_eq!((record["status"].as_str(), &*points(record)), (Some("graded"), "90"), "{}", class.feedback(record));
    let folder = class.path("out").join(record["folder"].as_str().unwrap());
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let secret = "transfer/store";
    assert!(read("staff.md").contains(secret) && read("report.jsonl").contains(secret));
    assert!(!read("feedback.md").contains(secret) && !read("feedback.html").contains(secret));
    assert!(read("feedback.md").contains("of the checks here are not shown"), "{}", read("feedback.md"));
    let output = class.grade(&["--audience", "student"]);
    assert!(!String::from_utf8(output.stdout).unwrap().contains(secret));
}

#[test]
fn a_submission_reaches_nothing_but_itself() {
    let class = Class::new();
    let secret = class.built("another", "all:\n\tfalse\n");
    std::fs::write(secret.join("secret"), "the neighbour's").unwrap();
    let subs = class.path("subs");
    let (subs, out) = (subs.display(), class.path("out"));
    let (rubric, out) = (class.path("rubric.yaml"), out.display());
    // Each line that does what it must not ends the build.
    let makefile = format!(
        "all:\n\t! cat {subs}/another/secret\n\t! cat {}\n\t! cat {out}/results.jsonl\n\t! sh -c 'echo x > {out}/results.jsonl'\n\
         \t! sh -c 'echo x > /usr/x'\n\t! cat /etc/shadow\n\t! ls /proc/{pid}\n\t! kill -9 {pid}\n\tchmod +x server\n",
        rubric.display(),
        pid = std::process::id(),
    );
    let folder = class.built("curious", &makefile);
    std::fs::write(folder.join("server"), filled(&format!("#!/bin/sh\n{SERVE} \"$@\"\n"))).unwrap();
    class.grade(&[]);
    let results = class.results();
    if is_confined(&results) {
        let curious = &results["curious"];
        assert_eq!(
            (curious["status"].as_str(), &*points(curious)),
            (Some("graded"), "100"),
            "{}",
            class.feedback(curious)
        );
    }
}

#[test]
fn what_a_submission_starts_ends_with_it() {
    let class = Class::new();
    class.script(
        "daemon",
        &format!("( setsid sh -c '{SERVE} \"$@\"' x \"$@\" & ) ; exit 0").replace("\nexec", "; exec"),
    );
    class.script("bomb", "b() { b | b & }; b; sleep 100");
    class.script("noise", &format!("yes & {SERVE} \"$@\""));
    class.script("filler", "cat /dev/zero > full; cat /dev/zero > more; cat /dev/zero > /tmp/full; sleep 100");
    class.script("crowd", &format!("for i in 1 2 3 4 5; do sleep 1000 & done; {SERVE} \"$@\""));
    let child = class.command(&["--jobs", "5"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let grader = child.id();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    let results = class.results();
    if !is_confined(&results) {
        return;
    }
    for (name, status) in [
        ("daemon", "graded"),
        ("noise", "graded"),
        ("crowd", "graded"),
        ("bomb", "not-started"),
        ("filler", "not-started"),
    ] {
        assert_eq!(results[name]["status"], status, "{name}: {}", class.feedback(&results[name]));
    }
    for name in ["daemon", "noise", "crowd"] {
        assert_eq!(points(&results[name]), "100", "{name}: {}", class.feedback(&results[name]));
    }
    assert_eq!(left_over(grader, class.grounds.path()), Vec::<String>::new());
}

#[test]
fn names_are_only_names() {
    let class = Class::new();
    let names: [&[u8]; 6] = [b"=cmd()", b"a\nb", b"-rf", b"results.jsonl", b"\xff\xfe", b"a<b>&\"'`"];
    for name in names {
        class.built(OsStr::from_bytes(name), "all:\n\tfalse\n");
    }
    class.grade(&[]);
    let results = class.results();
    assert_eq!(results.len(), names.len());
    let csv = std::fs::read_to_string(class.path("out/results.csv")).unwrap();
    assert_eq!(csv.lines().count(), names.len() + 1, "{csv}");
    assert!(csv.contains("\"'=cmd()\"") && csv.contains("\"'-rf\"") && csv.contains("\"a\\nb\""), "{csv}");
    for record in results.values() {
        let folder = record["folder"].as_str().unwrap();
        assert!(folder.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._-".contains(&octet)), "{folder}");
        assert!(class.path("out").join(folder).join("feedback.md").is_file(), "{folder}");
    }
    let stray = std::fs::read_dir(class.folder.path()).unwrap().count();
    assert_eq!(stray, 3, "subs, out and the rubric, and nothing beside them");
}

/// A class that would take long, when its results stand.
fn begun(class: &Class, more: &[&str]) -> Child {
    for name in ["a", "b", "c"] {
        class.built(name, "all:\n\tsleep 60\n");
    }
    let child = class.command(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("results.jsonl", || class.path("out/results.csv").is_file());
    child
}

#[rstest]
#[case("TERM", 143)]
#[case("INT", 130)]
fn a_signal_leaves_whole_results(#[case] signal: &str, #[case] code: i32) {
    let class = Class::new();
    let child = begun(&class, &[]);
    let grader = child.id();
    assert!(class.results().values().all(|record| record["status"] == "waiting"));
    until("the build", || !left_over(grader, class.grounds.path()).is_empty());
    let sent = Command::new("kill").args([format!("-{signal}"), grader.to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(code));
    let results = class.results();
    assert_eq!(results.len(), 3);
    assert!(results.values().all(|record| record["status"] == "ungraded" && points(record) == "0"), "{results:?}");
    until("the end of the builds", || left_over(grader, class.grounds.path()).is_empty());
}

#[test]
fn a_deadline_leaves_whole_results() {
    let class = Class::new();
    let output = begun(&class, &["--deadline", "1s"]).wait_with_output().unwrap();
    assert!(output.status.success());
    let results = class.results();
    assert!(results.values().all(|record| record["status"] == "ungraded"), "{results:?}");
    assert!(
        results.values().all(|record| record["reason"] == "the deadline passed before it was graded"),
        "{results:?}"
    );
}

#[test]
fn a_student_at_home_gets_the_same() {
    let class = Class::new();
    let mine = class.script("mine", &format!("{SERVE} \"$@\""));
    let one = |more: &[&str]| {
        let mut command = Command::new(program());
        command.args(["grade", "--one"]).arg(&mine).arg("--rubric").arg(class.path("rubric.yaml")).args(more);
        command.output().unwrap()
    };
    let said = String::from_utf8(one(&[]).stdout).unwrap();
    assert!(said.starts_with("# mine: 100 of 100 points\n"), "{said}");
    let said = String::from_utf8(one(&["--only", "rfc959/control/noop"]).stdout).unwrap();
    assert!(said.contains("| Login | 20 | 20 |") && !said.contains("Files"), "{said}");
    let output = one(&["--only", "rfc959/control/none"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no case rfc959/control/none"));
}

#[rstest]
#[case::no_such_rubric("sast", "did you mean \"ssast\"?")]
#[case::no_such_file("./none.yaml", "cannot read the rubric ./none.yaml")]
fn what_cannot_be_graded_is_said(#[case] rubric: &str, #[case] message: &str) {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("one")).unwrap();
    let output = Command::new(program()).arg("grade").arg(folder.path()).args(["--rubric", rubric]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{output:?}");
}

#[test]
fn an_empty_folder_is_no_class() {
    let folder = TempDir::new().unwrap();
    let output = Command::new(program()).arg("grade").arg(folder.path()).args(["--rubric", "ssast"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no submission in"), "{output:?}");
}

#[rstest]
#[case("groups: []\n", "\"title\" is missing")]
#[case(
    "title: T\nlaunch: [\"./s {prot}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [rfc959] }\n",
    "the server is not told its port"
)]
#[case(
    "title: T\nlaunch: [\"./s {port} {rot}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [rfc959] }\n",
    "`{rot}` is no placeholder"
)]
#[case(
    "title: T\nprofile: sast\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [rfc959] }\n",
    "there is no profile \"sast\""
)]
#[case(
    "title: T\nprofile: rfc959-minimum\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [rfc3659] }\n",
    "the profile rfc959-minimum has no scenario of this group run"
)]
fn check_says_what_is_wrong_in_a_rubric(#[case] text: &str, #[case] message: &str) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("mine.yaml");
    std::fs::write(&file, text).unwrap();
    let output = Command::new(program()).arg("check").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(message) && said.contains("mine.yaml:") && said.contains('^'), "{said}");
}

#[test]
fn the_rubrics_that_are_carried_are_sound() {
    for name in ["ssast", "rfc959-minimum", "full"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/rubrics/{name}.yaml"));
        let output = Command::new(program()).arg("check").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
