//! Replies as the harness words them, where the scenario leaves that open.

use crate::scenario::tree::{CodePattern, ReadKind};

/// A reply to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    /// The lines without code, joined by LF.
    text: Vec<u8>,
}

impl Reply {
    pub(super) fn new(code: u16, text: &[u8]) -> Self {
        Self { code, text: text.to_vec() }
    }

    /// A reply out of which this value can be read.
    pub(super) fn holding(code: u16, kind: ReadKind, value: &[u8]) -> Self {
        let (before, behind): (&[u8], &[u8]) = match kind {
            ReadKind::HostPort => (b"Entering Passive Mode (", b")"),
            ReadKind::Port => (b"Entering Extended Passive Mode (|||", b"|)"),
            ReadKind::Path => (b"\"", b"\" is the directory"),
            ReadKind::Name => (b"FILE: ", b""),
            ReadKind::Chosen => (b"MLST OPTS ", b""),
            ReadKind::Time | ReadKind::Size | ReadKind::Text | ReadKind::Offered | ReadKind::Starred => (b"", b""),
            ReadKind::SenderMarker => (b"MARK ", b" = 0"),
            ReadKind::ReceiverMarker => (b"MARK 0 = ", b""),
        };
        let value = if kind == ReadKind::Path { quoted(value) } else { value.to_vec() };
        Self { code, text: [before, &value, behind].concat() }
    }

    /// A reply that holds these texts.
    pub(super) fn mentioning(code: u16, texts: &[Vec<u8>]) -> Self {
        let text = if code == 257 {
            [b"\"/", texts.concat().as_slice(), b"\" is the directory"].concat()
        } else {
            let lines = texts.iter().map(|text| [b" ", text.as_slice()].concat());
            let mut all = vec![b"There is:".to_vec()];
            all.extend(lines);
            all.push(b"End.".to_vec());
            all.join(&b"\n"[..])
        };
        Self { code, text }
    }

    /// Each line with its code, without its end.
    pub(super) fn lines(&self) -> Vec<Vec<u8>> {
        let texts: Vec<&[u8]> = self.text.split(|octet| *octet == b'\n').collect();
        let last = texts.len().saturating_sub(1);
        // Every line bears the code: so none can be taken for another reply (RFC 959 §4.2).
        let line = |(at, text): (usize, &&[u8])| {
            let separator = if at == last { ' ' } else { '-' };
            [format!("{:03}{separator}", self.code).as_bytes(), text].concat()
        };
        texts.iter().enumerate().map(line).collect()
    }

    /// The whole reply as it is sent.
    pub(super) fn octets(&self) -> Vec<u8> {
        self.lines().iter().flat_map(|line| [line.as_slice(), b"\r\n"].concat()).collect()
    }
}

/// RFC 959 App. II: a quote inside is said twice.
fn quoted(path: &[u8]) -> Vec<u8> {
    path.iter().flat_map(|octet| if *octet == b'"' { vec![b'"'; 2] } else { vec![*octet] }).collect()
}

/// The code that the harness takes where a class or group is accepted.
pub(super) fn code_of(pattern: CodePattern, verb: &str) -> u16 {
    match (pattern, verb) {
        (CodePattern::Code(code), _) => code,
        (CodePattern::Group(first, second), _) => u16::from(first) * 100 + u16::from(second) * 10,
        (CodePattern::Class(1), _) => 150,
        (CodePattern::Class(2), "PWD" | "XPWD" | "MKD" | "XMKD") => 257,
        (CodePattern::Class(2), "SYST") => 215,
        (CodePattern::Class(2), "HELP") => 214,
        (CodePattern::Class(2), "STAT") => 211,
        (CodePattern::Class(3), "USER") => 331,
        (CodePattern::Class(3), _) => 350,
        (CodePattern::Class(4), _) => 450,
        (CodePattern::Class(5), _) => 500,
        (CodePattern::Class(first), _) => u16::from(first) * 100,
    }
}

