//! Filter expressions: `requirement(rfc959-4.1.3-*) and not command(RETR)`.

mod parse;

use std::collections::{BTreeMap, BTreeSet};

use reports::model::{Report, Verdict};

use self::parse::{Expression, Kind, Predicate, fault};
use crate::scenario::Diagnostic;
use crate::scenario::Suite;
use crate::scenario::diagnostic::nearest;
use crate::scenario::spoken::Spoken;
use crate::scenario::tree::Scenario;

/// What an expression selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Selected);

/// How the cases went in an earlier run: the words that `last(…)` asks for, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Last(BTreeMap<String, BTreeSet<&'static str>>);

/// An expression whose names are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Selected {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    These(BTreeSet<String>),
}

/// The word of `last(…)` for a case that changed its verdict under repetition.
const FLAKY: &str = "flaky";

impl Filter {
    /// Reads an expression. A name that fits nothing in the suite is an error, for it is mostly a slip.
    ///
    /// # Errors
    /// The expression is not one, or one of its names fits no scenario.
    pub fn read(text: &str, suite: &Suite, last: Option<&Last>) -> Result<Self, Box<Diagnostic>> {
        let expression = parse::expression(text)?;
        let looked = Looked { text, suite, last };
        Ok(Self(looked.selected(&expression)?))
    }

    /// Whether it selects this scenario.
    pub fn selects(&self, scenario: &Scenario) -> bool {
        self.0.holds(&scenario.id)
    }
}

impl Last {
    /// How the cases of this report went.
    pub fn of(report: &Report) -> Self {
        let words = report.cases.iter().map(|case| {
            let flaky = case.flaky.then_some(FLAKY);
            (case.id.clone(), std::iter::once(case.verdict.word()).chain(flaky).collect())
        });
        Self(words.collect())
    }
}

impl Selected {
    fn holds(&self, id: &str) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(id)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(id)),
            Self::Not(part) => !part.holds(id),
            Self::These(ids) => ids.contains(id),
        }
    }
}

/// Where names are looked up.
struct Looked<'a> {
    text: &'a str,
    suite: &'a Suite,
    last: Option<&'a Last>,
}

