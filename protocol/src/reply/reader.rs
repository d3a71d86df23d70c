//! Reads replies out of the octets of a control connection, for a user process.

use thiserror::Error;

use super::{Code, Reply};
use crate::line::{LineReader, Received};

/// The most octets of one reply that are kept, over all its lines.
const DEFAULT_LIMIT: usize = 256 * 1024;

/// An incremental reader of replies.
///
/// A reply of several lines ends at a line with its own code and a space (RFC 959 §4.2), or, tolerated,
/// with its own code and nothing else. Lines between may look like anything. Of a reply longer than the
/// limit the excess inner lines are dropped and its end is still found, as RFC 1123 §4.1.2.11 asks.
///
/// ```
/// use protocol::ReplyReader;
///
/// let mut reader = ReplyReader::default();
/// let mut read: &[u8] = b"123-First line\r\nSecond line\r\n  234 A line beginning with numbers\r\n123 The last line\r\n";
/// let reply = reader.take(&mut read).unwrap().unwrap();
/// assert_eq!(reply.code().number(), 123);
/// assert_eq!(reply.lines().len(), 4);
/// assert_eq!(reply.text(), b"First line");
/// ```
#[derive(Debug, Clone)]
pub struct ReplyReader {
    lines: LineReader,
    /// The reply of several lines whose end has not come.
    open: Option<Reply>,
    kept: usize,
    limit: usize,
    refusals: Vec<u8>,
}

impl Default for ReplyReader {
    fn default() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }
}

impl ReplyReader {
    /// A reader that keeps at most about `limit` octets of one reply.
    pub fn with_limit(limit: usize) -> Self {
        Self { lines: LineReader::default(), open: None, kept: 0, limit, refusals: Vec::new() }
    }

    /// Takes octets from the front of `octets` until a reply is complete. What is left in `octets` is for
    /// the next call. `None` means that all was taken and more must be read.
    ///
    /// # Errors
    /// When a line stands where a reply must begin and does not begin with a code.
    pub fn take(&mut self, octets: &mut &[u8]) -> Option<Result<Reply, ReplyError>> {
        loop {
            let line = match self.lines.take(octets)? {
                Received::Line(line) | Received::TooLong { start: line } => line,
                Received::Refusal(refusal) => {
                    self.refusals.extend_from_slice(&refusal);
                    continue;
                }
                // None of them asks anything of a user process.
                Received::Function(_) => continue,
            };
            if let Some(result) = self.line(line) {
                return Some(result);
            }
        }
    }

    /// The octets that refuse the Telnet options the server asked for; to be sent to it. Take them after
    /// each read, for they are kept until then.
    pub fn take_refusals(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.refusals)
    }

    /// Whether a reply has begun and is not complete.
    pub fn is_within_reply(&self) -> bool {
        self.open.is_some() || self.lines.is_within_line()
    }

    fn line(&mut self, line: Vec<u8>) -> Option<Result<Reply, ReplyError>> {
        let Some(mut reply) = self.open.take() else { return self.first_line(line) };
        let is_last = Code::at_start_of(&line) == Some(reply.code) && matches!(line.get(3), None | Some(b' '));
        if is_last || self.kept + line.len() <= self.limit {
            self.kept += line.len();
            reply.lines.push(line);
        }
        if is_last {
            return Some(Ok(reply));
        }
        self.open = Some(reply);
        None
    }

    fn first_line(&mut self, line: Vec<u8>) -> Option<Result<Reply, ReplyError>> {
        let Some(code) = Code::at_start_of(&line) else { return Some(Err(ReplyError { line })) };
        match line.get(3) {
            None | Some(b' ') => Some(Ok(Reply { code, lines: vec![line] })),
            Some(b'-') => {
                self.kept = line.len();
                self.open = Some(Reply { code, lines: vec![line] });
                None
            }
            Some(_) => Some(Err(ReplyError { line })),
        }
    }
}

/// A line that is no reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the server said \"{}\", which is no reply: a reply begins with three digits and a space or hyphen", .line.escape_ascii())]
pub struct ReplyError {
    /// The line.
    pub line: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn read_in_pieces(mut reader: ReplyReader, octets: &[u8], size: usize) -> Vec<Result<Vec<String>, String>> {
        let mut all = Vec::new();
        for mut piece in octets.chunks(size) {
            while let Some(result) = reader.take(&mut piece) {
                all.push(match result {
                    Ok(reply) => Ok(reply.lines().iter().map(|line| line.escape_ascii().to_string()).collect()),
                    Err(error) => Err(error.line.escape_ascii().to_string()),
                });
            }
        }
        all
    }

