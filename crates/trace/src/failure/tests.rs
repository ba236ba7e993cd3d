use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Attributes, KeyValue, Origin, Resource, Status, StatusCode, TraceId, Value};

fn text(key: &str, value: impl Into<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: value.into() }
}

/// The spans of a trace: one per line, `id service kind start..end [<parent] [key=value …]`. A span
/// with `error` fails.
fn trace(lines: &str) -> Vec<Span> {
    lines.lines().filter(|line| !line.trim().is_empty()).map(span).collect()
}

fn span(line: &str) -> Span {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (start, end) = words[3].split_once("..").unwrap();
    let id = |word: &str| SpanId::try_from(word.parse::<u64>().unwrap()).unwrap();
    let resource = Resource {
        attributes: Attributes(vec![text("service.name", words[1])]),
        ..Resource::default()
    };
    let pairs = words[4..].iter().filter_map(|word| word.split_once('='));
    let has = |wanted: &str| words.contains(&wanted);
    let code = if has("error") { StatusCode::Error } else { StatusCode::Unset };
    Span {
        trace_id: TraceId::try_from(1).unwrap(),
        span_id: id(words[0]),
        parent_span_id: words[4..].iter().find_map(|word| word.strip_prefix('<')).map(id),
        name: format!("op-{}", words[0]),
        kind: match words[2] {
            "server" => SpanKind::Server,
            "client" => SpanKind::Client,
            _ => SpanKind::Internal,
        },
        start: UnixNanos(start.parse().unwrap()),
        end: UnixNanos(end.parse().unwrap()),
        attributes: pairs.map(|(key, value)| (key, Value::from(value))).collect(),
        status: Status { code, message: String::new() },
        origin: Arc::new(Origin { resource, ..Origin::default() }),
        trace_state: String::new(),
        flags: 0,
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
    }
}

/// The service, the operation, and the callee of the deepest failure.
fn check(lines: &str, expected: Option<(&str, &str, Option<&str>)>) {
    let mut spans = trace(lines);
    for _ in 0..2 {
        let found = DeepestFailure::of_trace(&spans);
        let found = found
            .as_ref()
            .map(|found| (&*found.service, &*found.operation, found.callee.as_deref()));
        assert_eq!(found, expected, "{lines}");
        spans.reverse();
    }
}

#[test]
fn a_trace_without_a_failing_span_has_no_failure() {
    check("1 shop server 0..10\n2 shop client 1..9 <1", None);
    check("", None);
}

#[test]
fn the_failing_span_below_which_nothing_fails_is_named() {
    check(
        "1 shop server 0..100 error
         2 shop client 10..90 <1 error
         3 pay server 20..80 <2 error
         4 pay client 30..70 <3 error
         5 bank server 40..60 <4 error
         6 bank client 45..50 <5",
        Some(("bank", "op-5", None)),
    );
}

#[test]
fn a_call_that_fails_only_at_the_caller_names_both_sides() {
    check(
        "1 shop server 0..100 error
         2 shop client 10..60 <1 error
         3 pay server 20..95 <2",
        Some(("shop", "op-2", Some("pay"))),
    );
    check(
        "1 shop server 0..100 error
         2 shop client 10..60 <1 error db.system.name=postgresql db.namespace=seats",
        Some(("shop", "op-2", Some("postgresql seats"))),
    );
}

#[test]
fn a_failure_that_reached_the_root_comes_before_one_that_was_handled() {
    check(
        "1 shop server 0..100 error
         2 shop internal 5..30 <1
         3 shop client 10..20 <2 error
         4 cache server 12..18 <3
         5 shop client 30..99 <1 error
         6 pay server 31..98 <5
         7 pay client 32..97 <6 error",
        // The call to `cache` failed, and so did the request, with an internal span between.
        Some(("shop", "op-3", Some("cache"))),
    );
    check(
        "1 shop server 0..100 error
         2 shop client 10..20 <1
         3 cache server 11..19 <2
         4 cache client 12..18 <3 error
         5 shop client 30..99 <1 error",
        Some(("shop", "op-5", None)),
    );
}

#[test]
fn of_parallel_failures_the_one_on_the_critical_path_is_named_and_else_the_first() {
    check(
        "1 shop server 0..100 error
         2 stock server 10..20 <1 error
         3 pay server 10..95 <1 error",
        Some(("pay", "op-3", None)),
    );
    // Both are on the path: the second was called after the first had failed.
    check(
        "1 shop server 0..100 error
         2 stock server 10..20 <1 error
         3 pay server 20..95 <1 error",
        Some(("stock", "op-2", None)),
    );
    // Neither is.
    check(
        "1 shop server 0..100 error
         2 mail server 10..95 <1
         3 pay server 20..40 <1 error
         4 stock server 20..30 <1 error",
        Some(("stock", "op-4", None)),
    );
}

