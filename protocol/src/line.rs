//! Lines of the control connection, read incrementally.
//!
//! RFC 959 §5.3 ends a command with the Telnet end of line, CR LF; RFC 1123 §4.1.2.10 forbids to
//! take the boundaries of reads for ends of lines. [`LineReader`] is fed whatever a read returned,
//! takes out the Telnet sequences, and hands out what is complete.
//!
//! Tolerance: a LF without a CR ends a line too. Many hand-written clients send it, and no legal
//! command contains a LF. `CR NUL` is a CR that is part of the text (RFC 854, RFC 2640 §3.1); a CR
//! before anything else stays in the line, for the parser of the command to refuse.

use crate::telnet::{Function, Heard, IAC, Telnet};

/// The longest line a reader takes unless told otherwise: a long path, and room for its command.
pub const DEFAULT_LIMIT: usize = 8 * 1024;

/// Something complete that arrived on the control connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A line without its end.
    Line(Vec<u8>),
    /// A line is longer than the limit. Said once, as soon as it is known; the rest of that line is skipped.
    TooLong {
        /// The line as far as the limit.
        start: Vec<u8>,
    },
    /// A Telnet function.
    Function(Function),
    /// These octets refuse an option the peer asked for, and are to be sent to the peer.
    Refusal([u8; 3]),
}

/// Reads lines out of the octets of a control connection.
///
/// ```
/// use protocol::line::{LineReader, Received};
///
/// let mut reader = LineReader::default();
/// let mut read: &[u8] = b"USER anony";
/// assert_eq!(reader.take(&mut read), None);
/// let mut read: &[u8] = b"mous\r\nNOOP\r\n";
/// assert_eq!(reader.take(&mut read), Some(Received::Line(b"USER anonymous".to_vec())));
/// assert_eq!(read, b"NOOP\r\n");
/// assert_eq!(reader.take(&mut read), Some(Received::Line(b"NOOP".to_vec())));
/// assert_eq!(reader.take(&mut read), None);
/// ```
#[derive(Debug, Clone)]
pub struct LineReader {
    telnet: Telnet,
    line: Vec<u8>,
    limit: usize,
    after_cr: bool,
    skipping: bool,
}

impl Default for LineReader {
    fn default() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }
}

impl LineReader {
    /// A reader of lines of at most `limit` octets, the end of line not counted.
    pub fn with_limit(limit: usize) -> Self {
        Self { telnet: Telnet::default(), line: Vec::new(), limit, after_cr: false, skipping: false }
    }

    /// Takes octets from the front of `octets` until something is complete. What is left in
    /// `octets` is for the next call. `None` means that all was taken and more must be read.
    pub fn take(&mut self, octets: &mut &[u8]) -> Option<Received> {
        loop {
            self.take_plain(octets);
            let (&octet, rest) = octets.split_first()?;
            let received = match self.telnet.hear(octet) {
                None => None,
                Some(Heard::Data(octet)) => self.data(octet),
                Some(Heard::Function(function)) => Some(Received::Function(function)),
                Some(Heard::Refusal(refusal)) => Some(Received::Refusal(refusal)),
            };
            *octets = rest;
            if received.is_some() {
                return received;
            }
        }
    }

    /// Whether a line has begun and is not complete: the peer that closes now closed in its middle.
    pub fn is_within_line(&self) -> bool {
        !self.line.is_empty() || self.after_cr || self.skipping || !self.telnet.is_between_sequences()
    }

    /// The fast path: a run of octets that can be neither an end of line nor Telnet.
    fn take_plain(&mut self, octets: &mut &[u8]) {
        if self.after_cr || !self.telnet.is_between_sequences() {
            return;
        }
        let run = octets.iter().position(|&octet| matches!(octet, b'\r' | b'\n' | IAC)).unwrap_or(octets.len());
        let room = if self.skipping { run } else { self.limit.saturating_sub(self.line.len()) };
        let (plain, rest) = octets.split_at(run.min(room));
        if !self.skipping {
            self.line.extend_from_slice(plain);
        }
        *octets = rest;
    }

    fn data(&mut self, octet: u8) -> Option<Received> {
        let after_cr = std::mem::take(&mut self.after_cr);
        match octet {
            b'\n' => {
                let line = std::mem::take(&mut self.line);
                let skipped = std::mem::take(&mut self.skipping);
                (!skipped).then_some(Received::Line(line))
            }
            0 if after_cr => self.keep(b"\r"),
            b'\r' => {
                self.after_cr = true;
                if after_cr { self.keep(b"\r") } else { None }
            }
            octet if after_cr => self.keep(&[b'\r', octet]),
            octet => self.keep(&[octet]),
        }
    }

