//! The critical path of one trace: what the request waited for, from its start to its end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coral_trace::critical_path::PathSegment;

use super::picture::Picture;
use super::redacted::{REDACTED, with_redacted_hops};
use super::tree::{MAX_HOPS, header};
use crate::duration::duration;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Table, name, whole};
use crate::wrap::prose;
use coral_query::answer::Trace;
use coral_trace::sanitize::line;
use coral_trace::units::{TimeZone, counted};

/// The page with the critical path of a stored trace: the path in order of time, then the time of
/// each hop on the path. The path is that of the longest root, and its times sum to the duration of
/// that root.
pub fn critical_path(trace: &Trace, zone: &TimeZone, screen: Screen) -> String {
    let trace = &*with_redacted_hops(trace);
    let picture = Picture::of(trace);
    let mut page = header(trace, picture.tree.nodes.len(), zone, screen);
    let Some(root) = picture.longest_root() else { return page };
    let path = picture.extents.critical_path(&picture.tree, root);
    let whole = micros(picture.extents.nodes[root].duration());
    let title = format!("\nCritical path of {} ({}):\n\n", picture.name(root), duration(whole));
    page.push_str(&prose(&title, screen));
    page.push_str(&picture.stretches(root, &path, whole, screen));
    page.push_str("\nBy hop:\n\n");
    page.push_str(&picture.by_hop(&path, whole, screen));
    page.push_str(&prose(
        "\nEach moment counts once, for the last call that was awaited; the network to a service counts for that \
         service.\n",
        screen,
    ));
    let others = picture.tree.roots.len().saturating_sub(1) as u64;
    if others > 0 {
        let others = counted(others, "other part");
        let note =
            format!("{others} of the trace not shown: no span that called there was received.");
        let _ = writeln!(page, "\n{}", prose(&note, screen));
    }
    for remark in picture.remarks() {
        let _ = writeln!(page, "\n{}", prose(&remark, screen));
    }
    page
}

impl Picture<'_> {
    pub(super) fn longest_root(&self) -> Option<usize> {
        self.extents.longest_root(&self.tree)
    }

    /// Service and span name of `node`: `payments-api: POST /api/v1/payments`.
    fn name(&self, node: usize) -> String {
        match self.is_redacted(node) {
            true => REDACTED.to_owned(),
            false => format!("{}: {}", self.who(node), line(&self.span(node).name)),
        }
    }

    /// For each node, whether it is on the critical path of the longest root.
    pub(super) fn critical(&self) -> Vec<bool> {
        let mut critical = vec![false; self.tree.nodes.len()];
        if let Some(root) = self.longest_root() {
            let path = self.extents.critical_path(&self.tree, root);
            path.iter().for_each(|segment| critical[segment.node] = true);
        }
        critical
    }

    fn cell(&self, node: usize) -> Cell {
        let failed = self.span(node).is_error();
        let emphasis = if failed { Emphasis::Error } else { Emphasis::None };
        Cell::emphasised(self.name(node), emphasis).with_suffix(if failed {
            " (ERROR)"
        } else {
            ""
        })
    }

    fn stretches(&self, root: usize, path: &[PathSegment], all: i64, screen: Screen) -> String {
        let begin = self.extents.nodes[root].start;
        let row = |segment: &PathSegment| {
            let took = micros(segment.duration());
            let at = duration(micros(segment.start.since(begin)));
            let numbers = [format!("+{at}"), duration(took), share(took, all)].map(Cell::from);
            numbers.into_iter().chain([self.cell(segment.node)]).collect()
        };
        let rows: Vec<_> = path.iter().take(MAX_HOPS).map(row).collect();
        let columns = [
            whole("At").optional(1),
            whole("Took"),
            whole("Share").optional(0),
            name("Waited for"),
        ];
        let mut text = Table::new(columns, rows).text(screen);
        let hidden = path.len().saturating_sub(MAX_HOPS) as u64;
        if hidden > 0 {
            let _ = writeln!(text, "… {} not shown", counted(hidden, "later segment"));
        }
        text
    }

    /// The table of the hops on `path` with their times, the longest first.
    fn by_hop(&self, path: &[PathSegment], all: i64, screen: Screen) -> String {
        let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
        for segment in path {
            *sums.entry(segment.node).or_default() += micros(segment.duration());
        }
        let mut sums: Vec<(usize, i64)> = sums.into_iter().collect();
        sums.sort_by_key(|(node, took)| (std::cmp::Reverse(*took), *node));
        let row = |(node, took): &(usize, i64)| {
            vec![duration(*took).into(), share(*took, all).into(), self.cell(*node)]
        };
        let rows: Vec<_> = sums.iter().take(MAX_HOPS).map(row).collect();
        Table::new([whole("Took"), whole("Share"), name("Hop")], rows).text(screen)
    }
}

fn share(took: i64, whole: i64) -> String {
    // A span may be so long that the products below exceed 64 bits.
    let (took, whole) = (took.max(0) as u128, whole.max(1) as u128);
    let tenths = (took * 1_000 + whole / 2) / whole;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn micros(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}
