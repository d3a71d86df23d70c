//! What a file alone does not show to be wrong: names that other files define, captures, length.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalogue::Said;
use super::diagnostic::{Diagnostic, nearest};
use super::load::{References, Suite};
use super::tree::{
    Action, Data, Entries, Expect, FactPattern, FactValue, Piece, ReadUse, Scenario, Sent, SentBody, Span, Step,
    Template,
};

/// More lines are more than one purpose. An assignment's whole example session may have them.
const MAX_LINES: usize = 40;
/// Names that are always bound, with the subject's own values.
pub(crate) const BUILT_IN: [&str; 2] = ["user", "password"];
/// Names that are bound to the subject's own values where a scenario needs the claim beside them.
pub(crate) const OF_ACCOUNTS: [(&str, [&str; 3]); 2] = [
    ("account-to-log-in", ["log-in-user", "log-in-password", "log-in-account"]),
    ("account-to-store", ["store-user", "store-password", "store-account"]),
];
/// What a text may name although nothing binds it: six numbers (RFC 959 §4.1.2, 227).
const IN_TEXTS: &str = "host-port";

/// Everything that is wrong between the files of a suite, and in the order of the steps.
pub(crate) fn suite(suite: &Suite, references: References) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for given in suite.givens().values() {
        captures(suite, given, &mut faults);
        if references == References::Checked {
            if !suite.sources().came_along(&given.file) {
                tested_by(suite, given, &mut faults);
            }
            requirements(suite, given, &mut faults);
        }
    }
    for scenario in suite.scenarios() {
        captures(suite, scenario, &mut faults);
        if references == References::Checked {
            requirements(suite, scenario, &mut faults);
            match &scenario.recorded {
                Some(place) if !suite.sources().is_apart(&scenario.file) => {
                    let message =
                        "a scenario that was recorded is part of no suite: it asks for what one server answered";
                    let help = "keep it elsewhere; here, say covers and what the requirements ask for";
                    faults.push(Diagnostic::new(place.clone(), &scenario.source, message).help(help));
                }
                Some(_) => {}
                None => length(scenario, &mut faults),
            }
            if !suite.sources().is_loose(&scenario.file) {
                named(scenario, &mut faults);
            }
        }
    }
    if references == References::Checked {
        covered_and_filed(suite, &mut faults);
        disputes(suite, &mut faults);
    }
    faults
}

/// A requirement that scenarios cover is not filed too: one of the two is out of date. A scenario that somebody adds
/// on disk says nothing about the catalogue in the program.
fn covered_and_filed(suite: &Suite, faults: &mut Vec<Diagnostic>) {
    let from_disk = |file: &str| suite.sources().is_from_disk(file);
    let mut covering = BTreeMap::new();
    for scenario in suite.scenarios() {
        for id in scenario.requirements() {
            covering.entry((id, from_disk(&scenario.file))).or_insert(scenario.id.as_str());
        }
    }
    for requirement in suite.catalogue().iter() {
        let Some(filed) = requirement.filed.as_ref().filter(|filed| filed.said == Said::OfTheEntry) else { continue };
        let Some(scenario) = covering.get(&(requirement.id.as_str(), from_disk(&filed.span.file))) else { continue };
        let source = suite.source(&filed.span.file).unwrap_or_default();
        let message = format!("{} is filed as {}, and {scenario} covers it", requirement.id, filed.kind);
        let fault = Diagnostic::new(filed.span.clone(), source, message);
        faults.push(fault.help("take the line with filed: out, or the id out of the scenario"));
    }
}

fn requirements(suite: &Suite, scenario: &Scenario, faults: &mut Vec<Diagnostic>) {
    let covered = scenario.covers.iter().map(|covered| (&covered.value, covered.span.clone()));
    let measured = scenario.steps.iter().chain(&scenario.finally).filter_map(|step| {
        let id = step.requirement.as_ref()?;
        Some((id, place(scenario, id, step.span.line.saturating_sub(1))))
    });
    for (id, span) in covered.chain(measured) {
        if suite.requirement(id).is_none() {
            faults.push(unknown_requirement(suite, id, span, &scenario.source));
        }
    }
}

fn unknown_requirement(suite: &Suite, id: &str, span: Span, source: &str) -> Diagnostic {
    let fault = Diagnostic::new(span, source, format!("unknown requirement \"{id}\""));
    fault.help(match nearest(id, suite.catalogue().iter().map(|known| known.id.as_str())) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "the requirements stand in scenarios/requirements".to_owned(),
    })
}

