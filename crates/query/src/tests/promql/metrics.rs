//! Requests of RED metrics, and where they count instead of spans.

use std::sync::Arc;

use coral_engine::{MetricCheckpoint, PageWriter};
use coral_store::{Store, StoreConfig};
use coral_trace::red::{Delta, Exemplar, Histogram, Protocol, Series, Side};
use coral_trace::{Attributes, SpanId, TraceId, UnixNanos};
use expect_test::expect;
use tempfile::TempDir;

use super::{NOON_MS, text};
use crate::promql::{TimeSpan, exemplars};
use crate::tests::shop::{NOON, request, shared};
use crate::{Budget, SharedSources};

const SECOND: u64 = 1_000_000_000;

/// A store whose metrics count 10 requests of `shop` each minute, one of which is too slow, and
/// whose spans are one of them and one of `cart`.
fn sources() -> (TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
    let store = Store::open(config).unwrap();
    let spans = vec![request(1, "shop", "/pay", 60, 70), request(2, "cart", "/list", 90, 7)];
    store.append(&[spans], UnixNanos(NOON)).unwrap();
    let row = |minute: u64, status: u16, counts: [u64; 2]| Delta {
        series: Arc::new(Series {
            protocol: Protocol::Http,
            side: Side::Server,
            service: "shop".to_owned(),
            operation: "GET".to_owned(),
            target: "/pay".to_owned(),
            status: Some(status),
            error: String::new(),
            attributes: Attributes::default(),
        }),
        since: UnixNanos(NOON - 60 * SECOND * (minute + 1)),
        time: UnixNanos(NOON - 60 * SECOND * minute),
        histogram: Histogram::new([64_000_000], counts.to_vec(), None).unwrap(),
        exemplars: vec![Exemplar {
            trace_id: TraceId::try_from(u128::from(minute + 1)).unwrap(),
            span_id: SpanId::try_from(minute + 1).unwrap(),
            nanos: 70_000_000,
            time: UnixNanos(NOON - 60 * SECOND * minute - SECOND),
        }],
    };
    let deltas = (0..10).flat_map(|minute| [row(minute, 200, [8, 1]), row(minute, 503, [1, 0])]);
    let checkpoint = MetricCheckpoint {
        agent_id: "web-1".to_owned(),
        store_id: "web-1".to_owned(),
        next_receipt: 1,
        rows_stored: 0,
        rows_missed: 0,
    };
    PageWriter::append_metric_page(&store, deltas.collect(), UnixNanos(NOON), &checkpoint).unwrap();
    (dir, shared(store))
}

#[test]
fn requests_of_metrics_count_instead_of_spans_of_the_same_service_and_side() {
    let (_dir, from) = sources();
    let found = text(
        &from,
        "sum by (service, span_name, span_kind, status_code, protocol) \
         (increase(traces_spanmetrics_calls_total[5m]))",
    );
    expect![[r#"
        {protocol=http,service=cart,span_kind=SPAN_KIND_SERVER,span_name=GET /list,status_code=STATUS_CODE_UNSET} 1
        {protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_ERROR} 5
        {protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_UNSET} 45"#]].assert_eq(&found);
}

#[test]
fn buckets_of_metrics_are_spread_over_those_of_tempo() {
    let (_dir, from) = sources();
    let found = text(
        &from,
        "sum by (le) (increase(traces_spanmetrics_latency_bucket{service=\"shop\"}[5m]))",
    );
    expect![[r#"
        {le=+Inf} 50
        {le=0.002} 1.40625
        {le=0.004} 2.8125
        {le=0.008} 5.625
        {le=0.016} 11.25
        {le=0.032} 22.5
        {le=0.064} 45
        {le=0.128} 45
        {le=0.256} 45
        {le=0.512} 45
        {le=1.024} 45
        {le=16.384} 45
        {le=2.048} 45
        {le=4.096} 45
        {le=8.192} 45"#]]
    .assert_eq(&found);
}

#[test]
fn exemplars_name_traces_of_slow_requests_in_the_bucket_that_has_them() {
    let (_dir, from) = sources();
    let within = TimeSpan { start: NOON_MS - 120_000, end: NOON_MS };
    let expression = "histogram_quantile(0.9, sum by (le) \
                      (rate(traces_spanmetrics_latency_bucket{service=\"shop\"}[5m])))";
    let from = from.at(UnixNanos(NOON));
    let found = exemplars(expression, within, &from, &Budget::unlimited()).unwrap();
    let shown: Vec<String> = found
        .iter()
        .flat_map(|series| {
            let labels = super::shown(&series.labels);
            series
                .exemplars
                .iter()
                .map(move |one| format!("{labels} {} {}", one.trace_id, one.seconds))
        })
        .collect();
    expect![[r#"
        {__name__=traces_spanmetrics_latency_bucket,le=0.128,protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_ERROR} 00000000000000000000000000000003 0.07
        {__name__=traces_spanmetrics_latency_bucket,le=0.128,protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_ERROR} 00000000000000000000000000000002 0.07
        {__name__=traces_spanmetrics_latency_bucket,le=0.128,protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_ERROR} 00000000000000000000000000000001 0.07
        {__name__=traces_spanmetrics_latency_bucket,le=0.128,protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_UNSET} 00000000000000000000000000000003 0.07
        {__name__=traces_spanmetrics_latency_bucket,le=0.128,protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_UNSET} 00000000000000000000000000000002 0.07
        {__name__=traces_spanmetrics_latency_bucket,le=0.128,protocol=http,service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /pay,status_code=STATUS_CODE_UNSET} 00000000000000000000000000000001 0.07"#]].assert_eq(&shown.join("\n"));
}
