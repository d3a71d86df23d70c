//! The groups and checks of an assignment, without anybody's points: the columns of a table, and what a submission
//! that never ran has nothing of.

use super::record::{CheckRecord, GroupRecord, Record, part_word, visibility_word};
use crate::scenario::rubric::{Points, Rubric};

/// The groups and checks of an assignment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outline {
    /// The groups, without points.
    pub groups: Vec<GroupRecord>,
    /// The checks, not tried.
    pub checks: Vec<CheckRecord>,
}

impl Outline {
    /// As the rubric has them.
    pub fn of_rubric(rubric: &Rubric) -> Self {
        let groups = rubric.groups.iter().map(|group| GroupRecord {
            name: group.name.value.clone(),
            part: part_word(group.part).to_owned(),
            visibility: visibility_word(group.visibility).to_owned(),
            extra: group.extra,
            points: Points::ZERO,
            of: group.points,
            ungraded: Points::ZERO,
        });
        let checks = rubric.checks.iter().map(|check| {
            let of = if check.deducts { Points::ZERO } else { check.points };
            CheckRecord { name: check.name.clone(), points: Points::ZERO, of, holds: None }
        });
        Self { groups: groups.collect(), checks: checks.collect() }
    }

    /// As the results have them: those of a submission that ran.
    pub fn of_records<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut outline = Self::default();
        for record in records {
            for group in &record.groups {
                if !outline.groups.iter().any(|known| known.name == group.name) {
                    let (points, ungraded) = (Points::ZERO, Points::ZERO);
                    outline.groups.push(GroupRecord { points, ungraded, ..group.clone() });
                }
            }
            for check in &record.checks {
                if !outline.checks.iter().any(|known| known.name == check.name) {
                    outline.checks.push(CheckRecord { points: Points::ZERO, holds: None, ..check.clone() });
                }
            }
        }
        outline
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.checks.is_empty()
    }
}
