//! Reads the sources of a configuration one after the other into [`Layers`].

use serde_json::Value;

use super::check::check;
use super::document::{self, Node};
use super::keys::{ALIASES, Key, Kind, Roles};
use super::layers::{Layers, Origin, Setting, Sources, plain};
use super::{pairs, value};

/// A configuration of which some sources have been read. What is set later wins.
pub struct Reading {
    role: Roles,
    /// Whether keys of other roles are accepted, and left out.
    foreign: bool,
    layers: Layers,
}

impl Reading {
    /// For `role`, which is not [`Roles::Both`].
    pub fn new(role: Roles, foreign: bool) -> Self {
        Self { role, foreign, layers: Layers::default() }
    }

    /// `agent.yaml` or `colony.yaml`, and what depends on the host.
    pub fn defaults(&mut self, sources: &Sources) {
        let text = match self.role {
            Roles::Agent => include_str!("agent.yaml"),
            Roles::Colony | Roles::Both => include_str!("colony.yaml"),
        };
        self.document(text, |_| Origin::Default);
        if self.role == Roles::Agent {
            self.set("agent.id", Value::from(sources.host_name.as_str()), &Origin::Default);
        }
        self.given(sources, |origin| *origin == Origin::Default);
    }

    /// `-c FILE`. There is no search: a file that nobody named is not read.
    pub fn file(&mut self, sources: &Sources) {
        let Some(path) = &sources.file else { return };
        match std::fs::read_to_string(path) {
            Ok(text) => self.document(&text, |line| Origin::File { path: path.clone(), line }),
            Err(error) => self.problem(format!("cannot read `{}`: {error}", path.display())),
        }
    }

    /// `CORAL_SET`, then the variables that set one key.
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

    /// `--set`, then the flags that set one key.
    pub fn flags(&mut self, sources: &Sources) {
        for pair in &sources.flags {
            self.pair(pair, &Origin::Flag("--set"));
        }
        self.given(sources, |origin| matches!(origin, Origin::Flag(_)));
    }

    /// Everything that was read.
    pub fn finish(mut self) -> Layers {
        for (alias, canonical) in ALIASES {
            if let Some(given) = self.layers.settings.remove(alias.name) {
                self.alias(alias, canonical, given);
            }
        }
        self.layers
    }

    /// Sets what has a source of its own, if that is of the kind that is being read.
    fn given(&mut self, sources: &Sources, now: impl Fn(&Origin) -> bool) {
        for (key, given) in [("data_dir", &sources.data_dir), ("log", &sources.log)] {
            if let Some((text, origin)) = given.as_ref().filter(|(_, origin)| now(origin)) {
                self.set(key, Value::from(text.as_str()), origin);
            }
        }
        let library = sources.duckdb_library.as_ref().filter(|(_, origin)| now(origin));
        // The variable may stand in the environment of an agent too, which needs no library.
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
            return self.problem(format!("{origin}: `{pair}` is not of the form KEY=VALUE"));
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

    /// Walks into sections until a key is reached. `here` is the origin of `node` itself.
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
            // Its keys may all be commented out.
            Node::Leaf(Value::Null) => {}
            Node::Leaf(_) => {
                self.problem(format!("{here}: `{name}` is a section; it has keys of its own"));
            }
        }
    }

    fn set(&mut self, name: &str, value: Value, origin: &Origin) {
        let Some(key) = Key::named(name) else { return };
        if !key.roles.include(self.role) {
            if !self.foreign {
                let whose = if self.role == Roles::Agent { "a colony's" } else { "an agent's" };
                self.problem(format!("{origin}: `{name}` is {whose} key"));
            }
            return;
        }
        match check(key.kind, &value) {
            Ok(()) => {
                let setting = Setting { value, origin: origin.clone() };
                self.layers.settings.insert(key.name, setting);
            }
            Err(reason) => {
                self.problem(format!("{origin}: `{name}` is `{}`: {reason}", plain(&value)));
            }
        }
    }

    /// An alias stands for its key, unless that is set to something that means something else.
    fn alias(&mut self, alias: &Key, canonical: &'static str, given: Setting) {
        let value = match alias.kind {
            // `Display` of a float has no exponent, which a duration cannot have either.
            Kind::Days => Value::from(format!("{}d", given.value.as_f64().unwrap_or_default())),
            _ => given.value.clone(),
        };
        let set = self.layers.settings.get(canonical).filter(|set| set.origin != Origin::Default);
        if let Some(known) = set.filter(|known| !value::same(&known.value, &value)) {
            return self.problem(format!(
                "{}: `{}` is `{}` but `{canonical}` is `{}` ({}); they mean the same",
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
