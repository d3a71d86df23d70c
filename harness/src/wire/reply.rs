//! Replies, as they came (RFC 959 §4.2).

use super::telnet::Strip;

/// The longest line that is read as a line. A peer that goes on without an end is not read further.
pub const LONGEST_LINE: usize = 64 * 1024;
/// The longest reply that is read as a reply.
pub const LONGEST_REPLY: usize = 4 * 1024 * 1024;

/// One reply that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenReply {
    /// The three digits at its beginning; none if it does not begin with three digits.
    pub code: Option<u16>,
    /// Its lines without their ends, Telnet commands taken out.
    pub lines: Vec<Vec<u8>>,
    /// What is wrong with its form.
    pub flaws: Vec<Flaw>,
}

/// What can be wrong with the form of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// A line ends in LF without CR. Counts the lines of the reply that do.
    LineFeedOnly(usize),
    /// A CR inside a line that neither LF nor NUL follows.
    CarriageReturn,
    /// An octet above 127, Telnet commands taken out.
    EighthBit,
    /// A line that does not begin with three digits where a reply begins.
    NoCode,
    /// An empty line where a reply begins.
    BlankLine,
    /// Nothing follows the three digits.
    BareCode,
    /// Something else than a space or a hyphen follows the three digits.
    Separator(u8),
    /// The first digit has no meaning.
    FirstDigit,
    /// The second digit has no meaning.
    SecondDigit,
    /// A line inside a multi-line reply begins with another code and a space.
    InnerCode(u16),
    /// A line inside a multi-line reply begins with another code and a hyphen.
    InnerHyphen(u16),
    /// The reply was not complete when the reading ended.
    Unended {
        /// The code in the last line, if it looked like an end with another code.
        other: Option<u16>,
    },
    /// A line without end that grew past [`LONGEST_LINE`], or a reply past [`LONGEST_REPLY`].
    Endless,
}

/// Reads replies out of a stream, however it is cut. It never fails.
#[derive(Debug, Default)]
pub struct ReplyReader {
    telnet: Strip,
    pending: Vec<u8>,
    scanned: usize,
    open: Option<Open>,
    endless: bool,
}

#[derive(Debug)]
struct Open {
    reply: SeenReply,
    size: usize,
}

impl ReplyReader {
    /// Takes octets in, and gives the replies that are complete now.
    pub fn feed(&mut self, octets: &[u8]) -> Vec<SeenReply> {
        if self.endless {
            return Vec::new();
        }
        self.pending.extend(self.telnet.feed(octets));
        let mut replies = Vec::new();
        while let Some(line) = self.line() {
            replies.extend(self.take(line));
        }
        if self.pending.len() > LONGEST_LINE || self.open.as_ref().is_some_and(|open| open.size > LONGEST_REPLY) {
            self.endless = true;
            let mut reply = self.open.take().map_or_else(SeenReply::empty, |open| open.reply);
            let shown = self.pending.get(..256).unwrap_or(&self.pending).to_vec();
            reply.lines.push(shown);
            reply.flaws.push(Flaw::Endless);
            self.pending.clear();
            replies.push(reply);
        }
        replies
    }

    /// What began and did not end. For the moment when nothing more is read.
    pub fn rest(&mut self) -> Option<SeenReply> {
        let tail = std::mem::take(&mut self.pending);
        self.scanned = 0;
        let open = self.open.take();
        if tail.is_empty() && open.is_none() {
            return None;
        }
        let mut reply = open.map_or_else(SeenReply::empty, |open| open.reply);
        let last = if tail.is_empty() { reply.lines.last().cloned().unwrap_or_default() } else { tail.clone() };
        let other =
            code_of(&last).filter(|&code| reply.code.is_some_and(|own| own != code) && last.get(3) == Some(&b' '));
        if !tail.is_empty() {
            if reply.lines.is_empty() {
                reply.code = code_of(&tail);
            }
            reply.lines.push(tail);
        }
        reply.flaws.push(Flaw::Unended { other });
        Some(reply)
    }

    /// Whether a reply has begun and not ended.
    pub fn is_open(&self) -> bool {
        self.open.is_some() || !self.pending.is_empty()
    }

    fn line(&mut self) -> Option<Line> {
        let at = self.pending.iter().skip(self.scanned).position(|&octet| octet == b'\n').map(|at| at + self.scanned);
        let Some(at) = at else {
            self.scanned = self.pending.len();
            return None;
        };
        self.scanned = 0;
        let mut text: Vec<u8> = self.pending.drain(..=at).collect();
        text.pop();
        let carriage_return = text.last() == Some(&b'\r');
        if carriage_return {
            text.pop();
        }
        Some(Line { text, carriage_return })
    }

