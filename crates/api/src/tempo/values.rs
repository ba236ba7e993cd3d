//! Values of TraceQL as messages of `tempopb`.

use coral_query::traceql::Static;
use coral_wire::tempo_rpc::proto::common::v1::any_value::Value as Any;
use coral_wire::tempo_rpc::proto::common::v1::{AnyValue, KeyValue};

/// Keys with their values.
pub(super) fn key_values(pairs: &[(String, Static)]) -> Vec<KeyValue> {
    pairs
        .iter()
        .map(|(key, value)| KeyValue { key: key.clone(), value: Some(any(value)) })
        .collect()
}

/// A value. Only numbers and booleans have types in Tempo's answers; every other value is text.
fn any(value: &Static) -> AnyValue {
    let value = match value {
        Static::Int(number) => Any::IntValue(*number),
        Static::Float(number) => Any::DoubleValue(*number),
        Static::Bool(truth) => Any::BoolValue(*truth),
        other => Any::StringValue(text(other)),
    };
    AnyValue { value: Some(value) }
}

/// The value as text, without quotes.
pub(super) fn text(value: &Static) -> String {
    match value {
        Static::Nil => "nil".to_owned(),
        Static::Int(number) => number.to_string(),
        Static::Float(number) => number.to_string(),
        Static::String(text) => text.clone(),
        Static::Bool(truth) => truth.to_string(),
        Static::Duration(nanos) => format!("{nanos}ns"),
        Static::Status(status) => status.as_str().to_owned(),
        Static::Kind(kind) => kind.as_str().to_owned(),
        Static::Array(values) => {
            let values: Vec<String> = values.iter().map(text).collect();
            format!("[{}]", values.join(", "))
        }
    }
}

/// The name of the type of a value in a list of values.
pub(super) fn type_name(value: &Static) -> &'static str {
    match value {
        Static::Int(_) => "int",
        Static::Float(_) => "float",
        Static::Bool(_) => "bool",
        Static::Duration(_) => "duration",
        Static::Status(_) | Static::Kind(_) => "keyword",
        Static::Nil | Static::String(_) | Static::Array(_) => "string",
    }
}
