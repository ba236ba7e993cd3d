use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ids::SpanId;
use crate::span::SpanKind;
use crate::tree::soundness;

/// `text` has one span per line: `id kind start..end [< parent]`; the kind `virtual` makes a virtual
/// hop. A row is drawn as its id, its range and its self time; `*` marks the critical path.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let hops: Vec<Hop> = text.lines().map(hop).collect();
    let found = Waterfall::new(&Tree::build(&hops), &hops);
    let id = |span: usize| format!("{:x}", hops[span].span_id.as_u64());
    let mut drawn = String::new();
    for row in &found.rows {
        let Hop { start, end, .. } = hops[row.span];
        drawn += &"  ".repeat(row.depth as usize);
        drawn += &format!("{} {}..{} self {}", id(row.span), start.0, end.0, row.own.as_nanos());
        drawn += if row.is_critical { " *" } else { "" };
        drawn += &match row.place {
            RowPlace::Root | RowPlace::Child => String::new(),
            other => format!(" ({other:?})"),
        };
        drawn += "\n";
    }
    let segment = |segment: &CriticalSegment| {
        let of = id(found.rows[segment.row].span);
        format!("{of} {}..{}", segment.start.0, segment.end.0)
    };
    let path: Vec<String> = found.critical.iter().map(segment).collect();
    expected.assert_eq(&(drawn + "path: " + &path.join(", ") + "\n"));
}

fn hop(line: &str) -> Hop {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (start, end) = words[2].split_once("..").unwrap();
    let id = |text: &str| SpanId::try_from(u64::from_str_radix(text, 16).unwrap()).unwrap();
    Hop {
        span_id: id(words[0]),
        parent: words.get(4).map(|parent| id(parent)),
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

#[test]
fn a_call_with_both_sides_has_two_rows_that_divide_its_time() {
    check(
        "1 server 0..100
         2 client 10..90 < 1
         3 server 20..70 < 2
         4 client 30..40 < 3",
        expect![[r#"
            1 0..100 self 20 *
              2 10..90 self 30 *
                3 20..70 self 40 *
                  4 30..40 self 10 *
            path: 1 0..10, 2 10..20, 3 20..30, 4 30..40, 3 40..70, 2 70..90, 1 90..100
        "#]],
    );
}

#[test]
fn virtual_hops_have_no_row_and_their_time_is_that_of_their_server_span() {
    check(
        "1 server 0..100
         2 virtual 0..10 < 1
         3 virtual 10..100 < 1
         4 client 20..50 < 3",
        expect![[r#"
            1 0..100 self 70 *
              4 20..50 self 30 *
            path: 1 0..20, 4 20..50, 1 50..100
        "#]],
    );
}

#[test]
fn roots_come_before_spans_whose_parent_was_not_received() {
    check(
        "2 server 0..5 < b
         1 server 10..30
         3 internal 40..41 < 4
         4 internal 42..43 < 3
         1 internal 50..52",
        expect![[r#"
            1 10..30 self 20 *
            2 0..5 self 5 (Orphan)
            3 40..41 self 1 (Cycle)
              4 42..43 self 0
            1 50..52 self 2 (Duplicate)
            path: 1 10..30
        "#]],
    );
}

#[test]
fn a_server_span_with_another_clock_takes_no_time_of_its_call() {
    check(
        "1 client 0..100
         2 server 500..540 < 1
         3 internal 510..520 < 2",
        expect![[r#"
            1 0..100 self 100 *
              2 500..540 self 0
                3 510..520 self 0
            path: 1 0..100
        "#]],
    );
}

#[test]
fn a_server_span_that_ends_before_it_starts_takes_no_time() {
    check(
        "1 client 0..100
         2 server 50..20 < 1",
        expect![[r#"
            1 0..100 self 100 *
              2 50..20 self 0
            path: 1 0..100
        "#]],
    );
}

#[test]
fn a_chain_of_a_hundred_thousand_spans_does_not_overflow_the_stack() {
    let above = |id: u64| format!("{id:x} internal {id}..200000 < {:x}", id - 1);
    let chain: Vec<Hop> = (1..=100_000).map(|id| hop(above(id).trim_end_matches(" < 0"))).collect();
    let found = Waterfall::new(&Tree::build(&chain), &chain);
    assert_eq!(found.rows.last().map(|row| row.depth), Some(99_999));
    assert_eq!(found.critical.len(), 100_000);
}

proptest! {
    #[test]
    fn any_spans_have_one_row_each_and_their_times_are_those_of_the_tree(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let hops = soundness::hops(&bytes);
        let tree = soundness::check(&hops);
        let Waterfall { rows, critical } = Waterfall::new(&tree, &hops);
        let hidden = tree.nodes.iter().flat_map(|node| node.inside.iter().copied());
        let mut found: Vec<usize> = rows.iter().map(|row| row.span).chain(hidden).collect();
        found.sort_unstable();
        prop_assert!(found.into_iter().eq(0..hops.len()), "each span has one row");

        let mut depth_before = None;
        for (at, row) in rows.iter().enumerate() {
            prop_assert!(row.depth <= depth_before.map_or(0, |before: u32| before + 1));
            prop_assert!(row.above.is_none_or(|above| above < at));
            prop_assert_eq!(row.above.map_or(0, |above| rows[above].depth + 1), row.depth);
            prop_assert!(row.own <= hops[row.span].end.since(hops[row.span].start));
            if row.is_answered {
                prop_assert_eq!(rows[at + 1].above, Some(at));
            }
            depth_before = Some(row.depth);
        }

        let extents = Extents::new(&tree, &hops);
        let of_nodes: Duration = extents.self_times(&tree).into_iter().sum();
        let kept = rows.iter().filter(|row| row.place != RowPlace::Duplicate);
        prop_assert_eq!(kept.map(|row| row.own).sum::<Duration>(), of_nodes);

        prop_assert!(critical.iter().all(|segment| segment.start < segment.end));
        prop_assert!(critical.windows(2).all(|pair| pair[0].end == pair[1].start));
        let longest = extents.longest_root(&tree).map(|root| extents.nodes[root].duration());
        let path: Duration = critical.iter().map(|one| one.end.since(one.start)).sum();
        prop_assert_eq!(path, longest.unwrap_or_default());
        for segment in critical {
            let Hop { start, end, .. } = hops[rows[segment.row].span];
            prop_assert!(start <= segment.start && segment.end <= end, "within its bar");
        }
    }
}
