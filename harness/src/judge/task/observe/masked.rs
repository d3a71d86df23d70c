//! Transcripts without passwords: what stands behind PASS, ACCT and ADAT is `****`, wherever the line was cut.

use std::collections::BTreeMap;

use reports::model::{Channel, Event, Octets, What};

/// What stands for a password.
const MASK: &[u8] = b"****";
/// The verbs with a secret, and the space behind them.
const SECRET: [&[u8]; 3] = [b"PASS ", b"ACCT ", b"ADAT "];

/// The events, with what the client said in secret left out.
pub(super) fn masked(mut events: Vec<Event>) -> Vec<Event> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for event in &mut events {
        if let (Channel::Control, What::Received { octets }) = (event.channel, &mut event.what) {
            let line = lines.entry(event.connection.clone()).or_default();
            *octets = Octets::from(line.masked(octets.as_slice()));
        }
    }
    events
}

/// A line on its way.
#[derive(Debug, Default)]
struct Line {
    /// Its first octets, from the first letter on: as many as a verb and its space have.
    begin: Vec<u8>,
    is_told: bool,
}

impl Line {
    fn masked(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(octets.len());
        for octet in octets {
            if matches!(octet, b'\r' | b'\n') {
                *self = Self::default();
            } else if self.is_secret() {
                if !std::mem::replace(&mut self.is_told, true) {
                    shown.extend_from_slice(MASK);
                }
                continue;
            } else if self.begin.len() < 5 && (octet.is_ascii_alphabetic() || !self.begin.is_empty()) {
                self.begin.push(octet.to_ascii_uppercase());
            }
            shown.push(*octet);
        }
        shown
    }

    fn is_secret(&self) -> bool {
        SECRET.contains(&self.begin.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["PASS secret\r\nPWD\r\n"], "PASS ****\r\nPWD\r\n")]
    #[case(&["pa", "ss se", "cr", "et\r", "\nNOOP\r\n"], "pass ****\r\nNOOP\r\n")]
    #[case(&["PASS \r\n"], "PASS \r\n")]
    #[case(&["PASSIVE x\r\n"], "PASSIVE x\r\n")]
    #[case(&["\u{1}PASS a\n"], "\u{1}PASS ****\n")]
    #[case(&["ACCT a b\r\n"], "ACCT ****\r\n")]
    #[case(&["USER PASS x\r\n"], "USER PASS x\r\n")]
    fn no_password_is_left(#[case] pieces: &[&str], #[case] expected: &str) {
        let event = |text: &&str| Event {
            at: 0,
            step: 0,
            act: 0,
            connection: "a".to_owned(),
            channel: Channel::Control,
            secured: false,
            what: What::Received { octets: Octets::from(text.as_bytes()) },
        };
        let shown = masked(pieces.iter().map(event).collect());
        let octets = shown.iter().filter_map(|event| {
            if let What::Received { octets } = &event.what { Some(octets.as_slice().to_vec()) } else { None }
        });
        assert_eq!(String::from_utf8(octets.flatten().collect()).unwrap(), expected);
    }
}
