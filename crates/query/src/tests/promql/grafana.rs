//! The expressions that Grafana's Tempo data source sends for its service graph, and others of
//! dashboards on these metrics.

use expect_test::{Expect, expect};

use super::text;
use crate::tests::shop::shop;

fn check(expression: &str, expected: Expect) {
    let (_dir, from) = shop();
    let found = text(&from, expression);
    let found = if found.is_empty() { "(no series)" } else { &found };
    expected.assert_eq(&format!("{found}\n"));
}

/// `public/app/plugins/datasource/tempo/graphTransform.ts` and `datasource.ts`.
#[test]
fn the_table_of_operations_has_rates_errors_and_durations() {
    check(
        "topk(5, sum(rate(traces_spanmetrics_calls_total{span_kind=\"SPAN_KIND_SERVER\"}[3600s])) by (span_name))",
        expect![[r#"
            {span_name=GET /list} 0.006389
            {span_name=GET /pay} 0.002778
        "#]],
    );
    check(
        "topk(5, sum(rate(traces_spanmetrics_calls_total{status_code=\"STATUS_CODE_ERROR\",span_name=~\"GET /list|GET /pay\"}[3600s])) by (span_name))",
        expect![[r#"
            (no series)
        "#]],
    );
    check(
        "histogram_quantile(.9, sum(rate(traces_spanmetrics_latency_bucket{span_kind=\"SPAN_KIND_SERVER\",span_name=~\"GET /pay\"}[3600s])) by (le))",
        expect![[r#"
            {} 0.4864
        "#]],
    );
}

#[test]
fn the_service_graph_has_requests_failures_and_seconds() {
    check(
        "sum by (client, server) (rate(traces_service_graph_request_server_seconds_sum{}[3600s]))",
        expect![[r#"
            {client=user,server=cart} 0.000006
            {client=user,server=shop} 0.000938
        "#]],
    );
    check(
        "sum by (client, server) (rate(traces_service_graph_request_total{client=\"user\"}[3600s]))",
        expect![[r#"
            {client=user,server=cart} 0.000833
            {client=user,server=shop} 0.008333
        "#]],
    );
    check(
        "sum by (client, server) (rate(traces_service_graph_request_failed_total[3600s]))",
        expect![[r#"
            {client=user,server=cart} 0
            {client=user,server=shop} 0
        "#]],
    );
    check(
        "delta(traces_service_graph_request_total[3600s])",
        expect![[r#"
            {client=user,connection_type=virtual_node,server=cart} 3
            {client=user,connection_type=virtual_node,server=shop} 30
        "#]],
    );
    check(
        "group by (client, connection_type, server) (traces_service_graph_request_total)",
        expect![[r#"
            {client=user,connection_type=virtual_node,server=cart} 1
            {client=user,connection_type=virtual_node,server=shop} 1
        "#]],
    );
}

#[test]
fn panels_divide_rates_and_compare_them() {
    check(
        "sum(increase(traces_spanmetrics_latency_sum{service=\"shop\"}[1h])) by (span_name) / sum by (span_name) (increase(traces_spanmetrics_latency_count{service=\"shop\"}[1h]))",
        expect![[r#"
            {span_name=GET /list} 0.00605
            {span_name=GET /pay} 0.3255
        "#]],
    );
    check(
        "1 - (sum(rate(traces_spanmetrics_calls_total{status_code=\"STATUS_CODE_ERROR\"}[1h])) or vector(0)) / sum(rate(traces_spanmetrics_calls_total[1h]))",
        expect![[r#"
            {} 1
        "#]],
    );
    check(
        "sum by (service) (rate(traces_spanmetrics_calls_total{service!~\"cart|x.*\"}[1h])) * on (service) group_left(span_name) max by (service, span_name) (traces_spanmetrics_calls_total{span_name=\"GET /pay\"} > bool 0)",
        expect![[r#"
            {service=shop,span_name=GET /pay} 0.008333
        "#]],
    );
    check(
        "bottomk(1, sum without (status_code, span_kind, protocol) (increase(traces_spanmetrics_calls_total[30m] offset 10m)))",
        expect![[r#"
            {service=shop,span_name=GET /list} 10
        "#]],
    );
}
