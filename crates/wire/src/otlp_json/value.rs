//! `KeyValue` and `AnyValue` in JSON.

use std::fmt;

use coral_trace::{self as trace, Attributes, Value};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::scalar::{Bytes, Double, Integer, nullable};

/// Converts `list` to attributes.
pub(crate) fn attributes(list: Vec<KeyValue>) -> Attributes {
    let with_key = |member: KeyValue| trace::KeyValue { key: member.key, value: member.value.0 };
    Attributes(list.into_iter().map(with_key).collect())
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct KeyValue {
    #[serde(deserialize_with = "nullable")]
    key: String,
    #[serde(deserialize_with = "nullable")]
    value: AnyValue,
}

/// An object with at most one of the fields that [`Field`] lists. If there are several, the last
/// one that is not `null` counts.
pub(crate) struct AnyValue(Value);

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    #[serde(alias = "string_value")]
    StringValue,
    #[serde(alias = "bool_value")]
    BoolValue,
    #[serde(alias = "int_value")]
    IntValue,
    #[serde(alias = "double_value")]
    DoubleValue,
    #[serde(alias = "array_value")]
    ArrayValue,
    #[serde(alias = "kvlist_value")]
    KvlistValue,
    #[serde(alias = "bytes_value")]
    BytesValue,
    #[serde(other)]
    Other,
}

/// `ArrayValue` or `KeyValueList`.
#[derive(serde::Deserialize)]
#[serde(default)]
struct Values<T> {
    #[serde(deserialize_with = "nullable", bound(deserialize = "T: Deserialize<'de>"))]
    values: Vec<T>,
}

impl Default for AnyValue {
    fn default() -> Self {
        Self(Value::Empty)
    }
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self { values: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = AnyValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an AnyValue object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
                let mut value = Value::Empty;
                while let Some(field) = map.next_key()? {
                    value = next_value(field, &mut map)?.unwrap_or(value);
                }
                Ok(AnyValue(value))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// Reads the value of `field`; `None` for `null` and for unknown fields.
fn next_value<'de, A: MapAccess<'de>>(
    field: Field,
    map: &mut A,
) -> Result<Option<Value>, A::Error> {
    Ok(match field {
        Field::StringValue => map.next_value::<Option<_>>()?.map(Value::String),
        Field::BoolValue => map.next_value::<Option<_>>()?.map(Value::Bool),
        Field::IntValue => map.next_value::<Option<Integer<i64>>>()?.map(|n| Value::Int(n.0)),
        Field::DoubleValue => map.next_value::<Option<Double>>()?.map(|n| n.0.into()),
        Field::BytesValue => map.next_value::<Option<Bytes>>()?.map(|bytes| Value::Bytes(bytes.0)),
        Field::ArrayValue => map.next_value::<Option<Values<AnyValue>>>()?.map(array),
        Field::KvlistValue => map
            .next_value::<Option<Values<KeyValue>>>()?
            .map(|list| Value::Map(attributes(list.values))),
        Field::Other => map.next_value::<IgnoredAny>().map(|_| None)?,
    })
}

fn array(list: Values<AnyValue>) -> Value {
    Value::Array(list.values.into_iter().map(|any| any.0).collect())
}
