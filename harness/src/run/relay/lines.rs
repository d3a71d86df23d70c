//! The octets of a client, cut into Telnet commands and command lines.

use crate::scenario::rule::Segments;

/// A longer line is passed on in pieces.
const LONGEST: usize = 64 * 1024;

/// What a client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// Telnet commands before a line.
    Telnet(Said),
    /// A line with its end.
    Line(Said),
    /// A piece of a line that is longer than is kept.
    Piece(Said),
}

/// Octets, and which of them came as urgent data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) octets: Vec<u8>,
    pub(super) urgent: Option<usize>,
}

impl From<Vec<u8>> for Said {
    fn from(octets: Vec<u8>) -> Self {
        Self { octets, urgent: None }
    }
}

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommandLine {
    pub(super) octets: Vec<u8>,
    /// In capitals.
    pub(super) verb: String,
    pub(super) argument: Vec<u8>,
    /// Whether a letter of the verb is small.
    pub(super) small: bool,
    /// The octet that came as urgent data.
    pub(super) urgent: Option<usize>,
}

/// Cuts the octets of a client.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pending: Vec<u8>,
    /// Where in it the urgent octet stands.
    urgent: Option<usize>,
    misread: Option<Segments>,
}

impl Lines {
    pub(super) fn new(misread: Option<Segments>) -> Self {
        Self { misread, ..Self::default() }
    }

    /// Takes what one read gave, and the place of its urgent octet.
    pub(super) fn feed(&mut self, segment: &[u8], urgent: Option<usize>) -> Vec<Heard> {
        match self.misread {
            None | Some(Segments::InBand | Segments::AreReplies | Segments::FirstReply | Segments::CrLf) => {
                let urgent = urgent.filter(|_| self.misread != Some(Segments::InBand));
                self.urgent = urgent.map(|at| self.pending.len() + at).or(self.urgent);
                self.pending.extend_from_slice(segment);
            }
            Some(Segments::FirstLine) => {
                let end = segment.iter().position(|octet| *octet == b'\n').map_or(segment.len(), |at| at + 1);
                self.pending.extend_from_slice(segment.get(..end).unwrap_or_default());
            }
            Some(Segments::AreCommands) => {
                let text = segment.trim_ascii_end().iter().copied().filter(|octet| *octet != b'\r');
                let one_line: Vec<u8> = text.map(|octet| if octet == b'\n' { b' ' } else { octet }).collect();
                return vec![Heard::Line([one_line.as_slice(), b"\r\n"].concat().into())];
            }
        }
        let mut heard = Vec::new();
        while let Some(next) = self.next() {
            heard.push(next);
        }
        heard
    }

    /// What has no end.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pending)
    }

    fn next(&mut self) -> Option<Heard> {
        let telnet = telnet_length(&self.pending);
        if telnet > 0 {
            return Some(Heard::Telnet(self.first(telnet)));
        }
        match self.pending.iter().position(|octet| *octet == b'\n') {
            Some(at) => Some(Heard::Line(self.first(at + 1))),
            None if self.pending.len() > LONGEST => Some(Heard::Piece(self.first(self.pending.len()))),
            None => None,
        }
    }

    /// Takes so many octets out.
    fn first(&mut self, length: usize) -> Said {
        let octets = self.pending.drain(..length).collect();
        let urgent = self.urgent.take_if(|at| *at < length);
        self.urgent = self.urgent.map(|at| at - length);
        Said { octets, urgent }
    }
}

/// How many octets at the beginning are whole Telnet commands (RFC 854). IAC IAC is an octet of text.
fn telnet_length(octets: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length += match octets.get(length..).unwrap_or_default() {
            [255, 251..=254, _, ..] => 3,
            [255, 240..=250, ..] => 2,
            _ => return length,
        };
    }
}

impl CommandLine {
    pub(super) fn new(octets: Vec<u8>) -> Self {
        let text = octets.strip_suffix(b"\n").unwrap_or(&octets);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let begin = text.iter().position(u8::is_ascii_alphabetic).unwrap_or(text.len());
        let text = text.get(begin..).unwrap_or_default();
        let letters = text.iter().take_while(|octet| octet.is_ascii_alphanumeric()).count();
        let (verb, rest) = text.split_at(letters);
        let argument = rest.strip_prefix(b" ").unwrap_or(rest).to_vec();
        let small = verb.iter().any(u8::is_ascii_lowercase);
        let verb = String::from_utf8_lossy(verb).to_ascii_uppercase();
        Self { octets, verb, argument, small, urgent: None }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn telnet_and_lines_are_cut() {
        let mut lines = Lines::default();
        assert_eq!(lines.feed(b"\xff\xf4\xff", None), [Heard::Telnet(b"\xff\xf4".to_vec().into())]);
        let heard = lines.feed(b"\xf2ABOR\r\nNO", Some(0));
        let mark = Said { octets: b"\xff\xf2".to_vec(), urgent: Some(1) };
        assert_eq!(heard, [Heard::Telnet(mark), Heard::Line(b"ABOR\r\n".to_vec().into())]);
        assert_eq!(lines.rest(), b"NO");
    }

    #[test]
    fn an_urgent_octet_keeps_its_place() {
        let mut lines = Lines::default();
        assert_eq!(lines.feed(b"NO", None), []);
        assert_eq!(lines.feed(b"OP", Some(0)), []);
        let heard = lines.feed(b"\r\nPWD\r\n", None);
        let noop = Said { octets: b"NOOP\r\n".to_vec(), urgent: Some(2) };
        assert_eq!(heard, [Heard::Line(noop), Heard::Line(b"PWD\r\n".to_vec().into())]);
        let heard = Lines::new(Some(Segments::InBand)).feed(b"\xff\xf2", Some(1));
        assert_eq!(heard, [Heard::Telnet(b"\xff\xf2".to_vec().into())]);
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let mut lines = Lines::default();
        let pieces = (0..100).flat_map(|_| lines.feed(&[b'x'; 8192], None)).count();
        assert!(pieces > 8, "{pieces}");
        assert!(lines.rest().len() <= LONGEST);
    }

    #[rstest]
    #[case(Segments::FirstLine, b"A\r\nB\r\n", b"A\r\n")]
    #[case(Segments::AreCommands, b"NO", b"NO\r\n")]
    #[case(Segments::AreCommands, b"A\r\nB\r\n", b"A B\r\n")]
    fn misread(#[case] how: Segments, #[case] segment: &[u8], #[case] expected: &[u8]) {
        let heard = Lines::new(Some(how)).feed(segment, None);
        assert_eq!(heard, [Heard::Line(expected.to_vec().into())]);
    }

    #[rstest]
    #[case(b"RETR a b\r\n", "RETR", b"a b")]
    #[case(b"noop\n", "NOOP", b"")]
    #[case(b"\xff\xf1Pwd\r\n", "PWD", b"")]
    #[case(b"\r\n", "", b"")]
    fn verbs(#[case] line: &[u8], #[case] verb: &str, #[case] argument: &[u8]) {
        let line = CommandLine::new(line.to_vec());
        assert_eq!((line.verb.as_str(), line.argument.as_slice()), (verb, argument));
    }
}
