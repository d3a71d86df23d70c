//! How much a statement weighs. No other code decides this.

use std::collections::BTreeSet;

use reports::model::Grade;

use crate::scenario::catalogue::Level;
use crate::scenario::{Breach, Grades, Profile, Suite};

/// What was seen, measured by a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not as required, and tolerated.
    Tolerated,
    /// Against it.
    Against,
}

/// How a run weighs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scale {
    /// How much a deviation weighs.
    grades: Grades,
    /// The requirements a breach of which is tolerated by the reading that decides.
    tolerated: BTreeSet<String>,
}

impl Scale {
    /// The scale of a profile.
    pub fn of(profile: &Profile, suite: &Suite) -> Self {
        let decides =
            |question: &&_| profile.reading(question).is_some_and(|reading| reading.breach == Breach::Tolerated);
        let tolerated = suite.readings().iter().filter(decides).flat_map(|question| &question.requirements);
        Self { grades: profile.grades, tolerated: tolerated.map(|id| id.value.clone()).collect() }
    }

    /// Requirement × level × outcome → grade.
    pub fn grade(&self, requirement: Option<&str>, level: Level, outcome: Outcome) -> Grade {
        let excused = requirement.is_some_and(|id| self.tolerated.contains(id));
        grade(self.grades, level, if excused { Outcome::Tolerated } else { outcome })
    }
}

/// Profile × level × outcome → grade.
fn grade(grades: Grades, level: Level, outcome: Outcome) -> Grade {
    match (grades, outcome, level) {
        (_, _, Level::May)
        | (Grades::Lenient, Outcome::Tolerated, _)
        | (Grades::Lenient, Outcome::Against, Level::Should | Level::Draft) => Grade::Note,
        (Grades::Usual | Grades::Lenient, Outcome::Against, Level::Must)
        | (Grades::Strict, _, Level::Must | Level::Should) => Grade::Fail,
        (Grades::Usual, Outcome::Tolerated, Level::Must | Level::Should | Level::Draft)
        | (Grades::Usual, Outcome::Against, Level::Should | Level::Draft)
        | (Grades::Strict, _, Level::Draft) => Grade::Deviation,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Level::Must, Outcome::Tolerated, [Grade::Deviation, Grade::Fail, Grade::Note])]
    #[case(Level::Must, Outcome::Against, [Grade::Fail, Grade::Fail, Grade::Fail])]
    #[case(Level::Should, Outcome::Tolerated, [Grade::Deviation, Grade::Fail, Grade::Note])]
    #[case(Level::Should, Outcome::Against, [Grade::Deviation, Grade::Fail, Grade::Note])]
    #[case(Level::Draft, Outcome::Tolerated, [Grade::Deviation, Grade::Deviation, Grade::Note])]
    #[case(Level::Draft, Outcome::Against, [Grade::Deviation, Grade::Deviation, Grade::Note])]
    #[case(Level::May, Outcome::Tolerated, [Grade::Note, Grade::Note, Grade::Note])]
    #[case(Level::May, Outcome::Against, [Grade::Note, Grade::Note, Grade::Note])]
    fn the_table(#[case] level: Level, #[case] outcome: Outcome, #[case] expected: [Grade; 3]) {
        let grades = [Grades::Usual, Grades::Strict, Grades::Lenient];
        assert_eq!(grades.map(|grades| grade(grades, level, outcome)), expected);
    }

    #[test]
    fn a_reading_excuses_its_requirements_alone() {
        let scale = Scale { grades: Grades::Usual, tolerated: BTreeSet::from(["disputed".to_owned()]) };
        let weigh = |id| scale.grade(Some(id), Level::Must, Outcome::Against);
        assert_eq!((weigh("disputed"), weigh("plain")), (Grade::Deviation, Grade::Fail));
        assert_eq!(scale.grade(None, Level::Must, Outcome::Against), Grade::Fail);
    }
}
