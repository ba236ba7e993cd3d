//! `coral config show`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::config::layers::{Layers, plain};

/// Every key, its value and where that comes from, in columns.
pub fn text(layers: &Layers) -> String {
    let keys = layers.settings.keys().map(|key| key.len()).max().unwrap_or(0);
    let values: Vec<String> =
        layers.settings.values().map(|setting| plain(&setting.value)).collect();
    let width = values.iter().map(String::len).max().unwrap_or(0).min(48);
    let mut text = String::new();
    for ((key, setting), value) in layers.settings.iter().zip(&values) {
        let _ = writeln!(text, "{key:keys$}  {value:width$}  {}", setting.origin);
    }
    text
}

/// `{"key": {"value": …, "origin": "default"}}`.
pub fn json(layers: &Layers) -> Value {
    let entries = layers.settings.iter().map(|(key, setting)| {
        let origin = setting.origin.to_string();
        ((*key).to_owned(), json!({ "value": setting.value, "origin": origin }))
    });
    Value::Object(entries.collect())
}
