//! The picture of a service map.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use coral_trace::dependency::NodeKind;
use coral_trace::layout::{Layout, Point, Size};

use super::answer::{
    PlacedEdge, PlacedNode, Topology, TopologyDiff, TopologyEdge, TopologyLayout, TopologyNode,
};

/// The largest number of nodes that can be asked for.
pub(super) const MAX_TOP: u32 = 300;
/// The largest number of nodes that are all placed, unless the question says how many.
const MAX_ALL: usize = 60;
/// How many nodes of a larger map are placed, unless the question says how many.
const DEFAULT_TOP: usize = 40;
/// The height of a node: a name, and a line of numbers.
const HEIGHT: f64 = 48.0;
/// The width of a node: of each character of its name, of what else is beside the name, at least
/// and at most.
const CHARACTER_WIDTH: f64 = 8.0;
const BESIDE_NAME: f64 = 44.0;
const MIN_WIDTH: f64 = 128.0;
const MAX_WIDTH: f64 = 280.0;

/// Places the nodes and edges of `map`, with those that its diff has as removed. If there are more
/// than `top` nodes, those with the fewest calls are one node. The node `focus` and nodes at the
/// ends of changed edges come before nodes with more calls.
pub(super) fn of(map: &Topology, focus: Option<&str>, top: Option<u32>) -> TopologyLayout {
    let nodes = Nodes::of(map, focus, top);
    let mut lines: BTreeSet<Line<'_>> = BTreeSet::new();
    let removed = map.diff.iter().flat_map(|diff| &diff.removed);
    let present = map.edges.iter().map(|edge| (edge, false));
    for (edge, removed) in present.chain(removed.map(|edge| (edge, true))) {
        let (from, to) = (nodes.place(&edge.from), nodes.place(&edge.to));
        if from == to && from == nodes.kept.len() {
            continue;
        }
        // Calls that one node stands for may be there and removed: what is there is placed.
        if !removed || !lines.contains(&Line { from, to, protocol: &edge.protocol, removed: false })
        {
            lines.insert(Line { from, to, protocol: &edge.protocol, removed });
        }
    }
    let names = nodes.names();
    let sizes: Vec<Size> = names.iter().map(|name| size(name)).collect();
    let ends: Vec<(usize, usize)> = lines.iter().map(|line| (line.from, line.to)).collect();
    let layout = Layout::of(&sizes, &ends);
    let pixels = |point: &Point| [pixel(point.x), pixel(point.y)];
    let placed = names.iter().zip(layout.nodes.iter().zip(&sizes)).enumerate();
    let placed = placed.map(|(at, (name, (corner, size)))| PlacedNode {
        name: name.clone(),
        kind: nodes.kept.get(at).map_or(NodeKind::Service, |node| node.kind),
        x: pixel(corner.x),
        y: pixel(corner.y),
        width: pixel(size.width),
        height: pixel(size.height),
        folded: if at < nodes.kept.len() { 0 } else { nodes.folded },
    });
    let edges = lines.iter().zip(&layout.edges).map(|(line, points)| PlacedEdge {
        from: names[line.from].clone(),
        to: names[line.to].clone(),
        protocol: line.protocol.to_owned(),
        points: points.iter().map(pixels).collect(),
        removed: line.removed,
    });
    TopologyLayout {
        width: pixel(layout.width.ceil()),
        height: pixel(layout.height.ceil()),
        nodes: placed.collect(),
        edges: edges.collect(),
    }
}

/// An edge of the picture, by the places of its nodes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line<'a> {
    from: usize,
    to: usize,
    protocol: &'a str,
    removed: bool,
}

/// The nodes of a picture: some of the map's, sorted by name, then one that stands for the others.
struct Nodes<'a> {
    kept: Vec<&'a TopologyNode>,
    places: BTreeMap<&'a str, usize>,
    /// How many nodes the last node stands for; 0 if there is no such node.
    folded: u32,
}

impl<'a> Nodes<'a> {
    fn of(map: &'a Topology, focus: Option<&str>, top: Option<u32>) -> Self {
        let gone = map.diff.iter().flat_map(|diff| &diff.removed_nodes);
        let mut kept: Vec<&TopologyNode> = map.nodes.iter().chain(gone).collect();
        let top = match top {
            Some(top) => top as usize,
            None if kept.len() > MAX_ALL => DEFAULT_TOP,
            None => kept.len(),
        };
        // A node that stands for one other takes as much space as that one.
        let folded = kept.len().saturating_sub(top);
        let folded = if folded > 1 { folded } else { 0 };
        if folded > 0 {
            let changed = map.diff.as_ref().map(changed).unwrap_or_default();
            let calls = calls(map);
            kept.sort_by_key(|node| {
                let name = node.name.as_str();
                let calls = calls.get(name).copied().unwrap_or(0);
                (Some(name) != focus, !changed.contains(name), Reverse(calls), name)
            });
            kept.truncate(top);
        }
        kept.sort_by_key(|node| &node.name);
        let places = kept.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
        Self { kept, places, folded: u32::try_from(folded).unwrap_or(u32::MAX) }
    }

    /// The place of the node with this name, or of the node that stands for it.
    fn place(&self, name: &str) -> usize {
        self.places.get(name).copied().unwrap_or(self.kept.len())
    }

    /// The names of the nodes. The name of a node that stands for others is no node's own.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.kept.iter().map(|node| node.name.clone()).collect();
        if self.folded > 0 {
            let mut more = format!("{} more", self.folded);
            while self.places.contains_key(more.as_str()) {
                more.insert_str(0, "… ");
            }
            names.push(more);
        }
        names
    }
}

/// The names of the nodes at the ends of changed edges.
fn changed(diff: &TopologyDiff) -> BTreeSet<&str> {
    let slower = diff.slower.iter().map(|slower| &slower.edge);
    let failing = diff.failing.iter().map(|failing| &failing.edge);
    let edges = diff.added.iter().chain(&diff.removed).chain(slower).chain(failing);
    edges.flat_map(|edge| [edge.from.as_str(), edge.to.as_str()]).collect()
}

/// By the name of a node: how many calls it makes and receives.
fn calls(map: &Topology) -> BTreeMap<&str, u64> {
    let mut calls: BTreeMap<&str, u64> = BTreeMap::new();
    let mut add = |name, edge: &TopologyEdge| {
        let sum: &mut u64 = calls.entry(name).or_default();
        *sum = sum.saturating_add(edge.calls);
    };
    for edge in &map.edges {
        add(&edge.from, edge);
        add(&edge.to, edge);
    }
    calls
}

fn size(name: &str) -> Size {
    let width = BESIDE_NAME + CHARACTER_WIDTH * name.chars().count() as f64;
    Size { width: width.clamp(MIN_WIDTH, MAX_WIDTH), height: HEIGHT }
}

#[allow(clippy::cast_possible_truncation, reason = "a picture of 300 nodes is small")]
fn pixel(length: f64) -> i32 {
    length.round() as i32
}
