//! The verdicts on clients, good and bad.

use std::time::Duration;

use assert_cmd::Command;
use harness::run::{Options, Progress, run};
use harness::scenario::Suite;
use harness::subject::Subject;
use predicates::prelude::*;
use predicates::str::contains;
use reports::model::{Axis, Case, FailKind, Grade, Report, Verdict};
use rstest::rstest;

use super::fakes::{ADDRESS, PART};

const RETRIEVE: &str = "rfc959/transfer/retrieve[open=PASV,size=4095]";
const STORE: &str = "rfc959/transfer/store[open=PASV,size=4095]";
const ACTIVE: &str = "rfc959/transfer/retrieve[open=PORT,size=4095]";

fn ftpspec(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    command.args(arguments).env("NO_COLOR", "1");
    command
}

#[test]
fn the_reference_client_plays_the_example_session() {
    let arguments = ["run", "assignments/ssast/example-session", "--text", "exact", "--subject", "reference-client"];
    ftpspec(&arguments).assert().code(0).stdout(contains("1 pass"));
}

#[test]
fn the_reference_client_conforms_and_every_skip_has_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let file = file.to_str().unwrap();
    ftpspec(&["run", "--subject", "reference-client", "--report", &format!("json={file}")]).assert().code(0);
    let octets = std::fs::read(file).unwrap();
    assert!(!octets.windows(8).any(|window| window == b"test1234"), "a password stands in the report");
    let report: Report = serde_json::from_slice(&octets).unwrap();
    assert_eq!(report.subject.role, "client");
    let passed = report.summary().of(Verdict::Pass);
    assert!(passed > 150, "{passed} pass");
    assert_eq!(passed + report.summary().of(Verdict::Skipped), report.summary().total());
    let skipped = report.cases.iter().filter(|case| case.verdict == Verdict::Skipped);
    for case in skipped {
        assert!(case.reason.as_ref().is_some_and(|reason| !reason.is_empty()), "{}", case.id);
    }
    let again = ftpspec(&["judge", file, "--format", "json"]).assert().code(0);
    let again: Report = serde_json::from_slice(&again.get_output().stdout).unwrap();
    assert_eq!(again.cases, report.cases, "the verdicts are repeated from the transcripts");
}

#[rstest]
#[case::several_connections("rfc959/concurrency/own-directory", "one control connection")]
#[case::segments("rfc959/control/octet-by-octet", "to cut a line into segments")]
#[case::one_write("rfc959/control/pipelined", "several command lines in one write")]
#[case::urgent("rfc959/telnet/ip-synch", "urgent data")]
#[case::silence("rfc959/framing/multi-line", "a silence of the server")]
#[case::disk("rfc959/deletion/delete", "the server's disk")]
#[case::part("rfc959/transfer/success-not-before-the-data", "to move a part of a body")]
fn what_a_client_cannot_be_asked_is_skipped(#[case] id: &str, #[case] reason: &str) {
    let ran = ftpspec(&["run", id, "--subject", "reference-client"]).assert().code(4);
    ran.stdout(contains(reason).and(contains("skipped")));
}

struct Unseen;

impl Progress for Unseen {
    fn begins(&self, _: usize) {}
    fn judged(&self, _: &Case) {}
}

/// Runs one scenario on a client that plays this part.
fn judged(part: &str, scenario: &str) -> (Suite, Report) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fake.yaml");
    let own = std::env::current_exe().unwrap();
    // What the test program itself prints is thrown away: the part speaks through the third descriptor.
    let text = format!(
        "role: client\ndrive: script\nlaunch:\n  command: [sh, -c, 'exec \"$0\" --exact fakes::fake_client --nocapture 3>&1 \
         >/dev/null', '{}']\n  environment: {{ {PART}: {part}, {ADDRESS}: '{{host}}:{{port}}' }}\n\
         login: {{ user: test, password: test1234 }}\nclaims: [writable]\n",
        own.display()
    );
    std::fs::write(&path, text).unwrap();
    let subject = Subject::named(path.to_str().unwrap()).unwrap();
    let suite = Suite::embedded().unwrap();
    let selected = suite.select(&[scenario.to_owned()]).unwrap();
    let patience = if matches!(part, "mute" | "never-ends" | "endless-line") { 700 } else { 20_000 };
    let options = Options { jobs: 1, exact_text: false, reply: Duration::from_millis(patience) };
    let report = run(&suite, &selected, &subject, &options, &Unseen);
    (suite, report)
}

