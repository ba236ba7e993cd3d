//! `GET /api/v1/openapi.json`: the OpenAPI document of the HTTP API, generated from the types of
//! questions and answers.
//!
//! Source: OpenAPI 3.1.0.

use coral_query::{Ask, TextKind, ZONE_PARAMETER, for_each_question, text_form};
use coral_sql::SqlQuestion;
use coral_text::json::Projection;
use coral_trace::units::TIME_FORMS;
use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::sign_in::SignInMethods;
use crate::whoami::{self, WhoAmI};

/// Path of the document.
pub const PATH: &str = "/api/v1/openapi.json";
/// JSON pointer to the schemas in the document.
const SCHEMAS: &str = "/components/schemas";

/// Collects the schemas of the types that the document refers to.
struct Generators {
    /// Schemas of questions, as deserialised: a field with a default is optional.
    questions: SchemaGenerator,
    /// Schemas of answers, as serialised: a field that is always written is required.
    answers: SchemaGenerator,
}

impl Generators {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        Self {
            questions: settings.clone().for_deserialize().into_generator(),
            answers: settings.for_serialize().into_generator(),
        }
    }

    /// All referenced schemas, by name.
    fn into_schemas(mut self) -> Map<String, Value> {
        let mut schemas = self.questions.take_definitions(true);
        schemas.extend(self.answers.take_definitions(true));
        schemas
    }
}

/// The OpenAPI document of everything under `/api/v1`.
pub fn document() -> Value {
    let mut generators = Generators::new();
    let mut paths = Map::new();
    macro_rules! describe {
        ($($question:ty,)*) => {
            $(paths.insert(<$question>::PATH.to_owned(), operation::<$question>(&mut generators));)*
        };
    }
    for_each_question!(describe);
    paths.insert(whoami::PATH.to_owned(), who_am_i(&mut generators.answers));
    paths.insert(SqlQuestion::PATH.to_owned(), sql(&mut generators.questions));
    // The sign-in is not under `/api/v1`; the web page has its type from here.
    generators.answers.subschema_for::<SignInMethods>();
    let error = generators.answers.subschema_for::<coral_server::refusal::ApiError>();
    for path in paths.values_mut() {
        let operation = path.as_object_mut().and_then(|path| path.values_mut().next());
        if let Some(operation) = operation {
            operation["responses"]["default"] = response("An error", &error);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Coral",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "HTTP API of a Coral colony. Times are microseconds since the Unix epoch. A window includes its start and excludes its end. Ids are lower-case hex digits. A later version may add fields to answers, and does not rename or remove any.",
        },
        "paths": paths,
        "components": { "schemas": generators.into_schemas() },
    })
}

fn operation<Q: Ask<Answer: Projection>>(generators: &mut Generators) -> Value {
    let question = Q::json_schema(&mut generators.questions).to_value();
    let answer = Q::Answer::schema(&mut generators.answers);
    let required = question["required"].as_array().cloned().unwrap_or_default();
    let fields = question["properties"].as_object().cloned().unwrap_or_default();
    let texts = text_parameters(&fields);
    let parameters = fields.into_iter().map(|(name, mut schema)| {
        let is_segment = Q::PATH.contains(&format!("{{{name}}}"));
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({
            "name": name,
            "in": if is_segment { "path" } else { "query" },
            "required": is_segment || required.contains(&Value::String(name.clone())),
            "description": description,
            "schema": schema,
        })
    });
    let parameters = parameters.chain(texts);
    json!({
        "get": {
            "operationId": Q::NAME,
            "summary": Q::SUMMARY,
            "parameters": parameters.collect::<Vec<_>>(),
            "responses": { "200": response("The answer", &answer) },
        },
    })
}

fn who_am_i(answers: &mut SchemaGenerator) -> Value {
    let answer = answers.subschema_for::<WhoAmI>();
    json!({
        "get": {
            "operationId": "whoami",
            "summary": whoami::SUMMARY,
            "parameters": [],
            "responses": { "200": response("The answer", &answer) },
        },
    })
}

/// The text forms of times and durations, and the time zone of such times.
fn text_parameters(fields: &Map<String, Value>) -> Vec<Value> {
    let parameter = |name: &str, description: String| {
        json!({
            "name": name,
            "in": "query",
            "required": false,
            "description": description,
            "schema": { "type": "string" },
        })
    };
    let texts: Vec<(&String, &str, TextKind)> = fields
        .keys()
        .filter_map(|field| text_form(field).map(|(name, kind)| (field, name, kind)))
        .filter(|(_, name, _)| !fields.contains_key(*name))
        .collect();
    let has_times = texts.iter().any(|(_, _, kind)| *kind == TextKind::Time);
    let mut parameters: Vec<Value> = texts
        .into_iter()
        .map(|(field, name, kind)| {
            let forms = match kind {
                TextKind::Time => TIME_FORMS,
                TextKind::Duration => "500ms, 15m or 1h",
            };
            parameter(
                name,
                format!("The text form of `{field}`, which is then not needed: {forms}."),
            )
        })
        .collect();
    if has_times && !fields.contains_key(ZONE_PARAMETER) {
        let description = "Time zone of times without an offset: `UTC`, `local` (of the colony), or a name of the IANA database. Null: UTC.";
        parameters.push(parameter(ZONE_PARAMETER, description.to_owned()));
    }
    parameters
}

