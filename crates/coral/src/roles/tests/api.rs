//! `docs/api.md` and `web/src/api.ts`, which are generated here from both roles' tables of routes, the OpenAPI document,
//! the schemas of an agent's answers and the `.proto` files.

mod protobuf;
mod schema;
mod typescript;

use std::fmt::Write as _;

use coral_agent::status::AgentSelfStatus;
use coral_beyla::{Change, ChangeOutcome, Control};
use coral_config::AgentConfig;
use coral_server::door::Method;
use expect_test::expect_file;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use self::schema::Schemas;
use super::*;

const HEAD: &str = include_str!("api/head.md");
const RPC: &str = include_str!("api/rpc.md");
const AGENT: &str = include_str!("api/agent.md");

/// Method, path and permission of each route.
type Table = Vec<(Method, String, Permission)>;

async fn tables(dir: &TempDir) -> (Table, Table) {
    let table = |door: &Door| -> Table {
        door.table().map(|(method, path, needs)| (method, path.to_owned(), needs)).collect()
    };
    let data_dir = format!("data_dir={}", dir.path().display());
    let sources =
        Sources { flags: vec![data_dir], host_name: "web-1".to_owned(), ..Sources::default() };
    let config = AgentConfig::load(&sources).unwrap();
    std::fs::create_dir(dir.path().join("run")).unwrap();
    let (change, _) = tokio::sync::watch::channel(0);
    let monitor = Arc::new(BeylaMonitor::switched_off(Arc::default(), "not run here"));
    let control = Arc::new(Control::new(&config, Vec::new(), change, monitor).unwrap());
    let agent = agent_door(dir).await.route(control.route());
    (table(&agent), table(&guarded_door(dir).await))
}

/// The schemas of an agent's own answers, in the form of the OpenAPI document.
fn agent_schemas() -> (Schemas, Map<String, Value>) {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.for_serialize().into_generator();
    let roots = [
        ("status", generator.subschema_for::<AgentSelfStatus>()),
        ("change", generator.subschema_for::<Change>()),
        ("outcome", generator.subschema_for::<ChangeOutcome>()),
    ];
    let roots = roots.map(|(name, schema)| (name.to_owned(), schema.to_value()));
    (Schemas(generator.take_definitions(true)), roots.into_iter().collect())
}

fn routes(table: &Table, is_rpc: bool) -> String {
    let mut rows: Vec<String> = table
        .iter()
        .filter(|(_, path, _)| path.contains('.') == is_rpc || path.ends_with(".json"))
        .filter(|(_, path, _)| !is_rpc || !path.ends_with(".json"))
        .map(|(method, path, needs)| match is_rpc {
            true => format!("| `{path}` | `{needs}` |\n"),
            false => format!("| `{} {path}` | `{needs}` |\n", word(*method)),
        })
        .collect();
    rows.sort_unstable();
    let what = if is_rpc { "RPC" } else { "route" };
    format!("\n| {what} | permission |\n| --- | --- |\n{}", rows.concat())
}

const fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Delete => "DELETE",
    }
}

fn permission(table: &Table, path: &str) -> Permission {
    let found = table.iter().find(|(_, known, _)| known == path);
    found.unwrap_or_else(|| panic!("{path} is on no port")).2
}

/// The questions of a colony's HTTP API, and then the types of their answers.
fn questions(document: &Value, table: &Table) -> String {
    let mut text = String::new();
    let mut answers = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let (method, operation) = methods.as_object().unwrap().iter().next().unwrap();
        let summary = operation["summary"].as_str().unwrap();
        let needs = permission(table, path);
        let method = method.to_uppercase();
        let _ = write!(text, "\n### `{method} {path}`\n\n{summary} Permission `{needs}`.\n\n");
        let content = |part: &Value| part["content"]["application/json"]["schema"].clone();
        let body = content(&operation["requestBody"]);
        if body.is_null() {
            let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            text.push_str(&schema::parameters(parameters));
        } else {
            let _ = writeln!(text, "Request body: {}.", schema::kind(&body));
        }
        let answer = content(&operation["responses"]["200"]);
        match answer["properties"].is_object() {
            true => {
                let _ = write!(text, "\nAnswer:\n\n{}", schema::fields(&answer));
            }
            false => {
                let _ = writeln!(text, "\nAnswer: {}.", schema::kind(&answer));
            }
        }
        answers.extend([body, answer, content(&operation["responses"]["default"])]);
    }
    answers.push(json!({ "$ref": "#/components/schemas/SignInMethods" }));
    let schemas = document["components"]["schemas"].as_object().unwrap().clone();
    let types = Schemas(schemas).sections(answers.iter());
    format!("{text}\n## Types of the colony's answers\n{types}")
}

async fn document() -> String {
    let dir = tempfile::tempdir().unwrap();
    let (agent, colony) = tables(&dir).await;
    let files = FileDescriptorSet::decode(coral_wire::FILE_DESCRIPTOR_SET).unwrap().file;
    let rpcs = |package: &str, table: &Table| {
        let file = files.iter().find(|file| file.package() == package).unwrap();
        protobuf::section(file, |path| permission(table, path))
    };
    let (schemas, roots) = agent_schemas();
    let mut text = format!("{HEAD}{}", routes(&colony, false));
    text.push_str(&questions(&coral_api::openapi::document(), &colony));
    let _ = write!(text, "\n## RPCs of a colony\n\n{RPC}{}", routes(&colony, true));
    text.push_str(&rpcs("coral.colony.v1", &colony));
    let _ = write!(text, "\n## Routes of an agent\n\n{AGENT}{}", routes(&agent, false));
    text.push_str(&schemas.sections(roots.values()));
    let _ = write!(text, "\n## RPCs of an agent\n{}", routes(&agent, true));
    text.push_str(&rpcs("coral.agent.v1", &agent));
    text
}

#[tokio::test]
async fn the_document_describes_every_route_and_rpc_and_is_up_to_date() {
    let document = document().await;
    let dir = tempfile::tempdir().unwrap();
    let (agent, colony) = tables(&dir).await;
    for (_, path, needs) in agent.iter().chain(&colony) {
        assert!(document.contains(path.as_str()) && document.contains(needs.as_str()), "{path}");
    }
    expect_file!["../../../../../docs/api.md"].assert_eq(&document);
}

#[test]
fn the_types_of_the_web_page_are_those_of_the_api() {
    let types = typescript::module(&coral_api::openapi::document());
    expect_file!["../../../../../web/src/api.ts"].assert_eq(&types);
}

#[tokio::test]
async fn every_link_of_the_document_leads_to_a_heading() {
    let document = document().await;
    let headings: BTreeSet<String> = document
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect();
    let links: Vec<&str> =
        document.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 50, "only {} links", links.len());
    for link in links {
        assert!(headings.contains(link), "no heading `{link}`");
    }
}
