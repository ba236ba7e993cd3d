//! What holds for the layout of any graph.

use proptest::prelude::*;

use super::{Layout, Point, Size};

const SIZE: Size = Size { width: 120.0, height: 48.0 };

fn graph() -> impl Strategy<Value = (Vec<Size>, Vec<(usize, usize)>)> {
    let size = (1_u32..300, 1_u32..100)
        .prop_map(|(width, height)| Size { width: f64::from(width), height: f64::from(height) });
    prop::collection::vec(size, 1..30).prop_flat_map(|sizes| {
        let nodes = sizes.len();
        (Just(sizes), prop::collection::vec((0..nodes, 0..nodes), 0..80))
    })
}

fn is_on_border(point: Point, at: Point, size: Size) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() < 1e-6;
    let within =
        |value: f64, start: f64, length: f64| value > start - 1e-6 && value < start + length + 1e-6;
    let on_side = near(point.x, at.x) || near(point.x, at.x + size.width);
    let on_top = near(point.y, at.y) || near(point.y, at.y + size.height);
    (on_side && within(point.y, at.y, size.height)) || (on_top && within(point.x, at.x, size.width))
}

/// Whether the line from `one` to `other` passes through the inside of a node (Liang and Barsky's
/// clipping).
fn passes_through(one: Point, other: Point, at: Point, size: Size) -> bool {
    let (dx, dy) = (other.x - one.x, other.y - one.y);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, distance) in [
        (-dx, one.x - at.x - 1e-3),
        (dx, at.x + size.width - 1e-3 - one.x),
        (-dy, one.y - at.y - 1e-3),
        (dy, at.y + size.height - 1e-3 - one.y),
    ] {
        if step == 0.0 {
            if distance < 0.0 {
                return false;
            }
        } else if step < 0.0 {
            enter = enter.max(distance / step);
        } else {
            leave = leave.min(distance / step);
        }
    }
    enter < leave
}

proptest! {
    #[test]
    fn nodes_do_not_overlap_and_everything_is_in_the_picture((sizes, edges) in graph()) {
        let layout = Layout::of(&sizes, &edges);
        let points = layout.nodes.iter().chain(layout.edges.iter().flatten());
        for point in points {
            prop_assert!(point.x.is_finite() && point.y.is_finite());
            prop_assert!((-1e-6..=layout.width + 1e-6).contains(&point.x), "{point:?}");
            prop_assert!((-1e-6..=layout.height + 1e-6).contains(&point.y), "{point:?}");
        }
        for (one, (at, size)) in layout.nodes.iter().zip(&sizes).enumerate() {
            prop_assert!(at.x + size.width <= layout.width + 1e-6);
            prop_assert!(at.y + size.height <= layout.height + 1e-6);
            for (other_at, other) in layout.nodes.iter().zip(&sizes).skip(one + 1) {
                let apart = at.x + size.width <= other_at.x + 1e-6
                    || other_at.x + other.width <= at.x + 1e-6
                    || at.y + size.height <= other_at.y + 1e-6
                    || other_at.y + other.height <= at.y + 1e-6;
                prop_assert!(apart, "{at:?} {size:?} and {other_at:?} {other:?}");
            }
        }
    }

    #[test]
    fn an_edge_begins_and_ends_on_its_nodes_and_passes_through_none((sizes, edges) in graph()) {
        let layout = Layout::of(&sizes, &edges);
        for (line, (from, to)) in layout.edges.iter().zip(&edges) {
            prop_assert!(line.len() >= 2);
            prop_assert!(is_on_border(line[0], layout.nodes[*from], sizes[*from]));
            prop_assert!(is_on_border(line[line.len() - 1], layout.nodes[*to], sizes[*to]));
            for (at, size) in layout.nodes.iter().zip(&sizes) {
                for pair in line.windows(2) {
                    prop_assert!(!passes_through(pair[0], pair[1], *at, *size), "{pair:?} {at:?}");
                }
            }
        }
    }

    #[test]
    fn equal_graphs_have_equal_layouts((sizes, edges) in graph()) {
        prop_assert_eq!(Layout::of(&sizes, &edges), Layout::of(&sizes, &edges));
    }

    #[test]
    fn without_cycles_each_caller_is_left_of_what_it_calls((sizes, edges) in graph()) {
        let forwards: Vec<_> = edges.into_iter().filter(|(from, to)| from < to).collect();
        let layout = Layout::of(&sizes, &forwards);
        for (from, to) in forwards {
            prop_assert!(layout.nodes[from].x + sizes[from].width < layout.nodes[to].x);
        }
    }
}

#[test]
fn a_chain_is_a_straight_line() {
    let layout = Layout::of(&[SIZE; 4], &[(0, 1), (1, 2), (2, 3)]);
    let lefts: Vec<f64> = layout.nodes.iter().map(|at| at.x).collect();
    assert_eq!(lefts, [0.0, 216.0, 432.0, 648.0]);
    assert!(layout.edges.iter().flatten().all(|point| point.y == 24.0), "{layout:?}");
}

#[test]
fn two_trees_do_not_cross() {
    // 0 calls 3 and 5, 1 calls 2 and 4: in the order of names, their calls would cross.
    let layout = Layout::of(&[SIZE; 7], &[(6, 0), (6, 1), (0, 3), (0, 5), (1, 2), (1, 4)]);
    let top = |node: usize| layout.nodes[node].y;
    let first = top(3).max(top(5)) < top(2).min(top(4));
    let second = top(2).max(top(4)) < top(3).min(top(5));
    assert!(first || second, "{layout:?}");
}

#[test]
fn nodes_without_edges_are_in_rows_below() {
    let layout = Layout::of(&[SIZE; 12], &[(0, 1)]);
    let below = &layout.nodes[2..];
    assert!(below.iter().all(|at| at.y >= SIZE.height));
    let rows: std::collections::BTreeSet<u64> = below.iter().map(|at| at.y as u64).collect();
    assert_eq!(rows.len(), 2, "{layout:?}");
}

#[test]
fn an_empty_graph_has_an_empty_layout() {
    assert_eq!(Layout::of(&[], &[]), Layout::default());
}

#[test]
fn a_graph_with_very_many_long_edges_is_laid_out() {
    let nodes = 200;
    let pairs = (0..nodes).flat_map(|from| (from + 1..nodes).map(move |to| (from, to)));
    let edges: Vec<_> =
        pairs.step_by(5).take(4_000).chain((1..nodes).map(|to| (to - 1, to))).collect();
    let layout = Layout::of(&vec![SIZE; nodes], &edges);
    assert!(layout.edges.iter().all(|line| line.len() >= 2));
}
