//! Keys of attributes.

use serde_json::json;

use super::*;

const INTRINSIC: [&str; 25] = [
    "duration",
    "event:name",
    "event:timeSinceStart",
    "instrumentation:name",
    "instrumentation:version",
    "kind",
    "link:spanID",
    "link:traceID",
    "name",
    "rootName",
    "rootServiceName",
    "span:duration",
    "span:id",
    "span:kind",
    "span:name",
    "span:parentID",
    "span:status",
    "span:statusMessage",
    "status",
    "statusMessage",
    "trace:duration",
    "trace:id",
    "trace:rootName",
    "trace:rootService",
    "traceDuration",
];

#[tokio::test]
async fn keys_are_listed_by_scope_and_then_those_of_every_span() {
    let world = World::start().await;
    let expected = json!({
        "scopes": [
            { "name": "resource", "tags": ["service.name"] },
            { "name": "span", "tags": ["http.route", "items"] },
            { "name": "event", "tags": ["exception.type"] },
            { "name": "link", "tags": ["reason"] },
            { "name": "intrinsic", "tags": INTRINSIC },
        ],
        "metrics": { "totalJobs": 1, "completedJobs": 1 },
    });
    for query in ["", "?limit=5000", "?scope=none&maxStaleValues=5"] {
        assert_eq!(world.json(&format!("/api/v2/search/tags{query}")).await, expected);
    }
    for (scope, tags) in [
        ("span", json!([{ "name": "span", "tags": ["http.route", "items"] }])),
        ("intrinsic", json!([{ "name": "intrinsic", "tags": INTRINSIC }])),
    ] {
        let found = world.json(&format!("/tempo/api/v2/search/tags?scope={scope}")).await;
        assert_eq!(found["scopes"], tags);
    }
    let none = world.json("/api/v2/search/tags?scope=instrumentation").await;
    assert_eq!(none, json!({ "scopes": [], "metrics": { "totalJobs": 1, "completedJobs": 1 } }));
    world.stop().await;
}

#[tokio::test]
async fn the_first_version_lists_keys_without_scopes() {
    let world = World::start().await;
    let names = async |query: &str| {
        world.json(&format!("/api/search/tags{query}")).await["tagNames"].clone()
    };
    let all = ["exception.type", "http.route", "items", "reason", "service.name"];
    assert_eq!(names("").await, json!(all));
    assert_eq!(names("?limit=2").await, json!(["exception.type", "http.route"]));
    assert_eq!(names("?scope=resource").await, json!(["service.name"]));
    assert_eq!(names("?scope=intrinsic").await, json!(INTRINSIC));
    let start = NOON + 1;
    let end = NOON + 9;
    assert_eq!(names(&format!("?start={start}&end={end}")).await, json!([]));
    world.stop().await;
}

#[tokio::test]
async fn an_unfinished_query_does_not_hide_keys() {
    let world = World::start().await;
    for q in ["%7B%20resource.service.name%20%3D", "nonsense"] {
        let found = world.json(&format!("/api/v2/search/tags?scope=resource&q={q}")).await;
        assert_eq!(found["scopes"][0]["tags"], json!(["service.name"]));
    }
    let refused = world.get("/api/v2/search/tags?scope=Resource").await;
    assert_eq!((refused.status, refused.text()), (400, "invalid scope: Resource"));
    world.stop().await;
}

#[tokio::test]
async fn values_have_their_types_in_the_second_version_and_are_text_in_the_first_one() {
    let world = World::start().await;
    let metrics = json!({ "totalJobs": 1, "completedJobs": 1 });
    let value = |kind: &str, value: &str| json!({ "type": kind, "value": value });
    for (tag, values) in [
        ("resource.service.name", json!([value("string", "cart"), value("string", "shop")])),
        (".items", json!([value("int", "3")])),
        ("span.items", json!([value("int", "3")])),
        ("status", json!(["error", "ok", "unset"].map(|status| value("keyword", status)))),
        ("duration", json!([])),
        ("span.http.route", json!([value("string", "/checkout")])),
        ("span%252Ehttp%252Eroute", json!([value("string", "/checkout")])),
        ("event.exception.type", json!([value("string", "Timeout")])),
    ] {
        let found = world.json(&format!("/api/v2/search/tag/{tag}/values?limit=5000")).await;
        assert_eq!(found, json!({ "tagValues": values, "metrics": metrics }), "{tag}");
    }
    for (tag, values) in [
        ("service.name", json!(["cart", "shop"])),
        ("items", json!(["3"])),
        ("error", json!(["true"])),
        ("status.code", json!(["error", "ok", "unset"])),
    ] {
        let found = world.json(&format!("/tempo/api/search/tag/{tag}/values")).await;
        assert_eq!(found, json!({ "tagValues": values, "metrics": metrics }), "{tag}");
    }
    let none = world.json("/api/v2/search/tag/span.nosuch/values").await;
    assert_eq!(none, json!({ "tagValues": [], "metrics": metrics }));
    world.stop().await;
}

#[tokio::test]
async fn a_query_restricts_keys_and_values_as_far_as_it_can_be_read() {
    let world = World::start().await;
    // { status = error }, and the same with a condition that is not finished
    for q in
        ["%7B%20status%20%3D%20error%20%7D", "%7B%20status%20%3D%20error%20%26%26%20.a%20%3D%20%7D"]
    {
        let path = format!("/api/v2/search/tag/resource.service.name/values?q={q}");
        let found = world.json(&path).await;
        assert_eq!(found["tagValues"], json!([{ "type": "string", "value": "cart" }]), "{q}");
    }
    let q = "%7B%20status%20%3D%20error%20%7D";
    let found = world.json(&format!("/api/v2/search/tags?scope=span&q={q}")).await;
    assert_eq!(found["scopes"][0]["tags"], json!(["items"]));
    world.stop().await;
}

#[tokio::test]
async fn a_tag_that_is_none_is_refused_and_a_language_model_gets_values_by_type() {
    let world = World::start().await;
    let refused = world.get("/api/v2/search/tag/nosuch/values").await;
    assert_eq!(refused.status, 400);
    let text = refused.text();
    assert!(text.starts_with("please provide a valid tagName: "), "{text}");
    let accept = "accept: application/vnd.grafana.llm\r\n";
    let path = "/api/v2/search/tag/resource.service.name/values";
    let answered = world.get_as(path, accept).await;
    assert_eq!(answered.kind, "application/vnd.grafana.llm+json");
    let found: Json = serde_json::from_slice(&answered.body).unwrap();
    assert_eq!(found, json!({ "tagValues": { "string": ["cart", "shop"] } }));
    world.stop().await;
}
