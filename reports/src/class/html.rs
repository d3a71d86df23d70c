//! The page of a class.

use askama::Template;

use super::{Class, ScenarioRate, Submission};
use crate::render::RenderError;
use crate::render::html::safe;

/// How many sentences are shown before the table of all.
const LEAST: usize = 5;
/// What a bar of the plot may be high.
const HEIGHT: usize = 150;

pub(super) fn render(class: &Class) -> Result<String, RenderError> {
    Ok(Page::of(class).render()?)
}

/// Everything that the template shows. Every text in it has been made visible; the template escapes it for HTML.
#[derive(Template)]
#[template(path = "class.html")]
struct Page {
    title: String,
    of: String,
    summary: String,
    remarks: Vec<String>,
    columns: Vec<(String, String)>,
    rows: Vec<Row>,
    bars: Vec<Bar>,
    least: Vec<Rate>,
    scenarios: Vec<Rate>,
}

struct Row {
    name: String,
    status: String,
    reason: Option<String>,
    points: String,
    sort: String,
    columns: Vec<String>,
    crashes: usize,
}

/// A bar of the plot.
struct Bar {
    /// From its left edge.
    x: usize,
    /// From the top.
    y: usize,
    height: usize,
    count: usize,
    label: String,
}

struct Rate {
    id: String,
    purpose: String,
    clause: Option<(String, String, String)>,
    passed: usize,
    asked: usize,
    unknown: usize,
    percent: Option<usize>,
}

impl Page {
    fn of(class: &Class) -> Self {
        let mut submissions: Vec<&Submission> = class.submissions.iter().collect();
        submissions.sort_by(|one, other| {
            let points = |submission: &Submission| submission.points.unwrap_or(-1.0);
            points(other).total_cmp(&points(one)).then_with(|| one.name.cmp(&other.name))
        });
        let mut scenarios: Vec<&ScenarioRate> = class.scenarios.iter().collect();
        scenarios.sort_by_key(|rate| (rate.percent().unwrap_or(101), std::cmp::Reverse(rate.failed), &rate.id));
        let lost = scenarios.iter().filter(|rate| rate.failed > 0 && rate.clause.is_some());
        Self {
            title: safe(&class.title),
            of: number(class.of),
            summary: summary(class),
            remarks: class.remarks.iter().map(|remark| safe(remark)).collect(),
            columns: class.columns.iter().map(|(name, of)| (safe(name), number(*of))).collect(),
            rows: submissions.into_iter().map(row).collect(),
            bars: bars(class.distribution()),
            least: lost.take(LEAST).map(|scenario| rate(scenario)).collect(),
            scenarios: scenarios.into_iter().map(rate).collect(),
        }
    }
}

fn summary(class: &Class) -> String {
    let graded = class.submissions.iter().filter(|submission| submission.points.is_some()).count();
    let all = class.submissions.len();
    match class.median() {
        Some(median) => format!(
            "{graded} of {all} submissions are graded. The median is {} of {}.",
            number(median),
            number(class.of)
        ),
        None => format!("None of {all} submissions is graded."),
    }
}

fn row(submission: &Submission) -> Row {
    Row {
        name: safe(&submission.name),
        status: safe(&submission.status),
        reason: submission.reason.as_deref().map(safe),
        points: submission.points.map_or_else(|| "–".to_owned(), number),
        sort: submission.points.map_or_else(|| "-1".to_owned(), |points| format!("{points:.2}")),
        columns: submission.columns.iter().map(|points| points.map(number).unwrap_or_default()).collect(),
        crashes: submission.crashes,
    }
}

fn rate(rate: &ScenarioRate) -> Rate {
    let clause = rate.clause.as_ref();
    Rate {
        id: safe(&rate.id),
        purpose: safe(&rate.purpose),
        clause: clause.map(|(cited, level, text)| (safe(cited), safe(level), safe(text))),
        passed: rate.passed,
        asked: rate.passed + rate.failed,
        unknown: rate.unknown,
        percent: rate.percent(),
    }
}

fn bars(counts: [usize; 10]) -> Vec<Bar> {
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    let bar = |(tenth, count): (usize, usize)| {
        let height = count * HEIGHT / most;
        let (from, to) = (tenth * 10, tenth * 10 + 10);
        Bar { x: 10 + tenth * 60, y: 20 + HEIGHT - height, height, count, label: format!("{from}–{to} %") }
    };
    counts.into_iter().enumerate().map(bar).collect()
}

/// Points without digits that say nothing.
fn number(points: f64) -> String {
    let text = format!("{points:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::number;

    #[rstest]
    #[case(100.0, "100")]
    #[case(0.0, "0")]
    #[case(2.5, "2.5")]
    #[case(0.05, "0.05")]
    fn numbers(#[case] points: f64, #[case] text: &str) {
        assert_eq!(number(points), text);
    }
}
