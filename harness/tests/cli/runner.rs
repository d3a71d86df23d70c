//! How a run goes on: repeated, in another order, ended early, patient, with a baseline.

use std::time::Duration;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use rstest::rstest;
use serde_json::Value;

use super::ftpspec;
use super::small_server::{SmallServer, SmallSuite};

/// How long a run may take before it is a failure. CI machines are slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs rows of the small suite, and gives what was printed and the report.
fn run(suite: &SmallSuite, server: &SmallServer, pattern: &str, more: &[&str]) -> (Assert, Value) {
    let folder = suite.path().join("suite");
    let folder = folder.to_str().unwrap();
    let report = suite.path().join("report.json");
    let written = format!("json={}", report.display());
    let url = server.url();
    let mut arguments = vec!["run", pattern, "--scenarios", folder, "--server", &url, "--report", &written];
    arguments.extend(more);
    let assert = ftpspec(&arguments).assert();
    let text = std::fs::read(&report).unwrap_or_default();
    (assert, serde_json::from_slice(&text).unwrap_or_default())
}

const ONE: &str = "small/rows[n=0]";
const ALL: &str = "small/rows";

#[test]
fn a_verdict_that_changes_is_flaky() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|nth, _| Some(if nth % 2 == 0 { "200 ok" } else { "500 no" }));
    let (assert, report) = run(&suite, &server, ONE, &["--repeat", "4"]);
    assert.code(1).stdout(contains("fail, flaky").and(contains("fail in 2 of 4 runs, pass in 2")));
    assert_eq!(report["cases"][0]["flaky"], Value::Bool(true));
    assert_eq!(report["cases"][0]["rounds"], serde_json::json!({ "fail": 2, "pass": 2 }));
    let judged = ftpspec(&["judge", suite.path().join("report.json").to_str().unwrap()]).assert();
    judged.code(1).stdout(contains("fail, flaky").and(contains("fail in 2 of 4 runs, pass in 2")));
}

#[test]
fn a_verdict_that_stays_is_not_flaky() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|_, _| Some("200 ok"));
    let (assert, report) = run(&suite, &server, ONE, &["--repeat", "3"]);
    assert.code(0).stdout(contains("flaky").not());
    assert_eq!(report["cases"][0].get("rounds"), None);
    assert_eq!(server.take_heard().len(), 3);
}

#[test]
fn a_seed_gives_the_same_order_again() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|_, _| Some("200 ok"));
    let order = |more: &[&str]| {
        let (assert, report) = run(&suite, &server, ALL, more);
        assert.code(0);
        (server.take_heard(), report["seed"].as_u64().unwrap())
    };
    let (planned, unused) = order(&["--order", "plan"]);
    assert_eq!((planned.join(" ").as_str(), unused), ("NOOP 0 NOOP 1 NOOP 2 NOOP 3 NOOP 4 NOOP 5 NOOP 6 NOOP 7", 0));
    let (first, seed) = order(&["--order", "random", "--seed", "7"]);
    assert_eq!(seed, 7);
    assert_ne!(first, planned);
    assert_eq!(order(&["--order", "random", "--seed", "7"]).0, first);
    assert_ne!(order(&["--order", "random", "--seed", "8"]).0, first);
    let (any, seed) = order(&["--order", "random"]);
    assert_ne!(seed, 0);
    assert_eq!(order(&["--order", "random", "--seed", &seed.to_string()]).0, any, "the report says the seed");
}

