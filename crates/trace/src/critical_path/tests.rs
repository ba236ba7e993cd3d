use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ids::SpanId;
use crate::span::SpanKind;
use crate::tree::soundness;

/// `text` has one span per line: `id name start..end [< parent]`; a name that contains `client` or
/// `server` sets the kind.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    let hops: Vec<Hop> = lines.iter().map(|words| hop(words)).collect();
    let tree = Tree::build(&hops);
    let extents = Extents::new(&tree, &hops);
    let name = |node: usize| lines[tree.nodes[node].span][1];
    let mut drawn = String::new();
    for (at, own) in extents.self_times(&tree).iter().enumerate() {
        let outside = extents.nodes[at].outside.as_nanos();
        let outside = if outside > 0 { format!(" ({outside} outside)") } else { String::new() };
        drawn += &format!("{} {}{outside}\n", name(at), own.as_nanos());
    }
    for root in &tree.roots {
        let path = extents.critical_path(&tree, *root);
        let steps: Vec<String> = path
            .iter()
            .map(|step| format!("{} {}..{}", name(step.node), step.start.0, step.end.0))
            .collect();
        drawn += &format!("path: {}\n", steps.join(", "));
    }
    expected.assert_eq(&drawn);
}

fn hop(words: &[&str]) -> Hop {
    let (start, end) = words[2].split_once("..").unwrap();
    Hop {
        span_id: id(words[0].parse().unwrap()),
        parent: words.get(4).map(|parent| id(parent.parse().unwrap())),
        start: UnixNanos(start.parse().unwrap()),
        end: UnixNanos(end.parse().unwrap()),
        kind: match words[1] {
            name if name.contains("client") => SpanKind::Client,
            name if name.contains("server") => SpanKind::Server,
            _ => SpanKind::Internal,
        },
        virtual_hop: words[1] == "queue",
    }
}

fn id(number: u64) -> SpanId {
    SpanId::try_from(number).unwrap()
}

/// The reference trace. The self times of its spans are 735/35/368/12/35/178/2/15. The critical
/// path passes neither inventory-api nor redis.
const REFERENCE: &str = "1 frontend-api 0..1200
2 payments-api 50..500 < 1
3 card-validator-svc 60..440 < 2
4 postgres 400..412 < 3
5 fraud-detector 445..480 < 2
6 inventory-api 50..230 < 1
7 redis 200..202 < 6
8 email-svc 1180..1195 < 1";

