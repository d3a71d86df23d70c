//! What was said, in two lanes on one clock.

use super::case::safe;
use crate::model::{Body, Case, Octets, Report, What};
use crate::render::event::{Speakers, body, channel, described, octets, remark};

/// How many events of a case are shown.
pub(crate) const EVENTS: usize = 300;
/// How many octets of an event are shown.
const OCTETS: usize = 2_048;
/// How many octets of a body are shown that no finding names. Most have no shape, and are long in a page.
const QUIET_OCTETS: usize = 256;
/// How many lines of a log and how many files are shown.
const LINES: usize = 40;

pub(crate) struct EventView {
    pub(crate) number: usize,
    /// Milliseconds with three places.
    pub(crate) at: String,
    pub(crate) step: usize,
    pub(crate) connection: Option<String>,
    pub(crate) who: &'static str,
    pub(crate) lane: &'static str,
    pub(crate) pieces: Vec<Piece>,
    /// Lines below: a log, files.
    pub(crate) lines: Vec<String>,
    /// Whether a finding names it, and leads to it.
    pub(crate) marked: bool,
}

impl EventView {
    /// What is marked out by colours and places. The control connection is what the rows are about, and has no mark of its own: there
    /// are tens of thousands of them in a report.
    pub(crate) fn class(&self) -> Option<String> {
        let lane = (self.lane != "control").then_some(self.lane);
        let classes: Vec<&str> = lane.into_iter().chain(self.marked.then_some("marked")).collect();
        (!classes.is_empty()).then(|| classes.join(" "))
    }
}

/// A part of what was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// Octets that have no shape, by name: `CR LF`, `IAC`, `x80`.
    Octets(String),
    /// Behind a line feed a new line begins.
    Break,
    Remark(String),
}

/// The events of a case, and how many are left out.
pub(crate) fn events(report: &Report, case: &Case) -> (Vec<EventView>, usize) {
    let speakers = Speakers::of(report);
    let views = case.events.iter().take(EVENTS).enumerate().map(|(number, event)| {
        let marked = case.findings.iter().any(|finding| finding.event == Some(number));
        let (who, mut pieces) = if let Some((way, octets)) = octets(&event.what) {
            (speakers.who(way, event.channel), spelled(octets, OCTETS))
        } else if let Some((way, body)) = body(&event.what) {
            (speakers.who(way, event.channel), body_pieces(body, if marked { OCTETS } else { QUIET_OCTETS }))
        } else {
            ("--", vec![Piece::Remark(safe(&remark(&event.what)))])
        };
        if event.secured {
            pieces.insert(0, Piece::Remark("[TLS] ".to_owned()));
        }
        if let What::Sent { urgent: true, .. } = &event.what {
            pieces.push(Piece::Remark("the last octet went as urgent data".to_owned()));
        }
        EventView {
            number,
            at: format!("{}.{:03}", event.at / 1_000, event.at % 1_000),
            step: event.step,
            connection: (event.connection != "a").then(|| safe(&event.connection)),
            who,
            lane: channel(event.channel),
            pieces,
            lines: lines(&event.what),
            marked,
        }
    });
    (views.collect(), case.events.len().saturating_sub(EVENTS))
}

fn body_pieces(body: &Body, most: usize) -> Vec<Piece> {
    let whole = Body { octets: None, ..body.clone() };
    let mut pieces = vec![Piece::Remark(safe(&described(&whole)))];
    if let Some(octets) = body.octets.as_ref().filter(|octets| !octets.is_empty()) {
        pieces.push(Piece::Text(" ".to_owned()));
        pieces.extend(spelled(octets, most));
    }
    pieces
}

fn lines(what: &What) -> Vec<String> {
    let lines: Vec<String> = if let What::Exited { log, .. } = what {
        log.iter().map(|line| safe(line)).collect()
    } else if let What::Files { found } = what {
        found
            .iter()
            .map(|(name, body)| match body {
                Some(body) => safe(&format!("{name}: {} octets", body.length)),
                None => safe(&format!("{name}: a directory")),
            })
            .collect()
    } else {
        Vec::new()
    };
    let more = lines.len().saturating_sub(LINES);
    let mut shown: Vec<String> = lines.into_iter().take(LINES).collect();
    if more > 0 {
        shown.push(format!("({more} more)"));
    }
    shown
}

