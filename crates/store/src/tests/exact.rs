//! Lists are exact: whatever the order of commits, seals and restarts, they say what a look at every span
//! would say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coral_trace::{Collector, Span, TimeRange, TraceId};
use proptest::prelude::*;

use super::{NOON, by_sdk, config, failed, of_service, span, store, with_attributes};
use crate::{Order, Store, TraceQuery, TraceSummary};

/// One span of few possible ones, so that traces meet in many places.
fn any_span() -> impl Strategy<Value = Span> {
    (1..7_u128, 0..9_u64, 0..40_u64, 0..30_u64, 0..3_usize, any::<[bool; 3]>()).prop_map(
        |(trace, id, at, ms, service, [fails, sdk, attribute])| {
            let parent = (id > 2).then_some(1);
            // A span's fields follow from its identity: a repeated span is the same span.
            let mut made = span(trace, 1 + id, parent, at, ms);
            if fails {
                made = failed(made);
            }
            made = of_service(made, ["shop", "cards", "mail"][service]);
            if sdk {
                made = by_sdk(made);
            }
            if attribute {
                made = with_attributes(made, vec![("http.route", "/pay"), ("user.tier", "gold")]);
            }
            made
        },
    )
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Export(Vec<Span>),
    /// As far as a seal has come while commits go on, or after it failed.
    HalfSeal,
    Seal,
    Reopen,
}

pub(super) fn steps(span: impl Strategy<Value = Span>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(span, 1..6).prop_map(Step::Export),
        2 => Just(Step::HalfSeal),
        2 => Just(Step::Seal),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..16)
}

fn any_query() -> impl Strategy<Value = TraceQuery> {
    let service = prop::sample::select(vec!["shop", "cards", "mail", "nobody"]);
    (
        prop::option::of((0..50_u64, 0..50_u64)),
        prop::collection::vec(service, 0..3),
        prop::option::of(prop::sample::select(vec![Collector::Ebpf, Collector::Sdk])),
        prop::option::of(0..60_000_i64),
        prop::option::of(any::<bool>()),
        prop::option::of(1..9_u64),
        prop::sample::select(vec![
            None,
            Some(("http.route", "/pay")),
            Some(("user.tier", "gold")),
            Some(("user.tier", "tin")),
        ]),
        any::<bool>(),
        1..5_u32,
    )
        .prop_map(
            |(range, services, collector, min, failed, name, attribute, slowest, limit)| {
                let at = |ms: u64| NOON.later(Duration::from_millis(ms));
                TraceQuery {
                    started: range.map_or(TimeRange::ALL, |(a, b)| TimeRange {
                        start: at(a.min(b)),
                        end: at(a.max(b)),
                    }),
                    services: services.into_iter().map(str::to_owned).collect(),
                    collector,
                    min_duration_us: min,
                    failed,
                    name: name.map(|id| format!("GET /{id}")),
                    attributes: attribute
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value.to_owned()))
                        .collect(),
                    order: if slowest { Order::Slowest } else { Order::Newest },
                    limit,
                }
            },
        )
}

/// What a look at every span says.
fn expected(spans: &[Span], query: &TraceQuery) -> Vec<TraceSummary> {
    let mut traces: BTreeMap<TraceId, Vec<&Span>> = BTreeMap::new();
    let counts = |span: &&Span| query.collector.is_none_or(|c| c == span.origin.collector);
    for span in spans.iter().filter(counts) {
        traces.entry(span.trace_id).or_default().push(span);
    }
    let fits_alone = |span: &&&Span| {
        let service = span.origin.service_name();
        (query.services.is_empty() || query.services.iter().any(|wanted| wanted == service))
            && query.name.as_ref().is_none_or(|name| *name == span.name)
            && query
                .attributes
                .iter()
                .all(|(key, value)| span.attributes.text(key) == Some(value.as_str()))
    };
    let mut found: Vec<TraceSummary> = traces
        .into_iter()
        .filter(|(_, spans)| spans.iter().filter(fits_alone).count() > 0)
        .map(|(trace, spans)| summary(trace, &spans))
        .filter(|trace| {
            query.started.contains(trace.start)
                && query.min_duration_us.is_none_or(|min| trace.duration_us >= min)
                && query.failed.is_none_or(|failed| (trace.errors > 0) == failed)
        })
        .collect();
    found.sort_by_key(|trace| {
        let duration = if query.order == Order::Slowest { trace.duration_us } else { 0 };
        (std::cmp::Reverse((duration, trace.start)), trace.trace_id)
    });
    found.truncate(query.limit as usize);
    found
}

