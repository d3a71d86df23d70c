//! The command line.

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_reference-server"))
}

#[test]
fn help_names_the_options() {
    program().arg("--help").assert().success().stdout(predicate::str::contains("--data-timeout <SECONDS>"));
}

#[rstest]
#[case::no_root(&["--port", "0"], 2, "--root <DIR>")]
#[case::no_such_root(&["--root", "/nonexistent/here", "--port", "0"], 1, "Give an existing directory with --root.")]
#[case::memory_of_no_number(&["--memory", "x"], 2, "invalid value 'x' for '--memory [<OCTETS>]'")]
#[case::root_and_memory(&["--memory", "--root", "."], 2, "'--memory [<OCTETS>]' cannot be used with '--root <DIR>'")]
#[case::port_is_no_number(&["-port", "x", "-root", "."], 2, "invalid value 'x' for '--port <N>'")]
#[case::user_without_password(&["--root", ".", "--user", "u"], 2, "write NAME:PASSWORD")]
#[case::user_with_the_name_of_guests(&["--root", ".", "--port", "0", "--user", "FTP:x"], 1, "FTP is the name of guests")]
#[case::mount_without_directory(&["--root", ".", "--mount", "x"], 2, "write NAME=DIR")]
#[case::account_without_name(&["--root", ".", "--account", "x"], 2, "write NAME:")]
#[case::host_without_name(&["--root", ".", "--host", "=x"], 2, "write NAME or NAME=DIR")]
#[case::host_without_directory(&["--root", ".", "--host", "a=/nonexistent/here"], 1, "Give an existing directory behind the =.")]
#[case::tls_without_certificate(&["--root", ".", "--tls-demand", "login"], 2, "--tls-generate")]
#[case::foreign_address(&["--root", ".", "--port", "0", "--listen", "192.0.2.1"], 1, "cannot listen on 192.0.2.1:0")]
fn mistakes(#[case] arguments: &[&str], #[case] code: i32, #[case] message: &str) {
    program().args(arguments).assert().code(code).stderr(predicate::str::contains(message));
}
