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
        let found = world.json(&format!("/api/search{query}")).await;
        assert_eq!(found, json!({ "traces": [listed()], "metrics": metrics }), "{query}");
    }
    let nothing = json!({ "metrics": { "completedJobs": 1, "totalJobs": 1 } });
    for query in ["?tags=service.name%3Dnosuch", "?minDuration=2s", "?start=1&end=2"] {
        assert_eq!(world.json(&format!("/tempo/api/search{query}")).await, nothing, "{query}");
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
