//! `api_v3` over HTTP.

use serde_json::{Value as Json, json};

use super::colony::Colony;
use super::{NOON, orphan, payment, span};

const RANGE: &str =
    "query.startTimeMin=2026-11-25T12:59:00+01:00&query.startTimeMax=2026-11-25T12:01:00.5Z";

async fn ids(colony: &Colony, query: &str) -> Vec<String> {
    let (status, answer) = colony.get(&format!("/api/v3/traces?{query}")).await;
    if status == 404 {
        assert_eq!(answer, json!({"error": {"httpCode": 404, "message": "No traces found"}}));
        return Vec::new();
    }
    assert_eq!(status, 200, "{query}: {answer}");
    let resources = answer["result"]["resourceSpans"].as_array().unwrap();
    let scopes = resources.iter().flat_map(|one| one["scopeSpans"].as_array().unwrap());
    let spans = scopes.flat_map(|one| one["spans"].as_array().unwrap());
    let mut ids: Vec<_> = spans.map(|span| span["traceId"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

fn hex(id: u128) -> String {
    format!("{id:032x}")
}

#[tokio::test]
async fn a_search_takes_names_in_both_cases_and_times_with_an_unescaped_plus() {
    let mut spans = payment(0xabc);
    spans.push(span(0xdef, 1));
    let colony = Colony::with(spans).await;
    let both = vec![hex(0xabc), hex(0xdef)];
    assert_eq!(ids(&colony, RANGE).await, both);
    let snake = RANGE.replace("startTimeMin", "start_time_min").replace("TimeMax", "_time_max");
    assert_eq!(ids(&colony, &format!("{snake}&query.service_name=bank")).await, [hex(0xabc)]);
    let find = |query: &str| format!("{RANGE}&query.serviceName=shop&{query}");
    assert_eq!(ids(&colony, &find("query.operationName=POST%20%2Fpay")).await, [hex(0xabc)]);
    assert_eq!(ids(&colony, &find("query.searchDepth=1")).await.len(), 1);
    assert_eq!(ids(&colony, &find("query.num_traces=1&query.rawTraces=true")).await.len(), 1);
    assert_eq!(ids(&colony, &find("query.durationMin=4500us")).await, both);
    assert_eq!(ids(&colony, &find("query.duration_max=4ms")).await, [hex(0xabc)]);
    let attributes = "query.attributes=%7B%22error%22:%22true%22%7D";
    assert_eq!(ids(&colony, &find(attributes)).await, [hex(0xabc)]);
    assert_eq!(ids(&colony, &find("query.serviceName=x&query.operationName=y")).await, [""; 0]);
    let late = RANGE.replace("2026", "2027");
    assert_eq!(ids(&colony, &late).await, [""; 0]);
}

#[tokio::test]
async fn a_trace_is_otlp_with_warnings_as_an_attribute_unless_it_is_raw() {
    let colony = Colony::with(vec![orphan(0xabc)]).await;
    let spans =
        |answer: &Json| answer["result"]["resourceSpans"][0]["scopeSpans"][0]["spans"].clone();
    let (status, answer) = colony.get("/api/v3/traces/abc").await;
    assert_eq!(status, 200, "{answer}");
    let warning = &spans(&answer)[0]["attributes"][0];
    assert_eq!(warning["key"], "@jaeger@warnings");
    assert_eq!((&spans(&answer)[0]["kind"], &spans(&answer)[0]["flags"]), (&json!(2), &json!(257)));
    for raw in ["rawTraces=true", "raw_traces=1&startTime=2026-11-25T12:00:00Z"] {
        let (_, answer) = colony.get(&format!("/jaeger/api/v3/traces/abc?{raw}")).await;
        assert_eq!(spans(&answer)[0]["attributes"], Json::Null);
    }
    let (status, _) = colony.get("/api/v3/traces/AAAAAAAAAAAAAAAAAAAKvA==").await;
    assert_eq!(status, 200);
    let (status, answer) = colony.get("/api/v3/traces/abd").await;
    assert_eq!((status, &answer["error"]["message"]), (404, &json!("No traces found")));
}

#[tokio::test]
async fn summaries_services_operations_and_dependencies_are_listed() {
    let mut spans = payment(0xabc);
    spans.push(orphan(0xabc));
    let colony = Colony::with(spans).await;
    let (_, answer) = colony.get(&format!("/api/v3/trace-summaries?{RANGE}")).await;
    assert_eq!(
        answer,
        json!({"summaries": [{
            "traceId": hex(0xabc),
            "rootServiceName": "shop",
            "rootOperationName": "GET /",
            "minStartTimeUnixNano": (NOON - 1_000_000).to_string(),
            "maxEndTimeUnixNano": (NOON + 5_000_000).to_string(),
            "spanCount": 4,
            "errorSpanCount": 1,
            "orphanSpanCount": 1,
            "services": [
                {"name": "bank", "spanCount": 1, "errorSpanCount": 0},
                {"name": "shop", "spanCount": 3, "errorSpanCount": 1},
            ],
        }]})
    );
    let none = RANGE.replace("2026", "2027");
    let (status, answer) = colony.get(&format!("/api/v3/trace-summaries?{none}")).await;
    assert_eq!((status, answer), (200, json!({"summaries": []})));
    let (_, answer) = colony.get("/api/v3/services").await;
    assert_eq!(answer, json!({"services": ["bank", "shop"]}));
    let (_, answer) = colony.get("/api/v3/operations?service=shop&span_kind=client").await;
    assert_eq!(answer, json!({"operations": [{"name": "POST /pay", "spanKind": "client"}]}));
    let range = "startTime=2026-11-25T11:00:00Z&endTime=2026-11-25T13:00:00Z";
    let (_, answer) = colony.get(&format!("/api/v3/dependencies?{range}")).await;
    let link = json!({"parent": "shop", "child": "bank", "callCount": "1"});
    assert_eq!(answer, json!({"dependencies": [link]}));
}

#[tokio::test]
async fn each_wrong_parameter_is_refused_by_name() {
    let colony = Colony::with(payment(0xabc)).await;
    let find = |query: &str| format!("/api/v3/traces?{RANGE}&{query}");
    for (path, word) in [
        ("/api/v3/traces".to_owned(), "query.startTimeMin and query.startTimeMax are required"),
        ("/api/v3/traces?query.startTimeMin=2026-11-25T12:00:00Z".to_owned(), "are required"),
        (
            "/api/v3/traces?query.startTimeMin=5&query.startTimeMax=6".to_owned(),
            "query.startTimeMin",
        ),
        (find("query.searchDepth=x"), "query.searchDepth"),
        (find("query.num_traces=-1"), "search depth"),
        (find("query.durationMin=5"), "query.durationMin: time: missing unit"),
        (find("query.attributes=%7B%22a%22:1%7D"), "query.attributes"),
        (find("query.raw_traces=x"), "query.raw_traces"),
        (find("query.filter=%7B%7D"), "query.filter"),
        (find("query.pagination.pageSize=5"), "query.pagination.pageSize"),
        (find("query.durationMin=2s&query.durationMax=1s"), "'maxDuration'"),
        ("/api/v3/traces/xyz".to_owned(), "malformed parameter trace_id"),
        ("/api/v3/traces/1?end_time=x".to_owned(), "malformed parameter end_time"),
        ("/api/v3/traces/1?rawTraces=x".to_owned(), "malformed parameter rawTraces"),
        ("/api/v3/operations".to_owned(), "service"),
        ("/api/v3/services?x=1".to_owned(), "unknown parameter \"x\""),
        ("/api/v3/dependencies".to_owned(), "missing required parameter: startTime"),
        (
            "/api/v3/dependencies?startTime=2026-11-25T12:00:00Z&endTime=2026-11-25T12:00:00Z"
                .to_owned(),
            "endTime must be after startTime",
        ),
    ] {
        let path = if path.starts_with('/') { path } else { format!("/api/v3/traces?{path}") };
        let (status, answer) = colony.get(&path.replace(' ', "%20")).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && answer["error"]["httpCode"] == 400, "{path}: {status} {answer}");
        assert!(message.contains(word), "{path}: {message}");
    }
}
