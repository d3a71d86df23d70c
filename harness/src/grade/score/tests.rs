use std::collections::BTreeMap;

use reports::model::{
    Case, Channel, CloseKind, Event, FailKind, Octets, Place, Report, SCHEMA, Subject, Suite as Ran, Verdict, What,
};
use rstest::rstest;

use super::{CheckOutcome, Outcome, Score, score};
use crate::scenario::Suite;
use crate::scenario::rubric::{Points, Rubric};

fn rubric(groups: &str) -> Rubric {
    let text = format!("title: T\nlaunch: [\"./s {{port}}\"]\n{groups}");
    let text = text.as_str();
    let any =
        Suite::from_sources(BTreeMap::from(["login/a", "login/b", "control/a", "control/b", "control/c"].map(|id| {
            let scenario = "purpose: P.\ncovers: [x]\nsteps:\n  - C: NOOP\n  - S: 200\n";
            (format!("{id}.yaml"), scenario.to_owned())
        })))
        .unwrap();
    Rubric::read("r.yaml", text, &any).unwrap_or_else(|faults| panic!("{faults}"))
}

fn case(id: &str, verdict: Verdict) -> Case {
    let place = Place { file: "a.yaml".to_owned(), line: 1, column: 1, width: 1, text: String::new() };
    Case {
        id: id.to_owned(),
        verdict,
        kind: None,
        reason: None,
        purpose: "P.".to_owned(),
        covers: Vec::new(),
        place,
        row: BTreeMap::new(),
        duration: 0,
        findings: Vec::new(),
        events: Vec::new(),
        flaky: false,
        rounds: BTreeMap::new(),
    }
}

fn event(channel: Channel, what: What) -> Event {
    Event { at: 0, step: 0, act: 0, connection: "a".to_owned(), channel, secured: false, what }
}

/// A case that ended in a crash behind this command.
fn crash(id: &str, verb: &str, signal: i32) -> Case {
    let octets = Octets::from(format!("{verb}\r\n").into_bytes());
    let events = vec![
        event(Channel::Control, What::Sent { octets, urgent: false }),
        event(Channel::Subject, What::Exited { code: None, signal: Some(signal), log: Vec::new() }),
    ];
    Case { kind: Some(FailKind::Crash), events, ..case(id, Verdict::Fail) }
}

fn flaky(id: &str, rounds: &[(Verdict, usize)]) -> Case {
    Case { flaky: true, rounds: rounds.iter().copied().collect(), ..case(id, rounds[0].0) }
}

fn because(reason: &str, case: Case) -> Case {
    Case { reason: Some(reason.to_owned()), ..case }
}

fn report(cases: Vec<Case>) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        generator: "g".to_owned(),
        suite: Ran { version: "1".to_owned(), hash: "h".to_owned() },
        subject: Subject {
            name: "s".to_owned(),
            role: "server".to_owned(),
            identity: Vec::new(),
            reached: String::new(),
            claims: Vec::new(),
            timers: BTreeMap::new(),
            user: String::new(),
        },
        profile: "p".to_owned(),
        exact_text: false,
        seed: 0,
        deadline: 10_000,
        timeout_scale: 1.0,
        started: String::new(),
        duration: 0,
        cases,
        requirements: BTreeMap::new(),
        sources: BTreeMap::new(),
        remarks: Vec::new(),
        stale: Vec::new(),
    }
}

fn points(groups: &str, cases: Vec<Case>) -> Score {
    score(&report(cases), &rubric(groups), &[])
}

const TWO: &str =
    "groups:\n  - { name: A, points: 10, scenarios: [login] }\n  - { name: B, points: 5, scenarios: [control] }\n";

#[rstest]
#[case::all(&[Verdict::Pass, Verdict::Pass, Verdict::Pass], "15")]
#[case::a_deviation_is_tolerated(&[Verdict::Pass, Verdict::Deviation, Verdict::Pass], "15")]
#[case::half_a_group(&[Verdict::Fail, Verdict::Pass, Verdict::Pass], "10")]
#[case::blocked_is_lost(&[Verdict::Pass, Verdict::Pass, Verdict::Blocked], "10")]
#[case::skipped_is_lost(&[Verdict::Pass, Verdict::Pass, Verdict::Skipped], "10")]
#[case::known_is_lost(&[Verdict::Pass, Verdict::Pass, Verdict::Known], "10")]
fn groups_share_their_points_out(#[case] verdicts: &[Verdict], #[case] expected: &str) {
    let ids = ["login/a", "login/b", "control/a"];
    let cases = ids.iter().zip(verdicts).map(|(id, verdict)| case(id, *verdict)).collect();
    let score = points(TWO, cases);
    assert_eq!((score.points.to_string().as_str(), score.of.to_string().as_str()), (expected, "15"));
    assert_eq!(score.ungraded, Points::ZERO);
}

