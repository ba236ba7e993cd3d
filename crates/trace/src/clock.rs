//! Clock skew between hosts: how far the spans of a server must be moved in time to lie within the
//! client spans of the same calls. Moved times are for display and comparison on request; stored
//! times never change.

use crate::span::Span;
use crate::time::UnixNanos;
use crate::tree::{Hop, Tree};

/// Whether two spans have times of one clock: both are of one host.
pub fn is_one_clock(one: &Span, other: &Span) -> bool {
    ["host.id", "host.name"].into_iter().any(|key| {
        let [one, other] = [one, other].map(|span| span.origin.resource.attributes.text(key));
        one.is_some_and(|host| !host.is_empty()) && one == other
    })
}

/// For each of `hops`, the nanoseconds to add to its times; 0 where clocks agree. `tree` must have
/// been built from `hops`. `is_one_clock` tells whether two of them have times of one clock.
///
/// A server span that starts before its client span, or ends after it, is centred in the client
/// span, as if the network took equally long in both directions. A server span that is longer than
/// its client span is moved to the start of the client span. Everything that the server did and
/// called moves by the same amount, because the same clock measured it. This is the rule of
/// Jaeger's clock skew adjuster.
pub fn deltas(tree: &Tree, hops: &[Hop], is_one_clock: impl Fn(usize, usize) -> bool) -> Vec<i64> {
    let mut deltas = vec![0; hops.len()];
    // By node: the delta of the clock that measured the node's own work, which is the server's
    // clock.
    let mut clocks = vec![0i64; tree.nodes.len()];
    let mut callers = vec![None; tree.nodes.len()];
    for (at, node) in tree.nodes.iter().enumerate() {
        node.children.iter().for_each(|child| callers[*child] = Some(at));
    }
    for (at, _) in tree.preorder() {
        let node = &tree.nodes[at];
        let caller = callers[at].map_or(0, |caller: usize| clocks[caller]);
        clocks[at] = node.client.map_or(caller, |client| {
            deltas[client] = caller;
            let shift = shift_into(&hops[client], &hops[node.span]);
            let is_off = shift != 0 && !is_one_clock(client, node.span);
            caller.saturating_add(if is_off { shift } else { 0 })
        });
        for hop in node.inside.iter().chain([&node.span]) {
            deltas[*hop] = clocks[at];
        }
    }
    deltas
}

/// `delta` as whole microseconds. Times are moved by whole microseconds, so that a move that is shown
/// is the move that was made.
pub const fn whole_micros(delta: i64) -> i64 {
    delta / 1_000
}

/// `time`, moved by `delta` nanoseconds rounded to [`whole_micros`].
pub const fn moved(time: UnixNanos, delta: i64) -> UnixNanos {
    UnixNanos(time.0.saturating_add_signed(whole_micros(delta) * 1_000))
}

/// The nanoseconds to add to the times of `server` so that it lies within `client`; 0 if it does.
fn shift_into(client: &Hop, server: &Hop) -> i64 {
    if server.start >= client.start && server.end <= client.end {
        return 0;
    }
    let whole = client.end.since(client.start);
    let slack = whole.saturating_sub(server.end.since(server.start));
    let centred = i128::from(client.start.0) + (slack.as_nanos() / 2) as i128;
    let delta = centred - i128::from(server.start.0);
    delta.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::SpanId;
    use crate::span::SpanKind;
    use crate::tree::soundness;

    fn hop(id: u64, parent: u64, kind: SpanKind, start: u64, end: u64) -> Hop {
        Hop {
            span_id: SpanId::try_from(id).unwrap(),
            parent: SpanId::try_from(parent).ok(),
            start: UnixNanos(start),
            end: UnixNanos(end),
            kind,
            virtual_hop: false,
        }
    }

    #[test]
    fn a_server_span_ahead_of_its_client_span_is_moved_together_with_everything_below() {
        use SpanKind::{Client, Server};
        let hops = [
            hop(1, 0, Server, 0, 100),
            hop(2, 1, Client, 10, 60),
            // 500 ahead of its client span, and 10 shorter.
            hop(3, 2, Server, 515, 555),
            hop(4, 3, Client, 520, 530),
            // Measured by the same clock as its client span, which contains it.
            hop(5, 4, Server, 521, 529),
            // Another call of the first span, to a server whose clock agrees.
            hop(6, 1, Client, 70, 90),
            hop(7, 6, Server, 71, 89),
        ];
        let tree = Tree::build(&hops);
        assert_eq!(deltas(&tree, &hops, |_, _| false), [0, 0, -500, -500, -500, 0, 0]);
        assert_eq!(deltas(&tree, &hops, |_, _| true), [0; 7], "one host has one clock");
    }

    #[test]
    fn a_server_span_longer_than_its_client_span_is_moved_to_start_with_it() {
        use SpanKind::{Client, Server};
        let hops = [hop(1, 0, Client, 10, 20), hop(2, 1, Server, 5, 50)];
        assert_eq!(deltas(&Tree::build(&hops), &hops, |_, _| false), [0, 5]);
    }

    proptest! {
        #[test]
        fn any_trace_has_a_delta_for_each_hop(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let hops = soundness::hops(&bytes);
            let found = deltas(&Tree::build(&hops), &hops, |_, _| false);
            prop_assert_eq!(found.len(), hops.len());
        }
    }
}
