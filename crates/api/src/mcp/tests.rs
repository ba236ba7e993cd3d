//! Requests of assistants, to a colony with a store of one incident.

mod colony;
mod hostile;
mod rights;

use serde_json::{Value, json};

use self::colony::{Colony, TRACE_ID, incident};
use super::reply::{DEFAULT_BYTES, MAX_BYTES, MIN_BYTES};

/// The arguments of a call of each tool that the incident has an answer for.
fn calls() -> Vec<(&'static str, Value)> {
    vec![
        ("services", json!({})),
        ("services", json!({"service": "payments-api", "since": "30m", "baseline": "2h"})),
        ("why", json!({"service": "frontend-api"})),
        ("why", json!({"trace_id": TRACE_ID})),
        ("anomalies", json!({"since": "1h"})),
        ("search", json!({"q": "service:payments-api", "sort": "slowest", "limit": 1})),
        ("search", json!({"by": "http.route", "since": "2h"})),
        ("trace", json!({"id": TRACE_ID})),
        ("trace", json!({"id": &TRACE_ID[..8], "view": "critical_path"})),
        ("trace", json!({"id": TRACE_ID, "view": "spans"})),
        ("trace", json!({"id": TRACE_ID, "span": "0000000000000003"})),
        ("compare", json!({"a": TRACE_ID})),
        ("red", json!({"service": "payments-api", "compare": "1h", "slow": true})),
        ("topology", json!({"focus": "payments-api", "diff": "1h"})),
        ("completeness", json!({"service": "payments-api"})),
    ]
}

#[tokio::test]
async fn each_tool_answers_within_its_limit_and_names_the_command_that_says_the_same() {
    let colony = Colony::with(incident());
    for (name, arguments) in calls() {
        for limit in [None, Some(MIN_BYTES), Some(MAX_BYTES)] {
            let mut arguments = arguments.clone();
            if let Some(limit) = limit {
                arguments["max_bytes"] = limit.into();
            }
            let text = colony.call(name, arguments.clone()).await.unwrap();
            let limit = limit.unwrap_or(DEFAULT_BYTES);
            assert!(text.len() <= limit, "{name} {arguments}: {} of {limit}", text.len());
            assert!(text.contains("\nSame in a shell: coral "), "{name} {arguments}: {text}");
            assert!(text.contains("\n[END OF DATA "), "{name} {arguments}: {text}");
        }
    }
}

#[tokio::test]
async fn a_trace_begins_with_what_failed_and_cites_each_span() {
    let colony = Colony::with(incident());
    let text = colony.call("trace", json!({"id": TRACE_ID})).await.unwrap();
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    let order = [
        at("Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736"),
        at("Failed, deepest spans:\n  card-validator-svc (380ms, POST /validate)"),
        at("Waited for, longest first (critical path):"),
        at("Tree, callers first:\nfrontend-api (1.2s, POST /checkout) [span 0000000000000001] *"),
        at("Next: trace {\"id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span\":\"…\"}"),
        at(
            "Same in a shell: coral query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736\n",
        ),
    ];
    assert!(order.is_sorted(), "{text}");
    let span = json!({"id": TRACE_ID, "span": "0000000000000003"});
    let span = colony.call("trace", span).await.unwrap();
    assert!(span.contains("Span ID: 0000000000000003") && span.contains("card declined"), "{span}");
}

#[tokio::test]
async fn a_page_of_a_search_names_the_next_page() {
    let colony = Colony::with(incident());
    let first = colony.call("search", json!({"limit": 2})).await.unwrap();
    let (_, after) = first.split_once("\"after\":\"").expect(&first);
    let after = after.split('"').next().unwrap();
    let second = colony.call("search", json!({"limit": 2, "after": after})).await.unwrap();
    let ids = |text: &str| -> Vec<String> {
        let words = text.split_whitespace().filter(|word| word.len() >= 16);
        words
            .filter(|word| word.bytes().all(|sign| sign.is_ascii_hexdigit()))
            .map(str::to_owned)
            .collect()
    };
    assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)), "{first}\n{second}");
}

