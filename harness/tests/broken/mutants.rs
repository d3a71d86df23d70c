//! `ftpspec prove`: mutants of all kinds are killed, and what is wrong with a proof is said.

use std::path::Path;

use assert_cmd::Command;
use harness::run::prove::without_row;
use harness::scenario::{Sources, Suite, mutants};
use serde_json::Value;

/// One of each kind of rule, none of which takes long.
const KINDS: [&str; 14] = [
    "control/greeting-200",
    "control/verbs-in-capitals",
    "control/first-line-of-a-segment",
    "control/quit-stays",
    "data/pasv-listens-late",
    "data/retr-cut",
    "data/stor-appends",
    "deletion/deletes-nothing",
    "extended/epsv-without-delimiters",
    "framing/lf-only",
    "framing/type-250-again",
    "login/mkd-without-login",
    "rename/stale",
    "telnet/nop-closes",
];

/// The same for clients: one of each way to be another one.
const CLIENTS: [&str; 16] = [
    "clients/active/takes-anybody",
    "clients/feat/host-late",
    "clients/listings/climbs",
    "clients/listings/small-facts",
    "clients/names/latin-1",
    "clients/passive/believes-227",
    "clients/passive/prefers-port",
    "clients/session/before-the-greeting",
    "clients/session/first-reply-of-a-segment",
    "clients/session/needs-cr-lf",
    "clients/session/segments-are-replies",
    "clients/session/shows-the-password",
    "clients/tls/falls-back",
    "clients/tls/takes-clear-data",
    "clients/transfer/150-is-enough",
    "clients/transfer/resets-at-the-end",
];

fn prove(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ftpspec"));
    let output = command.arg("prove").args(arguments).env("NO_COLOR", "1").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn mutant(folder: &Path, name: &str, rules: &str) {
    let text = format!(
        "about: A trial.\nsource: this test\nkills: rfc959/control/noop\nfor: rfc959-4.1.3-noop\naxis: reply\n{rules}"
    );
    std::fs::create_dir_all(folder.join("trial")).unwrap();
    std::fs::write(folder.join("trial").join(format!("{name}.yaml")), text).unwrap();
}

#[test]
fn mutants_of_all_kinds_are_killed_and_the_control_run_is_green() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proof.json");
    let arguments = [&KINDS[..], &["--report", file.to_str().unwrap()]].concat();
    let (code, said) = prove(&arguments);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Mutants   14 of 14 killed as they say"), "{said}");
    let proof: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&proof["holds"], &proof["strange"]), (&Value::Bool(true), &Value::Array(Vec::new())));
    let mutants = proof["mutants"].as_array().unwrap();
    let greeting = mutants.iter().find(|mutant| mutant["id"] == "control/greeting-200").unwrap();
    let finding = &greeting["red"]["rfc959/control/greeting"]["findings"][0];
    assert_eq!((&finding["axis"], &finding["requirement"]), (&"reply".into(), &"rfc959-5.4-greeting-220".into()));
}

#[test]
fn clients_of_all_kinds_are_killed_and_the_control_run_is_green() {
    let (code, said) = prove(&CLIENTS);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Mutants   16 of 16 killed as they say") && said.contains(", 0 strange"), "{said}");
}

/// What lies between a client and its witness changes nothing by itself, and a client that is asked nothing else is the same.
#[test]
fn a_client_without_a_fault_lives() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("trial")).unwrap();
    let text = "about: A trial.\nsource: this test\nkills: clients/session/conversation\n\
                for: rfc959-5.3.1-client-command-syntax\naxis: command\n\
                rules: [{ on: TYPE, says: FEAT, where: 559, code: 500 }]\nclient: { mode: passive }\n";
    std::fs::write(folder.path().join("trial/same.yaml"), text).unwrap();
    let (code, said) = prove(&["trial/same", "--mutants", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("LIVES: trial/same") && said.matches("but it is pass").count() == 6, "{said}");
}