    fn keep(&mut self, octets: &[u8]) -> Option<Received> {
        if self.skipping {
            return None;
        }
        if self.line.len() + octets.len() > self.limit {
            self.skipping = true;
            return Some(Received::TooLong { start: std::mem::take(&mut self.line) });
        }
        self.line.extend_from_slice(octets);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn line(text: &[u8]) -> Received {
        Received::Line(text.to_vec())
    }

    fn read_in_pieces(limit: usize, octets: &[u8], size: usize) -> Vec<Received> {
        let mut reader = LineReader::with_limit(limit);
        let mut all = Vec::new();
        for mut piece in octets.chunks(size) {
            while let Some(received) = reader.take(&mut piece) {
                all.push(received);
            }
        }
        all
    }

    #[rstest]
    #[case::two_in_one_read(b"NOOP\r\nQUIT\r\n", vec![line(b"NOOP"), line(b"QUIT")])]
    #[case::bare_lf(b"NOOP\nQUIT\n", vec![line(b"NOOP"), line(b"QUIT")])]
    #[case::empty_line(b"\r\n\n", vec![line(b""), line(b"")])]
    #[case::cr_nul_is_cr(b"RETR a\r\0b\r\n", vec![line(b"RETR a\rb")])]
    #[case::bare_cr_stays(b"RETR a\rb\r\n", vec![line(b"RETR a\rb")])]
    #[case::cr_cr_lf(b"A\r\r\n", vec![line(b"A\r")])]
    #[case::nul_stays(b"RETR a\0b\r\n", vec![line(b"RETR a\0b")])]
    #[case::doubled_iac_is_data(b"RETR \xff\xff\r\n", vec![line(b"RETR \xff")])]
    #[case::telnet_inside_the_end_of_line(b"NOOP\r\xff\xf1\n", vec![Received::Function(Function::NoOperation), line(b"NOOP")])]
    #[case::abort_with_synch(b"\xff\xf4\xff\xf2ABOR\r\n",
        vec![Received::Function(Function::InterruptProcess), Received::Function(Function::DataMark), line(b"ABOR")])]
    #[case::refused_option(b"\xff\xfd\x03NOOP\r\n", vec![Received::Refusal([255, 252, 3]), line(b"NOOP")])]
    #[case::incomplete(b"NOOP", vec![])]
    fn lines(#[case] octets: &[u8], #[case] received: Vec<Received>, #[values(1, 2, 3, 100)] size: usize) {
        assert_eq!(read_in_pieces(DEFAULT_LIMIT, octets, size), received);
    }

    #[rstest]
    #[case::at_the_limit(b"12345\r\nx\n", vec![line(b"12345"), line(b"x")])]
    #[case::over_it(b"1234567890\r\nx\n", vec![Received::TooLong { start: b"12345".to_vec() }, line(b"x")])]
    #[case::a_cr_is_one_too_many(b"12345\r\0\r\nx\n", vec![Received::TooLong { start: b"12345".to_vec() }, line(b"x")])]
    #[case::functions_are_heard_while_skipping(b"1234567\xff\xf48\r\n",
        vec![Received::TooLong { start: b"12345".to_vec() }, Received::Function(Function::InterruptProcess)])]
    fn limit(#[case] octets: &[u8], #[case] received: Vec<Received>, #[values(1, 2, 3, 100)] size: usize) {
        assert_eq!(read_in_pieces(5, octets, size), received);
    }

    #[test]
    fn knows_whether_a_line_has_begun() {
        let mut reader = LineReader::default();
        assert!(!reader.is_within_line());
        assert_eq!(reader.take(&mut &b"N"[..]), None);
        assert!(reader.is_within_line());
        assert_eq!(reader.take(&mut &b"\n"[..]), Some(line(b"N")));
        assert!(!reader.is_within_line());
    }

    proptest! {
        /// RFC 1123 §4.1.2.10: where reads end says nothing.
        #[test]
        fn the_boundaries_of_reads_say_nothing(
            octets in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\r\n\0a\xff\xf4\xfa\xf0\xfd"[..])], 0..200),
            size in 1_usize..20,
        ) {
            let whole = read_in_pieces(8, &octets, octets.len().max(1));
            prop_assert_eq!(read_in_pieces(8, &octets, size), whole);
        }
    }
}