#[tokio::test]
async fn a_wrong_argument_is_refused_by_name_with_a_hint() {
    let colony = Colony::with(incident());
    for (name, arguments, expected) in [
        ("why", json!({"servce": "pay"}), "Error: servce: unknown field `servce`, expected one of"),
        ("why", json!({"since": "soon"}), "Error: since: `soon` is not a time"),
        ("why", json!({"service": 7}), "Error: service: invalid type: integer `7`"),
        ("red", json!({}), "Error: arguments: missing field `service`"),
        (
            "red",
            json!({"service": "a", "protocol": "smtp"}),
            "Error: protocol: unknown variant `smtp`",
        ),
        ("search", json!({"limit": 101}), "Error: limit: 101 is not a number from 1 to 100"),
        ("search", json!({"q": "duration>"}), "Error: q: "),
        ("search", json!({"after": "newest"}), "Error: after: "),
        ("trace", json!({"id": "xyz"}), "Error: id: trace id `xyz`: "),
        (
            "trace",
            json!({"id": "4bf9", "max_bytes": 32_769}),
            "Error: max_bytes: 32769 is not a number from 2048 to 32768",
        ),
        (
            "trace",
            json!({"id": "4bf9", "max_bytes": "8k"}),
            "Error: max_bytes: \"8k\" is not a number",
        ),
        ("why", json!({"trace_id": "ffff"}), "Error: trace_id: "),
        (
            "sql",
            json!({"sql": "SELECT 1", "limit": 0}),
            "Error: limit: 0 is not a number from 1 to 1000",
        ),
    ] {
        let error = colony.call(name, arguments).await.unwrap_err();
        assert!(error.starts_with(expected), "{error}");
        assert!(error.contains("\nHint: ") || name == "search", "{error}");
    }
    let none = colony.call("trace", json!({"id": "ffff"})).await.unwrap();
    assert!(none.contains("No trace ffff is stored here."), "{none}");
    let null = json!({"id": TRACE_ID, "span": null, "view": null, "max_bytes": null});
    assert!(colony.call("trace", null).await.is_ok());
}

#[tokio::test]
async fn every_tool_only_reads_and_has_a_schema_that_any_client_reads() {
    let colony = Colony::with(vec![]);
    let tools = colony.ask("tools/list", json!({})).await["result"]["tools"].take();
    let tools = tools.as_array().unwrap();
    assert_eq!(tools.len(), 10);
    let size = serde_json::to_string(tools).unwrap().len();
    assert!(size < 12_000, "the list of tools costs each conversation {size} bytes");
    for tool in tools {
        let hints = &tool["annotations"];
        assert_eq!(hints["readOnlyHint"], true, "{tool}");
        assert_eq!(
            (&hints["destructiveHint"], &hints["openWorldHint"]),
            (&json!(false), &json!(false))
        );
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["additionalProperties"], false);
        for (name, property) in schema["properties"].as_object().unwrap() {
            let kind = property["type"].as_str();
            assert!(matches!(kind, Some("string" | "integer" | "boolean")), "{name}: {property}");
            assert!(property["description"].as_str().unwrap().len() > 20, "{name}: {property}");
            for key in ["$ref", "oneOf", "anyOf", "allOf"] {
                assert!(property.get(key).is_none(), "{name}: {property}");
            }
        }
    }
    let status = tools.iter().find(|tool| tool["name"] == "search").unwrap();
    assert_eq!(status["inputSchema"]["properties"]["status"]["enum"], json!(["error", "ok"]));
}

#[tokio::test]
async fn each_revision_of_the_protocol_is_spoken_and_no_session_is_kept() {
    let colony = Colony::with(incident());
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let client = json!({"name": "test", "version": "1"});
        let hello = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
        let answer = colony.ask("initialize", hello).await;
        assert_eq!(answer["result"]["protocolVersion"], version, "{answer}");
        assert_eq!(answer["result"]["serverInfo"]["name"], "coral");
        assert!(
            answer["result"]["instructions"].as_str().unwrap().contains("never an instruction")
        );
    }
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "server/discover")];
    let found = colony.ask_with("server/discover", json!({"_meta": meta}), &headers).await;
    assert!(found["result"]["supportedVersions"].to_string().contains("2026-07-28"), "{found}");
    let headers = [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "services"),
    ];
    let call = json!({"_meta": meta, "name": "services", "arguments": {}});
    let answer = colony.ask_with("tools/call", call, &headers).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}

#[tokio::test]
async fn a_trace_is_a_resource_and_the_prompt_s_service_is_completed() {
    let colony = Colony::with(incident());
    let templates = colony.ask("resources/templates/list", json!({})).await;
    assert_eq!(templates["result"]["resourceTemplates"][0]["uriTemplate"], "coral://trace/{id}");
    let uri = format!("coral://trace/{TRACE_ID}");
    let found = colony.ask("resources/read", json!({ "uri": uri })).await;
    let text = found["result"]["contents"][0]["text"].as_str().unwrap();
    assert!(text.contains("Tree, callers first:") && text.contains("[END OF DATA "), "{text}");
    for uri in ["coral://trace/xyz", "file:///etc/passwd", "coral://trace/"] {
        let error = colony.ask("resources/read", json!({ "uri": uri })).await;
        assert!(error["error"]["message"].as_str().unwrap().contains("and a trace id"), "{error}");
    }
    let prompts = colony.ask("prompts/list", json!({})).await;
    assert_eq!(prompts["result"]["prompts"][0]["name"], "investigate");
    let asked = json!({
        "ref": {"type": "ref/prompt", "name": "investigate"},
        "argument": {"name": "service", "value": "pay"},
    });
    let completed = colony.ask("completion/complete", asked).await;
    assert_eq!(completed["result"]["completion"]["values"], json!(["payments-api"]), "{completed}");
}
