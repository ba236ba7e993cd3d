//! Protobuf's JSON mapping: a field with its default value is left out, 64-bit integers are text,
//! and a message is an object even if it has no fields.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coral_wire::tempo_rpc::proto::common::v1::any_value::Value as Any;
use coral_wire::tempo_rpc::proto::common::v1::{AnyValue, KeyValue};
use serde_json::{Map, Value as Json, json};

/// The object of a message.
#[derive(Default)]
pub(super) struct Message(Map<String, Json>);

impl Message {
    /// A text.
    pub(super) fn text(self, name: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.with(name, text.into()) }
    }

    /// A 32-bit integer.
    pub(super) fn number(self, name: &str, number: u32) -> Self {
        if number == 0 { self } else { self.with(name, number.into()) }
    }

    /// A 64-bit integer without a sign.
    pub(super) fn long(self, name: &str, number: u64) -> Self {
        if number == 0 { self } else { self.with(name, number.to_string().into()) }
    }

    /// A 64-bit integer with a sign.
    pub(super) fn signed(self, name: &str, number: i64) -> Self {
        if number == 0 { self } else { self.with(name, number.to_string().into()) }
    }

    /// A float.
    pub(super) fn float(self, name: &str, number: f64) -> Self {
        if number == 0.0 { self } else { self.with(name, float(number)) }
    }

    /// A list, or another field that is left out if it is empty.
    pub(super) fn list(self, name: &str, items: impl IntoIterator<Item = Json>) -> Self {
        let items: Vec<Json> = items.into_iter().collect();
        if items.is_empty() { self } else { self.with(name, items.into()) }
    }

    /// The list that the answer is about, which Tempo writes even if it is empty.
    pub(super) fn whole_list(self, name: &str, items: impl IntoIterator<Item = Json>) -> Self {
        let items: Vec<Json> = items.into_iter().collect();
        self.with(name, items.into())
    }

    /// A message, if there is one.
    pub(super) fn message(self, name: &str, message: Option<Json>) -> Self {
        match message {
            Some(message) => self.with(name, message),
            None => self,
        }
    }

    /// The object.
    pub(super) fn json(self) -> Json {
        Json::Object(self.0)
    }

    fn with(mut self, name: &str, value: Json) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

/// Attributes.
pub(super) fn attributes(attributes: &[KeyValue]) -> impl Iterator<Item = Json> {
    attributes.iter().map(|attribute| {
        let value = attribute.value.as_ref().map(any);
        Message::default().text("key", &attribute.key).message("value", value).json()
    })
}

/// A value. The field that is set is written even if it has its default value.
fn any(value: &AnyValue) -> Json {
    match &value.value {
        None => json!({}),
        Some(Any::StringValue(text)) => json!({ "stringValue": text }),
        Some(Any::BoolValue(truth)) => json!({ "boolValue": truth }),
        Some(Any::IntValue(number)) => json!({ "intValue": number.to_string() }),
        Some(Any::DoubleValue(number)) => json!({ "doubleValue": float(*number) }),
        Some(Any::BytesValue(bytes)) => {
            json!({ "bytesValue": STANDARD.encode(bytes) })
        }
        Some(Any::ArrayValue(list)) => {
            let values = list.values.iter().map(any);
            json!({ "arrayValue": Message::default().list("values", values).json() })
        }
        Some(Any::KvlistValue(map)) => {
            let values = attributes(&map.values);
            json!({ "kvlistValue": Message::default().list("values", values).json() })
        }
    }
}

/// A float; NaN and the infinities are text.
pub(super) fn float(number: f64) -> Json {
    match number {
        finite if finite.is_finite() => finite.into(),
        nan if nan.is_nan() => "NaN".into(),
        infinite if infinite > 0.0 => "Infinity".into(),
        _ => "-Infinity".into(),
    }
}
