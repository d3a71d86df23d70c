//! The octets of a server, cut into replies; and what a rule makes of one.

use std::collections::BTreeMap;

use crate::scenario::rule::{Inserted, ReplyChange, Segments, Times};
use crate::scenario::tree::{Piece, Template};

/// A longer reply is passed on in pieces.
const LONGEST: usize = 256 * 1024;

/// A reply, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// All its octets.
    pub(super) octets: Vec<u8>,
    /// Its code; 0 for what is no reply.
    pub(super) code: u16,
}

impl Reply {
    /// Whether another one follows (RFC 959 §4.2).
    pub(super) fn is_preliminary(&self) -> bool {
        self.code / 100 == 1
    }

    /// Whether these octets stand in it.
    pub(super) fn holds(&self, octets: &[u8]) -> bool {
        !octets.is_empty() && self.octets.windows(octets.len()).any(|part| part == octets)
    }

    /// A reply of these words: lines joined by LF.
    pub(super) fn of(words: &[u8]) -> Self {
        let mut octets = Vec::new();
        for line in words.split(|octet| *octet == b'\n') {
            octets.extend_from_slice(line);
            octets.extend_from_slice(b"\r\n");
        }
        let code = code_of(words).map_or(0, |(code, _)| code);
        Self { octets, code }
    }
}

/// Cuts the octets of a server.
#[derive(Debug, Default)]
pub(super) struct Replies {
    pending: Vec<u8>,
    misread: Option<Segments>,
}

impl Replies {
    pub(super) fn new(misread: Option<Segments>) -> Self {
        Self { misread, ..Self::default() }
    }

    /// Takes what one read gave. Gives the replies that are whole.
    pub(super) fn feed(&mut self, octets: &[u8]) -> Vec<Reply> {
        if self.misread == Some(Segments::AreReplies) {
            return vec![Reply::of(octets.trim_ascii_end())];
        }
        self.pending.extend_from_slice(octets);
        let mut replies = Vec::new();
        while let Some(reply) = self.next() {
            replies.push(reply);
            if self.misread == Some(Segments::FirstReply) {
                self.pending.clear();
            }
        }
        replies
    }

    /// What has no end.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pending)
    }

    fn next(&mut self) -> Option<Reply> {
        let mut opened = None;
        let mut begin = 0;
        while let Some(length) = self.line_end(begin) {
            let line = self.pending.get(begin..begin + length)?;
            begin += length + 1;
            let seen = code_of(line);
            match (opened, seen) {
                (None, Some((code, b'-'))) => opened = Some(code),
                (None, seen) => return Some(self.taken(begin, seen.map_or(0, |(code, _)| code))),
                (Some(code), Some((end, behind))) if end == code && behind != b'-' => {
                    return Some(self.taken(begin, code));
                }
                (Some(_), _) => {}
            }
        }
        (self.pending.len() > LONGEST).then(|| self.taken(self.pending.len(), 0))
    }

    /// How far the end of the line that begins there is.
    fn line_end(&self, begin: usize) -> Option<usize> {
        let rest = self.pending.get(begin..)?;
        if self.misread == Some(Segments::CrLf) {
            return rest.windows(2).position(|pair| pair == b"\r\n").map(|at| at + 1);
        }
        rest.iter().position(|octet| *octet == b'\n')
    }

    fn taken(&mut self, length: usize, code: u16) -> Reply {
        Reply { octets: self.pending.drain(..length).collect(), code }
    }
}

/// The three digits of a line, and what stands behind them.
fn code_of(line: &[u8]) -> Option<(u16, u8)> {
    let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let code = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((code, line.get(3).copied().unwrap_or(b' ')))
}

/// What a template may name.
pub(super) type Gaps = BTreeMap<&'static str, Vec<u8>>;

/// A template with its gaps filled.
pub(super) fn filled(template: &Template, gaps: &Gaps) -> Vec<u8> {
    let mut octets = Vec::new();
    for piece in &template.0 {
        match piece {
            Piece::Octets(text) => octets.extend_from_slice(text),
            Piece::Capture(name) => {
                octets.extend_from_slice(gaps.get(name.as_str()).map(Vec::as_slice).unwrap_or_default());
            }
        }
    }
    octets
}

/// What a rule makes of a reply: its segments. Empty where it is left out.
pub(super) fn changed(change: &ReplyChange, reply: &Reply, gaps: &Gaps) -> Vec<Vec<u8>> {
    let mut reply = reply.clone();
    let mut gaps = gaps.clone();
    gaps.insert("text", text_of(&reply));
    if let Some(whole) = &change.whole {
        reply = Reply::of(&filled(whole, &gaps));
    }
    if let Some(text) = &change.text {
        let code = format!("{:03} ", reply.code);
        reply = Reply::of(&[code.as_bytes(), &filled(text, &gaps)].concat());
    }
    if let Some(code) = change.code {
        reply = with_code(&reply, code);
    }
    for (from, to) in &change.replace {
        reply.octets = replaced(&reply.octets, from, to);
    }
    if let Some(Inserted { line, times }) = &change.insert {
        reply = with_lines(&reply, &filled(line, &gaps), *times);
    }
    if change.pad > 0 {
        let end = reply.octets.trim_ascii_end().len();
        reply.octets.splice(end..end, std::iter::repeat_n(b'x', change.pad));
    }
    if let Some(line) = &change.append {
        reply.octets.extend_from_slice(&filled(line, &gaps));
        reply.octets.extend_from_slice(b"\r\n");
    }
    if let Some(raw) = &change.raw {
        reply.octets = raw.to_vec();
    }
    if let Some(end) = &change.line_end {
        reply.octets = replaced(&reply.octets, b"\r\n", end);
    }
    let times = match change.times {
        Times::Never => 0,
        Times::Once => 1,
        Times::Twice => 2,
    };
    let size = change.split.unwrap_or(usize::MAX).max(1);
    let once: Vec<Vec<u8>> = reply.octets.chunks(size).map(<[u8]>::to_vec).collect();
    std::iter::repeat_n(once, times).flatten().collect()
}

