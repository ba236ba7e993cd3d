//! Searches by tags, and in TraceQL.

use serde_json::json;

use super::*;

/// The trace of [`checkout`] in a list.
fn listed() -> Json {
    json!({
        "traceID": TRACE,
        "rootServiceName": "shop",
        "rootTraceName": "POST /checkout",
        "startTimeUnixNano": "1795608000000000000",
        "durationMs": 1500,
        "serviceStats": {
            "cart": { "spanCount": 1, "errorCount": 1 },
            "shop": { "spanCount": 1 },
        },
    })
}

#[tokio::test]
async fn a_search_by_tags_answers_the_traces_that_have_them() {
    let world = World::start().await;
    let without_bytes = async |query: &str| {
        let mut found = world.json(&format!("/api/search{query}")).await;
        let bytes = found["metrics"].as_object_mut().unwrap().remove("inspectedBytes");
        (found, bytes.map(|bytes| bytes.as_str().unwrap().parse::<u64>().unwrap()))
    };
    let metrics = json!({ "inspectedTraces": 1, "completedJobs": 1, "totalJobs": 1 });
    let (start, end) = (NOON - 60, NOON);
    for query in [
        "",
        "?tags=service.name%3Dshop%20http.route%3D%22%2Fcheckout%22",
        "?tags=service.name%3DSHOP&minDuration=1s&maxDuration=1.6s&limit=5",
        "?tags=error%3Dtrue",
        "?service.name=cart&items=3",
        &format!("?start={start}&end={end}"),
        &format!("?start={start}&end={end}&limit=20&spss=3&tags="),
    ] {
        let (found, bytes) = without_bytes(query).await;
        assert_eq!(found, json!({ "traces": [listed()], "metrics": metrics }), "{query}");
        assert!(bytes > Some(0), "{query}");
    }
    let nothing = json!({ "traces": [], "metrics": { "completedJobs": 1, "totalJobs": 1 } });
    for query in ["?tags=service.name%3Dnosuch", "?minDuration=2s", "?start=1&end=2"] {
        assert_eq!(without_bytes(query).await.0, nothing, "{query}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_trace_without_its_root_says_so() {
    let world = World::with(vec![checkout().remove(1)], |door| door).await;
    let found = world.json("/api/search").await["traces"][0].clone();
    assert_eq!(found["rootServiceName"], "<root span not yet received>");
    assert_eq!(found.get("rootTraceName"), None);
    world.stop().await;
}

#[tokio::test]
async fn a_search_in_traceql_answers_the_spans_that_match() {
    let world = World::start().await;
    let set = json!({
        "spans": [{
            "spanID": "0000000000000002",
            "startTimeUnixNano": "1795608000250000000",
            "durationNanos": "1000000000",
            "attributes": [
                { "key": "items", "value": { "intValue": "3" } },
                { "key": "status", "value": { "stringValue": "error" } },
            ],
        }],
        "matched": 1,
    });
    // { .items > 2 && status = error }
    let q = "%7B%20.items%20%3E%202%20%26%26%20status%20%3D%20error%20%7D";
    let (start, end) = (NOON - 60, NOON + 60);
    let path = format!("/api/search?q={q}&limit=20&spss=3&start={start}&end={end}");
    let found = world.json(&path).await;
    let trace = &found["traces"][0];
    assert_eq!((&trace["spanSet"], &trace["spanSets"]), (&set, &json!([set])));
    for (name, value) in listed().as_object().unwrap() {
        assert_eq!(&trace[name], value, "{name}");
    }
    assert_eq!(found["metrics"]["inspectedTraces"], 1);
    assert!(found["metrics"]["inspectedBytes"].is_string(), "{found}");
    world.stop().await;
}

#[tokio::test]
async fn groups_and_aggregates_are_attributes_of_a_spanset() {
    let world = World::start().await;
    // {} | by(resource.service.name) | count() > 0
    let q = "%7B%7D%20%7C%20by(resource.service.name)%20%7C%20count()%20%3E%200";
    let found = world.json(&format!("/tempo/api/search?q={q}")).await;
    let sets = found["traces"][0]["spanSets"].as_array().unwrap();
    assert_eq!(sets.len(), 2, "{found}");
    let attribute = |key: &str, value: Json| json!({ "key": key, "value": value });
    assert_eq!(
        sets[0]["attributes"],
        json!([
            attribute("by(resource.service.name)", json!({ "stringValue": "shop" })),
            attribute("count()", json!({ "intValue": "1" })),
        ])
    );
    world.stop().await;
}

#[tokio::test]
async fn a_limit_of_spans_leaves_the_number_of_matches() {
    let world = World::start().await;
    let found = world.json("/api/search?q=%7B%7D&spss=1").await;
    let set = &found["traces"][0]["spanSets"][0];
    assert_eq!((&set["matched"], set["spans"].as_array().unwrap().len()), (&json!(2), 1));
    let all = world.json("/api/search?q=%7B%7D&spss=0").await;
    assert_eq!(all["traces"][0]["spanSets"][0]["spans"].as_array().unwrap().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_mistake_in_traceql_is_told_with_its_place() {
    let world = World::start().await;
    for (q, expected) in [
        ("foo", "invalid TraceQL query: parse error at line 1, col 1: syntax error: unexpected"),
        ("%7B%20.a%20%3D%20", "invalid TraceQL query: parse error at line 1, col "),
        ("%7B%20status%20%3D%201%20%7D", "invalid TraceQL query: binary operations must operate"),
        ("%7B%7D%20%7C%20rate()", "invalid TraceQL query: "),
    ] {
        let refused = world.get(&format!("/api/search?q={q}")).await;
        assert_eq!(refused.status, 400, "{q}");
        assert!(refused.text().starts_with(expected), "{q}: {}", refused.text());
    }
    world.stop().await;
}
