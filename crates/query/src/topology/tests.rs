//! The part of a map near a node, and pictures of maps.

use coral_trace::dependency::NodeKind;
use proptest::prelude::*;

use super::answer::{Topology, TopologyDiff, TopologyEdge, TopologyNode};
use super::{focus, layout};

fn node(name: &str) -> TopologyNode {
    TopologyNode { name: name.to_owned(), kind: NodeKind::Service }
}

fn edge(from: &str, to: &str, calls: u64) -> TopologyEdge {
    let (from, to, protocol) = (from.to_owned(), to.to_owned(), "http".to_owned());
    TopologyEdge { from, to, protocol, calls, ..TopologyEdge::default() }
}

/// A map of calls, and of removed calls.
fn map(calls: &[(&str, &str, u64)], removed: &[(&str, &str, u64)]) -> Topology {
    let edges = |calls: &[(&str, &str, u64)]| -> Vec<TopologyEdge> {
        calls.iter().map(|(from, to, calls)| edge(from, to, *calls)).collect()
    };
    let names = |calls: &[(&str, &str, u64)]| -> Vec<TopologyNode> {
        let mut names: Vec<&str> = calls.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(node).collect()
    };
    let nodes = names(calls);
    let removed_nodes = names(removed).into_iter().filter(|node| !nodes.contains(node)).collect();
    let diff = TopologyDiff { removed: edges(removed), removed_nodes, ..TopologyDiff::default() };
    Topology { nodes, edges: edges(calls), diff: Some(diff), ..Topology::default() }
}

fn names(map: &Topology) -> Vec<&str> {
    map.nodes.iter().map(|node| node.name.as_str()).collect()
}

#[test]
fn a_focus_leaves_callers_and_callees_and_the_edges_between_them() {
    let whole = map(
        &[("web", "pay", 9), ("pay", "bank", 8), ("web", "bank", 1), ("bank", "db", 7)],
        &[("pay", "old", 3), ("old", "older", 1)],
    );
    for (depth, near, edges) in [
        (0, vec!["pay"], 0),
        (1, vec!["bank", "pay", "web"], 3),
        (2, vec!["bank", "db", "pay", "web"], 4),
    ] {
        let mut map = whole.clone();
        focus::reduce(&mut map, "pay", depth);
        assert_eq!((names(&map), map.edges.len()), (near, edges), "{depth}");
        assert_eq!(map.diff.unwrap().removed.len() as u32, depth.min(2), "{depth}");
    }
    let mut none = whole;
    focus::reduce(&mut none, "nosuch", 20);
    assert_eq!((none.nodes.len(), none.edges.len()), (0, 0));
}

#[test]
fn a_picture_has_removed_edges_and_their_nodes() {
    let map = map(&[("web", "pay", 9)], &[("pay", "old", 3)]);
    let picture = layout::of(&map, None, None);
    let lefts: Vec<_> =
        picture.nodes.iter().map(|node| (node.name.as_str(), node.x, node.folded)).collect();
    assert_eq!(lefts, [("old", 448, 0), ("pay", 224, 0), ("web", 0, 0)]);
    let edges: Vec<_> =
        picture.edges.iter().map(|edge| (edge.from.as_str(), edge.removed)).collect();
    assert_eq!(edges, [("pay", true), ("web", false)]);
}

#[test]
fn nodes_with_few_calls_are_one_node_and_the_focus_and_what_changed_are_not_among_them() {
    let calls = [("a", "b", 900), ("a", "c", 1), ("a", "d", 2), ("d", "e", 2), ("c", "3 more", 1)];
    let map = map(&calls, &[("a", "gone", 1)]);
    let picture = layout::of(&map, Some("c"), Some(4));
    let nodes: Vec<_> =
        picture.nodes.iter().map(|node| (node.name.as_str(), node.folded)).collect();
    assert_eq!(nodes, [("a", 0), ("b", 0), ("c", 0), ("gone", 0), ("3 more", 3)]);
    let edges: Vec<_> =
        picture.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
    assert_eq!(edges, [("a", "b"), ("a", "c"), ("a", "gone"), ("a", "3 more"), ("c", "3 more")]);
}

#[test]
fn the_name_of_a_node_that_stands_for_others_is_no_nodes_own() {
    let map = map(&[("2 more", "b", 900), ("a", "c", 1)], &[]);
    let picture = layout::of(&map, None, Some(2));
    assert_eq!(picture.nodes[2].name, "… 2 more");
}

#[test]
fn a_node_never_stands_for_one_other() {
    let map = map(&[("a", "b", 9), ("b", "c", 1)], &[]);
    assert!(layout::of(&map, None, Some(2)).nodes.iter().all(|node| node.folded == 0));
}

#[test]
fn a_large_map_has_a_picture_of_40_nodes() {
    let names: Vec<String> = (0..61).map(|number| format!("s{number}")).collect();
    let calls: Vec<_> =
        names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str(), 1)).collect();
    let folded = |calls: &[(&str, &str, u64)]| -> u32 {
        layout::of(&map(calls, &[]), None, None).nodes.iter().map(|node| node.folded).sum()
    };
    assert_eq!((folded(&calls), folded(&calls[1..])), (21, 0));
}

proptest! {
    #[test]
    fn nodes_of_a_picture_do_not_overlap_in_pixels(
        ends in prop::collection::vec((0..40_usize, 0..40_usize), 0..60),
        top in 1_u32..50,
    ) {
        let names: Vec<String> = (0..40).map(|number| "s".repeat(number) + "x").collect();
        let calls: Vec<_> = ends
            .iter()
            .map(|(from, to)| (names[*from].as_str(), names[*to].as_str(), *from as u64))
            .collect();
        let picture = layout::of(&map(&calls, &[]), None, Some(top));
        for (at, one) in picture.nodes.iter().enumerate() {
            prop_assert!(one.x >= 0 && one.x + one.width <= picture.width);
            prop_assert!(one.y >= 0 && one.y + one.height <= picture.height);
            for other in &picture.nodes[at + 1..] {
                let apart = one.x + one.width <= other.x
                    || other.x + other.width <= one.x
                    || one.y + one.height <= other.y
                    || other.y + other.height <= one.y;
                prop_assert!(apart, "{one:?} {other:?}");
                prop_assert!(one.name != other.name);
            }
        }
        for edge in &picture.edges {
            let ends = [(&edge.from, edge.points[0]), (&edge.to, *edge.points.last().unwrap())];
            for (name, [x, y]) in ends {
                let node = picture.nodes.iter().find(|node| node.name == *name).unwrap();
                prop_assert!((node.x - 1..=node.x + node.width + 1).contains(&x));
                prop_assert!((node.y - 1..=node.y + node.height + 1).contains(&y));
            }
        }
    }
}
