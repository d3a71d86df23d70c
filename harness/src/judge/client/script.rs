//! The words of `drive: script`: one line tells the client what to do, and it prints lines that answer.
//!
//! They are those of the reference client's `--script`, written down a second time: no code is shared with it.

use crate::scenario::tree::Method;

/// The longest line that a client may print. A reply line has at most as many octets.
const LONGEST: usize = 64 * 1024;

/// What a client is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instruction<'a> {
    /// Say this command line, and CR LF behind it, in one write.
    Say(&'a [u8]),
    /// Wait for a whole reply, and print it.
    AwaitReply,
    /// Agree on a data connection: say the command, and wait for its reply.
    Open(Method),
    /// Take the data connection, and write what comes to this file.
    Receive(&'a str),
    /// Send this file over the data connection, and close it.
    Send(&'a str),
    /// Close the control connection and end.
    End,
}

impl Instruction<'_> {
    /// The line that says it, with its end.
    pub fn line(&self) -> Vec<u8> {
        let mut line = match self {
            Self::Say(line) => [b"C ", *line].concat(),
            Self::AwaitReply => b"reply".to_vec(),
            Self::Open(method) => [b"open ", verb_of(*method).as_bytes()].concat(),
            Self::Receive(name) => [b"receive ", name.as_bytes()].concat(),
            Self::Send(name) => [b"send ", name.as_bytes()].concat(),
            Self::End => b"close".to_vec(),
        };
        line.push(b'\n');
        line
    }
}

/// The verb that agrees on a data connection.
pub fn verb_of(method: Method) -> &'static str {
    match method {
        Method::Pasv => "PASV",
        Method::Epsv => "EPSV",
        Method::Port => "PORT",
        Method::Eprt => "EPRT",
    }
}

/// A line that a client printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A line of the reply that it read, escaped.
    ReplyLine(Vec<u8>),
    /// That reply is complete.
    ReplyEnd,
    /// It received so many octets over the data connection.
    Received(u64),
    /// It sent so many octets over the data connection.
    Sent(u64),
    /// It gives up, and says why.
    Error(Vec<u8>),
    /// Anything else.
    Other(Vec<u8>),
}

impl Answer {
    fn of(line: &[u8]) -> Self {
        let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
        let known = if line == b"." {
            Some(Self::ReplyEnd)
        } else if let Some(reply) = line.strip_prefix(b"S ") {
            Some(Self::ReplyLine(reply.to_vec()))
        } else if let Some(digits) = line.strip_prefix(b"received ") {
            number(digits).map(Self::Received)
        } else if let Some(digits) = line.strip_prefix(b"sent ") {
            number(digits).map(Self::Sent)
        } else {
            line.strip_prefix(b"error ").map(|why| Self::Error(why.to_vec()))
        };
        known.unwrap_or_else(|| Self::Other(line.to_vec()))
    }
}

/// Reads what a client prints, however it is cut.
#[derive(Debug, Default)]
pub struct AnswerReader {
    line: Vec<u8>,
}

impl AnswerReader {
    /// The answers that are complete now. A line without end is one as well, when it is too long.
    pub fn feed(&mut self, octets: &[u8]) -> Vec<Answer> {
        let mut answers = Vec::new();
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            self.line.extend_from_slice(piece);
            if let Some(line) = self.line.strip_suffix(b"\n") {
                answers.push(Answer::of(line));
                self.line.clear();
            } else if self.line.len() > LONGEST {
                answers.push(Answer::Other(std::mem::take(&mut self.line)));
            }
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Instruction::Say(b"USER a"), "C USER a\n")]
    #[case(Instruction::Say(b""), "C \n")]
    #[case(Instruction::AwaitReply, "reply\n")]
    #[case(Instruction::Open(Method::Eprt), "open EPRT\n")]
    #[case(Instruction::Receive("local"), "receive local\n")]
    #[case(Instruction::Send("local"), "send local\n")]
    #[case(Instruction::End, "close\n")]
    fn instructions(#[case] instruction: Instruction<'_>, #[case] line: &str) {
        assert_eq!(instruction.line(), line.as_bytes());
    }

    #[rstest]
    #[case(b"S 220 ready\n.\n", &[Answer::ReplyLine(b"220 ready".to_vec()), Answer::ReplyEnd])]
    #[case(b"received 26\nsent 0\n", &[Answer::Received(26), Answer::Sent(0)])]
    #[case(b"error no\n", &[Answer::Error(b"no".to_vec())])]
    #[case(b"received many\n", &[Answer::Other(b"received many".to_vec())])]
    #[case(b"received 26", &[])]
    fn answers(#[case] printed: &[u8], #[case] expected: &[Answer]) {
        assert_eq!(AnswerReader::default().feed(printed), expected);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut reader = AnswerReader::default();
        let answers: Vec<_> = (0..32).flat_map(|_| reader.feed(&[b'x'; 8192])).collect();
        assert!(answers.len() == 3 && answers.iter().all(|answer| matches!(answer, Answer::Other(_))));
    }

    proptest! {
        #[test]
        fn cutting_changes_nothing(octets in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'S'), Just(b' '),
            Just(b'.'), any::<u8>()], 0..60), cut in 0usize..60) {
            let (head, tail) = octets.split_at(cut.min(octets.len()));
            let mut reader = AnswerReader::default();
            let mut cut_up = reader.feed(head);
            cut_up.extend(reader.feed(tail));
            prop_assert_eq!(cut_up, AnswerReader::default().feed(&octets));
        }
    }
}
