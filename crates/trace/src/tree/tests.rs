use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::span::SpanKind;
use crate::work;

/// `text` has one span per line: `id kind start..end [< parent]`; the kind `virtual` makes a
/// virtual hop.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let mut hops: Vec<Hop> = text.lines().filter(|line| !line.is_empty()).map(hop).collect();
    let drawn = draw(&hops);
    hops.reverse();
    assert_eq!(draw(&hops), drawn, "in reverse order");
    expected.assert_eq(&drawn);
}

fn hop(line: &str) -> Hop {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (start, end) = words[2].split_once("..").unwrap();
    Hop {
        span_id: id(u64::from_str_radix(words[0], 16).unwrap()).unwrap(),
        parent: words.get(4).and_then(|parent| id(u64::from_str_radix(parent, 16).unwrap())),
        start: UnixNanos(start.parse().unwrap()),
        end: UnixNanos(end.parse().unwrap()),
        kind: match words[1] {
            "server" => SpanKind::Server,
            "client" => SpanKind::Client,
            _ => SpanKind::Internal,
        },
        virtual_hop: words[1] == "virtual",
    }
}

fn id(number: u64) -> Option<SpanId> {
    SpanId::try_from(number).ok()
}

/// The tree as text: one node per line, followed by what the trace lacks.
fn draw(hops: &[Hop]) -> String {
    let tree = Tree::build(hops);
    let id = |at: usize| format!("{:x}", hops[at].span_id.as_u64());
    let mut text = String::new();
    for (at, depth) in tree.preorder() {
        let node = &tree.nodes[at];
        text += &"  ".repeat(depth);
        text += &id(node.span);
        text += &node.client.map(|client| format!(" called by {}", id(client))).unwrap_or_default();
        text += &node.inside.iter().map(|at| format!(" +{}", id(*at))).collect::<String>();
        text += &match node.place {
            Place::Orphan(parent) => format!(" (parent {:x} not received)", parent.as_u64()),
            Place::Cycle => " (circle)".to_owned(),
            Place::Root | Place::Child => String::new(),
        };
        text += "\n";
    }
    match tree.completeness() {
        whole if whole.is_complete() => text,
        Completeness { roots, orphans, cycles, .. } => {
            text + &format!("incomplete: {roots} roots, {orphans} orphans, {cycles} cycles\n")
        }
    }
}

