//! Where the time of a trace went: self times, and the path that had to be shorter for it to be faster.
//!
//! Both are read from [`Extents`]: what each node of a [`Tree`] covers of its parent. Clocks disagree and
//! work outlives who asked for it, so what lies outside the parent does not count, and is said.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::time::UnixNanos;
use crate::tree::{Hop, Tree};
use crate::work;

/// A stretch of the critical path: from `start` to `end`, `node` was what the request waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathSegment {
    /// Index into [`Tree::nodes`].
    pub node: usize,
    /// First instant inside.
    pub start: UnixNanos,
    /// First instant outside; never before `start`.
    pub end: UnixNanos,
}

/// What each node of a tree covers, within what its parent covers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extents {
    /// By node.
    pub nodes: Vec<Extent>,
}

/// When a node began and ended, as far as that is within its parent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// First instant inside.
    pub start: UnixNanos,
    /// First instant outside; never before `start`.
    pub end: UnixNanos,
    /// How much of it lies before or after its parent, and so does not count.
    pub outside: Duration,
}

/// Which part of a child's time may overlap the next child's without the two being at once.
const MAX_OVERLAP_DIVISOR: u32 = 50;

impl Extents {
    /// Of every node of `tree`, which was built from `hops`. Of a call, from the client's start to its end.
    pub fn of(tree: &Tree, hops: &[Hop]) -> Self {
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

    /// How long each node was at work itself: its extent less what its children cover, who may overlap.
    pub fn self_times(&self, tree: &Tree) -> Vec<Duration> {
        let own = |at: usize| {
            let extent = &self.nodes[at];
            let mut covered = Duration::ZERO;
            let mut reached = extent.start;
            let mut children: Vec<&Extent> =
                tree.nodes[at].children.iter().map(|child| &self.nodes[*child]).collect();
            children.sort_unstable_by_key(|child| child.start);
            for child in children {
                covered += child.end.since(reached.max(child.start));
                reached = reached.max(child.end);
            }
            extent.duration().saturating_sub(covered)
        };
        (0..tree.nodes.len()).map(own).collect()
    }

    /// The critical path below `root`, in order of time. Its segments follow each other without a gap from
    /// the start of `root` to its end, so that their durations sum to exactly its duration.
    ///
    /// From the end backwards, a node waited for the child that ended last, before that for the child that
    /// ended last before this one began, and for itself in between: the walk of CRISP (USENIX ATC 2022)
    /// and of Jaeger's interface. Of children that end together, the one that began first. A child that
    /// ended after the next one began by no more than a fiftieth of itself ended before it: spans are
    /// closed by whoever comes to it.
    pub fn critical_path(&self, tree: &Tree, root: usize) -> Vec<PathSegment> {
        self.critical_path_without(tree, root, &[])
    }

    /// The critical path as if the nodes marked in `left_out` were not there; unmarked where it is short.
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

    /// Those of `children` that take time, the last to end first.
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
    /// How long it is.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }

    /// Whether it had ended by then, but for a moment.
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
    /// How long it is.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }
}
