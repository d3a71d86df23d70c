//! From the cases to a report: one cause is one finding, and what is known is said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reports::model::{
    Case, Event, Finding, Octets, Report, RequirementText, SCHEMA, Subject as Shown, Suite as ShownSuite, Verdict, What,
};

use super::case::{Ran, given_of, judged, judged_server, worst};
use super::known::{Excused, excuse};
use super::recorder::millis;
use super::rounds::Rounds;
use super::task::TELLS_FAILURE;
use super::{Options, STRETCHES};
use crate::judge::again::{Again, at_once};
use crate::judge::grade::Scale;
use crate::judge::task::PASSWORD_SHOWN;
use crate::judge::{Facts, client, play, task};
use crate::scenario::{Profile, Suite};
use crate::subject::{Accounts, Role, Subject};

/// The report of a run. Its times are left to the caller.
pub(super) fn report(
    suite: &Suite,
    subject: &Subject,
    options: &Options,
    claims: &BTreeSet<String>,
    rounds: Rounds,
) -> Report {
    let identity = rounds.identity.clone();
    let mut cases = rounds.into_cases();
    let Excused { remarks, stale } = excuse(suite, subject, &options.baseline, &mut cases);
    hide(&subject.login.password, &mut cases);
    subject.accounts.passwords().for_each(|password| hide(password, &mut cases));
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        generator: format!("ftpspec {}", env!("CARGO_PKG_VERSION")),
        suite: ShownSuite { version: env!("CARGO_PKG_VERSION").to_owned(), hash: suite.hash() },
        subject: shown(subject, identity, claims),
        profile: options.profile.name.clone(),
        exact_text: options.exact_text,
        seed: options.order.seed(),
        deadline: millis(options.reply),
        timeout_scale: options.stretch,
        started: String::new(),
        duration: 0,
        cases,
        requirements: BTreeMap::new(),
        sources: BTreeMap::new(),
        remarks,
        stale,
    };
    quote(suite, &mut report);
    report
}

/// The report of sessions that nobody scripted. Its times are left to the caller.
pub fn observed(suite: &Suite, profile: &Profile, reached: String, cases: Vec<Case>) -> Report {
    let subject = Shown {
        name: "observed-client".to_owned(),
        role: "client".to_owned(),
        identity: Vec::new(),
        reached,
        claims: Vec::new(),
        timers: BTreeMap::new(),
        user: String::new(),
    };
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        generator: format!("ftpspec {}", env!("CARGO_PKG_VERSION")),
        suite: ShownSuite { version: env!("CARGO_PKG_VERSION").to_owned(), hash: suite.hash() },
        subject,
        profile: profile.name.clone(),
        exact_text: false,
        seed: 0,
        deadline: millis(super::REPLY),
        timeout_scale: 1.0,
        started: String::new(),
        duration: 0,
        cases,
        requirements: BTreeMap::new(),
        sources: BTreeMap::new(),
        remarks: Vec::new(),
        stale: Vec::new(),
    };
    quote(suite, &mut report);
    report
}

fn shown(subject: &Subject, identity: Vec<String>, claims: &BTreeSet<String>) -> Shown {
    Shown {
        name: subject.name.clone(),
        role: if subject.role == Role::Server { "server" } else { "client" }.to_owned(),
        identity,
        reached: subject.reached(),
        claims: claims.iter().cloned().collect(),
        timers: subject.timers.iter().map(|(name, time)| (name.clone(), millis(*time))).collect(),
        user: subject.login.user.clone(),
    }
}

/// Transcripts are shown around: a password does not stand in them.
fn hide(password: &str, cases: &mut [Case]) {
    if password.is_empty() {
        return;
    }
    for case in cases {
        for event in &mut case.events {
            if let What::Exited { log, .. } = &mut event.what
                && password.len() >= TELLING
            {
                for line in log {
                    *line = line.replace(password, PASSWORD_SHOWN);
                }
            }
            if let What::Sent { octets, .. } | What::Received { octets } = &mut event.what
                && let Some(hidden) = hidden(password, octets.as_slice())
            {
                *octets = Octets::from(hidden);
            }
        }
        for finding in &mut case.findings {
            for text in [&mut finding.expected, &mut finding.received].into_iter().flatten() {
                if let Some(hidden) = hidden(password, text.as_bytes()) {
                    *text = String::from_utf8_lossy(&hidden).into_owned();
                }
            }
        }
    }
}

