//! What a server offers, as FEAT tells it (RFC 2389 §3).

use protocol::Reply;
use protocol::features::Feature;

/// The lines of FEAT, read tolerantly: servers write a code before them, or no space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// Each begins with one space, as RFC 2389 wants it.
    lines: Vec<Vec<u8>>,
}

impl Features {
    pub(crate) fn of(reply: &Reply) -> Self {
        // The first and the last line of a reply are no features.
        let inner = reply.lines().split_last().map_or(&[][..], |(_, before)| before.get(1..).unwrap_or_default());
        let code = [reply.code().to_string().as_bytes(), b"-"].concat();
        let line = |line: &Vec<u8>| {
            let text = line.strip_prefix(code.as_slice()).unwrap_or(line);
            [b" ", text.trim_ascii()].concat()
        };
        Self { lines: inner.iter().map(line).collect() }
    }

    pub(crate) fn offers(&self, feature: Feature) -> bool {
        self.lines.iter().any(|line| Feature::parse(line) == Some(feature))
    }

    /// What stands behind the name of a feature; empty where nothing does.
    pub(crate) fn parameters(&self, feature: Feature) -> Option<&[u8]> {
        let line = self.lines.iter().find(|line| Feature::parse(line) == Some(feature))?;
        Some(line.get(1 + feature.label().len()..).unwrap_or_default().trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::operations::testing::reply;
    use rstest::rstest;

    #[rstest]
    #[case::as_it_should_be("211-Features:\r\n SIZE\r\n HASH SHA-256*;MD5\r\n211 End")]
    #[case::with_codes("211-Features:\r\n211-SIZE\r\n211-HASH SHA-256*;MD5\r\n211 End")]
    #[case::without_a_space("211-Features:\r\nsize\r\nhash SHA-256*;MD5\r\n211 End")]
    fn lines(#[case] text: &str) {
        let features = Features::of(&reply(text));
        assert!(features.offers(Feature::Size));
        assert!(!features.offers(Feature::Mdtm));
        assert_eq!(features.parameters(Feature::Hash), Some(&b"SHA-256*;MD5"[..]));
        assert_eq!(features.parameters(Feature::Size), Some(&b""[..]));
    }

    #[rstest]
    #[case("211 no features")]
    #[case("211-SIZE\r\n211 MDTM")]
    fn the_first_and_the_last_line_are_none(#[case] text: &str) {
        let features = Features::of(&reply(text));
        assert!(!features.offers(Feature::Size) && !features.offers(Feature::Mdtm));
    }
}
