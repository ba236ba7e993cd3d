//! Checks answers against the API's description: every field is described, with its type.

use serde_json::Value;

/// The fields of `answer` to `path` that `document` does not describe, or describes with another
/// type.
pub fn differences(document: &Value, path: &str, status: &Value, answer: &Value) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let paths = document["paths"].as_object().unwrap();
    let Some((_, operation)) = paths.iter().find(|(template, _)| is_of(template, path)) else {
        return vec![format!("{path}: no such path is described")];
    };
    let responses = &operation["get"]["responses"];
    let response = if status == 200 { &responses["200"] } else { &responses["default"] };
    let schema = &response["content"]["application/json"]["schema"];
    let mut found = Vec::new();
    compare(document, schema, answer, path, &mut found);
    found
}

fn is_of(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(one, other)| one == other || one.starts_with('{'))
}

fn compare(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    // A schema without content describes any value.
    if schema == &Value::Bool(true) {
        return;
    }
    // Beside properties, a reference adds the fields of another object: see `field`.
    if let (Some(reference), None) = (schema["$ref"].as_str(), schema.get("properties")) {
        let pointer = reference.trim_start_matches('#');
        return compare(document, document.pointer(pointer).unwrap(), value, at, found);
    }
    let one_of = ["anyOf", "oneOf"].iter().find_map(|key| schema[*key].as_array());
    if let Some(choices) = one_of {
        let fits = |choice: &Value| {
            let mut inside = Vec::new();
            compare(document, choice, value, at, &mut inside);
            inside.is_empty()
        };
        if !choices.iter().any(fits) {
            found.push(format!("{at}: {value} is none of what is described"));
        }
        return;
    }
    if let Some(named) = schema.get("const").or(schema["enum"].as_array().map(|_| &schema["enum"]))
    {
        let is_named = named == value || named.as_array().is_some_and(|all| all.contains(value));
        if !is_named {
            found.push(format!("{at}: {value} is not among {named}"));
        }
        return;
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect::<Vec<_>>(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_kind(kind, value)) {
        found.push(format!("{at}: {value} is not {kinds:?}"));
    }
    match value {
        Value::Array(values) => {
            values.iter().for_each(|value| compare(document, &schema["items"], value, at, found));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = format!("{at}/{name}");
                match (field(document, schema, name), &schema["additionalProperties"]) {
                    (Some(schema), _) => compare(document, schema, value, &at, found),
                    (None, Value::Null | Value::Bool(false)) => {
                        found.push(format!("{at}: is not described"));
                    }
                    (None, more) => compare(document, more, value, &at, found),
                }
            }
        }
        _ => {}
    }
}

/// The schema of a field, which may be flattened into its object.
fn field<'a>(document: &'a Value, schema: &'a Value, name: &str) -> Option<&'a Value> {
    let own = schema["properties"].get(name);
    let all = || schema["allOf"].as_array().into_iter().flatten();
    own.or_else(|| {
        let parts = all().chain(schema.get("$ref").map(|_| schema));
        parts.filter_map(|part| part["$ref"].as_str()).find_map(|reference| {
            field(document, document.pointer(reference.trim_start_matches('#'))?, name)
        })
    })
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[test]
fn a_field_that_is_not_described_or_has_another_type_is_found() {
    let document = serde_json::json!({
        "paths": {"/a/{id}": {"get": {"responses": {"200": {"content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/A"},
        }}}}}}},
        "components": {"schemas": {"A": {
            "type": "object",
            "properties": {"n": {"type": ["integer", "null"]}, "k": {"enum": ["x", "y"]}},
        }}},
    });
    let of = |answer: Value| differences(&document, "/a/5?b=1", &200.into(), &answer);
    assert!(of(serde_json::json!({"n": null, "k": "x"})).is_empty());
    assert_eq!(of(serde_json::json!({"n": "1"})).len(), 1);
    assert_eq!(of(serde_json::json!({"k": "z", "other": 1})).len(), 2);
    assert_eq!(differences(&document, "/b", &200.into(), &Value::Null).len(), 1);
}
