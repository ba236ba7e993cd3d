//! `web/src/api.ts`: the schemas and questions of the OpenAPI document as types for the web page.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

const HEAD: &str = "// Generated from the OpenAPI document. Do not edit; regenerate with
// UPDATE_EXPECT=1 cargo test -p coral --bin coral roles::tests::api
";
/// What the page puts before the name of a question.
const PREFIX: &str = "/api/v1/";

/// The types of all schemas, and then the questions, by their paths.
pub fn module(document: &Value) -> String {
    let mut text = HEAD.to_owned();
    for (name, schema) in sorted(&document["components"]["schemas"]) {
        let _ = write!(text, "\n{}{}", comment(schema, ""), declaration(name, schema));
    }
    let questions = "\n/** The questions by name: path, parameters and answer. */\nexport interface Questions {\n";
    text.push_str(questions);
    for (path, methods) in sorted(&document["paths"]) {
        let parameters = methods["get"]["parameters"].as_array();
        if methods["get"].is_object() {
            let parameters = parameters.map_or(&[][..], Vec::as_slice).iter().map(|parameter| {
                let name = parameter["name"].as_str().unwrap_or_default();
                format!("{}?: {}", key(name), kind(&parameter["schema"]))
            });
            let ask = object(&parameters.collect::<Vec<_>>());
            text.push_str(&question(path, &ask, &methods["get"]));
        }
    }
    text.push_str(
        "}\n\n/** What is asked with a body in JSON. */\nexport interface Statements {\n",
    );
    for (path, methods) in sorted(&document["paths"]) {
        if methods["post"].is_object() {
            let ask = kind(content(&methods["post"]["requestBody"]));
            text.push_str(&question(path, &ask, &methods["post"]));
        }
    }
    text + "}\n"
}

fn question(path: &str, ask: &str, operation: &Value) -> String {
    let name = json!(path.strip_prefix(PREFIX).unwrap_or(path));
    let answer = kind(content(&operation["responses"]["200"]));
    format!("  {name}: {{ ask: {ask}; answer: {answer} }};\n")
}

fn content(part: &Value) -> &Value {
    &part["content"]["application/json"]["schema"]
}

fn declaration(name: &str, schema: &Value) -> String {
    let is_object = schema["type"] == "object" && schema["properties"].is_object();
    let is_union = ["oneOf", "anyOf", "allOf", "$ref"].iter().any(|key| !schema[*key].is_null());
    if !is_object || is_union {
        return format!("export type {name} = {};\n", kind(schema));
    }
    let mut text = format!("export interface {name} {{\n");
    for (field, of_field) in properties(schema) {
        let _ = writeln!(text, "{}  {field}: {};", comment(of_field, "  "), kind(of_field));
    }
    text + "}\n"
}

/// The fields of an object, each as its name, with `?` if it may be absent, and its schema.
fn properties(schema: &Value) -> impl Iterator<Item = (String, &Value)> {
    let required = schema["required"].as_array();
    schema["properties"].as_object().into_iter().flatten().map(move |(name, of_field)| {
        let is_always = required.is_some_and(|all| all.iter().any(|one| one == name.as_str()));
        (format!("{}{}", key(name), if is_always { "" } else { "?" }), of_field)
    })
}

/// The type of `schema`.
fn kind(schema: &Value) -> String {
    if let Some(constant) = schema.get("const") {
        return constant.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        return union(values.iter().map(Value::to_string));
    }
    let parts = parts(schema);
    if !parts.is_empty() {
        return parts.join(" & ");
    }
    match &schema["type"] {
        Value::Array(names) => union(names.iter().map(|name| of_type(schema, name))),
        name => of_type(schema, name),
    }
}

