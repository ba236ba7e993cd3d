//! Every configuration key: name, form, roles, default and description. Parsing,
//! `coral config show`, the suggestions in errors, the example files and `docs/configuration.md`
//! all read this one table.

mod agent;
mod beyla;
mod colony;
mod common;
mod storage;

pub use crate::kind::Kind;

/// A configuration key.
#[derive(Debug)]
pub struct Key {
    /// Dotted name, such as `otlp.grpc`.
    pub name: &'static str,
    /// Form that a value must have.
    pub kind: Kind,
    /// Roles that read the key.
    pub roles: Roles,
    /// Value when no source sets the key.
    pub default: Preset,
    /// What the key controls, in one sentence.
    pub description: &'static str,
    /// Flag and environment variable that set this key alone, if there are any.
    pub own_sources: &'static [&'static str],
    /// How the example files show the key.
    pub in_example: Example,
    /// Whether nobody but the process may see the value: `coral config show` and errors hide it.
    pub is_secret: bool,
    /// A valid value, in YAML, where the default is not a good example.
    example: Option<&'static str>,
}

/// What is shown in place of a secret value.
pub const HIDDEN: &str = "(hidden)";

/// How the example files of `coral config example` show a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Example {
    /// The key is shown only in the file with every key, as a comment.
    Commented,
    /// The key is shown in every file, with a value.
    Set,
    /// Like [`Example::Set`], except in the files for a standalone: these show the key like
    /// [`Example::Commented`].
    SetUnlessStandalone,
}

/// The value of a key that no source sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preset {
    /// The same YAML value for every role that reads the key.
    Value(&'static str),
    /// A YAML value for each role.
    PerRole {
        /// The value for an agent.
        agent: &'static str,
        /// The value for a colony.
        colony: &'static str,
    },
    /// Found on the host when the process starts; this phrase says what.
    FromHost(&'static str),
    /// None; this clause says what holds when the key is unset.
    Unset(&'static str),
}

/// Which roles read a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Roles {
    /// The agent alone.
    Agent,
    /// The colony alone.
    Colony,
    /// Both; each role has its own value.
    Both,
}

/// The table, in the order of the example files and of `docs/configuration.md`.
pub const KEYS: [&[Key]; 5] = [common::KEYS, agent::KEYS, beyla::KEYS, colony::KEYS, storage::KEYS];

/// Other spellings of a key, and the key that each stands for.
pub const ALIASES: &[(Key, &str)] = &[
    (
        key(
            "beyla.trace_retention_days",
            Kind::Days,
            Roles::Colony,
            Preset::Unset("`storage.beyla.retention.traces` decides"),
            "Another spelling of `storage.beyla.retention.traces`, in days.",
        ),
        "storage.beyla.retention.traces",
    ),
    (
        key(
            "beyla.trace_sampling_rate",
            Kind::Rate,
            Roles::Colony,
            Preset::Unset("`storage.beyla.trace_sampling_rate` decides"),
            "Another spelling of `storage.beyla.trace_sampling_rate`.",
        ),
        "storage.beyla.trace_sampling_rate",
    ),
];

/// Every key that can have a value in `role`, without other spellings and without keys that are
/// always refused.
pub fn settable(role: Roles) -> impl Iterator<Item = &'static Key> {
    let keys = KEYS.into_iter().flatten().filter(|key| !matches!(key.kind, Kind::Impossible(_)));
    keys.filter(move |key| key.roles.include(role))
}

impl Key {
    /// The key with that name or other spelling.
    pub fn named(name: &str) -> Option<&'static Self> {
        all().find(|key| key.name == name)
    }

    /// Whether `name` is a section, which means that longer keys begin with it.
    pub fn is_section(name: &str) -> bool {
        all().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Names of the keys and sections directly below `section`, which is empty for the top level.
    pub fn names_in(section: &str, readers: Roles) -> Vec<&'static str> {
        within(section, readers)
    }

    /// Suggestion for an error about `name`, which is not a key of `readers`: the most similar key
    /// or section, else the names that the enclosing section has.
    pub fn advice(name: &str, readers: Roles) -> String {
        match nearest(name, readers) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                let section = enclosing(name);
                format!("valid there: {}", within(section, readers).join(", "))
            }
        }
    }
}

