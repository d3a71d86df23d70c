//! `each:` one table of values; every row makes a scenario of its own.
//!
//! A row is filled in by replacing `{column}` in the text of the file. No value holds a line end, so every line keeps its number.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::file::Filled;
use super::reader::{FileName, Reader};
use super::values;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::yaml::{self, Node, Value};

/// The column that names a row in its id.
const ROW: &str = "row";
/// The most rows. More is no scenario that a person reads.
const MAX_ROWS: usize = 500;
/// The most octets that all rows of a file may have together, so that a small file cannot fill the memory.
const MAX_FILLED: usize = 8 << 20;

/// The rows of a file: one with an empty table where it has no `each:`.
pub(crate) fn rows(file: &FileName, id: &str, source: &Arc<str>) -> Result<Vec<Filled>, Vec<Diagnostic>> {
    let single = |source: &Arc<str>| Filled {
        file: Arc::clone(file),
        id: id.to_owned(),
        row: BTreeMap::new(),
        source: Arc::clone(source),
    };
    if !source.contains("each") {
        return Ok(vec![single(source)]);
    }
    let node = yaml::parse(file, source).map_err(|diagnostic| vec![*diagnostic])?;
    let Some((key, table)) = each(&node) else { return Ok(vec![single(source)]) };
    let mut reader = Reader::new(source);
    let rows = reader.rows(table);
    let block = key.octets.start..table.octets.end;
    let pieces = Pieces::of(source, &block);
    for column in rows.first().into_iter().flatten().filter(|column| column.name != ROW) {
        if !pieces.mention(&column.name) {
            let message = format!("the column \"{}\" is not used", column.name);
            reader.fault_with_help(
                &column.key.span,
                message,
                format!("write {{{}}} where its value goes", column.name),
            );
        }
    }
    let made: usize = rows.iter().map(|row| pieces.filled_length(row)).fold(0, usize::saturating_add);
    if made > MAX_FILLED {
        let message = format!("the table makes {made} octets of this file, and at most {MAX_FILLED} are read");
        reader.fault(&table.span, message);
        return Err(reader.faults);
    }
    let filled: Vec<_> = rows.iter().map(|row| fill(file, id, &pieces, row)).collect();
    for (index, row) in filled.iter().enumerate() {
        if filled.iter().take(index).any(|other| other.id == row.id) {
            let help = "add a column `row` that gives every row a name of its own";
            reader.fault_with_help(&table.span, format!("two rows have the id {}", row.id), help);
        }
    }
    if reader.faults.is_empty() { Ok(filled) } else { Err(reader.faults) }
}

fn each(node: &Node) -> Option<(&Node, &Node)> {
    match &node.value {
        Value::Map(entries) => {
            entries.iter().find(|(key, _)| key.text() == Some("each")).map(|(key, value)| (key, value))
        }
        Value::List(_) | Value::Scalar { .. } => None,
    }
}

/// A column of a row, and its value.
#[derive(Clone)]
struct Cell<'n> {
    key: &'n Node,
    name: String,
    value: &'n str,
}

