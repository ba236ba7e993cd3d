use super::super::*;
use crate::ids::SpanId;
use crate::span::SpanKind;

/// A client span of `a` that calls `host`.
fn call(map: &mut Dependencies, id: u64, host: &str) -> CallSpan {
    let hints = PeerHints { server_address: Some(host), ..PeerHints::default() };
    CallSpan {
        span_id: SpanId::try_from(id).unwrap(),
        parent: None,
        service: map.service("a"),
        peer_hints: Some(map.intern_peer_hints(&hints)),
        start_us: None,
        duration_us: id,
        kind: SpanKind::Client,
        failed: false,
    }
}

#[test]
fn sums_with_too_many_edges_count_further_calls_and_no_trace_can_be_taken_out() {
    let (mut map, mut sums) = (Dependencies::default(), CallSums::default());
    for at in 0..=Dependencies::MAX_EDGES as u64 {
        let trace = [call(&mut map, at + 1, &format!("host-{at}"))];
        map.add_to_sums(&trace, &mut sums);
    }
    assert_eq!((sums.edges.len(), sums.counts.left_out), (Dependencies::MAX_EDGES, 1));
    let trace = [call(&mut map, 1, "host-0")];
    assert!(!map.take_from_sums(&trace, &mut sums.clone()));
    map.add_sums(&sums);
    let topology = map.topology();
    assert_eq!((topology.edges.len(), topology.counts.left_out), (Dependencies::MAX_EDGES, 1));
}

#[test]
fn sums_with_more_addresses_than_a_map_keeps_are_too_coarse_and_say_so() {
    let (mut map, mut sums) = (Dependencies::default(), CallSums::default());
    let trace = |map: &mut Dependencies, at: u64| {
        let client = call(map, 2 * at, &format!("host-{at}"));
        let service = map.service("b");
        let span_id = SpanId::try_from(2 * at + 1).unwrap();
        let kind = SpanKind::Server;
        let parent = Some(client.span_id);
        [client, CallSpan { span_id, parent, service, peer_hints: None, kind, ..client }]
    };
    for at in 1..=64 {
        let spans = trace(&mut map, at);
        map.add_to_sums(&spans, &mut sums);
    }
    let first = trace(&mut map, 1);
    assert!(map.take_from_sums(&first, &mut sums.clone()));
    for at in 65..=70 {
        let spans = trace(&mut map, at);
        map.add_to_sums(&spans, &mut sums);
    }
    assert!(!map.take_from_sums(&first, &mut sums));
}

#[test]
fn a_trace_that_is_not_in_sums_cannot_be_taken_out() {
    let (mut map, mut sums) = (Dependencies::default(), CallSums::default());
    let [one, other] = ["x", "y"].map(|host| [call(&mut map, 1, host)]);
    map.add_to_sums(&one, &mut sums);
    assert!(!map.take_from_sums(&other, &mut sums.clone()));
    assert!(map.take_from_sums(&one, &mut sums));
    assert_eq!(sums, CallSums::default());
}
