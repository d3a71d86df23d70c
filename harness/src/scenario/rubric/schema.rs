//! The JSON schema (draft 07) of a rubric, for editors. It is made from the lists of keys that the reader knows.

use serde_json::{Map, Value, json};

use super::read::{BUILD, CHECK, DEDUCTION, GROUP, LIMITS, LOGIN, MISSING, PART, PARTS, RUBRIC, STYLE, VISIBILITIES};

/// The schema of a rubric.
pub fn schema() -> Value {
    let mut schema =
        map("A rubric of ftpspec: how a class is graded.", RUBRIC, rubric_key, &["title", "launch", "groups"]);
    if let Some(map) = schema.as_object_mut() {
        map.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        map.insert("$id".to_owned(), json!("https://ftpspec.invalid/rubric.schema.json"));
        map.insert("title".to_owned(), json!("A rubric of ftpspec"));
    }
    schema
}

fn rubric_key(key: &str) -> Value {
    match key {
        "title" => text("What the assignment is called."),
        "profile" => text("The profile whose readings decide; rfc1123, if it is not said."),
        "login" => map("How the scenarios log in.", LOGIN, login_key, &["user"]),
        "timers" => texts_by_name("How long the timers of a submission may take: { accept: 20s }."),
        "build" => map(
            "How a submission is built.",
            BUILD,
            |key| match key {
                "clean" => commands("What takes away that was built before. It may fail."),
                _ => commands("What builds it. A command that fails is a verdict of its own."),
            },
            &[],
        ),
        "files" => texts_by_name("Files written before each start: name to text. They stand in {config}."),
        "setup" => list("Commands run before each start.", &text("A command line.")),
        "launch" => list("The ways to start a submission, tried in this order.", &style()),
        "readable" => list("Folders that a submission may read besides the system's.", &text("An absolute path.")),
        "limits" => map("What a submission may use up.", LIMITS, limits_key, &[]),
        "missing" => {
            words("What a command costs that is not there: its points (lost), or nothing (left-out).", &names(MISSING))
        }
        "repeat" => number("How often each case is run. A verdict that changes gives its share of the points."),
        "groups" => list("What gives points.", &map("A group.", GROUP, group_key, &["name", "points", "scenarios"])),
        "crash" => deduction("What each cause of a crash costs, besides the points of the cases that met it."),
        "hang" => deduction("What each cause of silence costs, besides the points of the cases that met it."),
        _ => list(
            "Commands whose exit code says whether something is so.",
            &map("A check.", CHECK, check_key, &["name", "command", "points"]),
        ),
    }
}

fn login_key(key: &str) -> Value {
    match key {
        "user" => text("What USER says."),
        "password" => text("What PASS says, where it is asked for."),
        _ => list("Commands that follow the login.", &text("A command.")),
    }
}

fn style() -> Value {
    let apart = map("A way to start.", STYLE, style_key, &["command"]);
    json!({ "anyOf": [text("A command line with {port}, {root}, {user}, {password}, {config}, {submission}."), apart] })
}

fn style_key(key: &str) -> Value {
    match key {
        "command" => text("A command line; no shell reads it."),
        "directory" => text("The working directory: {submission}, if it is not said; or {root}."),
        "environment" => texts_by_name("Variables of its environment."),
        "port" => number("The port that is compiled in."),
        _ => text("How long it may take until it listens: 5s."),
    }
}

fn limits_key(key: &str) -> Value {
    match key {
        "processes" => number("Processes and threads at one time."),
        "memory" => text("Memory of one process: 1 GiB."),
        "cpu" => text("Processor time of one process: 60s."),
        "file" => text("Length of one file: 64 MiB."),
        "disk" => text("All that it writes: 256 MiB."),
        "build" => text("How long the build may take: 2min."),
        "reply" => text("How long a reply may take: 10s."),
        "case" => text("How long one case may take, besides what it waits for: 90s."),
        _ => text("How long all cases of a submission may take: 15min."),
    }
}

fn group_key(key: &str) -> Value {
    match key {
        "name" => text("Its name, as students read it."),
        "points" => points("What it is worth."),
        "scenarios" => list("Globs of scenarios; a folder stands for everything below it.", &part()),
        "except" => list("Globs of scenarios that are left out.", &text("A glob.")),
        "all" => whether("Whether all cases must pass for any point."),
        "gate" => list("Scenarios of the group that must pass for any point.", &text("A glob.")),
        "part" => words("functionality: what a server does; robustness: what it bears.", &names(PARTS)),
        "extra" => whether("Whether its points come on top."),
        "deviation" => text("How much of its points a case gives that deviates in a tolerated way: 100% to 0%."),
        "visibility" => words("Who may see it.", &names(VISIBILITIES)),
        _ => text("What a student may try who loses points here."),
    }
}

fn part() -> Value {
    let apart = map(
        "Scenarios with a weight.",
        PART,
        |key| match key {
            "match" => text("A glob of scenario ids."),
            "weight" => number("How much each of them weighs; 1, if it is not said."),
            "visibility" => words("Who may see them.", &names(VISIBILITIES)),
            _ => text("What a student may try who loses points here."),
        },
        &["match"],
    );
    json!({ "anyOf": [text("A glob of scenario ids."), apart] })
}

fn deduction(description: &str) -> Value {
    let key =
        |key: &str| if key == "each" { points("What one costs.") } else { points("What all cost together at most.") };
    map(description, DEDUCTION, key, &["each"])
}

fn check_key(key: &str) -> Value {
    match key {
        "name" => text("Its name, as students read it."),
        "command" => {
            text("A command line, run in the folder of the submission. {build-log} is what the build printed.")
        }
        "points" => points("What it is worth."),
        "deducts" => whether("Whether the points are taken away where it fails, instead of given where it does not."),
        _ => text("What a student may try who loses points here."),
    }
}

fn map(description: &str, keys: &[&str], form: fn(&str) -> Value, required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), form(key))).collect();
    json!({
        "description": description,
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": ["string", "number"] })
}

fn number(description: &str) -> Value {
    json!({ "description": description, "type": "number", "minimum": 1 })
}

fn points(description: &str) -> Value {
    json!({ "description": description, "type": "number", "minimum": 0 })
}

fn whether(description: &str) -> Value {
    json!({ "description": description, "type": "boolean" })
}

fn list(description: &str, items: &Value) -> Value {
    json!({ "description": description, "type": "array", "minItems": 1, "items": items })
}

fn commands(description: &str) -> Value {
    json!({ "anyOf": [text(description), list(description, &text("A command line."))] })
}

fn texts_by_name(description: &str) -> Value {
    json!({ "description": description, "type": "object", "additionalProperties": { "type": ["string", "number"] } })
}

fn words(description: &str, words: &[&str]) -> Value {
    json!({ "description": description, "enum": words })
}

fn names<T>(words: &[(&'static str, T)]) -> Vec<&'static str> {
    words.iter().map(|(word, _)| *word).collect()
}
