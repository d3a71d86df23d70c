//! A fault, and the scenarios that must be red on it: those and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;

use assert_cmd::Command;
use harness::scenario::Suite;
use reports::model::{Axis, Finding, Grade, Report, Verdict};
use rstest::rstest;

use super::fault::Fault;
use super::part::described;
use super::server::serve;

/// What a run came to.
struct Ran {
    code: i32,
    human: String,
    report: Report,
}

fn ran(arguments: &[&str], folder: &Path) -> Ran {
    let file = folder.join("report.json");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    command.arg("run").args(arguments).arg(format!("--report=json={}", file.display())).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let human = String::from_utf8(output.stdout).unwrap();
    let report = std::fs::read(&file).unwrap();
    let report = reports::read(&report).unwrap_or_else(|error| panic!("{error}\n{human}"));
    Ran { code: output.status.code().unwrap(), human, report }
}

/// Every grave finding by its case.
fn reds(report: &Report) -> BTreeMap<&str, BTreeSet<(String, Axis)>> {
    let mut reds: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    for case in report.cases.iter().filter(|case| case.verdict == Verdict::Fail) {
        let grave = case.findings.iter().filter(|finding| finding.grade == Grade::Fail);
        let found = grave.map(|finding| (finding.requirement.clone().unwrap_or_default(), finding.axis));
        reds.entry(&case.id).or_default().extend(found);
    }
    reds
}

/// What must be red, and a handful that must not be. What a fault does to the whole suite is for `ftpspec prove`.
fn selected(red: &str) -> Vec<String> {
    let suite = Suite::embedded().unwrap();
    let all = suite.select::<&str>(&[]).unwrap();
    let ids = all.iter().map(|scenario| scenario.id.clone());
    let meant = |id: &str| {
        let rest = id.strip_prefix(red);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('[') || red.ends_with('/'))
    };
    ids.filter(|id| meant(id) || PLAIN.contains(&id.as_str())).collect()
}

/// One of each topic, and quick.
const PLAIN: [&str; 12] = [
    "rfc959/control/greeting",
    "rfc959/control/noop",
    "rfc959/control/pipelined",
    "rfc959/control/quit-closes",
    "rfc959/login/pass-first",
    "rfc959/navigation/pwd",
    "rfc959/navigation/cwd",
    "rfc959/directories/names-are-text",
    "rfc959/deletion/delete",
    "rfc959/rename/rename",
    "rfc959/transfer/retrieve[open=PASV,size=4095]",
    "rfc959/transfer/store[open=PORT,size=4096]",
];

fn judged(fault: Fault, red: &str, folder: &Path) -> Ran {
    let subject = described(folder, fault);
    let ids = selected(red);
    let mut arguments = vec!["--subject", subject.to_str().unwrap()];
    arguments.extend(ids.iter().map(String::as_str));
    ran(&arguments, folder)
}

#[test]
fn without_a_fault_nothing_is_red() {
    let folder = tempfile::tempdir().unwrap();
    let ran = judged(Fault::None, "rfc959/transfer/", folder.path());
    let unexpected: Vec<_> =
        ran.report.cases.iter().filter(|case| !matches!(case.verdict, Verdict::Pass | Verdict::Skipped)).collect();
    assert!(unexpected.is_empty(), "{}", ran.human);
    assert_eq!(ran.code, 0);
}

