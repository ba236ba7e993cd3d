//! The rows of a waterfall: one row for each span of a trace, in depth-first order of its tree, with
//! self times and the critical path.
//!
//! A node of a [`Tree`] with both sides of a call has two rows: the client span, and one deeper the
//! server span with everything below the node. The time of the node is divided between the two
//! rows: the row of the server span has what lies within the server span, and the row of the client
//! span has the rest, which is the network. Virtual hops have no row; their time belongs to the row
//! of their node.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::critical_path::{Extents, PathSegment};
use crate::time::UnixNanos;
use crate::tree::{Hop, Place, Tree};

/// The rows of a trace, and its critical path.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Waterfall {
    /// The rows, in depth-first order: subtrees of roots come first, and then those of spans whose
    /// parent was not received, or that are in a cycle. Spans that repeat an id come last.
    pub rows: Vec<Row>,
    /// The critical path of the longest root, in order of time. Segments do not overlap.
    pub critical: Vec<CriticalSegment>,
}

/// One span in a waterfall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Index of the span in the slice that the tree was built from.
    pub span: usize,
    /// How many rows are above this row; 0 at the top.
    pub depth: u32,
    /// The index of the row that is directly above in the tree; `None` at the top.
    pub above: Option<usize>,
    /// Why the row is where it is.
    pub place: RowPlace,
    /// The time of the span that no child covers, within the range of its parent.
    pub own: Duration,
    /// Whether the critical path passes this row.
    pub is_critical: bool,
    /// The row of the other side, if the row is the client span of a call with both sides. That row
    /// is the next one.
    pub is_answered: bool,
}

/// Why a row is where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowPlace {
    /// At the top, because the span names no parent.
    Root,
    /// Below another row.
    Child,
    /// At the top, because the parent was not received.
    Orphan,
    /// At the top, because a cycle of parents was cut above the span.
    Cycle,
    /// At the end, because the span repeats the id of an earlier span.
    Duplicate,
}

/// A segment of the critical path: from `start` to `end`, the request waited for `row`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CriticalSegment {
    /// Index into [`Waterfall::rows`].
    pub row: usize,
    /// The first instant inside the segment.
    pub start: UnixNanos,
    /// The first instant after the segment; always after `start`.
    pub end: UnixNanos,
}

impl Waterfall {
    /// The waterfall of `tree`, which was built from `hops`.
    pub fn new(tree: &Tree, hops: &[Hop]) -> Self {
        let extents = Extents::new(tree, hops);
        let mut layout = Layout { tree, extents: &extents, hops, rows: Vec::new() };
        let main_rows = layout.place_nodes();
        let mut waterfall = Self { rows: layout.rows, critical: Vec::new() };
        if let Some(root) = extents.longest_root(tree) {
            for segment in extents.critical_path(tree, root) {
                waterfall.add_segment(&segment, main_rows[segment.node], &extents, hops);
            }
        }
        waterfall.rows.extend(tree.duplicates.iter().map(|span| Row {
            span: *span,
            depth: 0,
            above: None,
            place: RowPlace::Duplicate,
            own: hops[*span].end.since(hops[*span].start),
            is_critical: false,
            is_answered: false,
        }));
        waterfall
    }

    /// Adds a segment of the critical path whose node has its main row at `main`. A segment of a call
    /// with both sides is divided at the start and at the end of the server span.
    fn add_segment(&mut self, segment: &PathSegment, main: usize, extents: &Extents, hops: &[Hop]) {
        let client = self.rows[main].above.filter(|above| self.rows[*above].is_answered);
        let Some(client) = client else { return self.add(main, segment.start, segment.end) };
        let (start, end) = within(&hops[self.rows[main].span], extents, segment.node);
        let begin = start.clamp(segment.start, segment.end);
        let done = end.clamp(begin, segment.end);
        self.add(client, segment.start, begin);
        self.add(main, begin, done);
        self.add(client, done, segment.end);
    }

    fn add(&mut self, row: usize, start: UnixNanos, end: UnixNanos) {
        if start >= end {
            return;
        }
        self.rows[row].is_critical = true;
        match self.critical.last_mut() {
            Some(last) if last.row == row && last.end == start => last.end = end,
            _ => self.critical.push(CriticalSegment { row, start, end }),
        }
    }
}

/// The range of a server span within the extent of its node.
fn within(server: &Hop, extents: &Extents, node: usize) -> (UnixNanos, UnixNanos) {
    let extent = &extents.nodes[node];
    let start = server.start.clamp(extent.start, extent.end);
    (start, server.end.clamp(start, extent.end))
}

/// The rows while they are placed.
struct Layout<'a> {
    tree: &'a Tree,
    extents: &'a Extents,
    hops: &'a [Hop],
    rows: Vec<Row>,
}

impl Layout<'_> {
    /// Places the rows of all nodes, and returns the main row of each node: that of its server span
    /// if it has both sides.
    fn place_nodes(&mut self) -> Vec<usize> {
        let is_root = |root: &&usize| self.tree.nodes[**root].place == Place::Root;
        let (roots, others): (Vec<&usize>, Vec<&usize>) = self.tree.roots.iter().partition(is_root);
        let mut waiting: Vec<(usize, Option<usize>)> =
            roots.into_iter().chain(others).rev().map(|root| (*root, None)).collect();
        let mut main_rows = vec![0; self.tree.nodes.len()];
        while let Some((node, above)) = waiting.pop() {
            let main = self.place_node(node, above);
            main_rows[node] = main;
            let children = self.tree.nodes[node].children.iter().rev();
            waiting.extend(children.map(|child| (*child, Some(main))));
        }
        main_rows
    }

    fn place_node(&mut self, node: usize, above: Option<usize>) -> usize {
        let whole = &self.extents.nodes[node];
        let own = self.extents.self_time_within(self.tree, node, whole.start, whole.end);
        let place = match self.tree.nodes[node].place {
            Place::Root => RowPlace::Root,
            Place::Child => RowPlace::Child,
            Place::Orphan(_) => RowPlace::Orphan,
            Place::Cycle => RowPlace::Cycle,
        };
        let main = self.tree.nodes[node].span;
        let Some(client) = self.tree.nodes[node].client else {
            return self.push(main, above, place, own, false);
        };
        let (start, end) = within(&self.hops[main], self.extents, node);
        let of_server = self.extents.self_time_within(self.tree, node, start, end);
        let call = self.push(client, above, place, own.saturating_sub(of_server), true);
        self.push(main, Some(call), RowPlace::Child, of_server, false)
    }

    fn push(
        &mut self,
        span: usize,
        above: Option<usize>,
        place: RowPlace,
        own: Duration,
        is_answered: bool,
    ) -> usize {
        let depth = above.map_or(0, |above| self.rows[above].depth + 1);
        self.rows.push(Row { span, depth, above, place, own, is_critical: false, is_answered });
        self.rows.len() - 1
    }
}
