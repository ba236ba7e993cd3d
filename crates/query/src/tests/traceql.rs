//! Questions in TraceQL have the answers that testing every span gives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coral_engine::Budget;
use coral_trace::{
    Attributes, Collector, Event, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, UnixNanos, Value,
};
use coral_traceql::{Root, Spans, Static, evaluate, parse};
use proptest::prelude::*;

use coral_store::{Store, StoreConfig};
use tempfile::TempDir;

use super::shop::{NOON, shared, sources};
use crate::SharedSources;
use crate::traceql::{
    MetricsAnswer, MetricsQuestion, SearchAnswer, SearchQuestion, TagValuesQuestion,
};

const SECOND: u64 = 1_000_000_000;

/// A span with few possible values. The start is in milliseconds after noon.
fn any_span() -> impl Strategy<Value = Span> {
    let ids = (1..6_u128, 1..8_u64, prop::option::weighted(0.8, 1..8_u64));
    let times = (0..20_000_u64, prop_oneof![Just(0), 1..4_000_000_000_u64]);
    let kinds = (0..6_i32, 0..3_i32, 0..3_usize, any::<bool>(), any::<bool>());
    (ids, times, kinds, attributes(), attributes()).prop_map(
        |((trace, id, parent), (at, nanos), (kind, status, service, sdk, event), own, resource)| {
            let start = UnixNanos(NOON + at * 1_000_000);
            let services = ["shop", "cards", ""];
            let mut attributes: Attributes =
                [("service.name", services[service])].into_iter().collect();
            attributes.0.extend(resource.0);
            let collector = if sdk { Collector::Sdk } else { Collector::Ebpf };
            let scope = Scope {
                name: if sdk { "lib".to_owned() } else { String::new() },
                ..Scope::default()
            };
            let resource = Resource { attributes, ..Resource::default() };
            let time = UnixNanos(start.0 + 1_000);
            let told = Event {
                time,
                name: "retry".to_owned(),
                attributes: own.clone(),
                ..Event::default()
            };
            Span {
                trace_id: TraceId::try_from(trace).unwrap(),
                span_id: SpanId::try_from(id).unwrap(),
                parent_span_id: parent.map(|id| SpanId::try_from(id).unwrap()),
                trace_state: String::new(),
                flags: 0,
                name: ["GET /a", "GET /b", "in queue"][id as usize % 3].to_owned(),
                kind: SpanKind::from(kind),
                start,
                end: UnixNanos(start.0 + nanos),
                attributes: own,
                dropped_attributes: 0,
                events: if event { vec![told.clone(), told] } else { Vec::new() },
                dropped_events: 0,
                links: Vec::new(),
                dropped_links: 0,
                status: Status {
                    code: StatusCode::from(status),
                    message: ["", "no"][id as usize % 2].to_owned(),
                },
                origin: Arc::new(Origin { resource, scope, collector }),
            }
        },
    )
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let value = prop_oneof![
        prop::sample::select(vec!["GET", "x", "200"]).prop_map(Value::from),
        prop::sample::select(vec![5_i64, 200]).prop_map(Value::from),
        Just(Value::from(2.5)),
        any::<bool>().prop_map(Value::from),
        Just(Value::Array(vec![Value::from("x"), Value::from("GET")])),
        Just(Value::Array(vec![Value::from("x"), Value::Int(5)])),
        Just(Value::Map(Attributes::default())),
    ];
    let key = prop::sample::select(vec![
        "a",
        "http.method",
        "http.request.method",
        "http.status_code",
        "server.port",
    ]);
    prop::collection::vec((key, value), 0..3).prop_map(Attributes::from_iter)
}

fn any_spans() -> impl Strategy<Value = Vec<Span>> {
    prop::collection::vec(any_span(), 0..25).prop_map(|mut spans| {
        spans.sort_by_key(|span| (span.trace_id, span.span_id));
        spans.dedup_by_key(|span| (span.trace_id, span.span_id));
        spans
    })
}

