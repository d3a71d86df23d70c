//! The model as JSON lines: the run without its cases, each case, and an end that counts them.
//!
//! A file that was cut, or to which two runs wrote, has no end that fits; see [`read`](crate::read()).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::RenderError;
use super::json::escaped;
use crate::model::{Case, Report, Verdict};

/// One line, as it is written. The reader takes the case whole, the writer borrows it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Line<C> {
    /// The run, without `cases`.
    Report(Map<String, Value>),
    Case(C),
    End(End),
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// How many cases stand before.
    pub(crate) cases: usize,
    /// How many of them have which verdict.
    pub(crate) verdicts: BTreeMap<String, usize>,
}

impl End {
    pub(crate) fn of(report: &Report) -> Self {
        let summary = report.summary();
        let verdicts = Verdict::WORST_FIRST.into_iter().map(|verdict| (verdict.word().to_owned(), summary.of(verdict)));
        Self { cases: summary.total(), verdicts: verdicts.collect() }
    }
}

pub(super) fn render(report: &Report) -> Result<Vec<u8>, RenderError> {
    let whole = Report { cases: Vec::new(), ..report.clone() };
    let mut head = Map::new();
    if let Value::Object(members) = serde_json::to_value(whole)? {
        head.extend(members.into_iter().filter(|(name, _)| name != "cases"));
    }
    let mut lines = vec![Line::Report(head)];
    lines.extend(report.cases.iter().map(Line::<&Case>::Case));
    lines.push(Line::End(End::of(report)));
    let mut text = String::new();
    for line in lines {
        text.push_str(&escaped(&serde_json::to_string(&line)?));
        text.push('\n');
    }
    Ok(text.into_bytes())
}
