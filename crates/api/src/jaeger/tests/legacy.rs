//! The older API.

use coral_query::ServiceScope;
use serde_json::{Value as Json, json};

use super::colony::Colony;
use super::{NOON, orphan, payment, span};

const TRACE: &str = "0000000000000abc";
const US: u64 = NOON / 1_000;

fn window() -> String {
    format!("start={}&end={}", US - 1_000_000, US + 1_000_000)
}

fn tag<'a>(span: &'a Json, key: &str) -> &'a Json {
    let tags = span["tags"].as_array().unwrap();
    tags.iter().find(|tag| tag["key"] == key).unwrap_or_else(|| panic!("no {key}: {span}"))
}

#[tokio::test]
async fn a_trace_by_id_is_what_jaeger_shows_of_its_otlp() {
    let colony = Colony::with(payment(0xabc)).await;
    let (status, answer) = colony.get(&format!("/api/traces/{TRACE}")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["total"], &answer["errors"]), (&json!(0), &Json::Null));
    let trace = &answer["data"][0];
    assert_eq!(trace["traceID"], TRACE);
    assert_eq!(trace["warnings"], Json::Null);
    // Spans are in the order of their start.
    let [served, root, call] = &trace["spans"].as_array().unwrap()[..] else { panic!("{trace}") };
    let string = |key: &str, value: &str| json!({"key": key, "type": "string", "value": value});
    assert_eq!(
        root["tags"],
        json!([
            {"key": "bytes", "type": "binary", "value": "AQL/"},
            string("empty", ""),
            {"key": "float", "type": "float64", "value": 72.5},
            string("ip", "8.8.8.8"),
            string("list", r#"[1,"\u003c"]"#),
            string("otel.scope.name", "tracer"),
            string("otel.scope.version", "1.2"),
            string("span.kind", "server"),
            {"key": "true", "type": "bool", "value": true},
            string("w3c.tracestate", "a=b"),
            {"key": "whole", "type": "float64", "value": 3},
            {"key": "z", "type": "int64", "value": "1152921504606846976"},
        ])
    );
    assert_eq!(
        root["logs"],
        json!([
            {"timestamp": US + 2, "fields": [
                string("event", "retry"), {"key": "n", "type": "int64", "value": 2}]},
            {"timestamp": US + 3, "fields": [string("event", "own")]},
        ])
    );
    assert_eq!((&root["startTime"], &root["duration"]), (&json!(US), &json!(5_000)));
    assert_eq!((&root["references"], &root["warnings"]), (&json!([]), &Json::Null));
    assert_eq!(tag(call, "error"), &json!({"key": "error", "type": "bool", "value": true}));
    assert_eq!(tag(call, "otel.status_code")["value"], "ERROR");
    assert_eq!(tag(call, "otel.status_description")["value"], "declined");
    assert_eq!(tag(served, "otel.status_code")["value"], "OK");
    let reference = |kind: &str, trace: &str, span: &str| json!({"refType": kind, "traceID": trace, "spanID": span});
    assert_eq!(
        served["references"],
        json!([
            reference("CHILD_OF", TRACE, "0000000000000002"),
            reference("FOLLOWS_FROM", "0000000000000009", "0000000000000009"),
            reference("CHILD_OF", "00000010000000000000000000000000", "0000000000000008"),
        ])
    );
    // Of another host, and outside of its caller.
    let skewed = "clock skew adjustment disabled; not applying calculated delta of 2ms";
    assert_eq!(served["warnings"], json!([skewed]));
    assert_eq!((&served["processID"], &root["processID"]), (&json!("p1"), &json!("p2")));
    assert_eq!(
        trace["processes"],
        json!({
            "p1": {"serviceName": "bank", "tags": [string("host.name", "db-1")]},
            "p2": {"serviceName": "shop", "tags": [
                string("host.name", "web-1"), string("telemetry.sdk.name", "opentelemetry")]},
            "p3": {"serviceName": "shop", "tags": [string("host.name", "web-1")]},
        })
    );
}

