//! Tags: attributes with their types, and what Jaeger makes of the other fields of a span.

use coral_trace::{Attributes, Span, SpanKind, StatusCode, Value};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

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
pub(super) struct SpanTags<'a> {
    pub(super) span: &'a Span,
    /// Whether the tags are sorted by key.
    pub(super) is_sorted: bool,
}

impl Tag<'_> {
    const fn key(&self) -> &str {
        match self {
            Self::Value(key, _) | Self::Text(key, _) => key,
            Self::Failed => "error",
        }
    }
}

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
            // Go writes a whole number without a point.
            Self::Value(_, Value::Double(number))
                if number.0.fract() == 0.0 && number.0.abs() <= MAX_SAFE_INTEGER as f64 =>
            {
                json.serialize_field("value", &(number.0 as i64))?;
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
        let mut tags = self.tags();
        if self.is_sorted {
            tags.sort_by(|one, other| one.key().cmp(other.key()));
        }
        to.collect_seq(tags)
    }
}

impl<'a> SpanTags<'a> {
    fn tags(&self) -> Vec<Tag<'a>> {
        let span = self.span;
        let scope = &span.origin.scope;
        let mut tags = Vec::with_capacity(span.attributes.len() + 7);
        let texts = |tags: &mut Vec<Tag<'a>>, pairs: [(&'static str, &'a str); 2]| {
            let filled = pairs.into_iter().filter(|(_, text)| !text.is_empty());
            tags.extend(filled.map(|(key, text)| Tag::Text(key, text)));
        };
        let scope = [("otel.scope.name", &*scope.name), ("otel.scope.version", &*scope.version)];
        texts(&mut tags, scope);
        let pairs = span.attributes.iter().filter(|pair| pair.key != WARNINGS);
        tags.extend(pairs.map(|pair| Tag::Value(&pair.key, &pair.value)));
        if span.kind != SpanKind::Unspecified {
            tags.push(Tag::Text("span.kind", span.kind.as_str()));
        }
        match span.status.code {
            StatusCode::Unset => {}
            StatusCode::Ok => tags.push(Tag::Text("otel.status_code", "OK")),
            StatusCode::Error => {
                tags.extend([Tag::Text("otel.status_code", "ERROR"), Tag::Failed]);
            }
        }
        let message = ("otel.status_description", &*span.status.message);
        texts(&mut tags, [message, ("w3c.tracestate", &span.trace_state)]);
        tags
    }
}
