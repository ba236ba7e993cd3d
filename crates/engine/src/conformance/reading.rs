//! Reads by id, and lists: services, operations, spans that ended in a range.

use std::collections::BTreeSet;
use std::time::Duration;

use coral_trace::{Collector, SpanKind, StatusCode, TimeRange, TraceIdPrefix};

use super::spans::{origin, span};
use super::{NOON, Subject, append};
use crate::{Budget, Columns, Engine, Operation, StoredSpan, TraceReader};

/// A trace is found by its id wherever its spans are stored. A limit cuts the list of its spans,
/// and does not change its numbers.
pub fn a_trace_is_whole_wherever_its_spans_are<S: Subject>() {
    let mut subject = S::new();
    let both = vec![span(1, 1, None, 0, 100), span(9, 9, None, 0, 1)];
    append(subject.engine(), both).expect("a page is stored");
    subject.seal();
    let mut late = span(1, 2, Some(1), 5, 10);
    late.status.code = StatusCode::Error;
    append(subject.engine(), vec![late]).expect("a page is stored");
    for _ in 0..2 {
        let read = |trace, limit| {
            let id = span(trace, 1, None, 0, 1).trace_id;
            let budget = Budget::unlimited();
            let found = subject.engine().trace(id, None, Columns::ALL, limit, &budget);
            let found = found.expect("it is read");
            let ids: Vec<u64> = found.spans.iter().map(|s| s.span.span_id.as_u64()).collect();
            (ids, found.span_count, found.error_count)
        };
        assert_eq!(read(1, 100), (vec![1, 2], 2, 1));
        assert_eq!(read(1, 1), (vec![1], 2, 1));
        assert_eq!(read(7, 10), (vec![], 0, 0), "a trace that is not stored is not an error");
        subject.restart();
    }
}

/// A span is found by its ids wherever it is stored, and no span of another trace or with another
/// id is.
pub fn a_span_is_found_by_its_ids<S: Subject>() {
    let mut subject = S::new();
    let both = vec![span(1, 1, None, 0, 100), span(1, 2, Some(1), 5, 10), span(9, 3, None, 0, 1)];
    append(subject.engine(), both).expect("a page is stored");
    subject.seal();
    append(subject.engine(), vec![span(1, 4, Some(1), 7, 1)]).expect("a page is stored");
    for _ in 0..2 {
        for (trace, id, is_stored) in
            [(1, 1, true), (1, 2, true), (1, 4, true), (9, 3, true), (1, 3, false), (7, 1, false)]
        {
            let wanted = span(trace, id, None, 0, 1);
            let budget = Budget::unlimited();
            let (trace, id) = (wanted.trace_id, wanted.span_id);
            let found = subject.engine().span(trace, id, Columns::ALL, &budget);
            let found = found.expect("it is read");
            let ids = found.map(|found| (found.span.trace_id, found.span.span_id));
            assert_eq!(ids, is_stored.then_some((trace, id)));
        }
        subject.restart();
    }
}

