//! The example files that `coral config example` prints, made from the key table.

use crate::keys::{Example, KEYS, Key, Kind, Preset, Roles};

/// Longest line of a comment.
const MAX_WIDTH: usize = 100;

/// A file for `role` that sets the keys that most installations set, each with its description.
/// [`Roles::Both`] is a standalone.
pub fn example(role: Roles) -> String {
    let (whose, name) = names(role);
    let head = format!(
        "Configuration of {whose}, with the most important keys. `coral config check --role {name} -c FILE` checks \
         a file; `coral config example --all {name}` prints every key."
    );
    file(role, &head, |key| is_set(key, role))
}

/// A file for `role` with every key: as [`example`], and all other keys in comments, with their
/// defaults.
pub fn full_example(role: Roles) -> String {
    let (whose, name) = names(role);
    let head = format!(
        "Configuration of {whose}, with every key. `#KEY: VALUE` shows the default of a key, or an example where \
         there is no default: remove the `#` to set the key. `coral config check --role {name} -c FILE` checks a \
         file."
    );
    file(role, &head, |_| true)
}

fn names(role: Roles) -> (&'static str, &'static str) {
    match role {
        Roles::Agent => ("an agent", "agent"),
        Roles::Colony => ("a colony", "colony"),
        Roles::Both => {
            ("a standalone, which is an agent and a colony in one process", "standalone")
        }
    }
}

fn file(role: Roles, head: &str, is_shown: impl Fn(&Key) -> bool) -> String {
    let mut text = String::new();
    comment(head, 0, &mut text);
    let keys = KEYS.into_iter().flatten().filter(|key| !matches!(key.kind, Kind::Impossible(_)));
    let keys = keys.filter(|key| role == Roles::Both || key.roles.include(role));
    let keys = keys.filter(|key| is_shown(key)).map(|key| Entry { rest: key.name, key });
    section(&keys.collect::<Vec<_>>(), role, 0, &mut text);
    text
}

fn is_set(key: &Key, role: Roles) -> bool {
    match key.in_example {
        Example::Set => true,
        Example::SetUnlessStandalone => role != Roles::Both,
        Example::Commented => false,
    }
}

/// A key, and what is left of its name inside the section that is being written.
#[derive(Clone, Copy)]
struct Entry {
    rest: &'static str,
    key: &'static Key,
}

impl Entry {
    /// The first section of the rest of the name, if it has one.
    fn section(self) -> Option<&'static str> {
        self.rest.split_once('.').map(|(section, _)| section)
    }
}

/// Writes keys, and each of their sections where its first key stands.
fn section(entries: &[Entry], role: Roles, depth: usize, text: &mut String) {
    let mut written: Vec<&str> = Vec::new();
    for entry in entries {
        let Some(name) = entry.section() else {
            line(*entry, role, depth, text);
            continue;
        };
        if written.contains(&name) {
            continue;
        }
        written.push(name);
        let inside: Vec<Entry> = entries
            .iter()
            .filter_map(|entry| {
                let rest = entry.rest.strip_prefix(name)?.strip_prefix('.')?;
                Some(Entry { rest, key: entry.key })
            })
            .collect();
        let blank = if depth == 0 { "\n" } else { "" };
        text.push_str(&format!("{blank}{}{name}:\n", "  ".repeat(depth)));
        section(&inside, role, depth + 1, text);
    }
}

fn line(entry: Entry, role: Roles, depth: usize, text: &mut String) {
    let Entry { rest, key } = entry;
    if depth == 0 {
        text.push('\n');
    }
    let default = match key.default {
        Preset::PerRole { agent, colony } if role == Roles::Both => {
            format!(" Default: {agent} in the agent, {colony} in the colony.")
        }
        Preset::FromHost(what) => format!(" Default: {what}."),
        Preset::Unset(what) => format!(" If unset, {what}."),
        Preset::Value(_) | Preset::PerRole { .. } => String::new(),
    };
    comment(&format!("{}{default}", key.description), depth, text);
    let is_set = is_set(key, role);
    let value = match key.default_in(role).filter(|_| !is_set) {
        Some(default) => default,
        None => key.example_in(role),
    };
    let hash = if is_set { "" } else { "#" };
    text.push_str(&format!("{}{hash}{rest}: {value}\n", "  ".repeat(depth)));
}

/// Writes `words` as lines that begin with `# `.
fn comment(words: &str, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    text.push_str(&format!("{indent}#"));
    let mut width = indent.len() + 1;
    for word in words.split_whitespace() {
        if width + 1 + word.len() > MAX_WIDTH {
            text.push_str(&format!("\n{indent}#"));
            width = indent.len() + 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + word.len();
    }
    text.push('\n');
}
