//! Users in a file, and `passwd`, which writes it.

use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::client::{PATIENCE, PROGRAM, Server};

/// It is ended where it serves, which it is not to do.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command.timeout(PATIENCE);
    command
}

fn passwd(file: &Path) -> Command {
    let mut command = program();
    command.arg("passwd").arg(file);
    command
}

/// A file with alice, who has the password `wonder`, and what stands in her table besides.
fn file_with_alice(more: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users.toml");
    passwd(&file).arg("alice").write_stdin("wonder\n").assert().success();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}{more}\n")).unwrap();
    (directory, file)
}

fn server_with(file: &Path) -> Server {
    Server::with(&["--users", file.to_str().unwrap()])
}

#[test]
fn a_user_of_the_file_logs_in() {
    let (_directory, file) = file_with_alice("");
    let server = server_with(&file);
    let mut client = server.connect();
    client.say_all(&[("USER alice", "331"), ("PASS wander", "530"), ("USER nobody", "331"), ("PASS wonder", "530")]);
    client.say_all(&[("USER alice", "331"), ("PASS wonder", "230"), ("MKD new", "257"), ("SIZE robots.txt", "213")]);
    // One of --user is there beside.
    client.say_all(&[("USER u", "331"), ("PASS x", "530"), ("USER u", "331"), ("PASS p", "230")]);
}

#[test]
fn what_the_table_says_holds() {
    let (_directory, file) = file_with_alice("access = 'read-only'\naccount = 'ledger'");
    let server = server_with(&file);
    let mut client = server.connect();
    client.say_all(&[("USER alice", "331"), ("PASS wonder", "332"), ("ACCT ledger", "230"), ("MKD new", "550")]);
}

#[test]
fn a_root_of_ones_own_cannot_be_left() {
    let (directory, file) = file_with_alice("root = 'home'");
    let root = directory.path().join("root");
    std::fs::create_dir_all(root.join("home")).unwrap();
    std::fs::write(root.join("home/own.txt"), "own").unwrap();
    let (root, file) = (root.to_str().unwrap(), file.to_str().unwrap());
    let server = Server::serving(Path::new(root), &["--users", file, "--mount", &format!("other={root}")]);
    let mut client = server.connect();
    client.say_all(&[("USER alice", "331"), ("PASS wonder", "230"), ("TYPE I", "200"), ("PWD", "257 \"/\"")]);
    client.say_all(&[("SIZE own.txt", "213 3"), ("SIZE /home/own.txt", "550"), ("CWD ..", "550")]);
    // The file system that the login began with is her own.
    client.say_all(&[("SMNT other", "250"), ("SIZE home/own.txt", "213"), ("SMNT /", "250"), ("SIZE own.txt", "213")]);
    client.say_all(&[("USER u", "331"), ("PASS p", "230"), ("SIZE home/own.txt", "213")]);
}

/// Half of the cores compare; the others wait, and nobody else does.
#[test]
fn many_logins_at_once_all_have_their_answer() {
    let (_directory, file) = file_with_alice("");
    let server = server_with(&file);
    let mut clients: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send(b"USER alice\r\nPASS wonder\r\n");
    }
    server.login().say_all(&[("NOOP", "200")]);
    for client in &mut clients {
        client.expect("331");
        client.expect("230");
    }
}

#[rstest]
#[case::outside("root = '../x'", 1, "`root` is a directory below the root of the server")]
#[case::missing("root = 'none'", 1, "cannot serve the directory none to alice")]
#[case::key("roof = 'x'", 1, "Did you mean `root`?")]
fn a_file_with_mistakes_starts_nothing(#[case] more: &str, #[case] code: i32, #[case] message: &str) {
    let (directory, file) = file_with_alice(more);
    let mut command = program();
    command.args(["--port", "0", "--root"]).arg(directory.path()).arg("--users").arg(file);
    command.assert().code(code).stderr(predicate::str::contains(message));
}

#[test]
fn a_file_that_all_may_read_is_warned_of() {
    let (directory, file) = file_with_alice("");
    let config = directory.path().join("ftp.toml");
    std::fs::write(&config, "root = '.'\nusers = 'users.toml'\n").unwrap();
    let checked = || {
        let mut command = program();
        command.current_dir(directory.path()).args(["--config", "ftp.toml", "--check-config"]).assert().success()
    };
    checked().stderr("");
    std::fs::set_permissions(&file, Permissions::from_mode(0o604)).unwrap();
    checked().stderr(predicate::str::contains("may look into users.toml, and passwords stand there."));
}

#[test]
fn a_link_does_not_lead_a_home_out_of_the_root() {
    let (directory, file) = file_with_alice("root = 'link'");
    let root = directory.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::os::unix::fs::symlink("..", root.join("link")).unwrap();
    let mut command = program();
    command.args(["--port", "0", "--root"]).arg(root).arg("--users").arg(file);
    command.assert().code(1).stderr(predicate::str::contains("a link that leads out of the root"));
}

#[test]
fn passwd_says_what_it_did() {
    let (_directory, file) = file_with_alice("");
    let says = |text: &'static str| predicate::str::contains(text);
    passwd(&file).arg("bob").write_stdin("builder\n").assert().success().stderr(says("bob is added to"));
    passwd(&file).arg("bob").write_stdin("other\n").assert().success().stderr(says("bob has a new password in"));
    passwd(&file).args(["bob", "--delete"]).assert().success().stderr(says("bob is taken out of"));
    passwd(&file).args(["bob", "--delete"]).assert().code(1).stderr(says("there is no user bob in"));
    passwd(&file).arg("bob").write_stdin("\n").assert().code(1).stderr(says("the password is empty"));
    passwd(&file).arg("").write_stdin("x\n").assert().code(2).stderr(says("a name is not empty"));
    passwd(&file).arg("--help").assert().success().stdout(says("argon2id"));
}

/// Else nobody would see what they type there from then on.
#[rstest]
#[case::control_c(Signal::INT)]
#[case::terminate(Signal::TERM)]
fn a_signal_at_the_question_leaves_the_terminal_as_it_was(#[case] signal: Signal) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let other_end = std::fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
    let is_shown = || tcgetattr(&other_end).unwrap().local_modes.contains(LocalModes::ECHO);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users.toml");
    let mut passwd = std::process::Command::new(PROGRAM)
        .arg("passwd")
        .arg(&file)
        .arg("alice")
        .stdin(Stdio::from(other_end.try_clone().unwrap()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = passwd.stderr.take().unwrap();
    let mut question = [0; 14];
    errors.read_exact(&mut question).unwrap();
    assert_eq!((&question, is_shown()), (b"New password: ", false));
    kill_process(Pid::from_child(&passwd), signal).unwrap();
    let mut said = String::new();
    errors.read_to_string(&mut said).unwrap();
    assert!(!passwd.wait().unwrap().success());
    assert!(is_shown());
    assert!(said.contains("Nothing was changed") && !file.exists(), "{said}");
}