#[test]
fn the_reference_trace_has_its_self_times_and_its_critical_path() {
    check(
        REFERENCE,
        expect![[r#"
            frontend-api 735
            payments-api 35
            card-validator-svc 368
            postgres 12
            fraud-detector 35
            inventory-api 178
            redis 2
            email-svc 15
            path: frontend-api 0..50, payments-api 50..60, card-validator-svc 60..400, postgres 400..412, card-validator-svc 412..440, payments-api 440..445, fraud-detector 445..480, payments-api 480..500, frontend-api 500..1180, email-svc 1180..1195, frontend-api 1195..1200
        "#]],
    );
}

#[test]
fn the_segments_of_the_reference_trace_add_up_to_its_duration() {
    let lines: Vec<Vec<&str>> = REFERENCE.lines().map(|line| line.split(' ').collect()).collect();
    let hops: Vec<Hop> = lines.iter().map(|words| hop(words)).collect();
    let tree = Tree::build(&hops);
    let mut parts = vec![0; hops.len()];
    for step in Extents::new(&tree, &hops).critical_path(&tree, tree.roots[0]) {
        parts[tree.nodes[step.node].span] += step.duration().as_nanos();
    }
    assert_eq!(parts, [735, 35, 368, 12, 35, 0, 0, 15]);
    assert_eq!(parts.iter().sum::<u128>(), 1200);
    let edges: usize = tree.nodes.iter().map(|node| node.children.len()).sum();
    assert_eq!(edges, 7);
}

#[test]
fn children_that_overlap_are_counted_once() {
    check(
        "1 a 0..100
2 b 10..60 < 1
3 c 30..80 < 1",
        expect![[r#"
            a 30
            b 50
            c 50
            path: a 0..30, c 30..80, a 80..100
        "#]],
    );
}

#[test]
fn of_children_that_end_together_the_one_that_started_first_is_on_the_path() {
    check(
        "1 a 0..100
2 b 50..90 < 1
3 c 10..90 < 1",
        expect![[r#"
            a 20
            b 40
            c 80
            path: a 0..10, c 10..90, a 90..100
        "#]],
    );
}

#[test]
fn time_outside_of_the_parent_does_not_count_and_is_reported() {
    check(
        "1 a 100..200
2 b 50..120 < 1
3 c 180..260 < 1
4 d 300..310 < 1
5 e 90..95 < 2",
        expect![[r#"
            a 60
            b 20 (50 outside)
            c 20 (60 outside)
            d 0 (10 outside)
            e 0 (5 outside)
            path: b 100..120, a 120..180, c 180..200
        "#]],
    );
}

#[test]
fn a_call_lasts_as_long_as_its_client_span() {
    check(
        "1 a 0..100
2 client 10..90 < 1
3 server 30..70 < 2
4 b 40..50 < 3",
        expect![[r#"
            a 20
            server 70
            b 10
            path: a 0..10, server 10..40, b 40..50, server 50..90, a 90..100
        "#]],
    );
}

#[test]
fn queue_spans_are_not_on_the_path() {
    check(
        "1 server 0..100
2 queue 0..20 < 1
3 queue 20..100 < 1
4 b 40..50 < 3",
        expect![[r#"
            server 90
            b 10
            path: server 0..40, b 40..50, server 50..100
        "#]],
    );
}

#[test]
fn a_span_that_ends_before_it_starts_takes_no_time() {
    check(
        "1 a 0..10
2 b 8..3 < 1",
        expect![[r#"
            a 10
            b 0
            path: a 0..10
        "#]],
    );
}

#[test]
fn every_root_has_its_own_critical_path() {
    check(
        "1 a 0..10
2 b 20..30 < 9",
        expect![[r#"
            a 10
            b 10
            path: a 0..10
            path: b 20..30
        "#]],
    );
}

#[test]
fn a_critical_path_takes_a_few_steps_per_span_for_every_shape() {
    const MANY: u64 = 100_000;
    type Parent = fn(u64) -> u64;
    let shapes: [Parent; 4] =
        [|_| 1, |number| number - 1, |number| number / 2, |number| number + 1];
    for parent in shapes {
        let span = |number: u64| Hop {
            span_id: id(number),
            parent: (number > 1).then(|| id(parent(number))),
            start: UnixNanos(number),
            end: UnixNanos(3 * MANY - number),
            kind: SpanKind::Internal,
            virtual_hop: false,
        };
        check_sums(&(1..=MANY).map(span).collect::<Vec<Hop>>());
    }
}

/// Checks for every root that the path reaches from the start of the root to its end without gaps,
/// and only passes nodes while they run.
fn check_sums(hops: &[Hop]) {
    let tree = Tree::build(hops);
    let extents = Extents::new(&tree, hops);
    let own = extents.self_times(&tree);
    let mut on_path = vec![Duration::ZERO; tree.nodes.len()];
    for root in &tree.roots {
        let path = extents.critical_path(&tree, *root);
        let mut reached = extents.nodes[*root].start;
        for step in &path {
            assert_eq!(step.start, reached);
            let extent = &extents.nodes[step.node];
            assert!(extent.start <= step.start && step.end <= extent.end);
            on_path[step.node] += step.duration();
            reached = step.end;
        }
        assert_eq!(reached, extents.nodes[*root].end);
        let sum: Duration = path.iter().map(PathSegment::duration).sum();
        assert_eq!(sum, extents.nodes[*root].duration());
    }
    for (at, extent) in extents.nodes.iter().enumerate() {
        assert!(own[at] <= extent.duration());
        // A node that the path reaches is on the path at least while none of its children runs,
        // except for the allowed overlap of children.
        let waited = on_path[at] + extent.duration() / MAX_OVERLAP_DIVISOR;
        assert!(on_path[at] == Duration::ZERO || own[at] <= waited, "{at}");
    }
}

proptest! {
    #[test]
    fn the_segments_of_any_trace_add_up_to_the_duration_of_its_root(
        spans in prop::collection::vec((1u64..40, 0u64..40, 0u64..1_000, 0u64..1_000, 0i32..6), 0..60)
    ) {
        let hop = |(span, parent, start, end, kind): (u64, u64, u64, u64, i32)| Hop {
            span_id: id(span),
            parent: SpanId::try_from(parent).ok(),
            start: UnixNanos(start),
            end: UnixNanos(end),
            kind: SpanKind::from(kind),
            virtual_hop: kind == 0,
        };
        check_sums(&spans.into_iter().map(hop).collect::<Vec<Hop>>());
    }

    #[test]
    fn the_segments_of_arbitrary_spans_add_up(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        check_sums(&soundness::hops(&bytes));
    }
}