/// The octets with `****` for the password, if it stands behind PASS on a line of them.
fn hidden(password: &str, octets: &[u8]) -> Option<Vec<u8>> {
    let password = password.as_bytes();
    let mut shown = Vec::with_capacity(octets.len());
    let mut found = false;
    for line in octets.split_inclusive(|octet| matches!(octet, b'\r' | b'\n')) {
        let verb = line.windows(VERB.len()).position(|window| window.eq_ignore_ascii_case(VERB));
        let (before, mut rest) = line.split_at(verb.map_or(line.len(), |at| at + VERB.len()));
        shown.extend_from_slice(before);
        while let Some(at) = rest.windows(password.len()).position(|window| window == password) {
            let (kept, behind) = rest.split_at(at);
            shown.extend_from_slice(kept);
            shown.extend_from_slice(HIDDEN);
            rest = behind.get(password.len()..).unwrap_or_default();
            found = true;
        }
        shown.extend_from_slice(rest);
    }
    found.then_some(shown)
}

const VERB: &[u8] = b"PASS ";
/// A shorter password may stand in what is printed by chance.
const TELLING: usize = 6;

/// What stands for a password.
const HIDDEN: &[u8] = b"****";

/// Puts the requirements and sources into a report that its cases name.
fn quote(suite: &Suite, report: &mut Report) {
    for case in &report.cases {
        let found = case.findings.iter().filter_map(|finding| finding.requirement.as_ref());
        for id in case.covers.iter().chain(found) {
            if let Some(requirement) = suite.requirement(id) {
                let text = RequirementText {
                    specification: requirement.specification.clone(),
                    section: requirement.section.clone(),
                    level: requirement.level.to_string(),
                    text: requirement.text.clone(),
                };
                report.requirements.insert(id.clone(), text);
            }
        }
        if case.events.is_empty() {
            continue;
        }
        let Some(scenario) = suite.scenario(&case.id) else { continue };
        for part in given_of(suite, scenario).into_iter().chain([scenario]) {
            if let Some(source) = suite.source(&part.file) {
                report.sources.insert(part.file.to_string(), source.to_owned());
            }
        }
    }
}

/// The requirement and the words of a statement: the same for the same cause.
type Cause = (Option<String>, String);

/// The form of replies and the reply to PASV are judged in every case. What has one cause is said once: in the case that
/// covers the requirement if it saw it, else in the first that did.
pub(super) fn one_cause_one_finding(ran: Vec<Ran>) -> Vec<Case> {
    let mut sightings: BTreeMap<Cause, Vec<(usize, Finding)>> = BTreeMap::new();
    let mut cases = Vec::with_capacity(ran.len());
    for (at, ran) in ran.into_iter().enumerate() {
        for finding in ran.framing {
            sightings.entry((finding.requirement.clone(), finding.message.clone())).or_default().push((at, finding));
        }
        cases.push(ran.case);
    }
    for ((requirement, _), seen) in sightings {
        let covers =
            |at: usize| cases.get(at).is_some_and(|case| case.covers.iter().any(|id| Some(id) == requirement.as_ref()));
        let judged =
            |at: usize| cases.get(at).is_some_and(|case| !matches!(case.verdict, Verdict::Skipped | Verdict::Blocked));
        let home = seen
            .iter()
            .position(|(at, _)| covers(*at) && judged(*at))
            .or_else(|| seen.iter().position(|(at, _)| judged(*at)))
            .or_else(|| seen.iter().position(|(at, _)| covers(*at)))
            .unwrap_or_default();
        let also: Vec<_> = seen
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != home)
            .filter_map(|(_, (at, _))| Some(cases.get(*at)?.id.clone()))
            .collect();
        if let Some((at, finding)) = seen.into_iter().nth(home)
            && let Some(case) = cases.get_mut(at)
        {
            case.findings.push(Finding { also, ..finding });
            case.findings.sort_by_key(|finding| finding.event);
            let verdict = worst(&case.findings);
            // A case that could not be judged otherwise is judged by what it saw.
            let unjudged = matches!(case.verdict, Verdict::Blocked | Verdict::Skipped) && verdict == Verdict::Fail;
            if verdict > case.verdict && case.verdict <= Verdict::Fail || unjudged {
                case.verdict = verdict;
                case.reason = None;
            }
        }
    }
    cases
}