impl Looked<'_> {
    fn selected(&self, expression: &Expression) -> Result<Selected, Box<Diagnostic>> {
        let all = |parts: &[Expression]| parts.iter().map(|part| self.selected(part)).collect::<Result<Vec<_>, _>>();
        Ok(match expression {
            Expression::All(parts) => Selected::All(all(parts)?),
            Expression::Any(parts) => Selected::Any(all(parts)?),
            Expression::Not(part) => Selected::Not(Box::new(self.selected(part)?)),
            Expression::Is(predicate) => Selected::These(self.these(predicate)?),
        })
    }

    /// The ids of the cases that a predicate holds for.
    fn these(&self, predicate: &Predicate) -> Result<BTreeSet<String>, Box<Diagnostic>> {
        match predicate.kind {
            Kind::Id => match self.suite.select(&[&predicate.wanted]) {
                Ok(found) => Ok(found.into_iter().map(|scenario| scenario.id.clone()).collect()),
                Err(error) => Err(Box::new(self.wrong(predicate, &error.to_string()))),
            },
            Kind::Last => self.last(predicate),
            kind @ (Kind::Requirement | Kind::Rfc | Kind::Level | Kind::Command | Kind::Code | Kind::Topic) => {
                self.fitting(predicate, kind)
            }
        }
    }

    fn fitting(&self, predicate: &Predicate, kind: Kind) -> Result<BTreeSet<String>, Box<Diagnostic>> {
        let wanted = predicate.wanted.to_lowercase();
        let mut known = BTreeSet::new();
        let mut found = BTreeSet::new();
        for scenario in self.suite.scenarios() {
            let words = self.words(scenario, kind);
            if words.iter().any(|word| fits(&wanted, word)) {
                found.insert(scenario.id.clone());
            }
            known.extend(words);
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let wrong = self.wrong(predicate, &format!("no scenario has the {} \"{}\"", kind.word(), predicate.wanted));
        let near = nearest(&wanted, known.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean {}({near})?", kind.word()),
            None if known.len() <= MOST_LISTED => {
                format!("there are {}", known.into_iter().collect::<Vec<_>>().join(", "))
            }
            None => "`*` stands for any characters; `ftpspec coverage` shows what the suite has".to_owned(),
        };
        Err(Box::new(wrong.help(help)))
    }

    /// What a scenario is called by, in small letters.
    fn words(&self, scenario: &Scenario, kind: Kind) -> BTreeSet<String> {
        let requirements = || scenario.requirements().filter_map(|id| self.suite.requirement(id));
        match kind {
            Kind::Requirement => scenario.requirements().map(str::to_lowercase).collect(),
            Kind::Rfc => requirements().map(|known| specification(&known.specification)).collect(),
            Kind::Level => requirements().map(|known| known.level.to_string()).collect(),
            Kind::Command => Spoken::of([scenario]).verbs.iter().map(|verb| verb.to_lowercase()).collect(),
            Kind::Code => {
                let spoken = Spoken::of([scenario]);
                spoken.required.union(&spoken.tolerated).map(u16::to_string).collect()
            }
            Kind::Topic => {
                let path = scenario.id.split('[').next().unwrap_or_default();
                let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
                folders.split('/').filter(|folder| !folder.is_empty()).map(str::to_lowercase).collect()
            }
            Kind::Id | Kind::Last => BTreeSet::new(),
        }
    }

    fn last(&self, predicate: &Predicate) -> Result<BTreeSet<String>, Box<Diagnostic>> {
        let words = || Verdict::WORST_FIRST.map(Verdict::word).into_iter().chain([FLAKY]);
        let wanted = predicate.wanted.to_lowercase();
        let Some(word) = words().find(|word| *word == wanted) else {
            let wrong = self.wrong(predicate, &format!("no case has the verdict \"{}\"", predicate.wanted));
            let help = match nearest(&wanted, words()) {
                Some(near) => format!("did you mean last({near})?"),
                None => format!("it is one of {}", words().collect::<Vec<_>>().join(", ")),
            };
            return Err(Box::new(wrong.help(help)));
        };
        let Some(last) = self.last else {
            let wrong = self.wrong(predicate, "last() asks for a report of an earlier run, and none is given");
            return Err(Box::new(wrong.help("say which: --last FILE, a report in JSON or JSON lines")));
        };
        Ok(last.0.iter().filter(|(_, words)| words.contains(word)).map(|(id, _)| id.clone()).collect())
    }

    fn wrong(&self, predicate: &Predicate, message: &str) -> Diagnostic {
        fault(self.text, predicate.at, predicate.width, message)
    }
}

/// So many words are listed where none is near.
const MOST_LISTED: usize = 24;

/// The number of an RFC, or else the name, in small letters.
fn specification(name: &str) -> String {
    name.strip_prefix("RFC ").unwrap_or(name).to_lowercase()
}

