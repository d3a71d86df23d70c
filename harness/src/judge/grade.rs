//! How much a statement weighs. No other code decides this.

use reports::model::Grade;

use crate::scenario::catalogue::Level;

/// What was seen, measured by a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not as required, and tolerated.
    Tolerated,
    /// Against it.
    Against,
}

/// Level × outcome → grade.
pub fn grade(level: Level, outcome: Outcome) -> Grade {
    match (outcome, level) {
        (Outcome::Against, Level::Must) => Grade::Fail,
        (Outcome::Against, Level::Should | Level::Draft)
        | (Outcome::Tolerated, Level::Must | Level::Should | Level::Draft) => Grade::Deviation,
        (Outcome::Against | Outcome::Tolerated, Level::May) => Grade::Note,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Level::Must, Outcome::Tolerated, Grade::Deviation)]
    #[case(Level::Must, Outcome::Against, Grade::Fail)]
    #[case(Level::Should, Outcome::Tolerated, Grade::Deviation)]
    #[case(Level::Should, Outcome::Against, Grade::Deviation)]
    #[case(Level::Draft, Outcome::Tolerated, Grade::Deviation)]
    #[case(Level::Draft, Outcome::Against, Grade::Deviation)]
    #[case(Level::May, Outcome::Tolerated, Grade::Note)]
    #[case(Level::May, Outcome::Against, Grade::Note)]
    fn the_table(#[case] level: Level, #[case] outcome: Outcome, #[case] expected: Grade) {
        assert_eq!(grade(level, outcome), expected);
    }
}
