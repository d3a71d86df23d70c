//! Autolab: what a grader prints. Students see all of it; the last line is the scores.
//!
//! Its reader takes the last line for JSON, whatever it is, and some installations the first line that begins so; each
//! line of a text is moved to the right, so that none of them begins with a brace.

use serde_json::{Map, Value, json};

use super::bounded::behind;
use super::sheet::{Sheet, Standing};

pub(super) fn render(sheet: &Sheet<'_>) -> Result<String, serde_json::Error> {
    let mut text = behind(" ", &sheet.whole);
    let mut scores = Map::new();
    for part in &sheet.groups {
        text.push_str(&behind(" ", &format!("\n{}: {} of {}", part.name, part.points, part.of)));
        for item in part.items.iter().filter(|item| item.standing != Standing::Passed) {
            text.push_str(&behind(" ", &format!("\n{} ({} of {})\n{}", item.name, item.points, item.of, item.text)));
        }
        scores.insert(part.name.clone(), json!(part.points.number()));
    }
    for item in &sheet.others {
        text.push_str(&behind(" ", &format!("\n{}: {}\n{}", item.name, item.points, item.text)));
        scores.insert(item.name.clone(), json!(item.points.number()));
    }
    // A group of this name does not decide what all came to.
    scores.insert(TOTAL.to_owned(), json!(sheet.record.points.number()));
    let last = if sheet.record.status.is_judged() {
        json!({ "scores": Value::Object(scores), "scoreboard": [sheet.record.points.number()] })
    } else {
        // No zero: what Autolab has of an earlier time stays.
        json!({ "scores": {} })
    };
    Ok(text + &serde_json::to_string(&last)? + "\n")
}

/// The problem that holds all points.
const TOTAL: &str = "total";
