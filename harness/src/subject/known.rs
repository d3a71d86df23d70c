//! Deviations that are known already.

use std::path::Path;

use jiff::civil::Date;

use super::{SubjectError, file};

/// A deviation that is known, with its reason. Its cases count as `known`, and an unexpected pass is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Which cases: an id, in which `*` stands for any characters.
    pub pattern: String,
    /// Which requirements, where one case has several. None stands for all of them.
    pub requirements: Vec<String>,
    /// Why it is so.
    pub reason: String,
    /// Where that is discussed.
    pub link: Option<String>,
    /// The last day on which it is accepted.
    pub expires: Option<Date>,
    /// Whether it is a race of the subject's own, so that a run without it says nothing.
    pub may_vary: bool,
}

impl Known {
    /// The entries of a file that has nothing but `known`, in the form of a subject's file.
    ///
    /// # Errors
    /// The file cannot be read, or is not such a file.
    pub fn read(path: &Path) -> Result<Vec<Self>, SubjectError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SubjectError::UnreadableKnown { path: path.to_owned(), source })?;
        file::read_known(&path.display().to_string(), &text)
    }

    /// Whether it speaks of this case on this day.
    pub fn covers(&self, case: &str, today: Date) -> bool {
        !self.has_expired(today) && self.names(case)
    }

    /// Whether its pattern fits the id of this case.
    pub fn names(&self, case: &str) -> bool {
        matches(&self.pattern, case)
    }

    /// Whether a finding against this requirement is what it speaks of.
    pub fn speaks_of(&self, requirement: Option<&str>) -> bool {
        self.requirements.is_empty() || requirement.is_some_and(|id| self.requirements.iter().any(|own| own == id))
    }

    /// Whether its last day is over.
    pub fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }
}

/// Whether the whole id fits the pattern. Only `*` is special, for ids themselves hold brackets and commas.
fn matches(pattern: &str, id: &str) -> bool {
    let Some((before, behind)) = pattern.split_once('*') else {
        return pattern == id;
    };
    let Some(mut rest) = id.strip_prefix(before) else {
        return false;
    };
    let mut parts: Vec<&str> = behind.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place is always good enough: what is left can only be longer.
        let Some((_, left)) = rest.split_once(part) else {
            return false;
        };
        rest = left;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::{Known, matches};

    #[rstest]
    #[case("a/b", "a/b", true)]
    #[case("a/b", "a/bc", false)]
    #[case("a/*", "a/b[x=1,y=2]", true)]
    #[case("a/*", "b/a/c", false)]
    #[case("*/stou*", "rfc959/store/stou[open=PORT]", true)]
    #[case("a/*[open=PORT*", "a/b[open=PORT,size=0]", true)]
    #[case("a/*[open=PORT*", "a/b[open=PASV,size=0]", false)]
    #[case("*ab", "aab", true)]
    #[case("a*a", "a", false)]
    #[case("*", "", true)]
    #[case("**x**", "axb", true)]
    fn a_pattern_is_an_id_with_stars(#[case] pattern: &str, #[case] id: &str, #[case] fits: bool) {
        assert_eq!(matches(pattern, id), fits);
    }

    #[test]
    fn it_holds_until_the_end_of_its_last_day() {
        let known = Known {
            pattern: "a".to_owned(),
            requirements: Vec::new(),
            reason: "an old bug".to_owned(),
            link: None,
            expires: Some(date(2030, 1, 31)),
            may_vary: false,
        };
        assert!(known.covers("a", date(2030, 1, 31)));
        assert!(!known.covers("a", date(2030, 2, 1)));
        assert!(!known.covers("b", date(2030, 1, 31)));
    }
}
