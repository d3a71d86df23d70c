//! A file of a shard's results, taken back.

use serde::Deserialize;

use super::run::{Run, SCHEMA};
use crate::grade::record::{self, Record};

/// What a file of results holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The run that it is a part of; nothing, where the class was not split.
    pub run: Option<Run>,
    /// The results.
    pub records: Vec<Record>,
}

/// Why a text is no file of results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The first line is not as `ftpspec grade --shard` writes it.
    #[error("line 1 does not say which shard this is: {0}")]
    Head(serde_json::Error),
    /// What the first line says is not what its run id stands for.
    #[error("line 1 was changed by hand: its run id is not that of what it says")]
    Changed,
    /// Another line is no result.
    #[error("{0}")]
    Record(#[from] record::ReadError),
}

/// Reads the text of a `results.jsonl`, of a shard or of a whole class.
///
/// # Errors
/// A line is cut short, or of another form.
pub fn read(text: &str) -> Result<Results, ReadError> {
    let head = text.lines().next().filter(|line| is_head(line));
    let run: Option<Run> = head.map(serde_json::from_str).transpose().map_err(ReadError::Head)?;
    if run.as_ref().is_some_and(|run| !run.is_sound()) {
        return Err(ReadError::Changed);
    }
    Ok(Results { run, records: record::read(text)? })
}

/// Whether a line says of itself that it is the first of a shard's results.
pub fn is_head(line: &str) -> bool {
    #[derive(Deserialize)]
    struct Stamp {
        schema: String,
    }
    serde_json::from_str(line).is_ok_and(|Stamp { schema }| schema == SCHEMA)
}
