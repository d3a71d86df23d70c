//! Submitty: `validation_results.json` of a custom validator.

use serde_json::{Value, json};

use super::sheet::{Item, Sheet, Standing};
use crate::grade::record::Status;

pub(super) fn render(sheet: &Sheet<'_>) -> Result<String, serde_json::Error> {
    let record = sheet.record;
    let results = match record.status {
        // The validator itself failed: staff read why, and the student has no zero.
        Status::Ungraded | Status::Waiting => json!({ "status": "failure", "message": sheet.whole }),
        Status::Graded | Status::PartlyGraded | Status::NotBuilt | Status::NotStarted => {
            let (points, of) = (record.points.number(), record.of.number());
            let score = if of > 0.0 { (points / of).clamp(0.0, 1.0) } else { 0.0 };
            json!({ "status": "success", "data": { "score": score, "message": messages(sheet) } })
        }
    };
    Ok(serde_json::to_string_pretty(&results)? + "\n")
}

fn messages(sheet: &Sheet<'_>) -> Vec<Value> {
    let is_asked = matches!(sheet.record.status, Status::Graded | Status::PartlyGraded);
    let mut messages = vec![message(&sheet.whole, if is_asked { "information" } else { "failure" })];
    for part in &sheet.groups {
        let whole = part.points >= part.of;
        let text = format!("{}: {} of {} points", part.name, part.points, part.of);
        messages.push(message(&text, if whole { "success" } else { "warning" }));
        messages.extend(part.items.iter().filter(|item| item.standing != Standing::Passed).map(told));
    }
    messages.extend(sheet.others.iter().map(told));
    messages
}

fn told(item: &Item) -> Value {
    let status = match item.standing {
        Standing::Passed => "success",
        Standing::Short => "failure",
        Standing::NotCounted | Standing::NotJudged => "information",
    };
    message(&format!("{} ({} of {} points)\n{}", item.name, item.points, item.of, item.text), status)
}

fn message(text: &str, status: &str) -> Value {
    json!({ "message": text, "status": status })
}
