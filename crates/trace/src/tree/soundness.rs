//! Checks the invariants of trees for arbitrary spans. Available to this crate's tests, and with
//! the feature `testing`.

use super::{Hop, Place, Tree};
use crate::ids::SpanId;
use crate::span::SpanKind;
use crate::time::UnixNanos;

/// Builds the tree of `hops`, and panics if an invariant does not hold.
pub fn check(hops: &[Hop]) -> Tree {
    let tree = Tree::build(hops);
    every_span_is_in_the_tree_once(hops, &tree);
    every_node_is_reached_once(&tree);
    places_match_parents(hops, &tree);
    tree
}

/// Makes hops from arbitrary bytes, eight bytes for each hop. There are few different ids, so that
/// ids repeat, parents are missing, and spans form cycles.
pub fn hops(bytes: &[u8]) -> Vec<Hop> {
    let id = |low: u8, high: u8| SpanId::try_from(u64::from(u16::from_le_bytes([low, high]))).ok();
    let hop = |bytes: &[u8; 8]| {
        let [span_low, span_high, parent_low, parent_high, start, length, kind, flags] = *bytes;
        Some(Hop {
            span_id: id(span_low, span_high)?,
            parent: id(parent_low, parent_high),
            start: UnixNanos(u64::from(start)),
            // The end may be before the start.
            end: UnixNanos(u64::from(start.wrapping_add(length))),
            kind: SpanKind::from(i32::from(kind % 7)),
            virtual_hop: flags % 4 == 1,
        })
    };
    bytes.as_chunks().0.iter().filter_map(hop).collect()
}

fn every_span_is_in_the_tree_once(hops: &[Hop], tree: &Tree) {
    let mut found = tree.duplicates.clone();
    for node in &tree.nodes {
        found.push(node.span);
        found.extend(node.client);
        found.extend(&node.inside);
    }
    found.sort_unstable();
    assert!(found.iter().copied().eq(0..hops.len()), "{found:?} of {}", hops.len());
}

fn every_node_is_reached_once(tree: &Tree) {
    let mut reached: Vec<usize> = tree.preorder().map(|(node, _)| node).collect();
    reached.sort_unstable();
    assert!(reached.iter().copied().eq(0..tree.nodes.len()), "{reached:?}");
}

fn places_match_parents(hops: &[Hop], tree: &Tree) {
    let known: std::collections::HashSet<SpanId> = hops.iter().map(|hop| hop.span_id).collect();
    for root in &tree.roots {
        let node = &tree.nodes[*root];
        match (node.place, hops[node.first()].parent) {
            (Place::Root, None) | (Place::Cycle, Some(_)) => {}
            (Place::Orphan(missing), Some(parent)) => {
                assert!(missing == parent && !known.contains(&missing));
            }
            (place, parent) => panic!("{place:?} at the top, with the parent {parent:?}"),
        }
    }
    let found = tree.completeness();
    assert_eq!(found.roots + found.orphans + found.cycles, tree.roots.len());
    let below = tree.nodes.iter().flat_map(|node| &node.children);
    assert!(below.into_iter().all(|child| tree.nodes[*child].place == Place::Child));
}
