//! Who may call what, and what the audit log has of it.

use std::sync::Arc;

use coral_server::identity::{Caller, Principal};
use coral_trust::ledger::TokenEntry;
use coral_trust::role::Role;
use coral_trust::secret::SecretHash;
use http::StatusCode;
use serde_json::{Value, json};

use super::colony::{Colony, TRACE_ID, incident};

fn person(role: Role, services: &[&str], sql: bool) -> Caller {
    let token = TokenEntry {
        hash: SecretHash([7; 32]),
        user: "ada".to_owned(),
        role,
        services: services.iter().map(|glob| (*glob).to_owned()).collect(),
        sql,
        created: 0,
        expires: None,
        revoked: None,
    };
    let principal = Principal::Person(Arc::new(token));
    Caller { principal, proof: "token 07070707".to_owned(), has_session: false }
}

async fn tools(colony: &Colony) -> Vec<String> {
    let list = colony.ask("tools/list", json!({})).await;
    let tools = list["result"]["tools"].as_array().unwrap().iter();
    tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_tool_that_the_caller_may_not_call_is_not_listed_and_not_answered() {
    for (caller, may) in [
        (person(Role::Viewer, &[], false), false),
        (person(Role::Analyst, &[], false), false),
        (person(Role::Analyst, &["pay*"], true), false),
        (person(Role::Analyst, &[], true), true),
        (person(Role::Admin, &[], false), true),
    ] {
        let colony = Colony::with(incident()).asked_by(caller);
        let tools = tools(&colony).await;
        assert_eq!(tools.contains(&"sql".to_owned()), may, "{tools:?}");
        assert!(tools.contains(&"why".to_owned()), "{tools:?}");
        let call = json!({"name": "sql", "arguments": {"sql": "SELECT 1"}});
        let answer = colony.ask("tools/call", call.clone()).await;
        let is_denied = answer.to_string().contains("needs the permission sql.read");
        assert_eq!(is_denied, !may, "{answer}");
        let recorded = colony.recorded("tools/call", call).await;
        assert_eq!(recorded.denial.is_some(), !may, "{recorded:?}");
    }
}

#[tokio::test]
async fn nobody_who_shows_nothing_is_told_of_a_tool() {
    let nobody =
        Caller { principal: Principal::Anybody, proof: "none".to_owned(), has_session: false };
    let colony = Colony::with(incident()).asked_by(nobody);
    assert!(tools(&colony).await.is_empty());
    let error = colony.call("services", json!({})).await.unwrap_err();
    assert!(error.contains("needs the permission"), "{error}");
    let uri = format!("coral://trace/{TRACE_ID}");
    let error = colony.ask("resources/read", json!({ "uri": uri })).await;
    assert!(error["error"]["message"].to_string().contains("needs the permission"), "{error}");
}

#[tokio::test]
async fn a_limited_token_reads_nothing_of_other_services_with_any_tool() {
    let limited = person(Role::Analyst, &["payments-*"], true);
    let colony = Colony::with(incident()).asked_by(limited);
    for (name, arguments) in super::calls() {
        let text = colony.call(name, arguments.clone()).await.unwrap_or_else(|error| error);
        // The words of a question are repeated.
        let asked = arguments.to_string();
        for other in ["frontend-api", "card-validator-svc", "card declined", "/validate"] {
            assert!(asked.contains(other) || !text.contains(other), "{name} {asked}: {text}");
        }
    }
    let trace = colony.call("trace", json!({"id": TRACE_ID})).await.unwrap();
    assert!(trace.contains("payments-api") && trace.contains("redacted"), "{trace}");
    let asked = json!({
        "ref": {"type": "ref/prompt", "name": "investigate"},
        "argument": {"name": "service", "value": ""},
    });
    let completed = colony.ask("completion/complete", asked).await;
    assert_eq!(completed["result"]["completion"]["values"], json!(["payments-api"]));
}

#[tokio::test]
async fn a_call_is_recorded_with_its_tool_its_arguments_and_its_rows() {
    let colony = Colony::with(incident());
    let call = |name: &str, arguments: Value| json!({"name": name, "arguments": arguments});
    let arguments = json!({"service": "payments-api", "since": "1h", "q": "name:x"});
    let recorded = colony.recorded("tools/call", call("search", arguments)).await;
    let question = recorded.question.unwrap();
    assert!(
        question.starts_with("tools/call search {") && question.contains("\"q\":\"name:x\""),
        "{question}"
    );
    assert_eq!(recorded.services, ["payments-api"]);
    assert!(recorded.since.is_some() && recorded.until.is_some());
    assert!(recorded.filters.contains(&"q=name:x".to_owned()), "{:?}", recorded.filters);
    assert!(!recorded.is_noise && !recorded.failure.is_given());
    let recorded = colony.recorded("tools/call", call("trace", json!({"id": TRACE_ID}))).await;
    assert_eq!((recorded.trace_ids, recorded.rows.get()), (vec![TRACE_ID.to_owned()], 3));
    let uri = format!("coral://trace/{TRACE_ID}");
    let recorded = colony.recorded("resources/read", json!({ "uri": uri })).await;
    assert_eq!((recorded.trace_ids, recorded.rows.get()), (vec![TRACE_ID.to_owned()], 3));
    let failed = colony.recorded("tools/call", call("why", json!({"since": "soon"}))).await;
    assert!(failed.failure.is_given() && failed.question.unwrap().contains("soon"));
    let long = "x".repeat(60_000);
    let recorded = colony.recorded("tools/call", call("why", json!({ "service": long }))).await;
    assert!(recorded.question.unwrap().len() < 2_100);
    for (method, params) in [("tools/list", json!({})), ("prompts/list", json!({}))] {
        assert!(colony.recorded(method, params).await.is_noise, "{method}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_asks_nothing() {
    let colony = Colony::with(incident());
    for (origin, is_let_in) in [
        ("http://localhost:9000", true),
        ("https://localhost:9000", true),
        ("http://localhost:8000", false),
        ("http://evil.example", false),
        ("http://localhost:9000.evil.example", false),
        ("null", false),
        ("", false),
    ] {
        let response = colony.respond("tools/list", json!({}), &[("origin", origin)]).await;
        assert_eq!(response.status() == StatusCode::OK, is_let_in, "{origin}");
        assert!(is_let_in || response.status() == StatusCode::FORBIDDEN, "{origin}");
    }
}
