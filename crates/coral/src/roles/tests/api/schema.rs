//! JSON schemas as Markdown: tables of fields, variants and parameters.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};

const REFERENCE: &str = "#/components/schemas/";

/// The schemas of an OpenAPI document, by name.
pub struct Schemas(pub Map<String, Value>);

impl Schemas {
    /// A section for each type that `root` refers to, directly or through other types.
    pub fn sections<'a>(&self, roots: impl Iterator<Item = &'a Value>) -> String {
        let mut names = BTreeSet::new();
        roots.for_each(|root| self.collect(root, &mut names));
        let sections = names.into_iter().map(|name| section(&name, &self.0[&name]));
        sections.collect()
    }

    fn collect(&self, schema: &Value, names: &mut BTreeSet<String>) {
        match schema {
            Value::Object(fields) => {
                if let Some(name) = reference(schema)
                    && names.insert(name.to_owned())
                {
                    self.collect(&self.0[name], names);
                }
                fields.values().for_each(|field| self.collect(field, names));
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, names)),
            _ => {}
        }
    }
}

/// The table of an operation's parameters, or a sentence if there are none.
pub fn parameters(parameters: &[Value]) -> String {
    if parameters.is_empty() {
        return "No parameters.\n".to_owned();
    }
    let mut text = "| parameter | in | type | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let place = parameter["in"].as_str().unwrap_or_default();
        let is_required = parameter["required"] == true;
        let required = if is_required { "**required**" } else { "optional" };
        let default = match &parameter["schema"]["default"] {
            Value::Null => String::new(),
            default => format!(" Default: `{default}`."),
        };
        let _ = writeln!(
            text,
            "| `{name}` | {place}, {required} | {} | {}{default} |",
            kind(&parameter["schema"]),
            description(parameter)
        );
    }
    text
}

/// The table of an object's fields.
pub fn fields(schema: &Value) -> String {
    let mut text = "| field | type | meaning |\n| --- | --- | --- |\n".to_owned();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let is_always = required(schema).any(|required| required == name);
        let sometimes = if is_always { "" } else { "; may be absent" };
        let _ =
            writeln!(text, "| `{name}` | {}{sometimes} | {} |", kind(field), description(field));
    }
    text
}

/// The type of `schema`, with links to the sections of named types.
pub fn kind(schema: &Value) -> String {
    if schema.as_bool() == Some(true) {
        return "any".to_owned();
    }
    if let Some(name) = reference(schema) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(constant) = schema.get("const") {
        return format!("`{constant}`");
    }
    let one = |name: &str| match name {
        "array" => format!("array of {}", kind(&schema["items"])),
        "object" => match schema.get("additionalProperties") {
            Some(values) if *values != Value::Bool(false) => {
                format!("map of string to {}", kind(values))
            }
            _ => inline_object(schema),
        },
        name => name.to_owned(),
    };
    match &schema["type"] {
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or ")
        }
        name => name.as_str().map_or_else(|| "any".to_owned(), one),
    }
}

/// The description of an object without a name, such as a column of an SQL answer.
fn inline_object(schema: &Value) -> String {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields = fields.map(|(name, field)| format!("`{name}` ({})", kind(field)));
    match fields.collect::<Vec<_>>().join(", ") {
        fields if fields.is_empty() => "object".to_owned(),
        fields => format!("object of {fields}"),
    }
}

fn section(name: &str, schema: &Value) -> String {
    let mut text = format!("\n### {name}\n\n");
    if let Some(words) = schema["description"].as_str() {
        let _ = writeln!(text, "{}\n", plain(words));
    }
    match (schema["oneOf"].as_array(), schema["enum"].as_array()) {
        (Some(variants), _) => text.push_str(&self::variants(variants)),
        (_, Some(values)) => {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            let _ = writeln!(text, "One of {}.", values.join(", "));
        }
        _ if schema["properties"].is_object() => text.push_str(&fields(schema)),
        _ => {
            let _ = writeln!(text, "Type: {}.", kind(schema));
        }
    }
    text
}

/// A table of the values of an enum, or of its objects, each with its fields.
fn variants(variants: &[Value]) -> String {
    if variants.iter().all(|variant| variant.get("const").is_some()) {
        let mut text = "| value | meaning |\n| --- | --- |\n".to_owned();
        for variant in variants {
            let _ = writeln!(text, "| `{}` | {} |", variant["const"], description(variant));
        }
        return text;
    }
    let mut text = "| `kind` | further fields | meaning |\n| --- | --- | --- |\n".to_owned();
    for variant in variants {
        let properties = variant["properties"].as_object();
        let own = properties.into_iter().flatten().filter(|(name, _)| *name != "kind");
        let own = own.map(|(name, field)| match description(field) {
            words if words.is_empty() => format!("`{name}`: {}", kind(field)),
            words => format!("`{name}`: {}. {words}", kind(field)),
        });
        let others =
            reference(variant).map(|name| format!("those of [{name}](#{})", name.to_lowercase()));
        let further: Vec<String> = own.chain(others).collect();
        let name = &variant["properties"]["kind"]["const"];
        let _ =
            writeln!(text, "| `{name}` | {} | {} |", further.join("<br>"), description(variant));
    }
    text
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(REFERENCE)
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The description, as the text of a table cell.
fn description(schema: &Value) -> String {
    plain(schema["description"].as_str().unwrap_or_default()).replace('|', "\\|")
}

/// Rust documentation without line breaks and links.
fn plain(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace("[`", "`").replace("`]", "`")
}