#[tokio::test]
async fn a_raw_trace_is_as_it_was_sent() {
    let colony = Colony::with(payment(0xabc)).await;
    let (_, answer) = colony.get(&format!("/api/traces/{TRACE}?raw=true")).await;
    let spans = answer["data"][0]["spans"].as_array().unwrap();
    assert_eq!(spans[0]["warnings"], Json::Null);
    assert_eq!(tag(&spans[1], "ip")["value"], 0x0808_0808);
    assert_eq!(spans[1]["logs"][0]["timestamp"], US + 2);
}

#[tokio::test]
async fn an_id_is_found_in_any_case_and_with_any_padding_and_a_missing_one_is_404() {
    let colony = Colony::with(payment(0xabc)).await;
    for id in ["abc", "ABC", "0000000000000abc", "00000000000000000000000000000ABC"] {
        let (status, answer) = colony.get(&format!("/jaeger/api/traces/{id}")).await;
        assert_eq!((status, answer["data"][0]["traceID"].as_str()), (200, Some(TRACE)), "{id}");
    }
    for id in ["abd", "0", "00000000000000000000000000000000"] {
        let (status, answer) = colony.get(&format!("/api/traces/{id}?start=1&end=2")).await;
        let error = json!([{"code": 404, "msg": "trace not found"}]);
        assert_eq!((status, &answer["errors"]), (404, &error), "{id}");
        assert_eq!(answer["data"], Json::Null);
    }
}

#[tokio::test]
async fn a_span_whose_parent_is_missing_has_a_warning() {
    let colony = Colony::with(vec![orphan(7)]).await;
    let (_, answer) = colony.get("/api/traces/7").await;
    let warning = "invalid parent span IDs=0000000000000abc; skipping clock skew adjustment";
    assert_eq!(answer["data"][0]["spans"][0]["warnings"], json!([warning]));
}