    fn take(&mut self, line: Line) -> Option<SeenReply> {
        let Some(mut open) = self.open.take() else {
            return self.first(line);
        };
        open.size += line.text.len() + 2;
        note_ends(&mut open.reply, &line);
        let code = code_of(&line.text);
        let ends = code.is_some() && code == open.reply.code && matches!(line.text.get(3), None | Some(b' '));
        if !ends && let Some(code) = code.filter(|&code| Some(code) != open.reply.code) {
            match line.text.get(3) {
                Some(b' ') => open.reply.flaws.push(Flaw::InnerCode(code)),
                Some(b'-') => open.reply.flaws.push(Flaw::InnerHyphen(code)),
                _ => {}
            }
        }
        if ends && line.text.len() == 3 {
            open.reply.flaws.push(Flaw::BareCode);
        }
        open.reply.lines.push(line.text);
        if ends {
            return Some(open.reply);
        }
        self.open = Some(open);
        None
    }

    fn first(&mut self, line: Line) -> Option<SeenReply> {
        let mut reply = SeenReply::empty();
        note_ends(&mut reply, &line);
        reply.code = code_of(&line.text);
        let separator = line.text.get(3).copied();
        match (reply.code, separator) {
            (None, _) => reply.flaws.push(if line.text.is_empty() { Flaw::BlankLine } else { Flaw::NoCode }),
            (Some(_), None) => reply.flaws.push(Flaw::BareCode),
            (Some(_), Some(b' ' | b'-')) => {}
            (Some(_), Some(other)) => reply.flaws.push(Flaw::Separator(other)),
        }
        if let Some(code) = reply.code {
            if !(100..700).contains(&code) {
                reply.flaws.push(Flaw::FirstDigit);
            }
            if code / 10 % 10 > 5 || code / 10 % 10 == 4 {
                reply.flaws.push(Flaw::SecondDigit);
            }
        }
        let size = line.text.len() + 2;
        reply.lines.push(line.text);
        if reply.code.is_some() && separator == Some(b'-') {
            self.open = Some(Open { reply, size });
            return None;
        }
        Some(reply)
    }
}

impl SeenReply {
    fn empty() -> Self {
        Self { code: None, lines: Vec::new(), flaws: Vec::new() }
    }

    /// The first digit; 0 if there is no code.
    pub fn class(&self) -> u8 {
        self.code.map_or(0, |code| u8::try_from(code / 100).unwrap_or_default())
    }

    /// Whether it is preliminary (1yz): another reply follows.
    pub fn is_preliminary(&self) -> bool {
        self.class() == 1
    }

    /// Each line without code and separator, where it has this reply's code; other lines as they are.
    pub fn texts(&self) -> Vec<&[u8]> {
        self.lines
            .iter()
            .map(|line| {
                let own = self.code.is_some() && code_of(line) == self.code && matches!(line.get(3), Some(b' ' | b'-'));
                if own { line.get(4..).unwrap_or_default() } else { line.as_slice() }
            })
            .collect()
    }

    /// The text of the last line, without code and separator.
    pub fn last_text(&self) -> &[u8] {
        let last = self.lines.last().map_or(&[][..], Vec::as_slice);
        if self.code.is_some() { last.get(4..).unwrap_or_default() } else { last }
    }
}

#[derive(Debug)]
struct Line {
    text: Vec<u8>,
    carriage_return: bool,
}

fn note_ends(reply: &mut SeenReply, line: &Line) {
    if !line.carriage_return {
        let known = reply
            .flaws
            .iter_mut()
            .find_map(|flaw| if let Flaw::LineFeedOnly(count) = flaw { Some(count) } else { None });
        match known {
            Some(count) => *count += 1,
            None => reply.flaws.push(Flaw::LineFeedOnly(1)),
        }
    }
    if !line.text.is_ascii() && !reply.flaws.contains(&Flaw::EighthBit) {
        reply.flaws.push(Flaw::EighthBit);
    }
    let stray = line.text.windows(2).any(|pair| matches!(pair, [b'\r', next] if *next != 0))
        || line.text.last() == Some(&b'\r');
    if stray && !reply.flaws.contains(&Flaw::CarriageReturn) {
        reply.flaws.push(Flaw::CarriageReturn);
    }
}