#[test]
fn children_are_below_their_parents_sorted_by_start_time() {
    check(
        "1 server 0..9
         3 internal 5..6 < 1
         2 internal 1..2 < 1
         4 internal 1..2 < 2",
        expect![[r#"
            1
              2
                4
              3
        "#]],
    );
}

#[test]
fn children_that_start_together_are_sorted_by_id() {
    check(
        "1 server 0..9
         3 internal 1..2 < 1
         2 internal 1..2 < 1",
        expect![[r#"
            1
              2
              3
        "#]],
    );
}

#[test]
fn beylas_queue_and_processing_spans_are_left_out() {
    check(
        "1 server 0..9
         2 virtual 0..1 < 1
         3 virtual 1..9 < 1
         4 client 2..3 < 3",
        expect![[r#"
            1 +2 +3
              4
        "#]],
    );
}

#[test]
fn nested_virtual_hops_are_left_out() {
    check(
        "1 server 0..9
         2 virtual 0..9 < 1
         3 virtual 1..9 < 2
         4 client 2..3 < 3",
        expect![[r#"
            1 +2 +3
              4
        "#]],
    );
}

#[test]
fn a_virtual_hop_whose_server_span_was_not_received_keeps_its_children() {
    check(
        "3 virtual 1..9 < 1
         4 client 2..3 < 3",
        expect![[r#"
            3 (parent 1 not received)
              4
            incomplete: 0 roots, 1 orphans, 0 cycles
        "#]],
    );
}

#[test]
fn a_client_span_and_its_only_server_span_are_one_node() {
    check(
        "1 server 0..9
         2 client 1..8 < 1
         3 server 2..7 < 2
         4 client 3..4 < 3",
        expect![[r#"
            1
              3 called by 2
                4
        "#]],
    );
}

#[test]
fn a_call_from_a_virtual_hop_belongs_to_the_nearest_real_ancestor() {
    check(
        "1 server 0..9
         2 virtual 0..9 < 1
         3 client 1..8 < 2
         4 server 2..7 < 3
         5 virtual 2..7 < 4",
        expect![[r#"
            1 +2
              4 called by 3 +5
        "#]],
    );
}

#[test]
fn other_children_of_a_client_span_are_below_its_call() {
    check(
        "1 client 0..9
         2 server 3..4 < 1
         3 internal 1..2 < 1",
        expect![[r#"
            2 called by 1
              3
        "#]],
    );
}

#[test]
fn a_client_span_with_two_server_spans_is_a_node_of_its_own() {
    check(
        "1 client 0..9
         2 server 1..2 < 1
         3 server 3..4 < 1",
        expect![[r#"
            1
              2
              3
        "#]],
    );
}

#[test]
fn a_span_whose_parent_was_not_received_is_an_orphan() {
    check(
        "1 server 0..9
         2 server 1..2 < b",
        expect![[r#"
            1
            2 (parent b not received)
            incomplete: 1 roots, 1 orphans, 0 cycles
        "#]],
    );
}

#[test]
fn a_trace_with_several_roots_is_incomplete() {
    check(
        "1 server 5..9
         2 server 1..2",
        expect![[r#"
            2
            1
            incomplete: 2 roots, 0 orphans, 0 cycles
        "#]],
    );
}

#[test]
fn a_cycle_is_cut_at_its_earliest_span() {
    check(
        "1 internal 5..6 < 3
         2 internal 1..2 < 1
         3 internal 7..8 < 2
         4 internal 9..9 < 3",
        expect![[r#"
            2 (circle)
              3
                1
                4
            incomplete: 0 roots, 0 orphans, 1 cycles
        "#]],
    );
}

#[test]
fn a_span_that_names_itself_as_its_parent_is_a_cycle() {
    check(
        "1 internal 0..1 < 1",
        expect![[r#"
            1 (circle)
            incomplete: 0 roots, 0 orphans, 1 cycles
        "#]],
    );
}

#[test]
fn no_spans_make_an_empty_and_incomplete_tree() {
    check("", expect!["incomplete: 0 roots, 0 orphans, 0 cycles\n"]);
}

#[test]
fn of_spans_with_the_same_id_the_first_is_in_the_tree() {
    let hops = ["1 server 0..9", "1 client 1..2", "2 client 1..2 < 1"].map(hop);
    let tree = Tree::build(&hops);
    assert_eq!((tree.nodes.len(), tree.nodes[0].span, tree.duplicates), (2, 0, vec![1]));
}

#[test]
fn a_chain_of_a_hundred_thousand_spans_does_not_overflow_the_stack() {
    let above = |number: u64| format!("{number:x} internal {number}..{number} < {:x}", number - 1);
    let chain: Vec<Hop> = (1..=100_000).map(|number| hop(&above(number))).collect();
    assert_eq!(Tree::build(&chain).preorder().last(), Some((99_999, 99_999)));
    let virtual_hops: Vec<Hop> =
        chain.iter().map(|hop| Hop { virtual_hop: true, ..*hop }).collect();
    assert_eq!(Tree::build(&virtual_hops).nodes[0].inside.len(), 99_999);
}

/// Spans with arbitrary parents: some parents are missing, some spans form cycles, and ids repeat.
fn hops() -> impl Strategy<Value = Vec<Hop>> {
    let hop = (1u64..20, 0u64..22, 0u64..5, 0i32..4, prop::bool::weighted(0.3));
    let hop = hop.prop_map(|(span, parent, start, kind, virtual_hop)| Hop {
        span_id: id(span).unwrap(),
        parent: id(parent),
        start: UnixNanos(start),
        end: UnixNanos(start + 1),
        kind: SpanKind::from(kind),
        virtual_hop,
    });
    prop::collection::vec(hop, 0..24)
}

/// [`hops`] with distinct ids, in two orders.
fn hops_twice() -> impl Strategy<Value = (Vec<Hop>, Vec<Hop>)> {
    hops().prop_flat_map(|mut hops| {
        hops.sort_by_key(|hop| hop.span_id);
        hops.dedup_by_key(|hop| hop.span_id);
        (Just(hops.clone()), Just(hops).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn every_span_is_in_the_tree_exactly_once_whatever_its_parent(hops in hops()) {
        soundness::check(&hops);
    }

    #[test]
    fn the_invariants_of_trees_hold_for_arbitrary_spans(bytes in prop::collection::vec(0u8..6, 0..2_000)) {
        soundness::check(&soundness::hops(&bytes));
    }

    #[test]
    fn the_order_of_arrival_does_not_change_the_tree((one, other) in hops_twice()) {
        prop_assert_eq!(draw(&one), draw(&other));
    }
}

/// Traces of a hundred thousand spans, of the shapes that would cost most if a span were visited
/// more than once.
#[test]
fn building_a_tree_takes_a_few_steps_per_span_for_every_shape() {
    const MANY: u64 = 100_000;
    type Parent = fn(u64) -> u64;
    let shapes: [(&str, Parent); 6] = [
        ("all under one", |_| 1),
        ("one circle", |number| number % MANY + 1),
        ("circles of two", |number| ((number - 1) ^ 1) + 1),
        ("a circle with a long tail", |number| if number == 1 { 3 } else { number - 1 }),
        ("all orphans", |number| number + MANY),
        ("a comb", |number| number.saturating_sub(1 + number % 2)),
    ];
    for (shape, parent) in shapes {
        for virtual_hop in [false, true] {
            let hop = |number: u64| Hop {
                span_id: id(number).unwrap(),
                parent: id(parent(number)),
                start: UnixNanos(MANY - number),
                end: UnixNanos(MANY),
                kind: SpanKind::from((number % 4) as i32),
                virtual_hop: virtual_hop && !number.is_multiple_of(3),
            };
            let hops: Vec<Hop> = (1..=MANY).map(hop).collect();
            let (_, steps) = work::steps(|| soundness::check(&hops));
            assert!(steps <= 6 * MANY, "{shape} takes {steps} steps");
        }
    }
}

#[test]
fn calls_without_a_server_span_are_counted_and_do_not_make_a_trace_incomplete() {
    use SpanKind::{Client, Server};
    let hop = |id, parent, kind| Hop {
        span_id: SpanId::try_from(id).unwrap(),
        parent: SpanId::try_from(parent).ok(),
        start: UnixNanos(0),
        end: UnixNanos(9),
        kind,
        virtual_hop: false,
    };
    let hops = [hop(1, 0, Server), hop(2, 1, Client), hop(3, 2, Server), hop(4, 3, Client)];
    let found = Tree::build(&hops).completeness();
    assert_eq!((found.unanswered, found.is_complete()), (1, true));
}
