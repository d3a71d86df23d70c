//! Clients that are asked to do something, each with one fault: the scenario that must be red is, for that reason.

use std::path::Path;

use assert_cmd::Command;
use reports::model::{Case, Report, Verdict};
use rstest::rstest;

/// A client that fetches a file, and does one thing wrong.
const CLIENT: &str = r#"about: A client with the fault FAULT.
role: client
tasks:
  command: [bash, "{config}/client", FAULT, "{host}", "{port}", "{task}"]
  mode: { passive: [] }
  do: { get: ["{remote}", "{local}"] }
  files:
    client: |
      fault=$1 host=$2 port=$3 remote=$4 local=$5
      exec 3<>"/dev/tcp/$host/$port"
      say() { printf '%s\r\n' "$1" >&3; }
      hear() {
          while IFS= read -r line <&3; do
              case $line in [1-5][0-9][0-9]\ *) code=${line%% *}; return ;; esac
          done
          exit 2
      }
      [ "$fault" = hasty ] || hear
      say "USER test"
      hear
      [ "$fault" = hasty ] && hear
      say "PASS test1234"
      hear
      say "TYPE I"
      hear
      [ "$fault" = talkative ] && { say "SYST now"; hear; }
      say PASV
      hear
      numbers=${line#*\(} numbers=${numbers%%\)*}
      IFS=, read -r a b c d p q <<<"$numbers"
      [ "$fault" = believes ] && host=$a.$b.$c.$d
      exec 4<>"/dev/tcp/$host/$((p * 256 + q))"
      say "RETR $remote"
      [ "$fault" = impatient ] && say NOOP
      hear
      case $code in 1*) ;; *) exit 1 ;; esac
      cat <&4 >"$local"
      exec 4<&-
      hear
      [ "$fault" = outside ] && cp "$local" ../outside
      [ "$fault" = spoils ] && echo more >>"$local"
      case $code in 2*) ;; *) [ "$fault" = optimist ] || exit 1 ;; esac
      [ "$fault" = negotiates ] && printf '\377\375\001' >&3
      say QUIT
      [ "$fault" = negotiates ] || hear
login: { user: test, password: test1234 }
"#;

const TRIED: [&str; 5] = [
    "clients/session/conversation[get]",
    "clients/session/late-greeting",
    "clients/passive/foreign-227",
    "clients/transfer/refused-at-the-end[get-451]",
    "clients/session/late-replies",
];

/// Runs the client with this fault.
fn run(fault: &str, folder: &Path) -> Report {
    let (subject, file) = (folder.join("client.yaml"), folder.join("report.json"));
    std::fs::write(&subject, CLIENT.replace("FAULT", fault)).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    command.args(["run", "--subject", subject.to_str().unwrap(), "--report", &format!("json={}", file.display())]);
    // A fault makes it red, so its code is not asked for.
    command.args(TRIED).output().unwrap();
    let report: Report = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let mut again = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    let again = again.args(["judge", file.to_str().unwrap(), "--format", "json"]).assert();
    let again: Report = serde_json::from_slice(&again.get_output().stdout).unwrap();
    assert_eq!(again.cases, report.cases, "the verdicts are repeated from the transcripts");
    report
}

#[test]
fn a_client_without_a_fault_passes() {
    let folder = tempfile::tempdir().unwrap();
    let report = run("none", folder.path());
    let verdicts: Vec<_> = report.cases.iter().map(|case| (case.id.as_str(), case.verdict, &case.findings)).collect();
    assert!(
        report.cases.len() == TRIED.len() && verdicts.iter().all(|(_, verdict, _)| *verdict == Verdict::Pass),
        "{verdicts:#?}"
    );
    assert!(report.subject.claims.iter().any(|claim| claim == "tells-failure"));
}

/// What is judged in every case is told in one of them, so the case is looked for by its finding.
#[rstest]
#[case::before_the_greeting("hasty", "rfc959-5.4-client-waits-for-greeting", Verdict::Deviation)]
#[case::before_the_reply("impatient", "rfc959-5.4-client-waits-for-reply", Verdict::Deviation)]
#[case::an_argument_too_many("talkative", "rfc959-5.3.1-client-command-syntax", Verdict::Fail)]
#[case::telnet("negotiates", "rfc1123-4.1.2.12-client-no-negotiation", Verdict::Fail)]
#[case::another_host("believes", "practice-client-227-address", Verdict::Deviation)]
#[case::outside("outside", "practice-client-stays-in-its-directory", Verdict::Fail)]
#[case::other_octets("spoils", "rfc959-5.4-client-waits-for-reply", Verdict::Deviation)]
#[case::failure_untold("optimist", "practice-client-believes-the-final-reply", Verdict::Fail)]
fn a_fault_is_seen(#[case] fault: &str, #[case] requirement: &str, #[case] verdict: Verdict) {
    let folder = tempfile::tempdir().unwrap();
    let report = run(fault, folder.path());
    let names = |case: &&Case| {
        case.verdict == verdict
            && case.findings.iter().any(|finding| finding.requirement.as_deref() == Some(requirement))
    };
    assert!(
        report.cases.iter().any(|case| names(&case)),
        "{:#?}",
        report.cases.iter().map(|case| &case.findings).collect::<Vec<_>>()
    );
}
