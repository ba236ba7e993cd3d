//! Attributes: OTLP's `KeyValue` and `AnyValue`.

use std::hash::{Hash, Hasher};

/// Attributes in the order in which they were sent. Repeated keys are kept, but lookups by key
/// return only the first value.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Attributes(pub Vec<KeyValue>);

/// One attribute.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct KeyValue {
    /// The key. OpenTelemetry forbids empty keys, but some exporters send them.
    pub key: String,
    /// The value with its type.
    pub value: Value,
}

/// The value of an attribute, with its OTLP type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// An `AnyValue` without a value, or no `AnyValue` at all.
    Empty,
    /// Text.
    String(String),
    /// A boolean.
    Bool(bool),
    /// A 64-bit signed integer.
    Int(i64),
    /// A 64-bit float.
    Double(Double),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// A list of values, of any types.
    Array(Vec<Value>),
    /// A nested list of attributes.
    Map(Attributes),
}

/// A float that is compared and hashed by its bits, so that NaN equals itself.
#[derive(Clone, Copy, Debug)]
pub struct Double(pub f64);

impl Attributes {
    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
    }

    /// The value of the first of `keys` that is present. `keys` are alternative names of one
    /// attribute, in order of preference.
    pub fn first_of(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// The value of `key`, if it is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    /// Whether there are no attributes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether lists and maps are nested at most `levels` deep in every value.
    pub fn is_within(&self, levels: usize) -> bool {
        self.iter().all(|attribute| attribute.value.is_within(levels))
    }

    /// The number of attributes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Iterates over the attributes in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, KeyValue> {
        self.0.iter()
    }
}

impl Value {
    /// The text, if the value is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if the value is an integer or text that is a decimal integer.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether lists and maps are nested at most `levels` deep.
    fn is_within(&self, levels: usize) -> bool {
        match (self, levels.checked_sub(1)) {
            (Self::Array(_) | Self::Map(_), None) => false,
            (Self::Array(values), Some(levels)) => values.iter().all(|v| v.is_within(levels)),
            (Self::Map(map), Some(levels)) => map.is_within(levels),
            _ => true,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(Double(number))
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(key, value)| KeyValue { key: key.into(), value: value.into() })
                .collect(),
        )
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = &'a KeyValue;
    type IntoIter = std::slice::Iter<'a, KeyValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Double {}

impl Hash for Double {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_attributes_with_the_same_key_is_returned() {
        let attributes: Attributes = [("a", 1), ("a", 2)].into_iter().collect();
        assert_eq!(attributes.get("a"), Some(&Value::Int(1)));
        assert_eq!(attributes.len(), 2);
    }

    #[test]
    fn the_newer_name_of_an_attribute_takes_precedence() {
        let attributes: Attributes =
            [("http.status_code", 200), ("http.response.status_code", 503)].into_iter().collect();
        let keys = ["http.response.status_code", "http.status_code"];
        assert_eq!(attributes.first_of(&keys), Some(&Value::Int(503)));
    }

    #[test]
    fn nan_equals_itself() {
        assert_eq!(Value::from(f64::NAN), Value::from(f64::NAN));
        assert_ne!(Value::from(0.0), Value::from(-0.0));
    }
}
