//! What all shards of a class have in common, and which of them one is: the first line of a shard's results.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::grade::Outline;
use crate::grade::record::{CheckRecord, GroupRecord};
use crate::grade::table::Heading;
use crate::scenario::rubric::{Points, Rubric};

/// The version of the first line of a shard's results. It changes when a reader of the last one would misread.
pub const SCHEMA: &str = "ftpspec/grade-run/1";

/// The most shards of a class.
pub const MOST: usize = 100_000;

/// The first line of a shard's results: the run that it is a part of, and which part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: String,
    /// SHA-256 of the roll as JSON, in lower-case hexadecimal. It is the same in all shards, on every machine.
    pub run: String,
    /// Which part of the class this is.
    pub shard: Shard,
    /// Who is graded in all shards together, and by what.
    pub roll: Roll,
}

impl Run {
    /// The line of a shard.
    ///
    /// # Errors
    /// The roll cannot be written as JSON.
    pub fn new(shard: Shard, roll: Roll) -> Result<Self, serde_json::Error> {
        Ok(Self { schema: SCHEMA.to_owned(), run: roll.id()?, shard, roll })
    }

    /// Whether the line says of itself what is so: its id is that of its roll, and there is such a shard.
    pub fn is_sound(&self) -> bool {
        Shard::new(self.shard.number, self.shard.of).is_some() && self.roll.id().is_ok_and(|id| id == self.run)
    }
}

/// Who is graded in all shards together, and by what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Roll {
    /// The version of the program.
    pub program: String,
    /// SHA-256 of the suite.
    pub suite: String,
    /// The rubric's name.
    pub rubric: String,
    /// SHA-256 of the rubric's text, and of the cases that `--only` chose.
    pub rubric_text: String,
    /// What could be had, without what comes on top.
    pub of: Points,
    /// The rubric's groups, without points.
    pub groups: Vec<GroupRecord>,
    /// Its static checks, not tried.
    pub checks: Vec<CheckRecord>,
    /// All submissions of the class, in order of their folders' names.
    pub submissions: Vec<Place>,
}

/// A submission of the class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Its name, as in its result.
    pub submission: String,
    /// The folder with its report, below the folder of the results.
    pub folder: String,
}

impl Roll {
    /// The roll of a class. `text` is what the rubric was read from, `only` the cases that were chosen of it.
    pub fn new(rubric: &Rubric, text: &str, only: &[String], suite: String, submissions: Vec<Place>) -> Self {
        let mut digest = Sha256::new();
        for part in std::iter::once(text).chain(only.iter().map(String::as_str)) {
            // The length in front keeps two parts from being taken for one.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        let Outline { groups, checks } = Outline::of_rubric(rubric);
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            suite,
            rubric: rubric.name.clone(),
            rubric_text: hexadecimal(&digest.finalize()),
            of: rubric.points(),
            groups,
            checks,
            submissions,
        }
    }

    /// What the table of the class is headed by.
    pub fn heading(&self) -> Heading {
        Heading { rubric: self.rubric.clone(), of: self.of }
    }

    /// The columns of the class.
    pub fn outline(&self) -> Outline {
        Outline { groups: self.groups.clone(), checks: self.checks.clone() }
    }

    /// What the results say that they were graded by.
    pub fn graded_by(&self) -> String {
        format!("{} {}", self.rubric, self.suite)
    }

    fn id(&self) -> Result<String, serde_json::Error> {
        Ok(hexadecimal(&Sha256::digest(serde_json::to_vec(self)?)))
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    let digits = octets.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// One of the parts that a class is split into: the submissions whose place in the order of names leaves this remainder.
///
/// Neighbours go to different shards, so that no shard has more than one submission more than another; and nothing but
/// the names and the count of shards decides, so every machine splits alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Which, from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// The shard of this number, if there is one.
    pub fn new(number: usize, of: usize) -> Option<Self> {
        ((1..=of).contains(&number) && of <= MOST).then_some(Self { number, of })
    }

    /// Whether it holds the submission at this place of the class, from 0.
    pub fn holds(self, at: usize) -> bool {
        at.checked_rem(self.of).is_some_and(|rest| rest + 1 == self.number)
    }

    /// The shard of as many that holds the submission at this place of the class.
    pub fn holding(at: usize, of: usize) -> Option<Self> {
        Self::new(at.checked_rem(of)? + 1, of)
    }

    /// The name of the folder for its results; such names sort as their numbers do.
    pub fn folder(self) -> String {
        let width = self.of.to_string().len();
        format!("shard-{:0width$}-of-{}", self.number, self.of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "shard {} of {}", self.number, self.of)
    }
}

/// This is no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("say which shard of how many, from 1/1 to {MOST}/{MOST}: 2/4 is the second of four")]
pub struct NoShard;

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, NoShard> {
        let decimal = |digits: &str| -> Option<usize> {
            digits.bytes().all(|octet| octet.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        };
        let (number, of) = text.split_once('/').ok_or(NoShard)?;
        decimal(number).zip(decimal(of)).and_then(|(number, of)| Self::new(number, of)).ok_or(NoShard)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{NoShard, Shard};

    #[rstest]
    #[case("1/1", Ok((1, 1)))]
    #[case("2/4", Ok((2, 4)))]
    #[case("100000/100000", Ok((100_000, 100_000)))]
    #[case("0/4", Err(NoShard))]
    #[case("5/4", Err(NoShard))]
    #[case("1/100001", Err(NoShard))]
    #[case("+1/4", Err(NoShard))]
    #[case("1/", Err(NoShard))]
    #[case("1", Err(NoShard))]
    #[case("1/4/2", Err(NoShard))]
    #[case("99999999999999999999/4", Err(NoShard))]
    fn a_shard_is_read(#[case] text: &str, #[case] expected: Result<(usize, usize), NoShard>) {
        assert_eq!(text.parse::<Shard>().map(|shard| (shard.number, shard.of)), expected);
    }

    #[test]
    fn each_place_is_in_one_shard() {
        for of in 1..9 {
            for at in 0..20 {
                let shards = (1..=of).filter_map(|number| Shard::new(number, of));
                let holding: Vec<_> = shards.filter(|shard| shard.holds(at)).collect();
                assert_eq!(holding, [Shard::holding(at, of).unwrap()]);
            }
        }
    }

    #[test]
    fn folders_sort_as_numbers_do() {
        assert_eq!(Shard { number: 2, of: 4 }.folder(), "shard-2-of-4");
        assert_eq!(Shard { number: 2, of: 100 }.folder(), "shard-002-of-100");
    }
}
