//! Metrics of spans in the older API.

use serde_json::json;

use super::colony::Colony;
use super::{NOON, payment};

fn query() -> String {
    let end = NOON / 1_000_000 + 10_000;
    format!("service=shop&service=bank&endTs={end}&lookback=20000&step=10000&ratePer=20000")
}

#[tokio::test]
async fn calls_errors_and_latencies_have_the_names_and_labels_of_jaeger() {
    let colony = Colony::with(payment(0xabc)).await;
    let (status, answer) = colony.get(&format!("/api/metrics/calls?{}", query())).await;
    let point =
        |value: f64, time: &str| json!({"gaugeValue": {"doubleValue": value}, "timestamp": time});
    let label = |name: &str, value: &str| json!({"name": name, "value": value});
    let points = json!([
        point(0.0, "2026-11-25T11:59:50Z"),
        point(0.0, "2026-11-25T12:00:00Z"),
        point(0.05, "2026-11-25T12:00:10Z"),
    ]);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer,
        json!({
            "name": "service_call_rate",
            "type": "GAUGE",
            "help": "calls/sec, grouped by service",
            "metrics": [
                {"labels": [label("service_name", "bank")], "metricPoints": points},
                {"labels": [label("service_name", "shop")], "metricPoints": points},
            ],
        })
    );
    let path = format!("/api/metrics/errors?{}&spanKind=client&groupByOperation=true", query());
    let (_, answer) = colony.get(&path).await;
    assert_eq!(answer["name"], "service_operation_error_rate");
    let labels = json!([label("operation", "POST /pay"), label("service_name", "shop")]);
    let points = json!([point(1.0, "2026-11-25T12:00:10Z")]);
    assert_eq!(answer["metrics"], json!([{"labels": labels, "metricPoints": points}]));
    let (_, answer) =
        colony.get(&format!("/api/metrics/latencies?quantile=0.95&{}", query())).await;
    assert_eq!(answer["help"], "0.95th quantile latency, grouped by service");
    let ms = &answer["metrics"][1]["metricPoints"][0]["gaugeValue"]["doubleValue"];
    assert!((4.8..5.2).contains(&ms.as_f64().unwrap()), "{ms}");
    let (_, answer) = colony.get("/api/metrics/minstep").await;
    assert_eq!(answer["data"], 1);
}

#[tokio::test]
async fn wrong_parameters_of_metrics_are_refused_by_name() {
    let colony = Colony::with(payment(0xabc)).await;
    for (path, word) in [
        ("/api/metrics/calls", "'service': please provide at least one service name"),
        ("/api/metrics/latencies?service=shop", "'quantile'"),
        ("/api/metrics/latencies?service=shop&quantile=2", "'quantile'"),
        ("/api/metrics/errors?service=shop&spanKind=x", "unsupported span kind"),
        ("/api/metrics/errors?service=shop&step=0", "step"),
        ("/api/metrics/errors?service=shop&ratePer=x", "'ratePer'"),
        ("/api/metrics/calls?service=shop&groupByOperation=x", "'groupByOperation'"),
        ("/api/metrics/calls?service=shop&lookback=99999999999", "step"),
        ("/api/metrics/minstep?x=1", "unknown parameter"),
    ] {
        let (status, answer) = colony.get(path).await;
        let message = answer["errors"][0]["msg"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(word), "{path}: {status} {answer}");
    }
    let (status, answer) = colony.get("/api/quality-metrics").await;
    assert_eq!(status, 501);
    assert!(answer["errors"][0]["msg"].as_str().unwrap().contains("not configured"));
}
