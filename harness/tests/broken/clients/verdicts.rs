//! The verdicts on clients, good and bad.

use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use harness::run::{Options, Progress, run};
use harness::scenario::Suite;
use harness::subject::Subject;
use predicates::prelude::*;
use predicates::str::contains;
use reports::model::{Axis, Case, FailKind, Finding, Grade, Report, Verdict};
use rstest::rstest;
use tempfile::TempDir;

use super::fakes::{ADDRESS, PART, PROCESSES};

const RETRIEVE: &str = "rfc959/transfer/retrieve[open=PASV,size=4095]";
const STORE: &str = "rfc959/transfer/store[open=PASV,size=4095]";
const GREETING: &str = "rfc959/control/greeting";
const LOGIN: &str = "rfc959/login/user-pass";
const ONE_REPLY: &str = "rfc959/framing/one-reply[command=NOOP]";
const ACTIVE: &str = "rfc959/transfer/retrieve[open=PORT,size=4095]";

const SYNTAX: &str = "rfc959-5.3.1-client-command-syntax";
const TRANSPARENT: &str = "rfc959-3.4.1-stream-file-transparent";
const PARSES: &str = "rfc1123-4.1.2.6-client-parses-227";

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
    assert!(passed > 900, "{passed} pass");
    let others = report.cases.iter().filter(|case| !matches!(case.verdict, Verdict::Pass | Verdict::Skipped));
    let others: Vec<_> = others.map(|case| (&case.id, case.verdict)).collect();
    assert!(others.is_empty(), "{others:?}");
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
#[case::part("rfc959/transfer/success-not-before-the-data", "only a part of a file")]
#[case::break_off("rfc959/transfer/port-closed", "to break off the data connection")]
#[case::octets("rfc1123/telnet/unsupported-controls", "octets that are no command line")]
fn what_a_client_cannot_be_asked_is_skipped(#[case] id: &str, #[case] reason: &str) {
    let ran = ftpspec(&["run", id, "--subject", "reference-client"]).assert().code(4);
    ran.stdout(contains(reason).and(contains("skipped")));
}

struct Unseen;

impl Progress for Unseen {
    fn begins(&self, _: usize) {}
    fn judged(&self, _: &Case) {}
}

/// A client that plays a part, and where it says who it is.
struct Bad {
    folder: TempDir,
}

impl Bad {
    fn playing(part: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        std::fs::write(folder.path().join("processes"), "").unwrap();
        // What the test program itself prints is thrown away: the part speaks through the third descriptor.
        let text = format!(
            "role: client\ndrive: script\nlaunch:\n  command: [sh, -c, 'exec \"$0\" --exact clients::fakes::fake_client --nocapture \
             3>&1 >/dev/null', '{}']\n  environment:\n    {PART}: {part}\n    {ADDRESS}: '{{host}}:{{port}}'\n    \
             {PROCESSES}: '{}'\nlogin: {{ user: test, password: test1234 }}\nclaims: [writable, EPSV]\n",
            own.display(),
            folder.path().join("processes").display(),
        );
        std::fs::write(folder.path().join("fake.yaml"), text).unwrap();
        Self { folder }
    }

    fn file(&self) -> String {
        self.folder.path().join("fake.yaml").to_str().unwrap().to_owned()
    }

    /// Every process that played is gone, and reaped.
    fn is_gone(&self) {
        let processes = std::fs::read_to_string(self.folder.path().join("processes")).unwrap();
        assert!(!processes.is_empty(), "nobody played");
        for process in processes.lines() {
            assert!(!Path::new("/proc").join(process).exists(), "{process} is still there");
        }
    }
}

/// Runs one scenario on a client that plays this part.
fn judged(part: &str, scenario: &str) -> (Suite, Report) {
    let bad = Bad::playing(part);
    let subject = Subject::named(&bad.file()).unwrap();
    let suite = Suite::embedded().unwrap();
    let selected = suite.select(&[scenario.to_owned()]).unwrap();
    let patience = if IDLE.contains(&part) { 700 } else { 20_000 };
    let options = Options { reply: Duration::from_millis(patience), ..Options::default() };
    let report = run(&suite, &selected, &subject, &options, &Unseen);
    bad.is_gone();
    (suite, report)
}

/// Those that let the harness wait in vain.
const IDLE: &[&str] = &["mute", "hangs", "never-ends", "endless-line", "never-connects", "never-closes"];

#[rstest]
#[case(RETRIEVE)]
#[case(ACTIVE)]
#[case(STORE)]
#[case("rfc959/control/help")]
#[case("rfc959/control/quit-closes")]
#[case("rfc959/deletion/delete")]
#[case("rfc959/framing/one-reply[command=NOOP]")]
#[case("rfc959/transfer/connects-on-request")]
#[case("rfc959/transfer/ends-with-the-session")]
fn a_client_without_fault_passes(#[case] scenario: &str) {
    let (_, report) = judged("good", scenario);
    assert_eq!(report.cases[0].verdict, Verdict::Pass, "{:#?}", report.cases[0].findings);
}

