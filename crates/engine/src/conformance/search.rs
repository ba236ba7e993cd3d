//! Searches are exact: the result of an engine equals the result of testing every span.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use coral_trace::{Collector, Span, TimeRange, TraceId, UnixNanos, Value};
use proptest::prelude::*;

use super::spans::{KEYS, NUMBERS, SERVICES, TEXTS, any_span};
use super::{NOON, Subject, run, steps, take};
use crate::filter::{
    AttributeOwner, Comparison, EventField, Field, Literal, Pattern, SpanField, TraceField,
};
use crate::{
    Budget, CodedColumn, Columns, Engine, Filter, Grid, Histogram, Order, SpanColumn, SpanColumns,
    SpanIds, TracePosition, TraceQuery, TraceReader, TraceSummary, WantedColumns,
};

/// Whatever the order of pages, seals and restarts, a search without a filter returns what testing
/// every span returns.
pub fn a_search_without_a_filter_is_exact<S: Subject>() {
    let queries = prop::collection::vec(any_query(), 1..12);
    run(48, (steps(any_span()), queries), |(steps, queries)| {
        let (mut subject, mut stored) = (S::new(), Vec::new());
        for step in steps {
            take(&mut subject, step, &mut stored);
            check(subject.engine(), &stored, &queries)?;
        }
        Ok(())
    });
}

/// Whatever the order of pages, seals and restarts, a search with a filter returns what testing
/// every span returns. An engine MUST refuse filters that its capabilities do not cover.
pub fn a_search_finds_exactly_the_traces_that_match_its_filter<S: Subject>() {
    let filtered = (any_query(), prop_oneof![any_filter(), attribute_equality()]).prop_map(
        |(query, filter)| {
            // An engine may use indexes for a query with a filter alone. If the query has other
            // conditions on spans too, the engine evaluates the filter.
            let query = if query.limit % 2 == 0 { query } else { TraceQuery::newest(query.limit) };
            TraceQuery { filter: Some(filter), ..query }
        },
    );
    let queries = prop::collection::vec(filtered, 1..24);
    run(64, (steps(any_span()), queries), |(steps, queries)| {
        let (mut subject, mut stored) = (S::new(), Vec::new());
        for step in steps {
            take(&mut subject, step, &mut stored);
        }
        let capabilities = subject.engine().capabilities();
        let (can, cannot): (Vec<_>, Vec<_>) =
            queries.into_iter().partition(|query| capabilities.check(query).is_ok());
        for query in &cannot {
            prop_assert!(subject.engine().search(query, &Budget::unlimited()).is_err());
        }
        check(subject.engine(), &stored, &can)
    });
}

/// Whatever the order of pages, seals and restarts, a histogram counts each trace that matches once,
/// and no other trace.
pub fn a_histogram_counts_exactly_the_traces_that_match<S: Subject>() {
    let query = (any_query(), prop::option::weighted(0.3, any_filter()))
        .prop_map(|(query, filter)| TraceQuery { filter, ..query });
    let grid = (0..40_u64, 1..40_u64, 1..7_u32).prop_map(|(start, length, columns)| {
        let at = |ms: u64| NOON.later(Duration::from_millis(ms));
        let range = TimeRange { start: at(start), end: at(start + length) };
        Grid { range, columns, bounds_us: vec![0, 1_000, 10_000, 50_000] }
    });
    let asked = prop::collection::vec((query, grid), 1..12);
    run(48, (steps(any_span()), asked), |(steps, asked)| {
        let (mut subject, mut stored) = (S::new(), Vec::new());
        for step in steps {
            take(&mut subject, step, &mut stored);
        }
        for (query, grid) in &asked {
            if subject.engine().capabilities().check(query).is_err() {
                continue;
            }
            let found = subject.engine().histogram(query, grid, &Budget::unlimited());
            let mut counted = Histogram::new(grid.clone());
            let all = TraceQuery { after: None, limit: u32::MAX, ..query.clone() };
            for trace in expected(&stored, &all) {
                counted.add(trace.start, trace.duration_us, trace.errors > 0);
            }
            prop_assert_eq!(found.expect("traces are counted"), counted, "{:?}", query);
        }
        Ok(())
    });
}

/// A read returns the requested columns, and they equal what was stored.
pub fn a_read_has_the_columns_that_it_names<S: Subject>() {
    run(24, steps(any_span()), |steps| {
        let (mut subject, mut stored) = (S::new(), Vec::new());
        for step in steps {
            take(&mut subject, step, &mut stored);
        }
        for trace in stored.iter().map(|span| span.trace_id).collect::<BTreeSet<_>>() {
            for columns in [Columns::CORE, Columns::ATTRIBUTES, Columns::DETAILS, Columns::ALL] {
                let budget = Budget::unlimited();
                let found = subject.engine().trace(trace, None, columns, 100, &budget);
                let found = found.expect("the trace is read").spans;
                let mut expected: Vec<&Span> =
                    stored.iter().filter(|span| span.trace_id == trace).collect();
                expected.sort_by_key(|span| (span.start, span.span_id));
                prop_assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(expected) {
                    check_columns(&found.span, expected, columns)?;
                }
            }
        }
        Ok(())
    });
}

