//! Tags: attributes with their types, and what Jaeger makes of the other fields of a span.

use coral_trace::{Attributes, Span, SpanKind, StatusCode, Value};
use serde::ser::{Serialize, SerializeSeq as _, SerializeStruct as _, Serializer};

use super::WARNINGS;
use crate::jaeger::go_text::tag_text;

/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// One tag.
pub(super) enum Tag<'a> {
    /// An attribute.
    Value(&'a str, &'a Value),
    /// A key and a text.
    Text(&'a str, &'a str),
    /// `error`: true.
    Failed,
}

/// The attributes of a resource but one.
pub(super) struct Tags<'a> {
    pub(super) of: &'a Attributes,
    pub(super) without: &'a str,
}

/// The tags of a span: those of its scope, its attributes, then its kind, status and trace state.
pub(super) struct SpanTags<'a>(pub(super) &'a Span);

impl Serialize for Tag<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut json = to.serialize_struct("KeyValue", 3)?;
        let (key, kind) = match self {
            Self::Value(key, value) => (*key, type_of(value)),
            Self::Text(key, _) => (*key, "string"),
            Self::Failed => ("error", "bool"),
        };
        json.serialize_field("key", key)?;
        json.serialize_field("type", kind)?;
        match self {
            Self::Text(_, text) => json.serialize_field("value", text)?,
            Self::Failed => json.serialize_field("value", &true)?,
            Self::Value(_, Value::Bool(truth)) => json.serialize_field("value", truth)?,
            Self::Value(_, Value::Int(number)) if number.abs_diff(0) <= MAX_SAFE_INTEGER as u64 => {
                json.serialize_field("value", number)?;
            }
            Self::Value(_, Value::Double(number)) if number.0.is_finite() => {
                json.serialize_field("value", &number.0)?;
            }
            Self::Value(_, value) => json.serialize_field("value", &tag_text(value))?,
        }
        json.end()
    }
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Double(_) => "float64",
        Value::Bytes(_) => "binary",
        Value::Empty | Value::String(_) | Value::Array(_) | Value::Map(_) => "string",
    }
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let pairs = self.of.iter().filter(|pair| pair.key != self.without);
        to.collect_seq(pairs.map(|pair| Tag::Value(&pair.key, &pair.value)))
    }
}

impl Serialize for SpanTags<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let span = self.0;
        let scope = &span.origin.scope;
        let mut all = to.serialize_seq(None)?;
        for (key, text) in
            [("otel.scope.name", &scope.name), ("otel.scope.version", &scope.version)]
        {
            if !text.is_empty() {
                all.serialize_element(&Tag::Text(key, text))?;
            }
        }
        for pair in span.attributes.iter().filter(|pair| pair.key != WARNINGS) {
            all.serialize_element(&Tag::Value(&pair.key, &pair.value))?;
        }
        if span.kind != SpanKind::Unspecified {
            all.serialize_element(&Tag::Text("span.kind", span.kind.as_str()))?;
        }
        match span.status.code {
            StatusCode::Unset => {}
            StatusCode::Ok => all.serialize_element(&Tag::Text("otel.status_code", "OK"))?,
            StatusCode::Error => {
                all.serialize_element(&Tag::Text("otel.status_code", "ERROR"))?;
                all.serialize_element(&Tag::Failed)?;
            }
        }
        for (key, text) in [
            ("otel.status_description", &span.status.message),
            ("w3c.tracestate", &span.trace_state),
        ] {
            if !text.is_empty() {
                all.serialize_element(&Tag::Text(key, text))?;
            }
        }
        all.end()
    }
}
