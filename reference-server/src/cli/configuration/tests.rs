//! Files of options, and what is wrong in them.

use clap::Parser;
use rstest::rstest;

use super::*;

fn added_by(text: &str, line: &[&str]) -> Result<Vec<String>, String> {
    let document = Document::parse("ftp.toml".to_owned(), text.to_owned()).map_err(|faults| faults.to_string())?;
    let on_line = command().ignore_errors(true).try_get_matches_from([&["server"], line].concat()).unwrap();
    let added = added(&document, &on_line).map_err(|faults| faults.to_string())?;
    Ok(added.into_iter().map(|option| option.into_string().unwrap()).collect())
}

/// A value of each option, as the command line and as the file say it; and what must stand beside it.
fn example(name: &str) -> (&'static str, &'static str, &'static [&'static str]) {
    const TLS: &[&str] = &["--tls-generate"];
    match name {
        "root" | "users" | "xferlog" | "log" => ("=x", "'x'", &[]),
        "memory" => ("=5", "5", &[]),
        "port" | "login-attempts" | "login-delay" | "data-timeout" | "idle-timeout" | "stall-timeout" | "sessions"
        | "sessions-per-host" | "quota" => ("=7", "7", &[]),
        "listen" | "passive-address" => ("=10.0.0.1", "'10.0.0.1'", &[]),
        "site" => ("=a b", "'a b'", &[]),
        "run-as" => ("=ftp", "'ftp'", &[]),
        "user" | "account" | "store-account" => ("=a:b", "['a:b']", &[]),
        "anonymous" | "landlock" => ("=off", "'off'", &[]),
        "foreign-port" | "symlinks" | "atomic" | "read-only" | "tls-generate" => ("", "true", &[]),
        "host" | "mount" => ("=a=b", "['a=b']", &[]),
        "log-format" => ("=json", "'json'", &["--log=x"]),
        "metrics" => ("=127.0.0.1:9", "'127.0.0.1:9'", &[]),
        "fault" => ("=full", "'full'", &[]),
        "rate-limit" => ("=5000/0", "'5000/0'", &[]),
        "passive-ports" => ("=2000-3000", "'2000-3000'", &[]),
        "tls-certificate" => ("=c", "'c'", &["--tls-key=k"]),
        "tls-key" => ("=k", "'k'", &["--tls-certificate=c"]),
        "tls-client-roots" => ("=x", "'x'", TLS),
        "tls-demand" => ("=data", "'data'", TLS),
        "tls-clear-control" | "tls-resume" => ("", "true", TLS),
        "tls-port" => ("=990", "990", TLS),
        other => panic!("write an example of --{other} here, and its line in the README"),
    }
}

