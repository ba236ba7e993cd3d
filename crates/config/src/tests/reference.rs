//! `docs/configuration.md`, which is generated here, and the example files in it.

use std::fmt::Write as _;

use expect_test::expect_file;

use super::{AgentConfig, ColonyConfig, Layers, Origin, Sources, StandaloneConfig};
use crate::example::{example, full_example};
use crate::keys::{ALIASES, KEYS, Key, Kind, Preset, Roles, settable};

const HEAD: &str = "\
# Configuration

<!-- Generated from the key table in crates/config/src/keys. Do not edit; regenerate with
     UPDATE_EXPECT=1 cargo test -p coral-config -->

An agent, a colony and a standalone read the same kind of YAML file, named by `-c FILE`. No file is read
unless the command line names one. A standalone is an agent and a colony in one process and reads one file
with the keys of both.

## Sources and precedence

A later source of a value overrides an earlier one:

1. the default,
2. the file of `-c FILE`,
3. the environment variable `CORAL_SET`, as `KEY=VALUE,KEY=VALUE`,
4. the variable of the key's own, where a key has one, such as `CORAL_LOG`,
5. the flag `--set KEY=VALUE`, which may be repeated,
6. the flag of the key's own, where a key has one, such as `--log`.

Each key below lists its sources. Changes take effect at the next start of the process.

```console
$ coral config example agent > agent.yaml          # a file to start from
$ coral config show --role agent -c agent.yaml     # every key, its value, and where it was set
$ coral config show --role agent beyla             # the keys of one section, each with its description
$ coral config check --role agent -c agent.yaml    # lists every problem and warning
```

An unknown key is an error, and so is a key that the role does not read.

## Forms of values

- A **duration** is a number with a unit: `ms`, `s`, `m`, `h`, `d` or `w`. Parts add up: `1h 30m`.
- A **size** is a number with a unit: `B`, `KB`, `MB`, `GB` and `TB` are powers of 1000; `KiB`, `MiB`, `GiB`
  and `TiB` are powers of 1024. A number without a unit is a number of bytes.
- A **list** or a **map** is written on one line in a flag or a variable: `--set 'privacy.drop=[user.email]'`.
";

/// Headings of the parts of the table.
const PARTS: [&str; 5] = ["The process", "Agent", "Beyla", "Colony", "Storage"];

fn document() -> String {
    let mut text = HEAD.to_owned();
    let files = [
        ("An agent", Roles::Agent, "coral agent start -c FILE"),
        ("A colony", Roles::Colony, "coral colony start -c FILE"),
        ("A standalone", Roles::Both, "coral standalone -c FILE"),
    ];
    text.push_str("\n## Example files\n");
    for (name, role, command) in files {
        let _ =
            write!(text, "\n{name}, started by `{command}`:\n\n```yaml\n{}```\n", example(role));
    }
    for (part, keys) in PARTS.into_iter().zip(KEYS) {
        let _ = writeln!(text, "\n## {part}");
        keys.iter().for_each(|key| entry(key, &mut text));
    }
    text.push_str("\n## Other spellings\n\nA colony accepts these names for other keys.\n\n");
    for (alias, name) in ALIASES {
        let unit = alias.kind.unit().unwrap_or_default();
        let _ = writeln!(text, "- `{}` ({unit}): `{name}`", alias.name);
    }
    text
}

fn entry(key: &Key, text: &mut String) {
    let _ = write!(text, "\n### `{}`\n\n{}\n\n", key.name, key.description);
    if let Kind::Impossible(reason) = key.kind {
        let _ = writeln!(text, "- Always refused: {reason}");
        return;
    }
    let default = match key.default {
        Preset::Value(value) => format!("`{value}`"),
        Preset::PerRole { agent, colony } => {
            format!("`{agent}` in an agent, `{colony}` in a colony")
        }
        Preset::FromHost(what) => what.to_owned(),
        Preset::Unset(what) => format!("unset; {what}"),
    };
    let _ = writeln!(text, "- Default: {default}");
    // The example stands on a line of its own.
    let form = key.kind.form().split(" such as ").next().unwrap_or_default();
    let _ = writeln!(text, "- Form: {}", form.trim_end_matches(','));
    if let Some(details) = key.kind.details() {
        let _ = writeln!(text, "- Details: {details}");
    }
    if let Some(unit) = key.kind.unit() {
        let _ = writeln!(text, "- Unit: {unit}");
    }
    let _ = writeln!(text, "- Example: `{}: {}`", key.name, key.example_in(Roles::Colony));
    let readers = match key.roles {
        Roles::Agent => "agent",
        Roles::Colony => "colony",
        Roles::Both => "agent and colony",
    };
    let _ = writeln!(text, "- Read by: {readers}");
    let own: String = key.own_sources.iter().map(|source| format!(", `{source}`")).collect();
    let _ = writeln!(text, "- Set by: file, `CORAL_SET`, `--set`{own}");
}

#[test]
fn the_document_describes_every_key_and_is_up_to_date() {
    expect_file!["../../../../docs/configuration.md"].assert_eq(&document());
}

/// Loads `text` as the file of `role`, and returns what is wrong with it.
fn problems(role: Roles, text: &str) -> Option<String> {
    let (_dir, sources): (_, Sources) = super::sources(text, &[]);
    let error = match role {
        Roles::Agent => AgentConfig::load(&sources).err(),
        Roles::Colony => ColonyConfig::load(&sources).err(),
        Roles::Both => StandaloneConfig::load(&sources).err(),
    };
    error.map(|error| format!("{error}\n{text}"))
}

#[test]
fn every_example_file_is_right_as_it_is() {
    for role in [Roles::Agent, Roles::Colony, Roles::Both] {
        assert_eq!(problems(role, &example(role)), None);
        assert_eq!(problems(role, &full_example(role)), None);
    }
}

#[test]
fn a_full_example_without_the_marks_of_its_comments_sets_every_key() {
    for role in [Roles::Agent, Roles::Colony, Roles::Both] {
        let lines = full_example(role);
        let lines = lines.lines().map(|line| {
            let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
            let key = rest.strip_prefix('#').filter(|key| !key.starts_with(' '));
            format!("{indent}{}\n", key.unwrap_or(rest))
        });
        let text: String = lines.collect();
        assert_eq!(problems(role, &text), None);
        let (_dir, sources) = super::sources(&text, &[]);
        for reader in
            [Roles::Agent, Roles::Colony].into_iter().filter(|reader| role.include(*reader))
        {
            let layers = Layers::read(&sources, reader, role == Roles::Both);
            for key in settable(reader) {
                let origin = layers.settings.get(key.name).map(|setting| &setting.origin);
                assert!(matches!(origin, Some(Origin::File { .. })), "{}: {origin:?}", key.name);
            }
        }
    }
}

#[test]
fn every_key_has_one_sentence_and_an_example_of_its_form() {
    for key in KEYS.into_iter().flatten().chain(ALIASES.iter().map(|(key, _)| key)) {
        let sentence = key.description;
        assert!(sentence.ends_with('.') && !sentence.contains(". "), "{}: {sentence}", key.name);
        for role in
            [Roles::Agent, Roles::Colony].into_iter().filter(|role| key.roles.include(*role))
        {
            let example = crate::document::value(key.example_in(role));
            let is_possible = !matches!(key.kind, Kind::Impossible(_));
            assert_eq!(key.kind.check(&example).is_ok(), is_possible, "{}", key.name);
        }
    }
}
