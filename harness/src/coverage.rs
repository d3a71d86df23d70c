//! How far the suite reaches: the catalogue and the vocabulary against the scenarios.

use std::collections::BTreeSet;

use reports::coverage::{CommandCoverage, Coverage, Filed, ReplyCoverage, RequirementCoverage, ScenarioCoverage};

use crate::scenario::spoken::Spoken;
use crate::scenario::tree::Scenario;
use crate::scenario::{Filing, Requirement, Suite};

/// The coverage of a suite.
pub fn coverage(suite: &Suite) -> Coverage {
    let files = files(suite);
    let ids = |such: &dyn Fn(&File<'_>) -> bool| {
        files.iter().filter(|file| such(file)).map(|file| file.id.to_owned()).collect::<Vec<_>>()
    };
    let mut requirements: Vec<_> = suite.catalogue().iter().collect();
    requirements.sort_by_cached_key(|requirement| {
        (natural(&requirement.specification), natural(&requirement.section), requirement.id.clone())
    });
    let requirements = requirements
        .into_iter()
        .map(|requirement| row(requirement, ids(&|file| file.requirements.contains(&requirement.id.as_str()))));
    let commands = suite.vocabulary().commands.iter().map(|command| CommandCoverage {
        verb: command.verb.clone(),
        specification: command.specification.clone(),
        scenarios: ids(&|file| file.spoken.verbs.contains(&command.verb)),
        filed: command.filed.as_ref().map(filed),
    });
    let replies = suite.vocabulary().replies.iter().map(|reply| ReplyCoverage {
        code: reply.code,
        specification: reply.specification.clone(),
        meaning: reply.meaning.clone(),
        required: ids(&|file| file.spoken.required.contains(&reply.code)),
        tolerated: ids(&|file| {
            file.spoken.tolerated.contains(&reply.code) && !file.spoken.required.contains(&reply.code)
        }),
        filed: reply.filed.as_ref().map(filed),
    });
    Coverage {
        generator: format!("ftpspec {}", env!("CARGO_PKG_VERSION")),
        requirements: requirements.collect(),
        commands: commands.collect(),
        replies: replies.collect(),
        scenarios: files.iter().map(|file| scenario(suite, file)).collect(),
    }
}

/// A scenario file: what its rows have together.
struct File<'s> {
    id: &'s str,
    cases: usize,
    purpose: &'s str,
    /// The principal one first, each once.
    requirements: Vec<&'s str>,
    spoken: Spoken,
}

/// The scenario files, in the order of the suite.
fn files(suite: &Suite) -> Vec<File<'_>> {
    let rows = suite.scenarios().chunk_by(|one, other| one.file == other.file);
    rows.filter_map(|rows| {
        let first = rows.first()?;
        let mut seen = BTreeSet::new();
        let requirements = rows.iter().flat_map(Scenario::requirements).filter(|id| seen.insert(*id)).collect();
        Some(File {
            id: first.id.split('[').next().unwrap_or_default(),
            cases: rows.len(),
            purpose: &first.purpose.value,
            requirements,
            spoken: Spoken::of(rows),
        })
    })
    .collect()
}

fn row(requirement: &Requirement, scenarios: Vec<String>) -> RequirementCoverage {
    RequirementCoverage {
        id: requirement.id.clone(),
        specification: requirement.specification.clone(),
        section: requirement.section.clone(),
        level: requirement.level.to_string(),
        role: requirement.role.to_string(),
        area: requirement.area.clone(),
        text: requirement.text.clone(),
        scenarios,
        filed: requirement.filed.as_ref().map(filed),
    }
}

fn scenario(suite: &Suite, file: &File<'_>) -> ScenarioCoverage {
    let known: BTreeSet<_> = suite.vocabulary().commands.iter().map(|command| command.verb.as_str()).collect();
    let commands = file.spoken.verbs.iter().filter(|verb| known.contains(verb.as_str()));
    ScenarioCoverage {
        id: file.id.to_owned(),
        cases: file.cases,
        purpose: file.purpose.to_owned(),
        requirements: file.requirements.iter().map(|&id| id.to_owned()).collect(),
        commands: commands.cloned().collect(),
        replies: file.spoken.required.iter().copied().collect(),
    }
}

fn filed(filing: &Filing) -> Filed {
    Filed { kind: filing.kind.to_string(), because: filing.because.clone() }
}

/// The order of people: `RFC 959` before `RFC 1123`, `4.1.2` before `4.1.12`.
fn natural(text: &str) -> Vec<(u64, String)> {
    let parts = text.as_bytes().chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit());
    let parts = parts.map(|part| String::from_utf8_lossy(part).into_owned());
    parts.map(|part| part.parse().map_or((u64::MAX, part), |number| (number, String::new()))).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("RFC 959", "RFC 1123")]
    #[case("4.1.2", "4.1.12")]
    #[case("4.1", "4.1.1")]
    #[case("9", "App. II")]
    fn the_order_of_people(#[case] first: &str, #[case] second: &str) {
        assert!(natural(first) < natural(second));
    }
}