impl Key {
    /// Default of the key in `role`, as YAML; `None` where the default is found on the host or is
    /// unset.
    pub const fn default_in(&self, role: Roles) -> Option<&'static str> {
        match (self.default, role) {
            (Preset::Value(value), _) | (Preset::PerRole { agent: value, .. }, Roles::Agent) => {
                Some(value)
            }
            (Preset::PerRole { colony, .. }, _) => Some(colony),
            (Preset::FromHost(_) | Preset::Unset(_), _) => None,
        }
    }

    /// A valid value for `role`, in YAML.
    pub fn example_in(&self, role: Roles) -> &'static str {
        let default = self.default_in(role).filter(|value| *value != "[]");
        self.example.or(default).unwrap_or_else(|| self.kind.example())
    }

    /// The same key with an example of its own, in YAML.
    const fn such_as(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    /// The same key, whose value is a secret.
    const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// The same key with sources of its own: a flag, a variable.
    const fn also_set_by(self, own_sources: &'static [&'static str]) -> Self {
        Self { own_sources, ..self }
    }

    /// The same key, shown by the example files as `in_example` says.
    const fn set_in_example(self, in_example: Example) -> Self {
        Self { in_example, ..self }
    }
}

impl Roles {
    /// Whether `role`, which is not [`Roles::Both`], reads the key.
    pub fn include(self, role: Self) -> bool {
        self == Self::Both || self == role
    }
}

fn all() -> impl Iterator<Item = &'static Key> {
    KEYS.into_iter().flatten().chain(ALIASES.iter().map(|(key, _)| key))
}

/// The key or section that is most similar to `name`, if the edit distance is at most a third of
/// the length of the last part of `name`. The section may be missing from `name`.
fn nearest(name: &str, readers: Roles) -> Option<&'static str> {
    let distance = |candidate: &&str| {
        let whole = strsim::damerau_levenshtein(candidate, name);
        let last = strsim::damerau_levenshtein(last_part(candidate), name) + 1;
        if name.contains('.') { whole } else { whole.min(last) }
    };
    let keys = all().filter(|key| key.roles.include(readers) || readers == Roles::Both);
    let near = keys.flat_map(|key| prefixes(key.name)).min_by_key(distance)?;
    (distance(&near) <= last_part(name).len().div_ceil(3)).then_some(near)
}

/// The longest section that contains `name`; empty at the top level.
fn enclosing(name: &str) -> &str {
    let mut section = name;
    while let Some((outer, _)) = section.rsplit_once('.') {
        if Key::is_section(outer) {
            return outer;
        }
        section = outer;
    }
    ""
}

/// The names of the keys and sections directly below `section`, sorted.
fn within(section: &str, readers: Roles) -> Vec<&'static str> {
    let keys = all().filter(|key| key.roles.include(readers) || readers == Roles::Both);
    let mut names: Vec<&str> = keys
        .filter_map(|key| match section {
            "" => Some(key.name),
            _ => key.name.strip_prefix(section)?.strip_prefix('.'),
        })
        .map(|rest| rest.split('.').next().unwrap_or(rest))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `name` and its enclosing sections: `a.b.c`, `a.b`, `a`.
fn prefixes(name: &'static str) -> impl Iterator<Item = &'static str> {
    std::iter::successors(Some(name), |name| name.rsplit_once('.').map(|(section, _)| section))
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

const fn key(
    name: &'static str,
    kind: Kind,
    roles: Roles,
    default: Preset,
    description: &'static str,
) -> Key {
    let (own_sources, in_example, is_secret, example) = (&[], Example::Commented, false, None);
    Key { name, kind, roles, default, description, own_sources, in_example, is_secret, example }
}
