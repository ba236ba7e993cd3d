//! What was typed, and where: defaults, file, environment, flags. Later wins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::keys::{ALIASES, Key, Roles};
use super::value;

/// Every source of settings for one process, in rising order of weight.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `-c FILE`.
    pub file: Option<PathBuf>,
    /// `CORAL_SET`: `k=v,k=v`.
    pub env_set: Option<String>,
    /// `--set K=V`, in order.
    pub flags: Vec<String>,
    /// `--data-dir`, else `CORAL_DATA_DIR`, else the usual place; with its origin.
    pub data_dir: Option<(String, Origin)>,
    /// `--log`, else `CORAL_LOG`.
    pub log: Option<(String, Origin)>,
    /// The host's name, for `agent.id`.
    pub host_name: String,
}

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

/// A value and where it comes from.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// As it was typed.
    pub value: Value,
    /// By whom.
    pub origin: Origin,
}

/// Settings of one role by key, and everything that is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The value of every key that has one.
    pub settings: BTreeMap<&'static str, Setting>,
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Layers {
    /// Reads all of `sources` for `role`. Keys of other roles are accepted if `foreign` says so, and
    /// left out.
    pub fn read(sources: &Sources, role: Roles, foreign: bool) -> Self {
        let mut layers = Self::default();
        let mut add =
            |text: &str, origin: Origin| layers.add_document(text, &origin, role, foreign);
        add(defaults(role), Origin::Default);
        if let Some(path) = &sources.file {
            match std::fs::read_to_string(path) {
                Ok(text) => add(&text, Origin::File(path.clone())),
                Err(error) => {
                    layers.problems.push(format!("cannot read `{}`: {error}", path.display()))
                }
            }
        }
        let pairs = sources.env_set.iter().flat_map(|pairs| pairs.split(','));
        for pair in pairs.map(str::trim).filter(|pair| !pair.is_empty()) {
            layers.add_pair(pair, &Origin::Environment("CORAL_SET"), role, foreign);
        }
        for pair in &sources.flags {
            layers.add_pair(pair, &Origin::Flag("--set"), role, foreign);
        }
        layers.add_facts(sources, role);
        layers.resolve_aliases();
        layers
    }

    fn add_facts(&mut self, sources: &Sources, role: Roles) {
        let host = (sources.host_name.clone(), Origin::Default);
        let given = [("data_dir", sources.data_dir.as_ref()), ("log", sources.log.as_ref())];
        for (key, given) in given {
            if let Some((text, origin)) = given {
                let weaker = *origin == Origin::Default && self.settings.contains_key(key);
                if !weaker {
                    self.set(key, Value::from(text.as_str()), origin, role, true);
                }
            }
        }
        if role == Roles::Agent && !self.settings.contains_key("agent.id") {
            self.set("agent.id", Value::from(host.0), &host.1, role, true);
        }
    }

    fn add_document(&mut self, text: &str, origin: &Origin, role: Roles, foreign: bool) {
        if text.trim().is_empty() {
            return;
        }
        match serde_saphyr::from_str::<Value>(text) {
            Ok(Value::Null) => {}
            Ok(document) => self.add_value("", document, origin, role, foreign),
            Err(error) => {
                let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                self.problems.push(format!("{origin}: no YAML: {first}"));
            }
        }
    }

    fn add_pair(&mut self, pair: &str, origin: &Origin, role: Roles, foreign: bool) {
        let Some((key, text)) = pair.split_once('=') else {
            self.problems.push(format!("{origin}: `{pair}` is not of the form KEY=VALUE"));
            return;
        };
        // A value that is no YAML by itself is text.
        let value = serde_saphyr::from_str(text).unwrap_or_else(|_| Value::from(text));
        self.add_value(key.trim(), value, origin, role, foreign);
    }

    /// Walks into sections until a key is reached.
    fn add_value(&mut self, name: &str, value: Value, origin: &Origin, role: Roles, foreign: bool) {
        if Key::named(name).is_some() {
            return self.set(name, value, origin, role, foreign);
        }
        match value {
            Value::Object(fields) if name.is_empty() || Key::is_section(name) => {
                for (field, value) in fields {
                    let name = if name.is_empty() { field } else { format!("{name}.{field}") };
                    self.add_value(&name, value, origin, role, foreign);
                }
            }
            Value::Null if Key::is_section(name) => {}
            _ if Key::is_section(name) => {
                self.problems
                    .push(format!("{origin}: `{name}` is a section; it has keys of its own"));
            }
            _ => {
                let nearest = Key::nearest(name);
                self.problems
                    .push(format!("{origin}: unknown key `{name}`; did you mean `{nearest}`?"));
            }
        }
    }

    fn set(&mut self, name: &str, value: Value, origin: &Origin, role: Roles, foreign: bool) {
        let Some(key) = Key::named(name) else { return };
        if !key.roles.include(role) {
            if !foreign {
                let other = if role == Roles::Agent { "a colony's" } else { "an agent's" };
                self.problems.push(format!("{origin}: `{name}` is {other} key"));
            }
            return;
        }
        match value::check(key.kind, &value) {
            Ok(()) => {
                drop(self.settings.insert(key.name, Setting { value, origin: origin.clone() }))
            }
            Err(reason) => {
                self.problems.push(format!("{origin}: `{name}` is `{}`: {reason}", plain(&value)))
            }
        }
    }

    /// An alias stands for its key, unless that is set to something else.
    fn resolve_aliases(&mut self) {
        for (alias, canonical) in ALIASES {
            let Some(given) = self.settings.remove(alias.name) else { continue };
            let value = match alias.kind {
                super::keys::Kind::Days => Value::from(format!("{}d", given.value)),
                _ => given.value.clone(),
            };
            let set = self.settings.get(canonical).filter(|known| known.origin != Origin::Default);
            if let Some(known) = set.filter(|known| known.value != value) {
                self.problems.push(format!(
                    "{}: `{}` is `{}` but `{canonical}` is `{}`; they mean the same",
                    given.origin,
                    alias.name,
                    plain(&given.value),
                    plain(&known.value)
                ));
            } else {
                self.settings.insert(canonical, Setting { value, origin: given.origin });
            }
        }
    }

    /// One sentence for each key that was set and changes nothing yet.
    pub fn notices(&self) -> Vec<String> {
        let set = self.settings.iter().filter(|(_, setting)| setting.origin != Origin::Default);
        set.filter_map(|(name, _)| {
            let why = Key::named(name)?.idle?;
            Some(format!("`{name}` has no effect yet: {why}"))
        })
        .collect()
    }
}

fn defaults(role: Roles) -> &'static str {
    match role {
        Roles::Agent => include_str!("agent.yaml"),
        Roles::Colony | Roles::Both => include_str!("colony.yaml"),
    }
}

/// A value without JSON's quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", Path::new(path).display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}