/// The fault, the case that must be red, its requirement and axis; and the beginnings of the ids of other cases that
/// meet the same fault.
#[rstest]
#[case::a(Fault::EarlySuccess, "rfc959/transfer/success-not-before-the-data", "rfc959-4.2-1yz-2yz-3yz-semantics", Axis::Order, &[])]
#[case::b(Fault::PwdUnquoted, "rfc959/navigation/pwd", "rfc959-A2-pwd-reply-format", Axis::Text, &[])]
#[case::c(Fault::NoCarriageReturn, "rfc959/framing/single-line", "rfc959-4.2-reply-crlf", Axis::Framing, &[])]
#[case(Fault::NoLastLine, "rfc959/framing/multi-line[command=HELP_RETR]", "rfc959-4.2-multiline-terminator", Axis::Framing, &[])]
#[case(Fault::SurplusReply, "rfc959/framing/one-reply[command=NOOP]", "rfc959-4.2-one-final-reply-per-command", Axis::Framing, &["rfc959/control/noop"])]
#[case(Fault::UnknownVerbIsFine, "rfc959/errors/unknown-verb[alone]", "rfc959-4.2.1-500-unknown-verb", Axis::Reply, &["rfc959/errors/unknown-verb", "rfc2389/feat/reply"])]
#[case(Fault::No425, "rfc959/transfer/nobody-connects", "rfc959-4.2-every-command-replied", Axis::Lifecycle, &[])]
#[case(Fault::FirstLineOnly, "rfc959/control/pipelined", "rfc959-4.2-every-command-replied", Axis::Lifecycle, &[])]
#[case(Fault::StoresLess, "rfc959/transfer/store[open=PASV,size=1]", "rfc959-4.1.3-stor-creates", Axis::Files, &["rfc959/transfer/store", "rfc959/transfer/append", "rfc959/transfer/ascii"])]
#[case(Fault::SendsMore, "rfc959/transfer/retrieve[open=PORT,size=0]", "rfc959-4.1.3-retr-copies", Axis::Data, &["rfc959/", "rfc1123/"])]
#[case(Fault::TextInTypeImage, "rfc959/transfer/retrieve[open=PASV,size=4096]", "rfc959-4.1.3-retr-copies", Axis::Data, &["rfc959/", "rfc1123/"])]
#[case(Fault::Mkd250, "rfc959/directories/make-names-absolute-path", "rfc959-A2-mkd-absolute-path", Axis::Reply, &[])]
#[case(Fault::MkdUnquoted, "rfc959/directories/make-names-absolute-path", "rfc959-A2-mkd-absolute-path", Axis::Text, &[])]
#[case(Fault::RntoAlone, "rfc959/rename/rnto-without-rnfr", "rfc959-4.1.3-rnto-without-rnfr", Axis::Reply, &["rfc959/rename/"])]
#[case(Fault::ListensLate, "rfc959/transfer/pasv-after-port", "rfc959-4.1.2-pasv-listens", Axis::Order, &[])]
#[case(Fault::PasvWithoutNumbers, "rfc959/transfer/pasv", "rfc959-4.2.1-227-number-format", Axis::Text, &[])]
#[case(Fault::PasvTellsNoHost, "rfc959/transfer/pasv", "rfc1123-4.1.2.6-pasv-227-address", Axis::Text, &[])]
#[case(Fault::NoLogin, "rfc959/login/pass-first", "rfc959-4.1.1-pass-after-user", Axis::Reply, &["rfc959/login/"])]
#[case(Fault::CapitalsOnly, "rfc959/control/letter-case[verb=noop]", "rfc959-5.3-case-insensitive-verbs", Axis::Reply, &["rfc959/control/letter-case"])]
#[case(Fault::Greeting200, "rfc959/control/greeting", "rfc959-5.4-greeting-220", Axis::Reply, &[])]
#[case(Fault::QuitStays, "rfc959/control/quit-closes", "rfc959-4.1.1-quit-closes", Axis::Lifecycle, &["rfc959/control/quit-before-login", "rfc959/transfer/ends-with-the-session"])]
#[case(Fault::KeepsOldTail, "rfc959/transfer/store-replaces", "rfc959-4.1.3-stor-replaces", Axis::Files, &[])]
#[case(Fault::AppendReplaces, "rfc959/transfer/append", "rfc959-4.1.3-appe-appends", Axis::Files, &[])]
#[case(Fault::StoreEndsEarly, "rfc959/transfer/store-ends-with-the-connection", "rfc959-3.3-stream-eof-by-close", Axis::Order, &[])]
#[case(Fault::ResetIsSuccess, "rfc959/transfer/client-breaks-off", "rfc959-4.2-1yz-2yz-3yz-semantics", Axis::Reply, &[])]
#[case(Fault::DiesOfReset, "rfc959/transfer/client-breaks-off", "rfc959-4.2-every-command-replied", Axis::Lifecycle, &[])]
#[case(Fault::OneClient, "rfc959/concurrency/own-directory", "rfc959-4.2-every-command-replied", Axis::Lifecycle, &[])]
#[case(Fault::DeletesNothing, "rfc959/deletion/delete", "rfc959-4.1.3-dele-deletes", Axis::Files, &[])]
#[case(Fault::CwdAnywhere, "rfc959/navigation/cwd-refused[to=missing]", "rfc959-4.1.1-cwd-nonexistent", Axis::Reply, &["rfc959/navigation/cwd-refused"])]
#[case(Fault::EmptyForMissing, "rfc959/transfer/retrieve-missing", "rfc959-4.1.3-retr-missing", Axis::Reply, &[])]
#[case(Fault::NamesEndInLf, "rfc959/directories/names-are-text", "rfc959-4.1.3-list-type-ascii", Axis::Data, &["rfc1123/directories/listing-implies-ascii"])]
#[case(Fault::CwdSetsTypeBack, "rfc959/navigation/cwd-keeps-parameters", "rfc959-4.1.1-cwd-keeps-parameters", Axis::Data, &[])]
fn a_fault_is_found_where_it_belongs_and_nowhere_else(
    #[case] fault: Fault,
    #[case] red: &str,
    #[case] requirement: &str,
    #[case] axis: Axis,
    #[case] others: &[&str],
) {
    let folder = tempfile::tempdir().unwrap();
    let ran = judged(fault, red, folder.path());
    let reds = reds(&ran.report);
    let found = reds.get(red).unwrap_or_else(|| panic!("{red} is not red, but {reds:?}\n{}", ran.human));
    assert!(found.contains(&(requirement.to_owned(), axis)), "{found:?}");
    let strange: Vec<_> =
        reds.keys().filter(|id| **id != red && !others.iter().any(|start| id.starts_with(start))).collect();
    assert!(strange.is_empty(), "red too: {strange:?} of {reds:?}");
    assert_eq!(ran.code, 1);
    // A verdict is repeated from its transcript.
    let again = harness::run::again(&Suite::embedded().unwrap(), &ran.report);
    assert_eq!(again.cases, ran.report.cases);
    shown_where_it_stands(&ran, red, requirement, axis);
}