/// Judges the cases of a report again, from what was said.
pub fn again(suite: &Suite, report: &Report) -> Report {
    let profile = suite.profiles().get(&report.profile).cloned().unwrap_or_else(Profile::usual);
    let facts = Facts {
        user: report.subject.user.clone(),
        password: String::new(),
        accounts: Accounts::default().named(),
        after_login: Vec::new(),
        timers: report.subject.timers.iter().map(|(name, time)| (name.clone(), Duration::from_millis(*time))).collect(),
        exact_text: report.exact_text,
        reply: Duration::from_millis(report.deadline),
        scale: Scale::of(&profile, suite),
        greeting: Duration::from_millis(report.deadline),
        longest: super::LONGEST,
        // A report is read from a file, and a stretch of nonsense must not end the program.
        tells_failure: report.subject.claims.iter().any(|claim| claim == TELLS_FAILURE),
        stretch: if STRETCHES.contains(&report.timeout_scale) { report.timeout_scale } else { 1.0 },
    };
    let role = if report.subject.role == "client" { Role::Client } else { Role::Server };
    let ran = report.cases.iter().map(|case| case_again(suite, role, &facts, case)).collect();
    let mut cases = one_cause_one_finding(ran);
    for (case, before) in cases.iter_mut().zip(&report.cases) {
        case.flaky = before.flaky;
        case.rounds.clone_from(&before.rounds);
        // What is known stands in the subject's file, which a report does not carry.
        if case.verdict == Verdict::Fail && before.verdict == Verdict::Known {
            case.verdict = Verdict::Known;
            case.reason.clone_from(&before.reason);
        }
    }
    let mut again = Report { cases, ..report.clone() };
    quote(suite, &mut again);
    again
}

fn case_again(suite: &Suite, role: Role, facts: &Facts, case: &Case) -> Ran {
    let as_it_was = || Ran { case: case.clone(), framing: Vec::new(), identity: Vec::new(), short: None };
    let Some(scenario) = suite.scenario(&case.id).filter(|_| !case.events.is_empty()) else { return as_it_was() };
    let given = given_of(suite, scenario);
    let mut stage = Again::new(&case.events);
    let played = if scenario.errand.is_some() {
        at_once(task::play(scenario, suite.catalogue(), facts, &mut stage))
    } else if role == Role::Client {
        let facts = Facts { password: password_again(case), ..facts.clone() };
        at_once(client::play(scenario, &given, suite.catalogue(), &facts, &mut stage))
    } else {
        at_once(play(scenario, &given, suite.catalogue(), facts, &mut stage))
    };
    let Some(played) = played else { return as_it_was() };
    let judge = if role == Role::Client { judged } else { judged_server };
    let mut ran = judge(scenario, played);
    ran.case.events.clone_from(&case.events);
    ran.case.duration = case.duration;
    ran
}

/// The password as it stands in a transcript, where a client was told to say it.
fn password_again(case: &Case) -> String {
    let said = |event: &Event| {
        let (What::Sent { octets, .. } | What::Received { octets }) = &event.what else { return false };
        octets.as_slice().windows(HIDDEN.len()).any(|window| window == HIDDEN)
    };
    if case.events.iter().any(said) { String::from_utf8_lossy(HIDDEN).into_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::hidden;

    #[rstest]
    #[case("PASS secret\r\n", Some("PASS ****\r\n"))]
    #[case("pass \"secret\" secret\r\n", Some("pass \"****\" ****\r\n"))]
    #[case("USER a\r\nPASS secret\r\nNOOP\r\n", Some("USER a\r\nPASS ****\r\nNOOP\r\n"))]
    #[case("C PASS secret\n", Some("C PASS ****\n"))]
    #[case("CWD secret\r\n", None)]
    #[case("PASS other\r\nCWD secret\r\n", None)]
    fn a_password_behind_pass_is_hidden(#[case] said: &str, #[case] shown: Option<&str>) {
        let hidden = hidden("secret", said.as_bytes()).map(|octets| String::from_utf8(octets).unwrap());
        assert_eq!(hidden.as_deref(), shown);
    }

    #[test]
    fn a_flood_of_verbs_is_read_once() {
        assert_eq!(hidden("secret", &b"PASS ".repeat(100_000)), None);
    }
}
