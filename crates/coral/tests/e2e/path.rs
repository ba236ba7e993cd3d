//! The path of one span, from OTLP to the terminal.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, TraceId,
    UnixNanos,
};
use expect_test::expect;

use super::process::{Coral, eventually};
use super::{decode, recordings};

/// A checkout with eight spans of eight services, as Beyla would send it, starting at `start`.
pub fn reference_trace(start: UnixNanos) -> Vec<Span> {
    let hop = |id, parent, service, name: &str, kind, from: u64, to: u64| {
        reference_span(start, id, parent, service, name, kind, (from, to))
    };
    use SpanKind::{Client, Producer, Server};
    let mut spans = vec![
        hop(1, None, "frontend-api", "POST /checkout", Server, 0, 1200),
        hop(2, Some(1), "payments-api", "POST /api/v1/payments", Server, 50, 500),
        hop(3, Some(2), "card-validator-svc", "POST /validate", Server, 60, 440),
        hop(4, Some(3), "postgres", "SELECT cards", Client, 400, 412),
        hop(5, Some(2), "fraud-detector", "Check", Server, 445, 480),
        hop(6, Some(1), "inventory-api", "POST /api/v1/reserve", Server, 50, 230),
        hop(7, Some(6), "redis", "SET", Client, 200, 202),
        hop(8, Some(1), "email-svc", "notifications", Producer, 1180, 1195),
    ];
    spans[0].attributes = [("http.response.status_code", 200)].into_iter().collect();
    spans
}

fn reference_span(
    start: UnixNanos,
    id: u64,
    parent: Option<u64>,
    service: &str,
    name: &str,
    kind: SpanKind,
    (from, to): (u64, u64),
) -> Span {
    let resource = [("service.name", service), ("telemetry.sdk.name", "beyla")];
    let resource = Resource { attributes: resource.into_iter().collect(), ..Resource::default() };
    Span {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse::<TraceId>().unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: parent.map(|id| SpanId::try_from(id).unwrap()),
        trace_state: String::new(),
        flags: 0,
        name: name.to_owned(),
        kind,
        start: UnixNanos(start.0 + from * 1_000_000),
        end: UnixNanos(start.0 + to * 1_000_000),
        attributes: Attributes::default(),
        dropped_attributes: 0,
        events: vec![],
        dropped_events: 0,
        links: vec![],
        dropped_links: 0,
        status: Status::default(),
        origin: Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Ebpf }),
    }
}

#[test]
fn a_span_is_found_at_the_colony_long_before_the_next_poll_and_a_waiting_poll_delays_no_stop() {
    let mut colony = Coral::colony_with(&["colony.poll_interval=1h"]);
    let url = format!("agent.colony={}", colony.url("colony"));
    let mut agent = Coral::agent("web-1", &[&url]);
    eventually(|| match &colony.get("colony", "/api/v1/status")["agents"][0]["state"] {
        state if state == "ok" => Ok(()),
        state => Err(format!("the agent is {state}")),
    });
    for (count, span) in (1..).zip(reference_trace(UnixNanos(1_795_608_000_000_000_000))) {
        assert_eq!(agent.export(&[span]), 200);
        colony.until_stored(count);
    }
    assert_eq!((agent.terminate(), colony.terminate()), (Some(0), Some(0)));
    assert!(!agent.said().contains("drain"), "{}", agent.said());
}

