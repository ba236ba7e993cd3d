//! The schema of a tool's arguments, derived from their type, in the few words that every client and
//! model reads: no references, no alternatives, no `null`.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::reply::{DEFAULT_BYTES, MAX_BYTES, MIN_BYTES};

/// The argument that each tool takes beside its own.
pub(super) const MAX_BYTES_ARGUMENT: &str = "max_bytes";

/// The schema of the arguments `T`, and of [`MAX_BYTES_ARGUMENT`].
pub(super) fn of_arguments<T: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().for_deserialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    schema["type"] = "object".into();
    schema["properties"][MAX_BYTES_ARGUMENT] = json!({
        "type": "integer",
        "minimum": MIN_BYTES,
        "maximum": MAX_BYTES,
        "default": DEFAULT_BYTES,
        "description": "The largest answer in bytes.",
    });
    let Value::Object(mut fields) = schema else { return JsonObject::new() };
    for of_type in ["title", "description"] {
        fields.remove(of_type);
    }
    fields
}

/// Removes what only validators need.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("format");
            if fields.get("default").is_some_and(Value::is_null) {
                fields.remove("default");
            }
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    fields.insert("type".to_owned(), one);
                }
            }
            words_of_alternatives(fields);
            fields.values_mut().for_each(plain);
        }
        Value::Array(values) => values.iter_mut().for_each(plain),
        _ => {}
    }
}

/// Alternatives of constants, each with its description, as a list of words.
fn words_of_alternatives(fields: &mut JsonObject) {
    for key in ["oneOf", "anyOf"] {
        let Some(alternatives) = fields.get(key).and_then(Value::as_array) else { continue };
        let mut words = Vec::new();
        for one in alternatives.iter().filter(|one| one["type"] != "null") {
            // An alternative with alternatives of its own: an optional word.
            let nested = one["oneOf"].as_array().map_or(std::slice::from_ref(one), Vec::as_slice);
            for one in nested {
                words.extend(one.get("const").cloned());
                words.extend(one["enum"].as_array().into_iter().flatten().cloned());
            }
        }
        words.retain(|word| !word.is_null());
        if !words.is_empty() {
            fields.remove(key);
            fields.insert("type".to_owned(), "string".into());
            fields.insert("enum".to_owned(), words.into());
        }
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
}