/// What is added to the clock must not be more than the clock can count to.
#[rstest]
#[case::data("data-timeout", 31_536_000, Some(0))]
#[case::idle("idle-timeout", 31_536_000, Some(0))]
#[case::stall("stall-timeout", 31_536_000, Some(0))]
#[case::login_delay("login-delay", 3600, None)]
#[case::fault("fault=slow", 86_400_000, None)]
fn times_have_bounds(#[case] option: &str, #[case] most: u64, #[case] too_little: Option<u64>) {
    let parsed = |value: u64| {
        let option = format!("--{option}={value}");
        Arguments::try_parse_from(["server", "--root=r", &option]).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!((parsed(1), parsed(most)), (Ok(()), Ok(())));
    for wrong in [most + 1, u64::MAX].into_iter().chain(too_little) {
        let said = parsed(wrong).unwrap_err();
        assert!(said.contains(&most.to_string()), "{said}");
    }
}

/// With the root that is required, where the options do not say how the files are served.
fn parse(mut line: Vec<String>) -> String {
    if !line.iter().any(|option| option.starts_with("--root") || option.starts_with("--memory")) {
        line.push("--root=r".to_owned());
    }
    line.insert(0, "server".to_owned());
    format!("{:?}", Arguments::try_parse_from(line).unwrap())
}

#[test]
fn every_option_is_a_key_and_stands_in_the_readme() {
    let readme = include_str!("../../../README.md");
    let command = command();
    let mut count = 0;
    for option in command.get_arguments() {
        let long = option.get_long().unwrap();
        assert!(readme.contains(&format!("`--{long}")), "--{long} is not in the README");
        let Some(name) = name(option) else { continue };
        let (on_line, in_file, beside) = example(name);
        let beside = beside.iter().map(|&option| option.to_owned());
        let from_file = added_by(&format!("{name} = {in_file}\n"), &[]).unwrap();
        assert_eq!(
            parse(from_file.into_iter().chain(beside.clone()).collect()),
            parse(std::iter::once(format!("--{name}{on_line}")).chain(beside).collect()),
        );
        count += 1;
    }
    assert_eq!(count + NOT_IN_A_FILE.len(), command.get_arguments().count());
}

#[rstest]
#[case::nothing("# nothing\n", &[], &[])]
#[case::several("user = ['a:b', 'c:d']\n", &[], &["--user=a:b", "--user=c:d"])]
#[case::several_may_be_one("user = 'a:b'\n", &[], &["--user=a:b"])]
#[case::memory_without_a_number("memory = true\n", &[], &["--memory"])]
#[case::what_is_not_wanted("symlinks = false\ntls-resume = false\n", &[], &[])]
#[case::a_number_with_lines("idle-timeout = 1_000\n", &[], &["--idle-timeout=1000"])]
#[case::the_line_wins("port = 1\nsite = 'x'\n", &["--port", "2"], &["--site=x"])]
#[case::the_line_wins_over_all_of_several("user = ['a:b', 'c:d']\n", &["--user", "e:f"], &[])]
#[case::a_default_is_not_said("port = 1\n", &[], &["--port=1"])]
#[case::memory_in_the_place_of_the_root("root = 'x'\nport = 1\n", &["--memory"], &["--port=1"])]
#[case::a_root_in_the_place_of_memory("memory = 5\n", &["--root", "x"], &[])]
#[case::another_certificate("tls-generate = true\n", &["--tls-certificate", "c", "--tls-key", "k"], &[])]
#[case::no_certificate("tls-certificate = 'c'\ntls-key = 'k'\n", &["--tls-generate"], &[])]
fn what_a_file_adds(#[case] text: &str, #[case] line: &[&str], #[case] expected: &[&str]) {
    assert_eq!(added_by(text, line).unwrap(), expected);
}

#[rstest]
#[case::unknown("prot = 1\n", "ftp.toml:1:1: there is no key `prot` here. Did you mean `port`?")]
#[case::with_an_underscore(
    "idle_timeout = 1\n",
    "ftp.toml:1:1: there is no key `idle_timeout` here. Did you mean `idle-timeout`?"
)]
#[case::config("config = 'x'\n", "ftp.toml:1:1: there is no key `config` here.")]
#[case::help("help = true\n", "ftp.toml:1:1: there is no key `help` here.")]
#[case::a_large_port("root = 'x'\nport = 70000\n", "ftp.toml:2:8: `port` cannot be this: 70000 is not in 0..=65535.")]
#[case::no_number("sessions = 'many'\n", "ftp.toml:1:12: `sessions` cannot be this: invalid digit found in string.")]
#[case::zero("sessions = 0\n", "ftp.toml:1:12: `sessions` cannot be this: ")]
#[case::none_of_several(
    "anonymous = 'read-onyl'\n",
    "ftp.toml:1:13: `anonymous` takes one of: read-write, read-only, off. Did you mean \"read-only\"?"
)]
#[case::range("passive-ports = '1-2'\n", "ftp.toml:1:17: `passive-ports` cannot be this: write FIRST-LAST")]
#[case::a_flag("symlinks = 'yes'\n", "ftp.toml:1:12: `symlinks` takes true or false.")]
#[case::a_truth("port = true\n", "ftp.toml:1:8: `port` takes a text in quotes, or a whole number.")]
#[case::an_array("port = [1, 2]\n", "ftp.toml:1:8: `port` takes a text")]
#[case::a_fraction("idle-timeout = 1.5\n", "ftp.toml:1:16: `idle-timeout` takes a text")]
#[case::a_table("[port]\nx = 1\n", "ftp.toml:1:2: `port` is no table here")]
#[case::one_of_several(
    "user = ['a:b', 'secret']\n",
    "ftp.toml:1:16: `user` cannot be this: write NAME:PASSWORD, as in alice:"
)]
fn what_is_wrong(#[case] text: &str, #[case] expected: &str) {
    let shown = added_by(text, &[]).unwrap_err();
    assert!(shown.starts_with(expected), "{shown}");
    assert!(shown.lines().last().unwrap().contains('^'), "{shown}");
}

#[test]
fn the_password_of_a_wrong_user_is_not_shown() {
    let shown = added_by("user = ['hush hush', ':hush'] # hush\n", &[]).unwrap_err();
    assert!(!shown.contains("hush"), "{shown}");
    assert_eq!(shown.matches("write NAME:PASSWORD").count(), 2, "{shown}");
}
