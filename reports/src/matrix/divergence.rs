//! Where implementations first answer the same line differently.
//!
//! Each played the same scenario. Up to some line they answered with the same codes; that line, and what each said to it, is what a
//! reader wants to see. Behind it they are in different states, so nothing more is compared.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::{Case, Channel, Report, What};

/// The greeting is answered to nothing that was said.
const GREETING: &str = "(the greeting)";
/// How much of a line is kept.
const CHARACTERS: usize = 100;

/// A line that implementations answer differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// The line, in the first case.
    pub line: String,
    /// What each column says to it; none where it did not come so far.
    pub answers: Vec<Option<Answer>>,
    /// The cases in which they part here.
    pub cases: Vec<String>,
}

/// What was said to a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The codes of the replies, as `150 226`; `nothing` where none came, and then perhaps `closed`.
    pub codes: String,
    /// The first reply, without its code.
    pub text: String,
}

/// A line and its answer.
#[derive(Debug, PartialEq, Eq)]
struct Exchange {
    /// The step of the scenario, which is what makes two lines the same: what they say may hold a port or a name made up.
    step: usize,
    line: String,
    answer: Answer,
}

/// Where these reports part, most frequent first. Lines with the same verb and the same codes are one.
pub(super) fn divergences(reports: &[Report]) -> Vec<Divergence> {
    let by_id: Vec<BTreeMap<&str, &Case>> =
        reports.iter().map(|report| report.cases.iter().map(|case| (case.id.as_str(), case)).collect()).collect();
    let ids: BTreeSet<&str> = by_id.iter().flat_map(|cases| cases.keys().copied()).collect();
    let mut found: BTreeMap<(String, Vec<Option<String>>), Divergence> = BTreeMap::new();
    for id in ids {
        let exchanges: Vec<Vec<Exchange>> =
            by_id.iter().map(|cases| cases.get(id).map(|case| exchanges(case)).unwrap_or_default()).collect();
        let Some((line, answers)) = parting(exchanges) else { continue };
        let codes = answers.iter().map(|answer| answer.as_ref().map(|answer| answer.codes.clone())).collect();
        let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let divergence = found.entry((verb, codes)).or_insert_with(|| Divergence { line, answers, cases: Vec::new() });
        divergence.cases.push(id.to_owned());
    }
    let mut found: Vec<Divergence> = found.into_values().collect();
    found.sort_by(|a, b| b.cases.len().cmp(&a.cases.len()).then_with(|| a.line.cmp(&b.line)));
    found
}

/// The first line with different answers, and these.
fn parting(all: Vec<Vec<Exchange>>) -> Option<(String, Vec<Option<Answer>>)> {
    let mut all: Vec<_> = all.into_iter().map(Vec::into_iter).collect();
    loop {
        let nexts: Vec<Option<Exchange>> = all.iter_mut().map(Iterator::next).collect();
        let step = nexts.iter().flatten().map(|exchange| exchange.step).min()?;
        // Who is at another step already has parted in what it was asked, which is for the scenario to say.
        let here: Vec<Option<Exchange>> =
            nexts.into_iter().map(|next| next.filter(|exchange| exchange.step == step)).collect();
        let codes: BTreeSet<&str> = here.iter().flatten().map(|exchange| exchange.answer.codes.as_str()).collect();
        if codes.len() > 1 {
            let line = here.iter().flatten().next().map(|exchange| exchange.line.clone())?;
            return Some((line, here.into_iter().map(|exchange| exchange.map(|exchange| exchange.answer)).collect()));
        }
        if here.iter().flatten().count() < 2 {
            return None;
        }
    }
}

/// What was said on the first control connection, and what was answered.
fn exchanges(case: &Case) -> Vec<Exchange> {
    let first = case.events.first().map(|event| event.connection.as_str());
    let mut exchanges: Vec<(usize, Vec<u8>, Vec<u8>)> = Vec::new();
    let mut is_closed = false;
    for event in &case.events {
        if event.channel != Channel::Control || Some(event.connection.as_str()) != first {
            continue;
        }
        if let What::Sent { octets, .. } = &event.what {
            match exchanges.last_mut() {
                // A line that goes in pieces is one line.
                Some((step, line, answer)) if *step == event.step && answer.is_empty() => {
                    line.extend_from_slice(octets.as_slice());
                }
                _ => exchanges.push((event.step, octets.as_slice().to_vec(), Vec::new())),
            }
        } else if let What::Received { octets } = &event.what {
            match exchanges.last_mut() {
                Some((_, _, answer)) => answer.extend_from_slice(octets.as_slice()),
                None => exchanges.push((event.step, Vec::new(), octets.as_slice().to_vec())),
            }
        } else if matches!(event.what, What::Closed { .. }) {
            is_closed = true;
        }
    }
    let last = exchanges.len().saturating_sub(1);
    let read = |(number, (step, line, answer)): (usize, (usize, Vec<u8>, Vec<u8>))| {
        let line = if line.is_empty() { GREETING.to_owned() } else { said(&line) };
        Exchange { step, line, answer: answered(&answer, is_closed && number == last) }
    };
    exchanges.into_iter().enumerate().map(read).collect()
}

