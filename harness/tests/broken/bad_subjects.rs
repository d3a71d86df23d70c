//! Subjects that are no FTP servers at all: a clear word, within a deadline, and the report all the same.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use reports::model::{FailKind, Report, Verdict};
use rstest::rstest;

const PART: &str = "BAD_SUBJECT_PART";
const PORT: &str = "BAD_SUBJECT_PORT";
/// By this its processes are known.
const FILE: &str = "BAD_SUBJECT_FILE";

/// The subject's side. Without a part to play, it checks that a part that nobody knows is refused.
#[test]
fn plays() {
    let Ok(part) = std::env::var(PART) else {
        assert!(talks("unheard-of").is_none());
        return;
    };
    match part.as_str() {
        "exits" => std::process::exit(3),
        "never-listens" => loop {
            std::thread::park();
        },
        _ => {}
    }
    let number: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", number)).unwrap();
    let talk = talks(&part).unwrap();
    loop {
        let (control, _) = listener.accept().unwrap();
        // A client that goes away ends its session and no other.
        std::thread::spawn(move || drop(talk(control)));
    }
}

fn talks(part: &str) -> Option<fn(TcpStream) -> std::io::Result<()>> {
    match part {
        "mute" => Some(|mut control| control.read_to_end(&mut Vec::new()).map(drop)),
        "closes" => Some(|control| control.shutdown(std::net::Shutdown::Both)),
        "floods" => Some(|mut control| {
            loop {
                control.write_all(&b"x".repeat(65_536))?;
            }
        }),
        "floods-with-lines" => Some(|mut control| {
            loop {
                control.write_all(&b"220-\x1b[2J<script>\r\n".repeat(4000))?;
            }
        }),
        "dies" => Some(|mut control| {
            control.write_all(b"220 ready\r\n")?;
            let mut command = [0; 512];
            control.read(&mut command).map(drop)?;
            std::process::abort()
        }),
        _ => None,
    }
}

fn described(folder: &Path, part: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let file = folder.join("bad.yaml");
    let text = format!(
        "role: server\nclaims: [writable]\nlaunch:\n  command: ['{}', --exact, bad_subjects::plays, --nocapture]\n  \
         environment: {{ {PART}: {part}, {PORT}: '{{port}}', {FILE}: '{}' }}\n",
        own.display(),
        file.display(),
    );
    std::fs::write(&file, text).unwrap();
    file
}

fn whole_suite(arguments: &[&str], folder: &Path) -> (i32, String, Report) {
    let file = folder.join("report.json");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    command.arg("run").args(arguments).arg(format!("--report=json={}", file.display())).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let human = String::from_utf8(output.stdout).unwrap();
    let report = reports::read(&std::fs::read(&file).unwrap()).unwrap_or_else(|error| panic!("{error}\n{human}"));
    (output.status.code().unwrap(), human, report)
}

/// Whether a process still plays a part of this folder's subject.
fn is_left(folder: &Path) -> bool {
    let mark = format!("{FILE}={}", folder.join("bad.yaml").display());
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("environ")).ok())
        .any(|environment| String::from_utf8_lossy(&environment).contains(&mark))
}

#[rstest]
#[case("mute", 1, "no reply within 10000 ms")]
#[case("closes", 1, "the server closed the control connection instead of replying")]
#[case("floods", 1, "no complete reply")]
#[case("floods-with-lines", 1, "rfc959/control/greeting")]
#[case("dies", 1, "was ended by signal 6")]
fn a_bad_server_is_a_finding(#[case] part: &str, #[case] code: i32, #[case] word: &str) {
    let folder = tempfile::tempdir().unwrap();
    let subject = described(folder.path(), part);
    let (exit, human, report) = whole_suite(&["--subject", subject.to_str().unwrap()], folder.path());
    assert_eq!(exit, code, "{human}");
    assert!(human.contains(word), "{human}");
    assert!(!human.contains('\u{1b}'), "{human}");
    assert!(report.cases.iter().any(|case| case.verdict == Verdict::Fail && case.findings[0].requirement.is_some()));
    let kept: usize = report.cases.iter().map(|case| case.events.len()).sum();
    assert!(kept < 20_000, "{kept}");
    assert!(!is_left(folder.path()));
}

#[rstest]
#[case("exits", "ended with exit code 3 before it listened")]
#[case("never-listens", "does not listen on port")]
fn a_server_that_never_starts_blocks_all(#[case] part: &str, #[case] word: &str) {
    let folder = tempfile::tempdir().unwrap();
    let subject = described(folder.path(), part);
    let (exit, human, report) = whole_suite(&["--subject", subject.to_str().unwrap()], folder.path());
    assert_eq!(exit, 3, "{human}");
    never_started(&human, &report, word);
    assert!(!is_left(folder.path()));
}

#[test]
fn a_program_that_is_not_there_blocks_all() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, human, report) = whole_suite(&["--launch", "./no-such-server {port}"], folder.path());
    assert_eq!(exit, 3, "{human}");
    never_started(&human, &report, "the subject never started: cannot run `./no-such-server");
}

#[test]
fn where_nobody_listens_nothing_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let url = format!("ftp://127.0.0.1:{port}/");
    let (exit, human, report) = whole_suite(&["--server", &url], folder.path());
    assert_eq!(exit, 3, "{human}");
    never_started(&human, &report, &format!("no connection to the subject, said to be running at {url}: "));
}

fn never_started(human: &str, report: &Report, word: &str) {
    let one_line = human.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(one_line.contains(word), "{human}");
    assert_eq!(one_line.matches(word).count(), 1, "{human}");
    for case in report.cases.iter().filter(|case| case.verdict != Verdict::Skipped) {
        assert_eq!((case.verdict, case.kind), (Verdict::Blocked, Some(FailKind::NoStart)), "{}", case.id);
    }
}