fn sql(generator: &mut SchemaGenerator) -> Value {
    let question = generator.subschema_for::<SqlQuestion>();
    let answer = json!({
        "type": "object",
        "required": ["columns", "rows", "more"],
        "properties": {
            "columns": {
                "type": "array",
                "description": "Name and DuckDB type of each column. Two columns may have the same name.",
                "items": {
                    "type": "object",
                    "required": ["name", "type"],
                    "properties": {
                        "name": { "type": "string", "description": "Name of the column." },
                        "type": { "type": "string", "description": "DuckDB type, such as `VARCHAR`." },
                    },
                },
            },
            "rows": {
                "type": "array",
                "description": "One list for each row, with a value for each column. Times are RFC 3339 text; a value that JSON cannot express is text.",
                "items": { "type": "array", "items": true },
            },
            "more": { "type": "boolean", "description": "Whether `sql.max_rows` or `sql.max_bytes` cut the answer." },
            "error": { "type": "string", "description": "The error of DuckDB, if the statement failed after the first rows; otherwise absent." },
        },
    });
    json!({
        "post": {
            "operationId": "sql",
            "summary": "Runs one SELECT over the views of spans and RED metrics, and returns its rows.",
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": question } },
            },
            "responses": {
                "200": { "description": "The answer", "content": { "application/json": { "schema": answer } } },
            },
        },
    })
}

fn response(description: &str, schema: &Schema) -> Value {
    json!({
        "description": description,
        "content": { "application/json": { "schema": schema } },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// All references in the document.
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_referenced_schema_exists() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "only {} references", found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} is not there");
        }
    }

    #[test]
    fn every_parameter_and_every_field_is_described() {
        let document = document();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for parameter in methods["get"]["parameters"].as_array().into_iter().flatten() {
                let text = parameter["description"].as_str().unwrap_or_default();
                assert!(text.len() > 5, "{path}: {parameter}");
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for (field, described) in schema["properties"].as_object().into_iter().flatten() {
                let text = described["description"].as_str().unwrap_or_default();
                assert!(text.len() > 5, "{name}.{field}: {described}");
            }
        }
        let answer = &document["paths"]["/api/v1/traces/{id}"]["get"]["responses"]["200"];
        let schema = &answer["content"]["application/json"]["schema"];
        let named = schema["$ref"].as_str().and_then(|name| document.pointer(&name[1..]));
        let trace = &named.unwrap_or(schema)["properties"];
        assert!(trace["spans"]["description"].as_str().unwrap().contains("start time"));
        assert_eq!(trace["start_time_unix_us"]["type"], "integer");
    }

    #[test]
    fn fields_added_by_projections_are_described() {
        let document = document();
        let fields = |path: &str| {
            let answer = &document["paths"][path]["get"]["responses"]["200"];
            let schema = &answer["content"]["application/json"]["schema"];
            let pointer = schema["$ref"].as_str().unwrap().trim_start_matches('#');
            document.pointer(pointer).unwrap()["properties"].clone()
        };
        let why = fields("/api/v1/why");
        assert_eq!(
            (&why["reason"]["type"], &why["traces"]["type"]),
            (&"string".into(), &"integer".into())
        );
        let english = fields("/api/v1/ask");
        for field in ["understood", "sections", "queries", "understanding", "findings"] {
            assert!(english[field].is_object(), "{field}: {english}");
        }
        let row = &document["components"]["schemas"]["SlowRow"]["properties"];
        assert!(row["why_none"].is_object() && row["none_because"].is_object(), "{row}");
    }

    #[test]
    fn a_segment_of_the_path_is_a_path_parameter() {
        let document = document();
        let of = |path: &str| document["paths"][path]["get"]["parameters"].clone();
        let first = |path: &str| {
            of(path).as_array().unwrap().iter().find(|one| one["in"] == "path").cloned()
        };
        assert_eq!(first("/api/v1/traces/{id}").unwrap()["name"], "id");
        assert_eq!(first("/api/v1/red/{protocol}").unwrap()["name"], "protocol");
        assert_eq!(first("/api/v1/why"), None);
    }
}