/// The requirements of disputed questions exist, and so do the questions and readings that profiles take.
fn disputes(suite: &Suite, faults: &mut Vec<Diagnostic>) {
    for id in suite.readings().iter().flat_map(|question| &question.requirements) {
        if suite.requirement(&id.value).is_none() {
            let source = suite.source(&id.span.file).unwrap_or_default();
            faults.push(unknown_requirement(suite, &id.value, id.span.clone(), source));
        }
    }
    for profile in suite.profiles().values() {
        let source = suite.source(&profile.file).unwrap_or_default();
        for (question, answer) in &profile.readings {
            let found = suite.readings().question(question);
            if found.is_some_and(|found| found.answer(&answer.value).is_some()) {
                continue;
            }
            let (what, word, known): (_, _, Vec<_>) = match found {
                None => ("question", question, suite.readings().iter().map(|known| known.id.as_str()).collect()),
                Some(found) => ("answer", &answer.value, found.answers.iter().map(|known| known.id.as_str()).collect()),
            };
            let fault = Diagnostic::new(answer.span.clone(), source, format!("unknown {what} \"{word}\""));
            faults.push(match nearest(word, known.iter().copied()) {
                Some(near) => fault.help(format!("did you mean \"{near}\"?")),
                None => fault.help("the questions and their answers stand in scenarios/readings.yaml"),
            });
        }
    }
}

fn tested_by(suite: &Suite, given: &Scenario, faults: &mut Vec<Diagnostic>) {
    let Some(test) = &given.tested_by else { return };
    if suite.select(&[test.as_str()]).is_ok() {
        return;
    }
    let fault = Diagnostic::new(place(given, test, 1), &given.source, format!("there is no scenario \"{test}\""));
    let near = nearest(test, suite.scenarios().iter().map(|scenario| scenario.id.as_str()));
    faults.push(match near {
        Some(near) => fault.help(format!("did you mean \"{near}\"?")),
        None => fault.help("tested-by is the id of a scenario: its path without .yaml"),
    });
}

/// Where a word stands in a scenario, at this line or below.
fn place(scenario: &Scenario, word: &str, line: usize) -> Span {
    let mut below = scenario.source.lines().enumerate().skip(line.saturating_sub(1));
    let found = below.find_map(|(index, text)| Some((index + 1, text.get(..text.find(word)?)?.chars().count() + 1)));
    let (line, column) = found.unwrap_or((1, 1));
    Span { file: Arc::clone(&scenario.file), line, column, width: word.chars().count().max(1) }
}

fn length(scenario: &Scenario, faults: &mut Vec<Diagnostic>) {
    let lines = scenario.source.lines().count();
    if lines > MAX_LINES && !scenario.file.starts_with("assignments/") {
        let span = Span { file: Arc::clone(&scenario.file), line: MAX_LINES + 1, column: 1, width: 1 };
        let message = format!("the scenario has {lines} lines, and at most {MAX_LINES} are one purpose");
        faults.push(
            Diagnostic::new(span, &scenario.source, message)
                .help("make it two scenarios, or a given state and a scenario"),
        );
    }
}

/// The id is the path, and people type it.
fn named(scenario: &Scenario, faults: &mut Vec<Diagnostic>) {
    let path = scenario.file.strip_suffix(".yaml").unwrap_or(&scenario.file);
    let typed = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'.');
    if path.split('/').all(|name| !name.is_empty() && name.bytes().all(typed)) {
        return;
    }
    let span = Span { file: Arc::clone(&scenario.file), line: 1, column: 1, width: 1 };
    let fault = Diagnostic::new(
        span,
        &scenario.source,
        format!("the file's name \"{path}\" is the id, and cannot be typed easily"),
    );
    faults.push(fault.help("small letters, digits and hyphens: rfc959/rename/rnto-without-rnfr.yaml"));
}