/// A prefix finds every trace whose id begins with it, in the order of ids.
pub fn a_prefix_finds_every_trace_that_begins_with_it<S: Subject>() {
    let subject = S::new();
    let traces = [0x4bf9 << 112, (0x4bf9 << 112) + 1, 0x5bf9 << 112];
    append(subject.engine(), traces.iter().map(|id| span(*id, 1, None, 0, 1)).collect())
        .expect("a page is stored");
    for _ in 0..2 {
        let find = |prefix: &str, limit| {
            let prefix: TraceIdPrefix = prefix.parse().expect("it is a prefix");
            let found = subject
                .engine()
                .traces_with_prefix(prefix, limit, &Budget::unlimited())
                .expect("it is read");
            found.iter().map(|id| id.as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(find("4bf9", 10), traces[..2]);
        assert_eq!(find("4bf9", 1), traces[..1]);
        assert_eq!(find("6", 10), [0; 0]);
        subject.seal();
    }
}

/// Each service is listed once, and each operation of a service is listed once, sorted by name.
pub fn services_and_operations_are_listed_once_each<S: Subject>() {
    let subject = S::new();
    let spans = (1..=40).map(|id| {
        let mut made = span(id.into(), id, None, id, 1);
        made.name = format!("op {}", id % 3);
        made.kind = if id % 2 == 0 { SpanKind::Client } else { SpanKind::Server };
        made.origin = origin(if id % 4 == 0 { "cards" } else { "shop" }, Collector::Ebpf);
        made
    });
    append(subject.engine(), spans.collect()).expect("a page is stored");
    for _ in 0..2 {
        let engine = subject.engine();
        let services = engine.services(TimeRange::ALL, &Budget::unlimited());
        let services = services.expect("they are read");
        assert_eq!(services.iter().collect::<Vec<_>>(), ["cards", "shop"]);
        assert_eq!(operations(engine, "nobody"), []);
        let of = |kind| (0..3).map(move |id| (format!("op {id}"), kind));
        assert_eq!(operations(engine, "cards"), of(SpanKind::Client).collect::<Vec<_>>());
        let both = of(SpanKind::Server).zip(of(SpanKind::Client));
        let both: Vec<_> = both.flat_map(|(server, client)| [server, client]).collect();
        assert_eq!(operations(engine, "shop"), both);
        subject.seal();
    }
}

fn operations(engine: &impl Engine, service: &str) -> Vec<(String, SpanKind)> {
    let found = engine.operations(service, TimeRange::ALL, &Budget::unlimited());
    let pair = |Operation { name, kind }| (name, kind);
    found.expect("they are read").into_iter().map(pair).collect()
}

/// The spans of a service that ended in a range are visited once each, with their attributes.
pub fn spans_that_ended_in_a_range_are_shown_once_each<S: Subject>() {
    let subject = S::new();
    assert_eq!(
        subject.engine().oldest_start(Collector::Ebpf, &Budget::unlimited()).expect("it is read"),
        None
    );
    for id in 1..=30 {
        let mut made = span(id.into(), id, None, id, 5);
        made.attributes = [("user.tier", "gold")].into_iter().collect();
        let collector = if id % 2 == 0 { Collector::Sdk } else { Collector::Ebpf };
        made.origin = origin(if id % 3 == 0 { "cards" } else { "shop" }, collector);
        append(subject.engine(), vec![made]).expect("a page is stored");
        if id == 15 {
            subject.seal();
        }
    }
    let at = |ms| NOON.later(Duration::from_millis(ms));
    let ended = TimeRange { start: NOON, end: at(25) };
    let cards = BTreeSet::from(["cards".to_owned()]);
    let mut ids = Vec::new();
    for kinds in [&[SpanKind::Consumer][..], &[SpanKind::Client, SpanKind::Producer]] {
        let unlimited = Budget::unlimited();
        let none = &mut |stored: &StoredSpan| panic!("{:?} is not wanted", stored.span.kind);
        let ebpf = Collector::Ebpf;
        let shown = subject.engine().spans_ended(&cards, ebpf, kinds, ended, &unlimited, none);
        shown.expect("they are read");
    }
    let shown = subject.engine().spans_ended(
        &cards,
        Collector::Ebpf,
        &[SpanKind::Consumer, SpanKind::Server],
        ended,
        &Budget::unlimited(),
        &mut |StoredSpan { span, agent_id, .. }| {
            assert_eq!(&**agent_id, "agent");
            assert_eq!(span.attributes.text("user.tier"), Some("gold"));
            ids.push(span.span_id.as_u64());
        },
    );
    shown.expect("they are read");
    ids.sort_unstable();
    assert_eq!(ids, [3, 9, 15], "21 ended at 26 ms");
    for (services, count) in [(&["cards", "shop", "other"][..], 10), (&["shop"], 7), (&[], 0)] {
        let services = services.iter().map(|name| (*name).to_owned()).collect();
        let mut shown = 0;
        let read = subject.engine().spans_ended(
            &services,
            Collector::Ebpf,
            &[],
            ended,
            &Budget::unlimited(),
            &mut |_| shown += 1,
        );
        read.expect("they are read");
        assert_eq!(shown, count, "{services:?}");
    }
    let oldest = |collector| {
        subject.engine().oldest_start(collector, &Budget::unlimited()).expect("it is read")
    };
    assert_eq!(oldest(Collector::Ebpf), Some(at(1)));
    assert_eq!(oldest(Collector::Sdk), Some(at(2)));
}