#[rstest]
#[case::line_feed_only("line-feed", LOGIN, Axis::Command, SYNTAX, "does not end in CR LF")]
#[case::other_letters("small-letters", LOGIN, Axis::Command, SYNTAX, "another line")]
#[case::other_argument("other-argument", LOGIN, Axis::Command, SYNTAX, "another line")]
#[case::said_twice("twice", LOGIN, Axis::Command, SYNTAX, "more than it was told")]
#[case::breaks_the_silence("chatters", ONE_REPLY, Axis::Command, SYNTAX, "more than it was told")]
#[case::foreign_address("foreign", ACTIVE, Axis::Command, "", "not its own")]
#[case::first_line_only(
    "first-line",
    "rfc959/control/help",
    Axis::Reply,
    "rfc959-4.2-client-multiline-parsing",
    "another reply than was said"
)]
#[case::loses_an_octet("loses", RETRIEVE, Axis::Data, TRANSPARENT, "is not what the server sent")]
#[case::adds_an_octet("adds", STORE, Axis::Data, TRANSPARENT, "other octets than its file has")]
#[case::alters_an_octet("alters", STORE, Axis::Data, TRANSPARENT, "other octets than its file has")]
#[case::never_closes("never-closes", STORE, Axis::Data, "rfc959-3.2-client-closes-after-stor", "does not end the data")]
#[case::never_connects("never-connects", RETRIEVE, Axis::Data, PARSES, "does not connect")]
#[case::never_connects_to_send("never-connects", STORE, Axis::Data, PARSES, "does not connect")]
#[case::never_listens(
    "never-listens",
    ACTIVE,
    Axis::Data,
    "rfc959-3.2-passive-side-listens-first",
    "nobody listens where the client told"
)]
#[case::floods("floods", GREETING, Axis::Lifecycle, "", "prints what is no answer")]
#[case::gives_up("gives-up", GREETING, Axis::Lifecycle, "", "gives up")]
#[case::ends_badly("exit-code", GREETING, Axis::Lifecycle, "", "did not end in order")]
fn a_bad_client_fails_for_its_fault(
    #[case] part: &str,
    #[case] scenario: &str,
    #[case] axis: Axis,
    #[case] requirement: &str,
    #[case] message: &str,
) {
    let finding = fails(part, scenario, None, message);
    assert_eq!((finding.axis, finding.requirement.unwrap_or_default().as_str()), (axis, requirement));
}

#[rstest]
#[case::endless_line("endless-line", LOGIN, FailKind::Hang, "without its end")]
#[case::mute("mute", GREETING, FailKind::Hang, "does nothing")]
#[case::hangs("hangs", LOGIN, FailKind::Hang, "does nothing")]
#[case::never_ends("never-ends", GREETING, FailKind::Hang, "that it ends")]
#[case::exits_at_once("exits", GREETING, FailKind::Crash, "before it connected")]
#[case::dies("dies", GREETING, FailKind::Crash, "went away")]
#[case::dies_in_a_transfer("dies-in-transfer", RETRIEVE, FailKind::Crash, "went away")]
#[case::dies_before_the_connection("dies-unconnected", STORE, FailKind::Crash, "went away")]
fn a_client_that_hangs_or_dies_fails(
    #[case] part: &str,
    #[case] scenario: &str,
    #[case] kind: FailKind,
    #[case] message: &str,
) {
    fails(part, scenario, Some(kind), message);
}

/// The one finding on a client that plays this part. It stands where the scenario says what is due.
fn fails(part: &str, scenario: &str, kind: Option<FailKind>, message: &str) -> Finding {
    let (suite, report) = judged(part, scenario);
    let case = &report.cases[0];
    assert_eq!((case.verdict, case.kind, report.exit_code()), (Verdict::Fail, kind, 1), "{case:#?}");
    let [finding] = case.findings.as_slice() else { panic!("one fault, one finding: {case:#?}") };
    assert_eq!(finding.grade, Grade::Fail, "{finding:#?}");
    assert!(finding.message.contains(message), "{finding:#?}");
    assert!(finding.event.is_some_and(|event| event < case.events.len()), "{finding:#?}");
    let id = scenario.split('[').next().unwrap();
    assert_eq!(finding.place.file, format!("{id}.yaml"));
    assert!(finding.place.line > 0 && !finding.place.text.is_empty(), "{finding:#?}");
    if let Some(id) = &finding.requirement {
        let role = suite.requirement(id).unwrap().role;
        assert_ne!(role, harness::scenario::catalogue::Role::Server, "{id} binds servers");
    }
    let again = harness::run::again(&suite, &report);
    assert_eq!(again.cases, report.cases, "the verdict is repeated from the transcript");
    finding.clone()
}

#[test]
fn a_state_that_is_not_reached_blocks() {
    let (_, report) = judged("line-feed", "rfc959/control/noop");
    let case = &report.cases[0];
    assert_eq!(case.verdict, Verdict::Blocked);
    assert!(case.reason.as_ref().unwrap().starts_with("rfc959/login/user-pass: "), "{case:#?}");
}

#[rstest]
#[case::dies("dies")]
#[case::mute("mute")]
fn the_report_on_a_broken_client_is_written(#[case] part: &str) {
    let bad = Bad::playing(part);
    let file = bad.folder.path().join("report.json");
    let report = format!("json={}", file.display());
    let arguments = ["run", GREETING, LOGIN, STORE, "--jobs", "1", "--subject", &bad.file(), "--report", &report];
    let ran = ftpspec(&arguments).timeout(Duration::from_secs(15)).assert().code(1);
    ran.stdout(contains("1 fail").or(contains("2 fail")).and(contains(format!("{GREETING}.yaml:"))));
    let report: Report = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(report.cases.len(), 3);
    let red = |case: &Case| matches!(case.verdict, Verdict::Fail | Verdict::Blocked);
    assert!(report.cases.iter().all(red) && report.cases[0].verdict == Verdict::Fail, "{:#?}", report.cases);
    bad.is_gone();
}