/// Rules that break nothing change no verdict: the relay is fair, and the suite forgives what the texts allow.
#[test]
fn a_mutant_without_a_fault_lives() {
    let folder = tempfile::tempdir().unwrap();
    mutant(folder.path(), "split", "rules: [{ on: any, to: each, split: 1 }, { on: greeting, split: 1 }]\n");
    let (code, said) = prove(&["trial/split", "--mutants", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("LIVES: trial/split") && said.contains("but it is pass"), "{said}");
    assert!(said.contains("nothing of "), "{said}");
}

/// RFC 7151 §3.3: behind a HOST that is refused a server may close. So it may where a stranger has said something in clear behind
/// AUTH.
const CLOSING: [(&str, &str); 4] = [
    (
        "rfc7151/host/refused-changes-nothing[name=no-such-host.invalid]",
        "{ on: HOST no-such-host.invalid, close: fin }",
    ),
    (
        "rfc7151/host/refused-changes-nothing[name=a..b]",
        "{ on: { command: USER, since: HOST }, reply: 421 Bye., close: fin }",
    ),
    ("rfc7151/tls/other-name", "{ on: HOST two.ftpspec.test, close: fin }"),
    (
        "rfc4217/auth/drops-what-waits",
        "{ on: { command: NOOP, after: AUTH }, forward: nothing, times: never, close: fin }",
    ),
];

#[test]
fn a_server_that_may_close_is_not_killed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("trial")).unwrap();
    for (at, (kills, rule)) in CLOSING.iter().enumerate() {
        let text = format!(
            "about: A trial.\nsource: this test\nkills: {kills}\n\
             for: rfc7151-3.3-host-error-ignored-or-closed\naxis: lifecycle\nrules: [{rule}]\n"
        );
        std::fs::write(folder.path().join(format!("trial/closes-{at}.yaml")), text).unwrap();
    }
    let trials = ["trial/closes-0", "trial/closes-1", "trial/closes-2", "trial/closes-3"];
    let (code, said) = prove(&[&trials[..], &["--mutants", folder.path().to_str().unwrap()]].concat());
    assert_eq!((code, said.matches("but it is pass").count()), (1, CLOSING.len()), "{said}");
}

#[test]
fn a_mutant_that_is_killed_for_another_reason_lives() {
    let folder = tempfile::tempdir().unwrap();
    mutant(folder.path(), "silent", "rules: [{ on: NOOP, times: never, close: fin }]\n");
    let (code, said) = prove(&["trial/silent", "--mutants", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("fail by rfc959-4.2-every-command-replied on the axis lifecycle"), "{said}");
}

#[test]
fn a_scenario_that_nothing_turns_red_is_unproven() {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = folder.path().join("mine");
    std::fs::create_dir_all(&scenarios).unwrap();
    let text = "purpose: Nothing can be wrong.\ncovers: [rfc959-4.1.3-noop]\ngiven: [logged-in]\nsteps:\n  \
                - C: NOOP\n  - S: 1yz | 2yz | 3yz | 4yz | 5yz\n";
    std::fs::write(scenarios.join("vain.yaml"), text).unwrap();
    let (code, said) = prove(&["mine/vain", "--scenarios", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("UNPROVEN: nothing turned mine/vain red"), "{said}");
}

#[test]
fn a_wrong_mutant_is_an_error_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    mutant(folder.path(), "wrong", "rules: [{ on: NOOP, cod: 250 }]\n");
    let (code, said) = prove(&["--mutants", folder.path().to_str().unwrap()]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("unknown key \"cod\"\n --> trial/wrong.yaml:6:21\n"), "{said}");
    assert!(said.contains("did you mean \"code\"?"), "{said}");
    let (code, said) = prove(&["nothing/like-it"]);
    assert!(code == 2 && said.contains("no scenario matches \"nothing/like-it\""), "{said}");
}

#[test]
fn every_mutant_that_is_carried_is_sound() {
    let suite = Suite::embedded().unwrap();
    let carried = mutants(Sources::mutants(), &suite).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(carried.len() >= 150, "{}", carried.len());
    // A mutant is known by its sentence: no two have the same fault for the same scenario.
    let mut seen = std::collections::BTreeSet::new();
    for mutant in &carried {
        assert!(seen.insert((&mutant.about, &mutant.kills.value)), "{} is there twice", mutant.id);
        assert!(mutant.about.ends_with('.'), "{}: {}", mutant.id, mutant.about);
    }
    let named = |file: &str| carried.iter().any(|mutant| without_row(&mutant.kills.value) == file);
    let errands = suite.scenarios().iter().filter(|scenario| scenario.errand.is_some());
    let clients: std::collections::BTreeSet<_> = errands.map(|scenario| without_row(&scenario.id)).collect();
    assert!(clients.len() >= 150, "{}", clients.len());
    let unnamed: Vec<_> = clients.into_iter().filter(|file| !named(file)).collect();
    assert!(unnamed.is_empty(), "no mutant names {unnamed:?}");
}
