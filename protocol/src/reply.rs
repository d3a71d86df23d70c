//! Replies: three digits, a text, one line or several (RFC 959 §4.2).

mod reader;

use std::fmt;

use thiserror::Error;

use crate::telnet;

pub use reader::{ReplyError, ReplyReader};

/// What the first digit of a code says (RFC 959 §4.2.1; 6 is RFC 2228 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// 1yz: the action is begun; another reply follows.
    Preliminary,
    /// 2yz: done.
    Completion,
    /// 3yz: accepted so far; another command is expected.
    Intermediate,
    /// 4yz: not done, may be tried again.
    Transient,
    /// 5yz: not done, and not to be tried again as it is.
    Permanent,
    /// 6yz: the reply is protected; its text holds another one.
    Protected,
}

/// The three digits of a reply; the first is 1 to 6.
///
/// The second digit is defined for 0 to 5 only, but others are legal here: software relies on the
/// first digit (RFC 1123 §4.1.2.11), so a reader must not fail on a code it does not know.
///
/// ```
/// use protocol::{Code, Severity};
///
/// let code = Code::new(226).unwrap();
/// assert_eq!(code.severity(), Severity::Completion);
/// assert_eq!(code.to_string(), "226");
/// assert!(Code::new(700).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u16);

impl Code {
    /// Checks a code.
    ///
    /// # Errors
    /// When it is not from 100 to 699.
    pub const fn new(number: u16) -> Result<Self, CodeError> {
        if number >= 100 && number <= 699 { Ok(Self(number)) } else { Err(CodeError) }
    }

