//! Attributes as JSON, and back.

use std::borrow::Cow;

use coral_trace::{Attributes, Double, KeyValue, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Attributes as a JSON object of texts, by key. Of a repeated key, the first value counts.
pub(super) struct Texts<'a>(pub(super) Cow<'a, Attributes>);

/// Attributes as a JSON object of typed values, by key. Of a repeated key, the first value counts.
#[derive(Default)]
pub(super) struct Typed<'a>(pub(super) Cow<'a, Attributes>);

impl Typed<'_> {
    pub(super) fn owned(self) -> Attributes {
        self.0.into_owned()
    }
}

/// Of up to this many attributes, all pairs are compared to find out whether a key is repeated.
/// More attributes are sorted by key instead.
const MAX_COMPARED: usize = 64;

/// The first attribute of each key. With a repeated key, or more than [`MAX_COMPARED`] attributes,
/// the result is sorted by key.
fn distinct(attributes: &Attributes) -> Cow<'_, [KeyValue]> {
    let pairs = &attributes.0;
    let is_repeated = |at: usize| pairs[..at].iter().any(|earlier| earlier.key == pairs[at].key);
    if pairs.len() <= MAX_COMPARED && !(1..pairs.len()).any(is_repeated) {
        return Cow::Borrowed(pairs);
    }
    let mut by_key: Vec<&KeyValue> = pairs.iter().collect();
    by_key.sort_by(|one, other| one.key.cmp(&other.key));
    by_key.dedup_by(|next, first| next.key == first.key);
    Cow::Owned(by_key.into_iter().cloned().collect())
}

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let pairs = distinct(&self.0);
        let mut map = to.serialize_map(Some(pairs.len()))?;
        for KeyValue { key, value } in pairs.iter() {
            match value {
                Value::String(text) => map.serialize_entry(key, text)?,
                value => map.serialize_entry(key, &AsText(value))?,
            }
        }
        map.end()
    }
}

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object(&self.0, to)
    }
}

fn object<S: Serializer>(attributes: &Attributes, to: S) -> Result<S::Ok, S::Error> {
    let pairs = distinct(attributes);
    let mut map = to.serialize_map(Some(pairs.len()))?;
    for KeyValue { key, value } in pairs.iter() {
        map.serialize_entry(key, &AsJson(value))?;
    }
    map.end()
}

struct AsText<'a>(&'a Value);

impl Serialize for AsText<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            // The most common types, written without a formatter.
            Value::Int(number) => to.serialize_str(itoa::Buffer::new().format(*number)),
            Value::Bool(truth) => to.serialize_str(if *truth { "true" } else { "false" }),
            other => to.collect_str(other),
        }
    }
}

struct AsJson<'a>(&'a Value);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty => to.serialize_unit(),
            Value::String(text) => to.serialize_str(text),
            Value::Bool(truth) => to.serialize_bool(*truth),
            Value::Int(number) => to.serialize_i64(*number),
            Value::Double(Double(number)) if number.is_finite() => to.serialize_f64(*number),
            Value::Array(values) => {
                let mut list = to.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&AsJson(value))?;
                }
                list.end()
            }
            Value::Map(attributes) => object(attributes, to),
            Value::Double(_) | Value::Bytes(_) => to.collect_str(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Texts<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Typed::deserialize(from).map(|typed| Self(typed.0))
    }
}

impl<'de> Deserialize<'de> for Typed<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pairs = serde_json::Map::deserialize(from)?;
        Ok(Self(Cow::Owned(attributes(pairs))))
    }
}

fn attributes(pairs: serde_json::Map<String, serde_json::Value>) -> Attributes {
    let pairs = pairs.into_iter().map(|(key, json)| KeyValue { key, value: value(json) });
    Attributes(pairs.collect())
}

fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Empty,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Value::Int(int),
            (None, Some(double)) => Value::Double(Double(double)),
            (None, None) => Value::String(number.to_string()),
        },
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(values) => Value::Array(values.into_iter().map(value).collect()),
        serde_json::Value::Object(pairs) => Value::Map(attributes(pairs)),
    }
}

impl JsonSchema for Texts<'_> {
    fn schema_name() -> Cow<'static, str> {
        "TextAttributes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Attributes as text, by key; arrays and maps are written as JSON text.",
            "additionalProperties": { "type": "string" },
        })
    }
}

impl JsonSchema for Typed<'_> {
    fn schema_name() -> Cow<'static, str> {
        "TypedAttributes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Attributes with their JSON types, by key; bytes are base64 text.",
            "additionalProperties": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_repeated_key_the_first_value_is_kept() {
        for others in [0, 3, 2 * MAX_COMPARED] {
            let pair =
                |key: &str, value: i64| KeyValue { key: key.to_owned(), value: value.into() };
            let mut pairs = vec![pair("b", 1)];
            pairs.extend((0..others as i64).map(|other| pair(&format!("a{other}"), other)));
            pairs.push(pair("b", 2));
            let json = serde_json::to_string(&Typed(Cow::Owned(Attributes(pairs)))).unwrap();
            assert_eq!(json.matches("\"b\":").count(), 1, "{json}");
            assert!(json.contains("\"b\":1"), "{json}");
        }
    }
}
