//! Questions about the spans of two services.

use std::sync::Arc;
use std::time::Duration;

use coral_engine::Budget;
use coral_trace::{
    Attributes, Origin, Resource, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos,
};
use coral_traceql::Static;

use super::{SECOND, found, metrics};
use crate::tests::shop::{NOON, sources};
use crate::traceql::{SearchQuestion, TagValuesQuestion};

/// Spans of two services: `shop` calls `cards`, which fails once.
fn shop() -> Vec<Span> {
    let base = |trace: u128, id: u64, parent: Option<u64>, service: &str, at: u64, ms: u64| Span {
        trace_id: TraceId::try_from(trace).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: parent.map(|id| SpanId::try_from(id).unwrap()),
        trace_state: String::new(),
        flags: 0,
        name: format!("/{service}"),
        kind: SpanKind::Server,
        start: UnixNanos(NOON + at * SECOND),
        end: UnixNanos(NOON + at * SECOND + ms * 1_000_000),
        attributes: Attributes::from_iter([("tier", "gold")]),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: Arc::new(Origin {
            resource: Resource {
                attributes: Attributes::from_iter([("service.name", service)]),
                ..Resource::default()
            },
            ..Origin::default()
        }),
    };
    let mut failed = base(2, 2, Some(1), "cards", 4, 200);
    failed.status.code = StatusCode::Error;
    vec![
        base(1, 1, None, "shop", 1, 100),
        base(1, 2, Some(1), "cards", 1, 50),
        base(2, 1, None, "shop", 4, 400),
        failed,
    ]
}

#[test]
fn a_search_by_column_evaluates_each_trace_once_and_stays_in_its_range() {
    let (_dir, sources) = sources(shop());
    let sources = sources.at(UnixNanos(NOON + 3_600 * SECOND));
    let ask = |since, until, newest| {
        let q = "{ resource.service.name = \"shop\" } > { status = unset }".to_owned();
        let at = |seconds: Option<u64>| seconds.map(|seconds| UnixNanos(NOON + seconds * SECOND));
        let (since, until) = (at(since), at(until));
        let question = SearchQuestion { q, since, until, limit: 10, spans_per_set: 3 };
        let answer = question.answer_after(newest, &sources, &Budget::unlimited()).unwrap();
        let ids: Vec<u128> = answer.traces.iter().map(|trace| trace.trace_id.as_u128()).collect();
        (ids, answer.inspected_traces)
    };
    for newest in [0, 1, 2, 100] {
        assert_eq!(ask(None, None, newest), (vec![1], 2), "{newest}");
        assert_eq!(ask(Some(2), None, newest), (vec![], 1), "{newest}");
        assert_eq!(ask(Some(1), Some(4), newest), (vec![1], 1), "{newest}");
        assert_eq!(ask(Some(5), None, newest), (vec![], 0), "{newest}");
    }
}

#[test]
fn a_found_trace_has_its_root_its_sets_and_its_services() {
    let (_dir, sources) = sources(shop());
    let q = "{ resource.service.name = \"shop\" } >> { status = error } | select(.tier, kind)";
    let answer = found(&sources, q).unwrap();
    let [trace] = &answer.traces[..] else { panic!("{answer:?}") };
    assert_eq!(trace.trace_id, TraceId::try_from(2).unwrap());
    assert_eq!((trace.root_service.as_deref(), trace.root_name.as_str()), (Some("shop"), "/shop"));
    assert_eq!((trace.start.0, trace.duration), (NOON + 4 * SECOND, Duration::from_millis(400)));
    assert_eq!(trace.service_stats["cards"].errors, 1);
    let [set] = &trace.span_sets[..] else { panic!("{trace:?}") };
    assert_eq!((set.matched, set.spans.len()), (1, 1));
    let shown: Vec<&str> = set.spans[0].attributes.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(shown, ["service.name", "status", "tier", "kind"]);
}

#[test]
fn functions_of_metrics_have_the_numbers_of_their_spans() {
    let (_dir, sources) = sources(shop());
    let series = |q: &str| -> Vec<(String, Vec<f64>)> {
        let answer = metrics(&sources, q, NOON, NOON + 6 * SECOND);
        let values = |series: &crate::traceql::Series| {
            series.samples.iter().map(|sample| sample.value).collect()
        };
        answer.series.iter().map(|series| (series.prom_labels(), values(series))).collect()
    };
    let one = |labels: &str, values: &[f64]| vec![(labels.to_owned(), values.to_vec())];
    assert_eq!(series("{} | rate()"), one("{__name__=\"rate\"}", &[2.0 / 3.0, 2.0 / 3.0]));
    assert_eq!(
        series("{ status = error } | count_over_time() by (resource.service.name)"),
        one("{\"resource.service.name\"=\"cards\"}", &[0.0, 1.0])
    );
    assert_eq!(
        series("{} | max_over_time(duration)"),
        one("{__name__=\"max_over_time\"}", &[0.1, 0.4])
    );
    assert_eq!(
        series("{} | min_over_time(duration)"),
        one("{__name__=\"min_over_time\"}", &[0.05, 0.2])
    );
    let average = series("{} | avg_over_time(duration)");
    assert!((average[0].1[0] - 0.075).abs() < 1e-12, "{average:?}");
    let names: Vec<String> =
        series("{} | quantile_over_time(duration, .5, 1)").into_iter().map(|one| one.0).collect();
    assert_eq!(names, ["{p=\"0.5\"}", "{p=\"1.0\"}"]);
    assert_eq!(series("{} | histogram_over_time(duration)").len(), 4);
    let share = series("({ status = error } | rate()) / ({} | rate())");
    assert_eq!(share, one("{__name__=\"(rate / rate)\"}", &[0.0, 0.5]));
}

#[test]
fn values_of_a_tag_are_those_of_the_spans_that_meet_the_query() {
    let (_dir, sources) = sources(shop());
    let values = |tag: &str, q: Option<&str>| -> Vec<String> {
        let (since, until) = (UnixNanos(NOON), UnixNanos(NOON + 60 * SECOND));
        let question = TagValuesQuestion {
            tag: tag.to_owned(),
            q: q.map(str::to_owned),
            since,
            until,
            limit: 10,
        };
        let found = question.answer(&sources.at(until), &Budget::unlimited()).unwrap();
        found.iter().map(Static::text).collect()
    };
    assert_eq!(values("resource.service.name", None), ["cards", "shop"]);
    assert_eq!(values("name", Some("{ status = error && .tier = }")), ["/cards"]);
    assert_eq!(values("status", None), ["unset", "error"]);
}

#[test]
fn a_mistake_in_a_query_is_named_with_its_place() {
    let (_dir, sources) = sources(shop());
    let error = found(&sources, "{ .a = }").unwrap_err().to_string();
    assert_eq!(error, "q: parse error at line 1, col 8: syntax error: unexpected }");
    assert!(found(&sources, "{} | rate()").is_err());
    assert_eq!(found(&sources, "").unwrap().traces.len(), 2);
}
