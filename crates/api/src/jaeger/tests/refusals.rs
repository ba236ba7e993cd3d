//! Wrong parameters are refused with the name of the parameter, in Jaeger's envelope.

use super::colony::Colony;
use super::payment;

#[tokio::test]
async fn each_wrong_parameter_is_refused_by_name() {
    let colony = Colony::with(payment(0xabc)).await;
    let long = "9".repeat(5_000);
    for (path, word) in [
        ("/api/traces", "parameter 'service' is required"),
        ("/api/traces?service=", "parameter 'service' is required"),
        ("/api/traces?Service=shop", "unknown parameter \"Service\""),
        ("/api/traces?service=shop&start=2026-11-25T12:00:00+01:00", "'start': strconv.ParseInt"),
        ("/api/traces?service=shop&end=1e6", "'end': strconv.ParseInt"),
        ("/api/traces?service=shop&start=5&end=1", "start Time Minimum is above Maximum"),
        ("/api/traces?service=shop&start=1795608000", "'start': 1795608000 is in seconds"),
        ("/api/traces?service=shop&end=1795608000000", "'end': 1795608000000 is in milliseconds"),
        ("/api/traces/abc?start=1795608000000000000", "'start': 1795608000000000000 is in nano"),
        ("/api/dependencies?endTs=1795608000", "'endTs': 1795608000 is in seconds"),
        ("/api/traces?service=shop&limit=x", "strconv.ParseInt: parsing"),
        ("/api/traces?service=shop&limit=0", "search depth"),
        ("/api/traces?service=shop&limit=-1", "search depth"),
        ("/api/traces?service=shop&limit=99999999999", "search depth"),
        (&format!("/api/traces?service=shop&limit={long}"), "…"),
        ("/api/traces?service=shop&minDuration=10", "time: missing unit in duration"),
        ("/api/traces?service=shop&maxDuration=-1s", "time: negative duration"),
        (
            "/api/traces?service=shop&minDuration=2s&maxDuration=1s",
            "'maxDuration' should be greater",
        ),
        ("/api/traces?service=shop&tag=a", "malformed 'tag' parameter"),
        ("/api/traces?service=shop&tags=a", "malformed 'tags' parameter"),
        ("/api/traces?service=shop&tags=%7B%22a%22:1%7D", "malformed 'tags' parameter"),
        ("/api/traces?service=shop&raw=maybe", "'raw': strconv.ParseBool"),
        ("/api/traces?traceID=xyz", "cannot parse traceID param"),
        ("/api/traces?traceID=", "cannot parse traceID param"),
        ("/api/traces/xyz", "strconv.ParseUint: parsing \"xyz\": invalid syntax"),
        ("/api/traces/%ff", "Invalid"),
        ("/api/traces/000000000000000000000000000000abc", "cannot be longer than 32"),
        ("/api/traces/abc?start=now", "'start'"),
        ("/api/traces/abc?raw=2", "'raw'"),
        ("/api/operations", "parameter 'service' is required"),
        ("/api/operations?service=shop&kind=server", "unknown parameter \"kind\""),
        ("/api/dependencies?endTs=x", "'endTs'"),
        ("/api/dependencies?lookback=-1", "'lookback'"),
    ] {
        let (status, answer) = colony.get(path).await;
        let error = &answer["errors"][0];
        let message = error["msg"].as_str().unwrap_or_default();
        assert!(status == 400 && error["code"] == 400, "{path}: {status} {answer}");
        assert!(message.contains(word) && message.len() < 1_000, "{path}: {message}");
    }
}

#[tokio::test]
async fn more_than_a_thousand_ids_or_32_tags_are_refused() {
    let colony = Colony::with(payment(0xabc)).await;
    let ids = "traceID=abc&".repeat(1_001);
    let (status, answer) = colony.get(&format!("/api/traces?{ids}")).await;
    assert!(
        status == 400 && answer["errors"][0]["msg"].as_str().unwrap().contains("1001"),
        "{answer}"
    );
    let tags: String = (0..33).map(|n| format!("&tag=k{n}:v")).collect();
    let (status, answer) = colony.get(&format!("/api/traces?service=shop{tags}")).await;
    assert!(
        status == 400 && answer["errors"][0]["msg"].as_str().unwrap().contains("tags"),
        "{answer}"
    );
}

#[tokio::test]
async fn nothing_is_archived() {
    let colony = Colony::with(payment(0xabc)).await;
    let (status, answer) = colony.post("/api/archive/abc", "").await;
    assert_eq!(status, 500);
    assert_eq!(answer["errors"][0]["msg"], "archive span storage was not configured");
    assert_eq!(colony.post("/api/archive/x", "").await.0, 400);
}

#[tokio::test]
async fn of_a_repeated_parameter_the_first_value_counts() {
    let colony = Colony::with(payment(0xabc)).await;
    let us = super::NOON / 1_000;
    let range = format!("start={}&end={}", us - 1_000_000, us + 1_000_000);
    let count = async |query: &str| {
        let (status, answer) = colony.get(&format!("/api/traces?{range}&{query}")).await;
        assert_eq!(status, 200, "{query}: {answer}");
        answer["data"].as_array().unwrap().len()
    };
    assert_eq!(count("service=shop&service=none&limit=1&limit=x").await, 1);
    assert_eq!(count("service=none&service=shop").await, 0);
    assert_eq!(count("service=shop&start=x&end=1").await, 1);
}

#[tokio::test]
async fn a_post_of_api_v3_is_refused_in_its_form() {
    let colony = Colony::with(payment(0xabc)).await;
    for path in ["/api/v3/traces", "/jaeger/api/v3/traces", "/api/v3/trace-summaries"] {
        let (status, answer) = colony.post(path, "{}").await;
        assert_eq!((status, &answer["error"]["httpCode"]), (405, &405.into()), "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("ask with GET"), "{message}");
    }
}
