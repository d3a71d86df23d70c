//! A class at a glance: the points of each submission, how they are distributed, and which sentence of the specification
//! the class did not understand.

mod html;

use crate::render::RenderError;

/// A class.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Class {
    /// What the assignment is called.
    pub title: String,
    /// What could be had, without what comes on top.
    pub of: f64,
    /// The names of the groups and checks, and what each is worth.
    pub columns: Vec<(String, f64)>,
    /// The submissions.
    pub submissions: Vec<Submission>,
    /// The scenarios, in any order.
    pub scenarios: Vec<ScenarioRate>,
    /// What to know of the results as a whole.
    pub remarks: Vec<String>,
}

/// A submission of a class.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Submission {
    /// Its name.
    pub name: String,
    /// How far it came, in words.
    pub status: String,
    /// Why it came no further.
    pub reason: Option<String>,
    /// Its points; nothing, where it could not be graded.
    pub points: Option<f64>,
    /// The points of each column; nothing, where it has none.
    pub columns: Vec<Option<f64>>,
    /// How many crashes cost points.
    pub crashes: usize,
}

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScenarioRate {
    /// Its id, without its row.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// The clause that it is about, its level, and what it says.
    pub clause: Option<(String, String, String)>,
    /// How many submissions passed it.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Of how many it is not known: they did not come so far.
    pub unknown: usize,
}

impl ScenarioRate {
    /// How many of hundred submissions passed, of those that were asked.
    pub fn percent(&self) -> Option<usize> {
        let asked = self.passed + self.failed;
        (asked > 0).then(|| self.passed * 100 / asked)
    }
}

impl Class {
    /// How many submissions have how much of what could be had: less than 10 %, less than 20 %, and so on.
    pub fn distribution(&self) -> [usize; 10] {
        let mut counts = [0; 10];
        for points in self.submissions.iter().filter_map(|submission| submission.points) {
            let tenth = (1..10).filter(|tenth| points * 10.0 >= f64::from(*tenth) * self.of).count();
            if let Some(count) = counts.get_mut(tenth) {
                *count += 1;
            }
        }
        counts
    }

    /// The points in the middle; the mean of the two in the middle of an even number.
    pub fn median(&self) -> Option<f64> {
        let mut points: Vec<f64> = self.submissions.iter().filter_map(|submission| submission.points).collect();
        points.sort_by(f64::total_cmp);
        let upper = *points.get(points.len() / 2)?;
        let lower = *points.get(points.len().checked_sub(1)? / 2)?;
        Some(f64::midpoint(lower, upper))
    }
}

/// Writes a class as one HTML file that needs nothing else.
///
/// # Errors
///
/// [`RenderError`] where the writer fails. No class is known to make it fail.
pub fn render_class(class: &Class) -> Result<String, RenderError> {
    html::render(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(points: &[Option<f64>]) -> Class {
        let submissions = points.iter().map(|points| Submission { points: *points, ..Submission::default() });
        Class { of: 50.0, submissions: submissions.collect(), ..Class::default() }
    }

    #[test]
    fn each_tenth_is_counted() {
        let class = class(&[Some(0.0), Some(4.99), Some(5.0), Some(49.0), Some(50.0), Some(60.0), None]);
        assert_eq!(class.distribution(), [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn the_middle_of_an_even_number_is_between_two() {
        assert_eq!(class(&[Some(3.0), Some(1.0), Some(2.0)]).median(), Some(2.0));
        assert_eq!(class(&[Some(1.0), Some(2.0), None]).median(), Some(1.5));
        assert_eq!(class(&[None]).median(), None);
    }
}