#[rstest]
#[case(RETRIEVE)]
#[case(ACTIVE)]
#[case(STORE)]
#[case("rfc959/control/help")]
#[case("rfc959/control/quit-closes")]
fn a_client_without_fault_passes(#[case] scenario: &str) {
    let (_, report) = judged("good", scenario);
    assert_eq!(report.cases[0].verdict, Verdict::Pass, "{:#?}", report.cases[0].findings);
}

#[rstest]
#[case::line_feed_only("line-feed", "rfc959/login/user-pass", Axis::Command, None, "does not end in CR LF")]
#[case::other_letters("small-letters", "rfc959/login/user-pass", Axis::Command, None, "another line")]
#[case::said_twice("twice", "rfc959/login/user-pass", Axis::Command, None, "more than it was told")]
#[case::endless_line("endless-line", "rfc959/login/user-pass", Axis::Command, Some(FailKind::Hang), "without its end")]
#[case::mute("mute", "rfc959/control/greeting", Axis::Lifecycle, Some(FailKind::Hang), "does nothing")]
#[case::exits_at_once(
    "exits",
    "rfc959/control/greeting",
    Axis::Lifecycle,
    Some(FailKind::Crash),
    "before it connected"
)]
#[case::floods("floods", "rfc959/control/greeting", Axis::Lifecycle, None, "prints what is no answer")]
#[case::gives_up("gives-up", "rfc959/control/greeting", Axis::Lifecycle, None, "gives up")]
#[case::dies("dies", "rfc959/control/greeting", Axis::Lifecycle, Some(FailKind::Crash), "went away")]
#[case::ends_badly("exit-code", "rfc959/control/greeting", Axis::Lifecycle, None, "did not end in order")]
#[case::never_ends("never-ends", "rfc959/control/greeting", Axis::Lifecycle, Some(FailKind::Hang), "that it ends")]
#[case::first_line_only("first-line", "rfc959/control/help", Axis::Reply, None, "another reply than was said")]
#[case::loses_an_octet("loses", RETRIEVE, Axis::Data, None, "is not what the server sent")]
#[case::adds_an_octet("adds", STORE, Axis::Data, None, "other octets than its file has")]
#[case::foreign_address("foreign", ACTIVE, Axis::Command, None, "not its own")]
fn a_bad_client_fails_for_its_fault(
    #[case] part: &str,
    #[case] scenario: &str,
    #[case] axis: Axis,
    #[case] kind: Option<FailKind>,
    #[case] message: &str,
) {
    let (suite, report) = judged(part, scenario);
    let case = &report.cases[0];
    assert_eq!((case.verdict, case.kind), (Verdict::Fail, kind), "{case:#?}");
    let [finding] = case.findings.as_slice() else { panic!("one fault, one finding: {case:#?}") };
    assert_eq!((finding.axis, finding.grade), (axis, Grade::Fail), "{finding:#?}");
    assert!(finding.message.contains(message), "{finding:#?}");
    assert!(finding.event.is_some_and(|event| event < case.events.len()), "{finding:#?}");
    if let Some(id) = &finding.requirement {
        let role = suite.requirement(id).unwrap().role;
        assert_ne!(role, harness::scenario::catalogue::Role::Server, "{id} binds servers");
    }
    let again = harness::run::again(&suite, &report);
    assert_eq!(again.cases, report.cases, "the verdict is repeated from the transcript");
}

#[test]
fn a_state_that_is_not_reached_blocks() {
    let (_, report) = judged("line-feed", "rfc959/control/noop");
    let case = &report.cases[0];
    assert_eq!(case.verdict, Verdict::Blocked);
    assert!(case.reason.as_ref().unwrap().starts_with("rfc959/login/user-pass: "), "{case:#?}");
}