/// A condition on one span.
fn condition() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec![
        ".a",
        "span.a",
        "resource.a",
        "event.a",
        ".http.method",
        "span.http.request.method",
        ".http.status_code",
        "span.server.port",
        ".service.name",
        "resource.service.name",
        "instrumentation.a",
    ]);
    let value = prop::sample::select(vec![
        "\"GET\"",
        "\"x\"",
        "5",
        "200",
        "2.5",
        "true",
        "\"shop\"",
        "\"unknown_service\"",
        "\"200\"",
        "3s",
    ]);
    let op = prop::sample::select(vec!["=", "=", "!=", "<", ">=", ">"]);
    let own = prop::sample::select(vec![
        "status = error",
        "status != ok",
        "kind = server",
        "kind != internal",
        "kind = unspecified",
        "name = \"GET /a\"",
        "name =~ \"GET.*\"",
        "name !~ \"GET\"",
        "duration > 1s",
        "duration < 500ms",
        "duration = 0s",
        "statusMessage = \"no\"",
        "statusMessage != \"no\"",
        "statusMessage = \"\"",
        "traceDuration > 5s",
        "rootName = \"GET /b\"",
        "rootServiceName = \"shop\"",
        "rootServiceName != \"shop\"",
        "span:childCount > 1",
        "nestedSetParent < 0",
        "nestedSetLeft > 2",
        "span:id = \"0000000000000002\"",
        "span:parentID = \"\"",
        "trace:id = \"3\"",
        "trace:id != \"3\"",
        "event:name = \"retry\"",
        "event:name != \"retry\"",
        "event:timeSinceStart > 0s",
        "instrumentation:name = \"lib\"",
        ".a =~ \"G.T|x\"",
        ".a !~ \"x\"",
        ".a != nil",
        ".a = nil",
        "resource.a = nil",
        ".a",
        "1 < .a",
        ".a + 1 > 6",
        "true",
        "false",
        "\"x\" = .a",
        "cidr(.a, \"10.0.0.0/8\")",
        "!(.a = 5)",
    ]);
    let one = prop_oneof![
        3 => (field, op, value).prop_map(|(field, op, value)| format!("{field} {op} {value}")),
        2 => own.prop_map(str::to_owned),
    ];
    one.prop_recursive(2, 6, 3, |inner| {
        let pair = (inner.clone(), prop::sample::select(vec!["&&", "||"]), inner.clone());
        prop_oneof![
            pair.prop_map(|(left, op, right)| format!("({left}) {op} ({right})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

fn search() -> impl Strategy<Value = String> {
    let filter = condition().prop_map(|condition| format!("{{ {condition} }}")).boxed();
    let op = prop::sample::select(vec![
        "&&", "||", ">", "<", ">>", "<<", "~", "!>", "!<", "!>>", "!<<", "!~", "&>", "&<", "&>>",
        "&<<", "&~",
    ]);
    let pair = (filter.clone(), op, filter.clone())
        .prop_map(|(left, op, right)| format!("({left} {op} {right})"));
    let spanset = prop_oneof![2 => filter.clone(), 2 => pair].boxed();
    let step = prop_oneof![
        spanset.clone(),
        prop::sample::select(vec![
            "count() > 1",
            "avg(duration) > 1s",
            "max(.a) > 5",
            "min(duration) < 1s",
            "sum(.a) != 5",
            "by(resource.service.name)",
            "by(name) | count() > 1",
            "coalesce()",
            "select(.a, kind)",
        ])
        .prop_map(str::to_owned),
    ];
    (spanset, prop::collection::vec(step, 0..3)).prop_map(|(first, steps)| {
        std::iter::once(first).chain(steps).collect::<Vec<_>>().join(" | ")
    })
}

/// A store with `spans`, of which the first half is sealed.
fn half_sealed(spans: &[Span]) -> (TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
    let store = Store::open(config).unwrap();
    // Traces lie on both sides.
    let (even, odd): (Vec<Span>, Vec<Span>) =
        spans.iter().cloned().partition(|span| span.span_id.as_u64() % 2 == 0);
    store.append(&[even], UnixNanos(NOON)).unwrap();
    store.seal().unwrap();
    store.append(&[odd], UnixNanos(NOON)).unwrap();
    (dir, shared(store))
}

fn by_trace(spans: &[Span]) -> BTreeMap<TraceId, Vec<&Span>> {
    let mut traces: BTreeMap<TraceId, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace_id).or_default().push(span);
    }
    traces
}

fn found(sources: &SharedSources, q: &str) -> Result<SearchAnswer, crate::QueryError> {
    let q = q.to_owned();
    let question = SearchQuestion { q, since: None, until: None, limit: 100, spans_per_set: 0 };
    question.answer(&sources.at(UnixNanos(NOON + 3_600 * SECOND)), &Budget::unlimited())
}

/// The answer for which columns are read after `newest` spans were evaluated.
fn found_by_column(
    sources: &SharedSources,
    q: &str,
    newest: u64,
) -> Result<SearchAnswer, crate::QueryError> {
    let q = q.to_owned();
    let question = SearchQuestion { q, since: None, until: None, limit: 100, spans_per_set: 0 };
    let sources = sources.at(UnixNanos(NOON + 3_600 * SECOND));
    question.answer_after(newest, &sources, &Budget::unlimited())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_search_finds_the_span_sets_that_testing_every_span_finds(
        spans in any_spans(),
        queries in prop::collection::vec(search(), 8..16),
    ) {
        let traces = by_trace(&spans);
        let (_dir, sources) = half_sealed(&spans);
        for q in queries {
            let Ok(query) = parse(&q) else { continue };
            let Root::Search(pipeline) = &query.root else { continue };
            let mut expected = BTreeMap::new();
            let mut is_error = false;
            for (id, spans) in &traces {
                let trace = Spans::new(spans.iter().copied());
                match evaluate(pipeline, &trace) {
                    Ok(groups) if !groups.is_empty() => {
                        let ids = groups.into_iter().map(|group| {
                            let ids = group.spans.iter().map(|at| trace.span(*at).span_id);
                            (ids.collect::<Vec<_>>(), group.attributes)
                        });
                        expected.insert(*id, ids.collect::<Vec<_>>());
                    }
                    Ok(_) => {}
                    Err(_) => is_error = true,
                }
            }
            let answer = match found(&sources, &q) {
                Ok(answer) => answer,
                Err(error) => {
                    prop_assert!(is_error, "{}: {}", q, error);
                    continue;
                }
            };
            if !is_error {
                for newest in [0, 5] {
                    let by_column = found_by_column(&sources, &q, newest).unwrap();
                    prop_assert_eq!(&by_column.traces, &answer.traces, "{}", q);
                }
            }
            let told = answer.traces.into_iter().map(|trace| {
                let sets = trace.span_sets.into_iter().map(|set| {
                    assert_eq!(set.matched as usize, set.spans.len());
                    let ids = set.spans.into_iter().map(|span| span.span_id);
                    (ids.collect::<Vec<_>>(), set.attributes)
                });
                (trace.trace_id, sets.collect::<Vec<_>>())
            });
            prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), expected, "{}", q);
        }
    }

    #[test]
    fn metrics_count_the_spans_that_testing_every_span_finds(
        spans in any_spans(),
        filters in prop::collection::vec(prop_oneof![condition(), Just("true".to_owned())], 4..8),
        by in prop::sample::select(vec![
            "", "resource.service.name", "name", "kind", "status", ".a", "span.http.method",
            "span.http.status_code", "resource.a", "span.server.port", "statusMessage",
        ]),
        since in 0..10_u64,
    ) {
        let traces = by_trace(&spans);
        let (_dir, sources) = half_sealed(&spans);
        for filter in filters {
            let search = format!("{{ {filter} }}");
            let grouped = if by.is_empty() { String::new() } else { format!(" by ({by})") };
            let q = format!("{search} | count_over_time(){grouped}");
            let Ok(query) = parse(&search) else { continue };
            let Root::Search(pipeline) = &query.root else { continue };
            let (since, until) = (NOON + since * SECOND, NOON + 15 * SECOND);
            let mut expected: BTreeMap<(String, i64), f64> = BTreeMap::new();
            for spans in traces.values() {
                let trace = Spans::new(spans.iter().copied());
                for at in evaluate(pipeline, &trace).unwrap().into_iter().flat_map(|group| group.spans) {
                    let start = trace.span(at).start.0;
                    if (since..until).contains(&start) {
                        use coral_traceql::Trace as _;
                        let value = match by {
                            "" => Static::String("count_over_time".to_owned()),
                            by => trace.value(at, &coral_traceql::parse_attribute(by).unwrap()),
                        };
                        let step = start - start % (3 * SECOND);
                        let key = (format!("{value:?}"), (step / 1_000_000) as i64);
                        *expected.entry(key).or_default() += 1.0;
                    }
                }
            }
            let told = metrics(&sources, &q, since, until).series.into_iter().flat_map(|series| {
                let value = format!("{:?}", series.labels[0].1);
                let samples = series.samples.into_iter().filter(|sample| sample.value != 0.0);
                samples.map(move |sample| ((value.clone(), sample.timestamp_ms), sample.value))
            });
            prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), expected, "{}", q);
        }
    }
}

fn metrics(sources: &SharedSources, q: &str, since: u64, until: u64) -> MetricsAnswer {
    let (since, until, step) = (UnixNanos(since), UnixNanos(until), Duration::from_secs(3));
    let question = MetricsQuestion { q: q.to_owned(), since, until, step, exemplars: 0 };
    let answer = question.range(&sources.at(UnixNanos(until.0)), &Budget::unlimited());
    answer.unwrap_or_else(|error| panic!("{q}: {error}"))
}

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