    /// Reads the three digits at the start of a line.
    fn at_start_of(line: &[u8]) -> Option<Self> {
        let digits = line.first_chunk::<3>()?;
        let number = digits
            .iter()
            .try_fold(0_u16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0')))?;
        Self::new(number).ok()
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// What the first digit says.
    pub const fn severity(self) -> Severity {
        match self.0 / 100 {
            1 => Severity::Preliminary,
            2 => Severity::Completion,
            3 => Severity::Intermediate,
            4 => Severity::Transient,
            5 => Severity::Permanent,
            _ => Severity::Protected,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl TryFrom<u16> for Code {
    type Error = CodeError;

    fn try_from(number: u16) -> Result<Self, CodeError> {
        Self::new(number)
    }
}

/// The number is no code of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the code of a reply has three digits, the first from 1 to 6")]
pub struct CodeError;

/// A whole reply, as the lines that stand on the wire.
///
/// ```
/// use protocol::{Code, Reply};
///
/// let reply = Reply::new(Code::new(200).unwrap(), "NOOP command successful.");
/// assert_eq!(reply.to_bytes(), b"200 NOOP command successful.\r\n");
///
/// let reply = Reply::multi_line(Code::new(123).unwrap(), ["First line", "Second line", "The last line"]);
/// assert_eq!(reply.to_bytes(), b"123-First line\r\n123-Second line\r\n123 The last line\r\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    code: Code,
    lines: Vec<Vec<u8>>,
}

impl Reply {
    /// A reply of one line.
    ///
    /// Here and below, a CR, LF or NUL in a text is written as `?`: it would end the line early, and what
    /// follows would pass for a reply of its own.
    pub fn new(code: Code, text: impl AsRef<[u8]>) -> Self {
        Self { code, lines: vec![numbered(code, b' ', text.as_ref())] }
    }

    /// A reply of several lines, each with the code: `230-…`, the last `230 …`. Clients that look for a
    /// code on every line read it too. No text at all makes one line without text.
    pub fn multi_line<T: AsRef<[u8]>>(code: Code, texts: impl IntoIterator<Item = T>) -> Self {
        let mut texts = texts.into_iter().peekable();
        let mut lines = Vec::new();
        while let Some(text) = texts.next() {
            let mark = if texts.peek().is_some() { b'-' } else { b' ' };
            lines.push(numbered(code, mark, text.as_ref()));
        }
        if lines.is_empty() {
            lines.push(numbered(code, b' ', b""));
        }
        Self { code, lines }
    }

    /// A reply whose inner lines stand behind one space, without the code: the form FEAT (RFC 2389 §3.2) and
    /// MLST (RFC 3659 §7.2) prescribe.
    ///
    /// ```
    /// use protocol::{Code, Reply};
    ///
    /// let reply = Reply::indented(Code::new(211).unwrap(), "Extensions supported:", ["SIZE", "REST STREAM"], "END");
    /// assert_eq!(reply.to_bytes(), b"211-Extensions supported:\r\n SIZE\r\n REST STREAM\r\n211 END\r\n");
    /// ```
    pub fn indented<T: AsRef<[u8]>>(
        code: Code,
        first: impl AsRef<[u8]>,
        inner: impl IntoIterator<Item = T>,
        last: impl AsRef<[u8]>,
    ) -> Self {
        let mut lines = vec![numbered(code, b'-', first.as_ref())];
        lines.extend(inner.into_iter().map(|text| legal(b" ".to_vec(), text.as_ref())));
        lines.push(numbered(code, b' ', last.as_ref()));
        Self { code, lines }
    }

    /// The same reply in other words: `translate` is asked for each text that stands behind a code, and leaves alone what it
    /// answers `None` to. The inner lines of [`Reply::indented`] are for programs, and stay as they are.
    ///
    /// ```
    /// use protocol::{Code, Reply};
    ///
    /// let reply = Reply::indented(Code::new(211).unwrap(), "Extensions:", ["SIZE"], "End");
    /// let german = reply.translated(|text| (text == b"End").then(|| b"Ende".to_vec()));
    /// assert_eq!(german.to_bytes(), b"211-Extensions:\r\n SIZE\r\n211 Ende\r\n");
    /// ```
    #[must_use]
    pub fn translated(&self, translate: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Self {
        let in_other_words = |line: &Vec<u8>| match line.split_at_checked(4) {
            Some((start, text)) if Code::at_start_of(start) == Some(self.code) => {
                translate(text).map_or_else(|| line.clone(), |text| legal(start.to_vec(), &text))
            }
            Some(_) | None => line.clone(),
        };
        Self { code: self.code, lines: self.lines.iter().map(in_other_words).collect() }
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What the first digit of the code says.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The lines as on the wire, with their codes and without their ends. There is at least one.
    pub fn lines(&self) -> &[Vec<u8>] {
        &self.lines
    }

    /// The texts: each line without `230-` or `230 ` where it has it.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().map(|line| text_of(self.code, line))
    }

    /// The text of the first line.
    pub fn text(&self) -> &[u8] {
        self.texts().next().unwrap_or_default()
    }

    /// The octets to send: CR LF ends each line, 0xFF is doubled for Telnet.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut wire = Vec::with_capacity(self.lines.iter().map(|line| line.len() + 2).sum());
        for line in &self.lines {
            telnet::escape(line, &mut wire);
            wire.extend_from_slice(b"\r\n");
        }
        wire
    }
}

fn numbered(code: Code, mark: u8, text: &[u8]) -> Vec<u8> {
    let mut line = code.to_string().into_bytes();
    line.push(mark);
    legal(line, text)
}

fn legal(mut line: Vec<u8>, text: &[u8]) -> Vec<u8> {
    line.extend(text.iter().map(|&octet| if matches!(octet, b'\r' | b'\n' | 0) { b'?' } else { octet }));
    line
}

fn text_of(code: Code, line: &[u8]) -> &[u8] {
    if Code::at_start_of(line) != Some(code) {
        return line;
    }
    match line.split_at_checked(3) {
        Some((_, [b' ' | b'-', text @ ..])) => text,
        Some((_, [])) => &[],
        Some(_) | None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn code(number: u16) -> Code {
        Code::new(number).unwrap()
    }

    #[rstest]
    #[case(150, Severity::Preliminary)]
    #[case(226, Severity::Completion)]
    #[case(331, Severity::Intermediate)]
    #[case(421, Severity::Transient)]
    #[case(550, Severity::Permanent)]
    #[case(631, Severity::Protected)]
    fn severity_is_the_first_digit(#[case] number: u16, #[case] severity: Severity) {
        assert_eq!(code(number).severity(), severity);
    }

    #[rstest]
    #[case(0)]
    #[case(99)]
    #[case(700)]
    #[case(1000)]
    fn no_code(#[case] number: u16) {
        assert_eq!(Code::new(number), Err(CodeError));
    }

    #[rstest]
    #[case::a_forged_reply_stays_in_its_line(Reply::new(code(550), "a\r\n226 done"), b"550 a??226 done\r\n")]
    #[case::iac_is_doubled(Reply::new(code(257), b"\"\xff\""), b"257 \"\xff\xff\"\r\n")]
    #[case::empty_text(Reply::new(code(200), ""), b"200 \r\n")]
    #[case::one_of_many(Reply::multi_line(code(230), ["only"]), b"230 only\r\n")]
    #[case::none_of_many(Reply::multi_line(code(230), [""; 0]), b"230 \r\n")]
    #[case::a_number_inside_is_behind_the_code(Reply::multi_line(code(230), ["a", "230 b", "c"]), b"230-a\r\n230-230 b\r\n230 c\r\n")]
    fn on_the_wire(#[case] reply: Reply, #[case] wire: &[u8]) {
        assert_eq!(reply.to_bytes(), wire);
    }

    #[test]
    fn texts_are_without_codes() {
        let reply = Reply::indented(code(211), "a", ["211 x"], "b");
        assert_eq!(reply.texts().collect::<Vec<_>>(), [&b"a"[..], b" 211 x", b"b"]);
        assert_eq!(reply.text(), b"a");
    }
}