/// Whether a word fits what is wanted, in which `*` stands for any characters.
fn fits(wanted: &str, word: &str) -> bool {
    let Some((before, behind)) = wanted.split_once('*') else { return wanted == word };
    let Some(mut rest) = word.strip_prefix(before) else { return false };
    let mut parts: Vec<&str> = behind.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, left)) = rest.split_once(part) else { return false };
        rest = left;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn suite() -> Suite {
        let purpose = |verb: &str, code: &str, of: &str| {
            format!("purpose: Says {verb}.\ncovers: [{of}]\nsteps:\n  - C: {verb}\n  - S: {code}\n")
        };
        let sources = [
            ("rfc959/rename/rnto.yaml", purpose("RNTO x", "503", "rfc959-rnto")),
            ("rfc959/control/noop.yaml", purpose("NOOP", "200", "rfc959-noop")),
            ("rfc2428/epsv/all.yaml", purpose("EPSV ALL", "{ pass: 200, deviation: 5yz | 502 }", "rfc2428-all")),
            (
                "requirements/all.yaml",
                concat!(
                    "specification: RFC 959\nrequirements:\n",
                    "  - { id: rfc959-rnto, section: 4.1.3, level: must, role: server, area: a, text: T., test: D. }\n",
                    "  - { id: rfc959-noop, section: 4.1.3, level: should, role: server, area: a, text: T., test: D. }\n",
                )
                .to_owned(),
            ),
            (
                "requirements/epsv.yaml",
                concat!(
                    "specification: RFC 2428\nrequirements:\n",
                    "  - { id: rfc2428-all, section: 4, level: must, role: server, area: a, text: T., test: D. }\n",
                )
                .to_owned(),
            ),
        ];
        Suite::from_sources(sources.map(|(file, text)| (file.to_owned(), text)).into()).unwrap()
    }

    fn selected(text: &str) -> Vec<String> {
        let suite = suite();
        let last = Last([("rfc959/rename/rnto".to_owned(), BTreeSet::from(["fail", FLAKY]))].into());
        let filter = Filter::read(text, &suite, Some(&last)).unwrap();
        let slugs = suite.scenarios().iter().filter(|scenario| filter.selects(scenario));
        slugs.map(|scenario| scenario.id.rsplit('/').next().unwrap().to_owned()).collect()
    }

    #[rstest]
    #[case("id(rfc959/**)", &["noop", "rnto"])]
    #[case("id(rfc959)", &["noop", "rnto"])]
    #[case("requirement(rfc959-rnto)", &["rnto"])]
    #[case("requirement(*-all)", &["all"])]
    #[case("rfc(959)", &["noop", "rnto"])]
    #[case("rfc(2428)", &["all"])]
    #[case("level(must)", &["all", "rnto"])]
    #[case("command(rnto)", &["rnto"])]
    #[case("command(*N*O*)", &["noop", "rnto"])]
    #[case("code(200)", &["all", "noop"])]
    #[case("code(502)", &["all"])]
    #[case("topic(rename)", &["rnto"])]
    #[case("last(fail)", &["rnto"])]
    #[case("last(flaky)", &["rnto"])]
    #[case("last(pass)", &[])]
    #[case("not rfc(959)", &["all"])]
    #[case("not not rfc(2428)", &["all"])]
    #[case("rfc(959) and level(must)", &["rnto"])]
    #[case("rfc(2428) or command(NOOP)", &["all", "noop"])]
    #[case::and_binds_first("rfc(2428) or rfc(959) and level(must)", &["all", "rnto"])]
    #[case::parentheses("(rfc(2428) or rfc(959)) and level(should)", &["noop"])]
    #[case::not_binds_first("not rfc(2428) and level(must)", &["rnto"])]
    #[case::no_spaces("not(rfc(2428))and(level(must))", &["rnto"])]
    #[case::lines("rfc(959)\n  and\tlevel( must )", &["rnto"])]
    fn selects(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(selected(text), expected);
    }

    #[rstest]
    #[case("command(RMTO)", "no scenario has the command \"RMTO\"", 9, "did you mean command(rnto)?")]
    #[case("rfc(9)", "no scenario has the rfc \"9\"", 5, "there are 2428, 959")]
    #[case("level(most)", "no scenario has the level \"most\"", 7, "did you mean level(must)?")]
    #[case("requirement(rfc959-rtno)", "no scenario has", 13, "did you mean requirement(rfc959-rnto)?")]
    #[case("id(rfc959/rename/rnt)", "did you mean \"rfc959/rename/rnto\"?", 4, "")]
    #[case("last(failed)", "no case has the verdict \"failed\"", 6, "it is one of fail, inconclusive,")]
    #[case("last(fail)", "none is given", 6, "--last FILE")]
    fn a_name_that_fits_nothing(#[case] text: &str, #[case] message: &str, #[case] column: usize, #[case] help: &str) {
        let error = Filter::read(text, &suite(), None).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert_eq!(error.span.column, column, "{error}");
        assert!(error.help.unwrap_or_default().contains(help));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = parse::expression(&text);
        }

        #[test]
        fn words_in_any_order_are_read_or_refused(
            words in proptest::collection::vec(
                prop_oneof![Just("and"), Just("or"), Just("not"), Just("("), Just(")"), Just("rfc(959)"), Just("id"), Just("é")],
                0..200,
            )
        ) {
            let text = words.join(" ");
            if let Err(error) = parse::expression(&text) {
                prop_assert!(error.span.column <= text.chars().count() + 1);
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
