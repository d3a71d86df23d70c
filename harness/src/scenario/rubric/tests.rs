use rstest::rstest;

use super::{Points, Rubric, matches};
use crate::scenario::Suite;

const LEAST: &str =
    "title: T\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: 10, scenarios: [rfc959/login] }\n";

fn read(text: &str) -> Result<Rubric, String> {
    let suite = Suite::embedded().unwrap();
    Rubric::read("mine.yaml", text, &suite).map_err(|faults| faults.to_string())
}

#[test]
fn the_least_is_enough() {
    let rubric = read(LEAST).unwrap();
    assert_eq!((rubric.name.as_str(), rubric.points()), ("mine", Points::hundredths(1000)));
    assert_eq!(rubric.launch[0].command.value, "./s {port}");
}

#[test]
fn what_comes_on_top_is_no_part_of_the_whole() {
    let more = "  - { name: H, points: 5, extra: true, scenarios: [rfc959/control] }\nchecks:\n  - { name: W, command: \"true\", points: 2.5 }\n  - { name: X, command: \"true\", points: 9, deducts: true }\n";
    assert_eq!(read(&format!("{LEAST}{more}")).unwrap().points(), Points::hundredths(1250));
}

#[rstest]
#[case("title: T\n", "\"launch\" is missing", "say how a submission is started")]
#[case("title: T\nlaunch: [./s]\ngroups: []\n", "the server is not told its port", "write {port} in the command")]
#[case("titel: T\n", "unknown key \"titel\"", "did you mean \"title\"?")]
#[case(
    "title: T\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: ten, scenarios: [rfc959] }\n",
    "\"ten\" are no points",
    "2.5 or 0.25"
)]
#[case(
    "title: T\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [rfc959/logn] }\n",
    "no scenario matches \"rfc959/logn\"",
    "help"
)]
#[case(
    "title: T\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [rfc959], deviation: half }\n",
    "\"half\" is no share",
    "100% to 0%"
)]
#[case(
    "title: T\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [rfc959], visibility: hiden }\n",
    "unknown visibility \"hiden\"",
    "did you mean \"hidden\"?"
)]
#[case(
    "title: T\nlaunch: [\"./s {port}\"]\ngroups:\n  - { name: G, points: 1, scenarios: [{ match: rfc959, weight: 0 }] }\n",
    "weight cannot be 0",
    "say 1 to 10000"
)]
#[case(
    "title: T\nlaunch: [\"./s {port}\"]\nlimits: { memory: lots }\ngroups:\n  - { name: G, points: 1, scenarios: [rfc959] }\n",
    "\"lots\" is not a size",
    "KiB, MiB or GiB"
)]
fn what_is_wrong_is_said_with_its_place(#[case] text: &str, #[case] message: &str, #[case] help: &str) {
    let faults = read(text).unwrap_err();
    assert!(faults.contains(message) && faults.contains(help) && faults.contains("--> mine.yaml:"), "{faults}");
    assert!(faults.contains('^'), "{faults}");
}

#[rstest]
#[case("make -C src", "./server {port}", "src", true)]
#[case("sh -c 'cd src; make'", "./server {port}", "src", true)]
#[case("make", "./src/server {port}", "src", true)]
#[case("make", "./server {port}", "server", false)]
#[case("make", "./src/server {port}", "server", false)]
fn folders_that_commands_mean_are_known(
    #[case] build: &str,
    #[case] launch: &str,
    #[case] name: &str,
    #[case] expected: bool,
) {
    let text = LEAST.replace("./s {port}", launch);
    let rubric = read(&format!("build: {{ command: \"{build}\" }}\n{text}")).unwrap();
    assert_eq!(rubric.folders().contains(name), expected, "{:?}", rubric.folders());
}

#[test]
fn two_groups_of_one_name_are_told() {
    let twice = format!("{LEAST}  - {{ name: G, points: 1, scenarios: [rfc959/control] }}\n");
    assert!(read(&twice).unwrap_err().contains("two groups are called \"G\""));
}

#[rstest]
#[case("rfc959/login", "rfc959/login/user[x=1]", true)]
#[case("rfc959/login/", "rfc959/login/user", true)]
#[case("rfc959/login/user", "rfc959/login/user[x=1]", true)]
#[case("rfc959/login/user[x=1]", "rfc959/login/user[x=1]", true)]
#[case("rfc959/login/user[x=2]", "rfc959/login/user[x=1]", false)]
#[case("rfc959/*/user", "rfc959/login/user", true)]
#[case("rfc959/log", "rfc959/login/user", false)]
fn globs(#[case] pattern: &str, #[case] id: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, id), expected);
}
