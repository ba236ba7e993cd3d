//! The official clients of the Model Context Protocol, of the versions in the names of the tests, in
//! front of a real colony: over HTTP, and through `coral mcp`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::super::process::{Coral, coral};
use super::super::why::{checkouts, coral_with};
use super::program;

const MINUTE: u64 = 60_000_000_000;

/// The directory of the clients; `None` if the tests have none.
fn clients() -> Option<PathBuf> {
    program("CORAL_TEST_MCP_CLIENTS", "tools/fetch-mcp-clients")
}

/// A colony in which the card validator of `payments-api` became slow twelve minutes ago.
fn colony() -> Coral {
    let now = coral_server::clock::now().0;
    coral_with(&checkouts(now - 20 * MINUTE, 35, now - 12 * MINUTE))
}

/// The two ways to `colony`, as arguments of a client.
fn ways(colony: &Coral) -> [Vec<String>; 2] {
    let url = colony.url("colony");
    let program = coral().get_program().to_string_lossy().into_owned();
    let stdio = ["stdio", &program, "mcp", "--colony", &url].map(str::to_owned);
    [vec!["http".to_owned(), format!("{url}/mcp")], stdio.to_vec()]
}

fn own(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/peers/mcp").join(file)
}

/// What `command` prints, as JSON.
fn told(command: &mut Command) -> Value {
    let done = command.env_remove("CORAL_TOKEN").output().unwrap();
    let printed = String::from_utf8_lossy(&done.stdout);
    let failed = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {printed}{failed}");
    serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{command:?}: {printed}{failed}"))
}

/// What every client is told of the colony.
fn check(told: &Value) {
    assert_eq!(told["server"], "coral");
    let tools = told["tools"].as_array().unwrap();
    assert_eq!((tools.len(), &tools[0]), (10, &json!("services")));
    let why = told["why"].as_str().unwrap();
    assert!(why.contains("Cause: card-validator-svc"), "{why}");
    assert!(why.contains("\nSame in a shell: coral why payments-api\n"), "{why}");
    assert_eq!(told["wrong"][0], true, "{told}");
    assert!(told["wrong"][1].as_str().unwrap().starts_with("Error: since: `soon` is not a time"));
    assert!(told["prompt"].as_str().unwrap().contains("the service \"payments-api\""));
    assert_eq!(told["completed"], json!(["payments-api"]));
    assert_eq!(told["template"], "coral://trace/{id}");
    assert!(told["resource"].as_str().unwrap().contains("Tree, callers first:"), "{told}");
    assert!(told["unknown"].as_str().unwrap().contains("no tool `drop_everything`"), "{told}");
}

#[test]
fn the_python_client_mcp_2_3_0_investigates_over_http_and_stdio_in_old_and_new_revisions() {
    let Some(clients) = clients() else { return };
    let colony = colony();
    for way in ways(&colony) {
        for (mode, version) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
            let mut python = Command::new(clients.join("python/bin/python"));
            let told = told(python.arg(own("client.py")).arg(mode).args(&way));
            assert_eq!(told["version"], version, "{way:?}");
            check(&told);
        }
    }
}

#[test]
fn the_typescript_clients_sdk_1_32_2_and_client_2_4_0_investigate_over_http_and_stdio() {
    let Some(clients) = clients() else { return };
    let colony = colony();
    for way in ways(&colony) {
        for library in ["sdk", "client"] {
            let mut node = Command::new("node");
            let told = told(node.arg(own("client.mjs")).arg(&clients).arg(library).args(&way));
            check(&told);
        }
    }
}

#[test]
fn the_inspector_2_12_0_lists_and_calls_tools_over_http_and_stdio() {
    let Some(clients) = clients() else { return };
    let colony = colony();
    let inspector = clients.join("node_modules/.bin/mcp-inspector");
    for way in ways(&colony) {
        let ask = |method: &[&str]| {
            let mut node = Command::new("node");
            node.arg(&inspector).arg("--cli").args(&way[1..]);
            if way[0] == "http" {
                node.args(["--transport", "http"]);
            }
            told(node.args(method))
        };
        let tools = ask(&["--method", "tools/list"]);
        assert_eq!(tools["tools"].as_array().unwrap().len(), 10);
        let arguments = ["--tool-name", "why", "--tool-arg", "service=payments-api"];
        let call = ["--method", "tools/call"];
        let why = ask(&[&call[..], &arguments[..]].concat());
        let text = why["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("Cause: card-validator-svc"), "{text}");
        let prompts = ask(&["--method", "prompts/list"]);
        assert_eq!(prompts["prompts"][0]["name"], "investigate");
    }
}