/// Every name is bound before it is used.
fn captures(suite: &Suite, scenario: &Scenario, faults: &mut Vec<Diagnostic>) {
    if scenario.given.iter().any(|name| suite.given(&name.value).is_none()) {
        // What is wrong with that state is said where it stands; it may bind any name.
        return;
    }
    let needed = |claim: &str| scenario.needs.iter().any(|need| need.value == claim);
    let accounts = OF_ACCOUNTS.into_iter().filter(|(claim, _)| needed(claim)).flat_map(|(_, names)| names);
    let mut bound = Names { bound: BUILT_IN.into_iter().chain(accounts).collect(), unbound: Vec::new() };
    for given in scenario.given.iter().filter_map(|name| suite.given(&name.value)) {
        given.steps.iter().for_each(|step| bound.step(step));
    }
    // What a given state lacks is said once, where it stands.
    bound.unbound.clear();
    scenario.steps.iter().chain(&scenario.finally).for_each(|step| bound.step(step));
    for (name, span) in bound.unbound {
        let fault =
            Diagnostic::new(span.clone(), &scenario.source, format!("nothing has bound {{{name}}} before this step"));
        if let Some((claim, _)) = OF_ACCOUNTS.iter().find(|(_, names)| names.contains(&name)) {
            faults.push(fault.help(format!("it is the subject's: write needs: [{claim}]")));
            continue;
        }
        if bound.bound.contains(name) {
            faults.push(fault.help("it is bound later; a name is bound first and used then"));
            continue;
        }
        faults.push(match nearest(name, bound.bound.iter().copied()) {
            Some(near) => fault.help(format!("did you mean {{{near}}}?")),
            None => fault.help("bind it with capture in an earlier S; a brace itself is written {{"),
        });
    }
}

struct Names<'a> {
    bound: BTreeSet<&'a str>,
    unbound: Vec<(&'a str, &'a Span)>,
}

impl<'a> Names<'a> {
    fn step(&mut self, step: &'a Step) {
        match &step.action {
            Action::Say(say) => say.segments.iter().for_each(|segment| self.used(segment, &step.span)),
            Action::Expect(expect) => self.expect(expect),
            Action::Data(Data::Open { reply: Some(reply), .. }) => self.text(&reply.value),
            Action::Data(Data::ServerSends(sent)) => self.sent(sent),
            Action::Unpredictable(ports) => {
                let missing: Vec<_> = ports.iter().filter(|port| !self.bound.contains(port.value.as_str())).collect();
                self.unbound.extend(missing.into_iter().map(|port| (port.value.as_str(), &port.span)));
            }
            Action::Login
            | Action::Data(_)
            | Action::Silence { .. }
            | Action::Tls(_)
            | Action::Closed(_)
            | Action::MayClose
            | Action::HangUp(_)
            | Action::Switch(_) => {}
        }
    }

    fn sent(&mut self, sent: &'a Sent) {
        match &sent.body {
            SentBody::Entries(entries) => self.entries(entries),
            SentBody::Length(length) => self.used(&length.value, &length.span),
            SentBody::Behind { marker, .. } if !self.bound.contains(marker.value.as_str()) => {
                self.unbound.push((marker.value.as_str(), &marker.span));
            }
            SentBody::Behind { .. }
            | SentBody::Content(_)
            | SentBody::RestOf(_)
            | SentBody::Names(_)
            | SentBody::Mentions(..)
            | SentBody::Anything => {}
        }
        self.bound.extend(sent.marker.as_deref());
    }

    fn expect(&mut self, expect: &'a Expect) {
        if let Some(text) = &expect.text {
            self.text(&text.value);
        }
        for part in expect.contains.iter().chain(&expect.says).chain(&expect.language) {
            self.used(&part.value, &part.span);
        }
        for read in &expect.reads {
            match &read.use_ {
                ReadUse::Bind(name) => drop(self.bound.insert(name)),
                ReadUse::Equal(value) | ReadUse::Differ(value) => self.used(value, &read.span),
            }
        }
        if let Some(entry) = &expect.entry {
            entry.name.iter().for_each(|name| self.text(name));
            self.facts(&entry.facts);
            entry.only.iter().for_each(|only| self.used(&only.value, &only.span));
        }
    }

    fn entries(&mut self, entries: &'a Entries) {
        entries.contents.values().for_each(|facts| self.facts(facts));
        entries.only.iter().for_each(|only| self.used(&only.value, &only.span));
        entries.listed.iter().chain(&entries.parent).for_each(|name| self.text(&name.value));
    }

    fn facts(&mut self, facts: &'a [FactPattern]) {
        for fact in facts {
            match &fact.value {
                FactValue::Is(value) => self.text(value),
                FactValue::Differs(value) => self.used(value, &fact.span),
            }
        }
    }

    /// A text binds the names that are not bound yet.
    fn text(&mut self, template: &'a Template) {
        self.bound.extend(names(template).filter(|name| *name != IN_TEXTS));
    }

    fn used(&mut self, template: &'a Template, span: &'a Span) {
        let missing: Vec<_> = names(template).filter(|name| !self.bound.contains(name)).collect();
        self.unbound.extend(missing.into_iter().map(|name| (name, span)));
    }
}

fn names(template: &Template) -> impl Iterator<Item = &str> {
    template.0.iter().filter_map(|piece| match piece {
        Piece::Capture(name) => Some(name.as_str()),
        Piece::Octets(_) => None,
    })
}