#[test]
fn the_status_of_the_failure_is_told() {
    let told = |pairs: &str| {
        let spans = trace(&format!("1 shop server 0..1 error {pairs}"));
        let found = DeepestFailure::of_trace(&spans).unwrap();
        (found.status_code, found.error_type)
    };
    let own = |word: &str| Some(word.to_owned());
    assert_eq!(told(""), (None, None));
    assert_eq!(told("rpc.grpc.status_code=UNAVAILABLE"), (Some(14), None));
    assert_eq!(told("db.response.status_code=42P01 error.type=x"), (None, own("42P01")));
    assert_eq!(told("error.type=_OTHER"), (None, None));
}

/// A trace of up to 24 spans. The parent of each is an earlier span, or none, or is not in the
/// trace; children of a client span are server spans. Spans that fail end at different times.
fn any_trace() -> impl Strategy<Value = Vec<Span>> {
    let span = (0..40usize, 0..3usize, any::<bool>(), 0..50u64, 1..50u64);
    prop::collection::vec(span, 0..24).prop_map(|spans| {
        let mut kinds: Vec<&str> = Vec::new();
        let mut lines = String::new();
        for (at, (parent, kind, fails, start, took)) in spans.into_iter().enumerate() {
            let parent =
                (parent < 30 && at > 0).then(|| parent % at).or((parent >= 30).then_some(998));
            let is_called = parent.is_some_and(|parent| kinds.get(parent) == Some(&"client"));
            kinds.push(if is_called { "server" } else { ["server", "client", "internal"][kind] });
            let parent = parent.map_or(String::new(), |parent| format!(" <{}", parent + 1));
            let error = if fails { " error" } else { "" };
            let (start, end) = (100 * start, 100 * (start + took) + at as u64);
            let (id, service, kind) = (at + 1, at % 5, kinds[at]);
            lines += &format!("{id} service-{service} {kind} {start}..{end}{parent}{error}\n");
        }
        trace(&lines)
    })
}

/// The spans above `span`, nearest first.
fn above<'a>(spans: &'a [Span], span: &Span) -> Vec<&'a Span> {
    let mut found: Vec<&Span> = Vec::new();
    let mut parent = span.parent_span_id;
    while let Some(next) = spans.iter().find(|other| Some(other.span_id) == parent) {
        parent = next.parent_span_id;
        found.push(next);
    }
    found
}

/// The span of the other side of the call that `span` is one side of.
fn other_side<'a>(spans: &'a [Span], span: &Span) -> Option<&'a Span> {
    let only_server = |client: &Span| {
        let mut servers = spans.iter().filter(|server| {
            server.parent_span_id == Some(client.span_id) && server.kind == SpanKind::Server
        });
        servers.next().filter(|_| servers.next().is_none())
    };
    match span.kind {
        SpanKind::Client => only_server(span),
        _ => spans
            .iter()
            .filter(|client| client.kind == SpanKind::Client)
            .find(|client| only_server(client).is_some_and(|only| only.span_id == span.span_id)),
    }
}

proptest! {
    #[test]
    fn the_deepest_failure_is_the_best_of_those_that_a_search_of_all_pairs_finds(
        spans in any_trace(),
    ) {
        let found = DeepestFailure::of_trace(&spans);
        let with_failing_descendant: HashSet<SpanId> = spans
            .iter()
            .filter(|span| span.is_error())
            .flat_map(|span| above(&spans, span))
            .map(|span| span.span_id)
            .collect();
        let mut deepest: Vec<&Span> = spans
            .iter()
            .filter(|span| span.is_error() && !with_failing_descendant.contains(&span.span_id))
            .collect();
        prop_assert_eq!(found.is_none(), deepest.is_empty());
        let Some(found) = found else { return Ok(()) };
        prop_assert!(deepest.iter().any(|span| span.span_id == found.span_id));
        let fails = |span: &Span| {
            span.is_error() || other_side(&spans, span).is_some_and(Span::is_error)
        };
        let is_shared = |span: &&Span| {
            above(&spans, span).into_iter().all(|above| {
                fails(above) || matches!(above.kind, SpanKind::Internal)
            })
        };
        if deepest.iter().any(is_shared) {
            deepest.retain(is_shared);
        }
        let hops: Vec<Hop> = spans.iter().map(Hop::from).collect();
        let tree = Tree::build(&hops);
        let extents = Extents::new(&tree, &hops);
        let mut on_path = HashSet::new();
        for segment in tree.roots.iter().flat_map(|root| extents.critical_path(&tree, *root)) {
            let node = &tree.nodes[segment.node];
            on_path.extend([Some(node.span), node.client].into_iter().flatten());
        }
        let is_on_path = |span: &&Span| {
            on_path.iter().any(|at| spans[*at].span_id == span.span_id)
        };
        if deepest.iter().any(is_on_path) {
            deepest.retain(is_on_path);
        }
        let first = deepest.into_iter().min_by_key(|span| span.end).unwrap();
        prop_assert_eq!(first.span_id, found.span_id);
    }
}