fn summary(trace_id: TraceId, spans: &[&Span]) -> TraceSummary {
    let earliest = |spans: &mut dyn Iterator<Item = &&Span>| {
        spans.min_by_key(|span| (span.start, span.span_id)).map(|span| (*span).clone())
    };
    let root = earliest(&mut spans.iter().filter(|span| span.parent_span_id.is_none()));
    let named = root.clone().or_else(|| earliest(&mut spans.iter())).unwrap();
    let start = spans.iter().map(|span| span.start).min().unwrap();
    let end = spans.iter().map(|span| span.end).max().unwrap();
    let services: BTreeSet<&str> = spans.iter().map(|span| span.origin.service_name()).collect();
    TraceSummary {
        trace_id,
        start,
        duration_us: end.as_micros() - start.as_micros(),
        spans: spans.len() as u64,
        errors: spans.iter().filter(|span| span.is_error()).count() as u64,
        services: services.into_iter().map(str::to_owned).collect(),
        root_service: root.map(|root| root.origin.service_name().to_owned()),
        root_name: named.name.clone(),
        status_code: named.response_status(),
    }
}

fn check(store: &Store, spans: &[Span], queries: &[TraceQuery]) -> Result<(), TestCaseError> {
    for query in queries {
        prop_assert_eq!(store.search(query).unwrap(), expected(spans, query), "{:?}", query);
    }
    for trace in spans.iter().map(|span| span.trace_id) {
        let here = spans.iter().filter(|span| span.trace_id == trace).count() as u64;
        prop_assert_eq!(store.trace(trace, None, 100).unwrap().span_count, here);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_list_is_what_a_look_at_every_span_would_be(
        steps in steps(any_span()),
        queries in prop::collection::vec(any_query(), 1..12),
    ) {
        let (dir, mut store) = store();
        let mut spans: Vec<Span> = Vec::new();
        for step in steps {
            match step {
                Step::Export(export) => {
                    store.append(std::slice::from_ref(&export), NOON).unwrap();
                    for span in export {
                        let known = |other: &Span| {
                            (other.trace_id, other.span_id) == (span.trace_id, span.span_id)
                        };
                        if !spans.iter().any(known) {
                            spans.push(span);
                        }
                    }
                    check(&store, &spans, &queries)?;
                }
                Step::HalfSeal => {
                    if store.0.spans.live.read().sealing.is_empty() {
                        store.0.spans.begin_sealing().unwrap();
                    }
                    check(&store, &spans, &queries)?;
                }
                Step::Seal => {
                    store.seal().unwrap();
                    check(&store, &spans, &queries)?;
                }
                Step::Reopen => {
                    drop(store);
                    store = Store::open(config(&dir)).unwrap();
                }
            }
        }
        check(&store, &spans, &queries)?;
    }
}

#[test]
fn one_of_many_services_that_share_a_bit_is_told_apart() {
    let (_dir, store) = store();
    // 300 names on 64 bits: every bit is shared, and the best by duration are of the wrong service.
    let many = (1..=300_u64)
        .map(|id| of_service(span(id.into(), id, None, id, 1_000 - id), &format!("service-{id}")));
    store.append(&[many.collect()], NOON).unwrap();
    store.seal().unwrap();
    for id in [1, 150, 300] {
        let query = TraceQuery {
            services: vec![format!("service-{id}")],
            order: Order::Slowest,
            ..TraceQuery::newest(1)
        };
        let found = store.search(&query).unwrap();
        assert_eq!(found.iter().map(|trace| trace.trace_id.as_u128()).collect::<Vec<_>>(), [id]);
    }
}
