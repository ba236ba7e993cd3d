//! Tags, with their types.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coral_trace::{Attributes, KeyValue, Scope, SpanKind, Status, StatusCode, Value};
use serde_json::Value as Json;

use super::json::TagJson;

/// The attributes of which fields of a span have not been taken.
pub(super) struct Tags(pub Attributes);

impl Tags {
    pub fn new(tags: Vec<TagJson>) -> Self {
        Self(Attributes(tags.into_iter().map(attribute).collect()))
    }

    /// Takes the text of `key`; empty without one.
    pub fn take(&mut self, key: &str) -> String {
        let at = self.0.iter().position(|one| one.key == key && one.value.as_str().is_some());
        match at.map(|at| self.0.0.remove(at).value) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    pub fn scope(&mut self) -> Scope {
        let (name, version) = (self.take("otel.scope.name"), self.take("otel.scope.version"));
        Scope { name, version, ..Scope::default() }
    }

    pub fn kind(&mut self) -> SpanKind {
        match self.take("span.kind").as_str() {
            "client" => SpanKind::Client,
            "server" => SpanKind::Server,
            "producer" => SpanKind::Producer,
            "consumer" => SpanKind::Consumer,
            "internal" => SpanKind::Internal,
            _ => SpanKind::Unspecified,
        }
    }

    /// The status: `error` if the tag of that name is true, else that of `otel.status_code`.
    pub fn status(&mut self) -> Status {
        let is_true = |one: &KeyValue| one.key == "error" && one.value == Value::Bool(true);
        let failed = self.0.iter().position(is_true).map(|at| self.0.0.remove(at)).is_some();
        let code = match self.take("otel.status_code").to_ascii_uppercase().as_str() {
            _ if failed => StatusCode::Error,
            "ERROR" => StatusCode::Error,
            "OK" => StatusCode::Ok,
            _ => StatusCode::Unset,
        };
        Status { code, message: self.take("otel.status_description") }
    }
}

fn attribute(tag: TagJson) -> KeyValue {
    KeyValue { key: tag.key, value: value(&tag.kind, tag.value) }
}

/// The value, by the type of the tag. Jaeger writes numbers as text that JavaScript cannot hold.
fn value(kind: &str, json: Json) -> Value {
    let text = match &json {
        Json::String(text) => Some(text.as_str()),
        _ => None,
    };
    match (kind, text) {
        ("int64", Some(text)) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        ("float64", Some(text)) => text.parse::<f64>().map_or_else(|_| text.into(), Value::from),
        ("bool", Some("true")) => true.into(),
        ("bool", Some("false")) => false.into(),
        ("binary", Some(text)) => STANDARD.decode(text).map_or_else(|_| text.into(), Value::Bytes),
        ("float64", None) => json.as_f64().map_or(Value::Empty, Value::from),
        _ => match json {
            Json::Null => Value::Empty,
            Json::Bool(truth) => truth.into(),
            Json::String(text) => Value::String(text),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => integer.into(),
                None => number.as_f64().unwrap_or(f64::NAN).into(),
            },
            other => Value::String(other.to_string()),
        },
    }
}