fn code_of(line: &[u8]) -> Option<u16> {
    match line {
        [a, b, c, ..] if a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit() => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn read(octets: &[u8]) -> Vec<SeenReply> {
        let mut reader = ReplyReader::default();
        let mut replies = reader.feed(octets);
        replies.extend(reader.rest());
        replies
    }

    #[rstest]
    #[case::plain(b"200 ok\r\n", &[(Some(200), 1, vec![])])]
    #[case::empty_text(b"220 \r\n", &[(Some(220), 1, vec![])])]
    #[case::two(b"150 a\r\n226 b\r\n", &[(Some(150), 1, vec![]), (Some(226), 1, vec![])])]
    #[case::multi(b"230-\r\n Welcome\r\n230 in\r\n", &[(Some(230), 3, vec![])])]
    #[case::hyphens(b"230-a\r\n230-b\r\n230 c\r\n", &[(Some(230), 3, vec![])])]
    #[case::no_cr(b"200 ok\n", &[(Some(200), 1, vec![Flaw::LineFeedOnly(1)])])]
    #[case::no_cr_twice(b"230-a\n b\n230 c\r\n", &[(Some(230), 3, vec![Flaw::LineFeedOnly(2)])])]
    #[case::cr_inside(b"200 a\rb\r\n", &[(Some(200), 1, vec![Flaw::CarriageReturn])])]
    #[case::eighth_bit(b"230-a\xff\xffb\r\n \xe9\r\n230 c\r\n", &[(Some(230), 3, vec![Flaw::EighthBit])])]
    #[case::cr_nul(b"200 a\r\0b\r\n", &[(Some(200), 1, vec![])])]
    #[case::no_code(b"hello\r\n", &[(None, 1, vec![Flaw::NoCode])])]
    #[case::blank(b"\r\n200 a\r\n", &[(None, 1, vec![Flaw::BlankLine]), (Some(200), 1, vec![])])]
    #[case::bare(b"200\r\n", &[(Some(200), 1, vec![Flaw::BareCode])])]
    #[case::separator(b"200:a\r\n", &[(Some(200), 1, vec![Flaw::Separator(b':')])])]
    #[case::first_digit(b"900 a\r\n", &[(Some(900), 1, vec![Flaw::FirstDigit])])]
    #[case::second_digit(b"290 a\r\n", &[(Some(290), 1, vec![Flaw::SecondDigit])])]
    #[case::inner(b"211-a\r\n226 b\r\n211 c\r\n", &[(Some(211), 3, vec![Flaw::InnerCode(226)])])]
    #[case::inner_hyphen(b"211-a\r\n226-b\r\n211 c\r\n", &[(Some(211), 3, vec![Flaw::InnerHyphen(226)])])]
    #[case::inner_hyphen_own(b"211-a\r\n211-b\r\n211 c\r\n", &[(Some(211), 3, vec![])])]
    #[case::unended(b"211-a\r\n b\r\n", &[(Some(211), 2, vec![Flaw::Unended { other: None }])])]
    #[case::other_end(b"211-a\r\n200 b\r\n", &[(Some(211), 2, vec![Flaw::InnerCode(200), Flaw::Unended { other: Some(200) }])])]
    #[case::cut(b"200 o", &[(Some(200), 1, vec![Flaw::Unended { other: None }])])]
    fn named(#[case] octets: &[u8], #[case] expected: &[(Option<u16>, usize, Vec<Flaw>)]) {
        let seen: Vec<_> = read(octets).into_iter().map(|r| (r.code, r.lines.len(), r.flaws)).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_flood_without_end_is_cut() {
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        for _ in 0..64 {
            replies.extend(reader.feed(&[b'x'; 8192]));
        }
        assert_eq!(replies.len(), 1);
        assert_eq!(replies[0].flaws, [Flaw::Endless]);
        assert!(replies[0].lines[0].len() <= 256);
    }

    proptest! {
        #[test]
        fn cutting_changes_nothing(octets in proptest::collection::vec(
            prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'2'), Just(b'0'), Just(b'-'), Just(b' '), Just(255u8), any::<u8>()], 0..80),
            cut in 0usize..80,
        ) {
            let (head, tail) = octets.split_at(cut.min(octets.len()));
            let mut reader = ReplyReader::default();
            let mut cut_up = reader.feed(head);
            cut_up.extend(reader.feed(tail));
            cut_up.extend(reader.rest());
            prop_assert_eq!(cut_up, read(&octets));
        }
    }
}