/// Columns have each span once, with the values of the span. An engine MAY refuse columns.
pub fn columns_have_the_values_of_every_span<S: Subject>() {
    let wanted = [
        SpanColumn::Service,
        SpanColumn::Name,
        SpanColumn::Kind,
        SpanColumn::Status,
        SpanColumn::ResourceAttribute("host.name".to_owned()),
        SpanColumn::SpanAttribute("http.route".to_owned()),
        SpanColumn::SpanAttribute("http.method".to_owned()),
        SpanColumn::SpanAttribute("server.port".to_owned()),
    ];
    let asked = (steps(any_span()), 0..=wanted.len(), 0..40_u64, 1..40_u64);
    run(48, asked, |(steps, count, from, length)| {
        let (mut subject, mut stored) = (S::new(), Vec::new());
        for step in steps {
            take(&mut subject, step, &mut stored);
        }
        let at = |ms: u64| NOON.later(Duration::from_millis(ms));
        let started = TimeRange { start: at(from), end: at(from + length) };
        let wanted = &wanted[wanted.len() - count..];
        let read = WantedColumns { columns: wanted.to_vec(), ids: count % 2 == 0 };
        let mut found = Vec::new();
        let mut visit = |spans: &SpanColumns| {
            for (row, start) in spans.starts.iter().enumerate() {
                let value = |coded: &CodedColumn| coded.values[coded.codes[row] as usize].clone();
                let values: Vec<_> = spans.columns.iter().map(value).collect();
                let ids = spans.ids.get(row);
                found.push(format!("{} {} {ids:?} {values:?}", start.0, spans.durations[row]));
            }
            ControlFlow::Continue(())
        };
        let engine = subject.engine();
        let is_read = engine.visit_columns(started, &read, &Budget::unlimited(), &mut visit);
        if !is_read.expect("columns are read") {
            prop_assert!(found.is_empty());
            return Ok(());
        }
        let inside = stored.iter().filter(|span| started.contains(span.start));
        let mut expected: Vec<String> = inside
            .map(|span| {
                let values: Vec<_> = wanted.iter().map(|one| value_of(one, span)).collect();
                let (trace, parent) = (span.trace_id, span.parent_span_id);
                let ids = read.ids.then_some(SpanIds { trace, span: span.span_id, parent });
                format!("{} {} {ids:?} {values:?}", span.start.0, span.duration().as_nanos())
            })
            .collect();
        // Spans outside of the time range may be among them.
        let is_inside = |line: &String| {
            let start = line.split(' ').next().and_then(|start| start.parse().ok());
            start.is_some_and(|start| started.contains(UnixNanos(start)))
        };
        found.retain(is_inside);
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        Ok(())
    });
}

fn value_of(column: &SpanColumn, span: &Span) -> Option<Value> {
    match column {
        SpanColumn::Service => Some(Value::from(span.origin.service_name())),
        SpanColumn::Name => Some(Value::from(span.name.as_str())),
        SpanColumn::Kind => Some(Value::Int(span.kind as i64)),
        SpanColumn::Status => Some(Value::Int(span.status.code as i64)),
        SpanColumn::SpanAttribute(key) => span.attributes.get(key).cloned(),
        SpanColumn::ResourceAttribute(key) => span.origin.resource.attributes.get(key).cloned(),
    }
}

fn check_columns(found: &Span, stored: &Span, columns: Columns) -> Result<(), TestCaseError> {
    let core = |span: &Span| {
        let times = (span.start, span.end, span.kind, span.status.code);
        let service = span.origin.service_name().to_owned();
        (span.span_id, span.parent_span_id, span.name.clone(), times, service)
    };
    prop_assert_eq!(core(found), core(stored));
    prop_assert_eq!(found.origin.collector, stored.origin.collector);
    if columns.contains(Columns::ATTRIBUTES) {
        let sorted = |span: &Span| {
            let mut pairs = span.attributes.0.clone();
            pairs.sort_by(|one, other| one.key.cmp(&other.key));
            pairs
        };
        prop_assert_eq!(sorted(found), sorted(stored));
    }
    if columns.contains(Columns::DETAILS) {
        prop_assert_eq!(&found.events, &stored.events);
        prop_assert_eq!(&found.status, &stored.status);
    }
    if columns.contains(Columns::ORIGIN) {
        prop_assert_eq!(&found.origin, &stored.origin);
    }
    Ok(())
}

