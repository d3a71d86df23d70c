//! The JSON schema (draft 07) of a scenario file, for editors: it completes keys and shows their meaning.
//!
//! It is made from the same lists of keys that the loader knows. What it cannot say (captures, ids, files) is left to `ftpspec check`.

use serde_json::{Map, Value, json};

use super::load::{body, entries, file, reply, steps};

mod forms;

/// The schema of a scenario and of a given state.
pub fn scenario() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://ftpspec.invalid/scenario.schema.json",
        "title": "A scenario of ftpspec, or a given state",
        // A given state is known by the key that only it has.
        "if": { "type": "object", "required": ["tested-by"] },
        "then": reference("given"),
        "else": reference("scenario"),
        "definitions": definitions(),
    })
}

fn definitions() -> Value {
    json!({
        "scenario": measured(forms::described_map("A scenario: one conversation, one purpose.", file::SCENARIO, forms::scenario_key, &["purpose"])),
        "given": forms::described_map("A state that scenarios begin with.", file::GIVEN, forms::scenario_key, &["purpose", "tested-by", "steps"]),
        "step": step(),
        "reply-map": forms::described_map("What the server may reply.", reply::KEYS, forms::reply_key, &[]),
        "content-map": forms::described_map("Octets, or a link.", &[body::CONTENT, file::LINK].concat(), forms::body_key, &[]),
        "body-map": forms::described_map("What travels.", body::BODY, forms::body_key, &[]),
        "entry-map": forms::described_map("An entry of MLST.", entries::ENTRY, forms::entry_key, &[]),
        "facts": { "type": "object", "additionalProperties": reference("value") },
        "value": any(&[
            reference("text"),
            json!({ "type": "object", "required": ["not"], "properties": { "not": reference("text") }, "additionalProperties": false }),
        ]),
        "data-map": data_map(),
        "say-map": forms::described_map("Octets as they are.", steps::SAY, forms::say_key, &[]),
        "text": any(&[json!({ "type": ["string", "number", "boolean"] }), reference("gap")]),
        "gap": {
            "description": "{column}: the value of this row of `each`.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": { "type": "null" },
        },
        "texts": { "type": "array", "minItems": 1, "items": reference("text") },
        "nothing": { "type": "object", "additionalProperties": false },
        "sequence": any(&[reference("text"), json!({ "type": "array", "minItems": 1, "items": reference("text") })]),
        "sequences": any(&[reference("sequence"), json!({ "type": "array", "minItems": 1, "items": reference("sequence") })]),
        "content": any(&[reference("text"), reference("content-map")]),
        "body": any(&[reference("text"), reference("body-map")]),
        "tree": { "type": "object", "additionalProperties": any(&[reference("content"), reference("nothing"), reference("tree")]) },
        "within": any(&[
            reference("text"),
            json!({ "type": "object", "required": ["timer"], "properties": { "timer": reference("text") }, "additionalProperties": false }),
        ]),
    })
}

/// A scenario covers requirements, or was recorded.
fn measured(mut map: Value) -> Value {
    if let Some(map) = map.as_object_mut() {
        map.insert("anyOf".to_owned(), json!([{ "required": ["covers"] }, { "required": ["recorded"] }]));
    }
    map
}

fn step() -> Value {
    let mut properties = properties(steps::STEPS, forms::step_key);
    properties.insert(
        "for".to_owned(),
        describe("The requirement that this step is measured by; else the first of `covers`.", reference("text")),
    );
    json!({
        "description": "One step: one key, and `for` beside it or not.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 2,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn data_map() -> Value {
    let mut map = forms::described_map("Something on the data connection.", steps::DATA, forms::data_key, &[]);
    if let Some(map) = map.as_object_mut() {
        map.insert("minProperties".to_owned(), json!(1));
    }
    map
}

/// The value of `data`: a word or a map.
fn data_words() -> Value {
    any(&[
        json!({ "enum": steps::DATA_WORDS }),
        json!({ "type": "string", "pattern": "\\{" }),
        reference("data-map"),
        reference("gap"),
    ])
}

fn properties(keys: &[&str], form: fn(&str) -> Value) -> Map<String, Value> {
    keys.iter().map(|key| ((*key).to_owned(), form(key))).collect()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn any(forms: &[Value]) -> Value {
    json!({ "anyOf": forms })
}

/// Draft 07 ignores what stands beside `$ref`, so the description goes round it.
fn describe(description: &str, form: Value) -> Value {
    if form.get("$ref").is_some() {
        return json!({ "description": description, "allOf": [form] });
    }
    let mut form = form;
    if let Some(map) = form.as_object_mut() {
        map.insert("description".to_owned(), json!(description));
    }
    form
}
