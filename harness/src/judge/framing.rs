//! What a flaw in the form of a reply weighs, and by which requirement.

use reports::model::Octets;

use super::grade::Outcome;
use crate::wire::reply::{Flaw, SeenReply};

/// A statement about the form of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The requirement it is measured by.
    pub requirement: &'static str,
    /// Whether it is tolerated.
    pub outcome: Outcome,
    /// The statement. The same cause gives the same words.
    pub message: &'static str,
    /// What the text asks for.
    pub expected: &'static str,
    /// The line that shows it, as it came.
    pub received: String,
}

/// What is wrong with a reply to this verb. Empty where nothing is.
pub fn remarks(verb: &str, reply: &SeenReply) -> Vec<Remark> {
    reply.flaws.iter().filter_map(|flaw| remark(verb, reply, flaw)).collect()
}

fn remark(verb: &str, reply: &SeenReply, flaw: &Flaw) -> Option<Remark> {
    // RFC 3659 §7.2 and RFC 7151 §3.1 define replies in which space and text may be left out.
    if *flaw == Flaw::BareCode && matches!(verb, "MLST" | "MLSD" | "HOST") {
        return None;
    }
    let (requirement, outcome, message, expected) = measure(reply, flaw);
    Some(Remark { requirement, outcome, message, expected, received: line_that_shows(reply, flaw) })
}

/// Requirement, outcome, statement, and what the text asks for.
fn measure(reply: &SeenReply, flaw: &Flaw) -> (&'static str, Outcome, &'static str, &'static str) {
    use Outcome::{Against, Tolerated};
    let well_formed = "three digits, a space, text";
    let code_and_space = "the code of its first line and a space";
    match flaw {
        Flaw::LineFeedOnly(_) => (CRLF, Against, "a line of a reply ends in LF without CR", r"…\r\n"),
        Flaw::CarriageReturn => {
            (CRLF, Against, "a CR inside a reply line has neither LF nor NUL behind it", "CR only before LF or NUL")
        }
        Flaw::EighthBit => (SEVEN_BIT, Tolerated, "octets above 127 in a reply, and nobody asked for them", "ASCII"),
        Flaw::NoCode => (FORMAT, Against, "a line that is no reply: it does not begin with three digits", well_formed),
        Flaw::BlankLine => (FORMAT, Against, "an empty line between replies", "nothing between replies"),
        Flaw::BareCode => (LINE, Against, "nothing follows the three digits of a reply", well_formed),
        Flaw::Separator(_) => {
            (LINE, Against, "neither a space nor a hyphen follows the three digits of a reply", well_formed)
        }
        Flaw::FirstDigit => (DIGITS, Against, "a reply code whose first digit is not 1 to 5", "1yz to 5yz"),
        Flaw::SecondDigit => (DIGITS, Tolerated, "a reply code whose second digit has no meaning", "x0z to x3z, x5z"),
        Flaw::InnerCode(_) => (
            PAD,
            Tolerated,
            "a line inside a multi-line reply begins with another code and a space",
            "a line that cannot be taken for an end",
        ),
        Flaw::InnerHyphen(_) => (
            NEST,
            Tolerated,
            "a line inside a multi-line reply begins with another code and a hyphen",
            "no reply inside a reply",
        ),
        Flaw::Unended { other: Some(_) } => {
            (SAME, Against, "a multi-line reply ends with another code than it began with", code_and_space)
        }
        Flaw::Unended { other: None } if reply.lines.len() > 1 => {
            (END, Against, "a multi-line reply has no last line", code_and_space)
        }
        Flaw::Unended { other: None } => (CRLF, Against, "a reply line has no end", r"…\r\n"),
        Flaw::Endless => {
            (FORMAT, Against, "a reply without end: more than 64 KiB in a line, or 4 MiB in all", "a reply")
        }
    }
}

/// The line of the reply that shows the flaw, as it came.
fn line_that_shows(reply: &SeenReply, flaw: &Flaw) -> String {
    let shown = |line: Option<&Vec<u8>>| line.map(|line| Octets::from(line.as_slice()).to_string()).unwrap_or_default();
    let inner = |code: u16, separator: char| {
        let start = format!("{code:03}{separator}").into_bytes();
        shown(reply.lines.iter().skip(1).find(|line| line.starts_with(&start)))
    };
    match flaw {
        Flaw::LineFeedOnly(_) => format!(r"{}\n", shown(reply.lines.first())),
        Flaw::BlankLine => r"\r\n".to_owned(),
        Flaw::EighthBit => shown(reply.lines.iter().find(|line| !line.is_ascii())),
        Flaw::InnerCode(code) => inner(*code, ' '),
        Flaw::InnerHyphen(code) => inner(*code, '-'),
        Flaw::BareCode | Flaw::Unended { .. } | Flaw::Endless => shown(reply.lines.last()),
        Flaw::CarriageReturn | Flaw::NoCode | Flaw::Separator(_) | Flaw::FirstDigit | Flaw::SecondDigit => {
            shown(reply.lines.first())
        }
    }
}

/// RFC 1123 §3.2.5.
pub(super) const SEVEN_BIT: &str = "rfc1123-3.2.5-seven-bit";
const CRLF: &str = "rfc959-4.2-reply-crlf";
const LINE: &str = "rfc959-4.2-reply-line-format";
const FORMAT: &str = "rfc1123-4.1.2.11-correct-reply-format";
const DIGITS: &str = "rfc959-4.2-code-digit-ranges";
const PAD: &str = "rfc959-4.2-multiline-pad-digits";
const NEST: &str = "rfc959-4.2-multiline-no-nesting";
const SAME: &str = "rfc959-4.2-multiline-same-code";
const END: &str = "rfc959-4.2-multiline-terminator";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::wire::reply::ReplyReader;

    fn seen(octets: &[u8]) -> SeenReply {
        let mut reader = ReplyReader::default();
        reader.feed(octets).into_iter().next().or_else(|| reader.rest()).unwrap()
    }

    #[rstest]
    #[case("NOOP", b"200 ok\n", &[(CRLF, r"200 ok\n")])]
    #[case("NOOP", b"200\r\n", &[(LINE, "200")])]
    #[case("MLST", b"250-a\r\n b\r\n250\r\n", &[])]
    #[case("HELP", b"214-a\r\n226 b\r\n214 c\r\n", &[(PAD, "226 b")])]
    #[case("HELP", b"214-a\r\n200 b\r\n", &[(PAD, "200 b"), (SAME, "200 b")])]
    #[case("NOOP", b"\x1b[31m\r\n", &[(FORMAT, r"\x1b[31m")])]
    #[case("NOOP", b"200 tr\xc3\xa8s bien\r\n", &[(SEVEN_BIT, r"200 tr\xc3\xa8s bien")])]
    #[case("NOOP", b"200 well formed\r\n", &[])]
    fn measured(#[case] verb: &str, #[case] octets: &[u8], #[case] expected: &[(&str, &str)]) {
        let remarks = remarks(verb, &seen(octets));
        let found: Vec<_> = remarks.iter().map(|remark| (remark.requirement, remark.received.as_str())).collect();
        assert_eq!(found, expected);
    }
}