fn check(
    engine: &impl Engine,
    stored: &[Span],
    queries: &[TraceQuery],
) -> Result<(), TestCaseError> {
    for query in queries {
        let found = engine.search(query, &Budget::unlimited()).expect("a search is answered");
        prop_assert_eq!(found, expected(stored, query), "{:?}", query);
    }
    Ok(())
}

fn any_query() -> impl Strategy<Value = TraceQuery> {
    let services = prop::sample::select(vec![SERVICES[0], SERVICES[1], "nobody"]);
    let attribute = prop::sample::select(vec![("http.route", "/pay"), ("user.tier", "gold")]);
    (
        prop::option::of((0..50_u64, 0..50_u64)),
        prop::collection::vec(services, 0..3),
        prop::option::of(prop::sample::select(vec![Collector::Ebpf, Collector::Sdk])),
        prop::option::of(0..60_000_i64),
        prop::option::weighted(0.2, 0..60_000_i64),
        prop::option::weighted(0.3, (0..50_u64, 0..60_000_i64, 1..9_u128)),
        prop::option::of(any::<bool>()),
        prop::option::of(1..9_u64),
        prop::option::of(attribute),
        any::<bool>(),
        1..5_u32,
    )
        .prop_map(
            |(
                range,
                services,
                collector,
                min,
                max,
                after,
                failed,
                name,
                attribute,
                slowest,
                limit,
            )| {
                let at = |ms: u64| NOON.later(Duration::from_millis(ms));
                TraceQuery {
                    started: range.map_or(TimeRange::ALL, |(a, b)| TimeRange {
                        start: at(a.min(b)),
                        end: at(a.max(b)),
                    }),
                    services: services.into_iter().map(str::to_owned).collect(),
                    collector,
                    min_duration_us: min,
                    max_duration_us: max,
                    failed,
                    name: name.map(|id| format!("GET /{id}")),
                    attributes: attribute
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value.to_owned()))
                        .collect(),
                    filter: None,
                    order: if slowest { Order::Slowest } else { Order::Newest },
                    after: after.map(|(ms, duration_us, id)| TracePosition {
                        start: at(ms),
                        duration_us,
                        trace_id: TraceId::try_from(id).expect("an id is not zero"),
                    }),
                    limit,
                }
            },
        )
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let field = prop_oneof![
        3 => (any_owner(), prop::sample::select(&KEYS[..]))
            .prop_map(|(of, key)| Field::Attribute { of, key: key.to_owned() }),
        3 => prop::sample::select(vec![
            SpanField::Name,
            SpanField::Kind,
            SpanField::Status,
            SpanField::StatusMessage,
            SpanField::Start,
            SpanField::Duration,
            SpanField::Service,
            SpanField::ResponseStatus,
        ]).prop_map(Field::Span),
        1 => prop::sample::select(vec![EventField::Name, EventField::SinceStart])
            .prop_map(Field::Event),
        2 => prop::sample::select(vec![
            TraceField::Duration,
            TraceField::RootService,
            TraceField::RootName,
            TraceField::SpanCount,
            TraceField::ErrorCount,
        ]).prop_map(Field::Trace),
    ];
    let names = ["GET /1", "GET /4", "shop", "cards", "error", "server", "retry", "declined"];
    let text = prop::sample::select([&TEXTS[..], &names].concat()).prop_map(str::to_owned);
    let number = prop::sample::select([&NUMBERS[..], &[0, 1, 1_000, 10_000_000]].concat());
    let value = prop_oneof![
        3 => text.clone().prop_map(Literal::Text),
        2 => text.prop_map(Literal::Untyped),
        3 => number.prop_map(Literal::Int),
        1 => Just(Literal::Float(200.0)),
        1 => Just(Literal::Number(200.0)),
        1 => any::<bool>().prop_map(Literal::Bool),
    ];
    let op = prop_oneof![
        4 => Just(Comparison::Equal),
        1 => Just(Comparison::NotEqual),
        1 => Just(Comparison::Less),
        1 => Just(Comparison::LessOrEqual),
        1 => Just(Comparison::Greater),
        1 => Just(Comparison::GreaterOrEqual),
    ];
    let pattern = prop::sample::select(vec!["^GET", "/[14]$", "go", "^s"])
        .prop_map(|pattern| Pattern::new(pattern).expect("it is an expression"));
    let untyped = prop::sample::select(vec!["^5", "00$", "^s"])
        .prop_map(|pattern| Pattern::untyped(pattern).expect("it is an expression"));
    let pattern = prop_oneof![pattern, untyped];
    let leaf = prop_oneof![
        1 => (field.clone(), value.clone())
            .prop_map(|(field, value)| Filter::HasElement { field, value }),
        6 => (field.clone(), op, value)
            .prop_map(|(field, op, value)| Filter::Compare { field, op, value }),
        1 => (field.clone(), pattern).prop_map(|(field, pattern)| Filter::Regex { field, pattern }),
        1 => field.prop_map(Filter::Exists),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            1 => inner.clone().prop_map(|one| Filter::Not(Box::new(one))),
            1 => inner.prop_map(|one| Filter::AnySpan(Box::new(one))),
        ]
    })
}