/// Octets with every one of them to be seen. A Telnet command is named (RFC 854).
fn spelled(octets: &Octets, most: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let shown = octets.as_slice().get(..most).unwrap_or(octets.as_slice());
    let mut after_iac = false;
    for &octet in shown {
        let command = after_iac.then(|| telnet(octet)).flatten();
        after_iac = octet == 255 && !after_iac;
        match command {
            Some(name) => add_name(name.to_owned(), &mut pieces),
            None if matches!(octet, b' '..=b'~') => add_text(char::from(octet), &mut pieces),
            None => add_name(name(octet), &mut pieces),
        }
        if octet == b'\n' {
            pieces.push(Piece::Break);
        }
    }
    // What comes behind the last line is the next row.
    if shown.len() == octets.len() && pieces.last() == Some(&Piece::Break) {
        pieces.pop();
    }
    if shown.len() < octets.len() {
        pieces.push(Piece::Remark(format!("({} more octets)", octets.len() - shown.len())));
    }
    pieces
}

fn add_text(character: char, pieces: &mut Vec<Piece>) {
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(character),
        _ => pieces.push(Piece::Text(character.into())),
    }
}

fn add_name(name: String, pieces: &mut Vec<Piece>) {
    match pieces.last_mut() {
        Some(Piece::Octets(names)) => {
            names.push(' ');
            names.push_str(&name);
        }
        _ => pieces.push(Piece::Octets(name)),
    }
}

fn name(octet: u8) -> String {
    match octet {
        0 => "NUL".to_owned(),
        7 => "BEL".to_owned(),
        8 => "BS".to_owned(),
        b'\t' => "TAB".to_owned(),
        b'\n' => "LF".to_owned(),
        b'\r' => "CR".to_owned(),
        27 => "ESC".to_owned(),
        127 => "DEL".to_owned(),
        255 => "IAC".to_owned(),
        _ => format!("x{octet:02x}"),
    }
}

/// The name of a Telnet command after IAC.
const fn telnet(octet: u8) -> Option<&'static str> {
    match octet {
        240 => Some("SE"),
        241 => Some("NOP"),
        242 => Some("DM"),
        243 => Some("BRK"),
        244 => Some("IP"),
        245 => Some("AO"),
        246 => Some("AYT"),
        247 => Some("EC"),
        248 => Some("EL"),
        249 => Some("GA"),
        250 => Some("SB"),
        251 => Some("WILL"),
        252 => Some("WONT"),
        253 => Some("DO"),
        254 => Some("DONT"),
        255 => Some("IAC"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn written(octets: &[u8]) -> String {
        let pieces = spelled(&Octets::from(octets), OCTETS).into_iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Octets(names) => format!("<{names}>"),
            Piece::Break => "\n".to_owned(),
            Piece::Remark(remark) => remark,
        });
        pieces.collect()
    }

    #[rstest]
    #[case(b"220 hi\r\n", "220 hi<CR LF>")]
    #[case(b"211-a\r\n\n211 b\r\n", "211-a<CR LF>\n<LF>\n211 b<CR LF>")]
    #[case(b"\xff\xf4\xff\xf2ABOR\r\n", "<IAC IP IAC DM>ABOR<CR LF>")]
    #[case(b"a\xff\xffb\xff\xfb\x01", "a<IAC IAC>b<IAC WILL x01>")]
    #[case(b"\xf4\0\x1b\x80\xffA", "<xf4 NUL ESC x80 IAC>A")]
    fn octets_are_spelled(#[case] octets: &[u8], #[case] text: &str) {
        assert_eq!(written(octets), text);
    }

    #[test]
    fn long_transcripts_are_cut() {
        let mut report = crate::read(include_bytes!("../../../gallery/clean.json")).unwrap();
        let mut case = report.cases.remove(0);
        let event = case.events[0].clone();
        case.events = vec![event; EVENTS + 7];
        let (shown, left_out) = events(&report, &case);
        assert_eq!((shown.len(), left_out), (EVENTS, 7));
        report.cases = vec![case];
        let page = String::from_utf8(crate::render::html::render(&report).unwrap()).unwrap();
        assert!(page.contains("7 more events are not shown here"), "{page}");
    }

    #[test]
    fn long_events_are_cut() {
        let text = written(&[b'x'; OCTETS + 3]);
        assert_eq!(text, format!("{}(3 more octets)", "x".repeat(OCTETS)));
    }
}
