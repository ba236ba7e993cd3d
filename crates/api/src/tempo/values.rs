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
        other => Any::StringValue(other.text()),
    };
    AnyValue { value: Some(value) }
}
