//! Traces by id.

use serde_json::json;

use super::*;

/// The list of `ResourceSpans` of [`checkout`], as protobuf's JSON mapping has it.
fn resource_spans() -> Json {
    json!([
        {
            "resource": { "attributes": [
                { "key": "service.name", "value": { "stringValue": "shop" } }
            ] },
            "scopeSpans": [{
                "scope": { "name": "net/http", "version": "1.0" },
                "spans": [{
                    "traceId": "AAAAAAAAAAABI0VniavN7w==",
                    "spanId": "AAAAAAAAAAE=",
                    "flags": 257,
                    "name": "POST /checkout",
                    "kind": "SPAN_KIND_SERVER",
                    "startTimeUnixNano": "1795608000000000000",
                    "endTimeUnixNano": "1795608001500000000",
                    "attributes": [
                        { "key": "http.route", "value": { "stringValue": "/checkout" } }
                    ],
                    "status": {}
                }]
            }]
        },
        {
            "resource": { "attributes": [
                { "key": "service.name", "value": { "stringValue": "cart" } }
            ] },
            "scopeSpans": [{
                "scope": {},
                "spans": [{
                    "traceId": "AAAAAAAAAAABI0VniavN7w==",
                    "spanId": "AAAAAAAAAAI=",
                    "parentSpanId": "AAAAAAAAAAE=",
                    "name": "take",
                    "kind": "SPAN_KIND_INTERNAL",
                    "startTimeUnixNano": "1795608000250000000",
                    "endTimeUnixNano": "1795608001250000000",
                    "attributes": [{ "key": "items", "value": { "intValue": "3" } }],
                    "events": [{
                        "timeUnixNano": "1795608001200000000",
                        "name": "exception",
                        "attributes": [
                            { "key": "exception.type", "value": { "stringValue": "Timeout" } }
                        ]
                    }],
                    "links": [{
                        "traceId": "AAAAAAAAAAAAAAAAAAAA/w==",
                        "spanId": "AAAAAAAAAAc=",
                        "attributes": [
                            { "key": "reason", "value": { "stringValue": "retry" } }
                        ]
                    }],
                    "status": { "message": "no stock", "code": "STATUS_CODE_ERROR" }
                }]
            }]
        }
    ])
}

#[tokio::test]
async fn the_first_version_answers_batches_and_the_second_one_a_trace_with_metrics() {
    let world = World::start().await;
    let v1 = world.json(&format!("/tempo/api/traces/{TRACE}")).await;
    assert_eq!(v1, json!({ "batches": resource_spans() }));
    for base in ["", "/tempo"] {
        let v2 = world.json(&format!("{base}/api/v2/traces/{TRACE}")).await;
        let trace = json!({ "resourceSpans": resource_spans() });
        assert_eq!(v2, json!({ "trace": trace, "metrics": {} }));
    }
    let of_jaeger = world.get(&format!("/api/traces/{TRACE}")).await;
    assert_eq!(of_jaeger.status, 404, "the path at the root is Jaeger's");
    world.stop().await;
}

#[tokio::test]
async fn protobuf_is_a_trace_in_the_first_version_and_a_response_around_it_in_the_second_one() {
    let world = World::start().await;
    let accept = "accept: application/protobuf\r\n";
    let v1 = world.get_as(&format!("/tempo/api/traces/{TRACE}"), accept).await;
    assert_eq!((v1.status, &*v1.kind), (200, "application/protobuf"));
    assert_eq!(v1.body, coral_wire::otlp_out::encode(&checkout()));
    let v2 = world.get_as(&format!("/api/v2/traces/{TRACE}"), accept).await;
    assert_eq!((v2.status, &*v2.kind), (200, "application/protobuf"));
    assert_eq!(v2.body, coral_wire::tempo_rpc::trace_by_id(&checkout(), None));
    world.stop().await;
}

