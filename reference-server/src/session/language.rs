//! The language of replies (RFC 2640 §4).
//!
//! Replies are written in English where they are made, and translated where they are sent: a list has the English text and
//! the other one, with `{}` for what is put in. Codes, and texts that programs read, are in no list, so that LANG cannot touch
//! them. A text that is not in the list stays English, which everyone is expected to understand (RFC 2277 §4.5).

mod german;

use protocol::Reply;

/// A language of this server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// The default: RFC 2640 §4.1 recommends it.
    #[default]
    English,
    German,
}

/// Why a language cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoLanguage {
    /// No tag of RFC 1766: parts of one to eight letters, with hyphens between them.
    Syntax,
    /// Not one of ours.
    Unknown,
}

impl Language {
    const ALL: [Self; 2] = [Self::English, Self::German];

    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "EN",
            Self::German => "DE",
        }
    }

    /// The language of a tag, in any case. Of a variant that is not here, as `en-AU`, the language itself is the nearest.
    pub(super) fn parse(tag: &[u8]) -> Result<Self, NoLanguage> {
        let is_part = |part: &[u8]| (1..=8).contains(&part.len()) && part.iter().all(u8::is_ascii_alphabetic);
        let mut parts = tag.split(|&octet| octet == b'-');
        let primary = parts.next().filter(|part| is_part(part)).ok_or(NoLanguage::Syntax)?;
        if !parts.all(is_part) {
            return Err(NoLanguage::Syntax);
        }
        let is_it = |language: &Self| language.tag().as_bytes().eq_ignore_ascii_case(primary);
        Self::ALL.into_iter().find(is_it).ok_or(NoLanguage::Unknown)
    }

    /// What FEAT says behind LANG: every tag, with a star at this one (§4.3). No semicolon ends the list.
    pub(super) fn starred(self) -> String {
        let told = |language: Self| [language.tag(), if language == self { "*" } else { "" }].concat();
        Self::ALL.map(told).join(";")
    }

    /// The reply in this language.
    pub(super) fn translate(self, reply: &Reply) -> Reply {
        match self {
            Self::English => reply.clone(),
            Self::German => reply.translated(|text| find(german::TEXTS, text)),
        }
    }
}

fn find(texts: &[(&str, &str)], text: &[u8]) -> Option<Vec<u8>> {
    texts.iter().find_map(|(from, to)| Some(fill(to, &parts(from, text)?)))
}

/// What stands in `text` where the pattern has `{}`; `None` when they do not fit.
fn parts<'text>(pattern: &str, text: &'text [u8]) -> Option<Vec<&'text [u8]>> {
    let mut fixed = pattern.split("{}");
    let mut rest = text.strip_prefix(fixed.next()?.as_bytes())?;
    let mut found = Vec::new();
    let mut fixed = fixed.peekable();
    while let Some(between) = fixed.next() {
        let is_last = fixed.peek().is_none();
        let place = if is_last { rest.len().checked_sub(between.len())? } else { position(rest, between.as_bytes())? };
        let (part, behind) = rest.split_at_checked(place)?;
        rest = behind.strip_prefix(between.as_bytes())?;
        found.push(part);
    }
    rest.is_empty().then_some(found)
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len().max(1)).position(|window| window == part)
}

fn fill(pattern: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut parts = parts.iter();
    let mut fixed = pattern.split("{}");
    let mut text = fixed.next().unwrap_or_default().as_bytes().to_vec();
    for between in fixed {
        text.extend_from_slice(parts.next().copied().unwrap_or_default());
        text.extend_from_slice(between.as_bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("en", Ok(Language::English))]
    #[case("DE", Ok(Language::German))]
    #[case("de-AT", Ok(Language::German))]
    #[case("qaa", Err(NoLanguage::Unknown))]
    #[case("i-klingon", Err(NoLanguage::Unknown))]
    #[case("en_US!", Err(NoLanguage::Syntax))]
    #[case("abcdefghijk", Err(NoLanguage::Syntax))]
    #[case("en-", Err(NoLanguage::Syntax))]
    #[case("-en", Err(NoLanguage::Syntax))]
    #[case(" en", Err(NoLanguage::Syntax))]
    fn tags(#[case] tag: &str, #[case] expected: Result<Language, NoLanguage>) {
        assert_eq!(Language::parse(tag.as_bytes()), expected);
    }

    #[rstest]
    #[case("a", "a", Some(vec![]))]
    #[case("a", "ab", None)]
    #[case("{} b", "x b", Some(vec!["x"]))]
    #[case("{} b", "b", None)]
    #[case("a {} b {} c", "a 1 b 2 c", Some(vec!["1", "2"]))]
    #[case("a {} b {} c", "a 1 b 2", None)]
    #[case("a {} c", "a c", None)]
    fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: Option<Vec<&str>>) {
        let expected = expected.map(|parts| parts.into_iter().map(str::as_bytes).collect::<Vec<_>>());
        assert_eq!(parts(pattern, text.as_bytes()), expected);
    }

    #[test]
    fn the_lists_are_whole() {
        for (place, (from, to)) in german::TEXTS.iter().enumerate() {
            assert_eq!(from.matches("{}").count(), to.matches("{}").count(), "{from}");
            assert_ne!(from, to);
            let first = german::TEXTS.iter().position(|(other, _)| parts(other, from.as_bytes()).is_some());
            assert_eq!(first, Some(place), "an earlier text takes this one: {from}");
        }
    }
}