#[rstest]
#[case(&["--seed", "7"], "--seed is for --order random")]
#[case(&["--order", "random", "--seed", "0"], "0 is not in 1..")]
#[case(&["--repeat", "0"], "0 is not in 1..=1000")]
#[case(&["--deadline", "-1"], "unexpected argument '-1'")]
#[case(&["--deadline", "nan"], "say 0.01 to 3600 seconds")]
#[case(&["--timeout-scale", "1000"], "say 0.1 to 100")]
#[case(&["--baseline", "/nowhere.yaml"], "cannot read the known deviations in /nowhere.yaml")]
#[case(&["-E", "last(fail)", "--last", "/nowhere.json"], "cannot read /nowhere.json")]
fn wrong_options_are_said_before_the_run(#[case] options: &[&str], #[case] message: &str) {
    let arguments: Vec<_> = ["run", "rfc959/control/greeting"].iter().chain(options).copied().collect();
    ftpspec(&arguments).assert().code(2).stderr(contains(message)).stdout("");
}

#[test]
fn the_first_fail_can_be_the_end() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|_, line| Some(if line == "NOOP 2" { "500 no" } else { "200 ok" }));
    let (assert, report) = run(&suite, &server, ALL, &["--fail-fast", "--order", "plan", "--repeat", "2"]);
    assert.code(1).stdout(contains("5  not run: small/rows[n=2] failed, and --fail-fast ends the run there"));
    assert_eq!(server.take_heard(), ["NOOP 0", "NOOP 1", "NOOP 2"]);
    assert_eq!(report["cases"].as_array().unwrap().len(), 8);
}

#[test]
fn what_is_known_does_not_end_the_run() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|_, line| Some(if line == "NOOP 2" { "500 no" } else { "200 ok" }));
    let baseline = suite.file("known.yaml", "known: [{ pattern: 'small/rows[n=2]', reason: an old bug }]\n");
    let options = ["--fail-fast", "--baseline", baseline.to_str().unwrap()];
    let (assert, _) = run(&suite, &server, ALL, &options);
    assert.code(0).stdout(contains("1 known").and(contains("an old bug")));
    assert_eq!(server.take_heard().len(), 8);
}

#[rstest]
#[case::excuses("pattern: 'small/rows[n=2]', requirement: rfc959-4.1.3-noop", 0, "1 known")]
#[case::no_longer_seen(
    "pattern: 'small/rows[n=1]'",
    1,
    "small/rows[n=1] (old): its case was judged, and no longer shows it"
)]
#[case::of_another_requirement(
    "pattern: 'small/rows[n=2]', requirement: rfc959-4.1.3-help",
    1,
    "no longer is against the requirement"
)]
#[case::nowhere("pattern: 'small/row'", 1, "small/row (old): no case of the suite has such an id")]
#[case::expired("pattern: 'small/rows[n=2]', expires: 2001-01-31", 1, "it expired on 2001-01-31")]
#[case::some_case_not_run("pattern: 'small/*'", 0, "1 known")]
#[case::not_run("pattern: 'rfc959/control/greeting'", 1, "1 fail")]
fn a_baseline(#[case] entry: &str, #[case] code: i32, #[case] said: &str) {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|_, line| Some(if line == "NOOP 2" { "500 no" } else { "200 ok" }));
    let baseline = suite.file("known.yaml", &format!("known:\n  - {{ {entry}, reason: old }}\n"));
    let (assert, report) = run(&suite, &server, ALL, &["--baseline", baseline.to_str().unwrap()]);
    let printed = String::from_utf8(assert.code(code).get_output().stdout.clone()).unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&printed).contains(said), "{printed}");
    assert_eq!(report.get("stale").is_some(), printed.contains("Stale in the baseline"));
}

