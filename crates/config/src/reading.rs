//! Reads the sources of a configuration, in rising order of precedence, into [`Layers`].

use serde_json::Value;

use super::document::{self, Node};
use super::keys::{ALIASES, HIDDEN, Key, Kind, Roles, settable};
use super::layers::{Layers, Origin, Setting, Sources, plain};
use super::{pairs, value};

/// The settings of the sources that were read so far. A later source overrides an earlier one.
pub struct Reading {
    role: Roles,
    /// Whether keys that `role` does not read are ignored; otherwise they are errors.
    foreign: bool,
    layers: Layers,
}

impl Reading {
    /// An empty reading for `role`, which is not [`Roles::Both`].
    pub fn new(role: Roles, foreign: bool) -> Self {
        Self { role, foreign, layers: Layers::default() }
    }

    /// Reads the defaults of the key table, and those that depend on the host.
    pub fn defaults(&mut self, sources: &Sources) {
        for key in settable(self.role) {
            if let Some(value) = key.default_in(self.role) {
                self.set(key.name, document::value(value), &Origin::Default);
            }
        }
        if self.role == Roles::Agent {
            self.set("agent.id", Value::from(sources.host_name.as_str()), &Origin::Default);
        }
        self.given(sources, |origin| *origin == Origin::Default);
    }

    /// Reads the file of `-c FILE`, if the command line names one.
    pub fn file(&mut self, sources: &Sources) {
        let Some(path) = &sources.file else { return };
        match std::fs::read_to_string(path) {
            Ok(text) => self.document(&text, |line| Origin::File { path: path.clone(), line }),
            Err(error) => self.problem(format!(
                "cannot read the configuration file `{}`: {error}",
                path.display()
            )),
        }
    }

    /// Reads `CORAL_SET`, then the environment variables that set a single key.
    pub fn environment(&mut self, sources: &Sources) {
        for pair in sources.env_set.as_deref().map(pairs::split).unwrap_or_default() {
            self.pair(pair, &Origin::Environment("CORAL_SET"));
        }
        if let (Some(path), Roles::Agent) = (&sources.beyla_path, self.role) {
            let origin = Origin::Environment("BEYLA_PATH");
            self.set("beyla.path", Value::from(path.as_str()), &origin);
        }
        self.given(sources, |origin| matches!(origin, Origin::Environment(_)));
    }

    /// Reads `--set`, then the flags that set a single key.
    pub fn flags(&mut self, sources: &Sources) {
        for pair in &sources.flags {
            self.pair(pair, &Origin::Flag("--set"));
        }
        self.given(sources, |origin| matches!(origin, Origin::Flag(_)));
    }

    /// Replaces other spellings by their keys, and returns the settings.
    pub fn finish(mut self) -> Layers {
        for (alias, canonical) in ALIASES {
            if let Some(given) = self.layers.settings.remove(alias.name) {
                self.alias(alias, canonical, given);
            }
        }
        self.layers
    }

    /// Sets `data_dir`, `log` and `sql.library` from their own flags and variables, where `now`
    /// selects the origin.
    fn given(&mut self, sources: &Sources, now: impl Fn(&Origin) -> bool) {
        for (key, given) in [("data_dir", &sources.data_dir), ("log", &sources.log)] {
            if let Some((text, origin)) = given.as_ref().filter(|(_, origin)| now(origin)) {
                self.set(key, Value::from(text.as_str()), origin);
            }
        }
        let library = sources.duckdb_library.as_ref().filter(|(_, origin)| now(origin));
        // `CORAL_DUCKDB` may be set where an agent runs; an agent has no use for the library and
        // ignores it.
        let concerned =
            |origin: &Origin| self.role == Roles::Colony || matches!(origin, Origin::Flag(_));
        if let Some((path, origin)) = library.filter(|(_, origin)| concerned(origin)) {
            self.set("sql.library", Value::from(path.as_str()), origin);
        }
    }

    fn document(&mut self, text: &str, origin: impl Fn(Option<u64>) -> Origin) {
        match document::parse(text) {
            Ok(Node::Map(entries)) => self.section("", entries, &origin),
            Ok(Node::Leaf(_)) => {
                let expected = "expected sections and keys, such as `log: info`";
                self.problem(format!("{}: {expected}", origin(None)));
            }
            Err(reason) => self.problem(format!("{}: not YAML: {reason}", origin(None))),
        }
    }

