//! What must hold for any spans.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::work;

/// The largest number of counted steps per span.
const MAX_STEPS: u64 = 24;

/// Spans from arbitrary bytes, ten bytes for each. There are few traces, ids, services, hosts and
/// ports, so that parents are missing, ids repeat, and spans form cycles.
fn spans(bytes: &[u8]) -> Vec<Span> {
    let services = ["shop", "bank", "127.0.0.1"];
    let kinds = ["server", "client", "internal", "consumer", "client"];
    let notes = [
        "http.request.method=GET url.path=/a server.port=81",
        "http.request.method=GET url.full=http://127.0.0.1:81/a",
        "http.request.method=GET url.full=https://bank/a sdk",
        "rpc.system=grpc server.address=bank:82",
        "error http.request.method=GET server.address=::1",
        "db.system=redis server.address=[::1]:1",
    ];
    let span = |bytes: &[u8; 10]| {
        let [trace, id, parent, service, kind, note, host, start, length, far] = *bytes;
        let start = u64::from(start) * if far % 16 == 0 { 100_000 } else { 1 };
        let text = format!(
            "{} {} {} {} {start}..{} GET /a < {} | {} host=web-{}",
            trace % 8 + 1,
            id % 16 + 1,
            services[usize::from(service) % services.len()],
            kinds[usize::from(kind) % kinds.len()],
            start + u64::from(length),
            parent % 20,
            notes[usize::from(note) % notes.len()],
            host % 2,
        );
        span(&text)
    };
    bytes.as_chunks().0.iter().map(span).collect()
}

fn examined(spans: &[Span]) -> Wholeness {
    examine(&by_trace(spans), &Scope { now: NOW, covered: &[TimeRange::ALL] })
}

