//! Parses YAML, and keeps the line of every value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Options, Spanned};

/// A YAML value. Only maps have lines inside: a list is one value.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// The entries in the order of the file: key, line of the value (counted from 1), and value.
    Map(Vec<(String, u64, Node)>),
    /// Any value that is not a map.
    Leaf(Value),
}

/// Parses one YAML document. Empty text is an empty map.
///
/// # Errors
/// What is not valid YAML, with line and column. A key that occurs twice in one map is not valid.
pub fn parse(text: &str) -> Result<Node, String> {
    if text.trim().is_empty() {
        return Ok(Node::Map(Vec::new()));
    }
    match serde_saphyr::from_str_with_options::<Node>(text, options()) {
        Ok(Node::Leaf(Value::Null)) => Ok(Node::Map(Vec::new())),
        Ok(node) => Ok(node),
        Err(error) => Err(reason(&error)),
    }
}

/// Parses the value of a `KEY=VALUE` pair as YAML; text that is not valid YAML is a string.
pub fn value(text: &str) -> Value {
    serde_saphyr::from_str_with_options(text, options()).unwrap_or_else(|_| Value::from(text))
}

impl Node {
    /// The value without lines.
    pub fn into_value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Map(entries) => {
                entries.into_iter().map(|(key, _, node)| (key, node.into_value())).collect()
            }
        }
    }
}

impl From<Value> for Node {
    /// Line 0 stands for a value that was not in a file.
    fn from(value: Value) -> Self {
        match value {
            Value::Object(fields) => {
                Self::Map(fields.into_iter().map(|(key, value)| (key, 0, value.into())).collect())
            }
            value => Self::Leaf(value),
        }
    }
}

/// Parser options: `007` and `1_000` are strings, not numbers.
fn options() -> Options {
    serde_saphyr::options! {
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// The first line of the parser's error, without its advice to programmers.
fn reason(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    first.replace(", set DuplicateKeyPolicy in Options if acceptable", "")
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry::<String, Spanned<Node>>()? {
            entries.push((key, node.referenced.line(), node.value));
        }
        Ok(Node::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Node::Leaf(Value::Array(values)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }
}
