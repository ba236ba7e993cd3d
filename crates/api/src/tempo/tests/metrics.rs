//! Metrics of spans.

use serde_json::json;

use super::*;

fn label(key: &str, value: Json) -> Json {
    json!({ "key": key, "value": value })
}

/// { } | count_over_time() by (resource.service.name)
const COUNT: &str = "%7B%7D%20%7C%20count_over_time()%20by%20(resource.service.name)";

#[tokio::test]
async fn a_range_is_answered_with_one_series_of_each_label() {
    let world = World::start().await;
    let (start, end) = (NOON - 60, NOON + 60);
    let path = format!("/api/metrics/query_range?q={COUNT}&start={start}&end={end}&step=60s");
    let found = world.json(&path).await;
    let series = found["series"].as_array().unwrap();
    let services: Vec<&Json> = series.iter().map(|series| &series["labels"]).collect();
    let service =
        |name: &str| json!([label("resource.service.name", json!({ "stringValue": name }))]);
    assert_eq!(services, [&service("cart"), &service("shop")]);
    for series in series {
        let mut sum = 0.0;
        for sample in series["samples"].as_array().unwrap() {
            let time: u64 = sample["timestampMs"].as_str().unwrap().parse().unwrap();
            assert_eq!(time % 60_000, 0, "{sample}");
            // A zero is left out.
            sum += sample.get("value").map_or(0.0, |value| value.as_f64().unwrap());
        }
        assert_eq!(sum, 1.0);
        assert_eq!(series.get("promLabels"), None);
    }
    let exemplars = series.iter().filter_map(|series| series["exemplars"].as_array()).flatten();
    let exemplars: Vec<&Json> = exemplars.collect();
    assert!(!exemplars.is_empty(), "{found}");
    for exemplar in exemplars {
        assert!(exemplar["timestampMs"].as_str().unwrap().starts_with("1795608000"), "{exemplar}");
        assert_eq!(exemplar["value"], 1.0, "the value of its step");
        let labels = exemplar["labels"].as_array().unwrap();
        assert!(labels.contains(&label("trace:id", json!({ "stringValue": TRACE }))), "{exemplar}");
    }
    assert_eq!(found["metrics"]["totalJobs"], 1);
    world.stop().await;
}

#[tokio::test]
async fn an_instant_has_one_value_of_each_series() {
    let world = World::start().await;
    let (start, end) = (NOON - 60, NOON + 60);
    let expected = |name: &str| {
        json!({
            "labels": [label("resource.service.name", json!({ "stringValue": name }))],
            "value": 1.0,
        })
    };
    for times in [
        format!("start={start}&end={end}"),
        format!("start={start}000000000&end={end}000000000"),
        "start=2026-11-25T11:59:00Z&end=2026-11-25T14:01:00+02:00".to_owned(),
        format!("end={end}&since=2m"),
    ] {
        let found = world.json(&format!("/tempo/api/metrics/query?q={COUNT}&{times}")).await;
        assert_eq!(found["series"], json!([expected("cart"), expected("shop")]), "{times}");
        assert_eq!(found.get("status"), None);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_limit_of_series_is_a_partial_answer() {
    let world = World::start().await;
    let (start, end) = (NOON - 60, NOON + 60);
    let path =
        format!("/api/metrics/query_range?query={COUNT}&start={start}&end={end}&maxSeries=1");
    let found = world.json(&path).await;
    assert_eq!(found["series"].as_array().unwrap().len(), 1);
    assert_eq!(found["status"], "PARTIAL");
    assert_eq!(found["message"], "1 of 2 series are left out, because of maxSeries");
    world.stop().await;
}

#[tokio::test]
async fn a_search_is_no_metric() {
    let world = World::start().await;
    let refused = world.get("/api/metrics/query_range?q=%7B%7D").await;
    let text = "compiling query: not a metrics query: it asks for traces";
    assert_eq!((refused.status, refused.text()), (400, text));
    world.stop().await;
}
