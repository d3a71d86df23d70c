//! `PrairieLearn`: `/grade/results/results.json` of an external grader, at most 1 MB.

use serde::Serialize;

use super::bounded::block;
use super::sheet::{Item, Sheet, Standing};
use crate::grade::record::Status;

/// The most octets of a file. `PrairieLearn` refuses 1 MB; whether that is a million is not said.
const MOST: usize = 950_000;
/// How long the text on a check may be, if there is room.
const OUTPUTS: [usize; 5] = [16 * 1024, 4 * 1024, 1024, 256, 0];

#[derive(Serialize)]
struct Results {
    gradable: bool,
    score: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    format_errors: Vec<String>,
    message: String,
    output: String,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    description: String,
    points: f64,
    max_points: f64,
    message: String,
    output: String,
}

pub(super) fn render(sheet: &Sheet<'_>) -> Result<String, serde_json::Error> {
    let mut last = String::new();
    for most in OUTPUTS {
        last = serde_json::to_string_pretty(&results(sheet, most))? + "\n";
        if last.len() <= MOST {
            break;
        }
    }
    Ok(last)
}

fn results(sheet: &Sheet<'_>, most: usize) -> Results {
    let record = sheet.record;
    // What was never asked costs no attempt.
    let gradable = matches!(record.status, Status::Graded | Status::PartlyGraded);
    let (points, of) = (record.points.number(), record.of.number());
    let tests = sheet.groups.iter().flat_map(|part| part.items.iter().map(|item| (part.name.as_str(), item)));
    let others = sheet.others.iter().map(|item| ("", item));
    Results {
        gradable,
        score: if of > 0.0 { (points / of).clamp(0.0, 1.0) } else { 0.0 },
        format_errors: if gradable { Vec::new() } else { vec![record.status.word().to_owned()] },
        message: format!("{} of {} points", record.points, record.of),
        output: sheet.whole.clone(),
        tests: tests.chain(others).map(|(group, item)| test(group, item, most)).collect(),
    }
}

fn test(group: &str, item: &Item, most: usize) -> Test {
    let message = match item.standing {
        Standing::Passed | Standing::Short => "",
        Standing::NotCounted => "not counted",
        Standing::NotJudged => "not judged, by no fault of yours",
    };
    Test {
        name: item.name.clone(),
        description: group.to_owned(),
        points: item.points.number(),
        max_points: item.of.number(),
        message: message.to_owned(),
        output: if item.standing == Standing::Passed { String::new() } else { block(&item.text, most) },
    }
}