#[test]
fn the_reference_trace_reported_to_three_agents_is_one_tree_at_the_colony() {
    let agents: Vec<Coral> = ["web-1", "web-2", "web-3"].map(|id| Coral::agent(id, &[])).into();
    let list: Vec<String> = (1..)
        .zip(&agents)
        .map(|(n, agent)| format!("{{id: web-{n}, address: \"{}\"}}", agent.url("agent_rpc")))
        .collect();
    // A list contains commas, which also separate settings, so the list is in a file.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("colony.yaml");
    std::fs::write(&file, format!("colony: {{agents: [{}]}}", list.join(", "))).unwrap();
    let colony = Coral::colony_with_file(&file);
    let spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    for (at, agent) in agents.iter().enumerate() {
        let third: Vec<Span> = spans.iter().skip(at).step_by(3).cloned().collect();
        assert_eq!(agent.export(&third), 200);
    }
    colony.until_stored(8);
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-25 12:00:00.000 UTC
        Duration: 1.2s
        Spans: 8
        Services: frontend-api, payments-api, card-validator-svc, postgres, fraud-detector, inventory-api, redis, email-svc

        Span Tree:
        frontend-api (1.2s, POST /checkout)
        ├─ payments-api (450ms, POST /api/v1/payments)
        │  ├─ card-validator-svc (380ms, POST /validate)
        │  │  └─ postgres (12ms, SELECT cards)
        │  └─ fraud-detector (35ms, Check)
        ├─ inventory-api (180ms, POST /api/v1/reserve)
        │  └─ redis (2ms, SET)
        └─ email-svc (15ms, notifications)
    "#]]
    .assert_eq(&colony.answer("query beyla traces --trace-id 4bf92f3577b3"));
    let json = colony.json("query beyla traces --trace-id 4bf92f3577b3");
    assert_eq!(
        (json["complete"].as_bool(), json["duration_us"].as_i64()),
        (Some(true), Some(1_200_000))
    );
    let agents: std::collections::BTreeSet<_> = json["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| span["agent_id"].as_str().unwrap())
        .collect();
    assert_eq!(agents.into_iter().collect::<Vec<_>>(), ["web-1", "web-2", "web-3"]);
}

#[test]
fn every_recording_of_beyla_is_recognised_to_the_span_and_no_sdk_span_is() {
    let coral = Coral::standalone(&[]);
    let mut total = 0;
    for (file, request) in recordings() {
        assert_eq!(coral.post("otlp_http", &request), 200, "{file}");
        total += decode(&request).len() as u64;
    }
    assert_eq!(coral.export(&[sdk_span()]), 200);
    coral.until_stored(total + 1);
    let count = |source: &str| -> u64 {
        // The spans have the times of their recording, so the window begins in 1970.
        let list = coral.json(&format!(
            "query beyla traces --since 1970-01-01T00:00:00Z --limit 1000 --source {source}"
        ));
        assert_eq!(list["more"], false);
        list["traces"].as_array().unwrap().iter().map(|t| t["span_count"].as_u64().unwrap()).sum()
    };
    assert_eq!((count("ebpf"), count("sdk"), count("all")), (total, 1, total + 1));
}

#[test]
fn what_comes_in_on_beylas_own_port_is_beylas() {
    let coral = Coral::standalone(&[]);
    assert_eq!(coral.post("beyla_http", &coral_wire::otlp_out::encode(&[sdk_span()])), 200);
    coral.until_stored(1);
    let list = coral.json("query beyla traces --since 1970-01-01T00:00:00Z --source ebpf");
    assert_eq!(list["traces"].as_array().unwrap().len(), 1);
}

#[test]
fn an_sdks_parent_and_beylas_child_are_one_trace() {
    let coral = Coral::standalone(&[]);
    let [mut parent, mut child] = [sdk_span(), reference_trace(UnixNanos(5_000_000)).remove(1)];
    parent.trace_id = child.trace_id;
    child.parent_span_id = Some(parent.span_id);
    assert_eq!(coral.export(&[child]), 200);
    assert_eq!(coral.export(&[parent]), 200);
    coral.until_stored(2);
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let trace =
        |source: &str| coral.json(&format!("query beyla traces --trace-id {id} --source {source}"));
    assert_eq!(trace("all")["complete"], true);
    assert_eq!(trace("ebpf")["complete"], false);
    assert_eq!(trace("sdk")["span_count"], 1);
}

fn sdk_span() -> Span {
    let mut span = reference_trace(UnixNanos(1_000_000)).remove(0);
    span.trace_id = TraceId::try_from(0xfeed_u128).unwrap();
    span.span_id = SpanId::try_from(0xbeef_u64).unwrap();
    let resource = [("service.name", "beyla-cart"), ("telemetry.sdk.name", "opentelemetry")];
    let resource = Resource { attributes: resource.into_iter().collect(), ..Resource::default() };
    span.origin = Arc::new(Origin { resource, ..Origin::default() });
    span
}

#[test]
fn an_agent_that_registers_is_polled_and_remembered_across_a_restart_of_the_colony() {
    let colony = Coral::colony(&[]);
    let register = format!("agent.colony={}", colony.url("colony"));
    let agent = Coral::agent("web-9", &[&register]);
    assert_eq!(agent.export(&reference_trace(UnixNanos(1_000_000))), 200);
    colony.until_stored(8);
    let colony = colony.restart();
    let status = || colony.get("colony", "/api/v1/status")["agents"][0].clone();
    eventually(|| match status()["reachable"].as_bool() {
        Some(true) => Ok(()),
        _ => Err(status().to_string()),
    });
    assert_eq!(
        (status()["agent_id"].as_str(), status()["spans_stored"].as_u64()),
        (Some("web-9"), Some(8))
    );
}
