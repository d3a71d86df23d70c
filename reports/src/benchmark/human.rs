//! A benchmark as a table.

use super::{Benchmark, Cell, Row, figure, network};
use crate::render::Style;
use crate::visible::visible;

pub(super) fn render(benchmark: &Benchmark, style: &Style) -> String {
    let Benchmark { rounds, processors, .. } = benchmark;
    let network = network(benchmark);
    let mut lines: Vec<String> = benchmark.rows.iter().flat_map(|row| table(row, style)).collect();
    lines.extend([
        format!("{processors} processors, {network}, {rounds} rounds in turns: median [least to most], then beside the floor,"),
        "which is the same without FTP, and beside the best of the others. Above 1 is better.".to_owned(),
    ]);
    lines.push(String::new());
    lines.join("\n")
}

fn table(row: &Row, style: &Style) -> Vec<String> {
    let name = |cell: &Cell| visible(&cell.subject, style.symbols);
    let width = row.cells.iter().map(|cell| name(cell).chars().count()).max().unwrap_or(0).max(5);
    let mut lines = vec![format!("{}, {}", row.name, row.unit)];
    if let Some(floor) = &row.floor {
        let range = format!("[{} to {}]", figure(floor.least), figure(floor.most));
        lines.push(format!("  {:width$}  {:>9} {range:>20}", "floor", figure(floor.median)));
    }
    for cell in &row.cells {
        let figures = cell.series.as_ref().map_or_else(
            || format!("{:>9}", "-"),
            |series| {
                let range = format!("[{} to {}]", figure(series.least), figure(series.most));
                let ratios = (ratio(row.beside_floor(cell)), ratio(row.beside_others(cell)));
                format!("{:>9} {range:>20}  {:>6} {:>6}", figure(series.median), ratios.0, ratios.1)
            },
        );
        let trouble = cell.trouble.as_ref().map(|why| format!("  {}", visible(why, style.symbols))).unwrap_or_default();
        lines.push(format!("  {:width$}  {figures}{trouble}", name(cell)));
    }
    lines.push(String::new());
    lines
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}
