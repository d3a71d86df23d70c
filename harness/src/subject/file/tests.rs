use std::time::Duration;

use jiff::civil::date;
use rstest::rstest;

use super::read;
use crate::subject::Role;

const WHOLE: &str = r#"
about: A server with everything.
role: server
pool: true
launch:
  command: "./server -c '{config}/server.conf'"
  directory: "{root}"
  environment: { LANG: C }
  ready-within: 500ms
  setup: [[make, all], "touch {config}/made"]
  files:
    server.conf: "port={port}\n"
    run.sh: { text: "exec true", mode: "0700" }
  root: { owner: "1001:1002", directory-mode: "0750", file-mode: "0640" }
  needs-root: true
login: { user: test, password: "1234", after: [SYST] }
accounts: { to-store: { user: clerk, password: key, account: a1 } }
claims: [PASV, writable]
timers: { data: 2m }
known:
  - pattern: rfc959/*
    requirement: rfc959-4.2-x
    reason: an old bug
    link: https://example.org/1
    expires: 2030-01-31
    may-vary: true
  - { pattern: a/b, reason: an old bug }
  - { pattern: a/c, requirement: [rfc959-4.2-x, rfc959-4.2-y], reason: an old bug }
"#;

#[test]
fn every_key_is_read() {
    let subject = read("whole", "whole.yaml", WHOLE).unwrap();
    assert_eq!(subject.name, "whole");
    assert_eq!(subject.role, Role::Server);
    assert!(subject.pool);
    assert_eq!(subject.reached(), "launched by `./server -c {config}/server.conf`");
    assert_eq!((subject.login.user.as_str(), subject.login.password.as_str()), ("test", "1234"));
    assert_eq!(subject.login.after, ["SYST"]);
    assert_eq!(subject.claims.iter().collect::<Vec<_>>(), ["PASV", "account-to-store", "writable"]);
    assert_eq!(subject.accounts.to_log_in, None);
    assert_eq!(subject.accounts.named()[5], ("store-account", "a1".to_owned()));
    assert_eq!(subject.timers["data"], Duration::from_mins(2));
    assert_eq!(subject.known[0].expires, Some(date(2030, 1, 31)));
    assert_eq!((subject.known[0].may_vary, subject.known[1].may_vary), (true, false));
    let against: Vec<_> = subject.known.iter().map(|known| known.requirements.join(" ")).collect();
    assert_eq!(against, ["rfc959-4.2-x", "", "rfc959-4.2-x rfc959-4.2-y"]);
    let super::Way::Launched(launch) = subject.way else { panic!("it is launched") };
    assert_eq!(launch.ready_within, Duration::from_millis(500));
    assert_eq!(launch.setup.len(), 2);
    assert_eq!(launch.ownership.owner, Some((1001, 1002)));
    assert_eq!((launch.ownership.directory, launch.ownership.file), (0o750, 0o640));
    assert_eq!(
        launch.files.iter().map(|file| (file.name.as_str(), file.mode)).collect::<Vec<_>>(),
        [("run.sh", 0o700), ("server.conf", 0o600)]
    );
    assert!(launch.needs_root);
}

#[test]
fn little_is_enough() {
    let subject = read("x", "x.yaml", "role: server\nattach: ftp://u:p@h:2121/\n").unwrap();
    assert_eq!(subject.reached(), "running at ftp://h:2121/");
    assert_eq!((subject.login.user.as_str(), subject.login.password.as_str()), ("u", "p"));
    let subject = read("x", "x.yaml", "role: server\nlaunch: { command: s, port: 21 }\n").unwrap();
    assert_eq!(subject.login.user, "anonymous");
    assert!(!subject.pool);
}

const LAUNCH: &str = "role: server\nlaunch: { command: \"s {port}\" }\n";

#[rstest]
#[case::unknown_key("role: server\nlanch: {}\n", "x.yaml:2:1: `lanch` is no key here. Did you mean `launch`?")]
#[case::unknown_inner_key(
    "role: server\nlaunch:\n  command: s {port}\n  ready: 1s\n",
    "x.yaml:4:3: `ready` is no key here. The keys are command, directory"
)]
#[case::no_role("attach: ftp://h/\n", "the key `role` is missing")]
#[case::other_role("role: sever\nattach: ftp://h/\n", "x.yaml:1:7: `sever` is not known here. Did you mean `server`?")]
#[case::no_way("pool: true\nrole: server\n", "x.yaml:2:1: it does not say how the subject is reached")]
#[case::both_ways(
    "role: server\nattach: ftp://h/\nlaunch: { command: \"s {port}\" }\n",
    "x.yaml:2:1: a subject is launched or"
)]
#[case::no_port("role: server\nlaunch:\n  command: ./server\n", "x.yaml:3:3: the server is not told its port")]
#[case::no_address("role: client\nlaunch:\n  command: ./client\n", "x.yaml:3:3: the client is not told where")]
#[case::driven_server(
    "role: server\ndrive: script\nlaunch: { command: \"s {port}\" }\n",
    "x.yaml:2:1: a server is not driven"
)]
#[case::attached_client(
    "role: client\ndrive: script\nattach: ftp://h/\n",
    "x.yaml:3:1: a client is started by the harness"
)]
#[case::placeholder(
    "role: server\nlaunch:\n  command: s {prot}\n",
    "x.yaml:3:12: `{prot}` is no placeholder. Did you mean"
)]
#[case::listed_placeholder(
    "role: server\nlaunch:\n  command: [s, \"{prot}\"]\n",
    "x.yaml:3:16: `{prot}` is no placeholder"
)]
#[case::quotation(
    "role: server\nlaunch:\n  command: s {port} 'a\n",
    "x.yaml:3:12: the quotation that begins at character 10"
)]
#[case::no_words("role: server\nlaunch:\n  command: []\n", "x.yaml:3:12: the command has no words")]
#[case::time(
    "role: server\nlaunch: { command: \"s {port}\", ready-within: 5 }\n",
    "`5` is no length of time; write a number and its unit"
)]
#[case::owner("role: server\nlaunch: { command: \"s {port}\", root: { owner: ftp } }\n", "`ftp` is no owner")]
#[case::mode(
    "role: server\nlaunch: { command: \"s {port}\", files: { a: { text: b, mode: \"0888\" } } }\n",
    "`0888` is no mode"
)]
#[case::file_name(
    "role: server\nlaunch:\n  command: s {port}\n  files: { ../a: b }\n",
    "x.yaml:4:3: `../a` is no name below"
)]
#[case::address("role: server\nattach: http://h/\n", "x.yaml:2:9: the address `http://h/` cannot be used")]
#[case::day(
    "role: server\nattach: ftp://h/\nknown:\n  - { pattern: a, reason: b, expires: soon }\n",
    "x.yaml:4:39: `soon` is no day; write year, month and day"
)]
#[case::no_reason("role: server\nattach: ftp://h/\nknown:\n  - { pattern: a }\n", "the key `reason` is missing")]
#[case::no_yaml("role: [server\n", "x.yaml:")]
fn a_bad_file_is_refused_with_its_place(#[case] text: &str, #[case] message: &str) {
    let error = read("x", "x.yaml", text).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
    assert!(error.contains('\n') && error.contains('^'), "{error}");
}

#[test]
fn a_key_said_twice_is_refused() {
    let error = read("x", "x.yaml", &format!("{LAUNCH}role: client\n")).unwrap_err().to_string();
    assert!(error.contains("x.yaml:3:1") && error.contains("role"), "{error}");
}

#[test]
fn the_caret_stands_below_the_mistake() {
    let error = read("x", "x.yaml", "role: server\nlaunch:\n  comand: s {port}\n").unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().skip(1).collect();
    assert_eq!(lines, ["3 |   comand: s {port}", "  |   ^^^^^^"]);
}
