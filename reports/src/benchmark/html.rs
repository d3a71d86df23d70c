//! A benchmark as a page with a chart a row. It needs nothing else: no network and no script.

use askama::Template;

use super::{Benchmark, Row, Series, figure, network};
use crate::render::RenderError;
use crate::visible::{Symbols, visible};

pub(super) fn render(benchmark: &Benchmark) -> Result<Vec<u8>, RenderError> {
    let page = Page {
        generator: visible(&benchmark.generator, Symbols::default()),
        processors: benchmark.processors,
        network: network(benchmark),
        rounds: benchmark.rounds,
        charts: benchmark.rows.iter().map(Chart::of).collect(),
    };
    Ok(page.render()?.into_bytes())
}

/// Everything that the template shows. Every text in it has been made visible; the template escapes it for HTML.
#[derive(Template)]
#[template(path = "benchmark.html")]
struct Page {
    generator: String,
    processors: usize,
    network: &'static str,
    rounds: usize,
    charts: Vec<Chart>,
}

struct Chart {
    name: String,
    unit: String,
    better: &'static str,
    height: usize,
    bars: Vec<Bar>,
}

/// A bar from zero to the median, with a line from the least figure to the most.
struct Bar {
    name: String,
    kind: &'static str,
    y: usize,
    width: f64,
    least: f64,
    most: f64,
    median: String,
    range: String,
    beside_floor: String,
    beside_others: String,
    trouble: String,
}

/// Of a chart, in its own units.
const WIDTH: f64 = 560.0;
const BAR: usize = 22;

impl Chart {
    fn of(row: &Row) -> Self {
        let series = row.cells.iter().filter_map(|cell| cell.series.as_ref()).chain(&row.floor);
        let most = series.map(|series| series.most).fold(f64::MIN_POSITIVE, f64::max);
        let floor = row.floor.iter().map(|floor| Bar::of("floor", "floor", Some(floor), most));
        let cells = row.cells.iter().map(|cell| Bar {
            beside_floor: ratio(row.beside_floor(cell)),
            beside_others: ratio(row.beside_others(cell)),
            trouble: cell.trouble.as_deref().map(|why| visible(why, Symbols::default())).unwrap_or_default(),
            ..Bar::of(&cell.subject, "subject", cell.series.as_ref(), most)
        });
        let bars: Vec<Bar> = floor.chain(cells).enumerate().map(|(at, bar)| Bar { y: at * BAR, ..bar }).collect();
        Self {
            name: visible(&row.name, Symbols::default()),
            unit: visible(&row.unit, Symbols::default()),
            better: match row.better {
                super::Better::More => "more is better",
                super::Better::Less => "less is better",
            },
            height: bars.len() * BAR,
            bars,
        }
    }
}

impl Bar {
    fn of(name: &str, kind: &'static str, series: Option<&Series>, most: f64) -> Self {
        let long = |value: f64| (value / most * WIDTH).round();
        Self {
            name: visible(name, Symbols::default()),
            kind,
            y: 0,
            width: series.map_or(0.0, |series| long(series.median)),
            least: series.map_or(0.0, |series| long(series.least)),
            most: series.map_or(0.0, |series| long(series.most)),
            median: series.map_or_else(|| "–".to_owned(), |series| figure(series.median)),
            range: series
                .map_or_else(String::new, |series| format!("{} to {}", figure(series.least), figure(series.most))),
            beside_floor: String::new(),
            beside_others: String::new(),
            trouble: String::new(),
        }
    }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
}
