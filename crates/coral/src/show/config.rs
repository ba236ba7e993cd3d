//! `coral config show`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use coral_config::keys::{ALIASES, HIDDEN, Key, Preset, Roles, settable};
use coral_config::layers::{Layers, Origin, Setting, plain};

/// Widest column of values; longer values push their origin to the right.
const MAX_VALUE_WIDTH: usize = 48;

/// The settings of one role.
pub struct RoleSettings {
    /// Heading of the text, and key of the JSON.
    pub name: &'static str,
    /// [`Roles::Agent`] or [`Roles::Colony`].
    pub role: Roles,
    /// The settings.
    pub layers: Layers,
}

/// Which keys to show, and how.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// A key, another spelling of a key, or a section; `None` selects every key.
    pub name: Option<String>,
    /// Whether each key is described.
    pub is_described: bool,
}

impl Selection {
    /// The selected keys that `role` reads, sorted by name.
    pub fn keys(&self, role: Roles) -> impl Iterator<Item = &'static Key> {
        let name = self.name.as_deref().map(|name| {
            let alias = ALIASES.iter().find(|(alias, _)| alias.name == name);
            alias.map_or(name, |(_, key)| *key)
        });
        let is_selected = |key: &&Key| {
            name.is_none_or(|name| {
                let rest = key.name.strip_prefix(name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        let mut keys: Vec<&Key> = settable(role).filter(is_selected).collect();
        keys.sort_unstable_by_key(|key| key.name);
        keys.into_iter()
    }
}

/// Columns of key, value and origin, with a heading if there are two roles. Keys of a selected
/// section have a description; a selected key has all its properties.
pub fn text(roles: &[RoleSettings], selection: &Selection) -> String {
    let mut text = String::new();
    for settings in roles {
        let keys: Vec<&Key> = selection.keys(settings.role).collect();
        if keys.is_empty() {
            continue;
        }
        if roles.len() > 1 {
            let blank = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{blank}# {}", settings.name);
        }
        columns(&keys, settings, selection, &mut text);
    }
    text
}

/// `{"agent": {"key": {"value": …, "origin": "default"}}}`, with one member for each role. The
/// value of an unset key is null. A selection adds `description` and `unit`.
pub fn json(roles: &[RoleSettings], selection: &Selection) -> Value {
    let is_described = selection.is_described || selection.name.is_some();
    let roles = roles.iter().map(|settings| {
        let entries = selection.keys(settings.role).map(|key| {
            let setting = settings.layers.settings.get(key.name);
            let value = setting.map_or(&Value::Null, |setting| &setting.value);
            let hidden = Value::from(HIDDEN);
            let value = if key.is_secret && !value.is_null() { &hidden } else { value };
            let mut entry = json!({ "value": value, "origin": origin(setting) });
            if is_described {
                entry["description"] = key.description.into();
                entry["unit"] = key.kind.unit().into();
            }
            (key.name.to_owned(), entry)
        });
        (settings.name.to_owned(), Value::Object(entries.collect()))
    });
    Value::Object(roles.collect())
}

fn columns(keys: &[&Key], settings: &RoleSettings, selection: &Selection, text: &mut String) {
    let setting = |key: &Key| settings.layers.settings.get(key.name);
    let value = |key: &Key| match setting(key) {
        Some(_) if key.is_secret => HIDDEN.to_owned(),
        Some(setting) => plain(&setting.value),
        None => "(unset)".to_owned(),
    };
    let key_width = keys.iter().map(|key| key.name.len()).max().unwrap_or(0);
    let value_width =
        keys.iter().map(|key| value(key).len()).max().unwrap_or(0).min(MAX_VALUE_WIDTH);
    for key in keys {
        let origin = origin(setting(key));
        let (name, value) = (key.name, value(key));
        let _ = writeln!(text, "{name:key_width$}  {value:value_width$}  {origin}");
        if selection.name.as_deref() == Some(name) {
            description(key, text);
            details(key, settings.role, text);
        } else if selection.is_described || selection.name.is_some() {
            description(key, text);
        }
    }
}

/// The origin of a setting as text. An unset key has the origin `default`.
fn origin(setting: Option<&Setting>) -> String {
    setting.map_or(&Origin::Default, |setting| &setting.origin).to_string()
}

fn description(key: &Key, text: &mut String) {
    let _ = writeln!(text, "    {}", key.description);
    if let Preset::Unset(what) = key.default {
        let _ = writeln!(text, "    If unset, {what}.");
    }
}

fn details(key: &Key, role: Roles, text: &mut String) {
    match (key.default_in(role), key.default) {
        (Some(default), _) => {
            let _ = writeln!(text, "    Default: {default}");
        }
        (None, Preset::FromHost(what)) => {
            let _ = writeln!(text, "    Default: {what}");
        }
        (None, _) => {}
    }
    let _ = writeln!(text, "    Form: {}", key.kind.form());
    if let Some(unit) = key.kind.unit() {
        let _ = writeln!(text, "    Unit: {unit}");
    }
    let own: String = key.own_sources.iter().map(|source| format!(", {source}")).collect();
    let _ = writeln!(text, "    Set by: file, CORAL_SET, --set{own}");
}