#[test]
fn only_a_stale_entry_is_wrong() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|_, _| Some("200 ok"));
    let baseline = suite.file("known.yaml", "known: [{ pattern: 'small/*', reason: old }]\n");
    let (assert, _) = run(&suite, &server, ALL, &["--baseline", baseline.to_str().unwrap()]);
    assert.code(1).stdout(contains("Exit 1: no case failed, but the baseline has entries that are stale"));
    let (assert, _) = run(&suite, &server, ONE, &["--baseline", baseline.to_str().unwrap()]);
    assert.code(0).stdout(contains("Stale").not());
    let race = suite.file("race.yaml", "known: [{ pattern: 'small/*', reason: a race, may-vary: true }]\n");
    let (assert, _) = run(&suite, &server, ALL, &["--baseline", race.to_str().unwrap()]);
    assert.code(0).stdout(contains("Stale").not());
    let wrong = suite.file("known.yaml", "knwon: []\n");
    let (assert, _) = run(&suite, &server, ONE, &["--baseline", wrong.to_str().unwrap()]);
    assert.code(2).stderr(contains("known.yaml:1:1: `knwon` is no key here."));
}

#[rstest]
#[case(&["--deadline", "0.25"], 250, 1.0, "250 ms for a reply")]
#[case(&["--deadline", "0.5", "--timeout-scale", "0.5"], 250, 0.5, "timeout scale 0.5")]
fn deadlines_are_said_and_judged_again(
    #[case] options: &[&str],
    #[case] deadline: u64,
    #[case] scale: f64,
    #[case] said: &str,
) {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|_, _| None);
    suite.file(
        "suite/small/mute.yaml",
        "purpose: A line is answered.\ncovers: [rfc959-4.1.3-noop]\nsteps:\n  - S: 220\n  - C: NOOP\n  - S: 200\n",
    );
    let (assert, report) = run(&suite, &server, "small/mute", options);
    assert.code(1).stdout(contains(said).and(contains("within 250 ms")));
    assert_eq!(report["deadline"].as_u64(), Some(deadline));
    assert_eq!(
        report.get("timeout_scale").map_or(1.0, |scale| scale.as_f64().unwrap()).total_cmp(&scale),
        std::cmp::Ordering::Equal
    );
    let file = suite.path().join("report.json");
    let again = ftpspec(&["judge", file.to_str().unwrap(), "--format", "json"]).assert().code(1);
    let again: Value = serde_json::from_slice(&again.get_output().stdout).unwrap();
    assert_eq!(again["cases"][0]["findings"], report["cases"][0]["findings"]);
}

#[test]
fn what_failed_is_run_again() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|nth, line| Some(if nth < 8 && line == "NOOP 5" { "500 no" } else { "200 ok" }));
    run(&suite, &server, ALL, &[]).0.code(1);
    server.take_heard();
    let last = suite.path().join("last.json");
    std::fs::rename(suite.path().join("report.json"), &last).unwrap();
    run(&suite, &server, ALL, &["-E", "last(fail)", "--last", last.to_str().unwrap()]).0.code(0);
    assert_eq!(server.take_heard(), ["NOOP 5"]);
}

#[test]
fn two_reports_are_compared() {
    let suite = SmallSuite::new();
    let server = SmallServer::replying(|nth, line| match (nth / 8, line) {
        (0, "NOOP 1") | (1, "NOOP 2") => Some("500 no"),
        _ => Some("200 ok"),
    });
    let kept = |name: &str, pattern: &str| {
        run(&suite, &server, pattern, &["--order", "plan"]);
        let kept = suite.path().join(name);
        std::fs::rename(suite.path().join("report.json"), &kept).unwrap();
        kept.to_str().unwrap().to_owned()
    };
    let (first, second, third) = (kept("a.json", ALL), kept("b.json", ALL), kept("c.json", "small/rows[n=3]"));
    let compared = ftpspec(&["compare", &first, &second]).assert().code(1);
    compared.stdout(
        contains("regressed (1)\n  pass -> fail  small/rows[n=2]\n      a reply of another class: 500")
            .and(contains("fixed (1)\n  fail -> pass  small/rows[n=1]\n"))
            .and(contains("1 regressed, 1 fixed, 0 new, 0 gone, 0 changed, 6 same"))
            .and(contains("Exit 1: at least one case regressed")),
    );
    let compared = ftpspec(&["compare", &third, &second, "--format", "json"]).assert().code(0);
    let compared: Value = serde_json::from_slice(&compared.get_output().stdout).unwrap();
    assert_eq!((&compared["same"], compared["changes"].as_array().unwrap().len()), (&Value::from(1), 7));
    ftpspec(&["compare", &first, "/nowhere.json"]).assert().code(2).stderr(contains("cannot read /nowhere.json"));
}