/// A text that fits a code, in answer to this verb.
pub(super) fn text_of(code: u16, verb: &str) -> &'static [u8] {
    let text = match (code, verb) {
        (211, "FEAT") => "Features:\n SIZE\n MDTM\n REST STREAM\nEnd.",
        (211, _) => "Status:\n All is well.\nEnd of status.",
        (213, "MDTM") => "19980615100045",
        (213, "SIZE") => "26",
        (214, _) => "The commands are:\n USER PASS QUIT RETR STOR\nEnd of help.",
        (125 | 150, "STOU") => "FILE: unique-name",
        (125 | 150, _) => "Here it goes.",
        (215, _) => "UNIX Type: L8",
        (220, _) => "Ready.",
        (221, _) => "Goodbye.",
        (225 | 226, _) => "Done.",
        (230, _) => "Logged in.",
        (250, _) => "Done as you wish.",
        (257, _) => "\"/\" is the directory",
        (331, _) => "Now the password.",
        (332, _) => "Now the account.",
        (350, _) => "Go on.",
        (421, _) => "The service closes.",
        (425, _) => "There is no data connection.",
        (426, _) => "The transfer was broken off.",
        (450 | 550, _) => "There is no such file.",
        (500, _) => "This command is not understood.",
        (501, _) => "This argument is not understood.",
        (502 | 504, _) => "That is not implemented.",
        (503, _) => "Something else comes first.",
        (530, _) => "Log in first.",
        (200..300, _) => "All right.",
        _ => "No.",
    };
    text.as_bytes()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::judge::value::read;
    use crate::wire::reply::ReplyReader;

    #[rstest]
    #[case(ReadKind::HostPort, 227, "127,0,0,1,4,1")]
    #[case(ReadKind::Port, 229, "1025")]
    #[case(ReadKind::Path, 257, "/a \"b\"")]
    #[case(ReadKind::Time, 213, "19980615100045")]
    #[case(ReadKind::Size, 213, "26")]
    #[case(ReadKind::Name, 150, "a.1")]
    #[case(ReadKind::Text, 200, "hello")]
    fn what_a_reply_holds_can_be_read(#[case] kind: ReadKind, #[case] code: u16, #[case] value: &str) {
        let octets = Reply::holding(code, kind, value.as_bytes()).octets();
        let seen = ReplyReader::default().feed(&octets);
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].flaws, []);
        assert_eq!(read(kind, &seen[0]).unwrap(), value.as_bytes());
    }

    #[test]
    fn every_code_makes_a_well_formed_reply() {
        for code in (100..=599).filter(|code| code / 10 % 10 < 6 && code / 10 % 10 != 4) {
            let seen = ReplyReader::default().feed(&Reply::new(code, text_of(code, "FEAT")).octets());
            assert_eq!((seen.len(), seen[0].code, seen[0].flaws.len()), (1, Some(code), 0));
        }
    }

    #[rstest]
    #[case(CodePattern::Code(226), "RETR", 226)]
    #[case(CodePattern::Class(2), "PWD", 257)]
    #[case(CodePattern::Class(3), "USER", 331)]
    #[case(CodePattern::Group(5, 3), "CWD", 530)]
    fn codes(#[case] pattern: CodePattern, #[case] verb: &str, #[case] code: u16) {
        assert_eq!(code_of(pattern, verb), code);
        assert!(pattern.matches(code));
    }

    #[test]
    fn texts_are_mentioned() {
        let reply = Reply::mentioning(211, &[b"SIZE".to_vec()]);
        assert_eq!(reply.lines(), [&b"211-There is:"[..], b"211- SIZE", b"211 End."]);
        let reply = Reply::mentioning(257, &[b"q\"\"x".to_vec()]);
        assert_eq!(reply.lines(), [b"257 \"/q\"\"x\" is the directory"]);
    }
}
