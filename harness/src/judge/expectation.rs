//! Whether replies are those that a step accepts.

use crate::scenario::tree::{CodePattern, Expect, ReplyPattern, Rule};

/// What a reply was, among those that a step accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Accepted, and more replies belong to it.
    More(Quality),
    /// Accepted, and the last.
    Done(Quality),
    /// The subject does not have the feature.
    NotApplicable,
    /// Not accepted.
    Against,
}

/// How well it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// As required.
    Required,
    /// Named by the step as tolerated.
    Named,
    /// Another code of the same class.
    SameClass,
}

/// Follows the replies to one step.
#[derive(Debug)]
pub struct Matcher<'a> {
    expect: &'a Expect,
    required: Vec<Front<'a>>,
    tolerated: Vec<Front<'a>>,
    quality: Quality,
}

/// A sequence and how far it was followed.
#[derive(Debug, Clone, Copy)]
struct Front<'a> {
    sequence: &'a [ReplyPattern],
    at: usize,
}

impl<'a> Matcher<'a> {
    /// At the beginning of the step.
    pub fn new(expect: &'a Expect) -> Self {
        let fronts =
            |sequences: &'a [Vec<ReplyPattern>]| sequences.iter().map(|sequence| Front { sequence, at: 0 }).collect();
        Self {
            expect,
            required: fronts(&expect.pass),
            tolerated: fronts(&expect.deviation),
            quality: Quality::Required,
        }
    }

    /// One more reply came, with this code.
    pub fn take(&mut self, code: u16) -> Match {
        if self.follow(Quality::Required, |pattern| pattern.matches(code)) {
            return self.result();
        }
        if self.expect.not_applicable.iter().any(|pattern| pattern.matches(code)) {
            return Match::NotApplicable;
        }
        if self.follow(Quality::Named, |pattern| pattern.matches(code)) {
            return self.result();
        }
        if self.expect.rule == Rule::Tiers && self.follow(Quality::SameClass, |pattern| pattern.same_class(code)) {
            return self.result();
        }
        Match::Against
    }

    fn follow(&mut self, quality: Quality, fits: impl Fn(&CodePattern) -> bool) -> bool {
        let fronts = if quality == Quality::Named { &self.tolerated } else { &self.required };
        let next: Vec<_> = fronts.iter().filter_map(|front| front.advance(&fits)).collect();
        if next.is_empty() {
            return false;
        }
        match quality {
            Quality::Named => {
                self.required.clear();
                self.tolerated = next;
            }
            Quality::Required | Quality::SameClass => {
                self.required = next;
                // A tolerated sequence may begin like a required one and part from it later.
                for front in &mut self.tolerated {
                    *front = front.advance(&fits).unwrap_or(*front);
                }
            }
        }
        self.quality = self.quality.max(quality);
        true
    }

    fn result(&self) -> Match {
        let fronts = if self.required.is_empty() { &self.tolerated } else { &self.required };
        if fronts.iter().any(Front::is_complete) { Match::Done(self.quality) } else { Match::More(self.quality) }
    }

    /// Whether no reply came yet.
    pub fn is_at_beginning(&self) -> bool {
        self.required.iter().chain(&self.tolerated).all(|front| front.at == 0)
    }

    /// What may come now, in words.
    pub fn expected(&self) -> String {
        let fronts = if self.required.is_empty() { &self.tolerated } else { &self.required };
        let mut words: Vec<String> = Vec::new();
        for pattern in fronts.iter().flat_map(Front::candidates) {
            for code in &pattern.codes {
                let word = code.to_string();
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        words.join(" or ")
    }
}

impl<'a> Front<'a> {
    /// The patterns that may come now: the optional ones, and the first that is not.
    fn candidates(&self) -> &'a [ReplyPattern] {
        let rest = self.sequence.get(self.at..).unwrap_or_default();
        let optional = rest.iter().take_while(|pattern| pattern.optional).count();
        rest.get(..rest.len().min(optional + 1)).unwrap_or_default()
    }

    fn advance(&self, fits: impl Fn(&CodePattern) -> bool) -> Option<Self> {
        let skipped = self.candidates().iter().position(|pattern| pattern.codes.iter().any(&fits))?;
        Some(Self { sequence: self.sequence, at: self.at + skipped + 1 })
    }

    fn is_complete(&self) -> bool {
        self.sequence.iter().skip(self.at).all(|pattern| pattern.optional)
    }
}

impl CodePattern {
    /// Whether the code is one of these.
    pub fn matches(&self, code: u16) -> bool {
        match *self {
            Self::Code(own) => own == code,
            Self::Class(first) => u16::from(first) == code / 100,
            Self::Group(first, second) => u16::from(first) * 10 + u16::from(second) == code / 10,
        }
    }

