//! `coral config show`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use coral_config::layers::{Layers, plain};

/// Every key, its value and where that comes from, in columns; a heading for each of two roles.
pub fn text(roles: &[(&str, Layers)]) -> String {
    let mut text = String::new();
    for (at, (role, layers)) in roles.iter().enumerate() {
        if roles.len() > 1 {
            let blank = if at == 0 { "" } else { "\n" };
            let _ = writeln!(text, "{blank}# {role}");
        }
        text.push_str(&columns(layers));
    }
    text
}

fn columns(layers: &Layers) -> String {
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

/// `{"agent": {"key": {"value": …, "origin": "default"}}}`, with one member for each role.
pub fn json(roles: &[(&str, Layers)]) -> Value {
    let roles = roles.iter().map(|(role, layers)| {
        let entries = layers.settings.iter().map(|(key, setting)| {
            let origin = setting.origin.to_string();
            ((*key).to_owned(), json!({ "value": setting.value, "origin": origin }))
        });
        ((*role).to_owned(), Value::Object(entries.collect()))
    });
    Value::Object(roles.collect())
}