/// The reply with so many more lines before its last one.
fn with_lines(reply: &Reply, line: &[u8], times: u64) -> Reply {
    let whole = reply.octets.strip_suffix(b"\r\n").unwrap_or(&reply.octets);
    let last = whole.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    let (before, last) = whole.split_at(last);
    let mut octets = before.to_vec();
    if octets.is_empty() {
        // One line: what comes before its last one begins with it.
        octets.extend_from_slice(last);
        octets.extend_from_slice(b"\r\n");
        if let Some(behind) = octets.get_mut(3) {
            *behind = b'-';
        }
    }
    for _ in 0..times {
        octets.extend_from_slice(line);
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(last);
    octets.extend_from_slice(b"\r\n");
    Reply { octets, code: reply.code }
}

/// The text behind the code of the first line.
fn text_of(reply: &Reply) -> Vec<u8> {
    let first = reply.octets.split(|octet| *octet == b'\n').next().unwrap_or_default();
    first.trim_ascii_end().get(4..).unwrap_or_default().to_vec()
}

/// The reply with another code wherever its own stands at the beginning of a line.
fn with_code(reply: &Reply, code: u16) -> Reply {
    let own = format!("{:03}", reply.code);
    let mut octets = Vec::new();
    for line in reply.octets.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_prefix(own.as_bytes()) {
            Some(rest) => octets.extend([format!("{code:03}").as_bytes(), rest].concat()),
            None => octets.extend_from_slice(line),
        }
    }
    Reply { octets, code }
}

/// The octets with every `from` made `to`.
pub(super) fn replaced(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((&first, behind)) = rest.split_first() {
        match rest.strip_prefix(from) {
            Some(behind) if !from.is_empty() => {
                out.extend_from_slice(to);
                rest = behind;
            }
            _ => {
                out.push(first);
                rest = behind;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn replies_are_cut() {
        let mut replies = Replies::default();
        assert!(replies.feed(b"211-a\r\n211-b\r\n 21").is_empty());
        let found = replies.feed(b"1 c\r\n211 d\r\n200 e\r\nno reply\r\n22");
        let codes: Vec<_> = found.iter().map(|reply| (reply.code, reply.octets.len())).collect();
        assert_eq!(codes, [(211, 29), (200, 7), (0, 10)]);
        assert_eq!(replies.rest(), b"22");
    }

    #[rstest]
    #[case(Segments::AreReplies, &["22", "0 a\r\n"], &[(0, 4), (0, 5)])]
    #[case(Segments::FirstReply, &["150 a\r\n226 b\r\n", "221 c\r\n"], &[(150, 7), (221, 7)])]
    #[case(Segments::CrLf, &["220 a\n", "331 b\r\n"], &[(220, 13)])]
    fn misread(#[case] how: Segments, #[case] segments: &[&str], #[case] seen: &[(u16, usize)]) {
        let mut replies = Replies::new(Some(how));
        let found = segments.iter().flat_map(|segment| replies.feed(segment.as_bytes()));
        let found: Vec<_> = found.map(|reply| (reply.code, reply.octets.len())).collect();
        assert_eq!(found, seen);
    }

    #[test]
    fn a_reply_without_end_is_bounded() {
        let mut replies = Replies::default();
        let count = (0..100).flat_map(|_| replies.feed(&[b'x'; 8192])).count();
        assert!(count >= 3, "{count}");
        assert!(replies.rest().len() <= LONGEST);
    }

    #[rstest]
    #[case(ReplyChange { code: Some(250), ..ReplyChange::default() }, "250-a\r\n250 b\r\n")]
    #[case(ReplyChange { line_end: Some(Arc::from(&b"\n"[..])), ..ReplyChange::default() }, "257-a\n257 b\n")]
    #[case(ReplyChange { replace: vec![(b"a".to_vec(), b"xy".to_vec())], ..ReplyChange::default() }, "257-xy\r\n257 b\r\n")]
    #[case(ReplyChange { times: Times::Never, ..ReplyChange::default() }, "")]
    #[case(ReplyChange { times: Times::Twice, ..ReplyChange::default() }, "257-a\r\n257 b\r\n257-a\r\n257 b\r\n")]
    #[case(ReplyChange { split: Some(3), ..ReplyChange::default() }, "257-a\r\n257 b\r\n")]
    #[case(
        ReplyChange {
            insert: Some(Inserted { line: Template(vec![Piece::Octets(b"x".to_vec())]), times: 2 }),
            ..ReplyChange::default()
        },
        "257-a\r\nx\r\nx\r\n257 b\r\n"
    )]
    #[case(ReplyChange { pad: 3, ..ReplyChange::default() }, "257-a\r\n257 bxxx\r\n")]
    fn changes(#[case] change: ReplyChange, #[case] expected: &str) {
        let reply = Reply::of(b"257-a\n257 b");
        assert_eq!(String::from_utf8(changed(&change, &reply, &Gaps::new()).concat()).unwrap(), expected);
    }

    #[test]
    fn a_reply_of_one_line_becomes_one_of_several() {
        let reply = with_lines(&Reply::of(b"230 in"), b"more", 1);
        assert_eq!(reply.octets, b"230-in\r\nmore\r\n230 in\r\n");
    }

    use std::sync::Arc;
}
