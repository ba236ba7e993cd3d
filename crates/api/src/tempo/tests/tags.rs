//! Keys of attributes.

use serde_json::json;

use super::*;

const INTRINSIC: [&str; 19] = [
    "duration",
    "event:name",
    "event:timeSinceStart",
    "instrumentation:name",
    "instrumentation:version",
    "kind",
    "name",
    "rootName",
    "rootServiceName",
    "span:duration",
    "span:kind",
    "span:name",
    "span:status",
    "span:statusMessage",
    "status",
    "statusMessage",
    "trace:duration",
    "trace:rootName",
    "trace:rootService",
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
    assert_eq!(none, json!({ "metrics": { "totalJobs": 1, "completedJobs": 1 } }));
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
    assert_eq!(names(&format!("?start={start}&end={end}")).await, Json::Null);
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
