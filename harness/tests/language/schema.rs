//! The schema for editors is current, takes every scenario, and refuses what is plainly wrong.

use std::path::Path;

use harness::scenario::{Sources, rubric, schema};
use rstest::rstest;
use serde_json::Value;

fn read(text: &str) -> Value {
    // As editors read it: `on` is a text, `226` a number.
    let options = serde_yaml::options! { strict_booleans: true };
    serde_yaml::from_str_with_options(text, options).unwrap_or(Value::Null)
}

#[test]
fn the_schema_on_disk_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/scenario.schema.json");
    let made = format!("{:#}\n", schema::scenario());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written == made, "write it anew: BLESS=1 cargo test -p harness --test language schema");
}

#[test]
fn the_schema_of_rubrics_is_current_and_takes_them() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/rubric.schema.json");
    let schema = rubric::schema();
    let made = format!("{schema:#}\n");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written == made, "write it anew: BLESS=1 cargo test -p harness --test language schema");
    let sources = Sources::embedded();
    for (file, text) in sources.iter().filter(|(file, _)| file.starts_with("rubrics/")) {
        let faults = validate(&schema, &schema, &read(text), "");
        assert!(faults.is_empty(), "{file}: {faults:?}");
    }
}

#[test]
fn every_scenario_is_valid() {
    let mut sources = Sources::embedded();
    sources.add_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite")).unwrap();
    let schema = schema::scenario();
    let others = ["requirements/", "profiles/", "rubrics/", "vectors/", "readings.yaml", "vocabulary.yaml"];
    for (file, text) in sources.iter().filter(|(file, _)| !others.iter().any(|other| file.starts_with(other))) {
        let faults = validate(&schema, &schema, &read(text), "");
        assert!(faults.is_empty(), "{file}: {faults:?}");
    }
}

#[rstest]
#[case("unknown-key")]
#[case("unknown-reply-key")]
#[case("unknown-step")]
#[case("purpose-missing")]
#[case("steps-empty")]
#[case("silence-without-time")]
#[case("unknown-line-end")]
#[case("unknown-data-key")]
#[case("unknown-data-step")]
#[case("unknown-timer-key")]
fn what_is_plainly_wrong_is_not(#[case] name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/bad-scenarios/{name}.yaml"));
    let text = std::fs::read_to_string(file).unwrap();
    let schema = schema::scenario();
    assert!(!validate(&schema, &schema, &read(&text), "").is_empty());
}

/// The part of draft 07 that the schema uses. Patterns are not compared: their only use is `{`.
fn validate(root: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Bool(false));
        return validate(root, target, value, place);
    }
    let mut faults = Vec::new();
    if let Some(condition) = schema.get("if") {
        let branch = if validate(root, condition, value, place).is_empty() { "then" } else { "else" };
        faults.extend(validate(root, &schema[branch], value, place));
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        faults.extend(validate(root, part, value, place));
    }
    if let Some(forms) = schema.get("anyOf").and_then(Value::as_array) {
        let tried: Vec<_> = forms.iter().map(|form| validate(root, form, value, place)).collect();
        if tried.iter().all(|faults| !faults.is_empty()) {
            faults.extend(tried.concat());
        }
    }
    faults.extend(simple(schema, value).into_iter().map(|fault| format!("{place}: {fault}")));
    if let Some(map) = value.as_object() {
        for (key, inside) in map {
            let place = format!("{place}/{key}");
            match schema
                .get("properties")
                .and_then(|properties| properties.get(key))
                .or_else(|| schema.get("additionalProperties"))
            {
                Some(Value::Bool(false)) => faults.push(format!("{place}: unknown")),
                Some(form) => faults.extend(validate(root, form, inside, &place)),
                None => {}
            }
        }
    }
    if let (Some(form), Some(items)) = (schema.get("items"), value.as_array()) {
        for (index, item) in items.iter().enumerate() {
            faults.extend(validate(root, form, item, &format!("{place}/{index}")));
        }
    }
    faults
}

fn simple(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = schema.get("type").map(|kinds| kinds.as_array().cloned().unwrap_or_else(|| vec![kinds.clone()]));
    if types.is_some_and(|types| !types.iter().any(|known| known == kind)) {
        faults.push(format!("is {kind}"));
    }
    if schema.get("enum").and_then(Value::as_array).is_some_and(|words| !words.contains(value)) {
        faults.push(format!("{value} is not one of the words"));
    }
    if schema.get("pattern").is_some() && !value.as_str().is_some_and(|text| text.contains('{')) {
        faults.push("has no gap".to_owned());
    }
    let length =
        value.as_array().map(Vec::len).or_else(|| value.as_object().map(serde_json::Map::len)).unwrap_or(0) as u64;
    let least = schema.get("minItems").or_else(|| schema.get("minProperties")).and_then(Value::as_u64).unwrap_or(0);
    let most = schema.get("maxProperties").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if (value.is_array() || value.is_object()) && !(least..=most).contains(&length) {
        faults.push(format!("has {length} parts"));
    }
    for key in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if value.is_object() && value.get(key.as_str().unwrap_or_default()).is_none() {
            faults.push(format!("lacks {key}"));
        }
    }
    if let (Some(names), Some(map)) = (schema.get("propertyNames"), value.as_object()) {
        faults.extend(map.keys().flat_map(|key| simple(names, &Value::String(key.clone()))));
    }
    faults
}