#[tokio::test]
async fn a_language_model_gets_values_without_types() {
    let world = World::start().await;
    let accept = "accept: application/vnd.grafana.llm\r\n";
    let answered = world.get_as(&format!("/api/v2/traces/{TRACE}"), accept).await;
    assert_eq!(answered.kind, "application/vnd.grafana.llm+json");
    let found: Json = serde_json::from_slice(&answered.body).unwrap();
    let expected = json!({ "trace": { "traceId": TRACE, "services": [
        { "serviceName": "shop", "scopes": [{ "name": "net/http", "version": "1.0", "spans": [{
            "spanId": "0000000000000001",
            "name": "POST /checkout",
            "kind": "SPAN_KIND_SERVER",
            "startTimeUnixNano": "1795608000000000000",
            "endTimeUnixNano": "1795608001500000000",
            "durationMs": 1500.0,
            "attributes": { "http.route": "/checkout" },
            "status": { "code": "STATUS_CODE_UNSET", "message": "" }
        }] }] },
        { "serviceName": "cart", "scopes": [{ "spans": [{
            "spanId": "0000000000000002",
            "name": "take",
            "parentSpanId": "0000000000000001",
            "kind": "SPAN_KIND_INTERNAL",
            "startTimeUnixNano": "1795608000250000000",
            "endTimeUnixNano": "1795608001250000000",
            "durationMs": 1000.0,
            "attributes": { "items": 3 },
            "events": [{
                "name": "exception",
                "timeUnixNano": "1795608001200000000",
                "attributes": { "exception.type": "Timeout" }
            }],
            "links": [{
                "traceId": "000000000000000000000000000000ff",
                "spanId": "0000000000000007",
                "attributes": { "reason": "retry" }
            }],
            "status": { "code": "STATUS_CODE_ERROR", "message": "no stock" }
        }] }] }
    ] } });
    assert_eq!(found, expected);
    world.stop().await;
}

#[tokio::test]
async fn an_id_is_found_with_and_without_leading_zeros_and_in_any_case() {
    let world = World::start().await;
    for id in ["123456789abcdef", "0123456789abcdef", "0123456789ABCDEF", TRACE] {
        for path in ["/tempo/api/traces", "/api/v2/traces", "/tempo/api/v2/traces"] {
            assert_eq!(world.get(&format!("{path}/{id}")).await.status, 200, "{path}/{id}");
        }
    }
    for id in ["1", "0"] {
        let answered = world.get(&format!("/tempo/api/traces/{id}")).await;
        assert_eq!((answered.status, answered.text()), (404, "trace not found"), "{id}");
        let answered = world.get(&format!("/api/v2/traces/{id}")).await;
        let none = r#"{"trace":{},"metrics":{}}"#;
        assert_eq!((answered.status, answered.text()), (200, none), "{id}");
    }
    for (id, status, text) in [
        (
            "12xz",
            400,
            "trace IDs can only contain hex characters: invalid character 'x' at position 3",
        ),
        ("0000000000000000000123456789abcdef", 400, "trace IDs can't be larger than 128 bits"),
        ("%ff", 400, "Invalid URL: "),
    ] {
        for path in ["/tempo/api/traces", "/api/v2/traces"] {
            let answered = world.get(&format!("{path}/{id}")).await;
            assert_eq!((answered.status, &*answered.kind), (status, "text/plain; charset=utf-8"));
            assert!(answered.text().starts_with(text), "{id}: {}", answered.text());
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_time_range_is_checked_and_does_not_hide_a_trace() {
    let world = World::start().await;
    let get = async |query: &str| world.get(&format!("/api/v2/traces/{TRACE}?{query}")).await;
    assert_eq!(get("start=1&end=2").await.status, 200);
    for (query, text) in [
        ("start=x", "invalid start: `x` is not a time"),
        ("start=9&end=3", "http parameter start must be before end. received start=9 end=3"),
        ("q=%7B%7D", "`q` is not supported: a colony returns the whole trace"),
        ("mode=blocks", "invalid value for mode blocks"),
        ("blockStart=1", "`blockStart` is not supported"),
        ("start=1&start=2", "`start` is given twice"),
        ("Start=1", "unknown parameter `Start`: write `start`"),
    ] {
        let answered = get(query).await;
        assert_eq!(answered.status, 400, "{query}");
        assert!(answered.text().starts_with(text), "{query}: {}", answered.text());
    }
    world.stop().await;
}