#[rstest]
#[case::weights("groups:\n  - { name: A, points: 10, scenarios: [{ match: login/a, weight: 3 }, login] }\n", "7.5")]
#[case::rows_share_one_weight("groups:\n  - { name: A, points: 10, scenarios: [login, control] }\n", "6.67")]
#[case::all("groups:\n  - { name: A, points: 10, all: true, scenarios: [login] }\n", "0")]
#[case::gate("groups:\n  - { name: A, points: 10, gate: [login/b], scenarios: [login] }\n", "0")]
#[case::another_gate("groups:\n  - { name: A, points: 10, gate: [login/a], scenarios: [login] }\n", "5")]
#[case::left_out("groups:\n  - { name: A, points: 10, except: [login/b], scenarios: [login] }\n", "10")]
#[case::on_top("groups:\n  - { name: A, points: 10, extra: true, scenarios: [login] }\n", "5")]
fn a_group_says_how(#[case] groups: &str, #[case] expected: &str) {
    let cases = vec![
        case("login/a", Verdict::Pass),
        case("login/b", Verdict::Fail),
        case("control/a[x=1]", Verdict::Pass),
        case("control/a[x=2]", Verdict::Pass),
    ];
    assert_eq!(points(groups, cases).points.to_string(), expected);
}

#[test]
fn a_deviation_gives_what_the_group_says() {
    let group = "groups:\n  - { name: A, points: 10, deviation: 50%, scenarios: [login] }\n";
    let score = points(group, vec![case("login/a", Verdict::Pass), case("login/b", Verdict::Deviation)]);
    assert_eq!(score.points.to_string(), "7.5");
    assert_eq!(score.groups[0].stopped, None);
}

#[rstest]
#[case::same(&[("login/a", "LIST", 11), ("login/b", "LIST", 11)], "0", 1, "3")]
#[case::another_command(&[("login/a", "LIST", 11), ("login/b", "RETR", 11)], "0", 2, "4")]
#[case::another_signal(&[("login/a", "LIST", 11), ("login/b", "LIST", 13)], "0", 2, "4")]
fn a_crash_is_deducted_once(
    #[case] crashes: &[(&str, &str, i32)],
    #[case] group: &str,
    #[case] causes: usize,
    #[case] taken: &str,
) {
    let crash_each = format!("{TWO}crash: {{ each: 3, most: 4 }}\n");
    let mut cases: Vec<_> = crashes.iter().map(|(id, verb, signal)| crash(id, verb, *signal)).collect();
    cases.push(case("control/a", Verdict::Pass));
    let score = points(&crash_each, cases);
    assert_eq!(score.groups[0].points.to_string(), group);
    assert_eq!(score.deductions.len(), causes);
    assert_eq!(score.deductions.iter().map(|one| one.points).sum::<Points>().to_string(), taken);
}

#[test]
fn a_crash_behind_a_client_that_left_is_of_what_that_client_said() {
    let mut late = crash("control/a", "RETR", 13);
    // The next client was greeted, and spoke, before the end was seen. On another day it is not even greeted.
    let said = Octets::from(b"USER anonymous\r\n".to_vec());
    late.events.insert(1, event(Channel::Control, What::Hung { how: CloseKind::Fin }));
    late.events.insert(2, event(Channel::Control, What::Sent { octets: said, urgent: false }));
    let crash_each = format!("{TWO}crash: {{ each: 3 }}\n");
    let score = points(&crash_each, vec![crash("login/a", "RETR", 13), late]);
    assert_eq!(score.deductions.len(), 1, "{:?}", score.deductions);
}

#[test]
fn a_case_that_meets_the_same_crash_again_is_not_counted() {
    let cases = vec![
        crash("login/a", "LIST", 11),
        case("login/b", Verdict::Pass),
        crash("control/a", "LIST", 11),
        case("control/b", Verdict::Pass),
        case("control/c", Verdict::Fail),
    ];
    let score = points(TWO, cases);
    // Group B is what its two other cases give.
    assert_eq!(score.groups[1].points.to_string(), "2.5");
    assert_eq!(score.groups[1].cases[0].outcome, Outcome::SameCause { told_in: "login/a".to_owned() });
    assert_eq!(score.points.to_string(), "7.5");
}

#[test]
fn a_group_that_shows_nothing_gives_nothing() {
    let cases = vec![crash("login/a", "LIST", 11), case("login/b", Verdict::Pass), crash("control/a", "LIST", 11)];
    let score = points(TWO, cases);
    assert_eq!(score.groups[1].points, Points::ZERO);
    assert_eq!(score.points.to_string(), "5");
}

