//! Encodes attributes, origins and rare span fields as JSON text, without loss.
//!
//! Text, booleans, integers and finite doubles are JSON values. A double always has a point or an
//! exponent, so that 5.0 does not become the integer 5. Other values are an object with one key
//! that begins with `$`: `{"$bytes": "base64"}`, `{"$double": "inf"}`, `{"$map": {…}}`. A repeated
//! key is written repeatedly.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use coral_trace::{Attributes, Double, KeyValue, Value};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The version of the JSON in the columns of rows, here and in `record`. A change after which an older
/// version would read the JSON otherwise needs a new version.
pub const FORM: u32 = 1;

/// Attributes that serialise as one JSON object.
pub(crate) struct Object<I>(pub(crate) I);

/// An attribute's value, which serialises as the module describes.
struct Written<'a>(&'a Value);

/// Deserialised attributes.
#[derive(Default)]
pub(crate) struct ReadObject(pub(crate) Attributes);

struct ReadValue(Value);

impl<'a, I: Iterator<Item = &'a KeyValue> + Clone> Serialize for Object<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone().map(|pair| (&pair.key, Written(&pair.value))))
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty => serializer.serialize_unit(),
            Value::String(text) => serializer.serialize_str(text),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Double(Double(number)) if number.is_finite() => {
                serializer.serialize_f64(*number)
            }
            Value::Double(Double(number)) => marked(serializer, "$double", &double_text(*number)),
            Value::Bytes(bytes) => marked(serializer, "$bytes", &BASE64.encode(bytes)),
            Value::Array(values) => serializer.collect_seq(values.iter().map(Written)),
            Value::Map(pairs) => marked(serializer, "$map", &Object(pairs.iter())),
        }
    }
}

fn marked<S: Serializer>(
    serializer: S,
    mark: &'static str,
    value: &impl Serialize,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(1))?;
    object.serialize_entry(mark, value)?;
    object.end()
}

/// Text of a double that is not finite. A NaN is written with its bits, because NaN has many bit
/// patterns.
pub fn double_text(number: f64) -> String {
    if number.is_nan() { format!("NaN:{:016x}", number.to_bits()) } else { number.to_string() }
}

/// The double that [`double_text`] has written; `None` for another text.
pub fn double_from_text(text: &str) -> Option<f64> {
    match text.strip_prefix("NaN:") {
        Some(bits) => u64::from_str_radix(bits, 16).ok().map(f64::from_bits),
        None => text.parse().ok(),
    }
}

impl<'de> Deserialize<'de> for ReadObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = ReadObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadObject, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some((key, ReadValue(value))) = map.next_entry()? {
                    pairs.push(KeyValue { key, value });
                }
                Ok(ReadObject(Attributes(pairs)))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl<'de> Deserialize<'de> for ReadValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute's value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Empty)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(E::custom)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(ReadValue(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mark: String = map.next_key()?.ok_or_else(|| A::Error::custom("an empty mark"))?;
        match mark.as_str() {
            "$map" => Ok(Value::Map(map.next_value::<ReadObject>()?.0)),
            "$bytes" => {
                let text: String = map.next_value()?;
                BASE64.decode(text).map(Value::Bytes).map_err(A::Error::custom)
            }
            "$double" => {
                let text: String = map.next_value()?;
                let number = double_from_text(&text);
                number.map(Value::from).ok_or_else(|| A::Error::custom("not a number in `$double`"))
            }
            other => Err(A::Error::custom(format!("unknown mark `{other}`"))),
        }
    }
}