proptest! {
    #[test]
    fn any_spans_are_counted_once(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let spans = spans(&bytes);
        let found = examined(&spans);
        prop_assert_eq!(found.seen, spans.len() as u64);
        prop_assert_eq!(found.services.iter().map(|of| of.seen).sum::<u64>(), found.seen);
        prop_assert!(found.services.iter().map(|of| of.missing).sum::<u64>() <= found.missing);
        for edge in &found.edges {
            prop_assert_eq!(edge.linked + edge.unlinked + edge.missing, edge.expected);
        }
        // Orphans, and the parents that they name, counted one by one.
        let stored: HashSet<_> = spans.iter().map(|span| (span.trace_id, span.span_id)).collect();
        let named = spans.iter().filter_map(|span| Some((span.trace_id, span.parent_span_id?)));
        let missing: Vec<_> = named.filter(|parent| !stored.contains(parent)).collect();
        let orphans = found.services.iter().map(|of| of.orphans).sum::<u64>();
        prop_assert_eq!(orphans, missing.len() as u64);
        let parents = missing.iter().collect::<HashSet<_>>().len() as u64;
        let servers = found.edges.iter().map(|edge| edge.missing).sum::<u64>();
        prop_assert!((parents.max(servers)..=orphans + servers).contains(&found.missing));
        prop_assert!(found.whole <= found.traces);
    }

    #[test]
    fn every_server_span_answers_at_most_one_call(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let spans = spans(&bytes);
        let traces = by_trace(&spans);
        let all = links::Spans::collect(&traces);
        let clients = calls::clients(&all);
        let unclaimed = calls::unclaimed(&all);
        let calls = calls::calls(&all, &clients, &unclaimed, &[TimeRange::ALL]);
        let mut answered = HashSet::new();
        for call in &calls {
            if let calls::Outcome::Unlinked(calls::Pair { server, .. }) = call.outcome {
                prop_assert!(answered.insert(server));
                let (client, server) = (all.list[call.client.span].span, all.list[server].span);
                prop_assert!(server.start.later(Duration::from_millis(1)) >= client.start);
                prop_assert!(server.start <= client.end.later(Duration::from_millis(1)));
                prop_assert_eq!(server.kind, SpanKind::Server);
            }
        }
    }

    #[test]
    fn an_inferred_link_is_the_only_possibility_and_is_seen_from_both_traces(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let spans = spans(&bytes);
        let found = examined(&spans);
        let traces: HashSet<TraceId> = spans.iter().map(|span| span.trace_id).collect();
        let mut servers = HashSet::new();
        for link in traces.iter().flat_map(|trace| found.inferred_links_of(*trace)) {
            prop_assert_ne!(link.client.0, link.server.0);
            for trace in [link.client.0, link.server.0] {
                prop_assert!(found.inferred_links_of(trace).contains(&link));
            }
            servers.insert(link);
            let of = |id: (TraceId, SpanId)| {
                spans.iter().find(|span| (span.trace_id, span.span_id) == id).unwrap()
            };
            let (client, server) = (of(link.client), of(link.server));
            // Ids repeat in these spans, so that the first span of an id may be another one.
            let repeats = |id| spans.iter().filter(|s| (s.trace_id, s.span_id) == id).count() > 1;
            if repeats(link.client) || repeats(link.server) {
                continue;
            }
            let operation = |span: &Span| request::Request::of_server(span).operation;
            let others = spans.iter().filter(|other| {
                let is_root = !spans.iter().any(|span| {
                    (span.trace_id, Some(span.span_id)) == (other.trace_id, other.parent_span_id)
                });
                other.kind == SpanKind::Server
                    && is_root
                    && operation(other) == operation(server)
                    && (client.start..=client.end).contains(&other.start)
            });
            prop_assert!(others.count() <= 1);
        }
        let each: HashSet<_> = servers.iter().map(|link| link.server).collect();
        prop_assert_eq!(each.len(), servers.len());
    }

    #[test]
    fn the_counts_do_not_depend_on_the_order_of_traces(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let spans = spans(&bytes);
        let mut traces = by_trace(&spans);
        let scope = Scope { now: NOW, covered: &[TimeRange::ALL] };
        let found = examine(&traces, &scope);
        traces.reverse();
        let other = examine(&traces, &scope);
        prop_assert_eq!((found.whole, found.missing), (other.whole, other.missing));
        prop_assert_eq!(found.edges, other.edges);
        prop_assert_eq!(found.services, other.services);
    }

    #[test]
    fn the_problems_of_all_traces_are_those_of_each(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let spans = spans(&bytes);
        let found = examined(&spans);
        let all: u64 = found.problems().iter().map(|problem| problem.count).sum();
        let traces: HashSet<TraceId> = spans.iter().map(|span| span.trace_id).collect();
        let torn = traces.iter().filter(|trace| !found.problems_of(**trace).is_empty()).count();
        prop_assert_eq!(found.traces - found.whole, torn as u64);
        let each = traces.iter().flat_map(|trace| found.problems_of(*trace));
        let each: u64 = each.map(|problem| problem.count).sum();
        // A call between two traces is a problem of both.
        prop_assert!((all..=2 * all).contains(&each));
    }
}

#[test]
fn the_time_is_linear_in_the_number_of_calls_at_one_time() {
    let calls = |count: u64| -> Vec<Span> {
        let pair = |n: u64| {
            let client = "http.request.method=GET url.full=http://bank/a";
            let server = "http.request.method=GET url.path=/a server.port=80";
            [
                span(&format!("{} 1 shop client 0..{} GET /a | {client}", 2 * n + 1, n + 10)),
                span(&format!("{} 2 bank server {n}..{} GET /a | {server}", 2 * n + 2, n + 5)),
            ]
        };
        (0..count).flat_map(pair).collect()
    };
    for count in [100, 1_000, 5_000] {
        let spans = calls(count);
        let (found, steps) = work::steps(|| examined(&spans));
        assert_eq!(found.edges[0].unlinked, count);
        assert!(steps <= MAX_STEPS * spans.len() as u64, "{steps} steps for {} spans", spans.len());
    }
}