#[test]
fn the_doctor_says_what_it_sees() {
    let healthy = ftpspec(&["doctor", "reference-server"]).assert().code(0).stderr("");
    healthy.stdout(
        contains("Subject   reference-server (server), launched by `")
            .and(contains("Starts    yes, within "))
            .and(contains("It says   220 "))
            .and(contains(" is let in: 230 "))
            .and(contains("EPSV         yes    yes "))
            .and(contains(" are skipped, by the profile rfc1123")),
    );
    let dead = ftpspec(&["doctor", "--launch", "/nowhere/server {port}"]).assert().code(3);
    dead.stdout(
        contains("Starts    no: cannot run `/nowhere/server ").and(contains("No case can run before it starts.")),
    );
    ftpspec(&["doctor", "refrence-server"]).assert().code(2).stderr(contains("Did you mean `reference-server`?"));
    ftpspec(&["doctor", "vsftpd", "--launch", "x {port}"]).assert().code(2).stderr(contains("cannot be used with"));
}

#[test]
fn the_doctor_sees_who_is_not_let_in() {
    let server =
        SmallServer::replying(|_, line| Some(if line.starts_with("USER") { "530 no \u{1b}[2J" } else { "502 no" }));
    let seen = ftpspec(&["doctor", "--server", &server.url()]).assert().code(3);
    seen.stdout(
        contains("Reached   yes").and(contains("anonymous is not let in: 530 no \\x1b[2J; every case")).and(
            contains("Claims    none by a file, so what is found decides")
                .and(contains("needs files on the server, and its folder is not known: say --root")),
        ),
    );
}

/// The verdict of each case, and the requirement of its finding.
fn judged(report: &Value) -> Vec<(&str, &str, Option<&str>)> {
    let cases = report["cases"].as_array().unwrap().iter();
    cases
        .map(|case| {
            let findings = case["findings"].as_array().unwrap();
            assert!(findings.len() < 2, "{case}");
            let requirement = findings.first().and_then(|finding| finding["requirement"].as_str());
            (case["id"].as_str().unwrap(), case["verdict"].as_str().unwrap(), requirement)
        })
        .collect()
}

#[test]
fn a_command_that_is_missing_is_one_finding() {
    const HAS_NOOP: Option<&str> = Some("rfc1123-4.1.5-cmd-noop");
    let suite = SmallSuite::new();
    suite.file(
        "suite/small/has-noop.yaml",
        "purpose: NOOP is there.\ncovers: [rfc1123-4.1.5-cmd-noop]\nsteps:\n  - S: 220\n  - C: NOOP\n  - S: 200\n",
    );
    let server = SmallServer::replying(|_, _| Some("502 no"));
    let (assert, report) = run(&suite, &server, "small", &[]);
    assert.code(1).stdout(contains("9 cases affected").and(contains("NOOP is not implemented")));
    let (own, others): (Vec<_>, Vec<_>) = judged(&report).into_iter().partition(|(id, ..)| *id == "small/has-noop");
    assert_eq!(own, [("small/has-noop", "fail", HAS_NOOP)]);
    assert!(others.iter().all(|(_, verdict, found)| *verdict == "skipped" && found.is_none()), "{others:?}");
    let (assert, report) = run(&suite, &server, ALL, &[]);
    assert.code(1);
    assert_eq!(
        judged(&report).iter().filter(|(_, verdict, _)| *verdict == "fail").count(),
        1,
        "it is said all the same"
    );
}

