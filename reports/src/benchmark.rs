//! How fast subjects are, beside each other and beside a floor: what the same machine does in the same run without FTP.
//!
//! [`Benchmark`] is the one model; [`render_benchmark`] writes it in a [`BenchmarkFormat`].

mod html;
mod human;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

use crate::render::{RenderError, Style};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Benchmark {
    /// The program and its version.
    pub generator: String,
    /// How many processors the machine has.
    pub processors: usize,
    /// How often each figure was taken, in turns.
    pub rounds: usize,
    /// Whether it was measured in a network of its own, where nothing of the machine's settings for TCP counts and no connection lingers.
    pub own_network: bool,
    /// What was measured, in the order in which it is shown.
    pub rows: Vec<Row>,
}

/// One thing that was measured on every subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What it is: `RETR of 256 MiB`.
    pub name: String,
    /// In what: `MB/s`.
    pub unit: String,
    /// Whether more of it is better, or less.
    pub better: Better,
    /// The same without FTP.
    pub floor: Option<Series>,
    /// A cell a subject.
    pub cells: Vec<Cell>,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More is better.
    More,
    /// Less is better.
    Less,
}

/// One subject in one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Its name.
    pub subject: String,
    /// The figures; none where it failed.
    pub series: Option<Series>,
    /// Why there are none, or fewer than rounds.
    pub trouble: Option<String>,
}

/// The figures of the rounds. There is at least one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// The one in the middle.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

impl Series {
    /// The series of these figures; `None` of none.
    ///
    /// ```
    /// use reports::benchmark::Series;
    ///
    /// assert_eq!(Series::of(vec![3.0, 1.0, 2.0]), Some(Series { median: 2.0, least: 1.0, most: 3.0 }));
    /// assert_eq!(Series::of(vec![]), None);
    /// ```
    pub fn of(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        let (least, most) = (*figures.first()?, *figures.last()?);
        let upper = *figures.get(figures.len() / 2)?;
        let lower = *figures.get((figures.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), least, most })
    }
}

impl Row {
    /// How a figure stands beside the floor: above 1 is better than the floor.
    pub fn beside_floor(&self, cell: &Cell) -> Option<f64> {
        Some(self.ratio(cell.series.as_ref()?, self.floor.as_ref()?))
    }

    /// How a figure stands beside the best of the others: above 1 is better than all of them.
    pub fn beside_others(&self, cell: &Cell) -> Option<f64> {
        let own = cell.series.as_ref()?;
        let others = self.cells.iter().filter(|other| other.subject != cell.subject);
        others.filter_map(|other| Some(self.ratio(own, other.series.as_ref()?))).min_by(f64::total_cmp)
    }

    fn ratio(&self, own: &Series, other: &Series) -> f64 {
        match self.better {
            Better::More => own.median / other.median,
            Better::Less => other.median / own.median,
        }
    }
}

/// A form of a [`Benchmark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchmarkFormat {
    /// A table for a terminal.
    Human,
    /// The model.
    Json,
    /// A page with a chart a row.
    Html,
}

/// No form of that name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no format \"{0}\" of a benchmark: say human, json or html")]
pub struct UnknownBenchmarkFormat(String);

impl FromStr for BenchmarkFormat {
    type Err = UnknownBenchmarkFormat;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            "html" => Ok(Self::Html),
            other => Err(UnknownBenchmarkFormat(other.to_owned())),
        }
    }
}

impl fmt::Display for BenchmarkFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Html => "html",
        })
    }
}

/// Writes it.
///
/// # Errors
/// The model cannot be written as JSON, or the page cannot be made.
pub fn render_benchmark(benchmark: &Benchmark, format: BenchmarkFormat, style: &Style) -> Result<Vec<u8>, RenderError> {
    match format {
        BenchmarkFormat::Human => Ok(human::render(benchmark, style).into_bytes()),
        BenchmarkFormat::Json => {
            let mut text = serde_json::to_vec_pretty(benchmark)?;
            text.push(b'\n');
            Ok(text)
        }
        BenchmarkFormat::Html => html::render(benchmark),
    }
}

/// Where it was measured, in words.
fn network(benchmark: &Benchmark) -> &'static str {
    if benchmark.own_network { "a network of its own" } else { "the network of the machine" }
}

/// A figure with three digits that count.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn row(better: Better) -> Row {
        let cell =
            |subject: &str, value| Cell { subject: subject.to_owned(), series: Series::of(vec![value]), trouble: None };
        let cells = vec![cell("a", 50.0), cell("b", 100.0)];
        Row { name: "RETR".to_owned(), unit: "MB/s".to_owned(), better, floor: Series::of(vec![200.0]), cells }
    }

    #[rstest]
    #[case::more(Better::More, 0.25, 0.5)]
    #[case::less(Better::Less, 4.0, 2.0)]
    fn ratios(#[case] better: Better, #[case] floor: f64, #[case] others: f64) {
        let row = row(better);
        let cell = &row.cells[0];
        assert_eq!((row.beside_floor(cell), row.beside_others(cell)), (Some(floor), Some(others)));
    }

    #[test]
    fn the_middle_of_an_even_number() {
        assert_eq!(Series::of(vec![4.0, 1.0, 2.0, 3.0]).map(|series| series.median), Some(2.5));
    }

    #[rstest]
    #[case(BenchmarkFormat::Human, "50.0")]
    #[case(BenchmarkFormat::Json, "\"median\": 50.0")]
    #[case(BenchmarkFormat::Html, "<svg")]
    fn forms(#[case] format: BenchmarkFormat, #[case] expected: &str) {
        let benchmark = Benchmark {
            generator: "x".to_owned(),
            processors: 2,
            rounds: 1,
            own_network: true,
            rows: vec![row(Better::More)],
        };
        let text = render_benchmark(&benchmark, format, &Style::default()).unwrap();
        assert!(String::from_utf8(text).unwrap().contains(expected));
    }

    #[test]
    fn a_name_is_text() {
        let mut hostile = row(Better::More);
        hostile.cells[0].subject = "<script>\u{1b}[2J".to_owned();
        let benchmark =
            Benchmark { generator: "x".to_owned(), processors: 2, rounds: 1, own_network: true, rows: vec![hostile] };
        for format in [BenchmarkFormat::Human, BenchmarkFormat::Html] {
            let text = String::from_utf8(render_benchmark(&benchmark, format, &Style::default()).unwrap()).unwrap();
            assert!(!text.contains('\u{1b}'), "{text}");
            assert!(format == BenchmarkFormat::Human || !text.contains("<script>"), "{text}");
        }
    }
}
