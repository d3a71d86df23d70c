//! Options in a file.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;
use tempfile::TempDir;

use crate::client::{PATIENCE, Server};

fn file_with(text: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ftp.toml");
    std::fs::write(&file, text.replace("HERE", directory.path().to_str().unwrap())).unwrap();
    (directory, file)
}

/// It is ended where it serves, which it is not to do.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command.timeout(PATIENCE);
    command
}

fn started_with(file: &PathBuf) -> Command {
    let mut command = program();
    command.arg("--config").arg(file);
    command
}

/// The root and the user `u` are those of the command line.
#[test]
fn a_server_does_what_the_file_says() {
    let (_directory, file) = file_with("root = '/nonexistent/here'\nanonymous = 'off'\nhost = ['other.example']\n");
    let server = Server::with(&["--config", file.to_str().unwrap()]);
    let mut client = server.connect();
    client.say_all(&[("USER anonymous", "331 User name ok"), ("PASS x", "530"), ("HOST other.example", "220")]);
    client.say_all(&[("USER u", "331"), ("PASS p", "230"), ("SIZE robots.txt", "213")]);
}

#[test]
fn a_file_that_is_fine_is_called_so_and_nobody_listens() {
    let text = "root = 'HERE'\nport = 0\ntls-generate = true\nlog = 'HERE/log'\nxferlog = 'HERE/xferlog'\n";
    let (directory, file) = file_with(text);
    let says_so = predicate::str::is_match("^/.*ftp.toml is fine\n$").unwrap();
    started_with(&file).arg("--check-config").assert().success().stdout(says_so).stderr("");
    assert_eq!(directory.path().read_dir().unwrap().count(), 1, "a log was made");
}

#[rstest]
#[case::others_may_read("user = ['alice:secret']\n", 0o644, true)]
#[case::others_may_write("account = ['alice:secret']\n", 0o602, true)]
#[case::the_group_may_read("user = ['alice:secret']\n", 0o640, false)]
#[case::no_secrets("anonymous = 'off'\n", 0o644, false)]
fn passwords_that_all_may_read_are_warned_of(#[case] text: &str, #[case] mode: u32, #[case] is_said: bool) {
    let (_directory, file) = file_with(&format!("root = 'HERE'\n{text}"));
    std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    let warning =
        predicate::str::contains("ftp.toml, and passwords stand there. Type `chmod o= ").count(is_said.into());
    started_with(&file).arg("--check-config").assert().success().stderr(warning);
}

#[rstest]
#[case::key(
    "prot = 0\n",
    2,
    "ftp.toml:1:1: there is no key `prot` here. Did you mean `port`?\n  |\n1 | prot = *\n  | ^^^^\n"
)]
#[case::two("port = 'x'\nsessions = 0\n", 2, "ftp.toml:2:12: `sessions`")]
#[case::no_toml("port 0\n", 2, "ftp.toml:1:6: this is no TOML")]
#[case::beside("memory = true\nroot = 'HERE'\n", 2, "cannot stand beside")]
#[case::no_root("port = 0\n", 2, "ftp.toml does not say enough: --root <DIR> is missing. Write it in the file")]
#[case::no_certificate(
    "root = 'HERE'\ntls-demand = 'login'\n",
    2,
    ": --tls-generate or --tls-certificate <FILE> is missing."
)]
#[case::root("root = '/nonexistent/here'\n", 1, "cannot serve the directory /nonexistent/here")]
#[case::log("root = 'HERE'\nlog = 'HERE/none/log'\n", 1, "cannot write the log /")]
#[case::log_is_a_directory("root = 'HERE'\nxferlog = 'HERE'\n", 1, "cannot write the log /")]
#[case::users("root = 'HERE'\nusers = 'HERE/none.toml'\n", 1, "none.toml: No such file")]
#[case::certificate(
    "root = 'HERE'\ntls-certificate = 'HERE/none.pem'\ntls-key = 'HERE/none.key'\n",
    1,
    "cannot read the PEM file"
)]
fn what_is_wrong_is_said(#[case] text: &str, #[case] code: i32, #[case] message: &str) {
    let (_directory, file) = file_with(text);
    let found = predicate::str::contains(message.to_owned());
    started_with(&file).arg("--check-config").assert().code(code).stdout("").stderr(found.clone());
    started_with(&file).assert().code(code).stderr(found);
}

#[rstest]
#[case::no_file(&["--config", "/nonexistent/here"], "cannot read /nonexistent/here")]
#[case::check_of_nothing(&["--root", ".", "--check-config"], "--config <FILE>")]
fn what_is_wrong_on_the_line(#[case] arguments: &[&str], #[case] message: &str) {
    program().args(arguments).assert().code(2).stderr(predicate::str::contains(message));
}

#[test]
fn a_file_of_octets_is_not_read() {
    let (_directory, file) = file_with("");
    std::fs::write(&file, b"# 1\n# \xff\n").unwrap();
    let found = predicate::str::contains("ftp.toml: line 2 is not in UTF-8");
    started_with(&file).assert().code(2).stderr(found);
}

#[test]
fn the_line_is_told_what_is_wrong_in_it() {
    let (_directory, file) = file_with("root = 'HERE'\n");
    let found = predicate::str::contains("unexpected argument '--prot'");
    started_with(&file).args(["--prot", "0"]).assert().code(2).stderr(found);
    started_with(&file).arg("--help").assert().success().stdout(predicate::str::contains("--check-config"));
}
