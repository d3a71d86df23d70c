//! How many there are of each.

use std::collections::BTreeMap;

use super::{Coverage, RequirementCoverage};

/// Where a requirement stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// A scenario covers it.
    Covered,
    /// It is filed, as this.
    Filed(String),
    /// Neither.
    Neither,
}

/// The counts of some requirements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many there are.
    pub all: usize,
    /// How many a scenario covers.
    pub covered: usize,
    /// How many are filed, by kind.
    pub filed: BTreeMap<String, usize>,
    /// How many are neither.
    pub neither: usize,
}

/// Requirements counted by what they have in common.
pub(super) type Row<'a> = (Vec<&'a str>, Count);

const ROLES: [&str; 3] = ["server", "both", "client"];
const LEVELS: [&str; 4] = ["must", "should", "may", "draft"];

impl RequirementCoverage {
    /// Where it stands.
    pub fn state(&self) -> State {
        match &self.filed {
            _ if !self.scenarios.is_empty() => State::Covered,
            Some(filed) => State::Filed(filed.kind.clone()),
            None => State::Neither,
        }
    }
}

impl Count {
    /// Counts requirements.
    pub fn of<'r>(requirements: impl IntoIterator<Item = &'r RequirementCoverage>) -> Self {
        let mut count = Self::default();
        for requirement in requirements {
            count.all += 1;
            match requirement.state() {
                State::Covered => count.covered += 1,
                State::Filed(kind) => *count.filed.entry(kind).or_default() += 1,
                State::Neither => count.neither += 1,
            }
        }
        count
    }
}

/// The kinds of filing that occur.
pub(super) fn kinds(coverage: &Coverage) -> Vec<String> {
    Count::of(&coverage.requirements).filed.into_keys().collect()
}

/// The counts by whom a requirement binds, and how strongly; then those of all.
pub(super) fn by_role_and_level(coverage: &Coverage) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for role in ROLES {
        for level in LEVELS {
            let such = coverage.requirements.iter().filter(|found| found.role == role && found.level == level);
            rows.push((vec![role, level], Count::of(such)));
        }
    }
    rows.retain(|(_, count)| count.all > 0);
    rows.push((vec!["all", ""], Count::of(&coverage.requirements)));
    rows
}

/// The counts by specification.
pub(super) fn by_specification(coverage: &Coverage) -> Vec<Row<'_>> {
    let groups = specifications(coverage);
    groups.into_iter().map(|(name, group)| (vec![name], Count::of(group))).collect()
}

/// The requirements of each specification.
pub(super) fn specifications(coverage: &Coverage) -> Vec<(&str, &[RequirementCoverage])> {
    let groups = coverage.requirements.chunk_by(|one, other| one.specification == other.specification);
    groups.filter_map(|group| Some((group.first()?.specification.as_str(), group))).collect()
}

/// The head of a table of counts.
pub(super) fn head(first: &[&str], kinds: &[String]) -> Vec<String> {
    let words = first.iter().copied().chain(["Requirements", "Covered"]).map(str::to_owned);
    words.chain(kinds.iter().cloned()).chain(["Neither".to_owned()]).collect()
}

/// A row of a table of counts. Nothing is written as nothing.
pub(super) fn cells((labels, count): &Row<'_>, kinds: &[String]) -> Vec<String> {
    let number = |number: usize| if number == 0 { String::new() } else { number.to_string() };
    let labels = labels.iter().map(|&label| label.to_owned());
    let counts = [count.all.to_string(), count.covered.to_string()];
    let filed = kinds.iter().map(|kind| number(count.filed.get(kind).copied().unwrap_or_default()));
    labels.chain(counts).chain(filed).chain([number(count.neither)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Filed;

    fn requirement(scenarios: &[&str], filed: Option<&str>) -> RequirementCoverage {
        RequirementCoverage {
            id: "x".to_owned(),
            specification: "RFC 959".to_owned(),
            section: "4".to_owned(),
            level: "must".to_owned(),
            role: "server".to_owned(),
            area: String::new(),
            text: String::new(),
            scenarios: scenarios.iter().map(|&id| id.to_owned()).collect(),
            filed: filed.map(|kind| Filed { kind: kind.to_owned(), because: "b".to_owned() }),
        }
    }

    #[test]
    fn a_scenario_outweighs_a_filing() {
        let all = [
            requirement(&["a"], Some("planned")),
            requirement(&[], Some("planned")),
            requirement(&[], Some("implicit")),
            requirement(&[], None),
        ];
        let count = Count::of(&all);
        assert_eq!((count.all, count.covered, count.neither), (4, 1, 1));
        assert_eq!(count.filed, BTreeMap::from([("implicit".to_owned(), 1), ("planned".to_owned(), 1)]));
    }
}
