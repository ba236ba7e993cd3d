use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use crate::ids::SpanId;
use crate::span::SpanKind;

/// The spans of a trace, each as numbers: parent, service, kind, peer hints, duration in
/// microseconds, and whether the span failed. The parent is an earlier span or a missing one.
type Numbers = Vec<(u64, u8, u8, u8, u64, bool)>;

fn numbers() -> impl Strategy<Value = Numbers> {
    prop::collection::vec(
        (0..30_u64, 0..4_u8, 0..5_u8, 0..4_u8, 0..5_000_u64, any::<bool>()),
        0..40,
    )
}

fn trace(map: &mut Dependencies, numbers: &Numbers) -> Vec<CallSpan> {
    let spans =
        (1..).zip(numbers).map(|(at, (parent, service, kind, hints, duration_us, failed))| {
            let hints = match hints {
                0 => PeerHints { db_system: Some("redis"), ..PeerHints::default() },
                1 => PeerHints { messaging_system: Some("kafka"), ..PeerHints::default() },
                2 => PeerHints {
                    http_request_method: Some("GET"),
                    server_address: Some("s1"),
                    ..PeerHints::default()
                },
                _ => PeerHints::default(),
            };
            CallSpan {
                span_id: SpanId::try_from(at).unwrap(),
                parent: if *parent > at {
                    SpanId::try_from(1_000 + parent).ok()
                } else {
                    SpanId::try_from(at.saturating_sub(*parent)).ok()
                },
                service: map.service(&format!("s{service}")),
                peer_hints: Some(map.intern_peer_hints(&hints)),
                start_us: None,
                duration_us: *duration_us,
                kind: SpanKind::from(i32::from(*kind) + 1),
                failed: *failed,
            }
        });
    spans.collect()
}

fn unchecked() -> Result<(), std::convert::Infallible> {
    Ok(())
}

proptest! {
    #[test]
    fn the_calls_to_a_service_are_its_spans_that_have_a_caller(traces in prop::collection::vec(numbers(), 0..6)) {
        let mut map = Dependencies::default();
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for numbers in &traces {
            let spans = trace(&mut map, numbers);
            map.add_trace(&spans);
            for (span, (_, service, ..)) in spans.iter().zip(numbers) {
                let parent = spans.iter().find(|other| Some(other.span_id) == span.parent && other.span_id != span.span_id);
                let taken = span.kind == SpanKind::Consumer && parent.is_none() && map.hints.peer(span.peer_hints.unwrap()).target.is_some_and(|(kind, _)| kind == NodeKind::Queue);
                let is_side = matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
                let called = parent.is_some_and(|parent| is_side || parent.service != span.service);
                *expected.entry(format!("s{service}")).or_default() += u64::from(called || taken);
            }
        }
        // Before calls to addresses are moved to services.
        let mut found: BTreeMap<String, u64> = expected.keys().map(|name| (name.clone(), 0)).collect();
        for (key, edge) in &map.edges {
            if map.nodes.kind(key.to) == NodeKind::Service {
                *found.get_mut(map.nodes.name(key.to)).unwrap() += edge.calls;
            }
        }
        let calls = map.edges.values().map(|edge| edge.calls).sum::<u64>();
        prop_assert_eq!(found, expected);
        let topology = map.topology();
        for edge in &topology.edges {
            prop_assert!(edge.errors <= edge.calls && edge.latencies.count() == edge.calls);
        }
        prop_assert_eq!(topology.edges.iter().map(|edge| edge.calls).sum::<u64>(), calls);
        let spans = traces.iter().map(Vec::len).sum::<usize>() as u64;
        prop_assert_eq!(topology.counts.spans, spans);
    }

    #[test]
    fn a_map_does_not_depend_on_the_order_of_traces(traces in prop::collection::vec(numbers(), 0..12), cut in 0..12_usize) {
        let map_of = |traces: &mut dyn Iterator<Item = &Numbers>| {
            let mut map = Dependencies::default();
            for numbers in traces {
                let spans = trace(&mut map, numbers);
                map.add_trace(&spans);
            }
            map.topology()
        };
        let (one, other) = traces.split_at(cut.min(traces.len()));
        prop_assert_eq!(map_of(&mut other.iter().chain(one).rev()), map_of(&mut traces.iter()));
    }

    #[test]
    fn a_map_of_sums_is_the_map_of_the_traces_that_were_not_taken_out(traces in prop::collection::vec((numbers(), 0..3_usize, any::<bool>()), 0..12), cut in 0..12_usize) {
        let part = |traces: &[(Numbers, usize, bool)]| {
            let mut map = Dependencies::default();
            let mut sums = vec![CallSums::default(); 3];
            for (numbers, sum, _) in traces {
                let spans = trace(&mut map, numbers);
                map.add_to_sums(&spans, &mut sums[*sum]);
            }
            for (numbers, sum, _) in traces.iter().filter(|(_, _, is_taken)| *is_taken) {
                let spans = trace(&mut map, numbers);
                assert!(map.take_from_sums(&spans, &mut sums[*sum]));
            }
            sums.iter().for_each(|sums| map.add_sums(sums));
            map
        };
        let (one, other) = traces.split_at(cut.min(traces.len()));
        let mut found = part(one);
        found.absorb(part(other), unchecked).unwrap();
        let mut expected = Dependencies::default();
        for (numbers, ..) in traces.iter().filter(|(_, _, is_taken)| !is_taken) {
            let spans = trace(&mut expected, numbers);
            expected.add_trace(&spans);
        }
        prop_assert_eq!(found.topology(), expected.topology());
    }

    #[test]
    fn spans_of_one_map_make_the_same_calls_in_the_map_to_which_it_was_added(numbers in numbers(), others in numbers()) {
        let (mut map, mut part) = (Dependencies::default(), Dependencies::default());
        part.intern_peer_hints(&PeerHints { db_system: Some("mysql"), ..PeerHints::default() });
        let spans = trace(&mut part, &numbers);
        let known = trace(&mut map, &others);
        map.add_trace(&known);
        let ids = map.absorb(part, unchecked).unwrap();
        let moved: Vec<CallSpan> = spans.iter().map(|span| ids.span(span)).collect();
        map.add_trace(&moved);
        let mut expected = Dependencies::default();
        for numbers in [&others, &numbers] {
            let spans = trace(&mut expected, numbers);
            expected.add_trace(&spans);
        }
        prop_assert_eq!(map.topology(), expected.topology());
    }
}