    /// Whether the code is of the same class. Of refusals 4yz and 5yz are one class.
    pub fn same_class(&self, code: u16) -> bool {
        let own = match *self {
            Self::Code(own) => own / 100,
            Self::Class(first) | Self::Group(first, _) => u16::from(first),
        };
        let class = |digit| if digit == 4 { 5 } else { digit };
        class(own) == class(code / 100)
    }
}

impl std::fmt::Display for CodePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Class(first) => write!(f, "{first}yz"),
            Self::Group(first, second) => write!(f, "{first}{second}z"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::scenario::tree::{Charset, Silence, Within};

    fn set(text: &str) -> Vec<Vec<ReplyPattern>> {
        if text.is_empty() {
            return Vec::new();
        }
        let pattern = |word: &str| match word.as_bytes() {
            [class, b'y', b'z'] => CodePattern::Class(class - b'0'),
            _ => CodePattern::Code(word.parse().unwrap()),
        };
        let reply = |text: &str| ReplyPattern {
            optional: text.contains('?'),
            codes: text.split('|').map(|word| pattern(word.trim().trim_end_matches('?'))).collect(),
        };
        text.split(';').map(|sequence| sequence.split(',').map(reply).collect()).collect()
    }

    fn follow(pass: &str, deviation: &str, not_applicable: &[u16], codes: &[u16]) -> Match {
        let expect = Expect {
            pass: set(pass),
            rule: if deviation.is_empty() { Rule::Tiers } else { Rule::Explicit },
            deviation: set(deviation),
            not_applicable: not_applicable.iter().map(|&code| CodePattern::Code(code)).collect(),
            because: None,
            text: None,
            text_mode: None,
            contains: Vec::new(),
            says: Vec::new(),
            first_word: Vec::new(),
            features: None,
            if_features: Vec::new(),
            without_features: Vec::new(),
            language: None,
            charset: Charset::Any,
            entry: None,
            silence: Silence::Against,
            reads: Vec::new(),
            within: Within::Default,
        };
        let mut matcher = Matcher::new(&expect);
        codes.iter().map(|&code| matcher.take(code)).last().unwrap()
    }

    const REQUIRED: Match = Match::Done(Quality::Required);

    #[rstest]
    #[case("226 | 250", &[226], REQUIRED)]
    #[case("226 | 250", &[225], Match::Done(Quality::SameClass))]
    #[case("226 | 250", &[425], Match::Against)]
    #[case("550", &[450], Match::Done(Quality::SameClass))]
    #[case("425", &[550], Match::Done(Quality::SameClass))]
    #[case("425", &[226], Match::Against)]
    #[case("2yz", &[299], REQUIRED)]
    #[case("125? | 150?, 226 | 250", &[150], Match::More(Quality::Required))]
    #[case("125? | 150?, 226 | 250", &[150, 226], REQUIRED)]
    #[case("125? | 150?, 226 | 250", &[226], REQUIRED)]
    #[case("125? | 150?, 226 | 250", &[151, 226], Match::Done(Quality::SameClass))]
    #[case("125? | 150?, 226 | 250", &[150, 150], Match::Against)]
    #[case("125? | 150?, 425", &[150, 425], REQUIRED)]
    #[case("426, 226; 226, 225", &[226], Match::More(Quality::Required))]
    #[case("426, 226; 226, 225", &[226, 225], REQUIRED)]
    #[case("426, 226; 226, 225", &[426, 225], Match::Done(Quality::SameClass))]
    #[case("426, 226; 226, 225", &[426, 500], Match::Against)]
    #[case("226, 110?", &[226], REQUIRED)]
    fn tiers(#[case] pass: &str, #[case] codes: &[u16], #[case] expected: Match) {
        assert_eq!(follow(pass, "", &[], codes), expected);
    }

    #[rstest]
    #[case(&[226, 230], REQUIRED)]
    #[case(&[230, 226], REQUIRED)]
    #[case(&[226, 530], Match::Done(Quality::Named))]
    #[case(&[530, 226], Match::Done(Quality::Named))]
    #[case(&[226, 150], Match::Against)]
    fn a_tolerated_sequence_may_begin_like_a_required_one(#[case] codes: &[u16], #[case] expected: Match) {
        assert_eq!(follow("226, 230; 230, 226", "226, 4yz|5yz; 4yz|5yz, 226", &[], codes), expected);
    }

    #[rstest]
    #[case(&[503], REQUIRED)]
    #[case(&[550], Match::Done(Quality::Named))]
    #[case(&[502], Match::NotApplicable)]
    #[case(&[250], Match::Against)]
    fn an_explicit_map_replaces_the_tiers(#[case] codes: &[u16], #[case] expected: Match) {
        assert_eq!(follow("503", "4yz | 5yz", &[502], codes), expected);
    }
}
