//! A file of results, taken back.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::run::{self, Run};
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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

/// Reads the text of a `results.jsonl`.
///
/// # Errors
/// A line is cut short, or of another form.
pub fn read(text: &str) -> Result<Results, ReadError> {
    let mut results = Results { run: None, records: Vec::new() };
    for (at, line) in text.lines().enumerate() {
        let wrong = |what: String| ReadError { line: at + 1, what };
        let Schema { schema } = parsed(line).map_err(wrong)?;
        match schema.as_str() {
            record::SCHEMA => results.records.push(parsed(line).map_err(wrong)?),
            run::SCHEMA if at == 0 => {
                let run: Run = parsed(line).map_err(wrong)?;
                if !run.is_sound() {
                    return Err(wrong(
                        "the line was changed by hand: its run id is not that of what it says".to_owned(),
                    ));
                }
                results.run = Some(run);
            }
            run::SCHEMA => {
                let what =
                    "another shard begins here; give `ftpspec merge` the files of shards, each as it was written";
                return Err(wrong(what.to_owned()));
            }
            other => {
                let schema = other.chars().take(40).collect::<String>();
                return Err(wrong(format!("this is of the form {schema:?}, and not {:?}", record::SCHEMA)));
            }
        }
    }
    Ok(results)
}

fn parsed<T: DeserializeOwned>(line: &str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => "it is cut short; copy the file again".to_owned(),
        serde_json::error::Category::Data | serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            format!("this is no line of results: {error}")
        }
    })
}
