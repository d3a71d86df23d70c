//! Which scenarios the profiles have run.

use std::collections::BTreeSet;

use harness::scenario::spoken::Spoken;
use harness::scenario::{Diagnostics, Suite};
use rstest::rstest;

/// The ids that a profile selects, without rows.
fn selected(profile: &str) -> Result<BTreeSet<String>, Diagnostics> {
    let suite = Suite::embedded()?;
    let Some(profile) = suite.profiles().get(profile) else { return Ok(BTreeSet::new()) };
    let chosen = suite.scenarios().iter().filter(|scenario| profile.selects(&suite, scenario));
    Ok(chosen.map(|scenario| scenario.id.split('[').next().unwrap_or_default().to_owned()).collect())
}

#[rstest]
fn these_select_everything_but_the_sentences_of_assignments(#[values("rfc1123", "strict", "lenient")] profile: &str) {
    let suite = Suite::embedded().unwrap();
    let chosen = &suite.profiles()[profile];
    for scenario in suite.scenarios() {
        let is_of_assignment = scenario.id.starts_with("assignments/") && scenario.id.matches('/').count() > 2;
        assert_eq!(chosen.selects(&suite, scenario), !is_of_assignment, "{}", scenario.id);
    }
}

#[rstest]
#[case("rfc959-minimum", &["rfc959/control/greeting", "rfc959/control/noop", "rfc959/transfer/port"])]
#[case("ssast", &["assignments/ssast/example-session", "rfc959/control/syst", "rfc959/directories/list", "rfc959/errors/unknown-verb"])]
fn what_is_asked_for_is_in(#[case] profile: &str, #[case] ids: &[&str]) {
    let selected = selected(profile).unwrap();
    for id in ids {
        assert!(selected.contains(*id), "{id} of {selected:?}");
    }
}

#[rstest]
#[case("rfc959-minimum", &["rfc959/rename/rnto-without-rnfr", "rfc959/transfer/pasv", "rfc1123/parameters/type-image", "rfc2577/login/unknown-user-hidden"])]
#[case("ssast", &["rfc959/rename/rnto-without-rnfr", "rfc959/deletion/delete", "rfc959/transfer/append", "rfc2428/epsv/retrieve"])]
fn what_is_not_asked_for_is_out(#[case] profile: &str, #[case] ids: &[&str]) {
    let selected = selected(profile).unwrap();
    for id in ids {
        assert!(!selected.contains(*id), "{id} of {selected:?}");
    }
}

#[test]
fn the_minimum_says_nothing_but_its_commands() {
    let suite = Suite::embedded().unwrap();
    let profile = &suite.profiles()["rfc959-minimum"];
    let chosen: Vec<_> = suite.scenarios().iter().filter(|scenario| profile.selects(&suite, scenario)).collect();
    assert!(chosen.len() > 20, "{}", chosen.len());
    let verbs = ["USER", "PASS", "QUIT", "PORT", "TYPE", "MODE", "STRU", "RETR", "STOR", "NOOP"];
    for scenario in chosen {
        let said = Spoken::of([scenario]).verbs;
        assert!(said.iter().all(|verb| verbs.contains(&verb.as_str())), "{}: {said:?}", scenario.id);
    }
}