    #[rstest]
    #[case::one_line(b"220 ready\r\n", &[Ok(&["220 ready"][..])])]
    #[case::code_alone(b"220\r\n", &[Ok(&["220"][..])])]
    #[case::two_replies(b"150 a\r\n226 b\r\n", &[Ok(&["150 a"][..]), Ok(&["226 b"])])]
    #[case::prefixed(b"230-a\r\n230-b\r\n230 c\r\n", &[Ok(&["230-a", "230-b", "230 c"][..])])]
    #[case::other_codes_inside(b"230-a\r\n220 b\r\n2300 c\r\n230 d\r\n", &[Ok(&["230-a", "220 b", "2300 c", "230 d"][..])])]
    #[case::ends_without_space(b"230-a\r\n230\r\n200 x\r\n", &[Ok(&["230-a", "230"][..]), Ok(&["200 x"])])]
    #[case::empty_lines_inside(b"230-\r\n\r\n230 \r\n", &[Ok(&["230-", "", "230 "][..])])]
    #[case::bare_lf(b"230-a\n230 b\n", &[Ok(&["230-a", "230 b"][..])])]
    #[case::telnet_inside(b"22\xff\xf10 a\r\n", &[Ok(&["220 a"][..])])]
    #[case::no_code(b"hello\r\n220 a\r\n", &[Err("hello"), Ok(&["220 a"][..])])]
    #[case::four_digits(b"2200 a\r\n", &[Err("2200 a")])]
    #[case::first_digit_7(b"720 a\r\n", &[Err("720 a")])]
    #[case::empty(b"\r\n", &[Err("")])]
    #[case::incomplete(b"230-a\r\n230-b\r\n", &[])]
    fn replies(#[case] octets: &[u8], #[case] expected: &[Result<&[&str], &str>], #[values(1, 2, 3, 100)] size: usize) {
        let read = read_in_pieces(ReplyReader::default(), octets, size);
        let expected: Vec<Result<Vec<String>, String>> = expected
            .iter()
            .map(|result| {
                result.map(|lines| lines.iter().map(|&line| line.to_owned()).collect()).map_err(str::to_owned)
            })
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn excess_lines_are_dropped_and_the_end_is_found() {
        let read = read_in_pieces(ReplyReader::with_limit(12), b"230-a\r\n230-b\r\n230-c\r\n230 d\r\n200 x\r\n", 100);
        let expected = [vec!["230-a", "230-b", "230 d"], vec!["200 x"]];
        assert_eq!(read, expected.map(|lines| Ok(lines.into_iter().map(str::to_owned).collect())));
    }

    #[test]
    fn options_are_refused() {
        let mut reader = ReplyReader::default();
        assert!(reader.take(&mut &b"\xff\xfb\x01220 a\r\n"[..]).is_some());
        assert_eq!(reader.take_refusals(), [255, 254, 1]);
        assert!(reader.take_refusals().is_empty());
    }

    #[test]
    fn the_error_shows_no_control_octets() {
        let error = ReplyError { line: b"\x1b[2J".to_vec() };
        assert!(!error.to_string().contains('\x1b'), "{error}");
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_read_again(
            number in 100_u16..=699,
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5),
            size in 1_usize..40,
        ) {
            let reply = Reply::multi_line(Code::new(number).unwrap(), &texts);
            let mut reader = ReplyReader::default();
            let mut read = Vec::new();
            for mut piece in reply.to_bytes().chunks(size) {
                read.extend(reader.take(&mut piece));
            }
            prop_assert_eq!(read, [Ok(reply)]);
            prop_assert!(!reader.is_within_reply());
        }

        #[test]
        fn octets_of_any_kind_are_read_to_their_end(octets in prop::collection::vec(any::<u8>(), 0..400), size in 1_usize..40) {
            let whole = read_in_pieces(ReplyReader::with_limit(50), &octets, octets.len().max(1));
            prop_assert_eq!(read_in_pieces(ReplyReader::with_limit(50), &octets, size), whole);
        }
    }
}