/// Conditions that engines may have indexes for. Some stored values are hidden: an attribute of a
/// span hides the same attribute of its resource, and the first value of a repeated key hides the
/// others.
fn attribute_equality() -> impl Strategy<Value = Filter> {
    let text = prop::sample::select([&TEXTS[..], &["5", "503"]].concat()).prop_map(str::to_owned);
    let value = prop_oneof![text.clone().prop_map(Literal::Text), text.prop_map(Literal::Untyped)];
    let equality = (any_owner(), prop::sample::select(&KEYS[..]), value)
        .prop_map(|(of, key, value)| {
            let field = Field::Attribute { of, key: key.to_owned() };
            Filter::Compare { field, op: Comparison::Equal, value }
        })
        .boxed();
    let or_element = |filter| match filter {
        Filter::Compare { field, op, value } => {
            let element = Filter::HasElement { field: field.clone(), value: value.clone() };
            Filter::Or(vec![Filter::Compare { field, op, value }, element])
        }
        other => other,
    };
    prop_oneof![
        3 => equality.clone(),
        1 => equality.clone().prop_map(or_element),
        1 => prop::collection::vec(equality, 0..3).prop_map(Filter::Or),
    ]
}

fn any_owner() -> impl Strategy<Value = AttributeOwner> {
    prop::sample::select(vec![
        AttributeOwner::SpanOrResource,
        AttributeOwner::Span,
        AttributeOwner::Resource,
    ])
}

/// The result of testing every span of `spans` against `query`.
fn expected(spans: &[Span], query: &TraceQuery) -> Vec<TraceSummary> {
    let mut traces: BTreeMap<TraceId, Vec<&Span>> = BTreeMap::new();
    let counts = |span: &&Span| query.collector.is_none_or(|c| c == span.origin.collector);
    for span in spans.iter().filter(counts) {
        traces.entry(span.trace_id).or_default().push(span);
    }
    let fits_alone = |span: &&Span| {
        let service = span.origin.service_name();
        (query.services.is_empty() || query.services.iter().any(|wanted| wanted == service))
            && query.name.as_ref().is_none_or(|name| *name == span.name)
            && query.attributes.iter().all(|(key, value)| has(span, key, value))
    };
    let mut found: Vec<TraceSummary> = traces
        .into_iter()
        .filter(|(_, spans)| spans.iter().any(&fits_alone))
        .filter(|(_, spans)| {
            let filter = query.filter.as_ref();
            filter.is_none_or(|filter| filter.matches(spans.iter().copied()))
        })
        .map(|(trace, spans)| summary(trace, &spans))
        .filter(|trace| {
            query.started.contains(trace.start)
                && query.min_duration_us.is_none_or(|min| trace.duration_us >= min)
                && query.max_duration_us.is_none_or(|max| trace.duration_us <= max)
                && query.after.is_none_or(|after| after.is_before(trace, query.order))
                && query.failed.is_none_or(|failed| (trace.errors > 0) == failed)
        })
        .collect();
    found.sort_by_key(|trace| {
        let duration = if query.order == Order::Slowest { trace.duration_us } else { 0 };
        (Reverse((duration, trace.start)), trace.trace_id)
    });
    found.truncate(query.limit as usize);
    found
}

fn has(span: &Span, key: &str, value: &str) -> bool {
    let resource = || span.origin.resource.attributes.get(key);
    span.attributes.get(key).or_else(resource).is_some_and(|found| found.to_string() == value)
}

fn summary(trace_id: TraceId, spans: &[&Span]) -> TraceSummary {
    let rank = |span: &&Span| (span.start.as_micros(), span.is_virtual_hop(), span.span_id);
    let all = || spans.iter().copied();
    let root = all().filter(|span| span.parent_span_id.is_none()).min_by_key(rank);
    let named = root.or_else(|| all().min_by_key(rank)).expect("a trace has spans");
    let start = spans.iter().map(|span| span.start).min().expect("a trace has spans");
    let end = spans.iter().map(|span| span.end).max().expect("a trace has spans");
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