#[test]
fn one_case_in_two_groups_is_charged_in_both() {
    let groups =
        "groups:\n  - { name: A, points: 10, scenarios: [login] }\n  - { name: B, points: 5, scenarios: [login] }\n";
    let score = points(groups, vec![crash("login/a", "LIST", 11), case("login/b", Verdict::Pass)]);
    assert_eq!(score.points.to_string(), "7.5");
}

#[rstest]
#[case::in_two_of_three(&[(Verdict::Fail, 1), (Verdict::Pass, 2)], "6.67", Outcome::Sometimes { passed: 2, runs: 3 })]
#[case::blocked_is_no_run(&[(Verdict::Fail, 1), (Verdict::Pass, 1), (Verdict::Blocked, 2)], "5", Outcome::Sometimes { passed: 1, runs: 2 })]
#[case::deviates_at_times(&[(Verdict::Deviation, 1), (Verdict::Pass, 1)], "7.5", Outcome::Deviates)]
fn a_verdict_that_changes_gives_its_share(
    #[case] rounds: &[(Verdict, usize)],
    #[case] expected: &str,
    #[case] outcome: Outcome,
) {
    let group = "groups:\n  - { name: A, points: 10, deviation: 50%, scenarios: [login] }\n";
    let score = points(group, vec![flaky("login/a", rounds)]);
    assert_eq!(score.points.to_string(), expected);
    assert_eq!(score.groups[0].cases[0].outcome, outcome);
}

#[test]
fn what_could_not_be_judged_is_no_zero() {
    let cases = vec![
        because("the files could not be laid: no space", case("login/a", Verdict::Inconclusive)),
        case("login/b", Verdict::Pass),
        case("control/a", Verdict::Pass),
    ];
    let score = points(TWO, cases);
    assert_eq!((score.points.to_string().as_str(), score.ungraded.to_string().as_str()), ("10", "5"));
}

#[test]
fn a_server_that_says_421_again_and_again_has_failed() {
    let gone = because("the server closed the service with 421, twice", case("login/a", Verdict::Inconclusive));
    let score = points(TWO, vec![gone, case("control/a", Verdict::Pass)]);
    assert_eq!((score.points.to_string().as_str(), score.ungraded), ("5", Points::ZERO));
}

#[test]
fn what_is_missing_may_be_left_out() {
    let groups = format!("{TWO}missing: left-out\n");
    let skipped = because("the subject does not claim MDTM", case("login/b", Verdict::Skipped));
    let score =
        points(&groups, vec![case("login/a", Verdict::Pass), skipped.clone(), case("control/a", Verdict::Pass)]);
    assert_eq!(score.points.to_string(), "15");
    // What was not run since the time was used up is no part of that.
    let late = Case { reason: Some("not run: its time is used up".to_owned()), ..skipped };
    let score = points(&groups, vec![case("login/a", Verdict::Pass), late, case("control/a", Verdict::Pass)]);
    assert_eq!(score.points.to_string(), "10");
}

#[test]
fn nothing_is_less_than_nothing() {
    let crash_each = format!("{TWO}crash: {{ each: 3 }}\n");
    let score = points(&crash_each, vec![crash("login/a", "LIST", 11), crash("control/a", "RETR", 11)]);
    assert_eq!(score.points, Points::ZERO);
}

#[rstest]
#[case(Some(true), "12", "0")]
#[case(Some(false), "9", "0")]
#[case(None, "10", "3")]
fn checks_give_and_take(#[case] holds: Option<bool>, #[case] expected: &str, #[case] ungraded: &str) {
    let groups = "groups:\n  - { name: A, points: 10, scenarios: [login] }\nchecks:\n  - { name: C, command: \"true\", points: 2 }\n  - { name: D, command: \"true\", points: 1, deducts: true }\n";
    let outcome = CheckOutcome { holds, printed: Vec::new() };
    let score = score(&report(vec![case("login/a", Verdict::Pass)]), &rubric(groups), &[outcome.clone(), outcome]);
    assert_eq!((score.points.to_string().as_str(), score.ungraded.to_string().as_str()), (expected, ungraded));
}

#[test]
fn the_same_input_gives_the_same_score() {
    let cases = vec![crash("login/a", "LIST", 11), flaky("login/b", &[(Verdict::Fail, 1), (Verdict::Pass, 2)])];
    let (report, rubric) = (report(cases), rubric(TWO));
    let first = score(&report, &rubric, &[]);
    assert!((0..10).all(|_| score(&report, &rubric, &[]) == first));
}