async fn ids(colony: &Colony, query: &str) -> Vec<String> {
    let (status, answer) = colony.get(&format!("/api/traces?{}&{query}", window())).await;
    assert_eq!(status, 200, "{query}: {answer}");
    let traces = answer["data"].as_array().unwrap().iter();
    let mut ids: Vec<String> =
        traces.map(|trace| trace["traceID"].as_str().unwrap().into()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_search_finds_traces_by_service_operation_tags_and_duration() {
    let mut spans = payment(0xabc);
    spans.push(span(0xdef, 1));
    let colony = Colony::with(spans).await;
    let (abc, def) = (TRACE.to_owned(), "0000000000000def".to_owned());
    let both = vec![abc, def];
    assert_eq!(ids(&colony, "service=shop").await, both);
    assert_eq!(ids(&colony, "service=shop&limit=1&lookback=1h").await.len(), 1);
    assert_eq!(ids(&colony, "service=bank").await, [TRACE]);
    assert_eq!(ids(&colony, "service=shop&operation=POST+%2Fpay").await, [TRACE]);
    assert_eq!(ids(&colony, "service=shop&tags=%7B%22float%22%3A%2272.5%22%7D").await, [TRACE]);
    assert_eq!(ids(&colony, "service=shop&tag=error:true&tag=span.kind:client").await, [TRACE]);
    assert_eq!(ids(&colony, "service=shop&tag=list:%5B1%5D").await, [] as [&str; 0]);
    assert_eq!(ids(&colony, "service=shop&maxDuration=4ms").await, [TRACE]);
    assert_eq!(ids(&colony, "service=shop&minDuration=4.5ms&maxDuration=0s").await, both);
    assert_eq!(ids(&colony, "service=nobody&minDuration=&tags=").await, [] as [&str; 0]);
    assert_eq!(ids(&colony, "traceID=abc&traceID=DEF").await, both);
    let (_, answer) = colony.get("/api/traces?traceID=abc&traceID=777&raw=1").await;
    assert_eq!(
        answer["errors"],
        json!([{"msg": "trace not found", "traceID": "0000000000000777"}])
    );
    assert_eq!(answer["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn services_operations_and_dependencies_are_listed() {
    let colony = Colony::with(payment(0xabc)).await;
    let (_, answer) = colony.get("/api/services").await;
    let expected =
        json!({"data": ["bank", "shop"], "total": 2, "limit": 0, "offset": 0, "errors": null});
    assert_eq!(answer, expected);
    let (_, answer) = colony.get("/api/services/shop/operations").await;
    assert_eq!((&answer["data"], &answer["total"]), (&json!(["GET /", "POST /pay"]), &json!(2)));
    let operation = |name: &str, kind: &str| json!({"name": name, "spanKind": kind});
    let (_, answer) = colony.get("/api/operations?service=shop").await;
    assert_eq!(
        answer["data"],
        json!([operation("GET /", "server"), operation("POST /pay", "client")])
    );
    let (_, answer) = colony.get("/api/operations?service=shop&spanKind=CLIENT").await;
    assert_eq!(answer["data"], json!([operation("POST /pay", "client")]));
    let (_, answer) = colony.get("/api/operations?service=a%2Fb").await;
    assert_eq!(answer["data"], json!([]));
    let end = format!("endTs={}&lookback=60000", NOON / 1_000_000 + 1_000);
    let (_, answer) = colony.get(&format!("/api/dependencies?{end}")).await;
    assert_eq!(answer["data"], json!([{"parent": "shop", "child": "bank", "callCount": 1}]));
    let (_, answer) = colony.get(&format!("/api/dependencies?{end}&service=cart")).await;
    assert_eq!(answer["data"], json!([]));
}

#[tokio::test]
async fn a_pretty_answer_is_indented_and_a_transformed_one_is_of_the_body() {
    let colony = Colony::with(payment(0xabc)).await;
    let (status, _) = colony.get("/api/services?prettyPrint=true").await;
    assert_eq!(status, 200);
    let body = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]},
        "scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000005","spanId":"0000000000000006","name":"n"}]}]}]}"#;
    let (status, answer) = colony.post("/api/transform", body).await;
    assert_eq!(
        (status, &answer["data"][0]["traceID"]),
        (200, &json!("0000000000000005")),
        "{answer}"
    );
    assert_eq!(answer["data"][0]["processes"]["p1"]["serviceName"], "x");
    let (status, answer) = colony.post("/api/transform", "{").await;
    assert!(
        status == 400
            && answer["errors"][0]["msg"].as_str().unwrap().starts_with("cannot unmarshal OTLP")
    );
    for (blanks, expected) in [((1 << 20) - body.len(), 200), ((1 << 20) + 1 - body.len(), 413)] {
        let long = format!("{body}{}", " ".repeat(blanks));
        let (status, answer) = colony.post("/jaeger/api/transform", &long).await;
        assert_eq!(status, expected, "{answer}");
        if status == 413 {
            let error = answer["errors"][0]["msg"].as_str().unwrap();
            assert!(error.contains("more than 1048576 bytes"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_limited_caller_sees_the_spans_of_its_services_only() {
    let scope = ServiceScope::new(["bank".to_owned()]).unwrap();
    let colony = Colony::limited(payment(0xabc), Some(scope)).await;
    let (_, answer) = colony.get("/api/services").await;
    assert_eq!(answer["data"], json!(["bank"]));
    let (_, answer) = colony.get("/api/traces/abc").await;
    assert_eq!(answer["data"][0]["spans"].as_array().unwrap().len(), 1);
    assert_eq!(ids(&colony, "service=shop").await, [] as [&str; 0]);
    assert_eq!(ids(&colony, "service=bank").await, [TRACE]);
    let (_, answer) = colony.get("/api/operations?service=shop").await;
    assert_eq!(answer["data"], json!([]));
}
