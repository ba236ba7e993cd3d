//! Attributes of spans as messages of `tempopb.common.v1`.

use coral_trace::Value;

use super::proto::common::v1::any_value::Value as Any;
use super::proto::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};

/// A key with its value.
pub fn key_value(key: impl Into<String>, value: &Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(any_value(value)) }
}

/// A value.
pub fn any_value(value: &Value) -> AnyValue {
    let value = match value {
        Value::Empty => None,
        Value::String(text) => Some(Any::StringValue(text.clone())),
        Value::Bool(truth) => Some(Any::BoolValue(*truth)),
        Value::Int(number) => Some(Any::IntValue(*number)),
        Value::Double(number) => Some(Any::DoubleValue(number.0)),
        Value::Bytes(bytes) => Some(Any::BytesValue(bytes.clone())),
        Value::Array(values) => {
            Some(Any::ArrayValue(ArrayValue { values: values.iter().map(any_value).collect() }))
        }
        Value::Map(map) => {
            let values = map.iter().map(|one| key_value(&one.key, &one.value)).collect();
            Some(Any::KvlistValue(KeyValueList { values }))
        }
    };
    AnyValue { value }
}