impl Reader<'_> {
    fn rows<'n>(&mut self, table: &'n Node) -> Vec<Vec<Cell<'n>>> {
        let rows = match &table.value {
            Value::Map(_) => self.product(table),
            Value::List(_) => self.listed(table),
            Value::Scalar { .. } => {
                let help = "write each: { open: [PASV, PORT] }, or a list of maps";
                self.fault_with_help(&table.span, "each is a table", help);
                Vec::new()
            }
        };
        if rows.len() > MAX_ROWS {
            self.fault(&table.span, format!("{} rows, and at most {MAX_ROWS} make sense", rows.len()));
            return Vec::new();
        }
        rows
    }

    /// Every combination of the lists.
    fn product<'n>(&mut self, table: &'n Node) -> Vec<Vec<Cell<'n>>> {
        let Some(fields) = self.entries(table, "each") else { return Vec::new() };
        let mut rows = vec![Vec::new()];
        for (key, values) in fields.entries() {
            let items = self.list(values, "a column").unwrap_or_default();
            let cells: Vec<_> = items.iter().filter_map(|item| self.cell(key, item)).collect();
            if rows.len().saturating_mul(cells.len()) > MAX_ROWS {
                self.fault(&table.span, format!("more than {MAX_ROWS} rows"));
                return Vec::new();
            }
            rows = rows.iter().flat_map(|row| cells.iter().map(|cell| with(row, cell))).collect();
        }
        if rows == [Vec::new()] {
            self.fault(&table.span, "each has no column");
            return Vec::new();
        }
        rows
    }

    /// Every map is a row.
    fn listed<'n>(&mut self, table: &'n Node) -> Vec<Vec<Cell<'n>>> {
        let mut rows: Vec<Vec<Cell<'_>>> = Vec::new();
        for item in self.list(table, "each").unwrap_or_default() {
            let Some(fields) = self.entries(item, "a row") else { continue };
            let row: Vec<_> = fields.entries().filter_map(|(key, value)| self.cell(key, value)).collect();
            let names = |row: &[Cell<'_>]| row.iter().map(|cell| cell.name.clone()).collect::<Vec<_>>();
            if let Some(first) = rows.first().filter(|first| names(first) != names(&row)) {
                let message = format!("this row has not the columns of the first: {}", names(first).join(", "));
                self.fault(&item.span, message);
            }
            rows.push(row);
        }
        rows
    }

    fn cell<'n>(&mut self, key: &'n Node, value: &'n Node) -> Option<Cell<'n>> {
        let name = self.or_fault(key, values::name(key.text().unwrap_or_default()))?;
        let text = self.text(value, "the value of a column")?;
        if text.contains(['\n', '\r']) {
            let help = "write \\r\\n with two backslashes to have it in a quoted text: \"\\\\r\\\\n\"";
            self.fault_with_help(&value.span, "the value of a column has no line end", help);
            return None;
        }
        Some(Cell { key, name, value: text })
    }
}

impl PartialEq for Cell<'_> {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.value) == (&other.name, other.value)
    }
}

fn with<'n>(row: &[Cell<'n>], cell: &Cell<'n>) -> Vec<Cell<'n>> {
    row.iter().chain([cell]).cloned().collect()
}

fn fill(file: &FileName, id: &str, pieces: &Pieces<'_>, row: &[Cell<'_>]) -> Filled {
    let columns: BTreeMap<String, String> = row.iter().map(|cell| (cell.name.clone(), cell.value.to_owned())).collect();
    let label = match columns.get(ROW) {
        Some(name) => in_id(name),
        None => row.iter().map(|cell| format!("{}={}", cell.name, in_id(cell.value))).collect::<Vec<_>>().join(","),
    };
    Filled { file: Arc::clone(file), id: format!("{id}[{label}]"), source: pieces.fill(&columns).into(), row: columns }
}

/// A value as it stands in an id, which people type and globs match.
fn in_id(value: &str) -> String {
    let kept = |character: char| match character {
        '[' | ']' | ',' | '=' | '*' => '_',
        other if other.is_whitespace() || other.is_control() => '_',
        other => other,
    };
    value.chars().map(kept).take(60).collect()
}

/// The text of a file, cut at every `{name}` outside of the table.
struct Pieces<'s>(Vec<Part<'s>>);

enum Part<'s> {
    Text(&'s str),
    Gap(&'s str),
}

impl<'s> Pieces<'s> {
    fn of(source: &'s str, block: &Range<usize>) -> Self {
        let mut parts = Vec::new();
        let mut taken = 0;
        for (open, _) in source.match_indices('{') {
            let inside = source.get(open + 1..).and_then(|behind| behind.split_once('}')).map(|(inside, _)| inside);
            let Some(name) = inside.filter(|name| values::name(name).is_ok()) else { continue };
            // `{{` is a brace that stands for itself.
            let escaped = source.get(..open).is_some_and(|before| before.ends_with('{'));
            if escaped || block.contains(&open) || open < taken {
                continue;
            }
            parts.push(Part::Text(source.get(taken..open).unwrap_or_default()));
            parts.push(Part::Gap(name));
            taken = open + name.len() + 2;
        }
        parts.push(Part::Text(source.get(taken..).unwrap_or_default()));
        Self(parts)
    }

    fn mention(&self, column: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Gap(name) if *name == column))
    }

    fn filled_length(&self, row: &[Cell<'_>]) -> usize {
        let part = |part: &Part<'_>| match part {
            Part::Text(text) => text.len(),
            Part::Gap(name) => {
                row.iter().find(|cell| cell.name == *name).map_or(name.len() + 2, |cell| cell.value.len())
            }
        };
        self.0.iter().map(part).fold(0, usize::saturating_add)
    }

    fn fill(&self, row: &BTreeMap<String, String>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Gap(name) => out.push_str(&row.get(*name).cloned().unwrap_or_else(|| format!("{{{name}}}"))),
            }
        }
        out
    }
}