/// The finding names a line of the scenario's file, which stands there, and the clause; a person reads the same.
fn shown_where_it_stands(ran: &Ran, red: &str, requirement: &str, axis: Axis) {
    let case = ran.report.cases.iter().find(|case| case.id == red).unwrap();
    let of_this = |finding: &&Finding| finding.requirement.as_deref() == Some(requirement) && finding.axis == axis;
    let finding = case.findings.iter().find(of_this).unwrap();
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios"));
    let source = std::fs::read_to_string(folder.join(&finding.place.file)).unwrap();
    let line = source.lines().nth(finding.place.line - 1).unwrap();
    // A row of a table stands in its lines.
    let plain = !red.contains('[');
    assert!(!plain || finding.place.text == line, "{:?}", finding.place);
    let line = if plain { line } else { &finding.place.text };
    let file = red.split('[').next().unwrap();
    assert!(finding.place.file.contains(file) || finding.place.file.starts_with("given/"), "{:?}", finding.place);
    let section = &ran.report.requirements[requirement].section;
    let head = line.trim().trim_start_matches("- ");
    // A long line is shown in part.
    let head = head.get(..40).unwrap_or(head);
    let place = format!("{}:{}", finding.place.file, finding.place.line);
    for part in [red, &place, section.as_str(), head] {
        assert!(ran.human.contains(part), "{part} is not in\n{}", ran.human);
    }
}

/// What the texts only advise is a deviation, and no failure.
#[rstest]
#[case(Fault::ListIgnoresArgument, "rfc959/directories/list-directory", Axis::Data)]
fn a_fault_against_advice_is_a_deviation(#[case] fault: Fault, #[case] id: &str, #[case] axis: Axis) {
    let folder = tempfile::tempdir().unwrap();
    let ran = judged(fault, id, folder.path());
    let cases = ran.report.cases.iter().filter(|case| !matches!(case.verdict, Verdict::Pass | Verdict::Skipped));
    let told: Vec<_> = cases.map(|case| (case.id.as_str(), case.verdict, case.findings[0].axis)).collect();
    assert_eq!(told, [(id, Verdict::Deviation, axis)]);
    assert_eq!(ran.code, 0);
}

/// The profile decides what the same deviation weighs, also when the report is judged again.
#[rstest]
#[case("rfc1123", Verdict::Deviation, 0)]
#[case("strict", Verdict::Fail, 1)]
#[case("lenient", Verdict::Pass, 0)]
fn a_profile_weighs(#[case] profile: &str, #[case] verdict: Verdict, #[case] code: i32) {
    let folder = tempfile::tempdir().unwrap();
    let subject = described(folder.path(), Fault::ListIgnoresArgument);
    let id = "rfc959/directories/list-directory";
    let ran = ran(&["--subject", subject.to_str().unwrap(), "--profile", profile, id], folder.path());
    let [case] = &ran.report.cases[..] else { panic!("{}", ran.human) };
    assert_eq!((case.verdict, case.findings.len(), ran.code), (verdict, 1, code), "{}", ran.human);
    let mut again = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    let again = again.args(["judge", "--format=json"]).arg(folder.path().join("report.json")).assert().code(code);
    let again = reports::read(&again.get_output().stdout).unwrap();
    assert_eq!((again.profile.as_str(), &again.cases), (profile, &ran.report.cases));
}

/// The three that stand for all, on a server that runs already.
#[rstest]
#[case(Fault::EarlySuccess, "rfc959/transfer/success-not-before-the-data", "silence:")]
#[case(Fault::PwdUnquoted, "rfc959/navigation/pwd", "capture: { path: here }")]
#[case(Fault::NoCarriageReturn, "rfc959/control/noop", "S: 200")]
fn a_server_that_runs_already_is_judged_alike(#[case] fault: Fault, #[case] id: &str, #[case] step: &str) {
    let root = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("--server=ftp://anonymous:x@{}/", listener.local_addr().unwrap());
    let served = root.path().to_owned();
    // It goes with the process of this test.
    std::thread::spawn(move || serve(&listener, &served, fault));
    let ran = ran(&[id, &url, "--root", root.path().to_str().unwrap()], folder.path());
    let [case] = &ran.report.cases[..] else { panic!("{}", ran.human) };
    assert_eq!((ran.code, case.verdict), (1, Verdict::Fail), "{}", ran.human);
    let finding = case.findings.iter().find(|finding| finding.grade == Grade::Fail).unwrap();
    assert!(finding.place.text.contains(step), "{:?}", finding.place);
    assert!(finding.place.line > 1);
}
