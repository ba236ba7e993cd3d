//! Calls by caller and callee.

use std::sync::Arc;

use coral_trace::{Attributes, Origin, Span, SpanId, SpanKind, StatusCode};
use expect_test::expect;

use super::text;
use crate::tests::shop::{request, sources};

/// A span of the trace of `request(trace, …)`.
fn child(of: &Span, id: u64, kind: SpanKind, service: &str, ms: [u64; 2]) -> Span {
    let mut origin = Origin::clone(&of.origin);
    origin.resource.attributes = [("service.name", service)].into_iter().collect();
    let at = |ms: u64| coral_trace::UnixNanos(of.start.0 + ms * 1_000_000);
    Span {
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: Some(of.span_id),
        kind,
        start: at(ms[0]),
        end: at(ms[1]),
        origin: Arc::new(origin),
        ..of.clone()
    }
}

/// One trace: a request of `shop`, which calls `cart`, a database, and a host without spans.
fn spans() -> Vec<Span> {
    let root = request(1, "shop", "/pay", 120, 900);
    let client = child(&root, 2, SpanKind::Client, "shop", [10, 310]);
    let mut server = child(&client, 3, SpanKind::Server, "cart", [20, 270]);
    server.status.code = StatusCode::Error;
    let mut sql = child(&root, 4, SpanKind::Client, "shop", [320, 420]);
    sql.attributes = [("db.system.name", "postgresql"), ("db.namespace", "orders")]
        .into_iter()
        .collect::<Attributes>();
    let mut out = child(&root, 5, SpanKind::Client, "shop", [420, 820]);
    out.attributes = [("http.request.method", "GET"), ("server.address", "pay.example")]
        .into_iter()
        .collect::<Attributes>();
    vec![root, client, server, sql, out]
}

#[test]
fn an_edge_has_the_connection_type_of_tempo() {
    let (_dir, from) = sources(spans());
    let found = text(&from, "increase(traces_service_graph_request_total[10m]) > 0");
    expect![[r#"
        {client=shop,connection_type=database,server=postgresql/orders} 1
        {client=shop,connection_type=virtual_node,server=pay.example} 1
        {client=shop,server=cart} 1
        {client=user,connection_type=virtual_node,server=shop} 1"#]]
    .assert_eq(&found);
}

#[test]
fn each_side_of_a_call_has_its_own_duration_and_a_failure_of_either_counts() {
    let (_dir, from) = sources(spans());
    for (expression, expected) in [
        ("traces_service_graph_request_server_seconds_sum{server=\"cart\"}", 0.25),
        ("traces_service_graph_request_client_seconds_sum{server=\"cart\"}", 0.3),
        ("traces_service_graph_request_failed_total{server=\"cart\"}", 1.0),
        ("traces_service_graph_request_failed_total{server=\"pay.example\"}", 0.0),
        ("traces_service_graph_request_server_seconds_bucket{server=\"cart\",le=\"0.2\"}", 0.0),
        ("traces_service_graph_request_server_seconds_bucket{server=\"cart\",le=\"0.4\"}", 1.0),
        ("traces_service_graph_request_client_seconds_count{server=\"cart\"}", 1.0),
    ] {
        let found = text(&from, &format!("sum({expression})"));
        assert_eq!(found, format!("{{}} {expected}"), "{expression}");
    }
}