fn said(line: &[u8]) -> String {
    shortened(String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']))
}

/// A line may be as long as its peer likes.
fn shortened(text: &str) -> String {
    let kept: String = text.chars().take(CHARACTERS).collect();
    if kept.len() < text.len() { kept + "…" } else { kept }
}

/// The last lines of the replies: three digits and a space, or nothing behind them (RFC 959 §4.2).
fn answered(octets: &[u8], is_closed: bool) -> Answer {
    let text = String::from_utf8_lossy(octets);
    let is_last = |line: &&str| {
        let (code, rest) = line.as_bytes().split_at_checked(3).unwrap_or_default();
        !code.is_empty() && code.iter().all(u8::is_ascii_digit) && matches!(rest, [] | [b' ', ..])
    };
    let lasts: Vec<&str> = text.lines().map(str::trim_end).filter(is_last).collect();
    let codes: Vec<&str> = lasts.iter().filter_map(|line| line.get(..3)).collect();
    let mut codes = if codes.is_empty() { "nothing".to_owned() } else { codes.join(" ") };
    if is_closed && lasts.is_empty() {
        codes.push_str(", closed");
    }
    let text = lasts.first().and_then(|line| line.get(4..)).unwrap_or_default();
    Answer { codes, text: shortened(text) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{CloseKind, Event, Octets};

    fn report(said: &[(usize, &str, &str)], is_closed: bool) -> Report {
        let mut report = crate::read(include_bytes!("../../gallery/clean.json")).unwrap();
        let mut case = report.cases.remove(0);
        let event = |step, what| {
            let connection = "a".to_owned();
            Event { at: 0, step, act: 0, connection, channel: Channel::Control, secured: false, what }
        };
        let octets = |text: &str| Octets::from(text.as_bytes());
        case.events.clear();
        for (step, line, answer) in said {
            if !line.is_empty() {
                case.events.push(event(*step, What::Sent { octets: octets(line), urgent: false }));
            }
            // A reply may come in two reads.
            let (head, tail) = answer.split_at(answer.len() / 2);
            case.events.extend([head, tail].map(|part| event(*step, What::Received { octets: octets(part) })));
        }
        if is_closed {
            case.events.push(event(9, What::Closed { how: CloseKind::Fin }));
        }
        report.cases = vec![case];
        report
    }

    #[rstest]
    #[case::alike(&[(0, "", "220 hi\r\n"), (1, "NOOP\r\n", "200 a\r\n")], &[(0, "", "220 ho\r\n"), (1, "NOOP\r\n", "200 b\r\n")], None)]
    #[case::greeting(&[(0, "", "220 hi\r\n")], &[(0, "", "120 soon\r\n220 hi\r\n")], Some(("(the greeting)", "220", "120 220")))]
    #[case::later(
        &[(0, "", "220 hi\r\n"), (1, "NOOP\r\n", "200 a\r\n"), (2, "QUIT\r\n", "221 b\r\n")],
        &[(0, "", "220-a\r\n220 b\r\n"), (1, "NOOP\r\n", "500 b\r\n"), (2, "QUIT\r\n", "200 b\r\n")],
        Some(("NOOP", "200", "500"))
    )]
    #[case::ports_differ(&[(1, "PORT 1\r\n", "200 a\r\n"), (2, "X\r\n", "500\r\n")], &[(1, "PORT 2\r\n", "200 a\r\n"), (2, "X\r\n", "")], Some(("X", "500", "nothing")))]
    #[case::steps_differ(&[(1, "A\r\n", "200 a\r\n"), (2, "X\r\n", "500 a\r\n")], &[(1, "A\r\n", "200 a\r\n"), (3, "Y\r\n", "200 a\r\n")], None)]
    fn where_they_part(
        #[case] one: &[(usize, &str, &str)],
        #[case] other: &[(usize, &str, &str)],
        #[case] expected: Option<(&str, &str, &str)>,
    ) {
        let found = divergences(&[report(one, false), report(other, false)]);
        let shown: Vec<_> = found
            .iter()
            .map(|found| {
                let code = |at: usize| found.answers[at].as_ref().map(|answer| answer.codes.as_str()).unwrap();
                (found.line.as_str(), code(0), code(1))
            })
            .collect();
        assert_eq!(shown, expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn who_closes_without_a_word_is_told_so() {
        let found = divergences(&[report(&[(1, "X\r\n", "")], true), report(&[(1, "X\r\n", "200 ok\r\n")], true)]);
        let answers: Vec<_> = found[0].answers.iter().flatten().map(|answer| answer.codes.as_str()).collect();
        assert_eq!(answers, ["nothing, closed", "200"]);
        assert_eq!(found[0].answers[1].as_ref().map(|answer| answer.text.as_str()), Some("ok"));
    }

    #[test]
    fn a_line_in_pieces_is_one_and_a_long_one_is_cut() {
        let pieces = |code| {
            let mut report = report(&[(1, "NO", ""), (1, "OP", code)], false);
            report.cases[0]
                .events
                .retain(|event| !matches!(&event.what, What::Received { octets } if octets.is_empty()));
            report
        };
        assert_eq!(divergences(&[pieces("200 a\r\n"), pieces("500 b\r\n")])[0].line, "NOOP");
        let long = |code: &str| report(&[(1, &"x".repeat(500), &format!("{code} {}\r\n", "y".repeat(500)))], false);
        let found = divergences(&[long("200"), long("500")]);
        assert_eq!(found[0].line, "x".repeat(100) + "…");
        assert_eq!(found[0].answers[0].as_ref().map(|answer| answer.text.chars().count()), Some(101));
    }

    #[test]
    fn a_third_that_did_not_come_so_far_says_nothing() {
        let here = |code| report(&[(0, "", "220 a\r\n"), (1, "NOOP\r\n", code)], false);
        let found = divergences(&[here("200 a\r\n"), here("500 a\r\n"), report(&[(0, "", "220 a\r\n")], false)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].answers[2].is_none());
    }
}
