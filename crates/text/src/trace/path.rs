//! The critical path of one trace: what the request waited for, from its start to its end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coral_trace::critical_path::PathSegment;

use super::picture::Picture;
use super::tree::{MAX_HOPS, header};
use crate::duration::duration;
use crate::table::{cut, table};
use coral_query::answer::Trace;
use coral_trace::sanitize::line;
use coral_trace::units::counted;

/// The widest that a hop is printed.
const MAX_HOP_WIDTH: usize = 80;

/// The whole page for a trace that is stored: the path in order of time, then what each hop took of it. Times on
/// the path sum to the duration of the root; of several roots it is the longest's.
pub fn critical_path(trace: &Trace) -> String {
    let picture = Picture::of(trace);
    let mut page = header(trace, picture.tree.nodes.len());
    let Some(root) = picture.longest_root() else { return page };
    let path = picture.extents.critical_path(&picture.tree, root);
    let whole = micros(picture.extents.nodes[root].duration());
    let _ = writeln!(page, "\nCritical path of {} ({}):\n", picture.name(root), duration(whole));
    page.push_str(&picture.stretches(root, &path, whole));
    page.push_str("\nBy hop:\n\n");
    page.push_str(&picture.by_hop(&path, whole));
    let others = picture.tree.roots.len().saturating_sub(1) as u64;
    if others > 0 {
        let others = counted(others, "other part");
        let _ = writeln!(page, "\n{others} of the trace not shown: nothing says who called there.");
    }
    for remark in picture.remarks() {
        let _ = writeln!(page, "\n{remark}");
    }
    page
}

impl Picture<'_> {
    fn longest_root(&self) -> Option<usize> {
        let roots = self.tree.roots.iter().copied();
        // Of equally long ones the first.
        roots.rev().max_by_key(|root| self.extents.nodes[*root].duration())
    }

    /// `payments-api: POST /api/v1/payments`
    fn name(&self, node: usize) -> String {
        let name = format!("{}: {}", self.who(node), line(&self.span(node).name));
        cut(&name, MAX_HOP_WIDTH)
    }

    fn stretches(&self, root: usize, path: &[PathSegment], whole: i64) -> String {
        let begin = self.extents.nodes[root].start;
        let row = |segment: &PathSegment| {
            let took = micros(segment.duration());
            let at = duration(micros(segment.start.since(begin)));
            vec![format!("+{at}"), duration(took), share(took, whole), self.name(segment.node)]
        };
        let rows: Vec<_> = path.iter().take(MAX_HOPS).map(row).collect();
        let mut text = table(&["At", "Took", "Share", "Waited for"], &rows);
        let hidden = path.len().saturating_sub(MAX_HOPS) as u64;
        if hidden > 0 {
            let _ = writeln!(text, "… {} not shown", counted(hidden, "more stretch"));
        }
        text
    }

    /// The longest first.
    fn by_hop(&self, path: &[PathSegment], whole: i64) -> String {
        let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
        for segment in path {
            *sums.entry(segment.node).or_default() += micros(segment.duration());
        }
        let mut sums: Vec<(usize, i64)> = sums.into_iter().collect();
        sums.sort_by_key(|(node, took)| (std::cmp::Reverse(*took), *node));
        let row = |(node, took): &(usize, i64)| {
            vec![duration(*took), share(*took, whole), self.name(*node)]
        };
        let rows: Vec<_> = sums.iter().take(MAX_HOPS).map(row).collect();
        table(&["Took", "Share", "Hop"], &rows)
    }
}

fn share(took: i64, whole: i64) -> String {
    // A span may be as long as the numbers go.
    let (took, whole) = (took.max(0) as u128, whole.max(1) as u128);
    let tenths = (took * 1_000 + whole / 2) / whole;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn micros(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}
