//! The command line.

use std::io::{self, Write};

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

/// How troff, which `man` calls, shows it; it is not on every machine.
fn shown(page: &[u8]) -> Option<String> {
    let shown = Command::new("man").args(["--warnings=all", "--local-file", "-"]).write_stdin(page).output();
    match shown {
        Ok(shown) => {
            assert!(shown.stderr.is_empty(), "{}", String::from_utf8_lossy(&shown.stderr));
            Some(String::from_utf8(shown.stdout).unwrap())
        }
        Err(error) => {
            // Standard error itself, which the test program does not catch.
            writeln!(io::stderr(), "NOT TESTED: how man shows the page: {error}").unwrap();
            None
        }
    }
}

#[test]
fn the_manual_page_has_every_option_and_nothing_of_this_machine() {
    let page = program().arg("--man").output().unwrap();
    assert!(page.status.success() && page.stderr.is_empty(), "{page:?}");
    let text = String::from_utf8(page.stdout.clone()).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(text.starts_with(&format!(".TH reference\\-server 8 \"\" \"ftpspec {version}\"\n")), "{text}");
    let help = String::from_utf8(program().arg("--help").output().unwrap().stdout).unwrap();
    let options = help.lines().filter_map(|line| line.trim().strip_prefix("--")?.split([' ', '=']).next());
    let mut count = 0;
    for option in options {
        assert!(text.contains(&format!("\\fB\\-\\-{}\\fR", option.replace('-', "\\-"))), "--{option}: {text}");
        count += 1;
    }
    assert!(count > 40, "{help}");
    for section in ["NAME", "SYNOPSIS", "FILES", "SIGNALS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"] {
        assert!(text.contains(&format!(".SH {section}\n")), "{section}: {text}");
    }
    let elsewhere = program().arg("--man").current_dir("/").env_clear().output().unwrap();
    assert_eq!(elsewhere.stdout, page.stdout);
    let Some(shown) = shown(&page.stdout) else { return };
    assert!(shown.contains("reference-server passwd users.toml alice"), "{shown}");
}

#[test]
fn the_manual_page_is_asked_for_alone() {
    let found = predicate::str::contains("the argument '--man' cannot be used with one or more of the other");
    program().args(["--man", "--root", "."]).assert().code(2).stderr(found);
}