#[test]
fn an_odd_line_that_is_refused_is_no_missing_command() {
    let suite = SmallSuite::new();
    suite.file(
        "suite/small/odd.yaml",
        "purpose: A line.\ncovers: [rfc959-4.1.3-noop]\nsteps:\n  - S: 220\n  - C: { bytes: \"01\" }\n  - C: NOOP\n  \
         - S: 200\n",
    );
    suite.file(
        "suite/small/pieces.yaml",
        "purpose: A line.\ncovers: [rfc959-4.1.3-noop]\nsteps:\n  - S: 220\n  - C: { segments: [NO, \"OP\\r\\n\"] }\n  \
         - S: 200\n",
    );
    let server = SmallServer::replying(|_, _| Some("502 no"));
    for id in ["small/odd", "small/pieces"] {
        let (assert, report) = run(&suite, &server, id, &[]);
        assert.code(1);
        assert_eq!(judged(&report), [(id, "fail", Some("rfc959-4.1.3-noop"))]);
    }
}

#[test]
fn figures_stand_beside_the_floor() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("bench.html");
    let json = folder.path().join("bench.json");
    let (page_as, json_as) = (format!("html={}", page.display()), format!("json={}", json.display()));
    let small = ["--rounds", "1", "--size", "1", "--files", "3", "--names", "20", "--idle", "2"];
    let done = ftpspec(&["bench", "--subject", "reference-server", "--report", &page_as, "--report", &json_as])
        .args(small)
        .args(["retrieve", "store", "small-files", "sessions-1", "list", "idle"])
        .assert()
        .success();
    let said = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    for row in ["RETR of 1 MiB, MB/s", "STOR of 1 MiB", "RETR of 3 files", "1 at a time", "LIST of 20", "2 idle"] {
        assert!(said.contains(row), "{row}: {said}");
    }
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let rows = report["rows"].as_array().unwrap();
    for row in rows {
        assert!(row["cells"][0]["series"]["median"].as_f64().unwrap() >= 0.0, "{row}");
        assert!(row["cells"][0]["trouble"].is_null(), "{row}");
    }
    assert!(rows.iter().filter(|row| !row["floor"].is_null()).count() >= 4, "{rows:?}");
    assert!(std::fs::read_to_string(page).unwrap().contains("</svg>"));
}

#[test]
fn work_that_there_is_not_is_named() {
    let done = ftpspec(&["bench", "--subject", "reference-server", "sleep"]).assert().code(2);
    done.stderr(contains("there are retrieve, store, small-files"));
}

/// It counts how many of its kind are starting, and waits until so many do as may.
const STARTING: &str = r#"
cd "$1" || exit 1
: > "starting.$$"
set -- "$@" $(ls -d starting.* | wc -l)
echo "$6" >> counts
[ "$6" -ge "$2" ] && : > go
until [ -e go ]; do :; done
rm "starting.$$"
exec "$3" serve --root "$4" --port "$5" --user test:test1234
"#;

#[test]
fn only_some_subjects_start_at_once() {
    const CASES: usize = 48;
    let most = 4 * std::thread::available_parallelism().unwrap().get();
    let awaited = most.min(CASES);
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("starting.sh");
    std::fs::write(&script, STARTING).unwrap();
    let place = tempfile::tempdir().unwrap();
    let launch = format!("sh {} {} {awaited} {{self}} {{root}} {{port}}", script.display(), place.path().display());
    let mut ran = ftpspec(&[
        "run",
        "rfc959/errors",
        "--jobs",
        "48",
        "--launch",
        &launch,
        "--user",
        "test",
        "--password",
        "test1234",
    ]);
    ran.timeout(PATIENCE).assert().code(0);
    let counts = std::fs::read_to_string(place.path().join("counts")).unwrap();
    let counts: Vec<usize> = counts.lines().map(|count| count.trim().parse().unwrap()).collect();
    assert_eq!(counts.iter().max(), Some(&awaited), "{counts:?}");
}
