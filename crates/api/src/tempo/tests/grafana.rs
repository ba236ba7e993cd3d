//! What Grafana's data source asks, version by version.

use serde_json::json;

use super::*;

#[tokio::test]
async fn save_and_test_gets_an_echo() {
    let world = World::start().await;
    for base in ["", "/tempo"] {
        let echo = world.get(&format!("{base}/api/echo")).await;
        assert_eq!((echo.status, echo.text()), (200, "echo"));
        let ready = world.get(&format!("{base}/ready")).await;
        assert_eq!((ready.status, ready.text()), (200, "ready\n"));
        let build = world.json(&format!("{base}/api/status/buildinfo")).await;
        let expected = json!({
            "version": "2.9.0",
            "revision": "coral 1.2.3",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        });
        assert_eq!(build, expected);
        let version = world.get(&format!("{base}/status/version")).await;
        assert_eq!(version.text(), "tempo, version 2.9.0 (revision: coral 1.2.3)\n");
    }
    world.stop().await;
}

/// Grafana 8 to 11 ask for a trace by the first version, in protobuf, of a time range.
#[tokio::test]
async fn grafana_10_opens_a_trace() {
    let world = World::start().await;
    let (start, end) = (NOON - 3_600, NOON + 3_600);
    let path = format!("/tempo/api/traces/{TRACE}?start={start}&end={end}");
    let answered = world.get_as(&path, "accept: application/protobuf\r\n").await;
    assert_eq!((answered.status, &*answered.kind), (200, "application/protobuf"));
    world.stop().await;
}

/// Grafana 12 and later ask by the second version, in which an unknown trace is empty.
#[tokio::test]
async fn grafana_12_opens_a_trace_and_is_told_of_an_unknown_one() {
    let world = World::start().await;
    let (start, end) = (NOON - 1_800, NOON + 1_800);
    let accept = "accept: application/protobuf\r\nx-scope-orgid: tenant-1\r\n";
    let get =
        async |path: &str| world.get_as(&format!("{path}?start={start}&end={end}"), accept).await;
    assert_eq!(get(&format!("/tempo/api/v2/traces/{TRACE}")).await.status, 200);
    assert_eq!(get("/tempo/api/v2/traces/00000000000000000000000000000abc").await.status, 200);
    assert_eq!(get("/tempo/api/traces/00000000000000000000000000000abc").await.status, 404);
    world.stop().await;
}