    fn pair(&mut self, pair: &str, origin: &Origin) {
        let Some((name, text)) = pair.split_once('=').filter(|(name, _)| !name.trim().is_empty())
        else {
            return self.problem(format!(
                "{origin}: `{pair}` is not of the form KEY=VALUE, such as log=debug"
            ));
        };
        let name = name.trim();
        let mut value = document::value(text);
        // A name may look like a number: `agent.id=42`.
        if Key::named(name).is_some_and(|key| key.kind == Kind::Text) && !value.is_string() {
            value = Value::from(text);
        }
        self.node(name, Node::from(value), origin, &|_| origin.clone());
    }

    fn section(
        &mut self,
        name: &str,
        entries: Vec<(String, u64, Node)>,
        origin: &impl Fn(Option<u64>) -> Origin,
    ) {
        for (entry, line, node) in entries {
            let name = if name.is_empty() { entry } else { format!("{name}.{entry}") };
            self.node(&name, node, &origin(Some(line)), origin);
        }
    }

    /// Descends from section `name` to its keys and sets them. `here` is the origin of `node`.
    fn node(
        &mut self,
        name: &str,
        node: Node,
        here: &Origin,
        origin: &impl Fn(Option<u64>) -> Origin,
    ) {
        if Key::named(name).is_some() {
            return self.set(name, node.into_value(), here);
        }
        match node {
            _ if !Key::is_section(name) => {
                let readers = if self.foreign { Roles::Both } else { self.role };
                let advice = Key::advice(name, readers);
                self.problem(format!("{here}: unknown key `{name}`; {advice}"));
            }
            Node::Map(entries) => self.section(name, entries, origin),
            // A section is null when all of its keys are commented out.
            Node::Leaf(Value::Null) => {}
            Node::Leaf(_) => {
                let keys = Key::names_in(name, self.role).join(", ");
                self.problem(format!("{here}: `{name}` is a section, not a key; its keys: {keys}"));
            }
        }
    }

    fn set(&mut self, name: &str, value: Value, origin: &Origin) {
        let Some(key) = Key::named(name) else { return };
        if !key.roles.include(self.role) {
            if !self.foreign {
                let (reader, role) = match self.role {
                    Roles::Agent => ("a colony", "an agent"),
                    Roles::Colony | Roles::Both => ("an agent", "a colony"),
                };
                self.problem(format!(
                    "{origin}: `{name}` is {reader}'s key; {role} does not read it"
                ));
            }
            return;
        }
        match key.kind.check(&value) {
            Ok(()) => {
                let setting = Setting { value, origin: origin.clone() };
                self.layers.settings.insert(key.name, setting);
            }
            Err(reason) => {
                let value = if key.is_secret { HIDDEN.to_owned() } else { plain(&value) };
                let example = example(key, self.role, &reason);
                self.problem(format!("{origin}: `{name}` is `{value}`: {reason}{example}"));
            }
        }
    }

    /// Sets `canonical` to the value of `alias`, its other spelling. If both are set, different
    /// values are an error.
    fn alias(&mut self, alias: &Key, canonical: &'static str, given: Setting) {
        let value = match alias.kind {
            // Rust prints a float without an exponent, and a duration must not have one.
            Kind::Days => Value::from(format!("{}d", given.value.as_f64().unwrap_or_default())),
            _ => given.value.clone(),
        };
        let set = self.layers.settings.get(canonical).filter(|set| set.origin != Origin::Default);
        if let Some(known) = set.filter(|known| !value::same(&known.value, &value)) {
            return self.problem(format!(
                "{}: `{}` is `{}` but `{canonical}` is `{}` ({}); they are two spellings of one key",
                given.origin,
                alias.name,
                plain(&given.value),
                plain(&known.value),
                known.origin
            ));
        }
        self.layers.settings.insert(canonical, Setting { value, origin: given.origin });
    }

    fn problem(&mut self, problem: String) {
        self.layers.problems.push(problem);
    }
}

/// An example that ends an error about `key`. Empty if `reason` has one, or if no value is
/// accepted.
fn example(key: &Key, role: Roles, reason: &str) -> String {
    match key.kind {
        Kind::Impossible(_) | Kind::Never => String::new(),
        _ if reason.contains("such as") => String::new(),
        _ => format!("; for example `{}: {}`", key.name, key.example_in(role)),
    }
}
