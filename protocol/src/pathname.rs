//! Pathnames, and the way 257 quotes them (RFC 959 Appendix II).

use thiserror::Error;

/// A pathname that can stand in a command: any octets but CR, LF and NUL.
///
/// RFC 959 §5.3.2 builds a pathname of any ASCII character except CR and LF. NUL is refused too: no file
/// system takes it, and what follows it would silently be lost.
///
/// ```
/// use protocol::Pathname;
///
/// let pathname = Pathname::new(b"/usr/dm").unwrap();
/// assert_eq!(pathname.quoted(), b"\"/usr/dm\"");
/// assert_eq!(Pathname::from_reply(b"\"/usr/dm\" directory created").unwrap(), pathname);
///
/// // The example of Appendix II: a double-quote inside is doubled.
/// let pathname = Pathname::from_reply(b"\"/foo\"\"bar\" directory created").unwrap();
/// assert_eq!(pathname.as_bytes(), b"/foo\"bar");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pathname(Vec<u8>);

impl Pathname {
    /// Checks the octets of a pathname.
    ///
    /// # Errors
    /// When it is empty, or holds a CR, LF or NUL.
    pub fn new(octets: &[u8]) -> Result<Self, PathnameError> {
        if octets.is_empty() {
            return Err(PathnameError::Empty);
        }
        match octets.iter().find(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            Some(&forbidden) => Err(PathnameError::Forbidden(forbidden)),
            None => Ok(Self(octets.to_vec())),
        }
    }

    /// Reads the pathname at the start of the text of a 257. Text before the first quote is skipped.
    ///
    /// # Errors
    /// When there is no quoted pathname, or it is none.
    pub fn from_reply(text: &[u8]) -> Result<Self, PathnameError> {
        let open = text.iter().position(|&octet| octet == b'"').ok_or(PathnameError::NotQuoted)?;
        let mut octets = text.iter().skip(open + 1).copied().peekable();
        let mut pathname = Vec::new();
        loop {
            match octets.next() {
                None => return Err(PathnameError::NotQuoted),
                Some(b'"') if octets.next_if_eq(&b'"').is_none() => return Self::new(&pathname),
                // A doubled quote stands for one.
                Some(octet) => pathname.push(octet),
            }
        }
    }

    /// The pathname between double-quotes, with those inside doubled: the start of the text of a 257.
    pub fn quoted(&self) -> Vec<u8> {
        let mut quoted = Vec::with_capacity(self.0.len() + 2);
        quoted.push(b'"');
        for &octet in &self.0 {
            if octet == b'"' {
                quoted.push(b'"');
            }
            quoted.push(octet);
        }
        quoted.push(b'"');
        quoted
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The octets, owned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl AsRef<[u8]> for Pathname {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What is wrong with a pathname.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathnameError {
    /// No octet at all.
    #[error("a pathname has at least one character")]
    Empty,
    /// CR, LF or NUL.
    #[error("a pathname cannot hold {}", control_name(*.0))]
    Forbidden(u8),
    /// A 257 without a complete quoted pathname.
    #[error("the reply holds no pathname between double-quotes")]
    NotQuoted,
}

fn control_name(octet: u8) -> &'static str {
    match octet {
        b'\r' => "CR (carriage return)",
        b'\n' => "LF (line feed)",
        _ => "NUL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain(b"/a", b"\"/a\"")]
    #[case::quote_inside(b"/a\"b", b"\"/a\"\"b\"")]
    #[case::only_quotes(b"\"\"", b"\"\"\"\"\"\"")]
    #[case::any_octet(b"/\xff\x01 ", b"\"/\xff\x01 \"")]
    fn quoting_both_ways(#[case] octets: &[u8], #[case] quoted: &[u8]) {
        let pathname = Pathname::new(octets).unwrap();
        assert_eq!(pathname.quoted(), quoted);
        assert_eq!(Pathname::from_reply(quoted), Ok(pathname));
    }

    #[rstest]
    #[case::text_before(b"is \"/a\" now", Ok(&b"/a"[..]))]
    #[case::quotes_behind(b"\"/a\" is \"it\"", Ok(&b"/a"[..]))]
    #[case::not_closed(b"\"/a", Err(PathnameError::NotQuoted))]
    #[case::ends_in_a_doubled_quote(b"\"/a\"\"", Err(PathnameError::NotQuoted))]
    #[case::no_quote(b"/a", Err(PathnameError::NotQuoted))]
    #[case::empty(b"\"\"", Err(PathnameError::Empty))]
    #[case::carriage_return(b"\"a\rb\"", Err(PathnameError::Forbidden(b'\r')))]
    fn out_of_a_257(#[case] text: &[u8], #[case] expected: Result<&[u8], PathnameError>) {
        assert_eq!(Pathname::from_reply(text).as_ref().map(Pathname::as_bytes), expected.as_ref().copied());
    }

    #[rstest]
    #[case(b'\r')]
    #[case(b'\n')]
    #[case(0)]
    fn controls_that_end_a_line_are_refused(#[case] octet: u8) {
        assert_eq!(Pathname::new(&[b'a', octet, b'b']), Err(PathnameError::Forbidden(octet)));
    }
}
