//! Where the time of a trace went: the self time of each node, and the critical path. A trace can
//! become faster only if its critical path becomes shorter.
//!
//! Both are computed from [`Extents`]: the time ranges of the nodes of a [`Tree`], each limited to
//! the range of its parent. Time outside of the parent's range does not count and is reported as
//! [`Extent::outside`]. Such time has two causes: clocks disagree, or a span continues after its
//! parent.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::time::UnixNanos;
use crate::tree::{Hop, Tree};
use crate::work;

/// A segment of the critical path: from `start` to `end`, the request waited for `node`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathSegment {
    /// Index into [`Tree::nodes`].
    pub node: usize,
    /// The first instant inside the segment.
    pub start: UnixNanos,
    /// The first instant after the segment; never before `start`.
    pub end: UnixNanos,
}

/// The time range of each node of a tree, limited to the range of its parent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extents {
    /// The extent of each node, by its index in [`Tree::nodes`].
    pub nodes: Vec<Extent>,
}

/// When a node started and ended, within the range of its parent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// The first instant inside the extent.
    pub start: UnixNanos,
    /// The first instant after the extent; never before `start`.
    pub end: UnixNanos,
    /// How much time of the node lies outside of its parent's range.
    pub outside: Duration,
}

/// Two children of a node count as sequential if their overlap is at most 1/50 of the duration of
/// the earlier child.
const MAX_OVERLAP_DIVISOR: u32 = 50;

impl Extents {
    /// The extents of all nodes of `tree`, which was built from `hops`. A call with both sides
    /// lasts from the start to the end of its client span.
    pub fn new(tree: &Tree, hops: &[Hop]) -> Self {
        let mut nodes = vec![Extent::default(); tree.nodes.len()];
        for root in &tree.roots {
            nodes[*root] = Extent::whole(&hops[tree.nodes[*root].first()]);
        }
        // Parents come before their children.
        for (at, _) in tree.preorder() {
            for child in &tree.nodes[at].children {
                let whole = Extent::whole(&hops[tree.nodes[*child].first()]);
                nodes[*child] = whole.within(&nodes[at]);
            }
        }
        Self { nodes }
    }

    /// The self time of each node: the duration of its extent minus the time during which at least
    /// one of its children runs.
    pub fn self_times(&self, tree: &Tree) -> Vec<Duration> {
        let whole = |at: usize| (self.nodes[at].start, self.nodes[at].end);
        let own = |at| self.self_time_within(tree, at, whole(at).0, whole(at).1);
        (0..tree.nodes.len()).map(own).collect()
    }

    /// The time from `start` to `end` during which no child of `node` runs.
    pub(crate) fn self_time_within(
        &self,
        tree: &Tree,
        node: usize,
        start: UnixNanos,
        end: UnixNanos,
    ) -> Duration {
        let mut covered = Duration::ZERO;
        let mut reached = start;
        let mut children: Vec<&Extent> =
            tree.nodes[node].children.iter().map(|child| &self.nodes[*child]).collect();
        children.sort_unstable_by_key(|child| child.start);
        for child in children {
            let until = child.end.min(end);
            covered += until.since(reached.max(child.start));
            reached = reached.max(until);
        }
        end.since(start).saturating_sub(covered)
    }

    /// The root that takes the longest, whose critical path is that of the trace. Of roots that are
    /// equally long, the first one; `None` for an empty tree.
    pub fn longest_root(&self, tree: &Tree) -> Option<usize> {
        tree.roots.iter().copied().rev().max_by_key(|root| self.nodes[*root].duration())
    }

    /// The critical path below `root`, in order of time. The segments follow each other without
    /// gaps from the start of `root` to its end, so the sum of their durations is exactly the
    /// duration of `root`.
    ///
    /// The path is walked backwards from the end of each node. The node waited for the child that
    /// ended last; before the start of that child, for the child that had ended last by then; and
    /// so on. Between its children, the node waited for itself. This is the algorithm of CRISP
    /// (USENIX ATC 2022) and of Jaeger's user interface.
    ///
    /// Of children that end together, the path goes through the child that started first. A child
    /// counts as earlier than the next child even if it ends up to 1/50 of its own duration after
    /// the next child starts, because instrumentation closes spans late.
    pub fn critical_path(&self, tree: &Tree, root: usize) -> Vec<PathSegment> {
        self.critical_path_without(tree, root, &[])
    }

    /// The critical path without the nodes that are marked in `left_out`, a list by node. Nodes
    /// beyond the end of the list are not marked.
    pub(crate) fn critical_path_without(
        &self,
        tree: &Tree,
        root: usize,
        left_out: &[bool],
    ) -> Vec<PathSegment> {
        let mut path = Vec::new();
        let mut waiting = vec![(root, self.nodes[root].end)];
        while let Some((node, end)) = waiting.pop() {
            let mut until = end;
            for child in self.last_first(&tree.nodes[node].children) {
                work::step();
                let extent = &self.nodes[child];
                if !extent.is_before(until) || left_out.get(child) == Some(&true) {
                    continue;
                }
                let ended = extent.end.min(until);
                path.push(PathSegment { node, start: ended, end: until });
                waiting.push((child, ended));
                until = extent.start;
            }
            path.push(PathSegment { node, start: self.nodes[node].start, end: until });
        }
        path.retain(|segment| segment.start < segment.end);
        path.sort_unstable_by_key(|segment| segment.start);
        path
    }

    /// The `children` with a duration above zero, sorted by end time, last first.
    fn last_first(&self, children: &[usize]) -> Vec<usize> {
        let takes_time = |child: &usize| self.nodes[*child].start < self.nodes[*child].end;
        let mut found: Vec<usize> = children.iter().copied().filter(takes_time).collect();
        found.sort_by_key(|child| {
            (std::cmp::Reverse(self.nodes[*child].end), self.nodes[*child].start)
        });
        found
    }
}

impl Extent {
    /// The length of the extent.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }

    /// Whether the extent started before `then`, and ended before `then` or at most 1/50 of its own
    /// duration later.
    pub(crate) fn is_before(&self, then: UnixNanos) -> bool {
        self.start < then && self.end.since(then) <= self.duration() / MAX_OVERLAP_DIVISOR
    }

    fn whole(hop: &Hop) -> Self {
        Self { start: hop.start, end: hop.end.max(hop.start), outside: Duration::ZERO }
    }

    fn within(&self, parent: &Self) -> Self {
        let start = self.start.clamp(parent.start, parent.end);
        let end = self.end.clamp(start, parent.end);
        Self { start, end, outside: self.duration().saturating_sub(end.since(start)) }
    }
}

impl PathSegment {
    /// The length of the segment.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }
}