/// What an object consists of: other types, alternatives, and fields of its own.
fn parts(schema: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(reference) = schema["$ref"].as_str() {
        parts.push(reference.rsplit('/').next().unwrap_or_default().to_owned());
    }
    for choices in ["oneOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array()) {
        let choices = union(choices.iter().map(kind));
        let is_alone = parts.is_empty() && schema["properties"].is_null();
        parts.push(if is_alone { choices } else { format!("({choices})") });
    }
    parts.extend(schema["allOf"].as_array().into_iter().flatten().map(kind));
    if schema["properties"].is_object() {
        let fields =
            properties(schema).map(|(name, of_field)| format!("{name}: {}", kind(of_field)));
        parts.push(object(&fields.collect::<Vec<_>>()));
    }
    parts
}

fn of_type(schema: &Value, name: &Value) -> String {
    match name.as_str().unwrap_or_default() {
        "array" => match schema["prefixItems"].as_array() {
            Some(items) => format!("[{}]", items.iter().map(kind).collect::<Vec<_>>().join(", ")),
            None => {
                let item = kind(&schema["items"]);
                let is_list = item.contains(['|', '&']);
                if is_list { format!("({item})[]") } else { format!("{item}[]") }
            }
        },
        "object" => format!("Record<string, {}>", kind(&schema["additionalProperties"])),
        "integer" | "number" => "number".to_owned(),
        name @ ("string" | "boolean" | "null") => name.to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn union(kinds: impl Iterator<Item = String>) -> String {
    kinds.collect::<Vec<_>>().join(" | ")
}

fn object(fields: &[String]) -> String {
    if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join("; ")) }
}

/// A name of a field, in quotation marks unless it is an identifier.
fn key(name: &str) -> String {
    let is_identifier = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_identifier { name.to_owned() } else { json!(name).to_string() }
}

/// The description as a comment, each line after `indent`.
fn comment(schema: &Value, indent: &str) -> String {
    let text = schema["description"].as_str().unwrap_or_default().replace("*/", "* /");
    let lines: Vec<&str> = text.lines().collect();
    match lines[..] {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        _ => {
            let lines =
                lines.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n");
            format!("{indent}/**\n{}{indent} */\n", lines.collect::<String>())
        }
    }
}

fn sorted(map: &Value) -> Vec<(&str, &Value)> {
    let all = map.as_object().into_iter().flat_map(Map::iter);
    let mut all: Vec<_> = all.map(|(name, value)| (name.as_str(), value)).collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    all
}

#[test]
fn schemas_become_types_that_say_what_may_be_null_or_absent() {
    let check = |schema: Value, expected: &str| assert_eq!(kind(&schema), expected, "{schema}");
    check(json!(true), "unknown");
    check(json!({}), "unknown");
    check(json!({"type": "integer", "minimum": 0}), "number");
    check(json!({"type": ["string", "null"]}), "string | null");
    check(json!({"const": "slow"}), "\"slow\"");
    check(json!({"enum": ["a", "b"]}), "\"a\" | \"b\"");
    check(
        json!({"anyOf": [{"$ref": "#/components/schemas/Source"}, {"type": "null"}]}),
        "Source | null",
    );
    check(json!({"type": "array", "items": {"type": ["number", "null"]}}), "(number | null)[]");
    check(
        json!({"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]}),
        "[number, string]",
    );
    check(
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "Record<string, string>",
    );
    check(
        json!({"type": "object", "properties": {"a": {"type": "number"}, "b.c": {}}, "required": ["a"]}),
        "{ a: number; \"b.c\"?: unknown }",
    );
    check(
        json!({"$ref": "#/components/schemas/Row", "oneOf": [{"const": 1}, {"const": 2}], "properties": {"a": {}}}),
        "Row & (1 | 2) & { a?: unknown }",
    );
}

#[test]
fn a_comment_of_a_schema_cannot_end_before_its_text() {
    let schema = json!({"description": "Ends */ here.\nAnd goes on."});
    assert_eq!(comment(&schema, "  "), "  /**\n   * Ends * / here.\n   * And goes on.\n   */\n");
}
